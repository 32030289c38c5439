"""The migrations make the tables that the code expects, go down and up again, and carry data through."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, inspect

from ivr import database, trial
from tests.telephone import MONDAY_TEN, PASSWORD


def test_models_and_migrations_agree(engine: Engine) -> None:
    database.upgrade(engine)
    every = MetaData()
    for metadata in database.METADATA:
        for table in metadata.tables.values():
            table.to_metadata(every)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, every) == []
    assert database.is_at_head(engine)


def test_down_and_up_again_with_a_company_in_it(engine: Engine) -> None:
    database.upgrade(engine)
    for _ in range(2):
        with database.session_factory(engine).begin() as session:
            trial.make_company(session, password=PASSWORD, now=MONDAY_TEN, today=MONDAY_TEN.date())
        database.downgrade(engine, "base")
        assert not database.is_at_head(engine)
        assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
        database.upgrade(engine)
    assert database.is_at_head(engine)


def test_upgrade_of_a_database_at_the_newest_keeps_what_is_in_it(engine: Engine) -> None:
    database.upgrade(engine)
    with database.session_factory(engine).begin() as session:
        trial.make_company(session, password=PASSWORD, now=MONDAY_TEN, today=MONDAY_TEN.date())
    database.upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM customers").scalar() == 3


def test_no_foreign_key_crosses_packages(engine: Engine) -> None:
    database.upgrade(engine)
    home = {name: index for index, metadata in enumerate(database.METADATA) for name in metadata.tables}
    for table, package in home.items():
        for key in inspect(engine).get_foreign_keys(table):
            assert home[key["referred_table"]] == package, (table, key)
