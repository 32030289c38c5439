"""Whether a flow leads where it must: every problem of a document at once, each with file, node, line and what to do.

The document's own shape (fields, kinds) is held by the published schema when it is read; here is what a schema cannot say:
outcomes, prompts and languages, keys and waits; ways through the flow are `ivr.flow.ways`'. One fault is told once. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from ivr.flow.definition import (
    EXHAUSTED,
    GIVEN,
    LOOKUP_MAY,
    MISSED,
    READ_BACK,
    ROUTE_STANDS_FOR,
    STANDS_FOR,
    SYSTEM_PROMPTS,
    AskNode,
    Confirm,
    Kind,
)
from ivr.flow.walk import NO, NOTHING_ELSE, PERSON, PRIVACY, REPEAT, REPROMPTS, WITHDRAW, YES
from ivr.flow.ways import problems_of_ways
from ivr.flow.written import LISTENING, STARTS, Place, Written, listed, texts
from prompts.problems import Problem, did_you_mean, nearest
from prompts.told import Told

_EVERYWHERE = frozenset({PERSON, REPEAT, PRIVACY, WITHDRAW})
# By prompt and language the number of reprompts; None for a prompt that is there and cannot be read.
Wordings: TypeAlias = Mapping[str, Mapping[str, int] | None]
# How often each kind asks in other words.
REPROMPTS_OF: Mapping[str, int] = {
    Kind.ASK: REPROMPTS,
    Kind.SURVEY: 1,
    Kind.RESUME: 1,
    Kind.REACHED: 1,
    Kind.DICTATE: 1,
}
_CHOICE = "choice."
# No wait of a question is longer than this (the schema's own bound).
_LONGEST_SECONDS = 60.0


def check(
    document: Mapping[str, Any],
    *,
    file: str,
    lines: Mapping[Place, int],
    wordings: Wordings | None,
    found: tuple[Problem, ...] = (),
) -> tuple[Problem, ...]:
    """Return every problem of a flow's document, in the order of its lines; none means that `definition.build` takes it.

    `lines` has the line of each part, `wordings` per prompt and language the number of reprompts (`ReadPrompts.shape`; None where
    it is not known, and no prompt is looked at), `found` what was found while reading the file, to be told together.
    """
    twice = any(problem.code == "twice" for problem in found)
    flow = Written(document=document, file=file, lines=lines, twice=twice)
    if not flow.nodes:
        remedy = Told("Write at least one that answers and one that ends")
        nothing = flow.problem(("nodes",), Told("the flow has no nodes"), remedy)
        return found or (nothing,)
    problems = [
        *(problem for problem in found if not _is_told_here(problem)),
        *_unknown_targets(flow),
        *_outcomes(flow, wordings or {}),
        *(() if wordings is None else _prompts(flow, wordings)),
        *_keys(flow, wordings or {}),
        *_listening(flow),
        *_reading_back(flow),
        *problems_of_ways(flow),
    ]
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.message)))


def _is_told_here(problem: Problem) -> bool:
    """Whether the schema's finding is told here in fuller words: it misses outcomes and knows unknown ones too."""
    return problem.code in {"required", "additionalProperties"} and problem.message.startswith("outcomes: ")


def _unknown_targets(flow: Written) -> Iterator[Problem]:
    targets: list[tuple[Place, str]] = [((name,), flow.text(name)) for name in STARTS]
    targets.extend((("requests", intent), node) for intent, node in flow.mapping("requests").items())
    for name in flow.nodes:
        targets.extend((("nodes", name, "outcomes", outcome), node) for outcome, node in flow.outcomes(name).items())
    # A node whose own name does not fit is told there, and not at all that lead to it by its right name.
    told = {name.lower() for name in flow.nodes if name.lower() != name}
    for place, target in targets:
        if target and target not in flow.nodes and target not in told:
            otherwise = Told("Write the node %(node)s, or correct", node=target)
            message = Told("%(where)s goes to '%(node)s', and there is no such node", where=str(place[-1]), node=target)
            yield flow.problem(place, message, did_you_mean(target, flow.nodes, otherwise))


def _answers(flow: Written, wordings: Wordings) -> frozenset[str] | None:
    """Return every intent that may be an answer somewhere; None where the requests or languages cannot be read."""
    requests, languages = flow.document.get("requests"), flow.document.get("languages")
    if not isinstance(requests, Mapping) or not isinstance(languages, Mapping):
        return None
    choices = [prompt.removeprefix(_CHOICE) for prompt in wordings if prompt.startswith(_CHOICE)]
    # A request whose name is misspelt is told where it stands, and not at every question that has it right.
    meant = {nearest(intent, choices) for intent in requests if f"{_CHOICE}{intent}" not in wordings}
    return _EVERYWHERE | {str(intent) for intent in requests} | set(flow.mapping("languages").values()) | meant


