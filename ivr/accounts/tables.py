"""The tables of people who sign in, of their open sign-ins and of their tokens; touched by this package alone."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime


class Base(DeclarativeBase):
    """The tables of this package."""


class Account(Base):
    """A person who signs in."""

    __tablename__ = "accounts"

    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # normalised: trimmed, lower case, NFC
    display_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(12))  # agent, supervisor, admin
    password_hash: Mapped[str] = mapped_column(String(200))  # argon2id with its parameters
    agent_id: Mapped[str | None] = mapped_column(
        String(64), unique=True
    )  # routing's agent, none for who takes no calls
    language: Mapped[str] = mapped_column(String(5), default="it")  # of the desk: it, en
    is_active: Mapped[bool] = mapped_column(default=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    password_changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignIn(Base):
    """One open browser of a person. Ending it here ends it everywhere, whatever cookie somebody kept."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_account", "account_id"),)

    token_hash: Mapped[str] = mapped_column(
        String(64), primary_key=True
    )  # SHA-256: the database alone opens no browser
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id", ondelete="CASCADE"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInLink(Base):
    """A link with which somebody signs in once and chooses a password."""

    __tablename__ = "sign_in_links"
    __table_args__ = (Index("sign_in_links_of_account", "account_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256, as of sign-ins
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id", ondelete="CASCADE"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiToken(Base):
    """A token of the API: acts as the account that made it, within its scopes, until it expires or is ended."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index("ix_api_tokens_account", "account_id"),)

    token_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(80))  # what it is for, in its maker's words
    begins: Mapped[str] = mapped_column(String(16))  # its first signs, to know it by
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account_id", ondelete="CASCADE"))
    scopes: Mapped[str] = mapped_column(Text)  # spaces between
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column()  # an account's number
