"""Adding people who sign in, checking and changing their passwords, opening and ending their sign-ins.

The session and the time come from outside; nothing here commits. How often somebody may try is the edge's business.
"""

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TypeAlias

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.accounts.tables import Account, SignIn

# A passphrase of some length is worth more than rules on its characters: NIST SP 800-63B (3.1.1.2) asks for no fewer than 8.
SHORTEST_PASSWORD = 12
# Longer input only costs time; NIST SP 800-63B asks to allow at least 64.
LONGEST_PASSWORD = 256
# Without a key, click or touch for this long the browser is asked for the password again (OWASP session management: 15-30
# minutes for common applications); a talk counts as being at the desk.
IDLE_LIMIT = timedelta(minutes=30)
# A sign-in never outlives a working day, however busy: one shift and its breaks (OWASP asks for an absolute time-out).
LONGEST_SIGN_IN = timedelta(hours=12)

_PASSWORDS = PasswordHasher()  # argon2-cffi's defaults: RFC 9106's second recommended option


class Role(StrEnum):
    """What a person may do."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class RefusalReason(StrEnum):
    """Why an account is not added, a password not accepted or not changed."""

    WRONG = "wrong"  # unknown address, wrong password or inactive: a stranger learns no more
    EMAIL_TAKEN = "email_taken"
    EMAIL_INVALID = "email_invalid"
    AGENT_TAKEN = "agent_taken"
    PASSWORD_TOO_SHORT = "password_too_short"  # noqa: S105 - a reason, not a password
    PASSWORD_TOO_LONG = "password_too_long"  # noqa: S105 - a reason, not a password
    PASSWORD_IS_KNOWN = "password_is_known"  # noqa: S105 - a reason, not a password


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who signs in, as the rest of the service sees them."""

    account_id: int
    email: str
    display_name: str
    role: Role
    agent_id: str | None
    language: str


@dataclass(frozen=True, kw_only=True)
class Added:
    """The account exists now."""

    person: Person


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """The password is this person's."""

    person: Person


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The new password counts; every other sign-in of the person has ended."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Nothing changed."""

    reason: RefusalReason


Addition: TypeAlias = Added | Refused
PasswordCheck: TypeAlias = SignedIn | Refused
PasswordChange: TypeAlias = Changed | Refused


def add(
    session: Session,
    *,
    email: str,
    display_name: str,
    role: Role,
    password: str,
    now: datetime,
    agent_id: str | None = None,
    language: str = "it",
) -> Addition:
    """Add a person; refuses an address or an agent that is taken, and a password that is too short or guessable."""
    address = normal_email(email)
    problem = _email_problem(session, address) or password_problem(password, email=address)
    if problem is None and agent_id is not None and _by_agent(session, agent_id) is not None:
        problem = RefusalReason.AGENT_TAKEN
    if problem is not None:
        return Refused(reason=problem)
    account = Account(
        email=address, display_name=display_name.strip(), role=role.value, password_hash=_PASSWORDS.hash(password),
        agent_id=agent_id, language=language, is_active=True, added_at=now, password_changed_at=now,
    )  # fmt: skip
    session.add(account)
    session.flush()
    return Added(person=person_of(account))


def by_email(session: Session, email: str) -> Person | None:
    """The active person with this address."""
    account = _account_by_email(session, email)
    return person_of(account) if account is not None and account.is_active else None


def by_id(session: Session, account_id: int) -> Person | None:
    """The active person with this number."""
    account = session.get(Account, account_id)
    return person_of(account) if account is not None and account.is_active else None


def everyone(session: Session) -> Sequence[Person]:
    """All active people, by name."""
    query = select(Account).where(Account.is_active).order_by(Account.display_name)
    return tuple(person_of(account) for account in session.scalars(query))


def check_password(session: Session, *, email: str, password: str) -> PasswordCheck:
    """Whether the password is that of the active account with this address.

    An unknown address costs the same work as a wrong password, so that the time tells nothing. A hash made with other
    parameters than today's is made anew.
    """
    account = _account_by_email(session, email)
    known_hash = account.password_hash if account is not None else _hash_of_nobody()
    matches = _matches(known_hash, password)
    if account is None or not matches or not account.is_active:
        return Refused(reason=RefusalReason.WRONG)
    if _PASSWORDS.check_needs_rehash(account.password_hash):
        account.password_hash = _PASSWORDS.hash(password)
    return SignedIn(person=person_of(account))