def _outcomes(flow: Written, wordings: Wordings) -> Iterator[Problem]:
    """Say which outcomes are missing, and which nobody can bring."""
    answers = _answers(flow, wordings)
    for name in flow.nodes:
        required, named = flow.required(name), flow.named(name)
        if required is None or named is None:
            continue
        place: Place = ("nodes", name, "outcomes")
        allowed = _allowed(flow, name, required, answers)
        unknown = frozenset() if allowed is None else named - allowed
        for missing in sorted(required - named):
            if not any(nearest(one, required - named) == missing for one in unknown):
                message = Told("the outcome '%(outcome)s' is missing", outcome=missing)
                yield flow.problem(place, message, Told("Name the node where '%(outcome)s' goes", outcome=missing))
        for one in sorted(unknown):
            known = Told("Take it out; known are: %(known)s", known=", ".join(sorted(allowed or ())) or Told("none"))
            remedy = (
                Told("Set tries, or take '%(outcome)s' out", outcome=EXHAUSTED)
                if one == EXHAUSTED
                else did_you_mean(one, (required - named) or allowed or (), known)
            )
            yield flow.problem((*place, one), Told("the outcome '%(outcome)s' never comes", outcome=one), remedy)


def _allowed(
    flow: Written, name: str, required: frozenset[str], answers: frozenset[str] | None
) -> frozenset[str] | None:
    """Return the outcomes that a node may name; None for any."""
    kind, node = flow.kind(name), flow.nodes[name]
    if kind == Kind.BRANCH or (kind == Kind.ASK and answers is None):
        return None
    if kind == Kind.ASK and answers is not None:
        return required | answers | {YES, NO, NOTHING_ELSE, MISSED}
    if kind == Kind.VERIFY and "what" not in node:
        return required | STANDS_FOR.keys()
    if kind == Kind.LOOKUP and node.get("what") == "order":
        return required | LOOKUP_MAY
    return required | ROUTE_STANDS_FOR.keys() if kind == Kind.ROUTE else required


def _prompts(flow: Written, wordings: Wordings) -> Iterator[Problem]:
    own = flow.mapping("prompts")
    used: list[tuple[Place, str, int]] = [
        (("prompts", name), own[name], 0) for name in sorted(SYSTEM_PROMPTS & own.keys())
    ]
    if READ_BACK in own:
        used.append((("prompts", READ_BACK), own[READ_BACK], REPROMPTS))
    for name, node in flow.nodes.items():
        if isinstance(node.get("prompt"), str) and node["prompt"]:
            wanted = REPROMPTS_OF.get(str(node.get("kind")), 0)
            used.append((("nodes", name, "prompt"), node["prompt"], wanted))
        if flow.kind(name) == Kind.RESUME and isinstance(node.get("prompt_callback"), str):
            used.append((("nodes", name, "prompt_callback"), node["prompt_callback"], 1))
    candidates = sorted({*flow.mapping("requests"), PERSON})
    used.extend((("requests", intent), f"{_CHOICE}{intent}", 0) for intent in candidates)
    yield from _unspoken(flow, wordings)
    told: set[tuple[str, str]] = set()
    for place, prompt, reprompts in used:
        for message, remedy in _prompt(flow, wordings, prompt=prompt, reprompts=reprompts):
            if (prompt, message) not in told:
                # A prompt that is missing is missing once, however many nodes say it.
                told.add((prompt, message))
                yield flow.problem(place, message, remedy)


def _spoken(wordings: Wordings) -> frozenset[str]:
    return frozenset(language for shape in wordings.values() for language in shape or ())


def _unspoken(flow: Written, wordings: Wordings) -> Iterator[Problem]:
    spoken = _spoken(wordings)
    for language in flow.languages:
        if wordings and language not in spoken:
            yield flow.problem(
                ("languages", language),
                Told("no prompt is worded in the language %(language)s", language=language),
                Told("Word every prompt in %(language)s, or take the language out", language=language),
            )


def _prompt(flow: Written, wordings: Wordings, *, prompt: str, reprompts: int) -> Iterator[tuple[str, str]]:
    if prompt not in wordings:
        remedy = Told("Write '%(prompt)s' in the prompts file, or correct the name", prompt=prompt)
        yield Told("there is no prompt '%(prompt)s'", prompt=prompt), did_you_mean(prompt, wordings, remedy)
        return
    shape = wordings[prompt]
    if shape is None:
        return
    languages = [language for language in flow.languages if language in _spoken(wordings)]
    missing = [language for language in languages if language not in shape]
    if missing:
        within = listed(missing)
        remedy = Told("Word '%(prompt)s' in %(languages)s in the prompts file", prompt=prompt, languages=within)
        message = Told(
            "the prompt '%(prompt)s' is missing in the language %(languages)s", prompt=prompt, languages=within
        )
        yield message, remedy
    few = [language for language in languages if shape.get(language, reprompts) < reprompts]
    if few:
        message = Told(
            "the prompt '%(prompt)s' has %(count)s reprompts in %(languages)s and needs %(wanted)s here",
            prompt=prompt,
            count=min(shape[language] for language in few),
            languages=listed(few),
            wanted=reprompts,
        )
        yield message, Told("Add reprompts: first shorter, then an example, then the keypad")


