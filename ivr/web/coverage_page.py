"""The page on coverage: a table of every node's figures, for whoever reads rather than looks at the drawn flow."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ivr.calls import coverage_store
from ivr.calls.coverage_asked import coverage_asked
from ivr.calls.reporting_asked import NotAsked
from ivr.web import coverage_view, errors, transaction
from ivr.web.admin import WATCHERS
from ivr.web.guards import guarded_by
from ivr.web.wiring import wiring

coverage_page = Blueprint("coverage", __name__, url_prefix="/admin/coverage")
_LONGEST_VERSION = 9


@coverage_page.get("")
@guarded_by(*WATCHERS)
def page() -> ResponseReturnValue:
    """Coverage of some days; without any, of this week."""
    first, last, wanted = (request.args.get(name, "")[:10] for name in ("first", "last", "version"))
    version = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) <= _LONGEST_VERSION else None
    asked = coverage_asked(first=first, last=last, version=version, now=transaction.now(), zone=wiring().zone)
    if isinstance(asked, NotAsked):
        said = errors.REFUSALS[asked.reason]
        drawn = render_template(
            "coverage.html", problem=said.sentence, first=first, last=last, version=None, versions={}
        )
        return drawn, said.status
    session, company = transaction.session(), wiring().doors.company
    found = coverage_store.covered(session, asked.period, version=asked.version)
    flow = company.version(company.live(session, transaction.now())).flow
    return render_template(
        "coverage.html",
        problem="",
        first=asked.first.isoformat(),
        last=asked.last.isoformat(),
        version=asked.version,
        versions=coverage_store.versions(session, asked.period),
        covered=found,
        rows=coverage_view.rows(found, flow),
        heat=coverage_view.HEAT,
    )
