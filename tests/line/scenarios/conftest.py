"""One house for all stories of scenarios: what is run in it has houses of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import sqlite_database
from tests.telephone import House, build_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A Monday at ten, all well."""
    folder: Path = tmp_path_factory.mktemp("scenarios")
    with sqlite_database(folder) as engine:
        built = build_house(engine)
        yield built
        built.close()
