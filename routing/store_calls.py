"""Statements about waiting calls: reads as records, and changes as compare-and-swap. Nothing here commits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from routing import changes, store_stays, tables
from routing.outcomes import WorkKind
from routing.skills import requirements_from_json
from routing.store_statements import FRESH, UNSYNCHRONISED, changed, held
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall, WaitingState, ranked_at


@dataclass(frozen=True, kw_only=True)
class Placing:
    """Where and as what a call begins to wait."""

    now: datetime
    queue: str = "general"
    kind: WorkKind = WorkKind.CALL
    not_before: datetime | None = None
    overflow_at: datetime | None = None
    transferred: bool = False


def add_call(session: Session, call: WaitingCall, rules: Rules = DEFAULT_RULES, placing: Placing | None = None) -> bool:
    """Put a call in the queue; False when it has been there already."""
    placing = placing or Placing(now=call.enqueued_at)
    values = _placed(call, placing, rules) | {"call_id": call.call_id, "ended_reason": "", "explained": ""}
    try:
        # A savepoint, since the same webhook may be in another worker at this moment.
        with session.begin_nested():
            row = tables.Waiting(**values)
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    _begin_stay(session, call, placing)
    return True


def reopen_call(
    session: Session, call: WaitingCall, rules: Rules = DEFAULT_RULES, placing: Placing | None = None
) -> bool:
    """Put an ended call into the queue again, as new."""
    return place_call(session, call, WaitingState.ENDED, rules, placing or Placing(now=call.enqueued_at))


def place_call(session: Session, call: WaitingCall, source: WaitingState, rules: Rules, placing: Placing) -> bool:
    """Let a call wait from now on as what `call` and `placing` say, whatever it waited for before; a new stay begins."""
    row = tables.Waiting
    statement = update(row).where(row.call_id == call.call_id, row.state == source.value)
    values = _placed(call, placing, rules) | {"ended_at": None, "ended_reason": "", "explained": ""}
    if not changed(session, statement.values(values)):
        return False
    _begin_stay(session, call, placing)
    return True


def call_row(session: Session, call_id: str) -> tables.Waiting | None:
    """One call, whatever its state."""
    return session.get(tables.Waiting, call_id, populate_existing=True)


def as_waiting_call(row: tables.Waiting) -> WaitingCall:
    """Read a row as the rules want it."""
    return WaitingCall(
        call_id=row.call_id,
        requirements=requirements_from_json(row.requirements),
        enqueued_at=row.enqueued_at,
        priority=row.priority,
        boosts=row.boosts,
        queue=row.queue,
    )


def calls_in(session: Session, *states: WaitingState) -> tuple[tables.Waiting, ...]:
    """Calls in these states, the first to be served first."""
    row = tables.Waiting
    statement = select(row).where(row.state.in_([state.value for state in states])).order_by(row.ranked_at, row.call_id)
    return tuple(session.scalars(statement, execution_options=FRESH))


def hold_call(session: Session, call_id: str) -> bool:
    """Lock a call that is waiting, unless somebody else is just dealing with it."""
    row = tables.Waiting
    return held(session, select(row.call_id).where(row.call_id == call_id, row.state == WaitingState.WAITING.value))


def move_call(
    session: Session, call_id: str, source: WaitingState, target: WaitingState, *, now: datetime, reason: str = ""
) -> bool:
    """Compare-and-swap of a call's state."""
    changes.mark(session, changes.QUEUES, changes.call(call_id))
    row = tables.Waiting
    values: dict[str, Any] = {"state": target.value}
    if target is WaitingState.ENDED:
        values |= {"ended_at": now, "ended_reason": reason}
    elif target is WaitingState.WAITING:
        # Whoever asks why it still waits gets an answer of today.
        values["explain_at"] = now
    return changed(session, update(row).where(row.call_id == call_id, row.state == source.value).values(values))


