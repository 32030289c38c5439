"""What an admin's act on a flow changes, place by place: add, remove, rename, reconnect, and give a field another value. Pure.

Nothing is applied here. An act that leaves something open (what led to a node that is taken out) says so; whether the flow then
still leads where it must is the checker's to tell.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ivr.flow.definition import EXHAUSTED, MISSES, VARIANTS, Kind, outcomes_of
from ivr.flow.offers import Wanted, default_of, is_name, required_fields
from ivr.flow.written import STARTS

Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one place of the documents holds before and after; None for nothing."""

    place: Place
    before: Any
    after: Any
    at: int | None = None  # among its neighbours, where it comes to stand anew; None: as the last


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What an act changes, and what it leaves to be told: the places that led to a node that is gone, for example."""

    changes: tuple[Change, ...]
    told: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Impossible:
    """An act that cannot be; `reason` is a code for the refusal."""

    reason: str


Plan: TypeAlias = Planned | Impossible


def add(
    flow: Mapping[str, Any], *, kind: str, name: str, prompts: Wanted, after: tuple[str, str] | None = None
) -> Plan:
    """Add a node with legal defaults: what it must have, and every outcome led to a person.

    `prompts` says which prompts fit a kind. With `after`, a node and its outcome, it comes to stand there, and goes on by its
    first outcome to where that one went.
    """
    nodes = _nodes(flow)
    refused = _unfit(nodes, name)
    if refused or kind not in set(Kind):
        return Impossible(reason=refused or "kind_unknown")
    if after is not None and after[1] not in _outcomes(nodes.get(after[0])):
        return Impossible(reason="outcome_unknown")
    node: dict[str, Any] = {"kind": Kind(kind).value}
    for field in required_fields(kind, node):
        value = default_of(kind, field, prompts)
        if value is None:
            return Impossible(reason="prompt_wanted")
        node[field] = value
    # What one choice asks for besides: a question for digits has a slot.
    for field in required_fields(kind, node):
        node.setdefault(field, default_of(kind, field, prompts) or name)
    person = flow.get("person") or next(iter(nodes), name)
    node["outcomes"] = dict.fromkeys(_led(kind, node), person)
    if kind == Kind.ASK and not node["outcomes"]:
        node["outcomes"] = {"nothing_else": person}
    if not node["outcomes"]:
        del node["outcomes"]
    changes = []
    at = len(nodes)
    if after is not None:
        before, outcome = after
        target = nodes[before]["outcomes"][outcome]
        if node.get("outcomes"):
            node["outcomes"][next(iter(node["outcomes"]))] = target
        changes.append(Change(place=_outcome(before, outcome), before=target, after=name))
        at = list(nodes).index(before) + 1
    changes.insert(0, Change(place=_node(name), before=None, after=node, at=at))
    return Planned(changes=tuple(changes))


def remove(flow: Mapping[str, Any], *, name: str, instead: str = "") -> Plan:
    """Take a node out. What led to it leads to `instead`; without one it is left and told, for it leads nowhere now."""
    nodes = _nodes(flow)
    if name not in nodes:
        return Impossible(reason="node_unknown")
    if instead and (instead not in nodes or instead == name):
        return Impossible(reason="node_unknown")
    pointing = [place for place, target in references(flow) if target == name and place[:3] != _node(name)]
    gone = Change(place=_node(name), before=nodes[name], after=None)
    if not instead:
        return Planned(changes=(gone,), told=tuple(pointing))
    led = (Change(place=place, before=name, after=instead) for place in pointing)
    return Planned(changes=(*led, gone), told=tuple(pointing))


def rename(flow: Mapping[str, Any], *, name: str, to: str) -> Plan:
    """Give a node another name; everything that led to it follows."""
    nodes = _nodes(flow)
    refused = "node_unknown" if name not in nodes else _unfit(nodes, to)
    if refused:
        return Impossible(reason=refused)
    node = copy.deepcopy(dict(nodes[name]))
    outcomes = _outcomes(node)
    if outcomes:
        node["outcomes"] = {outcome: to if target == name else target for outcome, target in outcomes.items()}
    changes = [
        Change(place=_node(name), before=nodes[name], after=None),
        Change(place=_node(to), before=None, after=node, at=list(nodes).index(name)),
    ]
    changes.extend(
        Change(place=place, before=name, after=to)
        for place, target in references(flow)
        if target == name and place[:3] != _node(name)
    )
    return Planned(changes=tuple(changes))


def connect(flow: Mapping[str, Any], *, name: str, outcome: str, to: str) -> Plan:
    """Lead an outcome of a node to another node; "" takes the outcome out."""
    nodes = _nodes(flow)
    if name not in nodes or (to and to not in nodes):
        return Impossible(reason="node_unknown")
    outcomes = _outcomes(nodes[name])
    if not outcome or (not to and outcome not in outcomes):
        return Impossible(reason="outcome_unknown")
    if "outcomes" not in nodes[name]:
        return Planned(changes=(Change(place=(*_node(name), "outcomes"), before=None, after={outcome: to}),))
    before = outcomes.get(outcome)
    if before == (to or None):
        return Planned(changes=())
    return Planned(changes=(Change(place=_outcome(name, outcome), before=before, after=to or None),))


def change_field(flow: Mapping[str, Any], *, name: str, field: str, value: Any) -> Plan:
    """Give a field of a node another value, None for none. Where it chooses what the node can come to, the outcomes follow.

    An outcome that the new value asks for leads to a person until it is led elsewhere; one that it does not know is taken out.
    """
    nodes = _nodes(flow)
    if name not in nodes:
        return Impossible(reason="node_unknown")
    if field in {"kind", "outcomes"}:
        return Impossible(reason="field_fixed")
    node = nodes[name]
    before = node.get(field)
    if before == value:
        return Planned(changes=())
    changes = [Change(place=(*_node(name), field), before=before, after=value)]
    kind = str(node.get("kind"))
    if field in {VARIANTS.get(kind, ""), "tries"} or (kind == Kind.ASK and field == "expect"):
        changed = {key: one for key, one in {**node, field: value}.items() if one is not None}
        changes.extend(_follow(flow, name, changed))
    return Planned(changes=tuple(changes))


def _follow(flow: Mapping[str, Any], name: str, changed: Mapping[str, Any]) -> Iterator[Change]:
    """What its outcomes must be once a node is as `changed`."""
    kind, outcomes = str(changed.get("kind")), _outcomes(changed)
    wanted = outcomes_of(kind, changed)
    known = outcomes_of(kind, {**_nodes(flow)[name], "tries": 1}) | {EXHAUSTED}
    for outcome in sorted(wanted - outcomes.keys()):
        yield Change(place=_outcome(name, outcome), before=None, after=flow.get("person"))
    for outcome in outcomes:
        if outcome in known - wanted:
            yield Change(place=_outcome(name, outcome), before=outcomes[outcome], after=None)


def references(flow: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Every place of a flow that names a node, with the node."""
    for start in STARTS:
        if isinstance(flow.get(start), str):
            yield ("flow", start), flow[start]
    requests = flow.get("requests")
    for intent, target in requests.items() if isinstance(requests, Mapping) else ():
        if isinstance(target, str):
            yield ("flow", "requests", intent), target
    for name, node in _nodes(flow).items():
        for outcome, target in _outcomes(node).items():
            if isinstance(target, str):
                yield _outcome(name, outcome), target


