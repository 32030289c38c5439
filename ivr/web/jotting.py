"""Jots down what callers are saying while they say it: beside the sockets, which wait for no database, and at most once a second.

Only the newest words of a turn count; those that could not be written are passed over, for others follow.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import sleep
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.calls import store

_log = logging.getLogger(__name__)
# A desk is looked at, not listened to: words that come once a second read as if they came at once; judgement.
BETWEEN_SECONDS: Final = 1.0


class Jotting:
    """One thread that writes for all sockets of the process; it begins with the first words."""

    def __init__(
        self, begin: Callable[[], AbstractContextManager[Session]], pause: Callable[[float], None] = sleep
    ) -> None:
        """Take what begins a transaction, and how to pause."""
        self._begin = begin
        self._pause = pause
        self._words: dict[tuple[str, int], str] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def jot(self, call_id: str, turn: int, words: str) -> None:
        """Take the words so far of a turn; returns at once."""
        with self._changed:
            self._words[(call_id, turn)] = words
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="jotting", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _write_on(self) -> None:
        while True:
            with self._changed:
                while not self._words:
                    self._changed.wait()
                words, self._words = self._words, {}
            self.write(words)
            self._pause(BETWEEN_SECONDS)

    def write(self, words: dict[tuple[str, int], str]) -> None:
        """Write what has come; a database that does not answer costs these words and nothing else."""
        try:
            for (call_id, turn), text in words.items():
                # A transaction for each: one that held several calls could wait for another that wants them in another order.
                with self._begin() as session:
                    store.keep_words_so_far(session, call_id=call_id, turn=turn, words=text)
        except SQLAlchemyError as error:
            _log.warning("the words of %d turns are not shown as they come (%s)", len(words), type(error).__name__)
