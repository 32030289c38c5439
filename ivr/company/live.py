"""What admins have set, kept in memory by each process and read again when the changes bus says that somebody changed it.

So no webhook reads it from the database; a database that is away leaves what was known last.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final, Generic, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ivr.company import store
from ivr.company.values import CompanySettings

T = TypeVar("T")

_log = logging.getLogger(__name__)

# Who cannot hear other processes looks as often as live pages do then (`ivr.changes`).
DEAF_SECONDS: Final = 0.5
# After a read that failed: a database that is away must not be asked by every call.
AFTER_FAILURE_SECONDS: Final = 5.0


class Bus(Protocol):
    """What this asks of the process's changes bus (`ivr.changes.Changes`)."""

    @property
    def version(self) -> int:
        """The version of this moment."""

    @property
    def is_listening(self) -> bool:
        """Whether changes of other processes are heard."""

    def has_changed(self, topics: Iterable[str], since: int) -> bool:
        """Whether one of the topics has changed after a version."""


class Live(Generic[T]):
    """Something of the database as it stands, for any thread."""

    def __init__(
        self,
        first: T,
        *,
        topic: str,
        read: Callable[[Session], T],
        sessions: sessionmaker[Session] | None = None,
        bus: Bus | None = None,
    ) -> None:
        """`first` stands until it is read; without sessions and bus, for ever: for tests and commands without a database."""
        self.last = first  # what was known last, asked of nobody
        self._topic = topic
        self._load = read
        self._sessions = sessions
        self._bus = bus
        self._lock = threading.Lock()
        self._seen = -1
        self._look_at = 0.0  # while nobody tells of changes
        self._again_at = 0.0  # after a failure

    def now(self) -> T:
        """What counts at this moment."""
        if self._sessions is not None and self._bus is not None and self._is_stale(self._bus):
            with self._lock:
                if self._is_stale(self._bus):
                    self._read(self._sessions, self._bus)
        return self.last

    def _is_stale(self, bus: Bus) -> bool:
        if monotonic() < self._again_at:
            return False
        if self._seen < 0 or bus.has_changed((self._topic,), self._seen):
            return True
        return not bus.is_listening and monotonic() >= self._look_at

    def _read(self, sessions: sessionmaker[Session], bus: Bus) -> None:
        seen = bus.version
        try:
            with sessions() as session:
                self.last = self._load(session)
        except (SQLAlchemyError, ValueError) as error:
            _log.warning("%s cannot be read, what was known stands: %s", self._topic, type(error).__name__)
            self._again_at = monotonic() + AFTER_FAILURE_SECONDS
            return
        self._seen = seen
        self._look_at = monotonic() + DEAF_SECONDS


class LiveSettings(Live[CompanySettings]):
    """The company's settings as they stand."""

    def __init__(
        self, defaults: CompanySettings, sessions: sessionmaker[Session] | None = None, bus: Bus | None = None
    ) -> None:
        """Take what the settings file says: it stands wherever an admin has said nothing."""
        self.defaults = defaults
        super().__init__(
            defaults,
            topic=store.TOPIC,
            read=lambda session: store.current(session, defaults),
            sessions=sessions,
            bus=bus,
        )
