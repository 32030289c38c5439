"""How routing's statements are made: reads that see what other statements changed, changes that tell whether they took."""

from typing import Any, cast

from sqlalchemy import CursorResult, Select, Update
from sqlalchemy.orm import Session

# Rows are changed by statements, never by the unit of work: what an earlier read left in the session may be stale.
FRESH = {"populate_existing": True}
UNSYNCHRONISED = {"synchronize_session": False}


def held(session: Session, statement: Select[Any]) -> bool:
    """Lock the one row, unless somebody else has it."""
    # SQLite knows no row locks and leaves the clause out: its one writer at a time is lock enough.
    return session.scalar(statement.with_for_update(skip_locked=True)) is not None


def changed(session: Session, statement: Update) -> bool:
    """Carry out a compare-and-swap; whether it took."""
    result = session.execute(statement, execution_options=UNSYNCHRONISED)
    return cast(CursorResult[Any], result).rowcount == 1


def is_sqlite(session: Session) -> bool:
    """Whether there is one writer at a time anyway, and no row locks."""
    return session.get_bind().dialect.name == "sqlite"
