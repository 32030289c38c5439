"""Looks for one person through a whole database: every table that is there, every column, sealed values opened.

What is known of the tables' types serves to open what is sealed; a table or column that the code does not know is searched as it
lies. On SQLite the files themselves are searched too, since what is deleted may still lie in them.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import phonenumbers
from sqlalchemy import Engine, MetaData, Table, inspect, select
from sqlalchemy.sql.sqltypes import NullType

from biometrics import seals
from ivr.database import METADATA
from sealing.columns import SealedCell, about
from sealing.keys import KeyRing, SealBrokenError, is_sealed

# Fewer digits than any telephone number has (ITU-T E.164 leaves the least to the countries; 7 is the shortest that is in use).
_FEWEST_DIGITS = 7
# A shorter identifier stands by chance in any file of sealed values: 64**-8 of their places are one of eight characters.
_LONG_IDENTIFIER = 8
_ROWS_AT_ONCE = 500
# The part of a file that is read at once, and what two parts share so that nothing hides in the cut.
_PART_BYTES, _SHARED_BYTES = 1 << 20, 1 << 10


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whom to look for."""

    customer_id: str = ""
    numbers: tuple[str, ...] = field(default=(), repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_nobody(self) -> bool:
        """Whether there is nothing to look for."""
        return not (self.customer_id or any(self.numbers) or any(self.names))


@dataclass(frozen=True, kw_only=True)
class TableSearched:
    """What a table, or a file, was found to hold."""

    name: str
    rows: int  # or bytes, of a file
    hits: Mapping[str, int]  # by column
    unopened: Mapping[str, int]  # sealed values that do not open, by column
    is_file: bool = False


class Needles:
    """What a person's data look like, in a text, a JSON or a document."""

    def __init__(self, person: Person, *, in_bytes: bool = False) -> None:
        patterns = []
        if person.customer_id and in_bytes and len(person.customer_id) >= _LONG_IDENTIFIER:
            # In a file, values stand side by side without anything between them.
            patterns.append(re.escape(person.customer_id))
        elif person.customer_id and not in_bytes:
            patterns.append(rf"(?<![0-9A-Za-z]){re.escape(person.customer_id)}(?![0-9A-Za-z])")
        patterns.extend(re.escape(" ".join(name.split())) for name in person.names if name.strip())
        self._words = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None
        self._digits = tuple(
            sorted({digits for number in person.numbers for digits in _digits_of(number)}, key=len, reverse=True)
        )

    def are_in(self, text: str) -> bool:
        """Whether a text holds any of them, however it is written: escaped, spaced, or digit by digit."""
        return any(self._are_in(form) for form in _forms(text))

    def _are_in(self, text: str) -> bool:
        if self._words is not None and self._words.search(" ".join(text.split())):
            return True
        if not self._digits:
            return False
        # Digits that belong together: a number is said and written in groups.
        for group in re.findall(r"\d(?:[\d\s().\-/]*\d)?", text):
            joined = re.sub(r"\D", "", group)
            if any(digits in joined for digits in self._digits):
                return True
        return False


def search(engine: Engine, ring: KeyRing, person: Person) -> Iterator[TableSearched]:
    """Search every table of the database, in the order of their names."""
    needles = Needles(person)
    known = {name: table for metadata in METADATA for name, table in metadata.tables.items()}
    for name in sorted(inspect(engine).get_table_names()):
        yield _search_table(engine, ring, needles, name, known.get(name))


def search_files(files: Iterable[Path], person: Person) -> Iterator[TableSearched]:
    """Search the bytes of files for what lies in them in plain; identifiers only where they are too long for chance."""
    needles = Needles(person, in_bytes=True)
    for file in files:
        if file.is_file():
            size, hits = 0, 0
            for part, new_bytes in _parts(file):
                size += new_bytes
                hits += needles.are_in(part)
            yield TableSearched(
                name=str(file), rows=size, hits={"bytes": hits} if hits else {}, unopened={}, is_file=True
            )


def files_of(engine: Engine) -> tuple[Path, ...]:
    """The files of a SQLite database; none for a server's, which are the server's own."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name == ":memory:":
        return ()
    return tuple(Path(name + ending) for ending in ("", "-wal", "-journal"))


def _search_table(engine: Engine, ring: KeyRing, needles: Needles, name: str, known: Table | None) -> TableSearched:
    table = Table(name, MetaData(), autoload_with=engine)
    for column in table.columns:
        # As it lies in the database, whatever the code would make of it.
        column.type = NullType()
    hits: Counter[str] = Counter()
    unopened: Counter[str] = Counter()
    rows = 0
    with engine.connect() as connection:
        found = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(select(table))
        for row in found.mappings():
            rows += 1
            for column, value in row.items():
                try:
                    text = _as_text(ring, known, str(column), row)
                except SealBrokenError:
                    unopened[str(column)] += 1
                    continue
                if value is not None and needles.are_in(text):
                    hits[str(column)] += 1
    return TableSearched(name=name, rows=rows, hits=hits, unopened=unopened)


def _as_text(ring: KeyRing, known: Table | None, column: str, row: Mapping[Any, Any]) -> str:
    value = row[column]
    if isinstance(value, memoryview):
        value = bytes(value)
    kind = known.c[column].type if known is not None and column in known.c else None
    if known is not None and isinstance(kind, SealedCell) and value:
        sealed = kind.sealed(value)
        if sealed is None:
            return str(value)
        plain = ring.open(sealed, about=about(known.name, column, [row[name] for name in kind.key]))
        return plain.decode("utf-8", errors="replace")
    if isinstance(value, bytes):
        if known is not None and is_sealed(value):
            value = ring.open(value, about=_about_voice(known, row))
        return value.decode("utf-8", errors="replace")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _about_voice(table: Table, row: Mapping[Any, Any]) -> str:
    rest = [row[column.name] for column in table.primary_key if column.name != "customer_id"]
    return seals.about(table.name, row["customer_id"] if "customer_id" in table.c else "", *rest)


def _forms(text: str) -> Collection[str]:
    forms = {text, html.unescape(text)}
    with suppress(ValueError, RecursionError):
        forms.add(json.dumps(json.loads(text), ensure_ascii=False))
    return forms


def _digits_of(number: str) -> Sequence[str]:
    digits = re.sub(r"\D", "", number)
    if len(digits) < _FEWEST_DIGITS:
        return ()
    try:
        national = str(phonenumbers.parse(number, None).national_number)
    except phonenumbers.NumberParseException:
        return (digits,)
    return (digits, national) if len(national) >= _FEWEST_DIGITS else (digits,)


def _parts(file: Path) -> Iterator[tuple[str, int]]:
    with file.open("rb") as opened:
        kept = b""
        while part := opened.read(_PART_BYTES):
            yield (kept + part).decode("utf-8", errors="replace"), len(part)
            kept = part[-_SHARED_BYTES:]
