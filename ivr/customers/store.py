"""Reading and keeping what the company knows of its customers. The session comes from outside; nothing here commits.

Outcomes that a caller can cause are values (`Late`, `NotFound` ...), which the conductor turns into the flow's outcomes.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, Delete, Select, and_, delete, exists, or_, select
from sqlalchemy.orm import Session, aliased

from ivr.customers import ledger
from ivr.customers.ledger import CALL_AUDIO, Answer, lock_customer
from ivr.customers.tables import CallAudio, Case, Consent, Contact, Customer, CustomerNumber, Message, Order, Return
from sealing.columns import if_it_opens
from sealing.keys import SealBrokenError

_log = logging.getLogger(__name__)

# DESIGN.md 1: 90% want the problem solved within 24 hours.
CASE_DUE = timedelta(hours=24)
# Fourteen days from delivery: the right of withdrawal, directive 2011/83/EU art. 9, d.lgs. 206/2005 art. 52.
RETURN_WINDOW = timedelta(days=14)

# The ledger's own, for whoever asks the store first.
consents_of, record_consent = ledger.consents_of, ledger.record_consent

RETURN_LETTER, CASE_LETTER = "R", "C"
# Six digits can be said, heard and noted; after eight taken ones in a row the short numbers are nearly used up (judgement).
_SHORT_DIGITS, _LONG_DIGITS = 6, 10
_SHORT_ATTEMPTS, _MOST_ATTEMPTS = 8, 24


@dataclass(frozen=True, kw_only=True)
class Found:
    """The order, to be told to this caller."""

    order: Order
    days_late: int  # 0 when on time


@dataclass(frozen=True, kw_only=True)
class NotFound:
    """No order has this number."""


@dataclass(frozen=True, kw_only=True)
class NeedsProof:
    """The order exists, but nothing shows that it is this caller's."""


@dataclass(frozen=True, kw_only=True)
class WrongProof:
    """The postcode given is not the order's."""


OrderAnswer: TypeAlias = Found | NotFound | NeedsProof | WrongProof


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A case or a return was opened."""

    number: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class AlreadyOpen:
    """It was open before."""

    number: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class Refused:
    """It cannot be opened."""

    reason: str


CaseAnswer: TypeAlias = Opened | AlreadyOpen | Refused


def by_number(session: Session, number: str) -> Sequence[Customer]:
    """The customers that have a number (E.164) on file."""
    query = select(Customer).join(CustomerNumber).where(CustomerNumber.number == number).order_by(Customer.customer_id)
    return session.scalars(query).all()


def customer(session: Session, customer_id: str | None) -> Customer | None:
    """One customer, if known."""
    return session.get(Customer, customer_id) if customer_id else None


def every_id(session: Session) -> Sequence[str]:
    """The identifiers of all customers."""
    return session.scalars(select(Customer.customer_id).order_by(Customer.customer_id)).all()


def orders_of(session: Session, customer_id: str) -> Sequence[Order]:
    """The orders of a customer, the newest first."""
    query = (
        select(Order)
        .where(Order.customer_id == customer_id)
        .order_by(Order.placed_on.desc(), Order.order_number.desc())
    )
    return session.scalars(query).all()


def open_cases_of(session: Session, customer_id: str) -> Sequence[Case]:
    """What stays open for a customer, the soonest due first."""
    query = select(Case).where(Case.customer_id == customer_id, Case.closed_at.is_(None)).order_by(Case.due_at)
    return session.scalars(query).all()


def open_returns_of(session: Session, customer_id: str) -> Sequence[Return]:
    """The returns of a customer that are under way."""
    query = select(Return).join(Order).where(Order.customer_id == customer_id, Return.closed_at.is_(None))
    return session.scalars(query.order_by(Return.opened_at.desc())).all()


def contacts_of(session: Session, customer_id: str, *, most: int = 10) -> Sequence[Contact]:
    """The last contacts of a customer on every channel, the newest first."""
    query = select(Contact).where(Contact.customer_id == customer_id).order_by(Contact.at.desc()).limit(most)
    return session.scalars(query).all()


def has_contacts(session: Session, customer_id: str) -> bool:
    """Whether the customer has dealt with the line before."""
    query = select(Contact.contact_id).where(Contact.customer_id == customer_id, Contact.channel == "phone").limit(1)
    return session.scalar(query) is not None


def days_late(order: Order, today: date) -> int:
    """By how many days an order is later than first promised, 0 when it is not or is closed."""
    if order.status in {"delivered", "cancelled"}:
        return 0
    return max(0, (max(order.due_on, today) - order.promised_on).days)


def found(order: Order, today: date) -> Found:
    """An order as it is told on a day."""
    return Found(order=order, days_late=days_late(order, today))


def look_up_order(
    session: Session, *, order_number: str, customer_id: str | None, postcode: str | None, today: date
) -> OrderAnswer:
    """An order, if this caller may hear of it: by a number on its customer's file, or by the postcode it goes to."""
    order = session.get(Order, order_number)
    if order is None:
        return NotFound()
    if order.customer_id != customer_id:
        if postcode is None:
            return NeedsProof()
        if postcode != order.postcode:
            return WrongProof()
    return found(order, today)


