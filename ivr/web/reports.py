"""The page of reports, for supervisors and admins: figures by queue, skill, intent, agent, hour or day; and the same as CSV."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from ivr.calls import reporting, reporting_csv
from ivr.calls.reporting_asked import FROM_TO, PERIODS, Asked, NotAsked, Wishes, understood
from ivr.web import errors, reports_view, transaction
from ivr.web.admin import WATCHERS
from ivr.web.guards import guarded_by
from ivr.web.languages import language
from ivr.web.wiring import wiring
from routing.figures_counted import GroupBy
from routing.figures_defined import ShortAbandons
from routing.figures_table import FIGURES

reports = Blueprint("reports", __name__, url_prefix="/admin/reports")

PERIOD_NAMES = {
    "today": _l("Today"),
    "yesterday": _l("Yesterday"),
    "7": _l("7 days"),
    "30": _l("30 days"),
    FROM_TO: _l("From day to day"),
}
GROUP_NAMES = {
    GroupBy.QUEUE: _l("Queue"),
    GroupBy.SKILL: _l("Skill"),
    GroupBy.INTENT: _l("Intent"),
    GroupBy.AGENT: _l("Agent"),
    GroupBy.HOUR: _l("Hour of the day"),
    GroupBy.DAY: _l("Day"),
}
SHORT_NAMES = {
    ShortAbandons.LEFT_OUT: _l("do not count"),
    ShortAbandons.AGAINST: _l("count against"),
    ShortAbandons.IN_TIME: _l("count as in time"),
}
SECTION_NAMES = {"waiting": _l("Waiting times"), "talking": _l("Talks"), "outcome": _l("What it led to")}


@reports.get("")
@guarded_by(*WATCHERS)
def page() -> ResponseReturnValue:
    """The report that the address asks for; without anything, the last seven days by queue."""
    asked = _asked()
    session, spoken = transaction.session(), language()
    shown: dict[str, Any] = {}
    if isinstance(asked, Asked):
        made = reporting.report(session, asked, language=spoken)
        shown = {
            "report": made,
            "tables": reports_view.tables(made),
            "key_cells": reports_view.key_cells(made),
            "plots": reports_view.plots(_over_time(made)),
            "is_cut": len(made.lines) > reports_view.MOST_LINES,
        }
    drawn = render_template(
        "reports/page.html",
        wishes=_wishes(),
        problem=errors.REFUSALS[asked.reason].sentence if isinstance(asked, NotAsked) else "",
        asked=asked,
        choices=reporting.choices(session, spoken),
        figures=FIGURES,
        names={"period": PERIOD_NAMES, "by": GROUP_NAMES, "short": SHORT_NAMES, "section": SECTION_NAMES},
        periods=PERIODS,
        most_lines=reports_view.MOST_LINES,
        **shown,
    )
    return drawn, (errors.REFUSALS[asked.reason].status if isinstance(asked, NotAsked) else 200)


@reports.get("/table.csv")
@guarded_by(*WATCHERS)
def table() -> ResponseReturnValue:
    """The same report as a file."""
    asked = _asked()
    if isinstance(asked, NotAsked):
        return errors.refused(asked.reason)
    made = reporting.report(transaction.session(), asked, language=language())
    name = f"centralino-{made.by.value}-{asked.first.isoformat()}-{asked.last.isoformat()}.csv"
    return _file(reporting_csv.table(made, reports_view.name_of), name)


@reports.get("/definitions.csv")
@guarded_by(*WATCHERS)
def definitions() -> ResponseReturnValue:
    """What each column of the file is."""
    return _file(reporting_csv.definitions(language()), "centralino-definitions.csv")


def _over_time(made: reporting.Report) -> reporting.Report:
    if made.by in {GroupBy.HOUR, GroupBy.DAY}:
        return made
    return reporting.over_time(transaction.session(), made.asked, language=language())


def _asked() -> Asked | NotAsked:
    return understood(_wishes(), now=transaction.now(), zone=wiring().zone)


def _wishes() -> Wishes:
    given = request.args
    return Wishes(
        period=given.get("period", ""),
        first=given.get("first", ""),
        last=given.get("last", ""),
        by=given.get("by", ""),
        queue=given.get("queue", ""),
        skill=given.get("skill", ""),
        agent=given.get("agent", ""),
        intent=given.get("intent", ""),
        seconds=given.get("seconds", ""),
        short=given.get("short", ""),
    )


def _file(lines: Iterable[str], name: str) -> Response:
    response = Response("".join(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
