"""The databases of houses: an empty one for each, in a folder of its own that goes with it.

An engine that has compiled its statements is worth keeping: houses that follow each other in made time have the same one, above a
file made anew with keys of its own. What was in the file before is gone with it.
"""

import secrets
import shutil
import tempfile
import threading
import weakref
from functools import lru_cache
from pathlib import Path
from typing import Final

from ivr import database
from ivr.trials.due import Commits
from sealing import columns
from sealing.keys import KeyRing

FILE: Final = "trial.db"
# So many run beside each other at most; judgement.
_MOST_KEPT: Final = 2


class TrialDatabase:
    """A database that is there between `empty` and `forget`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        self.engine = database.make_engine(f"sqlite:///{folder / FILE}")
        self.commits = Commits(self.engine)
        # For a house that nobody closes.
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def empty(self, ring: KeyRing) -> None:
        """Make all tables with nothing in them, sealed with these keys."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        (self.folder / FILE).write_bytes(_empty_database())
        columns.use(self.engine, ring)

    def forget(self) -> None:
        """Leave nothing behind."""
        self.engine.dispose()
        shutil.rmtree(self.folder)


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
        return TrialDatabase(Path(tempfile.gettempdir()) / f"centralino-trial-{secrets.token_hex(8)}")

    def give_back(self, forgotten: TrialDatabase) -> None:
        """Have it for the next house, once it is forgotten; not one that a thread may still write to."""
        with self._lock:
            if len(self._free) < _MOST_KEPT:
                self._free.append(forgotten)


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
