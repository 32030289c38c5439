"""Keeping connectors, their secrets sealed, and files that wait to be taken over. Time and session come in; nothing commits."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ivr.connectors.definition import Definition, definition_of
from ivr.connectors.tables import Connector, StagedImport
from routing import changes

TOPIC: Final = "connectors"
# So long a file waits to be taken over: it holds customers, and whoever needs longer sends it again.
STAGED_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A connector as it stands."""

    definition: Definition
    is_on: bool
    version: int
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Somebody else has saved it meanwhile."""

    version: int


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A file that waits."""

    import_id: str
    kind: str
    filename: str
    content: bytes = field(repr=False)
    at: datetime


Saving: TypeAlias = Kept | Conflict


def every(session: Session) -> Mapping[str, Kept]:
    """All connectors, by kind."""
    return {row.kind: _kept(row) for row in session.scalars(select(Connector))}


def save(
    session: Session,
    definition: Definition,
    *,
    is_on: bool,
    secret: str | None,
    version: int | None,
    by: str,
    now: datetime,
) -> Saving:
    """Keep a connector; a secret of None leaves the one that stands."""
    row = session.get(Connector, definition.kind, with_for_update=True)
    standing = 0 if row is None else row.version
    if version is not None and version != standing:
        return Conflict(version=standing)
    if row is None:
        row = Connector(kind=definition.kind, version=0, secret="")  # not a secret: none is set yet
        session.add(row)
    row.version, row.is_on, row.by, row.at = standing + 1, is_on, by, now
    row.document = json.dumps(definition.as_json(), ensure_ascii=False)
    if secret is not None:
        row.secret = secret
    session.flush()
    changes.mark(session, TOPIC)
    return _kept(row)


def remove(session: Session, kind: str) -> bool:
    """Forget a connector, with its secret; False where there is none."""
    row = session.get(Connector, kind, with_for_update=True)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    changes.mark(session, TOPIC)
    return True


def stage(session: Session, *, account_id: int, kind: str, filename: str, content: bytes, now: datetime) -> str:
    """Keep a file until it is taken over; its name for that."""
    forget_staged(session, now)
    import_id = secrets.token_urlsafe(24)
    session.add(
        StagedImport(
            import_id=import_id, account_id=account_id, kind=kind, filename=filename[:200], content=content, at=now
        )
    )
    session.flush()
    return import_id


def staged(session: Session, import_id: str, *, account_id: int, now: datetime) -> Staged | None:
    """A file that this person has sent within the hour."""
    row = session.get(StagedImport, import_id)
    if row is None or row.account_id != account_id or row.at <= now - STAGED_FOR:
        return None
    return Staged(import_id=row.import_id, kind=row.kind, filename=row.filename, content=row.content, at=row.at)


def unstage(session: Session, import_id: str) -> None:
    """Forget a file."""
    session.execute(delete(StagedImport).where(StagedImport.import_id == import_id))


def forget_staged(session: Session, now: datetime) -> int:
    """Forget the files that nobody has taken over in time; how many."""
    result = session.execute(delete(StagedImport).where(StagedImport.at <= now - STAGED_FOR))
    return int(result.rowcount)  # type: ignore[attr-defined] # a DELETE answers with a CursorResult, which has it


def _kept(row: Connector) -> Kept:
    document: Mapping[str, Any] = json.loads(row.document)
    return Kept(definition=definition_of(row.kind, document), is_on=row.is_on, version=row.version, secret=row.secret)
