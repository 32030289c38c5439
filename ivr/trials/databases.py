"""The databases of houses: an empty one for each, in a folder of its own that goes with it.

An engine that has compiled its statements is worth keeping: houses that follow each other in made time have the same one, above a
file made anew with keys of its own. What was in the file before is gone with it.
"""

import tempfile
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from ivr import database
from ivr.trials.due import Commits
from sealing import columns
from sealing.keys import KeyRing

FILE: Final = "trial.db"
# So many run beside each other at most; judgement.
_MOST_KEPT: Final = 2


@dataclass(frozen=True, kw_only=True)
class TrialDatabase:
    """A database with all tables and nothing in them."""

    folder: Path
    engine: Engine
    commits: Commits
    held: "tempfile.TemporaryDirectory[str]"

    def empty(self, ring: KeyRing | None) -> None:
        """Make the file anew, sealed with these keys."""
        self._clear()
        (self.folder / FILE).write_bytes(_empty_database())
        if ring is not None:
            columns.use(self.engine, ring)

    def forget(self) -> None:
        """Leave nothing behind."""
        self._clear()
        self.held.cleanup()

    def _clear(self) -> None:
        self.engine.dispose()
        for file in self.folder.iterdir():
            file.unlink()


class Databases:
    """Gives each house its database, and takes it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[TrialDatabase] = []

    def take(self) -> TrialDatabase:
        """One that nobody else has; `empty` it first."""
        with self._lock:
            if self._free:
                return self._free.pop()
        held = tempfile.TemporaryDirectory(prefix="centralino-trial-")
        folder = Path(held.name)
        engine = database.make_engine(f"sqlite:///{folder / FILE}")
        return TrialDatabase(folder=folder, engine=engine, commits=Commits(engine), held=held)

    def give_back(self, used: TrialDatabase) -> None:
        """Have it for the next house, empty; for one where a thread may still be at work use `forget`."""
        used.empty(None)
        with self._lock:
            if len(self._free) < _MOST_KEPT:
                self._free.append(used)
                return
        used.forget()


@lru_cache(maxsize=1)
def _empty_database() -> bytes:
    """The file of a database with all tables and nothing in them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        engine = database.make_engine(f"sqlite:///{file}")
        database.create_tables(engine)
        database.empty_log(engine)
        engine.dispose()
        return file.read_bytes()
