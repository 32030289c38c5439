"""A report's counts, with intents, contacts and scores, are the plain counting's, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr import database
from ivr.calls import reporting
from ivr.calls.reporting_asked import Asked, Wishes, understood
from routing.figures_counted import GroupBy, Question, Records
from routing.figures_counted import counted as plainly_counted
from routing.figures_periods import days_of
from routing.figures_records import Contact, Counts, Effort
from routing.figures_table import FIGURES
from tests.stays import ROME, answered, at, keep, keep_calls, week

DAYS = days_of(date(2026, 11, 2), date(2026, 11, 15), ROME)
FORTNIGHT = week(date(2026, 11, 2), days=14, calls_an_hour=1.3)
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
QUESTION = Question(period=DAYS, zone=ROME, now=NOW)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A fortnight, kept once for each database: these tests read only."""
    if request.param == "sqlite":
        from tests.databases import sqlite_database  # noqa: PLC0415

        with sqlite_database(tmp_path_factory.mktemp("reporting")) as engine:
            yield from kept(engine)
    else:
        with request.getfixturevalue("postgresql").fresh_database() as engine:
            yield from kept(engine)


def kept(engine: Engine) -> Iterator[Session]:
    database.upgrade(engine)
    with Session(engine) as opened, opened.begin():
        keep(opened, FORTNIGHT)
        keep_calls(opened, FORTNIGHT)
        yield opened


@pytest.mark.parametrize("by", GroupBy)
def test_a_fortnight_is_counted_alike(session: Session, by: GroupBy) -> None:
    question = replace(QUESTION, by=by)
    assert reporting.counted(session, question) == plainly_counted(question, FORTNIGHT)


@pytest.mark.parametrize(
    "wish",
    [{"intent": "return"}, {"queue": "orders"}, {"agent_id": "luca"}, {"skill": "recovery", "intent": "complaint"}],
)
@pytest.mark.parametrize("by", [GroupBy.DAY, GroupBy.AGENT])
def test_so_is_what_is_filtered(session: Session, wish: dict[str, str], by: GroupBy) -> None:
    question = replace(QUESTION, by=by, **wish)
    assert reporting.counted(session, question) == plainly_counted(question, FORTNIGHT)


def asked(**wishes: str) -> Asked:
    made = understood(Wishes(**wishes), now=NOW, zone=ROME)
    assert isinstance(made, Asked), made
    return made


def test_all_lines_together_are_the_whole(session: Session) -> None:
    for by in ("queue", "skill", "intent", "agent", "hour", "day"):
        made = reporting.report(session, asked(first="2026-11-02", last="2026-11-15", by=by), language="it")
        assert sum(line.counts.offered for line in made.lines) == made.whole.counts.offered
        # Also where lines have no occupancy of their own, all together have one.
        assert FIGURES["occupancy"].of(made.whole.counts, made.whole.terms) is not None


def test_days_without_calls_are_lines_too(session: Session) -> None:
    made = reporting.report(session, asked(first="2026-11-14", last="2026-11-30", by="day"), language="it")
    assert [line.label for line in made.lines] == [f"2026-11-{day}" for day in range(14, 19)]
    assert made.lines[-1].counts == Counts()


def test_the_picture_is_of_hours_for_a_day_and_of_days_for_a_week(session: Session) -> None:
    one = reporting.over_time(session, asked(first="2026-11-04", by="agent"), language="it")
    week = reporting.over_time(session, asked(first="2026-11-04", last="2026-11-10", by="agent"), language="it")
    assert (one.by, week.by) == (GroupBy.HOUR, GroupBy.DAY)


def test_what_can_be_chosen(session: Session) -> None:
    chosen = reporting.choices(session, "it")
    assert "return" in chosen.intents
    assert chosen.agents["giulia"] == "Giulia"


def test_a_contact_by_mail_makes_a_repeat_of_a_call(engine: Engine) -> None:
    database.upgrade(engine)
    records = Records(
        stays=(answered(1, call="CA1"), answered(2, call="CA2", came=3 * 86_400)),
        contacts=(
            Contact(customer_id="K1", at=at(-86_400), reason="return"),
            Contact(customer_id="K1", at=at(0), reason="return", call_id="CA1"),
            Contact(customer_id="K2", at=at(3 * 86_400), reason="return", outcome="solved", call_id="CA2"),
            Contact(customer_id="K2", at=at(9 * 86_400), reason="order_status"),
        ),
        efforts=(Effort(call_id="CA1", at=at(0), score=6),),
        intents={"CA1": "return"},
    )
    with Session(engine) as opened, opened.begin():
        keep(opened, records)
        keep_calls(opened, records)
        period = days_of(date(2026, 11, 23), date(2026, 11, 29), ROME)
        for by in GroupBy:
            question = Question(period=period, zone=ROME, now=at(10 * 86_400), by=by)
            found = reporting.counted(opened, question)
            assert found == plainly_counted(question, records)
        (counts,) = reporting.counted(opened, replace(question, by=GroupBy.ALL)).values()
    assert (counts.contacts, counts.repeats, counts.first_contacts, counts.solved_first) == (2, 1, 1, 1)


def test_so_is_a_year(session: Session) -> None:
    year = replace(QUESTION, period=days_of(date(2025, 11, 15), date(2026, 11, 15), ROME), by=GroupBy.DAY)
    assert reporting.counted(session, year) == plainly_counted(year, FORTNIGHT)
