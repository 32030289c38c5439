"""The legs of calls beyond the callers': rows and views of them. The session comes from outside; nothing here commits.

What a leg's coming and going does to its call is `ivr.calls.talks_goings`'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session, object_session

from ivr.calls import store
from ivr.calls.tables import Call, CallLeg
from routing import changes

CALLER, AGENT, CONSULTED, SUPERVISOR = "caller", "agent", "consulted", "supervisor"
TALK, LISTEN, WHISPER = "talk", "listen", "whisper"
# A leg is wanted (routing looks for who takes it), rings, is in the conference, is on its way out of it; it has left, or it
# never came in.
WANTED, RINGING, IN, LEAVING, LEFT, FAILED = "wanted", "ringing", "in", "leaving", "left", "failed"
HELD = "held"  # the caller's alone
LIVE = (WANTED, RINGING, IN, LEAVING)
COMING = (WANTED, RINGING)
# Another process may have changed a row since it was last read here.
_FRESH = {"populate_existing": True}


@event.listens_for(CallLeg, "after_insert")
@event.listens_for(CallLeg, "after_update")
def _changed(_mapper: Any, _connection: Any, row: CallLeg) -> None:
    """Whoever looks at the call looks again."""
    session = object_session(row)
    if session is not None:
        changes.mark(session, changes.call(row.call_id))


@dataclass(frozen=True, kw_only=True)
class LegView:
    """One leg of a call, the caller's included, for a desk or a board."""

    leg_id: int  # 0 for the caller's
    name: str  # of an agent, a supervisor, or the number; "" for the caller and where it is not known yet who takes it
    role: str  # caller, agent, consulted, supervisor
    mode: str  # talk, listen, whisper
    state: str  # wanted, ringing, in, held, leaving
    since: datetime
    agent_id: str | None
    address: str
    is_muted: bool


def views(session: Session, call_id: str) -> tuple[LegView, ...]:
    """The live legs of a call, the caller's first; nothing for a call that is over or unknown."""
    call = store.call(session, call_id)
    if call is None or call.status == store.ENDED:
        return ()
    return (_caller(call), *(_view(row) for row in live(session, call_id)))


def live(session: Session, call_id: str) -> Sequence[CallLeg]:
    """The legs of a call that are not over, in the order in which they were asked for."""
    query = select(CallLeg).where(CallLeg.call_id == call_id, CallLeg.state.in_(LIVE))
    return session.scalars(query.order_by(CallLeg.leg_id), execution_options=_FRESH).all()


def add(session: Session, row: CallLeg) -> CallLeg:
    """Keep a new leg; it has its number from then on."""
    session.add(row)
    session.flush()
    return row


def wanted(  # what a leg is from its beginning
    call_id: str,
    role: str,
    *,
    now: datetime,
    mode: str = TALK,
    agent_id: str | None = None,
    name: str = "",
    address: str = "",
    asked_by: str = "",
) -> CallLeg:
    """A leg that is wanted from now on."""
    return CallLeg(
        call_id=call_id,
        role=role,
        mode=mode,
        state=WANTED,
        agent_id=agent_id,
        address=address,
        name=name,
        asked_by=asked_by,
        asked_at=now,
        reason="",
        muted=False,
        ends=False,
    )


def close(row: CallLeg, reason: str, now: datetime) -> None:
    """A leg is over: it has left, or never came in."""
    row.state = LEFT if row.in_at is not None else FAILED
    row.ended_at, row.due_at = now, None
    row.reason = row.reason or reason[:60]


def leg(session: Session, leg_id: int) -> CallLeg | None:
    """One leg, as it is now."""
    return session.scalar(select(CallLeg).where(CallLeg.leg_id == leg_id), execution_options=_FRESH)


def of_sid(session: Session, call_id: str, sid: str) -> CallLeg | None:
    """The live leg of a call that the carrier knows by this CallSid."""
    return next((row for row in live(session, call_id) if row.sid == sid), None)


def of_agent(session: Session, call_id: str, agent_id: str) -> CallLeg | None:
    """The leg of an agent in a call, or on the way there."""
    return next((row for row in live(session, call_id) if row.agent_id == agent_id and row.state != LEAVING), None)


def with_sid(session: Session, sid: str) -> CallLeg | None:
    """The leg of any call that the carrier knows by this CallSid."""
    return session.scalar(select(CallLeg).where(CallLeg.sid == sid), execution_options=_FRESH)


def of_work(session: Session, work_id: str) -> CallLeg | None:
    """The leg for which routing looks for somebody under this piece of work; none for a call's own."""
    return session.scalar(select(CallLeg).where(CallLeg.work_id == work_id), execution_options=_FRESH)


def call_of(session: Session, work_id: str) -> str:
    """The call that a piece of routing's work is about: its own, or that of a consultation."""
    consulted = of_work(session, work_id)
    return work_id if consulted is None else consulted.call_id


def due(session: Session, now: datetime) -> Sequence[CallLeg]:
    """The live legs whose time to come in, or to be gone, is over."""
    query = select(CallLeg).where(CallLeg.state.in_(LIVE), CallLeg.due_at <= now).order_by(CallLeg.leg_id)
    return session.scalars(query, execution_options=_FRESH).all()


def alone(session: Session, before: datetime) -> Sequence[CallLeg]:
    """The legs of who has a call, in the conference since before a time, to whom the caller has not come."""
    query = select(CallLeg).where(CallLeg.role == AGENT, CallLeg.state == IN, CallLeg.met_at.is_(None))
    return session.scalars(query.where(CallLeg.in_at < before), execution_options=_FRESH).all()


def _caller(call: Call) -> LegView:
    return LegView(
        leg_id=0,
        name="",
        role=CALLER,
        mode=TALK,
        state=HELD if call.on_hold else IN,
        since=call.started_at,
        agent_id=None,
        address=call.from_number,
        is_muted=False,
    )


def _view(row: CallLeg) -> LegView:
    return LegView(
        leg_id=row.leg_id,
        name=row.name,
        role=row.role,
        mode=row.mode,
        state=row.state,
        since=row.in_at or row.asked_at,
        agent_id=row.agent_id,
        address=row.address,
        is_muted=row.muted,
    )