def change_password(
    session: Session, *, account_id: int, current: str, wanted: str, now: datetime, kept_token: str = ""
) -> PasswordChange:
    """Change a password after checking the current one; ends every sign-in of the person but that of `kept_token`."""
    account = session.get_one(Account, account_id)
    if not _matches(account.password_hash, current):
        return Refused(reason=RefusalReason.WRONG)
    problem = password_problem(wanted, email=account.email)
    if problem is not None:
        return Refused(reason=problem)
    account.password_hash = _PASSWORDS.hash(wanted)
    account.password_changed_at = now
    _end_sign_ins(session, account_id, now=now, but=kept_token)
    return Changed()


def set_password(session: Session, *, account_id: int, password: str, now: datetime) -> None:
    """Set a password that was judged before; ends every sign-in of the person."""
    account = session.get_one(Account, account_id)
    account.password_hash = _PASSWORDS.hash(password)
    account.password_changed_at = now
    _end_sign_ins(session, account_id, now=now)


def change_language(session: Session, *, account_id: int, language: str) -> None:
    """Keep the language in which the person reads the desk."""
    session.get_one(Account, account_id).language = language


def deactivate(session: Session, *, account_id: int, now: datetime) -> None:
    """Let a person sign in no more; every open desk of theirs ends within a second."""
    session.get_one(Account, account_id).is_active = False
    _end_sign_ins(session, account_id, now=now)


def start_sign_in(session: Session, *, account_id: int, now: datetime) -> str:
    """Open a sign-in and give its token, which only the browser keeps."""
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token_hash=_token_hash(token), account_id=account_id, started_at=now, seen_at=now))
    return token


def signed_in(session: Session, *, token: str, now: datetime) -> Person | None:
    """Whose open sign-in this token is; nobody's when it ended, was idle too long, is too old, or the person is inactive."""
    query = (
        select(Account)
        .join(SignIn)
        .where(
            SignIn.token_hash == _token_hash(token),
            SignIn.ended_at.is_(None),
            SignIn.seen_at > now - IDLE_LIMIT,
            SignIn.started_at > now - LONGEST_SIGN_IN,
            Account.is_active,
        )
    )
    account = session.scalar(query)
    return person_of(account) if account is not None else None


def seen(session: Session, *, token: str, now: datetime) -> None:
    """Note that the person is at the screen: the idle time begins again."""
    session.execute(update(SignIn).where(SignIn.token_hash == _token_hash(token)).values(seen_at=now))


def end_sign_in(session: Session, *, token: str, now: datetime) -> None:
    """End a sign-in."""
    session.execute(
        update(SignIn).where(SignIn.token_hash == _token_hash(token), SignIn.ended_at.is_(None)).values(ended_at=now)
    )


def normal_email(email: str) -> str:
    """The one way in which an address is kept: trimmed, lower case, composed."""
    return unicodedata.normalize("NFC", email.strip().lower())


def password_problem(password: str, *, email: str) -> RefusalReason | None:
    """What is wrong with a wished password, if anything."""
    if len(password) < SHORTEST_PASSWORD:
        return RefusalReason.PASSWORD_TOO_SHORT
    if len(password) > LONGEST_PASSWORD:
        return RefusalReason.PASSWORD_TOO_LONG
    too_few_kinds = 4  # "aaaaaaaaaaaa", "121212121212": length without substance
    if len(set(password.lower())) < too_few_kinds or password.lower() == email:
        return RefusalReason.PASSWORD_IS_KNOWN
    return None


def _email_problem(session: Session, address: str) -> RefusalReason | None:
    name, _, host = address.partition("@")
    longest_address = 254  # RFC 5321 (4.5.3.1.3), less the angle brackets
    if not name or not host or "@" in host or any(sign.isspace() for sign in address) or len(address) > longest_address:
        return RefusalReason.EMAIL_INVALID
    return RefusalReason.EMAIL_TAKEN if _account_by_email(session, address) is not None else None


def _account_by_email(session: Session, email: str) -> Account | None:
    return session.scalar(select(Account).where(Account.email == normal_email(email)))


def _by_agent(session: Session, agent_id: str) -> Account | None:
    return session.scalar(select(Account).where(Account.agent_id == agent_id))


def _end_sign_ins(session: Session, account_id: int, *, now: datetime, but: str = "") -> None:
    session.execute(
        update(SignIn)
        .where(SignIn.account_id == account_id, SignIn.ended_at.is_(None), SignIn.token_hash != _token_hash(but))
        .values(ended_at=now)
    )


def _matches(known_hash: str, password: str) -> bool:
    try:
        return _PASSWORDS.verify(known_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hash_of_nobody() -> str:
    """A hash that no password opens, with today's parameters: what an unknown address is checked against."""
    return _PASSWORDS.hash(secrets.token_urlsafe(32))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def person_of(account: Account) -> Person:
    """An account as the rest of the service sees it."""
    return Person(
        account_id=account.account_id, email=account.email, display_name=account.display_name, role=Role(account.role),
        agent_id=account.agent_id, language=account.language,
    )  # fmt: skip
