"""From when on which version answers the calls that begin: published now or at a time, cancelled before then, rolled back.

What is live at a moment is the newest publication that has begun by then and was not cancelled, so that a scheduled one needs no
timer. Without any it is the first version. The session and the time come from outside; nothing here commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.audit import store as audit
from ivr.audit.store import Actor
from ivr.editing import versions
from ivr.editing.gates import GateFinding
from ivr.editing.tables import Publication
from routing import changes as topics

FIRST = 1
# Nobody plans a greeting further ahead; judgement.
FARTHEST = timedelta(days=366)
# What changed is told under this topic: processes read ahead, open pages look again.
TOPIC = "versions"


@dataclass(frozen=True, kw_only=True)
class Published:
    """The version answers calls that begin from then on."""

    publication_id: int
    version: int
    live_from: datetime


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """The publication will not come."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Nothing was published or cancelled, for a reason with a sentence in `ivr.web.errors`."""

    reason: str
    findings: tuple[GateFinding, ...] = ()


Publishing: TypeAlias = Published | Refused
Cancelling: TypeAlias = Cancelled | Refused


@dataclass(frozen=True, kw_only=True)
class PublicationRecord:
    """A publication, as it is read."""

    publication_id: int
    version: int
    live_from: datetime
    kind: str  # publish, rollback, files
    reason: str
    by: str
    at: datetime
    cancelled_at: datetime | None
    cancelled_by: str


def live_number(session: Session, now: datetime) -> int:
    """The version that answers a call that begins now: one short read."""
    number = session.scalar(
        select(Publication.version)
        .where(Publication.live_from <= now, Publication.cancelled_at.is_(None))
        .order_by(Publication.live_from.desc(), Publication.publication_id.desc())
        .limit(1)
    )
    return FIRST if number is None else number


def publications(session: Session, *, version: int | None = None, limit: int = 200) -> Sequence[PublicationRecord]:
    """Publications, the newest first."""
    query = select(Publication).order_by(Publication.live_from.desc(), Publication.publication_id.desc()).limit(limit)
    if version is not None:
        query = query.where(Publication.version == version)
    return tuple(_record(row) for row in session.scalars(query))


def scheduled(session: Session, now: datetime) -> Sequence[PublicationRecord]:
    """What is still to come, the next first."""
    query = (
        select(Publication)
        .where(Publication.live_from > now, Publication.cancelled_at.is_(None))
        .order_by(Publication.live_from, Publication.publication_id)
    )
    return tuple(_record(row) for row in session.scalars(query))


def publish(
    session: Session,
    number: int,
    *,
    at: datetime | None = None,
    by: Actor,
    now: datetime,
    approval: bool = False,
    reason: str = "",
) -> Publishing:
    """Let a version answer calls from `at` on, by default from now.

    Its gates have run by then (`checks`), against what is live now. An error of the checker always refuses; a failed gate only
    without a `reason`, which is noted; with `approval` a second person must have approved.
    """
    versions.lock(session)
    version = versions.version(session, number)
    if version is None:
        return Refused(reason="version_unknown")
    if at is not None and at < now:
        return Refused(reason="time_is_over")
    if at is not None and at > now + FARTHEST:
        return Refused(reason="time_too_far")
    if at is None and live_number(session, now) == number:
        return Refused(reason="version_is_live")
    refused = _not_allowed(session, version, now=now, approval=approval, reason=reason)
    if refused is not None:
        return refused
    return _add(session, number, live_from=at or now, kind="publish", reason=reason, by=by, now=now)


def rollback(session: Session, number: int, *, by: Actor, now: datetime, reason: str = "") -> Publishing:
    """Let a version that was live before answer calls again, at once."""
    versions.lock(session)
    if versions.version(session, number) is None:
        return Refused(reason="version_unknown")
    if live_number(session, now) == number:
        return Refused(reason="version_is_live")
    was_live = select(Publication.publication_id).where(
        Publication.version == number, Publication.live_from <= now, Publication.cancelled_at.is_(None)
    )
    if number != FIRST and session.scalar(was_live.limit(1)) is None:
        return Refused(reason="version_never_live")
    return _add(session, number, live_from=now, kind="rollback", reason=reason, by=by, now=now)


def cancel(session: Session, publication_id: int, *, by: Actor, now: datetime) -> Cancelling:
    """Take back a publication that is still to come."""
    row = session.get(Publication, publication_id, with_for_update=True)
    if row is None or row.cancelled_at is not None:
        return Refused(reason="publication_unknown")
    if row.live_from <= now:
        return Refused(reason="publication_has_begun")
    row.cancelled_at, row.cancelled_by = now, by.name[:120]
    session.flush()
    audit.note(
        session,
        by=by,
        act="version.publication_cancelled",
        subject=f"version {row.version}",
        before={"live_from": row.live_from.isoformat()},
        now=now,
    )
    topics.mark(session, TOPIC)
    return Cancelled()


def previous(session: Session, now: datetime) -> int | None:
    """The version that was live before the one that is now: what a rollback leads to."""
    begun = session.scalars(
        select(Publication.version)
        .where(Publication.live_from <= now, Publication.cancelled_at.is_(None))
        .order_by(Publication.live_from.desc(), Publication.publication_id.desc())
        .limit(50)
    ).all()
    if not begun:
        return None
    return next((number for number in (*begun, FIRST) if number != begun[0]), None)


def of_files(session: Session, number: int, *, by: Actor, now: datetime) -> Publishing:
    """Let the version that the installation's files make answer calls."""
    return _add(session, number, live_from=now, kind="files", reason="", by=by, now=now)


def is_of_files_alone(session: Session) -> bool:
    """Whether nobody has ever published anything: the installation's files still decide."""
    return session.scalar(select(Publication.publication_id).where(Publication.kind != "files").limit(1)) is None


def _not_allowed(
    session: Session, version: versions.Version, *, now: datetime, approval: bool, reason: str
) -> Refused | None:
    if approval and version.approval != "approved":
        return Refused(reason="version_rejected" if version.approval == "rejected" else "version_not_approved")
    check = versions.last_check(session, version.number)
    if check is None or check.ended_at is None:
        return Refused(reason="version_not_checked")
    if check.base != live_number(session, now):
        return Refused(reason="check_is_old")
    failed = tuple(one for one in check.findings if one.severity == "error")
    if any(not one.can_be_overruled for one in failed):
        return Refused(reason="version_has_errors", findings=failed)
    if failed and not reason.strip():
        return Refused(reason="gate_failed", findings=failed)
    return None


def _add(
    session: Session, number: int, *, live_from: datetime, kind: str, reason: str, by: Actor, now: datetime
) -> Published:
    before = live_number(session, live_from)
    row = Publication(
        version=number, live_from=live_from, kind=kind, reason=reason, by_id=by.account_id, by_name=by.name[:120], at=now,
        cancelled_at=None, cancelled_by="",
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.note(
        session,
        by=by,
        act={"publish": "version.published", "rollback": "version.rolled_back"}.get(kind, "version.taken_from_files"),
        subject=f"version {number}",
        before={"version": before},
        after={"version": number, "live_from": live_from.isoformat()},
        now=now,
        note=reason,
    )
    topics.mark(session, TOPIC)
    return Published(publication_id=row.publication_id, version=number, live_from=live_from)


def _record(row: Publication) -> PublicationRecord:
    return PublicationRecord(
        publication_id=row.publication_id,
        version=row.version,
        live_from=row.live_from,
        kind=row.kind,
        reason=row.reason,
        by=row.by_name,
        at=row.at,
        cancelled_at=row.cancelled_at,
        cancelled_by=row.cancelled_by,
    )
