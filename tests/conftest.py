"""Fixtures for every test: the databases. What belongs to one part stands in that part's own conftest."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.databases import DATABASES, NoServerError, PostgresqlServer, postgresql_server, sqlite_database

# The processes of pytest-xdist are told a terminal's size, and what commands print would break its lines by it.
for _size in ("COLUMNS", "LINES"):
    os.environ.pop(_size, None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server, started once; tests that need it are skipped with the reason where there is none."""
    try:
        with postgresql_server() as server:
            yield server
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.postgresql] * (name == "postgresql")) for name in DATABASES]
)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on an empty database; a test that asks for it runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        with sqlite_database(tmp_path) as made:
            yield made
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    with server.fresh_database() as made:
        yield made


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine on an empty SQLite file, for tests that are not about databases."""
    with sqlite_database(tmp_path) as made:
        yield made
