"""The form of a scenario: one call as it must go, read from YAML or JSON (`prompts/scenario.schema.json`), and written again.

Pure: what a scenario says. Running it lies with `ivr.trials.scenario_runner`, judging what was heard with `ivr.trials.judging`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import yaml

from prompts.documents import Place, Reading, line_of, read
from prompts.problems import Problem
from prompts.told import Told

SCHEMA = "scenario.schema.json"
# The customers of the trial company, by the names that scenarios call them.
PERSONS = ("giulia", "mario", "emily")
STRANGER, HIDDEN = "stranger", "hidden"
OPEN, CLOSED = "open", "closed"
ANSWER = "answer"
LANGUAGES = ("it", "en")
# What a scenario shows: words, or words by language.
About: TypeAlias = str | Mapping[str, str]
_ACTS = ("say", "press", "silent", "hang_up", "play")
_TIME = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, kw_only=True)
class Says:
    """The caller says words."""

    words: str


@dataclass(frozen=True, kw_only=True)
class Presses:
    """The caller presses keys, one after the other."""

    keys: str


@dataclass(frozen=True, kw_only=True)
class IsSilent:
    """The caller says nothing: for so long, or until the line speaks again (None)."""

    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class HangsUp:
    """The caller puts the receiver down."""


@dataclass(frozen=True, kw_only=True)
class Plays:
    """A recording is played in place of a voice; `words` is what it says, for runs without sound."""

    wav: str
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Listens:
    """The caller only listens on, until what is expected has been heard."""


Act: TypeAlias = Says | Presses | IsSilent | HangsUp | Plays | Listens


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What must have been heard since the step before; what is empty counts for nothing."""

    prompts: tuple[str, ...] = ()  # keys in order, others may stand between; "key/1" is the first reprompt
    words: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()
    node: str = ""
    language: str = ""

    @property
    def is_anything(self) -> bool:
        """Whether anything counts at all."""
        return bool(self.prompts or self.words or self.not_words or self.node or self.language)


@dataclass(frozen=True, kw_only=True)
class ScenarioStep:
    """What must have been heard, and what the caller does then."""

    act: Act
    expected: Expected = Expected()


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Where the call must have come to; what is empty counts for nothing."""

    node: str = ""
    outcome: str = ""  # served, agent, waiting, hung_up, failed
    skill: str = ""
    queue: str = ""
    routed: bool | None = None
    messages: tuple[str, ...] = ()  # prompt keys, or words of them
    cases: tuple[str, ...] | None = None  # kinds, no others; None: whatever was opened
    language: str = ""
    words: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CallerIs:
    """Who calls: one of these, else a stranger."""

    person: str = ""  # of the trial company
    customer_id: str = ""  # whose records are copied
    number: str = ""  # of a stranger
    made_up: Mapping[str, Any] | None = None  # name, number, language, called_before, orders
    is_hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One call as it must go."""

    name: str
    language: str
    steps: tuple[ScenarioStep, ...]
    about: About = ""
    caller: CallerIs = CallerIs()
    at: str = OPEN  # open, closed, or a time of the company's clock
    agents: str = ANSWER
    faults: tuple[Mapping[str, Any], ...] = ()  # trouble, skip, times
    ends: Ends = Ends()
    document: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)  # as it was read


@dataclass(frozen=True, kw_only=True)
class Read:
    """A scenario, or all that is wrong with it."""

    scenario: Scenario | None
    problems: tuple[Problem, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)


def read_scenario(text: str, *, file: str, agents: Sequence[str] = (), faults: Sequence[str] = ()) -> Read:
    """Read a scenario from YAML or JSON; `agents` and `faults` are the names that are known, any where none is given."""
    reading = read(text, file=file, schema=SCHEMA, part="step")
    problems = [_helped(one) for one in reading.problems]
    if not problems:
        problems.extend(_own_problems(reading, agents, faults))
    if problems:
        return Read(scenario=None, problems=tuple(problems), document=reading.document)
    return Read(scenario=scenario_of(reading.document), document=reading.document)


def scenario_of(document: Mapping[str, Any]) -> Scenario:
    """Make the scenario of a document in which nothing is wrong."""
    return Scenario(
        name=document["name"],
        about=document.get("about", ""),
        language=document["language"],
        caller=_caller(document.get("caller", STRANGER)),
        at=document.get("at", OPEN),
        agents=document.get("agents", ANSWER),
        faults=tuple({"trouble": one} if isinstance(one, str) else one for one in document.get("faults", ())),
        steps=tuple(_step(one) for one in document["steps"]),
        ends=_ends(document.get("ends", {})),
        document=document,
    )


def written(document: Mapping[str, Any]) -> str:
    """Write a document as YAML that people edit: keys in the schema's order, words unbroken. Reading it gives the document."""
    ordered = {key: document[key] for key in _ORDER if key in document}
    text: str = yaml.dump(
        ordered, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110, default_flow_style=False
    )
    return text


def about_in(about: About, language: str) -> str:
    """What a scenario shows in a reader's language, or in the one that there is."""
    return about if isinstance(about, str) else about.get(language) or next(iter(about.values()), "")


_ORDER = ("name", "about", "language", "caller", "at", "agents", "faults", "steps", "ends")


