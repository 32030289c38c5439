"""The audit trail on both databases: it only grows, and what was done to it behind its back shows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from ivr import database
from ivr.audit import store, tables
from ivr.audit.store import Actor, Broken, Verified

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA = Actor(account_id=1, name="Ada")


@pytest.fixture
def trail(engine: Engine) -> Engine:
    """The table as the model makes it."""
    tables.Base.metadata.create_all(engine)
    return engine


def note(engine: Engine, act: str = "prompt.changed", subject: str = "prompt greeting", **more: object) -> int:
    with database.session_factory(engine).begin() as session:
        return store.note(session, by=ADA, act=act, subject=subject, now=NOW, **more)  # type: ignore[arg-type]  # a test's own words


CHANGES = (
    "UPDATE audit_entries SET subject = 'something else'",
    "UPDATE audit_entries SET hash = hash",
    "DELETE FROM audit_entries",
    "DELETE FROM audit_entries WHERE number = 2",
)


def refuses(engine: Engine, statement: str) -> bool:
    with pytest.raises(DatabaseError, match="audit trail cannot be changed"), engine.begin() as connection:
        connection.execute(text(statement))
    with database.session_factory(engine)() as session:
        return isinstance(store.verify(session), Verified)


@pytest.mark.parametrize("made_by", ["migration", "model"])
def test_the_database_refuses_to_change_or_delete_an_entry(engine: Engine, made_by: str) -> None:
    if made_by == "migration":
        database.upgrade(engine)
    else:
        tables.Base.metadata.create_all(engine)
    for _ in range(3):
        note(engine)
    assert all(refuses(engine, statement) for statement in CHANGES)


def test_the_ways_around_a_row_s_triggers_are_closed(trail: Engine) -> None:
    note(trail)
    if trail.dialect.name == "postgresql":
        statement = "TRUNCATE audit_entries"
    else:
        statement = "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries"
    with pytest.raises(DatabaseError, match="audit trail cannot be changed"), trail.begin() as connection:
        connection.execute(text(statement))


def test_an_entry_is_read_as_it_was_written_whatever_the_text(trail: Engine) -> None:
    before, after = {"text": "Sì, «però»"}, ["a", None, 1.5]
    note(trail, before=before, after=after, note="half \ud800 and \0 zero")
    with database.session_factory(trail)() as session:
        (entry,) = store.entries(session)
        assert (entry.before, entry.after, entry.by) == (before, after, ADA)
        assert entry.note == "half ? and  zero"
        assert isinstance(store.verify(session), Verified)


def test_entries_are_found_by_act_family_subject_and_person(trail: Engine) -> None:
    note(trail, act="prompt.changed", subject="prompt greeting")
    note(trail, act="prompts.changed", subject="prompts company")
    note(trail, act="queue.changed", subject="queue 100%_of")
    with database.session_factory(trail)() as session:
        assert [one.act for one in store.entries(session, act="prompt")] == ["prompt.changed"]
        assert [one.subject for one in store.entries(session, subject="100%_o")] == ["queue 100%_of"]
        assert not store.entries(session, by="Bea")
        assert [one.number for one in store.entries(session, before_id=3, limit=1)] == [2]


def test_twenty_threads_make_one_chain_without_a_gap(trail: Engine) -> None:
    with ThreadPoolExecutor(20) as pool:
        numbers = list(pool.map(lambda _: note(trail), range(60)))
    assert sorted(numbers) == list(range(1, 61))
    with database.session_factory(trail)() as session:
        assert store.verify(session) == Verified(rows=60, last_hash=store.entries(session, limit=1)[0].hash)


def test_what_is_rolled_back_leaves_no_gap(trail: Engine) -> None:
    with database.session_factory(trail)() as session:
        store.note(session, by=ADA, act="prompt.changed", subject="never", now=NOW)
        session.rollback()
    assert note(trail) == 1


def _without_triggers(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER USER"))
        else:
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "at"),
    [
        ("UPDATE audit_entries SET subject = 'another' WHERE number = 2", 2),
        ("UPDATE audit_entries SET by_name = 'Bea' WHERE number = 3", 3),
        ("DELETE FROM audit_entries WHERE number = 2", 3),
        ("DELETE FROM audit_entries WHERE number = 1", 2),
    ],
)
def test_whoever_takes_the_triggers_away_is_found_by_the_chain(trail: Engine, statement: str, at: int) -> None:
    for _ in range(4):
        note(trail)
    _without_triggers(trail, statement)
    with database.session_factory(trail)() as session:
        found = store.verify(session)
    assert isinstance(found, Broken)
    assert found.at == at


def test_an_end_that_was_taken_away_is_found_by_the_hash_that_was_told_before(trail: Engine) -> None:
    for _ in range(3):
        note(trail)
    with database.session_factory(trail)() as session:
        told = store.verify(session)
    assert isinstance(told, Verified)
    _without_triggers(trail, "DELETE FROM audit_entries WHERE number = 3")
    with database.session_factory(trail)() as session:
        assert isinstance(store.verify(session), Verified)
        assert store.verify(session, expected_hash=told.last_hash) == Broken(
            at=3, reason="the chain does not reach the hash that was told before"
        )
