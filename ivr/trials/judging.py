"""Whether a call went as its scenario says: what was heard is held against what was expected, step by step and at the end.

Pure: lines of what was heard come in, results go out, each with why it failed as a code and its values; the sentences are in
`ivr.trials.judging_words`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ivr.trials.scenarios import About, Act, Ends, Expected, HangsUp, IsSilent, Listens, Plays, Presses, Says
from prompts import told as told_words

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True)
class HeardPrompt:
    """One prompt that the caller heard."""

    key: str  # of the catalogue, with /n for the n-th reprompt; "" for what has none (an agent, music)
    text: str
    language: str = ""
    node: str = ""  # at which it was said, "" where nobody knows


@dataclass(frozen=True, kw_only=True)
class Stood:
    """What the caller has heard since the step before, and where the call stands."""

    lines: tuple[HeardPrompt, ...]
    node: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a call came out."""

    outcome: str  # served, agent, waiting, hung_up, failed
    node: str
    language: str
    skill: str = ""  # asked for; "" where it never came to that
    queue: str = ""
    messages: tuple[tuple[str, str], ...] = ()  # prompt key and words of each text message
    cases: tuple[str, ...] = ()  # kinds of those opened
    trouble: str = ""  # what broke, in words of the log


@dataclass(frozen=True, kw_only=True)
class Miss:
    """One thing that is not as expected."""

    code: str  # prompt, words, not_words, node, language, over, outcome, skill, queue, routed, message, case, failed
    expected: str
    got: str = ""


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What came of one step; the last one has no act and judges the end."""

    number: int  # from 1; 0 for the end
    act: str  # say, press, silent, hang_up, play, listen, end
    given: str  # words or keys
    passed: bool
    misses: tuple[Miss, ...] = ()
    heard: tuple[HeardPrompt, ...] = ()
    node: str = ""  # where the call stood


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one scenario."""

    name: str
    state: str  # passed, failed, skipped, broken
    reason: str = ""  # why it was skipped or broke off
    steps: tuple[StepResult, ...] = ()
    made_seconds: float = 0.0  # how long the call took on its own clock
    about: About = ""
    nodes: tuple[str, ...] = field(default=())  # the way that the call took

    @property
    def first_failure(self) -> StepResult | None:
        """The step that failed first."""
        return next((one for one in self.steps if not one.passed), None)

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON's own values."""
        return {**asdict(self), "reason": told_words.to_json(self.reason)}


def result_from_json(value: Mapping[str, Any]) -> Result:
    """Read the result that `as_json` wrote."""
    return Result(
        **{
            **value,
            "nodes": tuple(value["nodes"]),
            "steps": tuple(_step_read(one) for one in value["steps"]),
            "reason": told_words.from_json(value.get("reason", "")),
        }
    )


def judge_step(number: int, act: Act, expected: Expected, stood: Stood | None) -> StepResult:
    """Hold what was heard before a step against what it expects; None where the call was over before it."""
    kind, given = told(act)
    if stood is None:
        misses: tuple[Miss, ...] = (Miss(code="over", expected=kind),)
        return StepResult(number=number, act=kind, given=given, passed=False, misses=misses)
    misses = tuple(_misses(expected, stood))
    return StepResult(
        number=number, act=kind, given=given, passed=not misses, misses=misses, heard=stood.lines, node=stood.node
    )


def judge_end(ends: Ends, ended: Ended, heard: Sequence[HeardPrompt]) -> StepResult:
    """Hold the end of a call against where it was to come to; `heard` is everything of the call."""
    misses = (*_end_misses(ends, ended), *_words_missed(ends.words, ends.not_words, heard))
    return StepResult(
        number=0,
        act="end",
        given=ended.outcome,
        passed=not misses,
        misses=misses,
        heard=tuple(heard[-3:]),
        node=ended.node,
    )


def told(act: Act) -> tuple[str, str]:
    """What a caller does, and the words, keys or seconds of it."""
    match act:
        case Says(words=words):
            return "say", words
        case Presses(keys=keys):
            return "press", keys
        case IsSilent(seconds=seconds):
            return "silent", "" if seconds is None else f"{seconds:g}"
        case HangsUp():
            return "hang_up", ""
        case Plays(wav=wav):
            return "play", wav
        case Listens():
            return "listen", ""


def is_met(expected: Expected, stood: Stood) -> bool:
    """Whether everything that is expected has been heard."""
    return not any(True for _ in _misses(expected, stood))


def plain(text: str) -> str:
    """Words as they are compared: without upper case, with single spaces."""
    return _SPACE.sub(" ", text).strip().lower()


def _misses(expected: Expected, stood: Stood) -> Iterable[Miss]:
    yield from _prompts_missed(expected.prompts, stood.lines)
    yield from _words_missed(expected.words, expected.not_words, stood.lines)
    if expected.node and expected.node != stood.node:
        yield Miss(code="node", expected=expected.node, got=stood.node)
    spoken = [line.language for line in stood.lines if line.language] or [stood.language]
    if expected.language and any(one != expected.language for one in spoken):
        yield Miss(code="language", expected=expected.language, got=spoken[-1])


def _prompts_missed(wanted: Sequence[str], lines: Sequence[HeardPrompt]) -> Iterable[Miss]:
    keys = [line.key for line in lines if line.key]
    rest = list(keys)
    for key in wanted:
        if key not in rest:
            yield Miss(code="prompt", expected=key, got=", ".join(keys))
            return
        rest = rest[rest.index(key) + 1 :]


def _words_missed(wanted: Sequence[str], unwanted: Sequence[str], lines: Sequence[HeardPrompt]) -> Iterable[Miss]:
    heard = plain(" ".join(line.text for line in lines))
    for words in wanted:
        if plain(words) not in heard:
            yield Miss(code="words", expected=words, got=" ".join(line.text for line in lines))
    for words in unwanted:
        if plain(words) in heard:
            yield Miss(code="not_words", expected=words, got=words)


def _end_misses(ends: Ends, ended: Ended) -> Iterable[Miss]:
    if ended.outcome == "failed" and ends.outcome != "failed":
        yield Miss(code="failed", expected=ends.outcome, got=ended.trouble)
    for code, wanted, got in (
        ("outcome", ends.outcome, ended.outcome),
        ("node", ends.node, ended.node),
        ("skill", ends.skill, ended.skill),
        ("queue", ends.queue, ended.queue),
        ("language", ends.language, ended.language),
    ):
        if wanted and wanted != got and not (code == "outcome" and got == "failed"):
            yield Miss(code=code, expected=wanted, got=got)
    if ends.routed is not None and ends.routed != bool(ended.skill or ended.queue):
        yield Miss(code="routed" if ends.routed else "not_routed", expected="", got=ended.skill)
    for wanted in ends.messages:
        if not any(wanted == key or plain(wanted) in plain(words) for key, words in ended.messages):
            yield Miss(code="message", expected=wanted, got="; ".join(words for _, words in ended.messages))
    if ends.cases is not None and sorted(ends.cases) != sorted(ended.cases):
        yield Miss(code="case", expected=", ".join(ends.cases), got=", ".join(ended.cases))


def _step_read(value: Mapping[str, Any]) -> StepResult:
    return StepResult(
        **{
            **value,
            "misses": tuple(Miss(**one) for one in value["misses"]),
            "heard": tuple(HeardPrompt(**one) for one in value["heard"]),
        }
    )
