"""One look at the board for everybody who watches it in this process, and each row drawn once: fifty viewers cost what one does.

A look is made when the changes bus tells of something that the board shows, four times a second at most, and every two seconds
for what time alone brings about.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session, sessionmaker

from ivr.calls.company import Company
from ivr.changes import Changes
from ivr.customers.overview import Names
from ivr.web import board_look
from ivr.web.board_look import BoardLook, Known
from ivr.web.board_slow import Slow
from ivr.web.board_why import why_of
from routing import live
from routing.waiting import WaitingState

TOPICS: Final = ("queues", "agents", "calls")
BETWEEN_LOOKS_SECONDS: Final = 0.25
AT_LATEST_SECONDS: Final = 2.0


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
        self._looked_at = -1e9
        self._slow = Slow(sessions, company, clock)
        self._names = Names()
        self._receipts: dict[str, tuple[int, tuple[str, str, str]]] = {}
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
        slow = self._slow.found(keeps_on=self._changes.is_listening)
        with self._sessions() as session:
            work = live.work_now(session, slow.queues, now)
            self._read_receipts(session, [one.call_id for one in work if one.state is WaitingState.WAITING])
            known = Known(
                queues=slow.queues,
                open_queues=frozenset(
                    name for name, queue in slow.queues.items() if (queue.hours or self._company.hours).is_open(now)
                ),
                today=slow.today,
                estimates=slow.estimates,
                whys={call_id: why for call_id, (_, why) in self._receipts.items()},
                names=self._names,
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
