"""Calls found by time, status, reason or customer: for lists. Reads only."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.calls.tables import Call


def calls(
    session: Session,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    status: str | None = None,
    reason: str | None = None,
    customer_id: str | None = None,
    limit: int,
    offset: int = 0,
) -> Sequence[Call]:
    """Calls, the newest first."""
    query = select(Call).order_by(Call.started_at.desc(), Call.call_id).limit(limit).offset(offset)
    if since is not None:
        query = query.where(Call.started_at >= since)
    if until is not None:
        query = query.where(Call.started_at < until)
    equal = {Call.status: status, Call.reason: reason, Call.customer_id: customer_id}
    return session.scalars(
        query.where(*(column == value for column, value in equal.items() if value is not None))
    ).all()
