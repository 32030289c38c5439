"""Tokens of the API: made, shown once, used, ended. Of a token only a hash is kept; it acts as the person who made it."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.accounts import store
from ivr.accounts.scopes import beyond
from ivr.accounts.store import Person
from ivr.accounts.tables import Account, ApiToken

# So that a token that lies about is known for what it is, by people and by scanners for secrets.
BEGINS = "ctl_"
SHOWN_SIGNS = 12
# With "api:" before it, it stands in the audit trail.
LONGEST_NAME = 70
LONGEST_LIFE_DAYS = 366
# How true "last used" is: written at most so often, since a reading request should not write each time.
USE_KEPT_EACH = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Token:
    """One token as people may see it: never the secret."""

    token_id: int
    name: str
    begins: str  # its first signs
    scopes: tuple[str, ...]
    made_by: Person
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    ended_at: datetime | None

    def is_alive(self, now: datetime) -> bool:
        """Whether it can still be used."""
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, kw_only=True)
class Made:
    """The token exists now; the secret is told this once."""

    token: Token
    secret: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """No token was made, or none ended."""

    reason: str


Making: TypeAlias = Made | Refused


def make(
    session: Session, *, by: Person, name: str, scopes: Sequence[str], days: int, now: datetime,
    within: Sequence[str] | None = None,
) -> Making:  # fmt: skip
    """Make a token for `by`, which lives some days; one made by a token has no scope that is not `within` that one's."""
    wanted = tuple(dict.fromkeys(scopes))
    if not wanted:
        return Refused(reason="token_without_scope")
    if beyond(wanted, by.role) or (within is not None and set(wanted) - set(within)):
        return Refused(reason="scope_not_yours")
    if not 1 <= days <= LONGEST_LIFE_DAYS:
        return Refused(reason="token_life_out_of_range")
    secret = BEGINS + secrets.token_urlsafe(32)
    row = ApiToken(
        name=name.strip()[:LONGEST_NAME], begins=secret[:SHOWN_SIGNS], token_hash=_hash(secret), account_id=by.account_id,
        scopes=" ".join(wanted), made_at=now, expires_at=now + timedelta(days=days),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Made(token=_token(row, by), secret=secret)


def of_secret(session: Session, secret: str, *, now: datetime) -> Token | None:
    """The token that this secret is, while it lives and its maker may still sign in."""
    row = session.scalar(select(ApiToken).where(ApiToken.token_hash == _hash(secret)))
    maker = store.by_id(session, row.account_id) if row is not None else None
    if row is None or maker is None:
        return None
    token = _token(row, maker)
    return token if token.is_alive(now) else None


def used(session: Session, token: Token, *, now: datetime) -> None:
    """Keep when the token was used last."""
    session.execute(update(ApiToken).where(ApiToken.token_id == token.token_id).values(last_used_at=now))


def use_is_old(token: Token, now: datetime) -> bool:
    """Whether the kept time of the last use should be written anew."""
    return token.last_used_at is None or now - token.last_used_at >= USE_KEPT_EACH


def every(session: Session, *, of: int | None = None) -> Sequence[Token]:
    """All tokens, the newest first; those of one account where it is named."""
    query = select(ApiToken, Account).join(Account).order_by(ApiToken.token_id.desc())
    if of is not None:
        query = query.where(ApiToken.account_id == of)
    return tuple(_token(row, store.person_of(account)) for row, account in session.execute(query))


def one(session: Session, token_id: int) -> Token | None:
    """One token by its number."""
    found = session.execute(select(ApiToken, Account).join(Account).where(ApiToken.token_id == token_id)).first()
    return _token(found[0], store.person_of(found[1])) if found is not None else None


def end(session: Session, token_id: int, *, by: Person, now: datetime) -> bool:
    """End a token at once; False where none lives with this number."""
    ended = session.execute(
        update(ApiToken)
        .where(ApiToken.token_id == token_id, ApiToken.ended_at.is_(None))
        .values(ended_at=now, ended_by=by.account_id)
        .returning(ApiToken.token_id)
    )
    return ended.first() is not None


def _hash(secret: str) -> str:
    # The secret has 256 random bits: a fast hash is enough, nobody guesses it.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: ApiToken, maker: Person) -> Token:
    return Token(
        token_id=row.token_id, name=row.name, begins=row.begins, scopes=tuple(row.scopes.split()), made_by=maker,
        made_at=row.made_at, expires_at=row.expires_at, last_used_at=row.last_used_at, ended_at=row.ended_at,
    )  # fmt: skip
