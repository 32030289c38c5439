"""Reports by the API: the figures of the page of reports, with the intervals of shares."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from ivr.calls import reporting
from ivr.calls.reporting import Line
from ivr.calls.reporting_asked import FROM_TO, PERIODS, NotAsked, Wishes, understood
from ivr.web import errors, transaction
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import Strict, choice, text
from ivr.web.languages import language
from ivr.web.wiring import wiring
from routing.figures_counted import GroupBy
from routing.figures_defined import Share, ShortAbandons, Unit, plain
from routing.figures_table import FIGURES

reports = Resource("reports", "Reports", "Figures of calls by queue, skill, intent, agent, hour or day.")

GROUPS = (GroupBy.QUEUE, GroupBy.SKILL, GroupBy.INTENT, GroupBy.AGENT, GroupBy.HOUR, GroupBy.DAY)
_LONGEST = 64


class ReportQuery(Strict):
    """What is asked."""

    period = choice(*PERIODS, load_default="", metadata={"description": f"{FROM_TO}: from `first` to `last`."})
    first = fields.Date(load_default=None)
    last = fields.Date(load_default=None)
    by = choice(*GROUPS, load_default="")
    queue = text(_LONGEST, load_default="")
    skill = text(_LONGEST, load_default="")
    agent = text(_LONGEST, load_default="")
    intent = text(_LONGEST, load_default="")
    seconds = fields.Integer(
        load_default=None, metadata={"description": "Of the service level; else each queue's own."}
    )
    short = choice(*ShortAbandons, load_default="", metadata={"description": "What becomes of short abandons."})


class Worth(Schema):
    """A figure; null where nothing can be said."""

    value = fields.Float(required=True, allow_none=True)
    low = fields.Float(metadata={"description": "The true share lies from here, 95 times in 100."})
    high = fields.Float()


class GroupShown(Schema):
    """One group's figures."""

    label = fields.String(required=True)
    name = fields.String(required=True)
    figures = fields.Dict(keys=fields.String(), values=fields.Nested(Worth), required=True)


class FigureDefined(Schema):
    """What a figure is."""

    name = fields.String(required=True)
    unit = fields.String(required=True)
    definition = fields.String(required=True)
    formula = fields.String(required=True)


class ReportShown(Schema):
    """A report."""

    first = fields.Date(required=True)
    last = fields.Date(required=True)
    by = fields.String(required=True)
    groups = fields.List(fields.Nested(GroupShown), required=True)
    whole = fields.Nested(GroupShown, required=True)
    definitions = fields.Dict(keys=fields.String(), values=fields.Nested(FigureDefined), required=True)


@reports.operation(
    "get", "/reports", scope="reports:read", query=ReportQuery, gives=ReportShown,
    refuses=(
        "period_unknown", "period_backwards", "period_to_come", "period_too_long", "day_unreadable", "group_unknown",
        "threshold_unreadable", "short_abandons_unknown", "filter_unreadable",
    ),
)  # fmt: skip
def report(query: Mapping[str, Any]) -> ResponseReturnValue:
    """The report that is asked for; without anything, the last seven days by queue."""
    asked = understood(_wishes(query), now=transaction.now(), zone=wiring().zone)
    if isinstance(asked, NotAsked):
        return errors.refused(asked.reason)
    made = reporting.report(transaction.session(), asked, language=language())
    return {
        "first": asked.first,
        "last": asked.last,
        "by": made.by.value,
        "groups": [_group(line, made.by) for line in made.lines],
        "whole": _group(made.whole, GroupBy.ALL),
        "definitions": {code: _defined(code) for code in FIGURES},
    }


def _wishes(query: Mapping[str, Any]) -> Wishes:
    words = {name: "" if value is None else str(value) for name, value in query.items()}
    return Wishes(**words)


def _group(line: Line, by: GroupBy) -> dict[str, Any]:
    figures = {code: figure.of(line.counts, line.terms, by) for code, figure in FIGURES.items()}
    return {"label": line.label, "name": line.name, "figures": {code: _worth(one) for code, one in figures.items()}}


def _worth(worth: Any) -> dict[str, float | None]:
    interval = worth.interval if isinstance(worth, Share) else None
    told: dict[str, float | None] = {"value": plain(worth)}
    return told if interval is None else {**told, "low": interval.low, "high": interval.high}


def _defined(code: str) -> dict[str, str]:
    figure, spoken = FIGURES[code], language()
    unit: Unit = figure.unit
    return {
        "name": figure.names[spoken],
        "unit": unit.value,
        "definition": figure.definitions[spoken],
        "formula": figure.formula,
    }
