"""Taking over a file of customers or orders: looked at first, then all of it or only the right rows, in one transaction.

The session comes from outside, and nothing here commits: what fails leaves nothing half done.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from ivr.connectors import files
from ivr.connectors.files import Bad, Row, Table
from ivr.customers import imports
from ivr.customers.imports import Counted, Known
from ivr.customers.records import OrderRecord

ALL, ONLY_GOOD = "all", "good"
MODES: Final = (ALL, ONLY_GOOD)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What taking over a file would do."""

    kind: str
    table: Table = field(repr=False)
    mapping: Mapping[str, int]
    rows: tuple[Row, ...] = field(repr=False)
    new: int
    changed: int
    same: int
    before: Counted

    @property
    def bad(self) -> tuple[Bad, ...]:
        """Every fault, in the order of the rows."""
        return tuple(bad for row in self.rows for bad in row.bad)

    @property
    def bad_rows(self) -> int:
        """How many rows cannot be taken over."""
        return sum(bool(row.bad) for row in self.rows)

    @property
    def good_rows(self) -> int:
        """How many can."""
        return len(self.rows) - self.bad_rows

    @property
    def after(self) -> Counted:
        """How many there will be."""
        more = {"customers": self.before.customers, "orders": self.before.orders}
        more[self.kind] += self.new
        return Counted(**more)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """It is done with this transaction's commit."""

    look: Look
    left_out: int  # rows that were not right


@dataclass(frozen=True, kw_only=True)
class NotTaken:
    """Nothing was changed; `reason` is a code: import_has_errors, import_has_nothing."""

    look: Look
    reason: str


Taking: TypeAlias = Taken | NotTaken


def look(session: Session, kind: str, table: Table, mapping: Mapping[str, int], *, country: str) -> Look:
    """What taking over would do; changes nothing."""
    return _look(session, kind, table, mapping, country=country)[0]


def take_over(
    session: Session, kind: str, table: Table, mapping: Mapping[str, int], *, country: str, mode: str
) -> Taking:
    """Take over every row; with ONLY_GOOD those that are right, otherwise nothing if one is not."""
    found, known = _look(session, kind, table, mapping, country=country)
    if found.bad_rows and mode != ONLY_GOOD:
        return NotTaken(look=found, reason="import_has_errors")
    records = [row.record for row in found.rows if row.record is not None]
    if not records:
        return NotTaken(look=found, reason="import_has_nothing")
    imports.keep(session, records, known)
    return Taken(look=found, left_out=found.bad_rows)


def _look(session: Session, kind: str, table: Table, mapping: Mapping[str, int], *, country: str) -> tuple[Look, Known]:
    rows = files.rows_of(kind, table, mapping, country=country)
    known = _known(session, rows)
    gone = imports.erased(session, _customers(rows) - known.customers.keys())
    judged = tuple(_beside(table, mapping, row, known, gone) for row in rows)
    changes = [imports.changes_of(row.record, known) for row in judged if row.record is not None]
    found = Look(
        kind=kind,
        table=table,
        mapping=mapping,
        rows=judged,
        new=sum(change is None for change in changes),
        changed=sum(bool(change) for change in changes),
        same=sum(change == frozenset() for change in changes),
        before=imports.counts(session),
    )
    return found, known


def _known(session: Session, rows: Sequence[Row]) -> Known:
    orders = {row.record.order_number for row in rows if isinstance(row.record, OrderRecord)}
    return Known(session, customers=_customers(rows), orders=orders)


def _customers(rows: Sequence[Row]) -> set[str]:
    return {row.record.customer_id for row in rows if row.record is not None and row.record.customer_id is not None}


def _beside(table: Table, mapping: Mapping[str, int], row: Row, known: Known, gone: Collection[str]) -> Row:
    """The row beside what is known already: whose customer nobody knows, or what lacks something that a new one needs."""
    record = row.record
    if record is None:
        return row
    if record.customer_id in gone:
        return files.bad_of(table, mapping, row, name="customer_id", code="erased", value=str(record.customer_id))
    if isinstance(record, OrderRecord) and record.customer_id is not None and record.customer_id not in known.customers:
        return files.bad_of(table, mapping, row, name="customer_id", code="unknown_customer", value=record.customer_id)
    for name in imports.missing_of(record, known):
        return files.bad_of(table, mapping, row, name=name, code="missing")
    return row
