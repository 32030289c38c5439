"""A house on an empty SQLite database, for stories that are not about databases."""

import pytest
from sqlalchemy import Engine

from tests.telephone import House, build_house


@pytest.fixture
def house(sqlite_engine: Engine) -> House:
    return build_house(sqlite_engine)
