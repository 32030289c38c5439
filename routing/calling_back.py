"""Callbacks whose turn has come: which customers are to be rung, and what became of ringing them.

The ringing itself is left to the line. Who takes one on has a lease: when that process dies, another one takes it after
the lease. Nothing here commits; `now` is aware UTC.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from routing import store
from routing.agents import Refusal, Refused
from routing.dispatch_calls import enqueue
from routing.outcomes import Queued, StayOutcome, ToRing
from routing.waiting import DEFAULT_RULES, Rules, WaitingState

# What lets a customer who answered go before others: nobody is called back in order to wait again.
CALLED_BACK_BOOST = "callback"


def calls_to_ring(session: Session, now: datetime, *, lease_seconds: int = 120, limit: int = 20) -> tuple[ToRing, ...]:
    """Take on the callbacks whose turn has come, those in front first; each is nobody else's until its lease ends."""
    until = now + timedelta(seconds=lease_seconds)
    return tuple(
        ToRing(call_id=row.call_id, queue=row.queue, until=until)
        for row in store.callbacks_to_ring(session, now, limit)
        if store.set_calling(session, row.call_id, until)
    )


def still_ringing(session: Session, *, call_id: str, until: datetime) -> bool:
    """Keep the lease for longer; False when the callback is no longer being rung."""
    return store.set_calling(session, call_id, until)


def ring_again_at(session: Session, *, call_id: str, at: datetime) -> bool:
    """Nobody answered: its turn comes again at `at`, or later, with its place; False when it is not being rung."""
    return store.wait_until(session, call_id, at)


def ringing_answered(
    session: Session, *, call_id: str, new_call_id: str, now: datetime, rules: Rules = DEFAULT_RULES
) -> Queued | Refused:
    """The customer answered: the callback is done, and the new call waits in its place, before everybody else."""
    row = store.call_row(session, call_id)
    if row is None:
        return Refused(reason=Refusal.CALL_UNKNOWN)
    call, queue = store.as_waiting_call(row), row.queue
    if not _end(session, call_id, StayOutcome.ANSWERED, "the customer answered", now):
        return Refused(reason=Refusal.NOT_IN_THIS_STATE)
    return enqueue(
        session,
        call_id=new_call_id,
        requirements=call.requirements,
        now=now,
        priority=call.priority,
        boosts={**call.boosts, CALLED_BACK_BOOST: rules.line_lost_seconds},
        again=True,
        rules=rules,
        queue=queue,
        came_at=call.enqueued_at,
    )


def ringing_failed(session: Session, *, call_id: str, reason: str, now: datetime) -> bool:
    """The last try was in vain: the callback is over; False when it is not being rung."""
    return _end(session, call_id, StayOutcome.FAILED, reason, now)


def _end(session: Session, call_id: str, outcome: StayOutcome, reason: str, now: datetime) -> bool:
    if not store.move_call(session, call_id, WaitingState.CALLING, WaitingState.ENDED, now=now, reason=reason):
        return False
    store.close_stay(session, call_id, outcome, now)
    return True