def open_return(session: Session, *, order_number: str, call_id: str, now: datetime, today: date) -> CaseAnswer:
    """Open the return of a delivered order within the days of withdrawal."""
    order = session.get(Order, order_number)
    if order is None:
        return Refused(reason="not_found")
    existing = session.scalar(select(Return).where(Return.order_number == order_number))
    due_at = now + RETURN_WINDOW
    if existing is not None:
        return AlreadyOpen(number=existing.return_number, due_at=existing.opened_at + RETURN_WINDOW)
    if order.status != "delivered" or order.delivered_on is None:
        return Refused(reason="not_delivered")
    if today - order.delivered_on > RETURN_WINDOW:
        return Refused(reason="too_late")
    number = _free_number(session, RETURN_LETTER, order_number)
    session.add(Return(return_number=number, order_number=order_number, opened_at=now, opened_in_call=call_id))
    return Opened(number=number, due_at=due_at)


def open_case(
    session: Session,
    *,
    kind: str,
    customer_id: str | None,
    number: str,
    summary: str,
    call_id: str,
    now: datetime,
    due_at: datetime | None = None,
) -> CaseAnswer:
    """Open a case, due in 24 hours unless said otherwise; one of a kind per call, so that a repeated webhook opens none."""
    existing = session.scalar(select(Case).where(Case.opened_in_call == call_id, Case.kind == kind))
    if existing is not None:
        return AlreadyOpen(number=existing.case_id, due_at=existing.due_at)
    case_id = _free_number(session, CASE_LETTER, f"{call_id}/{kind}")
    due = due_at or now + CASE_DUE
    session.add(
        Case(
            case_id=case_id, customer_id=customer_id, number=number, kind=kind, summary=summary,
            opened_at=now, due_at=due, opened_in_call=call_id,
        )
    )  # fmt: skip
    return Opened(number=case_id, due_at=due)


def settle_case(session: Session, *, kind: str, opened_in_call: str, now: datetime) -> bool:
    """Close the case of a kind that a call has opened, since it has been seen to; False where none is open."""
    case = session.scalar(select(Case).where(Case.opened_in_call == opened_in_call, Case.kind == kind))
    if case is None or case.closed_at is not None:
        return False
    case.closed_at = now
    return True


def audio_kept_until(session: Session, customer_id: str, *, longest: timedelta) -> datetime | None:
    """Until when the consent that a customer gave lets their audio be kept; None without a consent that stands."""
    answered = (Consent.customer_id == customer_id, Consent.purpose == CALL_AUDIO, Consent.answer != Answer.UNCLEAR)
    query = select(Consent).where(*answered)
    newest = session.scalar(query.order_by(Consent.at.desc(), Consent.consent_id.desc()).limit(1))
    return newest.at + longest if newest is not None and newest.granted else None


def keep_audio(
    session: Session, *, customer_id: str, call_id: str, turn: int, flac: bytes, now: datetime, longest: timedelta
) -> bool:
    """Keep the sound of a turn, if the customer's consent stands and is not older than `longest`; else keep nothing."""
    lock_customer(session, customer_id)
    until = audio_kept_until(session, customer_id, longest=longest)
    if until is None or until <= now:
        return False
    session.merge(CallAudio(call_id=call_id, turn=turn, customer_id=customer_id, kept_until=until, flac=flac))
    session.flush()
    return True


