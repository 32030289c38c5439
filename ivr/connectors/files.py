"""A CSV file of customers or orders: encoding, delimiter and columns found out, rows read, each with its faults. Pure."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ivr.connectors import reading
from ivr.connectors.reading import FIELDS, Wrong, key_of
from ivr.customers.records import Record

LARGEST_BYTES: Final = 10_000_000
# One transaction takes them all, and on SQLite a call's webhook waits for it: some seconds at most.
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 60
DELIMITERS: Final = (";", ",", "\t", "|")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A file that can be read."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...] = field(repr=False)  # with the line's number, as a spreadsheet counts


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A file that cannot; `reason` is a code: empty, too_large, too_many_rows, too_many_columns, not_text, not_csv."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One thing that is wrong in a row."""

    row: int
    column: str  # as the file names it
    field: str
    code: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its record, or what is wrong with it."""

    number: int
    cells: tuple[str, ...] = field(repr=False)
    record: Record | None
    bad: tuple[Bad, ...] = ()


Opened: TypeAlias = Table | Unreadable


def open_file(content: bytes) -> Opened:
    """Find out how a file is written, and read its rows as text."""
    if len(content) > LARGEST_BYTES:
        return Unreadable(reason="too_large")
    decoded = _decoded(content)
    if decoded is None:
        return Unreadable(reason="not_text")
    encoding, text = decoded
    if not text.strip():
        return Unreadable(reason="empty")
    # A spreadsheet's own hint, which no other program knows.
    hint = re.match(r"sep=(.)\r?\n", text)
    skipped = 1 if hint else 0
    text = text[hint.end() :] if hint else text
    delimiter = hint.group(1) if hint and hint.group(1) in DELIMITERS else _delimiter(text)
    return _table(text, encoding=encoding, delimiter=delimiter, skipped=skipped)


def guess(kind: str, columns: Sequence[str]) -> dict[str, int]:
    """Which column is most probably which field: the position by field. No column is taken twice."""
    found: dict[str, int] = {}
    plain = [_plain(column) for column in columns]
    for one in FIELDS[kind]:
        for word in (_plain(one.name), *one.guesses):
            position = next((at for at, name in enumerate(plain) if name == word and at not in found.values()), None)
            if position is not None:
                found[one.name] = position
                break
    return found


def rows_of(kind: str, table: Table, mapping: Mapping[str, int], *, country: str) -> tuple[Row, ...]:
    """Every row with its record or its faults; the same key twice is a fault of the second."""
    first_at: dict[str, int] = {}
    return tuple(
        _row(kind, table, mapping, number=number, cells=cells, country=country, first_at=first_at)
        for number, cells in table.rows
    )


def written(table: Table, rows: Sequence[Row], sentence: Mapping[str, str]) -> str:
    """The bad rows as a file, to be put right and sent again: as they were, with what is wrong in a last column."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=table.delimiter, lineterminator="\r\n")
    writer.writerow([*table.columns, "problem"])
    for row in rows:
        if row.bad:
            told = "; ".join(f"{bad.column}: {sentence.get(bad.code, bad.code)}" for bad in row.bad)
            writer.writerow([*row.cells, told])
    return made.getvalue()


def _row(
    kind: str,
    table: Table,
    mapping: Mapping[str, int],
    *,
    number: int,
    cells: tuple[str, ...],
    country: str,
    first_at: dict[str, int],
) -> Row:
    if len(cells) > len(table.columns):
        extra = Bad(row=number, column="", field="", code="too_many_cells", value=cells[len(table.columns)][:60])
        return Row(number=number, cells=cells, record=None, bad=(extra,))
    full = (*cells, *("",) * (len(table.columns) - len(cells)))
    read = reading.read(kind, {name: full[at] for name, at in mapping.items()}, country=country)
    if isinstance(read, tuple):
        return Row(number=number, cells=full, record=None, bad=tuple(_bad(table, mapping, number, one) for one in read))
    first = first_at.setdefault(read.key, number)
    if first != number:
        twice = _bad(table, mapping, number, Wrong(field=key_of(kind), code="twice", value=str(first)))
        return Row(number=number, cells=full, record=None, bad=(twice,))
    return Row(number=number, cells=full, record=read)


def bad_of(table: Table, mapping: Mapping[str, int], row: Row, *, name: str, code: str, value: str = "") -> Row:
    """The row with a fault that shows only beside what is known already."""
    bad = _bad(table, mapping, row.number, Wrong(field=name, code=code, value=value))
    return Row(number=row.number, cells=row.cells, record=None, bad=(*row.bad, bad))


def _bad(table: Table, mapping: Mapping[str, int], number: int, wrong: Wrong) -> Bad:
    at = mapping.get(wrong.field)
    column = wrong.field if at is None else table.columns[at]
    return Bad(row=number, column=column, field=wrong.field, code=wrong.code, value=wrong.value)


def _decoded(content: bytes) -> tuple[str, str] | None:
    # Without a mark: what old spreadsheets of this part of the world write, where it is no UTF-8.
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ("utf-16",) if marked else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if "\x00" in text:
            return None
        return encoding.removesuffix("-sig"), text
    return None


def _delimiter(text: str) -> str:
    head = text[:20_000]
    counted = {one: _regular(head, one) for one in DELIMITERS}
    best = max(counted, key=lambda one: counted[one])
    return best if counted[best] else ";"


def _regular(head: str, delimiter: str) -> tuple[int, int]:
    """How many of the first lines have as many cells as the first, and how many cells that is; (0, 0) for one cell."""
    try:
        lines = [
            line for line in list(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))[:20] if any(line)
        ]
    except csv.Error:
        return (0, 0)
    width = len(lines[0]) if lines else 0
    if width < 2:  # noqa: PLR2004 - a delimiter divides
        return (0, 0)
    return (sum(len(line) == width for line in lines), width)


def _table(text: str, *, encoding: str, delimiter: str, skipped: int) -> Opened:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, tuple[str, ...]]] = []
    columns: tuple[str, ...] = ()
    try:
        for number, cells in _lines(reader):
            if not columns:
                columns = _named(cells)
                if len(columns) > MOST_COLUMNS:
                    return Unreadable(reason="too_many_columns")
                continue
            rows.append((number + skipped, tuple(cells)))
            if len(rows) > MOST_ROWS:
                return Unreadable(reason="too_many_rows")
    except csv.Error:
        return Unreadable(reason="not_csv")
    if not rows:
        return Unreadable(reason="empty")
    return Table(encoding=encoding, delimiter=delimiter, columns=columns, rows=tuple(rows))


def _lines(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for number, cells in enumerate(reader, start=1):
        if any(cell.strip() for cell in cells):
            yield number, cells


def _named(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell.strip()[:80] or f"#{at}" for at, cell in enumerate(cells, start=1))


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(sign for sign in letters if sign.isalnum())
