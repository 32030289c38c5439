"""What is kept of a call while it goes on, on both databases: how a turn was heard, and the words of the one being spoken."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from ivr import database
from ivr.calls import store
from ivr.calls.store import Exchange
from ivr.calls.tables import Call
from tests.telephone import MONDAY_TEN

CALL = "CA1"


@pytest.fixture
def sessions(engine: Engine) -> Iterator[sessionmaker[Session]]:
    database.upgrade(engine)
    made = database.session_factory(engine)
    with made.begin() as session:
        store.add(
            session,
            Call(
                call_id=CALL, from_number="+393331234567", to_number="+390210420000", flow="shop", flow_version=1,
                listening="stream", language="it", status=store.IN_LINE, started_at=MONDAY_TEN, turn=1,
            ),
        )  # fmt: skip
    yield made
    engine.dispose()


def exchange(hearing: Mapping[str, Any] | None = None) -> Exchange:
    given = {} if hearing is None else {"hearing": hearing}
    return Exchange(
        heard="dov'è il mio ordine", keys="", intent="", confidence=None, ended="speech", node="greet", prompt="",
        facts=(), answer="", **given,
    )  # fmt: skip


def words_of(sessions: sessionmaker[Session]) -> str:
    with sessions() as session:
        (call,) = store.live_calls(session)
    return call.words_so_far


def keep_words(sessions: sessionmaker[Session], words: str, *, turn: int = 1) -> bool:
    with sessions.begin() as session:
        return store.keep_words_so_far(session, call_id=CALL, turn=turn, words=words)


def test_how_a_turn_was_heard_is_kept_with_it(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        store.add_turn(session, CALL, 1, exchange(), MONDAY_TEN)
        store.add_turn(session, CALL, 2, exchange({"by": "vosk", "words": [{"text": "perché"}]}), MONDAY_TEN)
    with sessions() as session:
        assert [turn.hearing for turn in store.turns(session, CALL)] == [
            "{}",
            '{"by": "vosk", "words": [{"text": "perché"}]}',
        ]


def test_words_come_until_the_turn_was_heard(sessions: sessionmaker[Session]) -> None:
    assert keep_words(sessions, "dov'è")
    assert keep_words(sessions, "dov'è il mio")
    assert words_of(sessions) == "dov'è il mio"
    with sessions.begin() as session:
        assert store.keep_heard(session, call_id=CALL, turn=1, heard={"text": "dov'è il mio ordine"})
    assert words_of(sessions) == ""
    # What a slower thread still brings is too late.
    assert not keep_words(sessions, "dov'è il mio ordine")
    assert words_of(sessions) == ""


def test_words_of_another_turn_are_not_kept(sessions: sessionmaker[Session]) -> None:
    assert not keep_words(sessions, "di prima", turn=0)
    assert not keep_words(sessions, "di poi", turn=2)
    assert words_of(sessions) == ""


def test_words_are_gone_when_the_turn_goes_on_whatever_the_webhook_had_read(sessions: sessionmaker[Session]) -> None:
    """By keys at the carrier, say: the media socket has not stored the turn."""
    keep_words(sessions, "vorrei")
    with sessions.begin() as session:
        call = store.take(session, CALL)
        assert call is not None
        assert call.words_so_far == "vorrei"
        call.turn += 1
        store.keep(session, call)
    assert words_of(sessions) == ""
    assert not keep_words(sessions, "vorrei una")
    assert keep_words(sessions, "sì", turn=2)
    assert words_of(sessions) == "sì"


def test_words_of_a_call_that_is_over_are_not_kept(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        call = store.call(session, CALL, lock=True)
        assert call is not None
        call.status, call.ended_at = store.ENDED, MONDAY_TEN
    assert not keep_words(sessions, "pronto")


def test_path_and_traces_of_a_turn_are_kept_open(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        gone = replace(exchange(), path=("greet", "ask"), traces=(("person", "greet"),))
        store.add_turn(session, CALL, 1, gone, MONDAY_TEN)
    with sessions() as session:
        kept = session.connection().exec_driver_sql("SELECT path, traces FROM turns").one()
    assert tuple(kept) == ('["greet", "ask"]', '[["person", "greet"]]')
