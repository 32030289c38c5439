"""Notes changes in the audit trail, reads it, and verifies its chain.

Each entry carries the hash of the one before it and its own, so that a change or a gap shows even where somebody went around
the triggers that refuse it. The session and the time come from outside; nothing here commits.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.audit.tables import AuditEntry

# Of PostgreSQL's advisory locks, the one that lets one transaction at a time add to the chain; any number of our own.
_CHAIN_LOCK = 0x6175646974
_BATCH = 500
TABLE: Final = AuditEntry.__tablename__


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who makes a change, and by what way."""

    account_id: int | None = None
    name: str
    through: str = "page"  # page, api:TOKENNAME, command, line


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One change, as it is read."""

    number: int
    at: datetime
    by: Actor
    act: str
    subject: str
    before: Any
    after: Any
    note: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class Verified:
    """The chain is whole."""

    rows: int
    last_hash: str  # kept elsewhere, it shows later that no entry at the end was taken away


@dataclass(frozen=True, kw_only=True)
class Broken:
    """An entry is not what was written, or one before it is missing."""

    at: int  # number of the first entry that does not fit
    reason: str


Verification: TypeAlias = Verified | Broken


def note(
    session: Session,
    *,
    by: Actor,
    act: str,
    subject: str,
    before: Any = None,
    after: Any = None,
    now: datetime,
    note: str = "",
) -> int:
    """Add an entry at the end of the chain, in the caller's transaction; return its number.

    `act` is dotted ("prompt.changed"), `before` and `after` are plain JSON. Nothing of a customer but an id belongs in it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCK)))
    last = session.execute(
        select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
    ).one_or_none()
    entry = AuditEntry(
        number=1 if last is None else last.number + 1,
        at=now,
        by_id=by.account_id,
        by_name=_plain(by.name)[:120],
        through=_plain(by.through)[:80],
        act=act,
        subject=_plain(subject)[:200],
        before=_json(before),
        after=_json(after),
        note=_plain(note),
        previous_hash="" if last is None else last.hash,
    )
    entry.hash = _hash(entry)
    session.add(entry)
    session.flush()
    return entry.number


def entries(
    session: Session,
    *,
    act: str = "",
    subject: str = "",
    by: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> Sequence[Entry]:
    """The newest entries first; `act` may be a family ("prompt"), `subject` and `by` a part of the words."""
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(limit)
    if act:
        query = query.where((AuditEntry.act == act) | AuditEntry.act.startswith(f"{act}.", autoescape=True))
    if subject:
        query = query.where(AuditEntry.subject.icontains(subject, autoescape=True))
    if by:
        query = query.where(AuditEntry.by_name.icontains(by, autoescape=True))
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if until is not None:
        query = query.where(AuditEntry.at < until)
    if before_id is not None:
        query = query.where(AuditEntry.number < before_id)
    return tuple(_entry(row) for row in session.scalars(query))


def acts(session: Session) -> Sequence[str]:
    """Every act that occurs, by name."""
    return tuple(session.scalars(select(AuditEntry.act).distinct().order_by(AuditEntry.act)))


def verify(session: Session, *, expected_hash: str = "") -> Verification:
    """Go through the whole chain; `expected_hash`, told by an earlier check, must be among it."""
    number, last_hash, is_met = 0, "", not expected_hash
    while batch := session.scalars(
        select(AuditEntry).where(AuditEntry.number > number).order_by(AuditEntry.number).limit(_BATCH)
    ).all():
        for entry in batch:
            if entry.number != number + 1:
                return Broken(at=entry.number, reason=f"entry {number + 1} is missing")
            if entry.previous_hash != last_hash:
                return Broken(at=entry.number, reason="it does not follow the entry before it")
            if entry.hash != _hash(entry):
                return Broken(at=entry.number, reason="its content is not what was written")
            number, last_hash = entry.number, entry.hash
            is_met = is_met or entry.hash == expected_hash
        session.expunge_all()
    if not is_met:
        return Broken(at=number + 1, reason="the chain does not reach the hash that was told before")
    return Verified(rows=number, last_hash=last_hash)


def _json(value: Any) -> str | None:
    return None if value is None else _plain(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _plain(text: str) -> str:
    """The text as every database can keep it: without zeros, and without halves of signs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _hash(entry: AuditEntry) -> str:
    content = [
        entry.number,
        entry.at.isoformat(),
        entry.by_id,
        entry.by_name,
        entry.through,
        entry.act,
        entry.subject,
        entry.before,
        entry.after,
        entry.note,
        entry.previous_hash,
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _entry(row: AuditEntry) -> Entry:
    return Entry(
        number=row.number,
        at=row.at,
        by=Actor(account_id=row.by_id, name=row.by_name, through=row.through),
        act=row.act,
        subject=row.subject,
        before=None if row.before is None else json.loads(row.before),
        after=None if row.after is None else json.loads(row.after),
        note=row.note,
        hash=row.hash,
    )
