"""A past day loaded for what-if, and the runs that people ask for: the same on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from routing import dispatch, store, store_what_if, what_if_query
from routing.agents import AgentEvent
from routing.simulation_day import Shift
from routing.simulation_days import Town
from routing.what_if import what_if
from routing.what_if_day import NOTHING, ChangeError
from tests.contracts.routing_company import Company, company_on
from tests.past_day import DAY, MIDNIGHT, write_day

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


@pytest.fixture
def company(engine: Engine) -> Company:
    return company_on(engine)


def test_a_day_is_loaded_with_its_calls_people_and_hours(company: Company) -> None:
    with company.transaction() as session:
        day = write_day(session, Town(calls=120, agents=5, hours=3))
    with company.transaction() as session:
        past = what_if_query.past_day(session, DAY)
        assert what_if_query.days(session, NOON + timedelta(days=2)) == (DAY,)
    assert past.begins_at == MIDNIGHT
    assert len(past.calls) == len(day.calls)
    # What is kept is whole microseconds.
    for kept, agent in zip(past.agents, day.agents, strict=True):
        assert (kept.skills, kept.languages) == (agent.skills, agent.languages)
        for shift, drawn in zip(kept.shifts, agent.shifts, strict=True):
            assert shift.begins == pytest.approx(drawn.begins + 8 * 3600, abs=1e-3)
            assert shift.ends == pytest.approx(drawn.ends + 8 * 3600, abs=1e-3)
    found = what_if(past, NOTHING, replications=2, seed=1)
    assert found.before["service_level"].mean == pytest.approx(found.really.service_level, abs=0.12)


def test_a_real_day_of_dispatch_is_loaded_as_it_went(company: Company) -> None:
    company.hire("anna")
    company.talks("anna", "CA1")
    company.later(90)
    with company.transaction() as session:
        dispatch.talk_ended(session, call_id="CA1", now=company.now)
    company.later(30)
    company.wish("anna", AgentEvent.STEP_AWAY, "break")
    company.calls("CA2")
    company.later(40)
    with company.transaction() as session:
        dispatch.withdraw(session, call_id="CA2", reason="hang-up", now=company.now)
    company.later(20)
    company.wish("anna", AgentEvent.READY)
    company.calls("still waits")
    with company.transaction() as session:
        past = what_if_query.past_day(session, date(2026, 11, 23))
    first, second = past.calls
    assert (first.answered_by, first.talk_seconds, first.wrap_up_seconds, first.waited_seconds) == ("anna", 90, 30, 0)
    assert (second.answered_by, second.talk_seconds, second.waited_seconds) == ("", None, 40)
    (anna,) = past.agents
    nine = 9 * 3600.0  # 8 o'clock UTC in Rome
    assert anna.shifts == (Shift(begins=nine, ends=nine + 120), Shift(begins=nine + 180, ends=86_400))
    assert past.agent("anna").skills == {"orders": 3}


def test_skills_are_those_of_that_day_and_not_of_today(company: Company) -> None:
    company.hire("anna", level=2)
    company.talks("anna", "CA1")
    company.later(86_400)
    with company.transaction() as session:
        store.save_skills(
            session, agent_id="anna", skills={"orders": 5}, basis={}, languages=("it",), by="", now=company.now
        )
    with company.transaction() as session:
        assert what_if_query.past_day(session, date(2026, 11, 23)).agent("anna").skills == {"orders": 2}


def test_a_day_without_calls_is_refused(company: Company) -> None:
    with company.transaction() as session, pytest.raises(ChangeError) as refused:
        what_if_query.past_day(session, date(2020, 1, 1))
    assert refused.value.reason == "what_if_day_empty"


def test_runs_are_kept_counted_and_told_dead_when_nothing_is_heard_of_them(company: Company, engine: Engine) -> None:
    def look(now: datetime) -> tuple[str, int, int]:
        with Session(engine) as session:
            found = store_what_if.run(session, "r1", now)
            assert found is not None
            return found.state, found.done, store_what_if.running(session, now)

    with company.transaction() as session:
        store_what_if.add_run(session, run_id="r1", by="1", day="2026-11-23", asked={"added": ""}, total=8, now=NOON)
    with company.transaction() as session:
        assert store_what_if.beat(session, "r1", done=3, now=NOON + timedelta(seconds=5))
        assert not store_what_if.beat(session, "r2", done=3, now=NOON)
    assert look(NOON + timedelta(seconds=10)) == ("running", 3, 1)
    assert look(NOON + timedelta(seconds=100)) == ("failed", 3, 0)
    with company.transaction() as session:
        store_what_if.end_run(session, "r1", state="done", result={"calls": 1}, now=NOON)
    assert look(NOON + timedelta(seconds=100)) == ("done", 3, 0)
    for number in range(70):
        with company.transaction() as session:
            at = NOON + timedelta(minutes=number)
            store_what_if.add_run(session, run_id=f"n{number}", by="1", day="2026-11-23", asked={}, total=8, now=at)
    with company.transaction() as session:
        kept = store_what_if.runs(session, NOON, limit=100)
    assert (len(kept), kept[0].run_id) == (60, "n69")
