"""One look at the board for everybody who watches it in this process, and each row drawn once: fifty viewers cost what one does.

A look is made when the changes bus tells of something that the board shows, four times a second at most, and every two seconds
for what time alone brings about.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session, sessionmaker

from ivr.calls.company import Company
from ivr.changes import Changes
from ivr.web import board_look
from ivr.web.board_look import BoardLook, Known
from ivr.web.board_why import why_of
from routing import live, reports
from routing import store as routing_store
from routing.queues import DEFAULT_QUEUE, Queue
from routing.waiting import WaitingState

TOPICS: Final = ("queues", "agents", "calls")
BETWEEN_LOOKS_SECONDS: Final = 0.25
AT_LATEST_SECONDS: Final = 2.0
# Settings of queues change seldom; an estimate plays the queue forward, which costs more than all the rest.
SETTINGS_SECONDS: Final = 5.0
ESTIMATE_SECONDS: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A look with its number: two with the same number are the same."""

    number: int
    look: BoardLook


@dataclass(kw_only=True)
class Rows:
    """The rows of one kind in one language, each drawn once for as long as it is shown unchanged."""

    drawn: dict[Hashable, str] = field(default_factory=dict)

    def draw(self, rows: Iterable[Hashable], how: Callable[[Hashable], str]) -> list[str]:
        """The rows' HTML; what is no longer shown is forgotten."""
        kept = self.drawn
        self.drawn = {row: kept[row] if row in kept else how(row) for row in rows}
        return list(self.drawn.values())


class Shared:
    """The board of a process; every method may be called by any thread."""

    EXTENSION = "centralino.board"

    def __init__(
        self,
        changes: Changes,
        sessions: sessionmaker[Session],
        company: Company,
        clock: Callable[[], datetime],
    ) -> None:
        """Take sessions that only read."""
        self._changes = changes
        self._sessions = sessions
        self._company = company
        self._clock = clock
        self._lock = threading.Lock()
        # What views have drawn of the last look, by language; guarded by `drawing`.
        self.drawing = threading.Lock()
        self.drawings: dict[str, Any] = {}
        self._version = -1
        self._looked_at = self._settings_at = -1e9
        self._estimated_at: dict[str, float] = {}
        self._estimates: dict[str, int | None] = {}
        self._receipts: dict[str, tuple[int, tuple[str, str, str]]] = {}
        self._queues: Mapping[str, Queue] = {}
        self._seen: Seen | None = None

    def now(self) -> Seen:
        """The board as it is: at most a quarter of a second old, or unchanged since."""
        asked_at = time.monotonic()
        with self._lock:
            # A look that began while this viewer waited for the lock is as new as one of its own.
            if self._seen is None or (self._looked_at < asked_at and self._is_old()):
                rest = self._looked_at + BETWEEN_LOOKS_SECONDS - time.monotonic()
                if rest > 0:
                    time.sleep(rest)  # the others wait for the lock, and get the same look
                self._version, self._looked_at = self._changes.version, time.monotonic()
                current = self._look()
                if self._seen is None or current != self._seen.look:
                    self._seen = Seen(number=1 if self._seen is None else self._seen.number + 1, look=current)
            return self._seen

    def _is_old(self) -> bool:
        is_due = time.monotonic() >= self._looked_at + AT_LATEST_SECONDS or not self._changes.is_listening
        return is_due or self._changes.has_changed(TOPICS, self._version)

    def _look(self) -> BoardLook:
        now = self._clock()
        with self._sessions() as session:
            if time.monotonic() >= self._settings_at + SETTINGS_SECONDS:
                self._settings_at = time.monotonic()
                self._queues = queues_of(session)
            work = live.work_now(session, self._queues, now)
            waiting = [one for one in work if one.state is WaitingState.WAITING]
            self._read_receipts(session, [one.call_id for one in waiting])
            self._estimate_one(session, waiting, now)
            local = now.astimezone(self._company.zone)
            known = Known(
                queues=self._queues,
                open_queues=frozenset(
                    name for name, queue in self._queues.items() if (queue.hours or self._company.hours).is_open(now)
                ),
                day_begins_at=local.replace(hour=0, minute=0, second=0, microsecond=0),
                estimates=dict(self._estimates),
                whys={call_id: why for call_id, (_, why) in self._receipts.items()},
            )
            return board_look.look(session, known, work, now)

    def _read_receipts(self, session: Session, call_ids: Sequence[str]) -> None:
        """Read what is new of why nobody takes these calls; each receipt is read once."""
        newest = live.newest_receipts(session, call_ids)
        unread = {number for call_id, number in newest.items() if self._receipts.get(call_id, (0,))[0] != number}
        found = live.receipts(session, unread) if unread else {}
        self._receipts = {
            call_id: (number, why_of(found[number]) if number in found else self._receipts[call_id][1])
            for call_id, number in newest.items()
            if number in found or call_id in self._receipts
        }

    def _estimate_one(self, session: Session, waiting: Sequence[live.WorkNow], now: datetime) -> None:
        """Estimate the wait at the end of one queue: the one whose estimate is oldest, if it is old."""
        last = {one.queue: one.call_id for one in waiting if one.kind == live.CALL}
        self._estimates = {queue: seconds for queue, seconds in self._estimates.items() if queue in last}
        self._estimated_at = {queue: at for queue, at in self._estimated_at.items() if queue in last}
        oldest = min(last, key=lambda queue: self._estimated_at.get(queue, -1e9), default="")
        if oldest and time.monotonic() >= self._estimated_at.get(oldest, -1e9) + ESTIMATE_SECONDS:
            self._estimated_at[oldest] = time.monotonic()
            position = reports.position(session, last[oldest], now, self._company.routing_rules)
            self._estimates[oldest] = position.estimate_seconds if position is not None else None


def queues_of(session: Session) -> Mapping[str, Queue]:
    """The queues as they are set, and the general one, which always is."""
    return {DEFAULT_QUEUE.queue_id: DEFAULT_QUEUE, **routing_store.queues(session)}
