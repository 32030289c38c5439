"""A second of made time that brings nothing is passed over; whoever waits, and what time alone changes, is looked after."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ivr.database import reading_session_factory, session_factory
from ivr.trials.databases import Databases, TrialDatabase
from ivr.trials.due import Due
from routing import dispatch
from routing import store as routing_store
from routing.agents import AgentEvent
from routing.skills import Requirements
from tests.keys import RING

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def made() -> Iterator[TrialDatabase]:
    opened = Databases().take()
    opened.empty(RING)
    yield opened
    opened.forget()


@pytest.fixture
def due(made: TrialDatabase) -> Due:
    return Due(made.commits, reading_session_factory(made.engine), now=NOW)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_nothing_is_due_but_once_a_minute(due: Due) -> None:
    assert [second for second in range(130) if due.is_due(later(second))] == [60, 120]


def test_each_second_is_due_while_somebody_waits(made: TrialDatabase, due: Due) -> None:
    assert not due.is_due(later(1))
    with session_factory(made.engine).begin() as session:
        dispatch.enqueue(session, call_id="CA1", requirements=Requirements(skill="orders"), now=later(1))
    assert [due.is_due(later(second)) for second in (2, 3, 4)] == [True, True, True]
    with session_factory(made.engine).begin() as session:
        dispatch.withdraw(session, call_id="CA1", reason="gone", now=later(4))
    assert not due.is_due(later(5))


def test_a_desk_s_lease_is_due_when_it_is_over(made: TrialDatabase, due: Due) -> None:
    with session_factory(made.engine).begin() as session:
        routing_store.save_agent(
            session,
            agent_id="anna",
            name="Anna",
            address="client:anna",
            languages=("it",),
            skills={"orders": 5},
            now=NOW,
        )
        dispatch.set_state(session, agent_id="anna", event=AgentEvent.READY, now=NOW)
        dispatch.heartbeat(session, agent_id="anna", now=NOW)
    with session_factory(made.engine)() as session:
        until = routing_store.next_change_by_time(session)
    assert until is not None
    assert not due.is_due(min(until, later(59)) - timedelta(seconds=1))
    assert due.is_due(until)


def test_a_house_s_file_is_gone_with_it_and_the_next_one_has_nothing_of_it(made: TrialDatabase) -> None:
    with session_factory(made.engine).begin() as session:
        dispatch.enqueue(session, call_id="CA1", requirements=Requirements(skill="orders"), now=NOW)
    made.forget()
    assert not made.folder.exists()
    made.empty(RING)
    with session_factory(made.engine)() as session:
        assert routing_store.call_row(session, "CA1") is None
