"""Coverage as JSON says it and as the page shows it: figures with their intervals, worst nodes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from ivr.calls.coverage import Coverage, Mean, NodeFigures
from ivr.flow.definition import Flow
from routing.figures_defined import Share

# What a heat map can show; each is a field of `NodeFigures`.
HEAT = {
    "stopped": _l("Stopped there"),
    "repeated": _l("Asked again"),
    "person": _l("Asked for a person"),
    "handed": _l("Handed over unasked"),
    "ended_well": _l("Ended well"),
    "effort": _l("Effort"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One node's line of the table."""

    node: str
    kind: str  # "" where this version has it no more
    figures: NodeFigures


def as_json(covered: Coverage, flow: Flow) -> dict[str, Any]:
    """Return everything as the API gives it; a node of the flow that no call passed is there with zeros."""
    return {
        "calls": covered.calls,
        "ended_well": share(covered.ended_well),
        "effort": mean(covered.effort),
        "nodes": [
            {
                "node": row.node,
                "kind": row.kind,
                "passed": row.figures.passed,
                "visits": row.figures.visits,
                **{name: share(getattr(row.figures, name)) for name in HEAT if name != "effort"},
                "effort": mean(row.figures.effort),
            }
            for row in rows(covered, flow)
        ],
        "ways": [
            {"from_node": left, "to_node": came, "calls": calls} for (left, came), calls in sorted(covered.ways.items())
        ],
    }


def rows(covered: Coverage, flow: Flow) -> Sequence[Row]:
    """Every node of the flow and every node that a call passed, those that most calls passed first."""
    names = {**dict.fromkeys(flow.nodes), **dict.fromkeys(covered.nodes)}
    made = [
        Row(
            node=name,
            kind=flow.nodes[name].kind.value if name in flow.nodes else "",
            figures=covered.nodes.get(name, NodeFigures()),
        )
        for name in names
    ]
    return sorted(made, key=lambda row: -row.figures.passed)


def share(one: Share) -> Mapping[str, Any]:
    """Return a share with its interval, None where it is of nothing."""
    interval = one.interval
    return {
        "part": one.part,
        "whole": one.whole,
        "value": _rounded(one.value),
        "low": None if interval is None else _rounded(interval.low),
        "high": None if interval is None else _rounded(interval.high),
    }


def mean(one: Mean) -> Mapping[str, Any]:
    """Return a mean with its interval, None where too little is known."""
    interval = one.interval
    return {
        "count": one.count,
        "value": _rounded(one.value),
        "low": None if interval is None else _rounded(interval.low),
        "high": None if interval is None else _rounded(interval.high),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
