"""What the database counts is what the plain counting counts, on SQLite and PostgreSQL, to the microsecond."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Column, Engine, FromClause, MetaData, String, Table, delete, insert, update
from sqlalchemy.orm import Session

from routing import figures, figures_queries, store, tables
from routing.figures_counted import GroupBy, Question, Records
from routing.figures_counted import counted as plainly_counted
from routing.figures_defined import Share
from routing.figures_periods import Period, days_of
from routing.figures_records import Counts, StateSpan, Stay
from routing.queues import Queue
from tests.stays import AGENTS, ROME, abandoned, answered, at, keep, stay, week

DAYS = days_of(date(2026, 11, 16), date(2026, 11, 22), ROME)
WEEK = Question(period=DAYS, zone=ROME, now=DAYS.ends_at)
MADE = replace(week(days=7, calls_an_hour=3), contacts=(), efforts=())


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    tables.Base.metadata.create_all(engine)
    with Session(engine) as opened, opened.begin():
        yield opened


def wishes(session: Session, records: Records) -> FromClause:
    table = Table("wishes", MetaData(), Column("call_id", String(64)), Column("intent", String(40)))
    table.create(session.connection())
    rows = [{"call_id": call_id, "intent": intent} for call_id, intent in records.intents.items()]
    if rows:
        session.execute(insert(table), rows)
    return table


def both(session: Session, question: Question, records: Records, intents: FromClause | None = None) -> None:
    expected = plainly_counted(question, records)
    found = figures_queries.counted(session, question, intents)
    assert differences(found, expected) == {}, question.by


def differences(found: Mapping[str, Counts], expected: Mapping[str, Counts]) -> Mapping[tuple[str, str], object]:
    unlike = {}
    for label in {*found, *expected}:
        one, other = vars(found.get(label, Counts())), vars(expected.get(label, Counts()))
        unlike |= {(label, name): (one[name], other[name]) for name in one if one[name] != other[name]}
    return unlike


def test_a_week_is_counted_alike_whatever_it_is_grouped_and_filtered_by(session: Session) -> None:
    keep(session, MADE)
    intents = wishes(session, MADE)
    for by in GroupBy:
        both(session, replace(WEEK, by=by), MADE, intents)
    both(session, replace(WEEK, by=GroupBy.HOUR, queue="orders"), MADE, intents)
    both(session, replace(WEEK, by=GroupBy.DAY, agent_id="giulia"), MADE, intents)
    both(session, replace(WEEK, by=GroupBy.QUEUE, intent="return"), MADE, intents)
    both(session, replace(WEEK, by=GroupBy.AGENT, skill="recovery"), MADE, intents)
    both(session, replace(WEEK, queue="there is none"), MADE, intents)


def test_in_the_middle_of_a_day_everything_counts_until_now(session: Session) -> None:
    noon = datetime(2026, 11, 18, 11, 7, 3, 250_000, tzinfo=UTC)
    live = tuple(one for one in MADE.stays if one.enqueued_at < noon)
    waiting = replace(live[-1], outcome="", left_at=None, connected_at=None, accepted_at=None, ended_at=None)
    # The history of states goes on while a span does; what comes after now has not happened.
    records = replace(MADE, stays=(*live[:-1], waiting))
    keep(session, records)
    for by in (GroupBy.ALL, GroupBy.HOUR, GroupBy.DAY, GroupBy.AGENT):
        both(session, replace(WEEK, now=noon, by=by), replace(records, intents={}))


def test_a_period_that_cuts_waits_and_states(session: Session) -> None:
    keep(session, MADE)
    begins_at = datetime(2026, 11, 18, 9, 30, 17, tzinfo=UTC)
    period = Period(begins_at=begins_at, ends_at=begins_at + timedelta(minutes=95))
    for by in (GroupBy.ALL, GroupBy.HOUR, GroupBy.DAY, GroupBy.AGENT, GroupBy.QUEUE):
        both(session, replace(WEEK, period=period, by=by), replace(MADE, intents={}))


def test_every_way_through_the_queues(session: Session) -> None:
    stays = (
        stay(1, "CA1", outcome="overflow", left=60),
        answered(2, came=60, call="CA1", queue="general"),
        answered(3, call="CA2", held_seconds=200),
        answered(4, came=140, call="CA2", transferred=True, agent_id="luca", queue="returns"),
        stay(5, "CA3", outcome="callback", left=90.000001),
        answered(6, came=90, call="CA3", kind="callback"),
        stay(7, "CA4", outcome="callback", left=30),
        stay(8, "CA4", came=30, kind="callback", outcome="failed", left=600),
        stay(9, "CA5", outcome="message", left=20),
        stay(10, "CA6", outcome="closed", left=0),
        stay(11, "CA7"),
        stay(12, "CA8", outcome="answered", agent_id="luca", left=5, accepted=5),
        stay(13, "CA9", outcome="abandoned", agent_id="luca", left=9, accepted=5, ended=9, wrapped=9),
        answered(14, call="CO1", kind="consult"),
        stay(15, "CA10", outcome="moved", left=5),
        stay(16, "CA10", came=5, outcome="abandoned", left=25),
        stay(17, "CA11", outcome="overflow", left=5),
        stay(18, "CA12", came=10, outcome="abandoned", left=8),  # two machines' clocks
    )
    records = Records(stays=stays)
    keep(session, records)
    period = days_of(date(2026, 11, 23), date(2026, 11, 23), ROME)
    for by in GroupBy:
        both(session, Question(period=period, zone=ROME, now=at(1000.5), by=by), records)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_days_on_which_the_clock_is_changed(session: Session, day: date) -> None:
    period = days_of(day - timedelta(days=1), day + timedelta(days=1), ROME)
    begins_at, stays, spans = period.begins_at, [], []
    for number in range(1, 290):
        came = begins_at + timedelta(minutes=15 * number - 3)
        stays.append(
            Stay(stay_id=number, call_id=f"CA{number}", queue="q", skill="s", enqueued_at=came, outcome="abandoned",
                 left_at=came + timedelta(seconds=number)),
        )  # fmt: skip
        state = ("available", "on_call", "wrap_up", "offline")[number % 4]
        ends_at = came + timedelta(minutes=15)
        spans.append(StateSpan(agent_id="giulia", state=state, begins_at=came, ends_at=ends_at))
    records = Records(stays=tuple(stays), spans=tuple(spans))
    keep(session, records)
    # A period's last change of state goes on until the question is asked.
    question = Question(period=period, zone=ROME, now=spans[-1].ends_at)
    for by in (GroupBy.HOUR, GroupBy.DAY):
        both(session, replace(question, by=by), records)


def test_a_year_is_read_as_a_few_lines(session: Session) -> None:
    keep(session, MADE)
    lines = []
    execute = session.execute

    def counting(*given, **more):  # noqa: ANN002, ANN003, ANN202 - stands between the session and the test
        result = execute(*given, **more)
        fetched = result.freeze()
        lines.append(len(fetched().all()))
        return fetched()

    session.execute = counting  # type: ignore[method-assign]
    year = replace(WEEK, period=days_of(date(2026, 1, 1), date(2026, 12, 31), ROME))
    figures_queries.counted(session, year)
    assert max(lines) < len(MADE.stays) / 2


class TestOfTheDay:
    def test_an_agent_s_own_day(self, session: Session) -> None:
        keep(session, MADE)
        begins_at = datetime(2026, 11, 18, 0, tzinfo=ROME).astimezone(UTC)
        now = begins_at + timedelta(hours=15)
        found = figures.day_of_agent(session, "giulia", begins_at, now)
        own = [one for one in MADE.stays if one.agent_id == "giulia" and begins_at <= (one.accepted_at or at(0)) < now]
        assert found.calls == len(own)
        assert found.occupancy is not None
        assert 0 < found.occupancy < 1
        assert found.handling_seconds is not None
        assert found.wrap_up_seconds is not None
        assert 0 < found.wrap_up_seconds < found.handling_seconds

    def test_nothing_yet(self, session: Session) -> None:
        found = figures.day_of_agent(session, "giulia", at(0), at(60))
        assert (found.calls, found.handling_seconds, found.wrap_up_seconds, found.occupancy) == (0, None, None, None)


class TestOfTheQueues:
    def test_how_they_stand(self, session: Session) -> None:
        stays = (answered(1), abandoned(2, waited=30), answered(3, queue="returns", came=5), stay(4, came=500))
        keep(session, Records(stays=stays))
        store.save_queue(session, Queue(queue_id="orders", service_seconds=30), by="x", version=0, now=at(0))
        session.add(waiting("CA4", "orders", at(500)))
        session.add(waiting("CA5", "orders", at(90), kind="callback", state="calling"))
        for agent_id, skills, state in (("a", ("orders", "returns"), "available"), ("b", ("orders",), "away")):
            store.save_agent(
                session, agent_id=agent_id, name=agent_id, address=agent_id, languages=("it",),
                skills=dict.fromkeys(skills, 3), now=at(0),
            )  # fmt: skip
            session.execute(update(tables.Agent).where(tables.Agent.agent_id == agent_id).values(state=state))
        live = figures.live_of_queues(session, at(560), begins_at=at(-3600))
        found = {one.queue: one for one in live.queues}
        orders = found["orders"]
        assert (orders.waiting, orders.longest_wait_seconds, orders.callbacks_open) == (1, 60, 1)
        assert (orders.answered, orders.abandoned, orders.service_seconds) == (1, 1, 30)
        # The one who hung up after 30 s is left out, the one who has waited 60 s is not.
        assert orders.service_level == Share(part=1, whole=2)
        assert (orders.agents, found["returns"].agents) == ({"available": 1, "away": 1}, {"available": 1})
        assert live.agents == {"available": 1, "away": 1}
        assert found["general"].waiting == 0

    def test_what_was_counted_before_now_can_be_given(self, session: Session) -> None:
        keep(session, Records(stays=(answered(1),)))
        today = figures.today_of_queues(session, at(-60), at(300))
        session.execute(delete(tables.Stay))
        (orders, *_) = [
            one for one in figures.live_of_queues(session, at(300), today=today).queues if one.queue == "orders"
        ]
        assert orders.answered == 1


def waiting(call_id: str, queue: str, since: datetime, *, kind: str = "call", state: str = "waiting") -> tables.Waiting:
    return tables.Waiting(
        call_id=call_id, queue=queue, kind=kind, skill=queue, requirements={}, priority=0, boosts={},
        enqueued_at=since, ranked_at=since, state=state,
    )  # fmt: skip


def test_the_agents_of_the_made_week_are_on_duty() -> None:
    assert {span.agent_id for span in MADE.spans} == set(AGENTS)
