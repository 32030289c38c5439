"""What is wrong with documents, and what could be better: schema, checker, prompts, own words and intents, told together.

Lines are those of the canonical files. Errors stop publishing, advice never does. Pure.
"""

from dataclasses import dataclass

from ivr.calls import own_words
from ivr.editing.documents import Documents, to_files
from ivr.flow.checker import check
from ivr.intents.phrases import faults_of
from prompts.catalogue import read_prompts
from prompts.flows import read_flow
from prompts.problems import Problem
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
    files = to_files(documents)
    flow = read_flow(files[FLOW_FILE], file=FLOW_FILE)
    prompts = read_prompts(files[PROMPTS_FILE], file=PROMPTS_FILE)
    in_prompts = prompts.problems
    in_flow = check(flow.document, file=FLOW_FILE, lines=flow.lines, wordings=prompts.shape, found=flow.problems)
    languages = tuple(documents.flow.get("languages", ()))
    in_words = () if in_prompts else own_words.problems_of(prompts.catalogue, languages=languages, file=PROMPTS_FILE)
    in_intents = tuple(
        Problem(file=one.file, line=0, place=_intent(one.place), message=one.message, remedy="Correct it")
        for one in faults_of(documents.intents)
    )
    return tuple(_finding(one) for one in (*in_flow, *in_prompts, *in_words, *in_intents))


def _finding(problem: Problem) -> Finding:
    kind, _, name = problem.place.partition(" ")
    return Finding(
        severity=ERROR,
        file=problem.file,
        line=problem.line,
        place=problem.place,
        node=name if kind == "node" else "",
        message=problem.message,
        remedy=problem.remedy,
    )


def _intent(place: tuple[str | int, ...]) -> str:
    return "" if not place else "intents " + ".".join(map(str, place))
