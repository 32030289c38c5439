"""What time alone brings about in talks: legs that never came, legs that would not go, callers who were not brought or not held.

A worker that dies between its commit and the carrier leaves exactly this behind; any other one finds it here.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from ivr.calls import legs, store
from ivr.calls.effects import BringCaller, Effect, Hold
from ivr.calls.talks_goings import PATIENCE, Goings


def look_after(session: Session, goings: Goings, now: datetime) -> tuple[Effect, ...]:
    """Do what is due now."""
    return (*_overdue(session, goings, now), *_not_brought(session, now), *_not_held(session, now))


def _overdue(session: Session, goings: Goings, now: datetime) -> Iterator[Effect]:
    for row in legs.due(session, now):
        call = store.call(session, row.call_id, lock=True)
        leg = legs.leg(session, row.leg_id)
        if call is not None and leg is not None and leg.due_at is not None and leg.due_at <= now:
            yield from goings.overdue(session, call, leg, now)


def _not_brought(session: Session, now: datetime) -> Iterator[Effect]:
    """The caller was to come to somebody who is in the conference, and has not."""
    for leg in legs.alone(session, now - PATIENCE):
        call = store.call(session, leg.call_id)
        if call is not None and call.status == store.TALKING:
            yield BringCaller(call_id=call.call_id)


def _not_held(session: Session, now: datetime) -> Iterator[Effect]:
    """The caller was to be put on hold, or back, and the carrier has told of neither."""
    for call in store.calls_held_otherwise(session, now - PATIENCE):
        if call.conference_id is not None:
            call.hold_asked_at = now
            yield Hold(call_id=call.call_id, conference_id=call.conference_id, on=call.hold_wanted)
