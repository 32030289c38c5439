"""Who is to be rung back: rows that any process may go on with, and their places among the waiting calls.

A callback's place is routing's, under the callback's own id, so that it ages and is overtaken as any waiting call. When its turn
has come `ivr.calls.ringing_back` rings. The session comes in; nothing here commits.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from ivr.calls import store
from ivr.calls.callbacks_tables import Callback
from ivr.calls.tables import Call
from ivr.customers import store as customers
from routing import dispatch
from routing import store as routing_store
from routing.outcomes import StayOutcome, WorkKind
from routing.skills import Requirements
from routing.waiting import DEFAULT_RULES, Rules
from sealing.columns import if_it_opens

WAITING, RINGING, ANSWERED = "waiting", "ringing", "answered"
CONNECTED, GIVEN_UP, TAKEN, WITHDRAWN = "connected", "given_up", "taken", "withdrawn"
OPEN: Final = (WAITING, RINGING, ANSWERED)
# The kind of its piece of work in routing.
KIND: Final = WorkKind.CALLBACK
# Whoever is rung back by an agent's wish is that agent's for so long, while they are signed in; judgement.
PREFERRED_SECONDS: Final = 600
# What its stay in the queue counts as.
_COUNTS_AS: Final[Mapping[str, StayOutcome]] = MappingProxyType(
    {
        CONNECTED: StayOutcome.ANSWERED,
        TAKEN: StayOutcome.ANSWERED,
        GIVEN_UP: StayOutcome.FAILED,
        WITHDRAWN: StayOutcome.ABANDONED,
    }
)
# What a callback asks for whose call asked for nothing yet.
ANY_SKILL: Final = "general"
_DEFAULT_LANGUAGE: Final = "it"


@dataclass(frozen=True, kw_only=True)
class OpenCallback:
    """Somebody who is to be rung back and has not been reached yet."""

    callback_id: str
    call_id: str | None  # whose story goes on
    customer_id: str | None
    number: str = field(repr=False)
    note: str = field(repr=False)
    language: str
    agent_id: str | None
    state: str  # waiting, ringing, answered
    tries: int
    keeps_place: bool  # the caller asked for it while waiting
    created_at: datetime
    due_at: datetime  # not rung before


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place among the waiting calls, as it was taken."""

    requirements: Requirements
    queue: str | None  # None leaves it to the skill
    came_at: datetime
    priority: int = 0
    boosts: Mapping[str, int] = field(default_factory=dict)


def schedule(
    session: Session,
    *,
    call_id: str | None,
    customer_id: str | None,
    number: str,
    due_at: datetime,
    agent_id: str | None,
    note: str,
    now: datetime,
    rules: Rules = DEFAULT_RULES,
) -> OpenCallback:
    """Have the line ring a number (E.164) from `due_at` on, for this agent first; it goes on with the call's story."""
    asked = place_of(session, call_id)
    call = None if call_id is None else store.call(session, call_id)
    language = _language(session, call, customer_id)
    requirements = Requirements(skill=ANY_SKILL, languages=(language,)) if asked is None else asked.requirements
    wanted = replace(
        requirements, preferred_agent_id=agent_id, preferred_seconds=PREFERRED_SECONDS if agent_id else 0,
        only_agent_id=None, excluded_agent_ids=(),
    )  # fmt: skip
    place = Place(
        requirements=wanted,
        queue=None if asked is None else asked.queue,
        came_at=max(due_at, now),
        priority=0 if asked is None else asked.priority,
    )
    row = Callback(
        call_id=call_id, customer_id=customer_id, number=number, note=note, language=language, keeps_place=False,
        agent_id=agent_id, due_at=due_at,
    )  # fmt: skip
    return _add(session, row, place, now, rules)


def keep_place(
    session: Session, *, call: Call, number: str, place: Place, due_at: datetime, now: datetime, rules: Rules
) -> OpenCallback:
    """Keep a caller's place for a callback to this number (E.164); asked again in the same call, the number is changed."""
    existing = of_call(session, call.call_id)
    if existing is not None:
        existing.number = number
        session.flush()
        return as_open(existing)
    row = Callback(
        call_id=call.call_id, customer_id=call.customer_id, number=number, note="", language=call.language,
        keeps_place=True, agent_id=place.requirements.preferred_agent_id, due_at=due_at,
    )  # fmt: skip
    return _add(session, row, place, now, rules)


def open_of(session: Session) -> tuple[OpenCallback, ...]:
    """Everybody who is to be rung back, the soonest first."""
    rows = session.scalars(
        select(Callback).where(Callback.state.in_(OPEN)).order_by(Callback.due_at, Callback.callback_id)
    )
    return tuple(as_open(row) for row in rows)


