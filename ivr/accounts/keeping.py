"""What an admin does with accounts: adds people, gives them a link to sign in with once, changes roles, closes and opens them.

One admin who can sign in always remains, and nobody takes the role from themselves. The session and the time come from outside.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ivr.accounts import store
from ivr.accounts.store import Person, Role
from ivr.accounts.tables import Account, SignIn, SignInLink

# A new colleague may begin after a weekend; longer, a link in a mailbox is a key under the mat. Judgement.
LINK_HOLDS: Final = timedelta(days=3)
LONGEST_NAME: Final = 120


class Reason(StrEnum):
    """Why nothing was changed."""

    ACCOUNT_UNKNOWN = "account_unknown"
    LAST_ADMIN = "last_admin"
    OWN_ACCOUNT = "own_account"
    AGENT_TAKEN = "agent_taken"
    LINK_OVER = "link_over"
    NOT_ACTIVE = "account_not_active"


@dataclass(frozen=True, kw_only=True)
class Member:
    """An account as an admin sees it."""

    person: Person
    is_active: bool
    added_at: datetime
    seen_at: datetime | None  # when they were last at a page
    link_until: datetime | None  # a link to sign in with that nobody has used yet


@dataclass(frozen=True, kw_only=True)
class Invited:
    """Somebody who signs in with a link: it is shown now, and never again."""

    person: Person
    token: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Done:
    """It counts with this transaction's commit."""

    before: Member
    after: Member


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Nothing changed."""

    reason: Reason


Change: TypeAlias = Done | Refused


def everybody(session: Session, now: datetime) -> Sequence[Member]:
    """All accounts, those who can sign in first, by name."""
    rows = session.scalars(select(Account).order_by(Account.is_active.desc(), Account.display_name)).all()
    return tuple(_member(session, row, now) for row in rows)


def member(session: Session, account_id: int, now: datetime) -> Member | None:
    """One account."""
    row = session.get(Account, account_id)
    return None if row is None else _member(session, row, now)


def invite(
    session: Session, *, email: str, display_name: str, role: Role, language: str, agent_id: str | None, now: datetime
) -> Invited | store.Refused:
    """Add somebody who chooses their own password, by a link."""
    added = store.add(
        session,
        email=email,
        display_name=display_name,
        role=role,
        password=secrets.token_urlsafe(48),
        agent_id=agent_id,
        language=language,
        now=now,
    )
    return added if isinstance(added, store.Refused) else _invited(session, added.person, now)


def new_link(session: Session, account_id: int, now: datetime) -> Invited | Refused:
    """A link for somebody who has lost their password: the old one, every sign-in and every earlier link end at once."""
    row = session.get(Account, account_id, with_for_update=True)
    if row is None:
        return Refused(reason=Reason.ACCOUNT_UNKNOWN)
    if not row.is_active:
        return Refused(reason=Reason.NOT_ACTIVE)
    store.set_password(session, account_id=account_id, password=secrets.token_urlsafe(48), now=now)
    return _invited(session, store.person_of(row), now)


def by_link(session: Session, token: str, now: datetime) -> Person | None:
    """Whose link this is; nobody's when it was used, is over, or its person is not active."""
    row = _link(session, token, now)
    return None if row is None else store.person_of(session.get_one(Account, row.account_id))


def use_link(session: Session, token: str, *, password: str, now: datetime) -> Person | store.Refused | Refused:
    """Choose the password; the link is good no more."""
    row = _link(session, token, now)
    if row is None:
        return Refused(reason=Reason.LINK_OVER)
    account = session.get_one(Account, row.account_id, with_for_update=True)
    problem = store.password_problem(password, email=account.email)
    if problem is not None:
        return store.Refused(reason=problem)
    # Of two who use it at once, one does.
    used = session.execute(
        update(SignInLink)
        .where(SignInLink.token_hash == row.token_hash, SignInLink.used_at.is_(None))
        .values(used_at=now)
    )
    if not used.rowcount:  # type: ignore[attr-defined] # an UPDATE answers with a CursorResult, which has it
        return Refused(reason=Reason.LINK_OVER)
    store.set_password(session, account_id=account.account_id, password=password, now=now)
    return store.person_of(account)


