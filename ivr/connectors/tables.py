"""The tables of connectors and of files on their way in; touched by the stores of this package alone."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime

from sealing.columns import SealedBytes, SealedText


class Base(DeclarativeBase):
    """The tables of this package."""


class Connector(Base):
    """How one kind of record is looked up in another system."""

    __tablename__ = "connectors"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)  # orders, customers
    version: Mapped[int]
    is_on: Mapped[bool]
    document: Mapped[str] = mapped_column(Text)  # JSON: address, method, mapping, time-outs; no secret
    secret = SealedText("kind")  # what the other system knows us by
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class StagedImport(Base):
    """A file that somebody has sent and not yet taken over; gone after an hour."""

    __tablename__ = "staged_imports"

    import_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    account_id: Mapped[int]  # whose it is
    kind: Mapped[str] = mapped_column(String(20))
    filename: Mapped[str] = mapped_column(String(200))
    content = SealedBytes("import_id")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