def turns_with_audio(session: Session, call_id: str, now: datetime) -> frozenset[int]:
    """The turns of a call whose sound may be listened to."""
    return frozenset(session.scalars(select(CallAudio.turn).where(CallAudio.call_id == call_id, *_may_be_heard(now))))


def audio_of(session: Session, *, call_id: str, turn: int, now: datetime) -> bytes | None:
    """The sound of a turn (FLAC), as long as it may be listened to; None also where it does not open."""
    wanted = (CallAudio.call_id == call_id, CallAudio.turn == turn)
    kept = session.scalar(select(CallAudio).where(*wanted, *_may_be_heard(now)))
    try:
        return None if kept is None else kept.flac
    except SealBrokenError as error:
        _log.error("kept sound does not open: %s", error)
        return None


def erase_audio_but_of(session: Session, calls: Select[tuple[str]]) -> int:
    """Erase the sound of every call that is not among these: a call's own table is not ours to know. Of how many turns."""
    return _erased(session, delete(CallAudio).where(CallAudio.call_id.not_in(calls)))


def erase_audio_that_is_over(session: Session, now: datetime, *, longest: timedelta | None = None) -> int:
    """Erase the sound whose time is over, or whose consent no longer stands however that came about. Of how many turns.

    A consent that is older than `longest` keeps nothing any more.
    """
    since = None if longest is None else now - longest
    return _erased(session, delete(CallAudio).where(or_(CallAudio.kept_until <= now, ~_consent_stands(since))))


def _erased(session: Session, statement: Delete) -> int:
    result = session.execute(statement)
    return int(result.rowcount)  # type: ignore[attr-defined] # a DELETE answers with a CursorResult, which has it


def _may_be_heard(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return CallAudio.kept_until > now, _consent_stands()


def _consent_stands(since: datetime | None = None) -> ColumnElement[bool]:
    later = aliased(Consent)
    is_later = or_(later.at > Consent.at, and_(later.at == Consent.at, later.consent_id > Consent.consent_id))
    is_of = (later.customer_id == Consent.customer_id, later.purpose == CALL_AUDIO, later.answer != Answer.UNCLEAR)
    return exists().where(
        Consent.customer_id == CallAudio.customer_id,
        Consent.purpose == CALL_AUDIO,
        Consent.granted.is_(True),
        *(() if since is None else (Consent.at > since,)),
        ~exists().where(*is_of, is_later),
    )


def record_contact(
    session: Session, *, customer_id: str, call_id: str, reason: str, outcome: str, now: datetime, note: str = ""
) -> None:
    """Keep a telephone contact once per call; what is known later (outcome, note) completes it."""
    existing = session.scalar(select(Contact).where(Contact.call_id == call_id))
    if existing is None:
        session.add(
            Contact(
                customer_id=customer_id,
                at=now,
                channel="phone",
                reason=reason,
                outcome=outcome,
                note=note,
                call_id=call_id,
            )
        )
        return
    existing.reason = reason or existing.reason
    existing.outcome = outcome or existing.outcome
    written = if_it_opens(existing, "note", "")
    if note and note not in written:
        # Two agents of one call write one after the other.
        existing.note = "\n".join(filter(None, (written, note)))


def record_message(session: Session, *, call_id: str, to_number: str, text_: str, now: datetime) -> Message:
    """Keep a text message that is about to be sent."""
    message = Message(call_id=call_id, to_number=to_number, text=text_, asked_at=now, status="asked")
    session.add(message)
    session.flush()
    return message


def settle_message(session: Session, message_id: int, *, accepted: bool) -> None:
    """Say what the carrier answered to a message."""
    message = session.get(Message, message_id)
    if message is not None:
        message.status = "accepted" if accepted else "failed"


def _free_number(session: Session, letter: str, subject: str) -> str:
    """A short number that a caller can note and that nothing else has; it is longer once the short ones have grown rare."""
    table: type[Return | Case] = Return if letter == RETURN_LETTER else Case
    for attempt in range(_MOST_ATTEMPTS):
        digits = _SHORT_DIGITS if attempt < _SHORT_ATTEMPTS else _LONG_DIGITS
        digest = int.from_bytes(hashlib.sha256(f"{subject}/{attempt}".encode()).digest()[:8])
        number = f"{letter}{digest % 10**digits:0{digits}d}"
        if session.get(table, number) is None:
            return number
    raise RuntimeError(f"no number is free for a new {table.__name__.lower()}: their table is full")
