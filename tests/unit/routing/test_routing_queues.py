"""Queues as admins keep them: what makes no sense is refused field by field, and where a call goes is told."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.hours import Closed, Hours, hours_from_json
from routing.queues import (
    DEFAULT_QUEUE,
    AgentOrder,
    Enters,
    Full,
    Problem,
    Queue,
    QueueError,
    Shut,
    entry,
    missing_queues,
    on_the_terms_of,
    overflow,
    queue_from_json,
    queue_of,
)
from routing.skills import Droppable, Requirements
from routing.waiting import DEFAULT_RINGS, Part, Ring, WaitingCall, rank_of

ROME = ZoneInfo("Europe/Rome")
COMPANY = Hours(zone=ROME, country="IT", opens_at=time(8), closes_at=time(20), open_days=(1, 2, 3, 4, 5, 6))
MONDAY = datetime(2026, 11, 23, 11, 0, tzinfo=ROME)


def queue(queue_id: str = "orders", **values: Any) -> Queue:
    return Queue(queue_id=queue_id, **values)


WHOLE = queue(
    names={"it": "Ordini", "en": "Orders"},
    team=("orders", "returns"),
    rings=(Ring(after_seconds=0), Ring(after_seconds=90, drops=frozenset({Droppable.LEVEL, Droppable.SKILL}))),
    order=AgentOrder.FEWEST_CALLS,
    service_seconds=30,
    service_share=0.9,
    max_waiting=40,
    overflow_after_seconds=300,
    overflow_to="queue:general",
    closed_does="message",
    hours=Hours(
        zone=ROME,
        country="IT",
        subdivision="MI",
        opens_at=time(9),
        closes_at=time(13, 30),
        open_days=(1, 2),
        closed_on=(date(2026, 12, 24),),
        open_on=(date(2026, 12, 8),),
    ),
    priority=2,
    boosts={"recovery": 240},
    preferred_seconds=15,
)


@pytest.mark.parametrize("one", [WHOLE, DEFAULT_QUEUE])
def test_a_queue_survives_json(one: Queue) -> None:
    assert queue_from_json(json.loads(json.dumps(one.as_json()))) == one


def test_a_queue_of_an_earlier_time_gets_today_s_defaults() -> None:
    assert queue_from_json({"queue_id": "orders"}) == queue()


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"rings": [{"after_seconds": "soon", "drops": []}]}, "rings"),
        ({"rings": [{"after_seconds": 0, "drops": ["courtesy"]}]}, "rings"),
        ({"rings": 7}, "rings"),
        ({"order": "loudest"}, "order"),
        ({"service_seconds": True}, "service_seconds"),
        ({"service_seconds": 2.5}, "service_seconds"),
        ({"service_share": "most"}, "service_share"),
        ({"names": ["Ordini"]}, "names"),
        ({"team": [7]}, "team"),
        ({"hours": {"zone": "Europe/Atlantis"}}, "hours"),
        ({"hours": {**COMPANY.as_json(), "country": "XX"}}, "hours"),
        ({"hours": {**COMPANY.as_json(), "opens_at": "25:00"}}, "hours"),
        ({"boosts": {"recovery": "much"}}, "boosts"),
        ({"max_wating": 7}, "max_wating"),
    ],
)
def test_content_that_can_t_be_read_is_refused_by_its_field(content: dict[str, Any], field: str) -> None:
    with pytest.raises(QueueError, match=field) as refused:
        queue_from_json({"queue_id": "orders", **content})
    assert [one.field for one in refused.value.problems] == [field]


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"queue_id": ""}, "queue_id", "not_a_code"),
        ({"queue_id": "or ders"}, "queue_id", "not_a_code"),
        ({"team": ("orders", " ")}, "team", "empty_skill"),
        ({"rings": ()}, "rings", "first_from_zero"),
        ({"rings": (Ring(after_seconds=5),)}, "rings", "first_from_zero"),
        ({"rings": (*DEFAULT_RINGS, Ring(after_seconds=60))}, "rings", "not_in_order"),
        ({"rings": tuple(Ring(after_seconds=at) for at in range(9))}, "rings", "too_many"),
        (
            {"rings": (Ring(after_seconds=0), Ring(after_seconds=9, drops=frozenset({Droppable.SKILL})))},
            "rings",
            "any_agent_needs_team",
        ),
        ({"service_seconds": 0}, "service_seconds", "out_of_range"),
        ({"service_share": 1.2}, "service_share", "out_of_range"),
        ({"max_waiting": -1, "overflow_to": "message"}, "max_waiting", "out_of_range"),
        ({"max_waiting": 5}, "overflow_to", "needed"),
        ({"overflow_after_seconds": 60}, "overflow_to", "needed"),
        ({"overflow_after_seconds": 0, "overflow_to": "message"}, "overflow_after_seconds", "out_of_range"),
        ({"overflow_to": "the moon"}, "overflow_to", "not_a_destination"),
        ({"overflow_to": "queue:"}, "overflow_to", "not_a_destination"),
        ({"overflow_to": "queue:orders"}, "overflow_to", "to_itself"),
        ({"closed_does": ""}, "closed_does", "not_a_destination"),
        ({"closed_does": "queue:orders"}, "closed_does", "to_itself"),
        ({"priority": 11}, "priority", "out_of_range"),
        ({"preferred_seconds": -1}, "preferred_seconds", "out_of_range"),
        ({"boosts": {"recovery": 3601}}, "boosts", "out_of_range"),
        ({"boosts": {" ": 1}}, "boosts", "out_of_range"),
    ],
)
def test_a_queue_that_makes_no_sense_is_refused_with_the_field_and_a_code(
    values: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(QueueError) as refused:
        queue(**values)
    assert [(one.field, one.code) for one in refused.value.problems] == [(field, code)]


def test_the_queue_of_a_skill_is_its_own_else_one_that_serves_it_else_the_general_one() -> None:
    queues = {
        "orders": queue("orders", team=("returns",)),
        "after_sales": queue("after_sales", team=("returns", "orders")),
    }
    assert queue_of("orders", queues).queue_id == "orders"
    assert queue_of("returns", queues).queue_id == "after_sales"
    assert queue_of("billing", queues) == DEFAULT_QUEUE
    general = queue("general", service_seconds=60)
    assert queue_of("billing", {"general": general}) == general


def test_a_queue_grants_its_priority_and_its_worth_of_each_boost_as_addends_that_can_be_read() -> None:
    came = MONDAY.astimezone(UTC)
    call = WaitingCall(
        call_id="CA1",
        requirements=Requirements(skill="orders"),
        enqueued_at=came,
        priority=1,
        boosts={"recovery": 120, "overdue_case": 60},
    )
    granted = on_the_terms_of(WHOLE, call)
    assert granted.queue == "orders"
    assert rank_of(granted, came + timedelta(seconds=30)).parts == (
        Part(name="priority", seconds=60),
        Part(name="ageing", seconds=30),
        Part(name="overdue_case", seconds=60),
        Part(name="queue", seconds=120),
        Part(name="recovery", seconds=240),
    )
    assert on_the_terms_of(queue(), granted).boosts == {"recovery": 240, "overdue_case": 60}


def test_a_call_enters_an_open_queue_with_room() -> None:
    assert entry(WHOLE, waiting=39, now=MONDAY, company=COMPANY) == Enters()


def test_a_full_queue_says_where_the_call_goes() -> None:
    assert entry(WHOLE, waiting=40, now=MONDAY, company=COMPANY) == Full(to="queue:general")


def test_a_closed_queue_says_why_what_is_done_and_when_it_opens() -> None:
    evening = MONDAY.replace(hour=21)
    found = entry(WHOLE, waiting=0, now=evening, company=COMPANY)
    expected = datetime(2026, 11, 24, 9, 0, tzinfo=ROME)
    assert found == Shut(does="message", closed=Closed(reason="hour"), opens_at=expected)


def test_without_hours_of_its_own_a_queue_keeps_the_company_s() -> None:
    evening = MONDAY.replace(hour=21)
    found = entry(queue(), waiting=0, now=evening, company=COMPANY)
    expected = datetime(2026, 11, 24, 8, 0, tzinfo=ROME)
    assert found == Shut(does="callback", closed=Closed(reason="hour"), opens_at=expected)


@given(waited=st.integers(0, 900))
def test_a_call_overflows_from_its_time_on(waited: int) -> None:
    assert overflow(WHOLE, waited) == ("queue:general" if waited >= 300 else "")
    assert overflow(queue(), waited) == ""


def test_a_destination_that_is_not_there_is_found_before_a_call_is_sent_to_it() -> None:
    lost = queue(max_waiting=5, overflow_to="queue:gone")
    assert list(missing_queues({"orders": lost, "general": DEFAULT_QUEUE})) == [
        ("orders", Problem(field="overflow_to", code="no_such_queue", value="gone"))
    ]


# Hours

OWN = WHOLE.hours
assert OWN is not None


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (datetime(2026, 12, 7, 10, tzinfo=ROME), Closed(reason="holiday", holiday="Sant'Ambrogio")),
        (datetime(2026, 12, 8, 10, tzinfo=ROME), None),  # a holiday on which this queue is open
        (datetime(2026, 12, 8, 14, tzinfo=ROME), Closed(reason="hour")),
        (datetime(2026, 12, 24, 10, tzinfo=ROME), Closed(reason="closed_day")),
        (datetime(2026, 12, 23, 10, tzinfo=ROME), Closed(reason="day")),
    ],
)
def test_own_days_and_the_holidays_of_a_place_count(local: datetime, expected: Closed | None) -> None:
    found = OWN.at(local)
    assert (found if isinstance(found, Closed) else None) == expected


def test_the_next_opening_jumps_over_holidays_and_closed_days() -> None:
    friday = datetime(2026, 12, 4, 15, tzinfo=ROME)
    assert OWN.opens_next(friday) == datetime(2026, 12, 8, 9, tzinfo=ROME)
    night = Hours(zone=ROME, country="IT", opens_at=time(22), closes_at=time(6), open_days=(1,))
    assert night.opens_next(MONDAY) == datetime(2026, 11, 23, 22, tzinfo=ROME)
    assert night.opens_next(MONDAY + timedelta(days=1)) == datetime(2026, 11, 30, 0, tzinfo=ROME)
    always = Hours(zone=ROME, country="IT", opens_at=time(), closes_at=time(), open_days=(1, 2))
    assert always.opens_next(MONDAY) == MONDAY
    never = Hours(zone=ROME, country="IT", opens_at=time(8), closes_at=time(20), open_days=())
    assert never.opens_next(MONDAY) is None


def test_days_and_places_that_no_calendar_knows_are_refused() -> None:
    with pytest.raises(ValueError, match="weekdays"):
        Hours(zone=ROME, country="IT", opens_at=time(8), closes_at=time(20), open_days=(0,))
    with pytest.raises(ValueError, match="no public holidays"):
        Hours(zone=ROME, country="IT", subdivision="QQ", opens_at=time(8), closes_at=time(20), open_days=(1,))
    assert hours_from_json(COMPANY.as_json()) == COMPANY
