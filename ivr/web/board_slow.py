"""What of the board takes longer than a look may: the day's figures and the estimates of the wait, found out beside the looks.

A thread works at them while somebody watches, rests four times as long as the work took, and ends when nobody looks any more.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ivr.calls.company import Company
from routing import figures, live, reports
from routing import store as routing_store
from routing.figures_records import Counts
from routing.queues import DEFAULT_QUEUE, Queue
from routing.waiting import WaitingState

_log = logging.getLogger(__name__)
REST_SECONDS: Final = 1.0
REST_FOR_WORK: Final = 4.0
UNWATCHED_SECONDS: Final = 30.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is known of the queues beside what a look sees."""

    queues: Mapping[str, Queue] = field(default_factory=dict)
    today: Mapping[str, Counts] = field(default_factory=dict)
    estimates: Mapping[str, int | None] = field(default_factory=dict)  # seconds, for who would come now


class Slow:
    """Keeps `Found` true; whoever asks for the first time waits for it, nobody later."""

    def __init__(self, sessions: sessionmaker[Session], company: Company, clock: Callable[[], datetime]) -> None:
        """Take sessions that only read."""
        self._sessions = sessions
        self._company = company
        self._clock = clock
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked_at = -1e9
        self._found: Found | None = None

    def found(self, *, keeps_on: bool) -> Found:
        """What is known; `keeps_on` has it found out again and again from now on, else it is found out anew."""
        self._asked_at = time.monotonic()
        with self._lock:
            if self._found is None or not keeps_on:
                self._found = self._find_out()
            if keeps_on and self._thread is None:
                self._thread = threading.Thread(target=self._go_on, name="board figures", daemon=True)
                self._thread.start()
            return self._found

    def _go_on(self) -> None:
        took_seconds = 0.0
        while True:
            time.sleep(max(REST_SECONDS, took_seconds * REST_FOR_WORK))
            with self._lock:
                if time.monotonic() > self._asked_at + UNWATCHED_SECONDS:
                    self._thread = self._found = None
                    return
            began_at = time.monotonic()
            try:
                found = self._find_out()
            except SQLAlchemyError as error:
                _log.warning("the board's figures of the day stay as they were: %s", type(error).__name__)
            else:
                with self._lock:
                    self._found = found
            took_seconds = time.monotonic() - began_at

    def _find_out(self) -> Found:
        now = self._clock()
        midnight = now.astimezone(self._company.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._sessions() as session:
            queues = queues_of(session)
            return Found(
                queues=queues,
                today=figures.today_of_queues(session, midnight, now),
                estimates=self._estimates(session, queues, now),
            )

    def _estimates(self, session: Session, queues: Mapping[str, Queue], now: datetime) -> Mapping[str, int | None]:
        """The wait of the last one in each queue, who is as far from an agent as who comes next."""
        work = live.work_now(session, queues, now)
        last = {one.queue: one.call_id for one in work if one.kind == live.CALL and one.state is WaitingState.WAITING}
        rules = self._company.routing_rules
        positions = {queue: reports.position(session, call_id, now, rules) for queue, call_id in last.items()}
        return {queue: found.estimate_seconds if found is not None else None for queue, found in positions.items()}


def queues_of(session: Session) -> Mapping[str, Queue]:
    """The queues as they are set, and the general one, which always is."""
    return {DEFAULT_QUEUE.queue_id: DEFAULT_QUEUE, **routing_store.queues(session)}