def applied(flow: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """The flow's document with changes made, for whoever has no draft at hand. Places must begin with "flow"."""
    document: dict[str, Any] = copy.deepcopy(dict(flow))
    for change in changes:
        holder: Any = document
        for step in change.place[1:-1]:
            holder = holder[step]
        key = change.place[-1]
        if change.after is None:
            holder.pop(key, None)
            continue
        behind = [] if change.at is None or key in holder else list(holder.items())[change.at :]
        for name, _ in behind:
            del holder[name]
        holder[key] = change.after
        holder.update(behind)
    return document


def _led(kind: str, node: Mapping[str, Any]) -> list[str]:
    """The outcomes that a node must name, those that go well first."""
    required = outcomes_of(kind, node)
    return sorted(required, key=lambda one: (one in MISSES or one in _WORSE, one))


# Outcomes that say no, or that something is lacking: a new node goes on by another one, where it has one.
_WORSE = frozenset(
    (
        *(
            "no",
            "unknown",
            "hidden",
            "refused",
            "declined",
            "unavailable",
            "failed",
            "no_number",
            "closed",
            "nobody",
            "left",
        ),
        *("nothing", "denied", "silent", "skipped", "needs_proof", "late", "already_open", "step_up", "locked"),
        *("more_needed", EXHAUSTED, "otherwise"),
    )
)


def _unfit(nodes: Mapping[str, Any], name: str) -> str:
    if not is_name(name):
        return "name_unfit"
    return "name_taken" if name in nodes else ""


def _nodes(flow: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    nodes = flow.get("nodes")
    if not isinstance(nodes, Mapping):
        return {}
    return {name: node if isinstance(node, Mapping) else {} for name, node in nodes.items()}


def _outcomes(node: Mapping[str, Any] | None) -> Mapping[str, Any]:
    outcomes = node.get("outcomes") if node is not None else None
    return outcomes if isinstance(outcomes, Mapping) else {}


def _node(name: str) -> tuple[str, str, str]:
    return ("flow", "nodes", name)


def _outcome(name: str, outcome: str) -> Place:
    return ("flow", "nodes", name, "outcomes", outcome)
