"""Whether a flow leads where it must: every problem of a document at once, each with file, node, line and what to do.

The document's own shape (fields, kinds) is held by the published schema when it is read; here is what a schema cannot say:
outcomes, prompts and languages, nodes that exist and can be reached, ways to an end, and ways to a person. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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
    outcomes_of,
)
from ivr.flow.walk import NO, NOTHING_ELSE, PERSON, PRIVACY, REPEAT, REPROMPTS, WITHDRAW, YES
from prompts.problems import Problem

Place: TypeAlias = tuple[str | int, ...]
# Node -> the nodes it can lead to.
Graph: TypeAlias = Mapping[str, frozenset[str]]

_EVERYWHERE = frozenset({PERSON, REPEAT, PRIVACY, WITHDRAW})
# What a caller who never says or presses anything makes of each kind that listens. (`ask` goes to `missed`, else to a person.)
_SILENT: Mapping[str, frozenset[str]] = {
    Kind.CONSENT: frozenset({"refused"}),
    Kind.SURVEY: frozenset({"skipped"}),
    Kind.RESUME: frozenset({"nothing", "declined"}),
    Kind.REACHED: frozenset({"silent"}),
    Kind.DICTATE: frozenset({"nothing"}),
    # The other outcomes of a route come of keys that the caller presses.
    Kind.ROUTE: frozenset({"closed", "nobody", "overflow", "met", "failed"}),
}
# How often each kind asks in other words.
_REPROMPTS: Mapping[str, int] = {Kind.ASK: REPROMPTS, Kind.SURVEY: 1, Kind.RESUME: 1, Kind.REACHED: 1, Kind.DICTATE: 1}
# The schema misses outcomes and knows unknown ones too; here both are told in fuller words.
_TOLD_TWICE = re.compile(r"outcomes: .* is (missing|not known here)$")
_LISTENING = frozenset({Kind.ASK, Kind.CONSENT, Kind.SURVEY, Kind.RESUME, Kind.REACHED, Kind.DICTATE})


@dataclass(frozen=True, kw_only=True)
class _Flow:
    """The document as far as it can be read: a file with one fault still shows its others."""

    document: Mapping[str, Any]
    nodes: Mapping[str, Mapping[str, Any]]
    file: str
    lines: Mapping[Place, int]

    def text(self, name: str) -> str:
        value = self.document.get(name)
        return value if isinstance(value, str) else ""

    def mapping(self, name: str) -> Mapping[str, str]:
        return _texts(self.document.get(name))

    def outcomes(self, name: str) -> Mapping[str, str]:
        return _texts(self.nodes[name].get("outcomes"))

    def problem(self, place: Place, message: str, remedy: str) -> Problem:
        nearest = place
        while nearest and nearest not in self.lines:
            nearest = nearest[:-1]
        node = f"node {place[1]}" if place[:1] == ("nodes",) and len(place) > 1 else ""
        line = self.lines.get(nearest, 0)
        return Problem(file=self.file, line=line, place=node, message=message, remedy=remedy)


def check(
    document: Mapping[str, Any],
    *,
    file: str,
    lines: Mapping[Place, int],
    wordings: Mapping[str, Mapping[str, int]],
    found: tuple[Problem, ...] = (),
) -> tuple[Problem, ...]:
    """Return every problem of a flow's document, in the order of its lines; none means that `definition.build` takes it.

    `lines` has the line of each part, `wordings` per prompt and language the number of reprompts (`Catalogue.shape`), `found`
    what was found while reading the file, to be told together.
    """
    written = document.get("nodes")
    nodes = {name: _readable(node) for name, node in written.items()} if isinstance(written, Mapping) else {}
    flow = _Flow(document=document, nodes=nodes, file=file, lines=lines)
    if not nodes:
        nothing = flow.problem(("nodes",), "the flow has no nodes", "Write at least one that answers and one that ends")
        return found or (nothing,)
    problems = [
        *(problem for problem in found if not _TOLD_TWICE.match(problem.message)),
        *_unknown_targets(flow),
        *_outcomes(flow),
        *_prompts(flow, wordings),
        *_keys(flow),
        *_listening(flow),
        *_reading_back(flow),
        *_unreachable(flow),
        *_dead_ends(flow),
        *_missed(flow),
        *_circles(flow),
        *_person(flow),
    ]
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.message)))


def _readable(node: Any) -> Mapping[str, Any]:
    """Return a node with what the checks below look at in the form they look for; the schema has told of any other form."""
    if not isinstance(node, Mapping):
        return {}
    plain = {name: value for name, value in node.items() if isinstance(value, str | int | float)}
    words = node.get("words")
    return {
        **plain,
        "outcomes": _texts(node.get("outcomes")),
        "keys": _texts(node.get("keys")),
        "words": words if isinstance(words, Mapping) else {},
    }


def _texts(value: Any) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {key: one for key, one in value.items() if isinstance(key, str) and isinstance(one, str)}


def _unknown_targets(flow: _Flow) -> Iterator[Problem]:
    targets: list[tuple[Place, str]] = [((name,), flow.text(name)) for name in ("first", "person", "called_back")]
    targets.extend((("requests", intent), node) for intent, node in flow.mapping("requests").items())
    for name in flow.nodes:
        targets.extend((("nodes", name, "outcomes", outcome), node) for outcome, node in flow.outcomes(name).items())
    for place, target in targets:
        if target and target not in flow.nodes:
            where = str(place[-1])
            yield flow.problem(
                place, f"{where} goes to '{target}', and there is no such node", f"Write the node {target}, or correct"
            )


def _outcomes(flow: _Flow) -> Iterator[Problem]:
    """Say which outcomes are missing, and which nobody can bring."""
    languages = frozenset(flow.mapping("languages").values())
    answers = {YES, NO, NOTHING_ELSE, MISSED} | _EVERYWHERE | languages | flow.mapping("requests").keys()
    for name, node in flow.nodes.items():
        kind = node.get("kind")
        if kind not in set(Kind):
            continue
        place: Place = ("nodes", name, "outcomes")
        required = outcomes_of(kind, node)
        named = flow.outcomes(name).keys()
        for missing in sorted(required - named):
            yield flow.problem(place, f"the outcome '{missing}' is missing", f"Name the node where '{missing}' goes")
        if kind == Kind.BRANCH:
            continue
        allowed = required | (answers if kind == Kind.ASK else frozenset())
        if kind == Kind.VERIFY and "what" not in node:
            allowed |= STANDS_FOR.keys()
        if kind == Kind.ROUTE:
            allowed |= ROUTE_STANDS_FOR.keys()
        if kind == Kind.LOOKUP:
            allowed |= LOOKUP_MAY
        for unknown in sorted(named - allowed):
            known = ", ".join(sorted(allowed)) or "none"
            remedy = (
                f"Set tries, or take '{EXHAUSTED}' out" if unknown == EXHAUSTED else f"Take it out; known are: {known}"
            )
            yield flow.problem((*place, unknown), f"the outcome '{unknown}' never comes", remedy)


def _prompts(flow: _Flow, wordings: Mapping[str, Mapping[str, int]]) -> Iterator[Problem]:
    own = flow.mapping("prompts")
    used: list[tuple[Place, str, int]] = [
        (("prompts", name), own[name], 0) for name in sorted(SYSTEM_PROMPTS & own.keys())
    ]
    if READ_BACK in own:
        used.append((("prompts", READ_BACK), own[READ_BACK], REPROMPTS))
    for name, node in flow.nodes.items():
        if isinstance(node.get("prompt"), str) and node["prompt"]:
            wanted = _REPROMPTS.get(node.get("kind", ""), 0)
            used.append((("nodes", name, "prompt"), node["prompt"], wanted))
        if node.get("kind") == Kind.RESUME and isinstance(node.get("prompt_callback"), str):
            used.append((("nodes", name, "prompt_callback"), node["prompt_callback"], 1))
    candidates = sorted({*flow.mapping("requests"), PERSON})
    used.extend((("requests", intent), f"choice.{intent}", 0) for intent in candidates)
    for place, prompt, reprompts in used:
        yield from _prompt(flow, wordings, place=place, prompt=prompt, reprompts=reprompts)


def _prompt(
    flow: _Flow, wordings: Mapping[str, Mapping[str, int]], *, place: Place, prompt: str, reprompts: int
) -> Iterator[Problem]:
    if prompt not in wordings:
        yield flow.problem(
            place, f"there is no prompt '{prompt}'", f"Write '{prompt}' in the prompts file, or correct the name"
        )
        return
    for language in flow.mapping("languages"):
        count = wordings[prompt].get(language)
        if count is None:
            remedy = f"Word '{prompt}' in {language} in the prompts file"
            yield flow.problem(place, f"the prompt '{prompt}' is missing in the language {language}", remedy)
        elif count < reprompts:
            remedy = "Add reprompts: first shorter, then an example, then the keypad"
            yield flow.problem(
                place, f"the prompt '{prompt}' has {count} reprompts in {language} and needs {reprompts} here", remedy
            )


def _keys(flow: _Flow) -> Iterator[Problem]:
    """Say which keys lead nowhere, and which open questions have no keys: everything works by keys as well."""
    known = _EVERYWHERE | flow.mapping("requests").keys() | set(flow.mapping("languages").values())
    for name, node in flow.nodes.items():
        if node.get("kind") != Kind.ASK:
            continue
        keys = _texts(node.get("keys"))
        for key, intent in keys.items():
            if intent not in known | flow.outcomes(name).keys() or intent in {GIVEN, MISSED}:
                place: Place = ("nodes", name, "keys", key)
                yield flow.problem(
                    place,
                    f"key {key} means '{intent}', which is no answer here",
                    f"Add the outcome '{intent}', or correct",
                )
        if node.get("expect") in {"request", "choice"} and not keys:
            yield flow.problem(
                ("nodes", name), "this question cannot be answered by keys", "Add keys, e.g. keys: {'1': order_status}"
            )


def _reading_back(flow: _Flow) -> Iterator[Problem]:
    """Say which questions would read a value back and have no words for it."""
    if READ_BACK in flow.mapping("prompts"):
        return
    for name, node in flow.nodes.items():
        if node.get("confirm") in {Confirm.UNSURE, Confirm.ALWAYS}:
            yield flow.problem(
                ("nodes", name, "confirm"),
                f"the value is read back, and `prompts` names no '{READ_BACK}'",
                f"Add {READ_BACK}: a prompt that says {{value:value}} and asks whether it is right",
            )


def _listening(flow: _Flow) -> Iterator[Problem]:
    """Say which questions would cut the caller off, and which words nobody would ever be listened to for."""
    for name, node in flow.nodes.items():
        if node.get("kind") not in _LISTENING:
            continue
        longest = _seconds(node, "longest_seconds", float("inf"))
        for wait, default in (("timeout_seconds", AskNode.timeout_seconds), ("after_words_seconds", 0.0)):
            if _seconds(node, wait, default) >= longest:
                yield flow.problem(
                    ("nodes", name, "longest_seconds"),
                    f"the whole answer ends after {longest:g} s, and {wait} alone is {_seconds(node, wait, default):g} s",
                    "Make longest_seconds longer: it holds the wait for the first word and the answer itself",
                )
        languages = flow.mapping("languages")
        for language in node["words"]:
            if language not in languages:
                yield flow.problem(
                    ("nodes", name, "words", language),
                    f"words in the language '{language}', which this flow does not speak",
                    f"Take them out; the flow speaks: {', '.join(languages)}",
                )


def _seconds(node: Mapping[str, Any], name: str, default: float) -> float:
    value = node.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def _graph(flow: _Flow) -> Graph:
    """Return where each node can lead: outcomes; from a question also any request and a person, from an act a person."""
    requests = {node for node in flow.mapping("requests").values() if node in flow.nodes}
    person = {flow.text("person")} & flow.nodes.keys()
    graph = {}
    for name, node in flow.nodes.items():
        following = {target for target in flow.outcomes(name).values() if target in flow.nodes}
        if node.get("kind") in _LISTENING:
            following |= requests | person
        graph[name] = frozenset(following)
    return graph


def _reached(graph: Graph, starts: Iterable[str]) -> set[str]:
    reached: set[str] = set()
    waiting = [start for start in starts if start in graph]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(graph[name])
    return reached


def _unreachable(flow: _Flow) -> Iterator[Problem]:
    reached = _reached(_graph(flow), (flow.text("first"), flow.text("person"), flow.text("called_back")))
    for name in flow.nodes:
        if name not in reached:
            yield flow.problem(
                ("nodes", name), "no call can come to this node", "Lead an outcome to it, or take it out"
            )


def _dead_ends(flow: _Flow) -> Iterator[Problem]:
    backwards: dict[str, set[str]] = {name: set() for name in flow.nodes}
    for name, following in _graph(flow).items():
        for target in following:
            backwards[target].add(name)
    ends = [name for name, node in flow.nodes.items() if node.get("kind") == Kind.END]
    leading = _reached({name: frozenset(before) for name, before in backwards.items()}, ends)
    for name in flow.nodes:
        if name not in leading:
            yield flow.problem(
                ("nodes", name),
                "a dead end: no end can be reached from here",
                "Lead its outcomes on towards an `end` node",
            )


def _missed(flow: _Flow) -> Iterator[Problem]:
    """Refuse `missed` where no person has been tried: who is not understood is handed to one."""
    graph = {
        name: frozenset() if flow.nodes[name].get("kind") == Kind.ROUTE else to for name, to in _graph(flow).items()
    }
    before = _reached(graph, (flow.text("first"), flow.text("called_back")))
    for name in flow.nodes:
        if MISSED in flow.outcomes(name) and name in before:
            yield flow.problem(
                ("nodes", name, "outcomes", MISSED),
                "'missed' stands where no person has been tried yet",
                "Take it out: who is not understood goes to a person by itself",
            )


def _circles(flow: _Flow) -> Iterator[Problem]:
    """Refuse loops that a caller cannot leave for a person: those that go on by themselves while nothing is said."""
    graph = {name: frozenset(_silently(flow, name)) for name in flow.nodes}
    for name in flow.nodes:
        if name in _reached(graph, graph[name]):
            yield flow.problem(
                ("nodes", name),
                "a loop without a way to a person: a caller who says nothing goes round here for ever",
                "Lead one of the loop's outcomes out, or put tries on its lookup",
            )


def _silently(flow: _Flow, name: str) -> set[str]:
    kind = flow.nodes[name].get("kind", "")
    outcomes = flow.outcomes(name)
    if kind == Kind.ASK:
        following = {outcomes.get(MISSED, flow.text("person"))}
    elif kind in _SILENT:
        following = {target for outcome, target in outcomes.items() if outcome in _SILENT[kind]}
    else:
        following = set(outcomes.values())
    return following & flow.nodes.keys()


def _person(flow: _Flow) -> Iterator[Problem]:
    """Refuse anything between asking for a person and being handed to one."""
    name = flow.text("person")
    if name not in flow.nodes:
        return
    passed: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        kind = flow.nodes[name].get("kind")
        if name in passed or kind == Kind.ROUTE:
            continue
        passed.add(name)
        if kind not in {Kind.SAY, Kind.BRANCH}:
            yield flow.problem(
                ("nodes", name),
                "stands between a caller who asked for a person and the person",
                "Lead `person` to a route at once",
            )
            continue
        waiting.extend(target for target in flow.outcomes(name).values() if target in flow.nodes)
