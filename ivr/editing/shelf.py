"""The versions that this process answers calls with: read from the database when first wanted, kept, and shared by all threads.

A call keeps its version; what is live is asked of the database at each call's start. Nobody waits for a model to be trained:
until it is, callers of a version with new phrases are understood with the company's own, and who publishes has it trained before.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ivr.calls.company import FlowVersion, Published
from ivr.editing import publications, versions
from ivr.editing.reading import Recordings, built
from ivr.intents.understandings import Understandings

_log = logging.getLogger(__name__)

# The live one, those of calls that are going on, and some that pages show; what is asked for again is read again.
KEPT = 8


class Shelf(Published):
    """Versions by number. `first` is what the installation's files say: it needs no database."""

    def __init__(
        self,
        first: FlowVersion,
        *,
        sessions: sessionmaker[Session],
        understandings: Understandings | None,
        recordings: Recordings | None = None,
    ) -> None:
        """Take what the files say, sessions that only read, and where understandings and recordings come from."""
        self._first = first
        self._sessions = sessions
        self._understandings = understandings
        self._recordings = recordings
        self._kept: OrderedDict[int, FlowVersion] = OrderedDict({first.number: first})
        self._lock = threading.Lock()
        self._training: set[int] = set()

    def __getitem__(self, number: int) -> FlowVersion:
        with self._lock:
            found = self._kept.get(number)
            if found is not None:
                self._kept.move_to_end(number)
                return found
        return self._read(number, waits=False)

    def __iter__(self) -> Iterator[int]:
        with self._sessions() as session:
            numbers = [one.number for one in versions.versions(session)]
        return iter(dict.fromkeys((self._first.number, *numbers)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def live(self, session: Session, now: datetime) -> int:
        """The version that a call which begins now gets; the installation's own where the live one cannot be read."""
        number = publications.live_number(session, now)
        try:
            self[number]
        except (LookupError, ValueError, TypeError) as error:
            _log.error("version %d cannot be read, calls get the installation's own: %s", number, type(error).__name__)
            return self._first.number
        return number

    def prepare(self, number: int) -> None:
        """Read a version and have its phrases trained on, however long that takes: before it goes live."""
        with self._lock:
            found = self._kept.get(number)
        if found is None or found.understanding is None:
            self._read(number, waits=True)

    def prepare_what_comes(self, now: datetime) -> None:
        """Read ahead what is live and what is scheduled, as after any publication, here or in another process."""
        try:
            with self._sessions() as session:
                coming = [publications.live_number(session, now)]
                coming.extend(one.version for one in publications.scheduled(session, now))
            for number in coming[: KEPT // 2]:
                self.prepare(number)
        except (SQLAlchemyError, LookupError, ValueError, TypeError) as error:
            _log.error("versions could not be read ahead: %s", type(error).__name__)

    def _read(self, number: int, *, waits: bool) -> FlowVersion:
        with self._sessions() as session:
            known = versions.version(session, number)
            if known is None:
                raise KeyError(number)
            documents = versions.documents(session, number)
        made = built(
            documents,
            understandings=self._understandings,
            recordings=self._recordings,
            number=number,
            author=known.by,
            note=known.note,
            waits=waits,
        )
        with self._lock:
            self._kept[number] = made
            while len(self._kept) > KEPT:
                # The oldest but the installation's own.
                oldest = next(kept for kept in self._kept if kept != self._first.number)
                del self._kept[oldest]
            trains = made.understanding is None and self._understandings is not None and number not in self._training
            if trains:
                self._training.add(number)
        if trains:
            threading.Thread(target=self._train, args=(number,), name=f"version-{number}", daemon=True).start()
        return made

    def _train(self, number: int) -> None:
        try:
            self._read(number, waits=True)
        except (SQLAlchemyError, LookupError, ValueError, TypeError) as error:
            _log.error("the phrases of version %d could not be trained on: %s", number, type(error).__name__)
        finally:
            with self._lock:
                self._training.discard(number)