def _keys(flow: Written, wordings: Wordings) -> Iterator[Problem]:
    """Say which keys lead nowhere, and which open questions have no keys: everything works by keys as well."""
    known = _answers(flow, wordings)
    for name in flow.of_kind(Kind.ASK):
        node = flow.nodes[name]
        outcomes = (flow.named(name) or frozenset()) - {GIVEN, MISSED}
        answers = outcomes | (known or frozenset())
        for key, intent in texts(node.get("keys")).items():
            is_told = any(nearest(one, (intent,)) for one in outcomes - (known or frozenset()))
            if known is not None and intent not in answers and not is_told:
                otherwise = Told("Add the outcome '%(outcome)s', or correct", outcome=intent)
                message = Told("key %(key)s means '%(intent)s', which is no answer here", key=key, intent=intent)
                yield flow.problem(("nodes", name, "keys", key), message, did_you_mean(intent, answers, otherwise))
        if flow.word(name, "expect") in {"request", "choice"} and "keys" not in node:
            remedy = Told("Add keys, e.g. keys: {'1': order_status}")
            yield flow.problem(("nodes", name), Told("this question cannot be answered by keys"), remedy)
        least, most = node.get("min_keys", AskNode.min_keys), node.get("max_keys", AskNode.max_keys)
        if isinstance(least, int) and isinstance(most, int) and least > most:
            place = ("nodes", name, "max_keys" if "max_keys" in node else "min_keys")
            yield flow.problem(
                place,
                Told("at least %(least)s and at most %(most)s keys: nothing is both", least=least, most=most),
                Told("Make max_keys at least as many as min_keys"),
            )


def _reading_back(flow: Written) -> Iterator[Problem]:
    """Say which questions would read a value back and have no words for it."""
    if READ_BACK in flow.mapping("prompts") or not isinstance(flow.document.get("prompts"), Mapping):
        return
    reading = [name for name in flow.nodes if flow.word(name, "confirm") in {Confirm.UNSURE, Confirm.ALWAYS}]
    if reading and not nearest(READ_BACK, flow.mapping("prompts")):
        message = Told("the value is read back, and `prompts` names no '%(prompt)s'", prompt=READ_BACK)
        if len(reading) > 1:
            also = listed(reading[1:])
            message = Told("%(message)s (so do %(others)s)", message=message, others=also)
        yield flow.problem(
            ("nodes", reading[0], "confirm"),
            message,
            Told("Add %(prompt)s: a prompt that says {value:value} and asks whether it is right", prompt=READ_BACK),
        )


def _listening(flow: Written) -> Iterator[Problem]:
    """Say which questions would cut the caller off, and which words nobody would ever be listened to for."""
    for name in flow.of_kind(*LISTENING):
        node = flow.nodes[name]
        longest = _seconds(node, "longest_seconds", float("inf"))
        waits = (("timeout_seconds", AskNode.timeout_seconds), ("after_words_seconds", 0.0))
        too_long = [wait for wait, default in waits if _seconds(node, wait, default) >= longest]
        if too_long:
            seconds = _seconds(node, too_long[0], AskNode.timeout_seconds)
            yield flow.problem(
                ("nodes", name, "longest_seconds"),
                Told(
                    "the whole answer ends after %(longest)s s, and %(wait)s alone is %(seconds)s s",
                    longest=f"{longest:g}",
                    wait=too_long[0],
                    seconds=f"{seconds:g}",
                ),
                Told("Make longest_seconds longer: it holds the wait for the first word and the answer itself"),
            )
        words = node.get("words")
        for language in words if isinstance(words, Mapping) and flow.languages else ():
            if len(language) == 2 and language not in flow.languages:  # noqa: PLR2004 - ISO 639-1
                yield flow.problem(
                    ("nodes", name, "words", language),
                    Told("words in the language '%(language)s', which this flow does not speak", language=language),
                    Told("Take them out; the flow speaks: %(languages)s", languages=", ".join(flow.languages)),
                )


def _seconds(node: Mapping[str, Any], name: str, default: float) -> float:
    value = node.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if value is not None and is_number and 0 < value <= _LONGEST_SECONDS else default
