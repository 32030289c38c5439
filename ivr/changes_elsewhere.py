"""How changes get from process to process: NOTIFY on PostgreSQL; on SQLite the file's own version, looked at four times a second.

What is told is only that something changed: whoever hears it looks for themselves. So a notice that is lost (a process killed
between its commit and the notice, a connection that breaks) costs the watchers some seconds, until they look by themselves.
"""

import json
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final
from uuid import uuid4

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

_log = logging.getLogger(__name__)

# Everything may have changed: everybody looks.
ALL: Final = "all"
CHANNEL: Final = "centralino_changes"
# PostgreSQL refuses a payload of 8000 bytes and more (NOTIFY page).
LARGEST_PAYLOAD: Final = 7999
# A commit that notifies waits for every other one that does (async.c: a lock on the whole database), so what a process commits is
# told together, fifty times a second at most, by a connection of its own: no call's transaction waits for it.
BETWEEN_NOTICES_SECONDS: Final = 0.02
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0
# So long a connection may be silent before it is asked whether it is still there.
QUIET_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.25
# Where our own commits hide whether another process made one too, everybody looks this often.
UNSURE_SECONDS: Final = 2.0

Heard = Callable[[Iterable[str]], None]


class Elsewhere(ABC):
    """The other processes on the same database."""

    def __init__(self, engine: Engine, heard: Heard) -> None:
        self._engine = engine
        self._heard = heard
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.is_listening = False

    def start(self) -> None:
        """Begin to listen and to tell."""
        for work in self._works():
            thread = threading.Thread(target=work, name=f"changes {work.__name__.strip('_')}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End the threads; each does so within a second or so."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=3)
        self.is_listening = False

    @abstractmethod
    def tell(self, topics: frozenset[str]) -> None:
        """Something was committed here, with these topics (or none); returns at once."""

    @abstractmethod
    def _works(self) -> tuple[Callable[[], None], ...]: ...

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """A connection outside of the pool, made as the engine makes its own."""
        pooled = self._engine.raw_connection()
        pooled.detach()
        with closing(pooled):
            yield pooled.dbapi_connection

    def _again_and_again(self, work: Callable[[], None]) -> None:
        """Do work that ends by a broken connection or by `stop`, with longer and longer pauses between."""
        pause = FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            try:
                work()
                pause = FIRST_PAUSE_SECONDS
            except (psycopg.Error, SQLAlchemyError, OSError) as error:
                was_listening, self.is_listening = self.is_listening, False
                pause = FIRST_PAUSE_SECONDS if was_listening else min(pause * 2, LONGEST_PAUSE_SECONDS)
                _log.warning("changes of other processes are not heard: %s", type(error).__name__)
                self._stop.wait(pause)


class OverPostgresql(Elsewhere):
    """By NOTIFY and LISTEN, each on a connection of its own."""

    def __init__(self, engine: Engine, heard: Heard) -> None:
        super().__init__(engine, heard)
        self._us = uuid4().hex[:12]
        self._changed = threading.Condition()
        self._untold: set[str] = set()

    def tell(self, topics: frozenset[str]) -> None:
        """Have the topics told with the next notice."""
        if topics:
            with self._changed:
                self._untold |= topics
                self._changed.notify()

    def stop(self) -> None:
        """End the threads, also the one that waits for something to tell."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        super().stop()

    def _works(self) -> tuple[Callable[[], None], ...]:
        return (self._listening, self._telling)

    def _listening(self) -> None:
        self._again_and_again(self._listen)

    def _telling(self) -> None:
        self._again_and_again(self._tell_on)

    def _listen(self) -> None:
        with self._connection() as connection:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            self.is_listening = True
            # Whatever was told while nobody listened here.
            self._heard((ALL,))
            quiet = 0.0
            while not self._stop.is_set():
                quiet += 1.0
                for notice in connection.notifies(timeout=1.0):
                    quiet = 0.0
                    self._take(notice.payload)
                if quiet >= QUIET_SECONDS:
                    quiet = 0.0
                    connection.execute("SELECT 1")

    def _take(self, payload: str) -> None:
        sender, topics = read(payload)
        if sender != self._us:
            self._heard(topics)

    def _tell_on(self) -> None:
        with self._connection() as connection:
            connection.autocommit = True
            while not self._stop.wait(BETWEEN_NOTICES_SECONDS):
                with self._changed:
                    while not self._untold and not self._stop.is_set():
                        self._changed.wait()
                    topics, self._untold = self._untold, set()
                if topics:
                    self._send(connection, topics)

    def _send(self, connection: Any, topics: set[str]) -> None:
        try:
            connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, written(self._us, topics)))
        except psycopg.Error:
            # Which of them arrived is not known: the next notice is for everybody.
            with self._changed:
                self._untold.add(ALL)
            raise


class OverSqlite(Elsewhere):
    """By `PRAGMA data_version`, which changes with each commit of any other connection to the file (sqlite.org/pragma.html)."""

    def __init__(self, engine: Engine, heard: Heard) -> None:
        super().__init__(engine, heard)
        self._commits = 0

    def tell(self, topics: frozenset[str]) -> None:  # noqa: ARG002  # another process sees for itself that the file changed
        """Count a commit of ours, so that it is not taken for another process's."""
        self._commits += 1

    def _works(self) -> tuple[Callable[[], None], ...]:
        return (self._looking,)

    def _looking(self) -> None:
        self._again_and_again(self._look_on)

    def _look_on(self) -> None:
        with self._connection() as connection:
            version, commits, unsure_seconds = _data_version(connection), self._commits, 0.0
            self.is_listening = True
            self._heard((ALL,))
            while not self._stop.wait(POLL_SECONDS):
                newer, counted = _data_version(connection), self._commits
                if newer != version and counted == commits:
                    self._heard((ALL,))
                    unsure_seconds = 0.0
                elif newer != version or unsure_seconds:
                    unsure_seconds += POLL_SECONDS
                if unsure_seconds >= UNSURE_SECONDS:
                    self._heard((ALL,))
                    unsure_seconds = 0.0
                version, commits = newer, counted


def elsewhere_of(engine: Engine, heard: Heard) -> Elsewhere:
    """The way for this database."""
    return OverPostgresql(engine, heard) if engine.dialect.name == "postgresql" else OverSqlite(engine, heard)


def tell_with_commit(session: Session, topics: frozenset[str]) -> None:
    """Tell by the transaction itself, for a process without a bus (a command): everybody hears it when it is committed."""
    if session.get_bind().dialect.name == "postgresql":
        values = {"channel": CHANNEL, "payload": written("", topics)}
        session.connection().execute(text("SELECT pg_notify(:channel, :payload)"), values)


def written(sender: str, topics: Iterable[str]) -> str:
    """A notice's payload; too many topics for one become ALL."""
    payload = json.dumps([sender, *sorted(topics)])
    return payload if len(payload) <= LARGEST_PAYLOAD else json.dumps([sender, ALL])


def read(payload: str) -> tuple[str, tuple[str, ...]]:
    """The sender and the topics of a payload; whatever is none of ours is for everybody."""
    try:
        sender, *topics = json.loads(payload)
    except (ValueError, TypeError):
        return "", (ALL,)
    return str(sender), tuple(str(topic) for topic in topics)


def _data_version(connection: Any) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
