"""Statements about stays: one row for each time that a call is in a queue, opened and closed by what happens to the call.

Nothing here commits.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from routing import tables
from routing.outcomes import StayOutcome, WorkKind
from routing.store_statements import UNSYNCHRONISED, changed
from routing.waiting import WaitingCall

OPEN = ""


def open_stay(
    session: Session, call: WaitingCall, *, queue: str, kind: WorkKind, now: datetime, transferred: bool = False
) -> int:
    """A stay begins; returns its id."""
    wanted = call.requirements
    values = {
        "call_id": call.call_id,
        "queue": queue,
        "skill": wanted.skill,
        "level": wanted.level,
        "kind": kind.value,
        "language": wanted.languages[0] if wanted.languages else "",
        "requirements": wanted.as_json(),
        "priority": call.priority,
        "boosts": dict(call.boosts),
        "transferred": transferred,
        "enqueued_at": now,
        "came_at": call.enqueued_at,
        "offers": 0,
        "ring": 0,
        "outcome": OPEN,
        "held_seconds": 0,
    }
    row = tables.Stay
    return session.execute(insert(row).values(values).returning(row.stay_id)).scalar_one()


def close_stay(session: Session, call_id: str, outcome: StayOutcome, now: datetime) -> bool:
    """The call no longer waits, and no agent has taken it; False when no stay of it is open."""
    row = tables.Stay
    statement = update(row).where(row.call_id == call_id, row.outcome == OPEN)
    return changed(session, statement.values(outcome=outcome.value, left_at=now))


def answer_stay(session: Session, call_id: str, *, agent_id: str, now: datetime) -> int | None:
    """An agent takes the call; returns which stay that ends."""
    row = tables.Stay
    statement = update(row).where(row.call_id == call_id, row.outcome == OPEN)
    values = {"outcome": StayOutcome.ANSWERED.value, "left_at": now, "accepted_at": now, "agent_id": agent_id}
    taken = session.execute(statement.values(values).returning(row.stay_id), execution_options=UNSYNCHRONISED)
    return taken.scalar_one_or_none()


def resume_stay(session: Session, stay_id: int) -> None:
    """The two never met: the call waits on, as if nobody had taken it."""
    values = {"outcome": OPEN, "left_at": None, "accepted_at": None, "agent_id": None}
    _change(session, stay_id, values)


def lose_stay(session: Session, stay_id: int, outcome: StayOutcome, now: datetime) -> None:
    """The two never met, and the call waits no longer."""
    _change(session, stay_id, {"outcome": outcome.value, "left_at": now, "ended_at": now, "wrap_up_ended_at": now})


def give_stay(session: Session, stay_id: int, call_id: str) -> None:
    """Whoever was asked has the call: what they waited for was a transfer of it."""
    _change(session, stay_id, {"call_id": call_id, "kind": WorkKind.CALL.value, "transferred": True})


def connect_stay(session: Session, stay_id: int, now: datetime) -> None:
    """Caller and agent hear each other."""
    _change(session, stay_id, {"connected_at": now})


def end_talk_of_stay(session: Session, stay_id: int, *, now: datetime, wraps_up: bool) -> None:
    """The talk is over; without wrap-up that ends at the same moment."""
    _change(session, stay_id, {"ended_at": now} | ({} if wraps_up else {"wrap_up_ended_at": now}))


def end_wrap_up_of_stays(session: Session, stay_ids: tuple[int, ...], now: datetime) -> None:
    """What the calls led to is written down."""
    row = tables.Stay
    statement = update(row).where(row.stay_id.in_(stay_ids), row.wrap_up_ended_at.is_(None))
    session.execute(statement.values(wrap_up_ended_at=now), execution_options=UNSYNCHRONISED)


def note_offer(session: Session, call_id: str, *, ring: int, now: datetime) -> None:
    """An agent is being rung for the call."""
    row = tables.Stay
    values: dict[Any, Any] = {
        row.offers: row.offers + 1,
        row.ring: ring,
        row.first_offered_at: func.coalesce(row.first_offered_at, now, type_=row.first_offered_at.type),
    }
    changed(session, update(row).where(row.call_id == call_id, row.outcome == OPEN).values(values))


def add_held_seconds(session: Session, call_id: str, seconds: int) -> bool:
    """Add what the caller has just spent on hold, in the talk that is going on."""
    row = tables.Stay
    statement = update(row).where(row.call_id == call_id, row.accepted_at.is_not(None), row.ended_at.is_(None))
    return changed(session, statement.values(held_seconds=row.held_seconds + seconds))


def stays_of(session: Session, call_id: str) -> tuple[tables.Stay, ...]:
    """The stays of a call, the first one first."""
    row = tables.Stay
    return tuple(session.scalars(select(row).where(row.call_id == call_id).order_by(row.stay_id)))


def stays_of_calls(session: Session, call_ids: Collection[str]) -> tuple[tables.Stay, ...]:
    """The stays of these calls, the first one first."""
    row = tables.Stay
    return tuple(session.scalars(select(row).where(row.call_id.in_(call_ids)).order_by(row.stay_id)))


def _change(session: Session, stay_id: int, values: dict[str, Any]) -> None:
    row = tables.Stay
    changed(session, update(row).where(row.stay_id == stay_id).values(values))
