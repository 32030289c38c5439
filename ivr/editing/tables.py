"""The tables of editing: the draft and its edits, versions and their parts, approvals, publications, recordings of prompts."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime


class Base(DeclarativeBase):
    """The tables of this package."""


class Part(Base):
    """A document as plain JSON, kept once however many versions share it."""

    __tablename__ = "version_parts"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the content
    content: Mapped[str] = mapped_column(Text)


class Version(Base):
    """A version: never changed, since calls and scenarios name it."""

    __tablename__ = "versions"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    flow: Mapped[str] = mapped_column(ForeignKey("version_parts.digest"))
    prompts: Mapped[str] = mapped_column(ForeignKey("version_parts.digest"))
    intents: Mapped[str] = mapped_column(ForeignKey("version_parts.digest"))
    digest: Mapped[str] = mapped_column(String(64))  # of the three together
    base: Mapped[int | None]  # the version that the draft began with
    by_id: Mapped[int | None]
    by_name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text)
    is_of_files: Mapped[bool]  # stored from the installation's folder, not from the draft
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Approval(Base):
    """What a second person said of a version; the newest counts."""

    __tablename__ = "version_approvals"
    __table_args__ = (Index("approvals_of_version", "version", "approval_id"),)

    approval_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    version: Mapped[int] = mapped_column(ForeignKey("versions.number"))
    is_approved: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int | None]
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Check(Base):
    """What the gates said of a version, compared with what was live then; the newest counts."""

    __tablename__ = "version_checks"
    __table_args__ = (Index("checks_of_version", "version", "check_id"),)

    check_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    version: Mapped[int] = mapped_column(ForeignKey("versions.number"))
    base: Mapped[int]  # the version that was live
    by_name: Mapped[str] = mapped_column(String(120))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    findings: Mapped[str] = mapped_column(Text)  # JSON


class Publication(Base):
    """From when on a version answers the calls that begin; the newest that has begun and was not cancelled counts."""

    __tablename__ = "publications"
    __table_args__ = (Index("publications_by_start", "live_from", "publication_id"),)

    publication_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    version: Mapped[int] = mapped_column(ForeignKey("versions.number"))
    live_from: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(12))  # publish, rollback, files
    reason: Mapped[str] = mapped_column(Text)  # why over a gate that had failed; "" where none had
    by_id: Mapped[int | None]
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by: Mapped[str] = mapped_column(String(120), default="")


class DraftRow(Base):
    """The company's one draft. Its revision only grows, over whatever drafts there have been."""

    __tablename__ = "drafts"

    draft_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1
    base: Mapped[int] = mapped_column(ForeignKey("versions.number"))
    epoch: Mapped[int]  # grows where the draft begins anew: edits of another epoch are not undone
    revision: Mapped[int]
    flow: Mapped[str] = mapped_column(Text)  # JSON, as the others
    prompts: Mapped[str] = mapped_column(Text)
    intents: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DraftEdit(Base):
    """One edit of the draft: what a person did at once, and undoes at once."""

    __tablename__ = "draft_edits"
    __table_args__ = (Index("draft_edits_of_epoch", "epoch", "edit_id"),)

    edit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    epoch: Mapped[int]
    revision: Mapped[int]  # the draft's after it
    kind: Mapped[str] = mapped_column(String(8))  # edit, undo, redo, import, update
    label: Mapped[str] = mapped_column(String(200))
    changes: Mapped[str] = mapped_column(Text)  # JSON
    state: Mapped[str] = mapped_column(String(8))  # done, undone, gone (undone, and something else done since)
    by_id: Mapped[int | None]
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Recording(Base):
    """A prompt's recording: its address is its content."""

    __tablename__ = "recordings"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    wav: Mapped[bytes] = mapped_column(LargeBinary)  # 8 kHz, 16 bit, mono
    seconds: Mapped[float]
    peak_db: Mapped[float]  # dBFS
    loudness_db: Mapped[float]  # dBFS, RMS of what is not silence
    name: Mapped[str] = mapped_column(String(200))  # of the file that was uploaded
    by_id: Mapped[int | None]
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
