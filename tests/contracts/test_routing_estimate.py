"""The estimate of the wait from the database, kept for each caller and held against what came: the same on both databases."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, insert

from routing import dispatch, estimate_query, reports, tables
from routing.agents import AgentEvent
from routing.skills import Requirements
from tests.contracts.routing_company import ORDERS, Company, company_on


@pytest.fixture
def company(engine: Engine) -> Iterator[Company]:
    made = company_on(engine)
    yield made
    made.assert_sound()


def has_talked(company: Company, *seconds: int, agent: str = "anna") -> None:
    """Talks of so many seconds, each with 20 s of wrap-up."""
    for number, its in enumerate(seconds):
        company.talks(agent, f"past{number}")
        company.later(its)
        with company.transaction() as session:
            dispatch.talk_ended(session, call_id=f"past{number}", now=company.now)
        company.later(20)
        with company.transaction() as session:
            dispatch.wrap_up_done(session, agent_id=agent, now=company.now)


def told(company: Company, call_id: str) -> float | None:
    with company.transaction() as session:
        found = estimate_query.estimate_of(session, call_id, company.now)
        if found is not None:
            estimate_query.keep_told(session, call_id, found, company.now)
    return None if found is None else found.seconds


def test_too_few_talks_are_no_estimate(company: Company) -> None:
    company.hire("anna")
    has_talked(company, 100, 100)
    company.calls("CA1")
    assert told(company, "CA1") is None
    assert told(company, "nobody's") is None


def test_the_talk_in_hand_is_counted_by_what_is_left_of_it(company: Company) -> None:
    company.hire("anna")
    has_talked(company, 100, 100, 100)
    company.talks("anna", "CA1")
    company.later(70)
    company.calls("CA2")
    assert told(company, "CA2") == pytest.approx(30 + 20)
    company.later(30)
    with company.transaction() as session:
        dispatch.talk_ended(session, call_id="CA1", now=company.now)
    company.later(5)
    assert told(company, "CA2") == pytest.approx(15)


def test_a_call_ahead_for_other_agents_costs_nothing_and_one_for_the_same_does(company: Company) -> None:
    company.hire("anna")
    has_talked(company, 100, 100, 100)
    company.calls("returns", Requirements(skill="returns", languages=("it",)))
    company.later(1)
    company.calls("CA1", ORDERS)
    company.later(1)
    company.calls("CA2", ORDERS)
    assert told(company, "CA1") == pytest.approx(0)
    assert told(company, "CA2") == pytest.approx(120)


def test_an_agent_who_is_rung_is_counted_as_taking_that_call(company: Company) -> None:
    company.hire("anna")
    has_talked(company, 100, 100, 100)
    company.calls("CA1")
    assert company.dispatch() == {"CA1": "anna"}
    company.calls("CA2")
    assert told(company, "CA2") == pytest.approx(120)


def test_a_callback_whose_time_has_not_come_stands_in_nobodys_way(company: Company) -> None:
    company.hire("anna")
    has_talked(company, 100, 100, 100)
    with company.transaction() as session:
        dispatch.enqueue(
            session, call_id="later", requirements=ORDERS, now=company.now, not_before=company.now + timedelta(hours=1)
        )
    company.later(1)
    company.calls("CA1")
    assert told(company, "CA1") == pytest.approx(0)


def test_the_position_says_the_same_with_its_range(company: Company) -> None:
    company.hire("anna")
    has_talked(company, 60, 100, 140)
    company.calls("CA1")
    company.calls("CA2")
    with company.transaction() as session:
        found = reports.position(session, "CA2", company.now)
    assert found is not None
    assert found.estimate is not None
    assert found.estimate_seconds == round(found.estimate.seconds)
    assert found.estimate.low_seconds <= 120 <= found.estimate.high_seconds


def test_what_was_told_first_is_kept_and_its_error_is_measured_by_queue_and_hour(company: Company) -> None:
    began = company.now
    company.hire("anna")
    has_talked(company, 100, 100, 100)
    company.talks("anna", "CA1")
    company.calls("CA2")
    assert told(company, "CA2") == pytest.approx(120)
    company.later(30)
    told(company, "CA2")  # the first time counts
    company.later(130)
    with company.transaction() as session:
        dispatch.talk_ended(session, call_id="CA1", now=company.now)
    company.wish("anna", AgentEvent.READY)
    assert company.dispatch() == {"CA2": "anna"}
    company.takes("anna")
    company.calls("gives up")
    told(company, "gives up")
    with company.transaction() as session:
        dispatch.withdraw(session, call_id="gives up", reason="hang-up", now=company.now)
        found = estimate_query.estimate_error(session, began, company.later(1))
    whole, queue, hour = found
    assert (whole.queue, whole.hour, whole.told) == ("", None, 1)
    assert whole.error_seconds == pytest.approx(40)  # told 120 s, waited 160
    assert whole.bias_seconds == pytest.approx(-40)
    assert whole.within == 0
    assert (queue.queue, queue.hour) == ("general", None)
    assert (hour.queue, hour.hour) == ("general", 9)  # 8 o'clock UTC in Rome
    with company.transaction() as session:
        assert estimate_query.estimate_error(session, company.now, company.now) == ()


def test_five_hundred_agents_and_two_hundred_waiting_are_a_handful_of_statements(
    engine: Engine, company: Company
) -> None:
    began = company.now
    skills = ("orders", "billing", "support", "returns")
    with company.transaction() as session:
        session.execute(
            insert(tables.Agent),
            [
                {
                    "agent_id": f"a{number}", "name": f"A{number}", "address": "", "state": "missed", "state_since": began,
                    "idle_since": began, "away_reason": "", "languages": ["it"],
                }
                for number in range(500)
            ],
        )  # fmt: skip
        session.execute(
            insert(tables.AgentSkill),
            [
                {"agent_id": f"a{number}", "skill": skills[(number + which) % 4], "level": 1 + number % 5, "basis": ""}
                for number in range(500)
                for which in range(2)
            ],
        )
    company.hire("anna")
    has_talked(company, 100, 100, 100)
    for number in range(200):
        company.calls(f"CA{number}", Requirements(skill=skills[number % 4], languages=("it",)))
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *_: statements.append(""))
    with company.transaction() as session:
        begun = time.process_time()
        estimate_query.estimate_of(session, "CA196", company.now)
        took = time.process_time() - begun
    assert len(statements) < 15
    assert took < 0.5
