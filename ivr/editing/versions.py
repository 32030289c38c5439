"""Versions: documents that never change again, with author, note and base; what was said of each by a second person and by gates.

The session and the time come from outside; nothing here commits.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.audit import store as audit
from ivr.audit.store import Actor
from ivr.editing.documents import PARTS, Documents
from ivr.editing.gates import GateFinding
from ivr.editing.tables import Approval, Check, Part
from ivr.editing.tables import Version as VersionRow
from routing import changes as topics

TOPIC = "versions"
# PostgreSQL's advisory lock for giving numbers and publishing; any number of our own.
_LOCK = 0x76657273
# A check that has not ended by then went down with its process: scenarios take minutes at most.
CHECK_LOST = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version, without its documents."""

    number: int
    digest: str
    base: int | None
    by: str
    by_id: int | None
    note: str
    is_of_files: bool
    made_at: datetime
    approval: str = ""  # "", approved, rejected
    approval_by: str = ""
    approval_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class CheckRecord:
    """What the gates said of a version."""

    check_id: int
    version: int
    base: int
    by: str
    begun_at: datetime
    ended_at: datetime | None
    findings: tuple[GateFinding, ...]


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """The draft is a version now."""

    number: int


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A second person's word is kept."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Nothing was done, for a reason with a sentence in `ivr.web.errors`."""

    reason: str


Submission: TypeAlias = Submitted | Refused
Judgement: TypeAlias = Judged | Refused


def add(
    session: Session,
    documents: Documents,
    *,
    note: str,
    by: Actor,
    now: datetime,
    base: int | None = None,
    is_of_files: bool = False,
) -> int:
    """Keep documents as the next version; return its number."""
    lock(session)
    number = (session.scalar(select(func.max(VersionRow.number))) or 0) + 1
    kept = {part: _keep(session, documents.part(part)) for part in PARTS}
    session.add(
        VersionRow(
            number=number, digest=documents.digest, base=base, by_id=by.account_id, by_name=by.name[:120], note=note,
            is_of_files=is_of_files, made_at=now, **kept,
        )
    )  # fmt: skip
    session.flush()
    audit.note(
        session,
        by=by,
        act="version.made",
        subject=f"version {number}",
        after={"base": base, "digest": documents.digest},
        now=now,
        note=note,
    )
    topics.mark(session, TOPIC)
    return number


def version(session: Session, number: int) -> Version | None:
    """One version."""
    row = session.get(VersionRow, number)
    return None if row is None else _version(row, session.scalar(_approvals(number).limit(1)))


def versions(session: Session, *, limit: int = 200, before: int | None = None) -> Sequence[Version]:
    """Versions, the newest first."""
    query = select(VersionRow).order_by(VersionRow.number.desc()).limit(limit)
    if before is not None:
        query = query.where(VersionRow.number < before)
    rows = session.scalars(query).all()
    numbers = [row.number for row in rows]
    said: Mapping[int, Approval] = {
        one.version: one
        for one in session.scalars(select(Approval).where(Approval.version.in_(numbers)).order_by(Approval.approval_id))
    }
    return tuple(_version(row, said.get(row.number)) for row in rows)


def newest_of_files(session: Session) -> Version | None:
    """The version that the installation's files made last."""
    query = select(VersionRow).where(VersionRow.is_of_files).order_by(VersionRow.number.desc()).limit(1)
    row = session.scalar(query)
    return None if row is None else _version(row, None)


def documents(session: Session, number: int) -> Documents:
    """What a version says. Raises LookupError where there is no such version."""
    row = session.get(VersionRow, number)
    if row is None:
        raise LookupError(f"there is no version {number}")
    digests = {part: getattr(row, part) for part in PARTS}
    contents = {
        one.digest: one.content for one in session.scalars(select(Part).where(Part.digest.in_(set(digests.values()))))
    }
    return Documents(**{part: json.loads(contents[digest]) for part, digest in digests.items()})


def descent(session: Session, number: int) -> tuple[int, ...]:
    """A version and those that it came from, the newest first."""
    bases: dict[int, int | None] = {
        row.number: row.base for row in session.execute(select(VersionRow.number, VersionRow.base))
    }
    line: list[int] = []
    next_one = number if number in bases else None
    while next_one is not None:
        line.append(next_one)
        next_one = bases.get(next_one)
    return tuple(line)


def judge(session: Session, number: int, *, is_approved: bool, reason: str = "", by: Actor, now: datetime) -> Judgement:
    """Approve a version, or reject it with a reason; never one's own."""
    lock(session)
    found = version(session, number)
    if found is None:
        return Refused(reason="version_unknown")
    if _is_own(found, by):
        return Refused(reason="own_version")
    if not is_approved and not reason.strip():
        return Refused(reason="reason_missing")
    session.add(
        Approval(
            version=number, is_approved=is_approved, reason=reason, by_id=by.account_id, by_name=by.name[:120], at=now
        )
    )
    session.flush()
    act = "version.approved" if is_approved else "version.rejected"
    audit.note(session, by=by, act=act, subject=f"version {number}", now=now, note=reason)
    topics.mark(session, TOPIC)
    return Judged()


def begin_check(session: Session, number: int, *, base: int, by: Actor, now: datetime) -> int:
    """Note that the gates are being asked; return the check's id."""
    row = Check(version=number, base=base, by_name=by.name[:120], begun_at=now, ended_at=None, findings="[]")
    session.add(row)
    session.flush()
    topics.mark(session, TOPIC)
    return row.check_id


def base_of_check(session: Session, check_id: int) -> int:
    """The version that was live when a check began, with which it compares."""
    return session.get_one(Check, check_id).base


def end_check(session: Session, check_id: int, said: Sequence[GateFinding], *, now: datetime) -> None:
    """Keep what the gates said."""
    row = session.get_one(Check, check_id)
    row.ended_at, row.findings = now, json.dumps([one.as_json() for one in said])
    session.flush()
    topics.mark(session, TOPIC)


def last_check(session: Session, number: int) -> CheckRecord | None:
    """What the gates said last of a version; one that is still going on has not ended."""
    row = session.scalar(select(Check).where(Check.version == number).order_by(Check.check_id.desc()).limit(1))
    if row is None:
        return None
    return CheckRecord(
        check_id=row.check_id,
        version=row.version,
        base=row.base,
        by=row.by_name,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        findings=tuple(GateFinding.of_json(one) for one in json.loads(row.findings)),
    )


def lock(session: Session) -> None:
    """One transaction at a time gives numbers and publishes; on SQLite every writing one is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _keep(session: Session, document: Mapping[str, Any]) -> str:
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).hexdigest()
    if session.get(Part, digest) is None:
        session.add(Part(digest=digest, content=content))
        session.flush()
    return digest


def _is_own(found: Version, by: Actor) -> bool:
    return found.by_id == by.account_id if by.account_id is not None else found.by == by.name


def _approvals(number: int) -> Any:
    return select(Approval).where(Approval.version == number).order_by(Approval.approval_id.desc())


def _version(row: VersionRow, said: Approval | None) -> Version:
    return Version(
        number=row.number,
        digest=row.digest,
        base=row.base,
        by=row.by_name,
        by_id=row.by_id,
        note=row.note,
        is_of_files=row.is_of_files,
        made_at=row.made_at,
        approval="" if said is None else "approved" if said.is_approved else "rejected",
        approval_by="" if said is None else said.by_name,
        approval_reason="" if said is None else said.reason,
    )
