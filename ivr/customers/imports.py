"""Keeping what files and other systems tell of customers and orders: new ones are added, known ones completed or changed.

By key: the same record told twice changes nothing the second time. The session comes from outside; nothing here commits.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.customers import tombstones
from ivr.customers.records import CustomerRecord, OrderRecord, Record
from ivr.customers.tables import Customer, CustomerNumber, Order
from ivr.customers.tombstones import Scope
from sealing.columns import if_it_opens, ring_of
from sealing.keys import SealBrokenError

# Databases take no more values than some thousands in one statement (SQLite: 32,766).
_AT_ONCE = 1000
_NEW_ORDER = ("customer_id", "items", "status", "placed_on", "due_on")
_ORDER_FIELDS = (
    "customer_id", "items", "status", "placed_on", "due_on", "promised_on", "delivered_on", "carrier", "postcode",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many there are, or are touched."""

    customers: int
    orders: int


class Known:
    """What the tables already have of a file's records, read once."""

    def __init__(self, session: Session, *, customers: Collection[str], orders: Collection[str]) -> None:
        """Read the customers and orders with these keys."""
        self.customers: Mapping[str, Customer] = {
            row.customer_id: row
            for keys in _in_parts(customers)
            for row in session.scalars(select(Customer).where(Customer.customer_id.in_(keys)))
        }
        self.orders: Mapping[str, Order] = {
            row.order_number: row
            for keys in _in_parts(orders)
            for row in session.scalars(select(Order).where(Order.order_number.in_(keys)))
        }
        self.numbers: dict[str, set[str]] = {}
        for keys in _in_parts(customers):
            for line in session.scalars(select(CustomerNumber).where(CustomerNumber.customer_id.in_(keys))):
                self.numbers.setdefault(line.customer_id, set()).add(line.number)


def counts(session: Session) -> Counted:
    """How many customers and orders there are."""
    return Counted(
        customers=session.scalar(select(func.count()).select_from(Customer)) or 0,
        orders=session.scalar(select(func.count()).select_from(Order)) or 0,
    )


def missing_of(record: Record, known: Known) -> tuple[str, ...]:
    """The fields without which a new one cannot be kept; none for one that is known."""
    if isinstance(record, CustomerRecord):
        is_new = record.customer_id not in known.customers
        return ("name",) if is_new and not record.name else ()
    if record.order_number in known.orders:
        return ()
    return tuple(name for name in _NEW_ORDER if getattr(record, name) is None)


def changes_of(record: Record, known: Known) -> frozenset[str] | None:
    """Which fields of a known one would change; None for a new one."""
    return _customer_changes(record, known) if isinstance(record, CustomerRecord) else _order_changes(record, known)


def keep(session: Session, records: Sequence[Record], known: Known) -> None:
    """Keep them all; customers must be there before their orders."""
    for record in records:
        if isinstance(record, CustomerRecord):
            _keep_customer(session, record, known)
        else:
            _keep_order(session, record, known)
    session.flush()


def keep_told(session: Session, record: Record, *, language: str, number: str = "") -> bool:
    """Keep what another system told in the middle of a call; False where too little was told.

    `number` is the one that a customer was found by; no number is taken from a customer here. A customer who is not known yet is
    added with their order, in this language: a caller may be told of it only as theirs.
    """
    customer_id = record.customer_id
    known = Known(
        session,
        customers=[] if customer_id is None else [customer_id],
        orders=[record.order_number] if isinstance(record, OrderRecord) else [],
    )
    if missing_of(record, known):
        return False
    if isinstance(record, CustomerRecord):
        standing = known.numbers.get(record.customer_id, set())
        record = replace(record, numbers=tuple({*standing, *(record.numbers or ()), *filter(None, (number,))}))
    if isinstance(record, OrderRecord) and customer_id is not None and customer_id not in known.customers:
        session.add(
            Customer(
                customer_id=customer_id, name=record.customer_name or "", language=language, preferred_channel="phone",
                email="",
            )
        )  # fmt: skip
        session.flush()
    if changes_of(record, known) != frozenset():
        keep(session, [record], known)
    return True


def erased(session: Session, customers: Collection[str]) -> frozenset[str]:
    """Those of these customers who have asked to be erased: no file brings them back."""
    ring = ring_of(session.connection())
    found: set[str] = set()
    for stone in tombstones.every(session):
        if stone.scope not in {Scope.PERSON, Scope.PERSON_AND_ORDERS}:
            continue
        try:
            key = stone.key(ring)
        except (SealBrokenError, ValueError):
            continue
        found.update(one for one in customers if stone.is_about(one, key))
    return frozenset(found)


def _customer_changes(record: CustomerRecord, known: Known) -> frozenset[str] | None:
    row = known.customers.get(record.customer_id)
    if row is None:
        return None
    told = {
        "name": (record.name, if_it_opens(row, "name", "")),
        "email": (record.email, if_it_opens(row, "email", "")),
        "language": (record.language, row.language),
        "preferred_channel": (record.preferred_channel, row.preferred_channel),
    }
    changed = {name for name, (new, old) in told.items() if new is not None and new != old}
    if record.numbers is not None and set(record.numbers) != known.numbers.get(record.customer_id, set()):
        changed.add("numbers")
    return frozenset(changed)


def _order_changes(record: OrderRecord, known: Known) -> frozenset[str] | None:
    row = known.orders.get(record.order_number)
    if row is None:
        return None
    told = {name: getattr(record, name) for name in _ORDER_FIELDS}
    return frozenset(name for name, new in told.items() if new is not None and new != getattr(row, name))


def _keep_customer(session: Session, record: CustomerRecord, known: Known) -> None:
    row = known.customers.get(record.customer_id)
    if row is None:
        row = Customer(
            customer_id=record.customer_id, name=record.name or "", email=record.email or "",
            language=record.language or "it", preferred_channel=record.preferred_channel or "phone",
        )  # fmt: skip
        session.add(row)
        session.flush()
    else:
        for name in _customer_changes(record, known) or frozenset():
            if name != "numbers":
                setattr(row, name, getattr(record, name))
    if record.numbers is not None:
        _keep_numbers(session, record.customer_id, set(record.numbers), known)


def _keep_numbers(session: Session, customer_id: str, wanted: set[str], known: Known) -> None:
    standing = known.numbers.get(customer_id, set())
    for number in sorted(wanted - standing):
        session.add(CustomerNumber(customer_id=customer_id, number=number))
    for number in sorted(standing - wanted):
        session.delete(session.get_one(CustomerNumber, (customer_id, number)))


def _keep_order(session: Session, record: OrderRecord, known: Known) -> None:
    row = known.orders.get(record.order_number)
    told = {name: getattr(record, name) for name in _ORDER_FIELDS if getattr(record, name) is not None}
    if row is not None:
        for name, value in told.items():
            setattr(row, name, value)
        return
    defaults = {"promised_on": record.due_on, "carrier": "", "postcode": ""}
    session.add(Order(order_number=record.order_number, **{**defaults, **told}))


def _in_parts(keys: Collection[str]) -> Iterator[list[str]]:
    every = sorted(set(keys))
    for begin in range(0, len(every), _AT_ONCE):
        yield every[begin : begin + _AT_ONCE]
