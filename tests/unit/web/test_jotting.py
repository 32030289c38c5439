"""What callers are saying is jotted down beside the sockets: the newest words, once a second, and never in anybody's way."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from ivr import database
from ivr.calls import store
from ivr.calls.tables import Call
from ivr.web.jotting import BETWEEN_SECONDS, Jotting
from tests.telephone import MONDAY_TEN

CALL = "CA1"


@pytest.fixture
def sessions(sqlite_engine: Engine) -> sessionmaker[Session]:
    database.upgrade(sqlite_engine)
    made = database.session_factory(sqlite_engine)
    with made.begin() as session:
        store.add(
            session,
            Call(
                call_id=CALL, from_number="+393331234567", to_number="+390210420000", flow="shop", flow_version=1,
                listening="stream", language="it", status=store.IN_LINE, started_at=MONDAY_TEN, turn=1,
            ),
        )  # fmt: skip
    return made


def words_of(sessions: sessionmaker[Session]) -> str:
    with sessions() as session:
        call = store.call(session, CALL)
        assert call is not None
        return call.words_so_far


class Pauses:
    """A pause that lasts until it is told to end."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.began = threading.Semaphore(0)
        self.ends = threading.Semaphore(0)

    def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.began.release()
        self.ends.acquire()


def test_the_newest_words_are_kept_once_a_second(sessions: sessionmaker[Session]) -> None:
    pauses = Pauses()
    jotting = Jotting(sessions.begin, pauses)
    jotting.jot(CALL, 1, "dov'è")
    assert pauses.began.acquire(timeout=10)
    assert words_of(sessions) == "dov'è"
    for words in ("dov'è il", "dov'è il mio", "dov'è il mio ordine"):
        jotting.jot(CALL, 1, words)
    assert words_of(sessions) == "dov'è", "the next second has not come"
    pauses.ends.release()
    assert pauses.began.acquire(timeout=10)
    assert words_of(sessions) == "dov'è il mio ordine"
    assert pauses.asked == [BETWEEN_SECONDS] * 2


def test_words_of_a_turn_that_is_over_are_not_kept(sessions: sessionmaker[Session]) -> None:
    pauses = Pauses()
    jotting = Jotting(sessions.begin, pauses)
    jotting.jot(CALL, 7, "troppo tardi")
    assert pauses.began.acquire(timeout=10)
    assert words_of(sessions) == ""


def test_a_database_that_does_not_answer_costs_its_words_and_nobody_waits(sessions: sessionmaker[Session]) -> None:
    pauses, answers = Pauses(), threading.Event()

    @contextmanager
    def begin() -> Iterator[Session]:
        if not answers.wait(timeout=10):
            raise AssertionError("nobody let the database answer")
        if len(pauses.asked) == 0:
            raise OperationalError("UPDATE", {}, Exception("no connection"))
        with sessions.begin() as session:
            yield session

    jotting = Jotting(begin, pauses)
    began = time.monotonic()
    jotting.jot(CALL, 1, "dov'è")
    jotting.jot(CALL, 1, "dov'è il")
    assert time.monotonic() - began < 1.0, "whoever listens does not wait for the database"
    answers.set()
    assert pauses.began.acquire(timeout=10)
    assert words_of(sessions) == ""
    jotting.jot(CALL, 1, "dov'è il mio ordine")
    pauses.ends.release()
    assert pauses.began.acquire(timeout=10)
    assert words_of(sessions) == "dov'è il mio ordine"
