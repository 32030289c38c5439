"""What is wrong with documents, and what could be better: schema, checker, prompts, own words and intents, told together.

Lines are those of the canonical files. Errors stop publishing, advice never does. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ivr.calls import own_words
from ivr.editing.advice import advised
from ivr.editing.documents import Documents, written
from ivr.flow.checker import check
from ivr.intents.phrases import faults_of
from prompts.catalogue import ReadPrompts, read_prompts
from prompts.documents import Reading, line_of
from prompts.flows import read_flow
from prompts.problems import Problem
from prompts.told import Told
from prompts.version import FLOW_FILE, PROMPTS_FILE

ERROR, ADVICE = "error", "advice"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to correct (error) or to think about (advice)."""

    severity: str
    file: str
    line: int  # of the canonical file, from 1; 0 when it as a whole is meant
    place: str  # "node ask_order", "prompt greeting", "intent person"; "" for the file as a whole
    node: str  # the node's name, "" where it is none
    message: str
    remedy: str


def findings(documents: Documents) -> tuple[Finding, ...]:
    """Everything that is to be said of the documents, errors first."""
    flow, prompts = _flow(written(documents.flow)), _prompts(written(documents.prompts))
    in_flow = check(flow.document, file=FLOW_FILE, lines=flow.lines, wordings=prompts.shape, found=flow.problems)
    languages = tuple(documents.flow.get("languages", ()))
    in_words = (
        () if prompts.problems else own_words.problems_of(prompts.catalogue, languages=languages, file=PROMPTS_FILE)
    )
    in_intents = tuple(
        Problem(file=one.file, line=0, place=_intent(one.place), message=one.message, remedy=Told("Correct it"))
        for one in faults_of(documents.intents)
    )
    unmeant = tuple(_unmeant(documents, flow))
    wrong = (*in_flow, *prompts.problems, *in_words, *in_intents, *unmeant)
    return (*(_finding(one) for one in wrong), *_advice(documents, prompts))


def _advice(documents: Documents, prompts: ReadPrompts) -> Iterator[Finding]:
    for one in advised(documents):
        line = line_of(("prompts", one.key), prompts.lines)
        problem = Problem(
            file=PROMPTS_FILE, line=line, place=f"prompt {one.key}", message=one.message, remedy=one.remedy
        )
        yield _finding(problem, severity=ADVICE)


def _unmeant(documents: Documents, flow: Reading) -> Iterator[Problem]:
    """Requests that the flow answers, and nobody can be understood to have."""
    known = {card.get("name") for card in documents.intents.get("intents", ())}
    for name in documents.flow.get("requests", {}):
        if name not in known:
            yield Problem(
                file=FLOW_FILE,
                line=line_of(("requests", name), flow.lines),
                place="",
                message=Told("%(request)s: there is no intent of this name", request=f"requests.{name}"),
                remedy=Told("Add the intent, or take the request out"),
            )


# An edit mostly touches one part; what the others say was read a moment ago.
@lru_cache(maxsize=8)
def _flow(text: str) -> Reading:
    return read_flow(text, file=FLOW_FILE)


@lru_cache(maxsize=8)
def _prompts(text: str) -> ReadPrompts:
    return read_prompts(text, file=PROMPTS_FILE)


def _finding(problem: Problem, *, severity: str = ERROR) -> Finding:
    kind, _, name = problem.place.partition(" ")
    return Finding(
        severity=severity,
        file=problem.file,
        line=problem.line,
        place=problem.place,
        node=name if kind == "node" else "",
        message=problem.message,
        remedy=problem.remedy,
    )


def _intent(place: tuple[str | int, ...]) -> str:
    return "" if not place else "intents " + ".".join(map(str, place))