def as_open(row: Callback) -> OpenCallback:
    """A row as others read it."""
    return OpenCallback(
        callback_id=row.callback_id,
        call_id=row.call_id,
        customer_id=row.customer_id,
        number=if_it_opens(row, "number", ""),
        note=if_it_opens(row, "note", ""),
        language=row.language,
        agent_id=row.agent_id,
        state=row.state,
        tries=row.tries,
        keeps_place=row.keeps_place,
        created_at=row.created_at,
        due_at=row.due_at,
    )


def row_of(session: Session, callback_id: str) -> Callback | None:
    """One callback, as it is in the database now; locked until the transaction is over."""
    return session.scalar(
        select(Callback).where(Callback.callback_id == callback_id).with_for_update(),
        execution_options={"populate_existing": True},
    )


def of_call(session: Session, call_id: str) -> Callback | None:
    """The callback that was promised in a call and is still open."""
    query = select(Callback).where(Callback.call_id == call_id, Callback.state.in_(OPEN))
    return session.scalar(query.order_by(Callback.created_at.desc()).limit(1))


def of_leg(session: Session, leg: str) -> Callback | None:
    """The callback that a leg of ours rings for, or has reached."""
    return session.scalar(select(Callback).where(Callback.leg == leg))


def of_caller(session: Session, *, number: str, customer_id: str | None, now: datetime) -> Callback | None:
    """The callback that somebody who calls is waiting for by now: known by the number that asked for it, or as the customer."""
    asked_from = select(Call.call_id).where(Call.from_number == number)
    theirs: list[ColumnElement[bool]] = [Callback.call_id.in_(asked_from)]
    if customer_id is not None:
        theirs.append(Callback.customer_id == customer_id)
    # What an agent has fixed for a day and time stays; a try that is to come again is waited for all the same.
    waits = or_(Callback.keeps_place, Callback.due_at <= now, Callback.tries > 0)
    query = select(Callback).where(Callback.state.in_((WAITING, RINGING)), or_(*theirs), waits)
    return session.scalar(query.order_by(Callback.created_at).limit(1).with_for_update())


def place_of(session: Session, work_id: str | None) -> Place | None:
    """The place that a call or a callback has, or had last, among the waiting ones."""
    row = None if work_id is None else routing_store.call_row(session, work_id)
    if row is None:
        return None
    call = routing_store.as_waiting_call(row)
    return Place(
        requirements=call.requirements,
        queue=row.queue,
        came_at=call.enqueued_at,
        priority=call.priority,
        boosts=call.boosts,
    )


def close(session: Session, callback_id: str, state: str, now: datetime) -> bool:
    """End an open callback, and its place with it; False where somebody else has ended it."""
    values = {"state": state, "ended_at": now}
    changed = session.execute(
        update(Callback).where(Callback.callback_id == callback_id, Callback.state.in_(OPEN)).values(values),
        execution_options={"synchronize_session": "fetch"},
    )
    if not changed.rowcount:  # type: ignore[attr-defined] # an UPDATE answers with a CursorResult, which has it
        return False
    dispatch.withdraw(session, call_id=callback_id, reason=state, outcome=_COUNTS_AS[state], now=now)
    return True


def forget(
    session: Session, customer_id: str, *, calls: Collection[str], numbers: Collection[str], now: datetime
) -> int:
    """Erase the callbacks of a customer, of their calls and to their own numbers; nobody is rung any more. How many."""
    of_calls = or_(Callback.customer_id == customer_id, Callback.call_id.in_(calls))
    rows = {row.callback_id: row for row in session.scalars(select(Callback).where(of_calls))}
    # What is sealed cannot be asked for: of those that are open every number is looked at.
    still_open = session.scalars(select(Callback).where(Callback.state.in_(OPEN)))
    rows |= {row.callback_id: row for row in still_open if if_it_opens(row, "number", "") in numbers}
    for row in rows.values():
        close(session, row.callback_id, WITHDRAWN, now)
        session.delete(row)
    session.flush()
    return len(rows)


def forget_ended(session: Session, before: datetime) -> int:
    """Erase the callbacks that were over before a time; how many."""
    rows = session.scalars(select(Callback).where(Callback.ended_at < before)).all()
    for row in rows:
        session.delete(row)
    return len(rows)


def _add(session: Session, row: Callback, place: Place, now: datetime, rules: Rules) -> OpenCallback:
    row.callback_id, row.state, row.created_at, row.tries, row.ring = f"CB{uuid4().hex}", WAITING, now, 0, 0
    session.add(row)
    session.flush()
    dispatch.enqueue(
        session,
        call_id=row.callback_id,
        requirements=place.requirements,
        queue=place.queue,
        kind=KIND,
        came_at=place.came_at,
        not_before=row.due_at,
        priority=place.priority,
        boosts=place.boosts,
        now=now,
        rules=rules,
    )
    return as_open(row)


def _language(session: Session, call: Call | None, customer_id: str | None) -> str:
    if call is not None:
        return call.language
    customer = customers.customer(session, customer_id)
    return (customer.language if customer is not None else "") or _DEFAULT_LANGUAGE
