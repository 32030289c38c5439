"""Houses on an empty SQLite database, for stories that are not about databases; each is closed when its story is over."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.telephone import House, build_house


@pytest.fixture
def new_house(sqlite_engine: Engine) -> Iterator[Callable[..., House]]:
    """Builds the story's house with settings, a start or faults of its own."""
    built: list[House] = []

    def build(**given: Any) -> House:
        built.append(build_house(sqlite_engine, **given))
        return built[-1]

    yield build
    for house in built:
        house.close()


@pytest.fixture
def house(new_house: Callable[..., House]) -> House:
    """A Monday at ten, all well."""
    return new_house()
