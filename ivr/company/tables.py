"""The tables of what admins set of the company; touched by the stores of this package alone."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime


class Base(DeclarativeBase):
    """The tables of this package."""


class CompanyVersion(Base):
    """Everything that had been set at one time: rows are added, and the newest counts."""

    __tablename__ = "company_settings"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str] = mapped_column(Text)  # JSON by name, only what has been set
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