def change(
    session: Session,
    account_id: int,
    *,
    display_name: str,
    role: Role,
    language: str,
    agent_id: str | None,
    by: int | None,
    now: datetime,
) -> Change:
    """Change what an account is; with another role or agent its sign-ins end, so that no open page keeps the old ones."""
    admins = _admins(session)
    row = session.get(Account, account_id, with_for_update=True)
    if row is None:
        return Refused(reason=Reason.ACCOUNT_UNKNOWN)
    if row.role != role and account_id == by:
        return Refused(reason=Reason.OWN_ACCOUNT)
    if role is not Role.ADMIN and admins == {account_id}:
        return Refused(reason=Reason.LAST_ADMIN)
    taken = select(Account.account_id).where(Account.agent_id == agent_id, Account.account_id != account_id)
    if agent_id is not None and session.scalar(taken) is not None:
        return Refused(reason=Reason.AGENT_TAKEN)
    before = _member(session, row, now)
    is_other = (row.role, row.agent_id) != (role, agent_id)
    row.display_name, row.role, row.language, row.agent_id = display_name.strip(), role.value, language, agent_id
    session.flush()
    if is_other and account_id != by:
        _end_sign_ins(session, account_id, now)
    return Done(before=before, after=_member(session, row, now))


def set_active(session: Session, account_id: int, *, active: bool, by: int | None, now: datetime) -> Change:
    """Close an account, which ends its sign-ins and links at once, or open it again."""
    admins = _admins(session)
    row = session.get(Account, account_id, with_for_update=True)
    if row is None:
        return Refused(reason=Reason.ACCOUNT_UNKNOWN)
    if not active and account_id == by:
        return Refused(reason=Reason.OWN_ACCOUNT)
    if not active and admins == {account_id}:
        return Refused(reason=Reason.LAST_ADMIN)
    before = _member(session, row, now)
    if active:
        row.is_active = True
    else:
        store.deactivate(session, account_id=account_id, now=now)
        _end_links(session, account_id, now)
    session.flush()
    return Done(before=before, after=_member(session, row, now))


def _invited(session: Session, person: Person, now: datetime) -> Invited:
    _end_links(session, person.account_id, now)
    token = secrets.token_urlsafe(32)
    session.add(
        SignInLink(token_hash=_hash(token), account_id=person.account_id, made_at=now, ends_at=now + LINK_HOLDS)
    )
    session.flush()
    return Invited(person=person, token=token, until=now + LINK_HOLDS)


def _link(session: Session, token: str, now: datetime) -> SignInLink | None:
    query = (
        select(SignInLink)
        .join(Account, Account.account_id == SignInLink.account_id)
        .where(
            SignInLink.token_hash == _hash(token),
            SignInLink.used_at.is_(None),
            SignInLink.ends_at > now,
            Account.is_active,
        )
    )
    return session.scalar(query)


def _admins(session: Session) -> set[int]:
    """The admins who can sign in, locked: of two who close each other's account at once, one is told no."""
    query = select(Account.account_id).where(Account.role == Role.ADMIN, Account.is_active)
    return set(session.scalars(query.order_by(Account.account_id).with_for_update()))


def _end_links(session: Session, account_id: int, now: datetime) -> None:
    session.execute(
        update(SignInLink)
        .where(SignInLink.account_id == account_id, SignInLink.used_at.is_(None), SignInLink.ends_at > now)
        .values(ends_at=now)
    )


def _end_sign_ins(session: Session, account_id: int, now: datetime) -> None:
    session.execute(
        update(SignIn).where(SignIn.account_id == account_id, SignIn.ended_at.is_(None)).values(ended_at=now)
    )


def _member(session: Session, row: Account, now: datetime) -> Member:
    of_account = SignInLink.account_id == row.account_id
    return Member(
        person=store.person_of(row),
        is_active=row.is_active,
        added_at=row.added_at,
        seen_at=session.scalar(select(func.max(SignIn.seen_at)).where(SignIn.account_id == row.account_id)),
        link_until=session.scalar(
            select(func.max(SignInLink.ends_at)).where(
                of_account, SignInLink.used_at.is_(None), SignInLink.ends_at > now
            )
        ),
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
