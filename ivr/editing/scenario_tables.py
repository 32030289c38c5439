"""The tables of scenarios: what people keep beside the shipped files, and the runs with what came of them."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime

from sealing.columns import SealedText


class Base(DeclarativeBase):
    """The tables of scenarios."""


class ScenarioRow(Base):
    """A scenario that somebody wrote or changed; one of the shipped files of the same name counts no more."""

    __tablename__ = "scenarios"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    revision: Mapped[int]  # grows with every change
    document: Mapped[str] = mapped_column(Text)  # JSON
    is_removed: Mapped[bool]  # taken out: a shipped one is not run any more
    by_id: Mapped[int | None]
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScenarioRun(Base):
    """Scenarios that were run, or past calls that were replayed, against a draft or a version."""

    __tablename__ = "scenario_runs"
    __table_args__ = (Index("scenario_runs_by_time", "at"), Index("scenario_runs_by_digest", "digest", "at"))

    run_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))  # scenarios, replay
    mode: Mapped[str] = mapped_column(String(8))  # text, audio
    against: Mapped[str] = mapped_column(String(24))  # draft:REVISION, version:NUMBER, files
    digest: Mapped[str] = mapped_column(String(64))  # of what was run, and against what
    by_id: Mapped[int | None]
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(8))  # running, done, failed
    done: Mapped[int]
    total: Mapped[int]
    failures: Mapped[int]  # scenarios that did not pass, calls that went otherwise
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # JSON, sealed: what a made call was told may be a real customer's.
    result = SealedText("run_id")
