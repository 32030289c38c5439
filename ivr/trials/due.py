"""Whether a tick of a trial's service would do anything: in made time a second that brings nothing is passed over.

Whoever waits, is offered or talks is looked after each second. Else only time is left: a wrap-up, a desk's lease, a leg that must
have come by then. What is known holds until somebody commits again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session, sessionmaker

from ivr.calls import legs, store
from ivr.calls.tables import Call, CallLeg
from routing import store as routing_store
from routing.waiting import WaitingState

# What is looked at once a minute (calls that went silent, what is kept no longer) is due then, whatever else is.
LONGEST_REST: Final = timedelta(minutes=1)
_MOVING: Final = (WaitingState.WAITING, WaitingState.OFFERED, WaitingState.CALLING)


class Commits:
    """How often something was committed to a database; as long as it stays, what was read there stands."""

    def __init__(self, engine: Engine) -> None:
        self.count = 0
        event.listen(engine, "commit", self._more)

    def _more(self, _connection: object) -> None:
        self.count += 1


@dataclass(frozen=True, kw_only=True)
class _Known:
    at_commit: int
    is_moving: bool  # each second may bring something
    next_at: datetime | None  # else this instant does


class Due:
    """Tells when the next tick is due."""

    def __init__(self, commits: Commits, reading: sessionmaker[Session], *, now: datetime) -> None:
        self._commits = commits
        self._reading = reading
        self._ticked_at = now
        self._known: _Known | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether to tick now; who is told so does."""
        known = self._known
        if known is None or known.at_commit != self._commits.count:
            self._known = known = self._look()
        is_late = known.next_at is not None and known.next_at <= now
        if not (known.is_moving or is_late or now - self._ticked_at >= LONGEST_REST):
            return False
        self._ticked_at = now
        return True

    def _look(self) -> _Known:
        with self._reading() as session:
            with_people = select(Call.call_id).where(Call.status.in_((store.WAITING, store.TALKING))).limit(1)
            coming = select(func.min(CallLeg.due_at)).where(CallLeg.state.in_(legs.LIVE))
            times = (session.scalar(coming), routing_store.next_change_by_time(session))
            return _Known(
                at_commit=self._commits.count,
                is_moving=session.scalar(with_people) is not None or bool(routing_store.calls_in(session, *_MOVING)),
                next_at=min((at for at in times if at is not None), default=None),
            )