class _Dumper(yaml.SafeDumper):
    """Quotes what the reader would take for a number or a truth, and nothing that needs none."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # Keys look like numbers, and words like "no" are words here: both stay text wherever they are read.
    is_plain = (
        value and not value[0].isdigit() and value.lower() not in {"yes", "no", "on", "off", "true", "false", "null"}
    )
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if is_plain else '"')
    return node


_Dumper.add_representer(str, _text)


def _helped(problem: Problem) -> Problem:
    if problem.message.startswith("press:"):
        return Problem(
            file=problem.file, line=problem.line, place=problem.place, message=problem.message,
            remedy=Told('Write the keys in quotes, digits, * and # alone: press: "1042#"'),
        )  # fmt: skip
    return problem


def _own_problems(reading: Reading, agents: Sequence[str], faults: Sequence[str]) -> Iterable[Problem]:
    document = reading.document

    def problem(place: Place, message: str, remedy: str, *, part: str = "") -> Problem:
        return Problem(
            file=reading.file, line=line_of(place, reading.lines), place=part, message=message, remedy=remedy
        )

    caller = document.get("caller", STRANGER)
    if isinstance(caller, str) and caller not in {*PERSONS, STRANGER, HIDDEN}:
        known = ", ".join((*PERSONS, STRANGER, HIDDEN))
        remedy = Told('Write one of: %(known)s; or {customer: NUMBER}, {number: "+39..."}', known=known)
        yield problem(("caller",), Told("caller: %(value)s is nobody", value=repr(caller)), remedy)
    if isinstance(caller, dict) and not _is_one(caller):
        remedy = Told("Write a customer alone, a number alone, or a name with what else is made up")
        yield problem(("caller",), Told("caller: it is not clear who calls"), remedy)
    if agents and document.get("agents", ANSWER) not in agents:
        known = ", ".join(agents)
        message = Told("agents: %(value)s is not possible here", value=repr(document["agents"]))
        yield problem(("agents",), message, Told("Write one of: %(known)s", known=known))
    for index, fault in enumerate(document.get("faults", ())):
        trouble = fault if isinstance(fault, str) else fault["trouble"]
        if faults and trouble not in faults:
            known = ", ".join(faults)
            message = Told("faults: %(value)s is not known", value=repr(trouble))
            yield problem(("faults", index), message, Told("Write one of: %(known)s", known=known))
    if not _is_time(document.get("at", OPEN)):
        message = Told("at: %(value)s is no time", value=repr(document["at"]))
        yield problem(("at",), message, Told('Write open, closed, or like "2026-11-23 10:00"'))
    for index, step in enumerate(document["steps"]):
        yield from (
            problem(("steps", index), message, remedy, part=f"step {index + 1}")
            for message, remedy in _step_problems(step, is_last=index == len(document["steps"]) - 1)
        )


def _is_one(caller: Mapping[str, Any]) -> bool:
    """Whether an object names one caller: a customer, a number, or somebody made up with a name."""
    return set(caller) in ({"customer"}, {"number"}) or ("name" in caller and "customer" not in caller)


def _is_time(at: str) -> bool:
    if at in {OPEN, CLOSED}:
        return True
    try:
        datetime.strptime(at, _TIME)  # noqa: DTZ007 - by the company's clock, which whoever runs it knows
    except ValueError:
        return False
    return True


def _step_problems(step: Mapping[str, Any], *, is_last: bool) -> Iterable[tuple[str, str]]:
    acts = [name for name in _ACTS if name in step]
    if len(acts) > 1:
        yield Told("%(acts)s stand in one step", acts=_all_of(acts)), Told("Make a step of each")
    if not acts and "expect" not in step:
        remedy = Told("Write one of %(acts)s, or what to expect", acts=", ".join(_ACTS))
        yield Told("the step says nothing"), remedy
    if step.get("silent") is False:
        yield Told("silent: false says nothing"), Told("Write true, or for how many seconds")
    if "as" in step and "play" not in step:
        yield Told("'as' has the words of a WAV, and no WAV is played"), Told("Use 'say', or add 'play'")
    if "hang_up" in step and not is_last:
        yield Told("behind hang_up nothing can come"), Told("Make it the last step")


def _all_of(names: Iterable[str]) -> str:
    first, *others = names
    for other in others:
        first = Told("%(one)s and %(other)s", one=first, other=other)
    return first


def _caller(given: Any) -> CallerIs:
    if isinstance(given, dict):
        if "name" in given:
            return CallerIs(made_up=given)
        return CallerIs(customer_id=given.get("customer", ""), number=given.get("number", ""))
    return CallerIs(person=given if given in PERSONS else "", is_hidden=given == HIDDEN)


def _step(document: Mapping[str, Any]) -> ScenarioStep:
    return ScenarioStep(act=_act(document), expected=_expected(document.get("expect", ())))


def _act(document: Mapping[str, Any]) -> Act:
    if "say" in document:
        return Says(words=document["say"])
    if "press" in document:
        return Presses(keys=document["press"])
    if "silent" in document:
        silent = document["silent"]
        return IsSilent(seconds=None if silent is True else float(silent))
    if "hang_up" in document:
        return HangsUp()
    if "play" in document:
        return Plays(wav=document["play"], words=document.get("as", ""))
    return Listens()


def _expected(given: Any) -> Expected:
    if not isinstance(given, dict):
        return Expected(prompts=_several(given))
    return Expected(
        prompts=_several(given.get("prompts", ())),
        words=_several(given.get("words", ())),
        not_words=_several(given.get("not_words", ())),
        node=given.get("node", ""),
        language=given.get("language", ""),
    )


def _ends(given: Mapping[str, Any]) -> Ends:
    return Ends(
        node=given.get("node", ""),
        outcome=given.get("outcome", ""),
        skill=given.get("skill", ""),
        queue=given.get("queue", ""),
        routed=given.get("routed"),
        messages=_several(given.get("messages", ())),
        cases=_several(given["cases"]) if "cases" in given else None,
        language=given.get("language", ""),
        words=_several(given.get("words", ())),
        not_words=_several(given.get("not_words", ())),
    )


def _several(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
