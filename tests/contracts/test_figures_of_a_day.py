"""Figures of what routing itself has written: a short day told act by act, its figures worked out by hand, on both databases."""

import pytest
from sqlalchemy import Engine

from routing import dispatch, figures, figures_queries
from routing.agents import AgentEvent
from routing.figures_counted import Question
from routing.figures_defined import Share, Terms
from routing.figures_periods import Period
from routing.figures_records import Counts
from routing.figures_table import FIGURES
from routing.outcomes import StayOutcome
from routing.skills import Requirements
from tests.contracts.routing_company import OPENING, Company, company_on
from tests.stays import ROME


@pytest.fixture
def company(engine: Engine) -> Company:
    return company_on(engine)


def talk(company: Company, agent_id: str, call_id: str, *, waits: float, talks: float) -> None:
    company.calls(call_id)
    company.later(waits)
    assert company.dispatch() == {call_id: agent_id}
    company.takes(agent_id)
    with company.transaction() as session:
        dispatch.connected(session, call_id=call_id, now=company.now)
    company.later(talks)


def hangs_up(company: Company, call_id: str) -> None:
    with company.transaction() as session:
        dispatch.talk_ended(session, call_id=call_id, now=company.now)


def writes_down(company: Company, agent_id: str, seconds: float) -> None:
    company.later(seconds)
    with company.transaction() as session:
        dispatch.wrap_up_done(session, agent_id=agent_id, now=company.now)


def counted(company: Company) -> Counts:
    period = Period(begins_at=OPENING, ends_at=company.now)
    with company.transaction() as session:
        (counts,) = figures_queries.counted(session, Question(period=period, zone=ROME, now=company.now)).values()
    return counts


def test_a_short_day(company: Company) -> None:
    company.hire("anna")
    talk(company, "anna", "CA1", waits=10, talks=100)
    hangs_up(company, "CA1")
    writes_down(company, "anna", 30)
    company.calls("CA2")
    company.later(25)
    with company.transaction() as session:
        dispatch.withdraw(session, call_id="CA2", reason="hang-up", now=company.now, outcome=StayOutcome.ABANDONED)
    company.calls("CA3")
    company.later(60)
    counts = counted(company)
    # Answered after 10 s, abandoned after 25 s, and one who has waited for a minute.
    assert FIGURES["service_level"].of(counts, Terms()) == Share(part=1, whole=3)
    assert FIGURES["abandonment"].of(counts, Terms()) == Share(part=1, whole=2)
    assert FIGURES["handling"].of(counts, Terms()) == 130
    # Anna: 10 s available, 130 s with the call, 85 s available.
    assert counts.in_state_us == {"available": 95_000_000, "on_call": 100_000_000, "wrap_up": 30_000_000}
    with company.transaction() as session:
        day = figures.day_of_agent(session, "anna", OPENING, company.now)
    assert (day.calls, day.handling_seconds, day.wrap_up_seconds, day.occupancy) == (1, 130, 30, 130 / 225)


def test_a_call_that_is_passed_on_counts_once_and_has_two_talks(company: Company) -> None:
    company.hire("anna")
    talk(company, "anna", "CA1", waits=5, talks=60)
    company.hire("bruno")
    with company.transaction() as session:
        dispatch.requeue(
            session, call_id="CA1", requirements=Requirements(skill="orders", only_agent_id="bruno"), now=company.now,
            goes_first=True, reason="passed on",
        )  # fmt: skip
    company.later(15)
    assert company.dispatch() == {"CA1": "bruno"}
    company.takes("bruno")
    with company.transaction() as session:
        dispatch.connected(session, call_id="CA1", now=company.now)
    company.later(40)
    hangs_up(company, "CA1")
    writes_down(company, "bruno", 10)
    counts = counted(company)
    assert (counts.offered, counts.answered_after, counts.talks, counts.handed_on) == (1, {5: 1}, 2, 1)
    assert FIGURES["wait_again"].of(counts, Terms()) == 15
    with company.transaction() as session:
        anna = figures.day_of_agent(session, "anna", OPENING, company.now)
        bruno = figures.day_of_agent(session, "bruno", OPENING, company.now)
    assert (anna.handed_on, bruno.handed_on, bruno.calls) == (1, 0, 1)


def test_an_agent_whose_telephone_failed_had_no_talk(company: Company) -> None:
    company.hire("anna")
    company.calls("CA1")
    assert company.dispatch() == {"CA1": "anna"}
    company.takes("anna")
    company.later(7)
    with company.transaction() as session:
        dispatch.agent_failed(session, call_id="CA1", now=company.now)
    company.later(5)
    counts = counted(company)
    assert (counts.offered, counts.waiting_for, counts.talks) == (1, {12: 1}, 0)
    company.wish("anna", AgentEvent.READY)
