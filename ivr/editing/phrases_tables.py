"""The table of phrases that an admin has put aside: said by callers, not understood, and not to be learnt."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime


class Base(DeclarativeBase):
    """The tables of phrases."""


class PhraseDismissed(Base):
    """One phrase, as it is shown: without who said it."""

    __tablename__ = "phrases_dismissed"

    phrase: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of language and redacted words
    by_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
