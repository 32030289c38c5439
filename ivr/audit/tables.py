"""The table of the audit trail, and the triggers by which the database itself refuses to change or delete a row of it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import DDL, Index, String, Text, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime

_REFUSAL = "the audit trail cannot be changed"
_RAISE = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
# INSERT OR REPLACE deletes without a trigger for that (sqlite.org/lang_conflict.html).
_NUMBER_IS_TAKEN = "EXISTS (SELECT 1 FROM audit_entries WHERE number = NEW.number)"
_FUNCTION = "FUNCTION audit_refuses()"
_RAISING = f" BEGIN RAISE EXCEPTION '{_REFUSAL}'; END "
# By dialect, statement by statement. The migration has its own copy, since what it did then stays.
TRIGGERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sqlite": (
            f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_entries {_RAISE}",
            f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_entries {_RAISE}",
            f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit_entries WHEN {_NUMBER_IS_TAKEN} {_RAISE}",
        ),
        "postgresql": (
            f"CREATE OR REPLACE {_FUNCTION} RETURNS trigger LANGUAGE plpgsql AS $${_RAISING}$$",
            f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE {_FUNCTION}",
            f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE {_FUNCTION}",
        ),
    }
)


class Base(DeclarativeBase):
    """The tables of this package."""


class AuditEntry(Base):
    """One change. It holds what an admin edits, never what is known of a customer: of those only the id, as subject."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("audit_by_act", "act", "number"),
        Index("audit_by_subject", "subject", "number"),
        Index("audit_by_time", "at"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 1, without a gap
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None]  # account; none for a command or the line itself
    by_name: Mapped[str] = mapped_column(String(120))  # as it was then
    through: Mapped[str] = mapped_column(String(80))  # page, api:TOKEN, command, line
    act: Mapped[str] = mapped_column(String(60))  # "prompt.changed"
    subject: Mapped[str] = mapped_column(String(200))  # "prompt greeting", "account 7"
    before: Mapped[str | None] = mapped_column(Text)  # JSON
    after: Mapped[str | None] = mapped_column(Text)  # JSON
    note: Mapped[str] = mapped_column(Text, default="")
    previous_hash: Mapped[str] = mapped_column(String(64))  # "" for the first
    hash: Mapped[str] = mapped_column(String(64))


for _dialect, _statements in TRIGGERS.items():
    for _statement in _statements:
        event.listen(AuditEntry.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
