"""The page on the audit trail: who changed what, found by act, subject, person and day; and whether the chain is whole."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Role
from ivr.audit import store
from ivr.web import transaction
from ivr.web.guards import guarded_by
from ivr.web.wiring import wiring

audit_page = Blueprint("audit", __name__, url_prefix="/admin/audit")
ON_A_PAGE = 50
LONGEST = 200


@audit_page.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """Entries, the newest first."""
    session = transaction.session()
    asked = {name: request.args.get(name, "").strip()[:LONGEST] for name in ("act", "subject", "by", "day")}
    since = _day(asked["day"])
    before = request.args.get("before", type=int)
    found = store.entries(
        session,
        act=asked["act"],
        subject=asked["subject"],
        by=asked["by"],
        since=since,
        until=None if since is None else since + timedelta(days=1),
        before_id=before if before is None or 0 < before < 2**31 else None,
        limit=ON_A_PAGE + 1,
    )
    return render_template(
        "editing/audit.html",
        entries=found[:ON_A_PAGE],
        older=found[ON_A_PAGE - 1].number if len(found) > ON_A_PAGE else None,
        asked=asked,
        acts=store.acts(session),
        checked=store.verify(session) if "check" in request.args else None,
    )


def _day(written: str) -> datetime | None:
    """The beginning of a day in the company's zone; none for what is no day."""
    try:
        return datetime.fromisoformat(written).replace(tzinfo=wiring().zone).astimezone(UTC) if written else None
    except (ValueError, OverflowError):
        return None
