"""The database of the service: how an engine and its sessions are made, and the one list of every package's tables.

SQLite out of the box, PostgreSQL beyond one machine. Transactions are opened and closed by the edge (a request, a command, the
ticker); stores only use the session that they are given.
"""

from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker
from sqlalchemy.pool import QueuePool

import biometrics.tables
import ivr.accounts.tables
import ivr.audit.tables
import ivr.calls.callbacks_tables
import ivr.calls.tables
import ivr.company.tables
import ivr.connectors.tables
import ivr.customers.tables
import ivr.editing.phrases_tables
import ivr.editing.scenario_tables
import ivr.editing.tables
import routing.tables
from ivr.changes import Changes
from ivr.changes_elsewhere import tell_with_commit
from routing import changes as topics
from sealing import columns, resealing
from sealing.keys import KeyRing

MIGRATIONS = Path(__file__).parent / "migrations"
# At this revision of the migrations everything that is to be sealed is sealed, before the next one.
SEALS_FROM = "0004"

# Every table of the service, package by package: what alembic compares the database with.
METADATA: tuple[MetaData, ...] = (
    ivr.accounts.tables.Base.metadata,
    ivr.audit.tables.Base.metadata,
    ivr.calls.tables.Base.metadata,
    ivr.company.tables.Base.metadata,
    ivr.connectors.tables.Base.metadata,
    ivr.customers.tables.Base.metadata,
    ivr.editing.tables.Base.metadata,
    routing.tables.Base.metadata,
    biometrics.tables.Base.metadata,
    ivr.editing.phrases_tables.Base.metadata,
    ivr.editing.scenario_tables.Base.metadata,
)

SessionFactory = sessionmaker[Session]

# DESIGN.md 9: a caller hears the fallback document within 2 s of a database that is down; libpq takes no shorter time-out.
FAILS_AFTER_SECONDS = 2


def make_engine(url: str, ring: KeyRing | None = None) -> Engine:
    """An engine for `url`, with what each database needs to be both safe and quick under many threads.

    Without a key ring, it can neither read nor keep what lies sealed.
    """
    parsed = make_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    engine = _sqlite_engine(url, parsed.database) if is_sqlite else _server_engine(url)
    if ring is not None:
        columns.use(engine, ring)
    return engine


def _server_engine(url: str) -> Engine:
    # A pool that fits one gthread worker of gunicorn.conf.py; pre-ping, since a database restart must not cost a call.
    return create_engine(
        url,
        pool_size=20,
        max_overflow=20,
        pool_pre_ping=True,
        pool_timeout=FAILS_AFTER_SECONDS,
        hide_parameters=True,
        connect_args={"connect_timeout": FAILS_AFTER_SECONDS},
    )


def session_factory(engine: Engine, changes: Changes | None = None) -> SessionFactory:
    """Sessions whose records stay readable after the commit: what a request read it may still render.

    What their transactions changed is told to whoever watches: by `changes`, the bus of this process, or else, on a server, with
    the commit itself.
    """
    factory = sessionmaker(engine, expire_on_commit=False)

    @event.listens_for(factory, "before_commit")
    def tell_others(session: Session) -> None:
        if changes is None and not session.in_nested_transaction():
            session.flush()
            if told := topics.take(session):
                tell_with_commit(session, told)

    @event.listens_for(factory, "after_commit")
    def tell(session: Session) -> None:
        if changes is not None and not session.in_nested_transaction():
            changes.committed(session)

    @event.listens_for(factory, "after_soft_rollback")
    def forget(session: Session, ended: SessionTransaction) -> None:
        if ended.parent is None:
            topics.take(session)

    return factory


def reading_session_factory(engine: Engine) -> SessionFactory:
    """Sessions that only read: on SQLite they never wait for the one writer, nor make it wait."""
    return sessionmaker(engine.execution_options(reads_only=True), expire_on_commit=False)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision of the migrations; what an earlier version kept in plain is sealed on the way.

    Whatever ends it in the middle: running it again does the rest. Behind that revision nothing that lies in plain is ever
    sealed, since nobody could say who wrote it.
    """
    # Revisions are numbered: their names stand in their order.
    if _revision(engine) <= SEALS_FROM and (revision == "head" or revision > SEALS_FROM):
        _migrate(engine, SEALS_FROM)
        _seal_what_is_plain(engine)
    _migrate(engine, revision)


def _migrate(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), revision)


def _revision(engine: Engine) -> str:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def _seal_what_is_plain(engine: Engine) -> None:
    with engine.connect() as connection:
        found = resealing.places(METADATA, connection)
    changed = [went.changed for place in found for went in resealing.seal_plain(engine, place)]
    if any(changed) and engine.dialect.name == "sqlite":
        # What was there in plain is in the file's free pages, and in its log: both are written anew.
        with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def empty_log(engine: Engine, *, patience_seconds: float = 5.0) -> bool:
    """Leave nothing of what was erased in SQLite's write-ahead log; False where a reader held it, and it is for another time.

    What is erased is overwritten in the database file itself, but the log holds copies until it is written over. A server's
    database looks after its own.
    """
    if engine.dialect.name != "sqlite":
        return True
    with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
        (before,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {int(patience_seconds * 1000)}")
        try:
            # Its first column tells whether somebody was in the way (sqlite.org, "PRAGMA wal_checkpoint").
            (is_busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")
    return not is_busy


def create_tables(engine: Engine) -> None:
    """Make all tables of today in an empty database that no migration will ever come to: a trial's."""
    for metadata in METADATA:
        metadata.create_all(engine)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a revision of the migrations; `base` empties it."""
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), revision)


def is_at_head(engine: Engine) -> bool:
    """Whether every migration has been applied; readiness asks."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    return set(current) == set(ScriptDirectory.from_config(alembic_config()).get_heads())


def alembic_config(connection: Any = None) -> Config:
    """Alembic's configuration, with the connection that the migrations shall use."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = METADATA
    return config


def answers(engine: Engine) -> bool:
    """Whether the database answers at all; raises what SQLAlchemy raises when it does not."""
    with engine.connect() as connection:
        return bool(connection.scalar(text("SELECT 1")) == 1)


def _sqlite_engine(url: str, file: str | None) -> Engine:
    if file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    # Several threads wait for the one writer: 30 s is beyond any webhook's budget, so the carrier's time-out decides first.
    # isolation_level None: the driver leaves BEGIN to us.
    engine = create_engine(
        url,
        connect_args={"timeout": 30, "isolation_level": None},
        poolclass=QueuePool,
        pool_size=20,
        max_overflow=20,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        # WAL: readers never wait for the writer. NORMAL: a commit survives a killed process without an fsync each; a power cut
        # may lose the last commits but never corrupts (sqlite.org/pragma.html#pragma_synchronous).
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        # What is erased is overwritten in the file too (callers' audio, for one); some libraries of SQLite do so by default.
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A deferred transaction that writes later fails with "database is locked" whatever the time-out (measured: 184 of 200
        # claims over 20 threads), so a transaction takes the write lock at its start unless it says that it only reads.
        reads = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
