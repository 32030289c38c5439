"""A customer's history across channels, newest first: contacts, calls, cases, returns, messages, and what was promised.

Reads only; how a promise stands is decided here, how it is worded by the pages.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from ivr.calls import store
from ivr.calls.tables import Call, Happening
from ivr.calls.wording import sentence
from ivr.customers import history
from ivr.customers import store as customers
from sealing.columns import if_it_opens

PROMISE, FOLLOW_UP = "promise", "follow-up"
CASE_CLOSED = "case_closed"
# As far back as a person reads while somebody waits; the whole of it is in the customer's export.
MOST = 60
_CALLS = 40


class Kind(StrEnum):
    """What a moment of the timeline is."""

    CONTACT = "contact"
    CALL = "call"
    CASE_OPENED = "case_opened"
    CASE_CLOSED = "case_closed"
    PROMISED = "promised"
    RETURN_OPENED = "return_opened"
    RETURN_CLOSED = "return_closed"
    MESSAGE = "message"


class Stands(StrEnum):
    """How what was promised, or opened with a due time, stands."""

    OPEN = "open"
    OVERDUE = "overdue"
    KEPT = "kept"  # done in time
    LATE = "late"  # done, but after the due time


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that happened between customer and company."""

    at: datetime
    kind: Kind
    channel: str
    reason: str = ""  # an intent, or the kind of a case
    outcome: str = ""
    number: str = ""  # of the case or the return
    note: str = ""
    due_at: datetime | None = None
    stands: Stands | None = None
    effort: int | None = None  # the caller's score of that call


def standing(*, due_at: datetime, closed_at: datetime | None, now: datetime) -> Stands:
    """How something that is due stands at a time."""
    if closed_at is not None:
        return Stands.KEPT if closed_at <= due_at else Stands.LATE
    return Stands.OVERDUE if due_at < now else Stands.OPEN


def timeline_of(
    session: Session, customer_id: str | None, *, but_call: str, language: str, now: datetime
) -> tuple[Moment, ...]:
    """Everything of a customer but the call that is going on, the newest first; nothing for an unknown one."""
    if customer_id is None:
        return ()
    calls = store.calls_of_customer(session, customer_id, most=_CALLS)
    ids = tuple(call.call_id for call in calls)
    past = _Past(
        session=session, customer_id=customer_id, but_call=but_call, broken=sentence("broken", {}, language), now=now,
        calls=ids, efforts=store.efforts_of(session, ids),
    )  # fmt: skip
    written = {row.call_id for row in customers.contacts_of(session, customer_id, most=_CALLS)}
    unwritten = [call for call in calls if call.call_id not in written]
    moments = (*past.contacts(), *past.cases(), *past.returns(), *past.messages(), *_of_calls(past, unwritten))
    return tuple(sorted(moments, key=lambda moment: moment.at, reverse=True)[:MOST])


@dataclass(frozen=True, kw_only=True)
class _Past:
    """Of whom, and how it is read."""

    session: Session
    customer_id: str
    but_call: str
    calls: tuple[str, ...]  # the customer's
    efforts: Mapping[str, int]  # of these calls
    broken: str  # what is shown of something that does not open
    now: datetime

    def contacts(self) -> Iterator[Moment]:
        for row in customers.contacts_of(self.session, self.customer_id, most=_CALLS):
            if row.call_id is None or row.call_id != self.but_call:
                yield Moment(
                    at=row.at,
                    kind=Kind.CONTACT,
                    channel=row.channel,
                    reason=row.reason,
                    outcome=row.outcome,
                    note=if_it_opens(row, "note", self.broken),
                    effort=self.efforts.get(row.call_id or ""),
                )

    def cases(self) -> Iterator[Moment]:
        notes = _closing_notes(store.happened_in(self.session, self.calls, CASE_CLOSED))
        for row in history.cases_of(self.session, self.customer_id):
            stands = standing(due_at=row.due_at, closed_at=row.closed_at, now=self.now)
            kind = Kind.PROMISED if row.kind == PROMISE else Kind.CASE_OPENED
            opened = Moment(
                at=row.opened_at,
                kind=kind,
                channel="phone",
                reason=row.kind,
                number=row.case_id,
                note=if_it_opens(row, "summary", self.broken),
                due_at=row.due_at,
                stands=stands,
            )
            yield opened
            if row.closed_at is not None:
                note = notes.get(row.case_id, "")
                yield replace(opened, at=row.closed_at, kind=Kind.CASE_CLOSED, note=note, due_at=None)

    def returns(self) -> Iterator[Moment]:
        for row in history.returns_of(self.session, self.customer_id):
            opened = Moment(
                at=row.opened_at,
                kind=Kind.RETURN_OPENED,
                channel="phone" if row.opened_in_call else "web",
                reason="return",
                number=row.return_number,
                note=row.order_number,
            )
            yield opened
            if row.closed_at is not None:
                yield replace(opened, at=row.closed_at, kind=Kind.RETURN_CLOSED)

    def messages(self) -> Iterator[Moment]:
        for row in history.messages_of(self.session, self.calls):
            text = if_it_opens(row, "text", self.broken)
            yield Moment(at=row.asked_at, kind=Kind.MESSAGE, channel="sms", outcome=row.status, note=text)


def _of_calls(past: _Past, rows: Sequence[Call]) -> Iterator[Moment]:
    """The calls that nobody wrote anything down of."""
    for row in rows:
        if row.call_id != past.but_call and row.status == store.ENDED:
            effort = past.efforts.get(row.call_id)
            yield Moment(at=row.started_at, kind=Kind.CALL, channel="phone", reason=row.reason, effort=effort)


def _closing_notes(rows: Sequence[Happening]) -> dict[str, str]:
    details: list[dict[str, Any]] = [json.loads(if_it_opens(row, "details", "") or "{}") for row in rows]
    return {one["case"]: one.get("note", "") for one in details if "case" in one}
