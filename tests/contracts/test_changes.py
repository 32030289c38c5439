"""A change that one process commits wakes whoever watches it in another: on both databases, each bus on its own engine."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text

from ivr.changes import MOST_TOPICS, Changes
from ivr.changes_elsewhere import ALL, LARGEST_PAYLOAD, read, written
from ivr.database import SessionFactory, make_engine, session_factory
from routing import changes
from tests.databases import PostgresqlServer
from tests.keys import RING

# A busy machine with two cores; what is waited for takes a quarter of a second at most.
LIMIT_SECONDS = 10.0


@contextmanager
def another_process(engine: Engine) -> Iterator[tuple[Changes, SessionFactory]]:
    """What another process has: an engine and a bus of its own on the same database."""
    own = make_engine(engine.url.render_as_string(hide_password=False), RING)
    bus = Changes()
    bus.start(own)
    try:
        until(lambda: bus.is_listening)
        yield bus, session_factory(own, bus)
    finally:
        bus.stop()
        own.dispose()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_SECONDS
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def tabled(engine: Engine) -> Engine:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE things (number INTEGER)"))
    return engine


def write(sessions: SessionFactory, *topics: str) -> None:
    with sessions.begin() as session:
        session.execute(text("INSERT INTO things VALUES (1)"))
        changes.mark(session, *topics)


def test_a_commit_wakes_who_watches_it_in_another_process_within_a_second(tabled: Engine) -> None:
    with another_process(tabled) as (_, sessions), another_process(tabled) as (there, _), ThreadPoolExecutor() as pool:
        time.sleep(0.3)
        since = there.version
        waiting = pool.submit(there.wait, ("agent:anna",), since, LIMIT_SECONDS)
        time.sleep(0.05)
        began = time.monotonic()
        write(sessions, "agent:anna")
        assert waiting.result() > since
        assert time.monotonic() - began < 1.0


def test_what_is_committed_without_a_bus_is_heard_too(tabled: Engine) -> None:
    with another_process(tabled) as (there, _):
        time.sleep(0.3)
        since = there.version
        write(session_factory(tabled), "queues")
        until(lambda: there.has_changed(("queues",), since))


def test_what_is_rolled_back_is_never_told(tabled: Engine) -> None:
    bus = Changes()
    sessions = session_factory(tabled, bus)
    since = bus.version
    with sessions() as session:
        session.execute(text("INSERT INTO things VALUES (1)"))
        changes.mark(session, "queues")
        session.rollback()
        session.execute(text("INSERT INTO things VALUES (2)"))
        session.commit()
    assert not bus.has_changed(("queues",), since)


def test_a_savepoint_tells_nothing_before_the_whole_is_committed(tabled: Engine) -> None:
    bus = Changes()
    since = bus.version
    with session_factory(tabled, bus).begin() as session:
        with session.begin_nested():
            session.execute(text("INSERT INTO things VALUES (1)"))
            changes.mark(session, "queues")
        assert not bus.has_changed(("queues",), since)
    assert bus.has_changed(("queues",), since)


@pytest.mark.postgresql
def test_a_broken_connection_is_made_again_and_everybody_looks_once(postgresql: PostgresqlServer) -> None:
    with postgresql.fresh_database() as engine:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE things (number INTEGER)"))
        with another_process(engine) as (_, sessions), another_process(engine) as (there, _):
            since = there.version
            with engine.begin() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
            until(lambda: there.has_changed(("whatever",), since))
            until(lambda: there.is_listening)
            # The one that tells has lost its connection too: what it could not tell is told behind it.
            since = there.version
            until(lambda: told_again(sessions))
            until(lambda: there.has_changed(("queues",), since))


def told_again(sessions: SessionFactory) -> bool:
    try:
        write(sessions, "queues")
    except Exception:  # noqa: BLE001  # the pool's own connections were ended as well
        return False
    return True


class TestOneProcess:
    def test_a_watcher_of_one_topic_sleeps_through_the_others(self) -> None:
        bus = Changes()
        since = bus.version
        bus.hear(("agent:luca", "call:1"))
        assert not bus.has_changed(("agent:anna",), since)
        assert bus.has_changed(("agents",), since)
        assert bus.has_changed(("calls",), since)
        assert not bus.has_changed(("queues",), since)

    def test_what_changed_while_nobody_waited_is_not_missed(self) -> None:
        bus = Changes()
        since = bus.version
        bus.hear(("queues",))
        began = time.monotonic()
        assert bus.wait(("queues",), since, LIMIT_SECONDS) > since
        assert time.monotonic() - began < 1.0

    def test_a_wait_ends_in_time_where_nothing_changes(self) -> None:
        bus = Changes()
        began = time.monotonic()
        assert bus.wait(("queues",), bus.version, 0.05) == bus.version
        assert 0.04 <= time.monotonic() - began < 2.0

    def test_who_has_left_is_forgotten(self) -> None:
        bus = Changes()
        for number in range(20):
            bus.wait((f"call:{number}",), bus.version, 0.0)
        assert bus._waiting == {}

    def test_forgotten_topics_wake_everybody_once(self) -> None:
        bus = Changes()
        bus.hear(f"call:{number}" for number in range(MOST_TOPICS + 1))
        since = bus.version
        bus.hear(("call:1",))
        assert bus.has_changed(("agent:anna",), since)
        assert not bus.has_changed(("agent:anna",), bus.version)

    def test_five_hundred_idle_watchers_cost_no_processor_time(self) -> None:
        bus = Changes()
        threads = [
            threading.Thread(target=bus.wait, args=((f"agent:{one}",), bus.version, 0.5), daemon=True)
            for one in range(500)
        ]
        for thread in threads:
            thread.start()
        spent = time.thread_time()
        bus.hear(("agent:7",))
        assert time.thread_time() - spent < 0.05
        bus.hear((ALL,))
        for thread in threads:
            thread.join(LIMIT_SECONDS)
        assert not any(thread.is_alive() for thread in threads)


class TestPayload:
    def test_topics_go_and_come(self) -> None:
        assert read(written("us", {"queues", "agent:marta d'è"})) == ("us", ("agent:marta d'è", "queues"))

    def test_too_many_topics_for_one_notice_are_for_everybody(self) -> None:
        payload = written("us", {f"call:CA{number:032}" for number in range(1000)})
        assert len(payload.encode()) <= LARGEST_PAYLOAD
        assert read(payload) == ("us", (ALL,))

    @pytest.mark.parametrize("payload", ["", "hello", "7", "{}", "[]", "null"])
    def test_what_is_none_of_ours_is_for_everybody(self, payload: str) -> None:
        assert read(payload) == ("", (ALL,))
