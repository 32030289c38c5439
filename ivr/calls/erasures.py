"""Erasing a customer, wholly or their voice alone, through everything that the service keeps; and backups that come back.

Each erasure leaves a tombstone in the database and, as a line, in a file outside of it. A database that does not know a tombstone
of the file is a backup from before that erasure: it is done again, at every start, upgrade and sweep (`reconcile`).
"""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from biometrics.vault import Vault
from ivr.calls import callbacks, forgetting, withdrawal
from ivr.customers import erasure, ledger, tombstones
from ivr.customers import store as customers
from ivr.customers.ledger import CALL_AUDIO, VOICE_VERIFICATION, Answer, Asked, AskedBy
from ivr.customers.tombstones import NotATombstoneError, Scope, Tombstone
from sealing.columns import ring_of
from sealing.keys import SealBrokenError

_log = logging.getLogger(__name__)

# The channel of what is done again because a backup came back.
BACKUP = "backup"


@dataclass(frozen=True, kw_only=True)
class Erased:
    """The person is gone."""

    rows: Mapping[str, int]  # how many rows of what were erased or emptied
    shared_numbers: frozenset[str] = field(repr=False)  # left where they are: on another customer's file too


@dataclass(frozen=True, kw_only=True)
class CallGoesOn:
    """Nothing was erased: a call of the customer is not over, and cannot go on without its state."""

    calls: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """There is no such customer."""


ErasureOutcome: TypeAlias = Erased | CallGoesOn | Unknown


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """What a database and its file of erasures did not know of each other."""

    done_again: int  # erasures that this database did not know
    unreadable: int  # lines that are no tombstones, or whose key is not on the ring
    written: int  # lines that the file lacked


def file_of(engine: Engine, chosen: Path | None) -> Path:
    """The file of erasures: as chosen, else beside a SQLite database, else in the folder `var`."""
    if chosen is not None:
        return chosen
    name = engine.url.database if engine.dialect.name == "sqlite" else None
    folder = Path(name).parent if name and name != ":memory:" else Path("var")
    return folder / "erasures.jsonl"


def erase_voice(session: Session, customer_id: str, *, by: AskedBy, channel: str, now: datetime) -> bool:
    """Erase everything of a customer's voice, with the consents it rests on; False where there is no such customer."""
    if customers.customer(session, customer_id) is None:
        return False
    for purpose in (VOICE_VERIFICATION, CALL_AUDIO):
        withdrawal.withdraw(session, customer_id, purpose, by=by, channel=channel, now=now)
    return True


def erase_person(
    session: Session, customer_id: str, *, by: AskedBy, now: datetime, with_orders: bool = False
) -> ErasureOutcome:
    """Erase everything that says who a customer is or what they said, and leave a tombstone."""
    if customers.customer(session, customer_id) is None:
        return Unknown()
    numbers = erasure.numbers_of(session, customer_id)
    live = forgetting.going_on(session, forgetting.calls_of(session, customer_id, numbers.own))
    if live:
        return CallGoesOn(calls=live)
    rows = _erase_person(session, customer_id, with_orders=with_orders, now=now)
    scope = Scope.PERSON_AND_ORDERS if with_orders else Scope.PERSON
    tombstones.record(session, customer_id=customer_id, scope=scope, asked_by=by, now=now)
    return Erased(rows=rows, shared_numbers=numbers.shared)


def reconcile(session: Session, file: Path, now: datetime) -> Reconciled:
    """Do again what this database does not know to have been erased, and complete the file.

    Raises OSError where the file is there and cannot be read, or cannot be written.
    """
    ring = ring_of(session.connection())
    read, unreadable = _read(file)
    known = tombstones.known(session)
    done_again = 0
    for tombstone in read:
        if tombstone.erasure_id in known:
            continue
        try:
            key = tombstone.key(ring)
        except (SealBrokenError, ValueError):
            unreadable += 1
            continue
        for customer_id in customers.every_id(session):
            if tombstone.is_about(customer_id, key):
                _do_again(session, customer_id, tombstone.scope, now)
        tombstones.keep(session, tombstone, ring)
        done_again += 1
    in_file = {tombstone.erasure_id for tombstone in read}
    lacking = [one for one in tombstones.every(session) if one.erasure_id not in in_file] if known - in_file else []
    _append(file, lacking)
    if done_again:
        _log.warning("this database was from before %d erasures: they were done again", done_again)
    if unreadable:
        _log.error(
            "%d lines of %s cannot be read with these data_keys: what they erased is not done again", unreadable, file
        )
    return Reconciled(done_again=done_again, unreadable=unreadable, written=len(lacking))


def _erase_person(session: Session, customer_id: str, *, with_orders: bool, now: datetime) -> dict[str, int]:
    # Whoever is just keeping something of theirs comes first, or finds nobody.
    ledger.lock_customer(session, customer_id)
    numbers = erasure.numbers_of(session, customer_id).own
    calls = forgetting.calls_of(session, customer_id, numbers)
    Vault(ring_of(session.connection())).erase(session, customer_id)
    rows = erasure.erase_person(
        session, customer_id=customer_id, numbers=numbers, calls=calls, with_orders=with_orders, now=now
    )
    rows["callbacks"] = callbacks.forget(session, customer_id, calls=calls, numbers=numbers, now=now)
    return {**rows, "calls": forgetting.forget_person(session, calls, numbers)}


def _do_again(session: Session, customer_id: str, scope: Scope, now: datetime) -> None:
    if scope in {Scope.PERSON, Scope.PERSON_AND_ORDERS}:
        # Whatever call a backup believes to go on is over.
        _erase_person(session, customer_id, with_orders=scope is Scope.PERSON_AND_ORDERS, now=now)
        return
    purpose = withdrawal.PURPOSES[scope]
    if ledger.consents_of(session, customer_id).get(purpose):
        # The backup's ledger does not know the withdrawal: without it, everything would be collected anew.
        asked = Asked(by=AskedBy.ADMIN, channel=BACKUP)
        ledger.record_answer(
            session, customer_id=customer_id, purpose=purpose, answer=Answer.WITHDRAWN, asked=asked, now=now
        )
    withdrawal.erase(session, customer_id, scope)


def _read(file: Path) -> tuple[list[Tombstone], int]:
    if not file.exists():
        return [], 0
    found: dict[str, Tombstone] = {}
    unreadable = 0
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.strip():
            continue
        try:
            tombstone = Tombstone.of_line(line)
        except NotATombstoneError:
            unreadable += 1
        else:
            found[tombstone.erasure_id] = tombstone
    return list(found.values()), unreadable


def _append(file: Path, lacking: Iterable[Tombstone]) -> None:
    lines = "".join(f"{tombstone.line}\n" for tombstone in lacking)
    if not lines:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    # One write at the end of the file: other processes append to it as well.
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, lines.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
