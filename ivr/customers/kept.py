"""Everything that the records keep about one customer, under names that people can read: for the customer (GDPR, art. 15 and 20).

What calls and voices keep is put beside it by `ivr.calls.export`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.customers import ledger
from ivr.customers.tables import CallAudio, Case, Contact, Customer, CustomerNumber, Message, Order, Return


@dataclass(frozen=True, kw_only=True)
class Sound:
    """What was said in one turn, as it is kept."""

    call_id: str
    turn: int
    kept_until: datetime
    flac: bytes = field(repr=False)


def records_of(session: Session, customer_id: str, *, calls: Collection[str]) -> dict[str, Any]:
    """A customer's records as plain values; `calls` are theirs, and say which messages are."""
    customer = session.get_one(Customer, customer_id)
    numbers = session.scalars(select(CustomerNumber.number).where(CustomerNumber.customer_id == customer_id)).all()
    return {
        "customer": {
            "customer_id": customer.customer_id,
            "name": customer.name,
            "language": customer.language,
            "preferred_channel": customer.preferred_channel,
            "email": customer.email,
            "numbers": sorted(numbers),
        },
        "orders": _orders(session, customer_id),
        "cases": _cases(session, customer_id),
        "contacts": _contacts(session, customer_id),
        "messages": _messages(session, calls),
        "consents": [_consent(line) for line in ledger.ledger_of(session, customer_id)],
    }


def sounds_of(session: Session, customer_id: str) -> tuple[Sound, ...]:
    """What is kept of a customer as sound."""
    query = select(CallAudio).where(CallAudio.customer_id == customer_id).order_by(CallAudio.call_id, CallAudio.turn)
    return tuple(
        Sound(call_id=row.call_id, turn=row.turn, kept_until=row.kept_until, flac=row.flac)
        for row in session.scalars(query)
    )


def _orders(session: Session, customer_id: str) -> list[Mapping[str, Any]]:
    rows = session.scalars(select(Order).where(Order.customer_id == customer_id).order_by(Order.placed_on)).all()
    numbers = [row.order_number for row in rows]
    returns = {row.order_number: row for row in session.scalars(select(Return).where(Return.order_number.in_(numbers)))}
    return [
        {
            "order_number": row.order_number,
            "items": row.items,
            "status": row.status,
            "placed_on": _plain(row.placed_on),
            "promised_on": _plain(row.promised_on),
            "due_on": _plain(row.due_on),
            "delivered_on": _plain(row.delivered_on),
            "carrier": row.carrier,
            "postcode": row.postcode,
            "return": _return(returns.get(row.order_number)),
        }
        for row in rows
    ]


def _return(row: Return | None) -> Mapping[str, Any] | None:
    if row is None:
        return None
    return {
        "return_number": row.return_number,
        "opened_at": _plain(row.opened_at),
        "closed_at": _plain(row.closed_at),
        "opened_in_call": row.opened_in_call,
    }


def _cases(session: Session, customer_id: str) -> list[Mapping[str, Any]]:
    rows: Sequence[Case] = session.scalars(
        select(Case).where(Case.customer_id == customer_id).order_by(Case.opened_at)
    ).all()
    return [
        {
            "case_id": row.case_id,
            "kind": row.kind,
            "summary": row.summary,
            "number_to_call": row.number,
            "opened_at": _plain(row.opened_at),
            "due_at": _plain(row.due_at),
            "closed_at": _plain(row.closed_at),
            "opened_in_call": row.opened_in_call,
        }
        for row in rows
    ]


def _contacts(session: Session, customer_id: str) -> list[Mapping[str, Any]]:
    rows = session.scalars(select(Contact).where(Contact.customer_id == customer_id).order_by(Contact.at)).all()
    return [
        {
            "at": _plain(row.at),
            "channel": row.channel,
            "reason": row.reason,
            "outcome": row.outcome,
            "note": row.note,
            "call_id": row.call_id,
        }
        for row in rows
    ]


def _messages(session: Session, calls: Collection[str]) -> list[Mapping[str, Any]]:
    # Of their calls alone: to a number that they share went messages of somebody else's calls too.
    rows = session.scalars(select(Message).where(Message.call_id.in_(calls)).order_by(Message.asked_at)).all()
    return [
        {"at": _plain(row.asked_at), "to_number": row.to_number, "text": row.text, "status": row.status} for row in rows
    ]


def _consent(line: ledger.LedgerLine) -> Mapping[str, Any]:
    return {
        "at": _plain(line.at),
        "purpose": line.purpose,
        "answer": str(line.answer),
        "stands": line.stands,
        "asked_by": str(line.asked.by),
        "channel": line.asked.channel,
        "wording": line.asked.wording,
        "wording_version": line.asked.wording_version,
        "language": line.asked.language,
        "call_id": line.asked.call_id,
        "heard": line.asked.heard,
        "turn_of_kept_audio": line.audio_turn,
        "in_words": {language: line.sentence(language) for language in ("it", "en")},
    }


def _plain(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat()
