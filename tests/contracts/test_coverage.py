"""What coverage is counted from, read on both databases."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from ivr import database
from ivr.calls import coverage_store, store
from ivr.calls.store import Exchange
from ivr.calls.tables import Call, CallLeg
from routing.figures_periods import Period
from tests.telephone import MONDAY_TEN

WEEK = Period(begins_at=MONDAY_TEN - timedelta(hours=10), ends_at=MONDAY_TEN + timedelta(days=6))


@pytest.fixture
def sessions(engine: Engine) -> Iterator[sessionmaker[Session]]:
    database.upgrade(engine)
    yield database.session_factory(engine)
    engine.dispose()


def keep_call(
    session: Session,
    call_id: str,
    *paths: Sequence[str],
    at: datetime = MONDAY_TEN,
    version: int = 1,
    ended: bool = True,
    traces: Sequence[tuple[str, str]] = (),
    score: int | None = None,
) -> None:
    """A call that passed these nodes, one list a turn; the traces are the last turn's."""
    node = [node for path in paths for node in path][-1]
    row = Call(
        call_id=call_id, from_number="", to_number="", flow="shop", flow_version=version, listening="carrier",
        language="it", status=store.ENDED if ended else store.IN_LINE, started_at=at, ended_at=at if ended else None,
        node=node,
    )  # fmt: skip
    store.add(session, row)
    for turn, path in enumerate(paths, start=1):
        exchange = Exchange(
            heard="", keys="", intent="", confidence=None, ended="speech", node=(path or [node])[-1], prompt="", facts=(),
            answer="", path=path, traces=traces if turn == len(paths) else (),
        )  # fmt: skip
        store.add_turn(session, call_id, turn, exchange, at)
    if score is not None:
        store.record_effort(session, call_id, score, at)


def test_a_period_is_counted_by_node_and_version(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        keep_call(session, "CA1", ["greet", "ask"], [], ["ask", "bye"], traces=[("ended", "bye")], score=2)
        keep_call(session, "CA2", ["greet", "ask"], [], traces=[("repeated", "ask")], version=2)
        keep_call(session, "CA3", ["greet"], ended=False, at=MONDAY_TEN + timedelta(hours=2))
        keep_call(session, "CA4", ["greet"], at=WEEK.begins_at - timedelta(seconds=1))
        keep_call(session, "CA5", ["greet"], at=WEEK.ends_at)
    with sessions() as session:
        found = coverage_store.covered(session, WEEK)
        second = coverage_store.covered(session, WEEK, version=2)
        assert coverage_store.versions(session, WEEK) == {2: 1, 1: 2}
    assert (found.calls, found.over, found.well) == (3, 2, 1)
    assert (found.nodes["greet"].passed, found.nodes["ask"].passed, found.nodes["ask"].visits) == (3, 2, 3)
    assert (found.nodes["ask"].stopped_here, found.nodes["ask"].repeated_calls) == (1, 1)
    assert (found.nodes["ask"].effort.value, found.effort.count) == (2.0, 1)
    assert found.ways["ask", "bye"] == 1
    assert (second.calls, second.nodes["ask"].passed) == (1, 1)


def test_who_talked_with_a_person_has_ended_well(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        keep_call(session, "CA1", ["greet", "to_person"], traces=[("person", "greet")])
        keep_call(session, "CA2", ["greet", "to_person"])
        for call_id, met_at in (("CA1", MONDAY_TEN), ("CA2", None)):
            session.add(
                CallLeg(
                    call_id=call_id, role="agent", mode="talk", state="left", address="", name="", asked_by="",
                    asked_at=MONDAY_TEN, met_at=met_at,
                )
            )  # fmt: skip
    with sessions() as session:
        found = coverage_store.covered(session, WEEK)
    assert found.ended_well.part == 1
    assert found.nodes["to_person"].stopped_here == 1
    assert found.nodes["greet"].asked_person == 1


def test_turns_of_before_paths_were_kept_count_nowhere_and_break_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        keep_call(session, "CA1", ["greet"])
        session.connection().exec_driver_sql("UPDATE turns SET path = 'rubbish', traces = '{}'")
    with sessions() as session:
        found = coverage_store.covered(session, WEEK)
    assert (found.calls, found.nodes) == (1, {})
