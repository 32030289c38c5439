"""Reads rows with what lies sealed in them, for tests that ask the database itself what it holds."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, text

from ivr.database import METADATA
from sealing.columns import SealedCell, about, ring_of


def opened_rows(engine: Engine, table: str, where: str = "", **values: Any) -> list[dict[str, Any]]:
    """The rows of a table as the database gives them, but opened with the engine's keys."""
    with engine.connect() as connection:
        rows = connection.execute(text(f'SELECT * FROM "{table}" {where}'), values).mappings()  # noqa: S608 - a test's own words
        return [_opened(engine, table, row) for row in rows]


def _opened(engine: Engine, name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    opened = dict(row)
    table = next((one.tables[name] for one in METADATA if name in one.tables), None)
    for column in () if table is None else table.columns:
        stored, cell = row[column.name], column.type
        if isinstance(cell, SealedCell) and stored:
            sealed = cell.sealed(stored)
            assert sealed is not None, f"{name}.{column.name} lies in plain"
            plain = ring_of(engine).open(sealed, about=about(name, column.name, [row[key] for key in cell.key]))
            opened[column.name] = plain.decode() if isinstance(stored, str) else plain
    return opened
