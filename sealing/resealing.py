"""Goes through everything that lies sealed in a database: seals what is plain, renews what an older key sealed, counts by key.

In batches, each a transaction of its own that locks its rows: whatever ends in the middle has lost nothing, and the next run does
the rest. The service may go on meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Column, Connection, Engine, MetaData, Table, inspect, select, tuple_, type_coerce, update

from sealing.columns import SealedCell, Stored, about, ring_of
from sealing.keys import KeyRing, SealBrokenError

# One batch is a few hundred kilobytes, or some tens of megabytes of kept sound; judgement.
BATCH_ROWS: Final = 200

# What becomes of a stored value: another one, or None where it stays. Gets the column's type, the value, and what it is about.
Change = Callable[[SealedCell, Stored, str], Stored | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """A table with sealed columns."""

    table: Table
    columns: tuple[Column[Any], ...]


@dataclass(frozen=True, kw_only=True)
class Count:
    """What lies in sealed columns."""

    by_key: Counter[str]  # values by the id of the key that sealed them
    plain: int  # values that lie there unsealed


@dataclass(frozen=True, kw_only=True)
class Went:
    """What became of the values of some rows."""

    rows: int
    changed: int
    broken: int  # values that do not open: they stay as they are


def places(metadata: Iterable[MetaData], connection: Connection) -> tuple[Place, ...]:
    """The tables with sealed columns, as far as this database has them at its revision."""
    there = inspect(connection)
    names = set(there.get_table_names())
    found = []
    for table in (table for one in metadata for table in one.sorted_tables if table.name in names):
        has = {column["name"] for column in there.get_columns(table.name)}
        sealed = tuple(column for column in table.columns if isinstance(column.type, SealedCell) and column.name in has)
        if sealed:
            found.append(Place(table=table, columns=sealed))
    return tuple(found)


def seal_plain(engine: Engine, place: Place) -> Iterator[Went]:
    """Seal what lies there in plain; a report after each batch."""
    return _in_batches(engine, place, _sealing)


def renew(engine: Engine, place: Place) -> Iterator[Went]:
    """Seal anew, under the newest key, what an older one sealed; what is plain counts as broken. A report after each batch."""
    return _in_batches(engine, place, _renewing)


def unseal(connection: Connection, place: Place) -> None:
    """Lay everything open again, for a version that seals nothing. Raises `SealBrokenError` for what does not open."""

    def opened(cell: SealedCell, stored: Stored, bound_to: str) -> Stored | None:
        sealed = cell.sealed(stored)
        if sealed is None:
            return None
        plain = ring_of(connection).open(sealed, about=bound_to)
        return plain.decode() if isinstance(stored, str) else plain

    last: Sequence[Any] = ()
    while (batch := _batch(connection, place, last)) and (last := batch[-1][: len(place.table.primary_key)]):
        for row in batch:
            _rewrite(connection, place, row, opened)


def count(connection: Connection, place: Place) -> Count:
    """How many values which key has sealed."""
    by_key: Counter[str] = Counter()
    plain = 0
    columns = [_raw(column) for column in place.columns]
    for row in connection.execute(select(*columns).execution_options(yield_per=BATCH_ROWS)):
        for column, stored in zip(place.columns, row, strict=True):
            sealed = _cell(column).sealed(stored) if stored else None
            if sealed is not None:
                by_key[KeyRing.sealed_by(sealed)] += 1
            elif stored:
                plain += 1
    return Count(by_key=by_key, plain=plain)


def _in_batches(engine: Engine, place: Place, changing: Callable[[KeyRing], Change]) -> Iterator[Went]:
    last: Sequence[Any] = ()
    while True:
        with engine.begin() as connection:
            batch = _batch(connection, place, last)
            if not batch:
                return
            change = changing(ring_of(connection))
            changed = broken = 0
            for row in batch:
                of_row = _rewrite(connection, place, row, change)
                changed, broken = changed + of_row[0], broken + of_row[1]
        yield Went(rows=len(batch), changed=changed, broken=broken)
        last = batch[-1][: len(place.table.primary_key)]


def _batch(connection: Connection, place: Place, last: Sequence[Any]) -> Sequence[Sequence[Any]]:
    """The next rows behind `last`: the primary key, the key that values are bound to, the values as they are stored."""
    primary = list(place.table.primary_key)
    bound_to = [place.table.c[name] for column in place.columns for name in _cell(column).key]
    query = select(*(column.label(None) for column in (*primary, *bound_to, *map(_raw, place.columns))))
    if last:
        query = query.where(tuple_(*primary) > tuple_(*last))
    return [tuple(row) for row in connection.execute(query.order_by(*primary).limit(BATCH_ROWS).with_for_update())]


def _rewrite(connection: Connection, place: Place, row: Sequence[Any], change: Change) -> tuple[int, int]:
    primary = list(place.table.primary_key)
    rest = iter(row[len(primary) :])
    keys = [[next(rest) for _ in _cell(column).key] for column in place.columns]
    values: dict[str, Stored] = {}
    broken = 0
    for column, key, stored in zip(place.columns, keys, rest, strict=True):
        if not stored:
            continue
        try:
            changed = change(_cell(column), stored, about(place.table.name, column.name, key))
        except SealBrokenError:
            broken += 1
            continue
        if changed is not None:
            values[column.name] = changed
    if values:
        is_row = (column == value for column, value in zip(primary, row, strict=False))
        as_stored = {
            name: type_coerce(value, _cell(place.table.c[name]).impl_instance) for name, value in values.items()
        }
        connection.execute(update(place.table).where(*is_row).values(as_stored))
    return len(values), broken


def _sealing(ring: KeyRing) -> Change:
    def seal(cell: SealedCell, stored: Stored, bound_to: str) -> Stored | None:
        return cell.seal(ring, stored, bound_to) if cell.sealed(stored) is None else None

    return seal


def _renewing(ring: KeyRing) -> Change:
    def renewed(cell: SealedCell, stored: Stored, bound_to: str) -> Stored | None:
        sealed = cell.sealed(stored)
        if sealed is None:
            raise SealBrokenError(f"{bound_to}: it lies there in plain")
        if ring.sealed_by(sealed) == ring.newest:
            return None
        return cell.seal(ring, ring.open(sealed, about=bound_to), bound_to)

    return renewed


def _raw(column: Column[Any]) -> Any:
    return type_coerce(column, _cell(column).impl_instance)


def _cell(column: Column[Any]) -> SealedCell:
    return cast("SealedCell", column.type)
