"""Erasing a customer's records: the person goes, and what remains counts things without saying whose they were.

Calls and voices are kept elsewhere; `ivr.calls.erasure` brings it all together.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from ivr.customers.tables import CallAudio, Case, Consent, Contact, Customer, CustomerNumber, Message, Order

# What a customer's orders hang on when the person is gone: a customer without name, number or past.
NOBODY = "nobody-"


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The telephone numbers on a customer's file."""

    own: frozenset[str]  # on nobody else's file
    shared: frozenset[str]


def numbers_of(session: Session, customer_id: str) -> Numbers:
    """The numbers of a customer; one that is on another's file too is that other's as well."""
    numbers = frozenset(session.scalars(select(CustomerNumber.number).where(CustomerNumber.customer_id == customer_id)))
    others = (CustomerNumber.number.in_(numbers), CustomerNumber.customer_id != customer_id)
    shared = frozenset(session.scalars(select(CustomerNumber.number).where(*others)))
    return Numbers(own=numbers - shared, shared=shared)


def forget_notes(session: Session, customer_id: str) -> int:
    """Empty what the contacts of a customer said; that there was a contact remains."""
    rows = session.scalars(select(Contact).where(Contact.customer_id == customer_id)).all()
    for row in rows:
        row.note = ""
    session.flush()
    return len(rows)


def erase_person(
    session: Session,
    *,
    customer_id: str,
    numbers: Collection[str],
    calls: Collection[str],
    with_orders: bool,
    now: datetime,
) -> dict[str, int]:
    """Erase the person: everything here that names them, by their identifier, their own numbers, or their calls.

    Cases lose the person and are closed. Orders and their returns are the shop's records: they go only `with_orders`, and
    otherwise hang together on a customer that is nobody. Returns how many rows of what were touched.
    """
    done = {
        "messages": _count(session, Message, _is_of_calls_or_numbers(Message, calls, numbers)),
        "contacts": _count(session, Contact, Contact.customer_id == customer_id),
        "consents": _count(session, Consent, Consent.customer_id == customer_id),
        "call_audio": _count(session, CallAudio, CallAudio.customer_id == customer_id),
        "cases": _forget_cases(session, customer_id, numbers, calls, now),
        "orders": _count(session, Order, Order.customer_id == customer_id),
    }
    session.execute(delete(Message).where(_is_of_calls_or_numbers(Message, calls, numbers)))
    if done["orders"] and not with_orders:
        nobody = Customer(
            customer_id=f"{NOBODY}{secrets.token_hex(8)}", name="", language="", preferred_channel="", email=""
        )
        session.add(nobody)
        session.flush()
        session.execute(update(Order).where(Order.customer_id == customer_id).values(customer_id=nobody.customer_id))
    # Numbers, contacts, consents, kept audio and, where they still hang on it, orders with their returns go with it.
    session.execute(delete(Customer).where(Customer.customer_id == customer_id))
    session.expire_all()
    return done


def _forget_cases(
    session: Session, customer_id: str, numbers: Collection[str], calls: Collection[str], now: datetime
) -> int:
    theirs = or_(
        Case.customer_id == customer_id,
        Case.number.in_(numbers),
        Case.customer_id.is_(None) & Case.opened_in_call.in_(calls),
    )
    rows = session.scalars(select(Case).where(theirs)).all()
    for row in rows:
        row.customer_id, row.number, row.summary = None, "", ""
        row.closed_at = row.closed_at or now
    session.flush()
    return len(rows)


def _is_of_calls_or_numbers(
    table: type[Message], calls: Collection[str], numbers: Collection[str]
) -> ColumnElement[bool]:
    return or_(table.call_id.in_(calls), table.to_number.in_(numbers))


def _count(session: Session, table: type, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(which)) or 0
