"""At a process's start: what the installation's files say is kept as a version, and its calls are given the published ones."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ivr.calls.company import Company
from ivr.editing import of_files, publications
from ivr.editing.documents import shipped
from ivr.editing.reading import Recordings, built
from ivr.editing.shelf import Shelf
from ivr.intents.understandings import Understandings

_log = logging.getLogger(__name__)

# Between two looks where nothing is told: a publication that was scheduled is read ahead well before its time by the first.
_LOOK_SECONDS = 300.0


class Bus(Protocol):
    """The changes bus of the process (`ivr.changes`)."""

    is_over: bool

    @property
    def version(self) -> int:
        """The version of this moment."""

    def wait(self, topics: Iterable[str], since: int, timeout: float) -> int:
        """Wait until a topic has changed."""


def open_shelf(
    company: Company,
    *,
    folder: Path | None,
    sessions: sessionmaker[Session],
    reading_sessions: sessionmaker[Session],
    understandings: Understandings,
    recordings: Recordings | None = None,
    now: datetime,
) -> tuple[Company, Shelf]:
    """The company, its versions those of the database; its own one is what the files of `folder` say.

    Where the database is not there yet, or has no tables, the files alone answer, as version 1.
    """
    own = company.version(company.live_version)
    with_files = recordings or (lambda _: own.recordings)
    first, documents = own, shipped(folder)
    try:
        with sessions.begin() as session:
            number, says = of_files.take(session, documents, author=own.author, note=own.note, now=now)
        first = replace(own, number=number, recordings=with_files(own.catalogue))
        if says is not documents:
            first = built(says, understandings=understandings, recordings=with_files, number=number, waits=False)
    except SQLAlchemyError as error:
        _log.warning("what the files say could not be kept as a version yet: %s", type(error).__name__)
    shelf = Shelf(first, sessions=reading_sessions, understandings=understandings, recordings=with_files)
    return replace(company, versions=shelf, live_version=first.number), shelf


def read_ahead(shelf: Shelf, bus: Bus, clock: Callable[[], datetime]) -> None:
    """Have versions ready before a call wants them, on a thread of its own: at start, and after each publication anywhere."""

    def look() -> None:
        while not bus.is_over:
            seen = bus.version
            shelf.prepare_what_comes(clock())
            bus.wait((publications.TOPIC,), seen, _LOOK_SECONDS)

    threading.Thread(target=look, name="versions", daemon=True).start()