def boost_call(session: Session, call: WaitingCall, boosts: Mapping[str, int], rules: Rules) -> WaitingCall:
    """Give a call other boosts, and the place that goes with them."""
    boosted = replace(call, boosts={**call.boosts, **boosts})
    changes.mark(session, changes.QUEUES, changes.call(call.call_id))
    row = tables.Waiting
    values = {"boosts": dict(boosted.boosts), "ranked_at": ranked_at(boosted, rules)}
    changed(session, update(row).where(row.call_id == call.call_id).values(values))
    return boosted


def wait_again(session: Session, call: WaitingCall, row: tables.Waiting, now: datetime) -> None:
    """Begin another stay of a call that waits again after a talk, in the queue where it was."""
    _begin_stay(session, call, Placing(now=now, queue=row.queue, kind=WorkKind(row.kind)))


def overflowing(session: Session, now: datetime, limit: int) -> tuple[tables.Waiting, ...]:
    """Waiting calls that their queue gives up now, locked; those that somebody else has are left out."""
    row = tables.Waiting
    statement = (
        select(row)
        .where(row.state == WaitingState.WAITING.value, row.overflow_at <= now)
        .order_by(row.ranked_at, row.call_id)
        .limit(limit)
    )
    return tuple(session.scalars(statement.with_for_update(skip_locked=True), execution_options=FRESH))


def set_overflow(session: Session, call_id: str, at: datetime | None) -> None:
    """Say when its queue gives the call up."""
    row = tables.Waiting
    changed(session, update(row).where(row.call_id == call_id).values(overflow_at=at))


def callbacks_to_ring(session: Session, now: datetime, limit: int) -> tuple[tables.Waiting, ...]:
    """Callbacks whose turn has come and which nobody rings (any longer), locked."""
    row = tables.Waiting
    is_free = or_(row.calling_until.is_(None), row.calling_until <= now)
    statement = (
        select(row)
        .where(row.state == WaitingState.CALLING.value, is_free)
        .order_by(row.ranked_at, row.call_id)
        .limit(limit)
    )
    return tuple(session.scalars(statement.with_for_update(skip_locked=True), execution_options=FRESH))


def set_calling(session: Session, call_id: str, until: datetime) -> bool:
    """Take on, or keep, the ringing of a callback's customer until a time."""
    changes.mark(session, changes.QUEUES, changes.call(call_id))
    row = tables.Waiting
    statement = update(row).where(row.call_id == call_id, row.state == WaitingState.CALLING.value)
    return changed(session, statement.values(calling_until=until))


def wait_until(session: Session, call_id: str, at: datetime) -> bool:
    """Let a callback that was being rung wait again, until a time at the least; it keeps its place."""
    changes.mark(session, changes.QUEUES, changes.call(call_id))
    row = tables.Waiting
    statement = update(row).where(row.call_id == call_id, row.state == WaitingState.CALLING.value)
    values = {"state": WaitingState.WAITING.value, "not_before": at, "calling_until": None}
    return changed(session, statement.values(values))


def _placed(call: WaitingCall, placing: Placing, rules: Rules) -> dict[str, Any]:
    return {
        "skill": call.requirements.skill,
        "requirements": call.requirements.as_json(),
        "priority": call.priority,
        "boosts": dict(call.boosts),
        "enqueued_at": call.enqueued_at,
        "ranked_at": ranked_at(call, rules),
        "state": WaitingState.WAITING.value,
        "queue": placing.queue,
        "kind": placing.kind.value,
        "only_agent_id": call.requirements.only_agent_id,
        "not_before": placing.not_before,
        "overflow_at": placing.overflow_at,
        "explain_at": placing.now,
        "calling_until": None,
    }


def _begin_stay(session: Session, call: WaitingCall, placing: Placing) -> None:
    stay_id = store_stays.open_stay(
        session,
        call,
        queue=placing.queue,
        kind=placing.kind,
        now=placing.now,
        transferred=placing.transferred,
    )
    changes.mark(session, changes.QUEUES, changes.call(call.call_id))
    row = tables.Waiting
    statement = update(row).where(row.call_id == call.call_id).values(stay_id=stay_id)
    session.execute(statement, execution_options=UNSYNCHRONISED)
