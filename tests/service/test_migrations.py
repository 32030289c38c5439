"""The migrations make the tables that the code expects, go down and up again, and carry data through."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, inspect, text

from ivr import database, trial
from ivr.calls import store
from ivr.customers import ledger
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


def test_the_second_revision_keeps_calls_and_turns_on_its_way_up_and_down(engine: Engine) -> None:
    database.upgrade(engine, "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO calls (call_id, from_number, to_number, flow, flow_version, listening, language, status, started_at,"
            " turn, node, state, expecting, heard, reason, route_reason, on_hold, sequence)"
            " VALUES ('CA1', '+393331234567', '+390210420000', 'shop', 1, 'stream', 'it', 'in_line',"
            " '2026-11-23 09:00:00+00:00', 1, 'greet', '', '', '', '', '', false, -1)"
        )
        connection.exec_driver_sql(
            "INSERT INTO turns (call_id, turn, at, heard, keys, intent, ended, node, prompt, facts, answer)"
            " VALUES ('CA1', 1, '2026-11-23 09:00:00+00:00', 'pronto', '', '', 'speech', 'greet', 'Buongiorno', '[]', '')"
        )
    database.upgrade(engine)
    with database.session_factory(engine).begin() as session:
        (turn,) = store.turns(session, "CA1")
        assert (turn.heard, turn.hearing, turn.keys) == ("pronto", "{}", "")
        assert store.keep_words_so_far(session, call_id="CA1", turn=1, words="dov'è")
    database.downgrade(engine, "0001")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT heard FROM turns").scalars().all() == ["pronto"]
        assert connection.exec_driver_sql("SELECT from_number FROM calls").scalars().all() == ["+393331234567"]
    assert "call_audio" not in inspect(engine).get_table_names()
    database.upgrade(engine)
    with database.session_factory(engine)() as session:
        call = store.call(session, "CA1")
        assert call is not None
        assert call.words_so_far == ""
        assert len(store.turns(session, "CA1")) == 1


def test_the_fifth_revision_says_of_each_consent_what_was_answered_and_loses_none_on_its_way_back(
    engine: Engine,
) -> None:
    database.upgrade(engine, "0004")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO customers (customer_id, name, language, preferred_channel, email) VALUES ('K001', '', 'it', 'phone', '')"
        )
        for granted, minute in ((True, 0), (False, 1)):
            connection.execute(
                text(
                    "INSERT INTO consents"
                    " (customer_id, purpose, granted, wording, wording_version, language, channel, at, call_id)"
                    " VALUES ('K001', 'voice_verification', :granted, 'consent_voice', 1, 'it', 'phone', :at, 'CA1')"
                ),
                {"granted": granted, "at": f"2026-11-23 09:0{minute}:00+00:00"},
            )
    database.upgrade(engine)
    with database.session_factory(engine)() as session:
        lines = ledger.ledger_of(session, "K001")
        assert [(line.answer, line.asked.by, line.asked.heard) for line in lines] == [
            (ledger.Answer.YES, ledger.AskedBy.LINE, ""),
            (ledger.Answer.NO, ledger.AskedBy.LINE, ""),
        ]
    database.downgrade(engine, "0004")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM consents").scalar() == 2
    assert "erasures" not in inspect(engine).get_table_names()
