"""Step-ups that wait for their answer: digits that were asked to be said, and one-time codes that were sent.

A part of `biometrics.vault`; the session comes from outside, and nothing here commits. Who draws the digits, says or sends them
is left to others.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from biometrics.seals import Unreadable, about, open_text, seal_text
from biometrics.tables import Challenge
from sealing.keys import KeyRing

# NIST SP 800-63B 5.1.3.2: a code that was sent is good for ten minutes at the most. Of a million codes three tries hit one in
# 333,333 times.
GOOD_FOR: Final = timedelta(minutes=10)
MOST_TRIES: Final = 3


class Settled(StrEnum):
    """What an answer to a challenge came to."""

    PASSED = "passed"
    WRONG = "wrong"
    USED_UP = "used_up"  # three wrong answers: no further one is looked at
    EXPIRED = "expired"
    NONE = "none"  # nothing was asked, or it was answered already
    UNREADABLE = "unreadable"  # what was asked does not open


@dataclass(frozen=True, kw_only=True)
class OpenChallenge:
    """A challenge that waits for its answer."""

    secret: str = field(repr=False)
    at: datetime
    tries_left: int


class Challenges:
    """Challenges by call and way (digits, code)."""

    def __init__(self, ring: KeyRing) -> None:
        """Take the keys that seal and open."""
        self._ring = ring

    def keep_challenge(
        self, session: Session, *, call_id: str, way: str, customer_id: str, secret: str, now: datetime
    ) -> None:
        """Keep what is asked, in place of what was asked in this way before; a new secret gives no new tries to wrong answers."""
        row = _held(session, call_id, way)
        sealed = seal_text(self._ring, secret, bound_to=_about(customer_id, call_id, way))
        if row is None:
            try:
                with session.begin_nested():
                    session.add(
                        Challenge(call_id=call_id, way=way, customer_id=customer_id, at=now, tries=0, sealed=sealed)
                    )
            except IntegrityError:
                row = _held(session, call_id, way)
        if row is not None:
            row.tries = 0 if row.settled or row.customer_id != customer_id else row.tries
            row.customer_id, row.at, row.settled, row.sealed = customer_id, now, False, sealed
            session.flush()

    def challenge_of(
        self, session: Session, call_id: str, way: str, customer_id: str
    ) -> OpenChallenge | Unreadable | None:
        """Give the challenge of a call that waits for this customer's answer."""
        row = session.get(Challenge, (call_id, way), populate_existing=True)
        if row is None or row.settled or row.customer_id != customer_id:
            return None
        secret = open_text(self._ring, row.sealed, bound_to=_about(customer_id, call_id, way))
        if isinstance(secret, Unreadable):
            return secret
        return OpenChallenge(secret=secret, at=row.at, tries_left=max(0, MOST_TRIES - row.tries))

    def settle_challenge(
        self, session: Session, call_id: str, way: str, customer_id: str, *, said: str, now: datetime
    ) -> Settled:
        """Compare an answer, and count it; what was answered rightly is over."""
        row = _held(session, call_id, way)
        if row is None or row.settled or row.customer_id != customer_id:
            return Settled.NONE
        if row.tries >= MOST_TRIES:
            return Settled.USED_UP
        if not row.at <= now <= row.at + GOOD_FOR:
            return Settled.EXPIRED
        secret = open_text(self._ring, row.sealed, bound_to=_about(customer_id, call_id, way))
        if isinstance(secret, Unreadable):
            return Settled.UNREADABLE
        row.tries += 1
        row.settled = bool(secret) and hmac.compare_digest(secret.encode(), said.encode())
        session.flush()
        return Settled.PASSED if row.settled else Settled.WRONG


def _held(session: Session, call_id: str, way: str) -> Challenge | None:
    return session.get(Challenge, (call_id, way), with_for_update=True, populate_existing=True)


def _about(customer_id: str, call_id: str, way: str) -> str:
    return about(Challenge.__tablename__, customer_id, call_id, way)
