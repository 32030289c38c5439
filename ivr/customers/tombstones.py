"""Tombstones: that something of a customer was erased, in a form that knows the customer again and names nobody.

Each has a key of its own, sealed with the installation's keys, and the customer's identifier as an HMAC under it: with the keys
one can ask "was it this one?", and without them nothing. A copy of each stands in a file outside of the database
(`ivr.calls.erasures`), so that a backup from before an erasure is caught when it comes back.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self, get_type_hints

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.customers.tables import Erasure
from sealing.columns import Sealed
from sealing.keys import KeyRing

_KEY_BYTES = 32  # RFC 2104, 3: as long as the hash's output


class Scope(StrEnum):
    """What was erased."""

    VOICE = "voice"  # voiceprint, evidence, fingerprints, decisions, the place among the background
    AUDIO = "audio"  # what was kept as sound
    NOTES = "notes"  # what contacts said
    PERSON = "person"  # everything but orders, which lose the person
    PERSON_AND_ORDERS = "person_and_orders"


class NotATombstoneError(ValueError):
    """A line of the file is no tombstone; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """One erasure."""

    erasure_id: str
    at: datetime
    scope: Scope
    asked_by: str
    customer_mac: str
    sealed_key: str  # as the column keeps it

    @property
    def line(self) -> str:
        """One line of JSON, for the file."""
        fields = {**vars(self), "at": self.at.isoformat()}
        return json.dumps(fields, ensure_ascii=True, sort_keys=True)

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Read a line. Raises `NotATombstoneError`."""
        fields = _fields(line)
        try:
            at, scope = datetime.fromisoformat(fields["at"]), Scope(fields["scope"])
        except ValueError:
            raise NotATombstoneError("its time or its scope is none") from None
        if at.utcoffset() is None:
            raise NotATombstoneError("its time has no time zone")
        rest = {name: value for name, value in fields.items() if name not in {"at", "scope"}}
        return cls(at=at, scope=scope, **rest)

    def is_about(self, customer_id: str, key: bytes) -> bool:
        """Whether it was this customer's, given the opened key."""
        return hmac.compare_digest(self.customer_mac, _mac(customer_id, key))

    def key(self, ring: KeyRing) -> bytes:
        """The key that it was made with. Raises `SealBrokenError` where the ring does not open it."""
        opened = Erasure.key.opened(Sealed(stored=self.sealed_key, ring=ring), erasure_id=self.erasure_id)
        return bytes.fromhex(opened)


def record(session: Session, *, customer_id: str, scope: Scope, asked_by: str, now: datetime) -> None:
    """Keep that something of a customer is being erased in this transaction."""
    key = secrets.token_bytes(_KEY_BYTES)
    session.add(
        Erasure(
            erasure_id=secrets.token_hex(16), at=now, scope=scope, asked_by=asked_by, customer_mac=_mac(customer_id, key),
            key=key.hex(),
        )
    )  # fmt: skip
    session.flush()


def keep(session: Session, tombstone: Tombstone, ring: KeyRing) -> None:
    """Keep a tombstone that came from the file: this database knows now that it was done."""
    row = Erasure(
        erasure_id=tombstone.erasure_id, at=tombstone.at, scope=tombstone.scope, asked_by=tombstone.asked_by,
        customer_mac=tombstone.customer_mac,
    )  # fmt: skip
    row.key = tombstone.key(ring).hex()
    session.add(row)
    session.flush()


def known(session: Session) -> frozenset[str]:
    """Which erasures this database knows of."""
    return frozenset(session.scalars(select(Erasure.erasure_id)))


def every(session: Session) -> tuple[Tombstone, ...]:
    """All tombstones of this database, the oldest first."""
    rows = session.execute(select(Erasure.__table__).order_by(Erasure.at)).all()
    return tuple(
        Tombstone(
            erasure_id=row.erasure_id, at=row.at, scope=Scope(row.scope), asked_by=row.asked_by,
            customer_mac=row.customer_mac, sealed_key=row.key.stored,
        )
        for row in rows
    )  # fmt: skip


def _fields(line: str) -> dict[str, str]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise NotATombstoneError("it is no JSON") from None
    if not isinstance(fields, dict) or set(fields) != set(get_type_hints(Tombstone)):
        raise NotATombstoneError("it has other fields than a tombstone")
    if not all(isinstance(value, str) for value in fields.values()):
        raise NotATombstoneError("a field of it is no text")
    return fields


def _mac(customer_id: str, key: bytes) -> str:
    return hmac.new(key, customer_id.encode(), hashlib.sha256).hexdigest()
