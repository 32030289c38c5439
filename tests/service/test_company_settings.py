"""What an admin sets counts at once in every process, without another read for each webhook."""

import time as clock_time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, event, text

from ivr import database
from ivr.app import company_defaults
from ivr.changes import Changes
from ivr.company import store
from ivr.company.live import LiveSettings
from tests.telephone import settings_for

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DEFAULTS = company_defaults(settings_for("sqlite:///unused"))


def process(engine: Engine) -> tuple[LiveSettings, Changes]:
    """What each process of the service has: its own bus, and the settings that it keeps."""
    changes = Changes()
    return LiveSettings(DEFAULTS, database.reading_session_factory(engine), changes), changes


def save(engine: Engine, changes: Changes | None = None, **wanted: Any) -> store.Saving:
    with database.session_factory(engine, changes).begin() as session:
        return store.save(session, wanted, defaults=DEFAULTS, version=None, by="Paolo", now=NOW)


def until(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = clock_time.monotonic() + seconds
    while not holds():
        if clock_time.monotonic() > end:
            return False
        clock_time.sleep(0.02)
    return True


@contextmanager
def reads(engine: Engine) -> Iterator[list[str]]:
    """What is asked of the table of settings."""
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "company_settings" in statement:
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_a_change_made_in_one_process_counts_in_another_without_a_restart(engine: Engine) -> None:
    database.upgrade(engine)
    (here, here_bus), (there, there_bus) = process(engine), process(engine)
    here_bus.start(engine)
    there_bus.start(engine)
    try:
        assert until(lambda: there_bus.is_listening)
        assert there.now().words_days == DEFAULTS.words_days
        saved = save(engine, here_bus, words_days=90, opens_at="10:00")
        assert isinstance(saved, store.Saved)
        assert here.now().words_days == 90
        assert until(lambda: there.now().words_days == 90)
        assert there.now().hours.opens_at.hour == 10
    finally:
        here_bus.stop()
        there_bus.stop()


def test_what_stands_is_read_once_and_not_for_each_webhook(engine: Engine) -> None:
    database.upgrade(engine)
    own, bus = process(engine)
    bus.start(engine)
    try:
        assert until(lambda: bus.is_listening)
        own.now()
        # The bus's own first look is over: from here on nothing changes.
        clock_time.sleep(0.3)
        own.now()
        with reads(engine) as asked:
            for _ in range(500):
                assert own.now().hours.is_open(NOW)
        assert asked == []
    finally:
        bus.stop()


def test_a_database_that_is_away_leaves_what_was_known(engine: Engine) -> None:
    database.upgrade(engine)
    own, _ = process(engine)
    save(engine, emergency_number="+390210420077")
    assert own.now().emergency_number == "+390210420077"
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE company_settings RENAME TO away"))
    clock_time.sleep(0.6)
    assert own.now().emergency_number == "+390210420077"


def test_two_admins_who_change_at_once_are_told_and_nothing_is_lost(engine: Engine) -> None:
    database.upgrade(engine)
    assert isinstance(save(engine, words_days=90), store.Saved)
    with database.session_factory(engine).begin() as session:
        late = store.save(session, {"words_days": 30}, defaults=DEFAULTS, version=0, by="Anna", now=NOW)
        assert late == store.Conflict(version=1)
        assert store.current(session, DEFAULTS).words_days == 90


def test_a_value_taken_back_is_the_settings_file_s_again(engine: Engine) -> None:
    database.upgrade(engine)
    save(engine, words_days=90)
    back = save(engine, words_days=None)
    assert isinstance(back, store.Saved)
    assert (back.before, back.after) == ({"words_days": 90}, {"words_days": DEFAULTS.words_days})


def test_one_wrong_value_keeps_all_of_them_out(engine: Engine) -> None:
    database.upgrade(engine)
    refused = save(engine, words_days=90, audio_days=0)
    assert refused == store.Invalid(problems={"audio_days": "out_of_range"})
    with database.session_factory(engine).begin() as session:
        assert store.newest(session) == (0, {})
