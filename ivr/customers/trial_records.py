"""What a trial call takes of a customer's records, and what it has left behind: copies between two databases, read or added.

No voiceprint and no sound is copied: a trial is nobody's consent. The sessions come from outside; nothing here commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from ivr.customers.tables import Case, Consent, Contact, Customer, CustomerNumber, Message, Order, Return
from sealing.columns import if_it_opens

Row = TypeVar("Row", Customer, CustomerNumber, Order, Return, Case, Contact, Consent)
# A sealed column's own attribute of a record (`sealing.columns`).
_SEALED = "sealed_"


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Copies of all that a call looks at of a customer, bound to no session, in the order in which they can be added."""

    number: str  # the customer's own, "" for none
    language: str
    rows: Sequence[Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class LeftMessage:
    """A text message that a call has sent, or could not send."""

    to_number: str
    text: str = field(repr=False)
    status: str  # asked, accepted, failed


@dataclass(frozen=True, kw_only=True)
class LeftCase:
    """A case or a return that a call has opened."""

    kind: str
    number: str
    summary: str = field(repr=False)


def copies_of(session: Session, customer_id: str) -> Copies | None:
    """Copies of a customer's records; None for an unknown customer. What does not open is left empty."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        return None
    numbers = _rows(session, CustomerNumber, CustomerNumber.customer_id == customer_id)
    orders = _rows(session, Order, Order.customer_id == customer_id)
    returns = _rows(session, Return, Return.order_number.in_([one.order_number for one in orders]))
    rest: list[Any] = [
        *_rows(session, Case, Case.customer_id == customer_id),
        *_rows(session, Contact, Contact.customer_id == customer_id),
        *_rows(session, Consent, Consent.customer_id == customer_id),
    ]
    originals = [customer, *numbers, *orders, *returns, *rest]
    return Copies(
        number=min((one.number for one in numbers), default=""),
        language=customer.language,
        rows=[_copy(one) for one in originals],
    )


def made_up(
    *,
    name: str,
    number: str,
    language: str,
    orders: Sequence[Mapping[str, Any]],
    today: date,
    called_before: datetime | None = None,
    customer_id: str = "TRIAL",
) -> Copies:
    """The records of a customer who does not exist; an order's days count from today."""
    rows: list[Any] = [
        Customer(customer_id=customer_id, name=name, language=language, preferred_channel="phone", email=""),
        CustomerNumber(customer_id=customer_id, number=number),
    ]
    for order in orders:
        promised, due = (today + timedelta(days=order[f"{which}_in_days"]) for which in ("promised", "due"))
        is_delivered = order["status"] == "delivered"
        rows.append(
            Order(
                order_number=order["number"],
                customer_id=customer_id,
                items=order["items"],
                status=order["status"],
                placed_on=min(today, promised, due) - timedelta(days=3),
                due_on=due,
                promised_on=promised,
                delivered_on=due if is_delivered else None,
                carrier="",
                postcode=order["postcode"],
            )
        )
    if called_before is not None:
        past = {"channel": "phone", "reason": "order_status", "outcome": "answered", "note": "", "call_id": None}
        rows.append(Contact(customer_id=customer_id, at=called_before, **past))
    return Copies(number=number, language=language, rows=rows)


def add(session: Session, copies: Copies) -> None:
    """Add copies to the database of a trial; they can be added once."""
    for row in copies.rows:
        session.add(row)
        session.flush()


def messages_of(session: Session, call_id: str) -> tuple[LeftMessage, ...]:
    """The text messages of a call, in order."""
    rows = session.scalars(select(Message).where(Message.call_id == call_id).order_by(Message.message_id))
    return tuple(LeftMessage(to_number=row.to_number, text=row.text, status=row.status) for row in rows)


def cases_of(session: Session, call_id: str) -> tuple[LeftCase, ...]:
    """What a call has opened: cases, then returns."""
    cases = session.scalars(select(Case).where(Case.opened_in_call == call_id).order_by(Case.case_id))
    returns = session.scalars(select(Return).where(Return.opened_in_call == call_id).order_by(Return.return_number))
    return (
        *(LeftCase(kind=row.kind, number=row.case_id, summary=row.summary) for row in cases),
        *(LeftCase(kind="return", number=row.return_number, summary=row.order_number) for row in returns),
    )


def _rows(session: Session, table: type[Row], which: Any) -> Sequence[Row]:
    return session.scalars(select(table).where(which)).all()


def _copy(row: Row) -> Row:
    copy = type(row)()
    for attribute in inspect(type(row)).column_attrs:
        if not attribute.key.startswith(_SEALED):
            setattr(copy, attribute.key, getattr(row, attribute.key))
    # What is sealed is bound to the rest of its row, and sealed again with the keys of the database that it goes to.
    for attribute in inspect(type(row)).column_attrs:
        if attribute.key.startswith(_SEALED):
            name = attribute.key.removeprefix(_SEALED)
            setattr(copy, name, if_it_opens(row, name, ""))
    return copy
