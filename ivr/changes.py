"""The changes bus of a process: who watches a topic is woken by a commit that changed it, in whatever process it was made.

Stores mark topics (`routing.changes`), the session factories of `ivr.database` tell them after the commit, and whoever draws a
live page or dispatches waits here. Between processes they travel by `ivr.changes_elsewhere`. Nothing starts before `start`.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr.changes_elsewhere import ALL, Elsewhere, elsewhere_of
from routing import changes

# A topic "agent:ID" is of the family "agents", "call:ID" of "calls": who watches the family is woken by each of them.
FAMILIES: Final = {"agent": "agents", "call": "calls"}
# Who cannot hear other processes (not started, or the connection is lost) looks as often as pages did before there was a bus.
DEAF_SECONDS: Final = 0.5
# Beyond so many topics they are forgotten, and everybody looks once: calls come and go for as long as the process lives.
MOST_TOPICS: Final = 20_000


class Changes:
    """Versions of topics. A version only grows; it means nothing outside of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._changed: dict[str, int] = {}
        self._all_changed = 0
        self._waiting: dict[str, set[threading.Event]] = {}
        self._elsewhere: Elsewhere | None = None
        self.is_over = False

    def start(self, engine: Engine) -> None:
        """Tell other processes on this database what is committed here, and hear what they commit, on threads of its own."""
        self._elsewhere = elsewhere_of(engine, self.hear)
        self._elsewhere.start()

    def stop(self) -> None:
        """End the threads, and wake everybody: whoever waits in a loop ends it once `is_over`."""
        self.is_over = True
        self.hear((ALL,))
        elsewhere, self._elsewhere = self._elsewhere, None
        if elsewhere is not None:
            elsewhere.stop()

    @property
    def version(self) -> int:
        """The version of this moment: take it before looking, and wait from it on."""
        with self._lock:
            return self._version

    @property
    def is_listening(self) -> bool:
        """Whether changes of other processes are heard at this moment."""
        return self._elsewhere is not None and self._elsewhere.is_listening

    def committed(self, session: Session) -> None:
        """After a commit: whoever watches what it changed is woken, here and elsewhere."""
        topics = changes.take(session)
        if topics:
            self.hear(topics)
        if self._elsewhere is not None:
            self._elsewhere.tell(topics)

    def hear(self, topics: Iterable[str]) -> None:
        """Wake whoever watches one of these topics, their families included; ALL wakes everybody."""
        told = frozenset(topics)
        with self._lock:
            self._version += 1
            if ALL in told or len(self._changed) > MOST_TOPICS:
                self._all_changed = self._version
                self._changed.clear()
                woken = {one for waiting in self._waiting.values() for one in waiting}
            else:
                with_families = {*told, *_families(told)}
                self._changed.update(dict.fromkeys(with_families, self._version))
                woken = {one for topic in with_families for one in self._waiting.get(topic, ())}
        for one in woken:
            one.set()

    def wait(self, topics: Iterable[str], since: int, timeout: float) -> int:
        """Wait until one of the topics has changed after version `since`, at most `timeout` seconds; the version of then."""
        wanted = tuple(topics)
        event = threading.Event()
        with self._lock:
            if self._newest(wanted) > since:
                return self._version
            for topic in wanted:
                self._waiting.setdefault(topic, set()).add(event)
        try:
            event.wait(timeout if self.is_listening else min(timeout, DEAF_SECONDS))
        finally:
            with self._lock:
                for topic in wanted:
                    self._leave(topic, event)
        return self.version

    def has_changed(self, topics: Iterable[str], since: int) -> bool:
        """Whether one of the topics has changed after a version."""
        with self._lock:
            return self._newest(topics) > since

    def _newest(self, topics: Iterable[str]) -> int:
        return max((self._all_changed, *(self._changed.get(topic, 0) for topic in topics)))

    def _leave(self, topic: str, event: threading.Event) -> None:
        waiting = self._waiting.get(topic)
        if waiting is not None:
            waiting.discard(event)
            if not waiting:
                del self._waiting[topic]


def _families(topics: Iterable[str]) -> Iterator[str]:
    for topic in topics:
        kind, found, _ = topic.partition(":")
        if found and kind in FAMILIES:
            yield FAMILIES[kind]
