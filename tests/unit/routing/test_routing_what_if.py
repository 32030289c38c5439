from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from routing import what_if_asked
from routing.queues import DEFAULT_QUEUE
from routing.simulation import simulate
from routing.simulation_day import Answering, Shift
from routing.simulation_days import Town, draw_day
from routing.skills import Droppable, Requirements
from routing.waiting import DEFAULT_RINGS, Ring, WaitingCall
from routing.what_if import FIGURES, what_if, what_if_from_json
from routing.what_if_day import (
    MOST_ADDED,
    MOST_CALLS,
    NOTHING,
    AddedAgents,
    Change,
    ChangeError,
    PastAgent,
    PastCall,
    PastDay,
    replayed,
)
from routing.what_if_plot import waits_png, waits_svg

OPENING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TOWN = Town(calls=420, agents=8, hours=4)
WHOLE = (Shift(begins=0, ends=80_000),)
WORDS = {
    "hour": "Ora",
    "seconds": "s",
    "really": "davvero",
    "before": "prima",
    "after": "dopo",
    "alt": "Attese & <altro>",
}


def happened(town: Town = TOWN, seed: int = 5) -> PastDay:
    """A simulated day, known as much as a real one is."""
    day = draw_day(town, OPENING, np.random.default_rng(seed))
    pace = {one.agent_id: one.pace for one in day.agents}
    calls = [
        PastCall(
            call=one.call,
            waited_seconds=stay.waited_seconds,
            answered_by=stay.agent_id,
            ring=stay.ring,
            talk_seconds=one.talk_seconds * pace[stay.agent_id] if stay.agent_id else None,
            wrap_up_seconds=one.wrap_up_seconds * pace[stay.agent_id] if stay.agent_id else 0.0,
        )
        for one, stay in zip(day.calls, simulate(day, np.random.default_rng((seed, 1))), strict=True)
    ]
    agents = [
        PastAgent(
            agent_id=one.agent_id, name=one.agent_id, skills=one.skills, languages=one.languages, shifts=one.shifts
        )
        for one in day.agents
    ]
    return PastDay(
        begins_at=OPENING,
        calls=calls,
        agents=agents,
        queues={"general": DEFAULT_QUEUE},
        answering=Answering(seconds=5.0, declines=0.04),
    )


@pytest.fixture(scope="module")
def past() -> PastDay:
    return happened()


def mean(figures: object, name: str) -> float:
    value = figures[name].mean  # type: ignore[index]
    assert isinstance(value, float)
    return value


def test_the_replay_of_an_unchanged_day_is_close_to_what_happened_and_changes_nothing(past: PastDay) -> None:
    found = what_if(past, NOTHING, replications=5, seed=1)
    assert found.really.mean_wait_seconds is not None
    assert mean(found.before, "mean_wait_seconds") == pytest.approx(found.really.mean_wait_seconds, rel=0.3)
    assert mean(found.before, "service_level") == pytest.approx(found.really.service_level, abs=0.06)
    assert mean(found.before, "answered") == pytest.approx(found.really.answered, abs=0.03)
    assert {(one.mean, one.half) for one in found.difference.values()} == {(0.0, 0.0)}


def test_more_people_shorten_the_waits_beyond_chance(past: PastDay) -> None:
    more = Change(added=(AddedAgents(count=3, skills={"orders": 3, "billing": 3}, shift=WHOLE[0]),))
    found = what_if(past, more, replications=5, seed=1)
    shorter, better = found.difference["mean_wait_seconds"], found.difference["service_level"]
    assert shorter.mean is not None
    assert shorter.half is not None
    assert better.mean is not None
    assert shorter.mean + shorter.half < 0 < better.mean


def test_somebody_less_makes_everybody_wait(past: PastDay) -> None:
    fewer = Change(removed=tuple(one.agent_id for one in past.agents[:2]))
    assert mean(what_if(past, fewer, replications=3, seed=1).difference, "mean_wait_seconds") > 0


def test_higher_levels_fit_more_in_the_first_ring(past: PastDay) -> None:
    able = Change(skills={one.agent_id: dict.fromkeys(one.skills, 5) for one in past.agents})
    assert mean(what_if(past, able, replications=3, seed=1).difference, "first_ring") > 0


def test_a_ring_that_never_opens_keeps_the_level_and_costs_answers(past: PastDay) -> None:
    strict = replace(DEFAULT_QUEUE, rings=DEFAULT_RINGS[:1])
    found = what_if(past, Change(queues=(strict,)), replications=3, seed=1)
    assert mean(found.after, "first_ring") == 1
    assert mean(found.difference, "answered") < 0


def test_the_same_seed_gives_the_same_answer_and_json_holds_all_of_it(past: PastDay) -> None:
    first, again = (what_if(past, NOTHING, replications=2, seed=7) for _ in range(2))
    assert first == again
    back = what_if_from_json(first.as_json())
    assert (back.really, back.before, tuple(back.hours)) == (first.really, first.before, tuple(first.hours))
    assert sum(one.calls for one in back.hours) == back.calls == len(past.calls)


def test_a_run_ends_when_it_is_told_to_with_what_it_has(past: PastDay) -> None:
    seen: list[tuple[int, int]] = []

    def go_on(done: int, total: int) -> bool:
        seen.append((done, total))
        return done < 2

    found = what_if(past, NOTHING, replications=30, seed=1, go_on=go_on)
    assert (found.replications, seen) == (2, [(1, 30), (2, 30)])


def test_who_gave_up_keeps_their_patience_and_who_was_answered_had_more(past: PastDay) -> None:
    day = replayed(past, NOTHING, np.random.default_rng(1))
    for before, now in zip(past.calls, day.calls, strict=True):
        if before.answered_by:
            assert now.patience_seconds > before.waited_seconds
            assert now.talk_seconds == before.talk_seconds
        else:
            assert now.patience_seconds == before.waited_seconds
            assert now.talk_seconds > 0


def test_what_is_drawn_does_not_depend_on_the_change(past: PastDay) -> None:
    change = Change(removed=(past.agents[0].agent_id,))
    days = [replayed(past, one, np.random.default_rng(3)) for one in (NOTHING, change)]
    assert days[0].calls == days[1].calls
    assert len(days[0].agents) == len(days[1].agents) + 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (Change(skills={"stranger": {"orders": 3}}), "what_if_agent_unknown"),
        (Change(removed=("stranger",)), "what_if_agent_unknown"),
        (Change(skills={"agent-000": {"orders": 9}}), "what_if_level_wrong"),
        (Change(added=(AddedAgents(count=MOST_ADDED + 1, skills={"orders": 3}),)), "what_if_too_many_agents"),
        (Change(added=(AddedAgents(count=0, skills={"orders": 3}),)), "what_if_too_many_agents"),
        (Change(added=(AddedAgents(count=1, skills={}),)), "what_if_no_skills"),
        (Change(added=(AddedAgents(count=1, skills={"orders": 0}),)), "what_if_level_wrong"),
        (Change(queues=(replace(DEFAULT_QUEUE, queue_id="nowhere"),)), "what_if_queue_unknown"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_with_its_reason(past: PastDay, change: Change, reason: str) -> None:
    with pytest.raises(ChangeError) as refused:
        what_if(past, change, replications=1, seed=1)
    assert refused.value.reason == reason


def test_days_without_calls_or_with_too_many_are_refused(past: PastDay) -> None:
    for calls, reason in (((), "what_if_day_empty"), ((past.calls[0],) * (MOST_CALLS + 1), "what_if_too_many_calls")):
        with pytest.raises(ChangeError) as refused:
            what_if(replace(past, calls=calls), NOTHING, replications=1, seed=1)
        assert refused.value.reason == reason


def test_a_day_on_which_nobody_was_there_is_answered_too() -> None:
    call = WaitingCall(call_id="a", requirements=Requirements(skill="orders"), enqueued_at=OPENING + timedelta(hours=1))
    found = what_if(
        PastDay(begins_at=OPENING, calls=[PastCall(call=call, waited_seconds=30)], agents=[], queues={}),
        NOTHING,
        replications=2,
        seed=1,
    )
    assert found.really.answered == 0
    assert found.before["mean_wait_seconds"].mean is None
    assert waits_svg(found, WORDS).startswith("<svg")


def test_the_plot_is_an_element_of_a_page_with_its_own_words(past: PastDay) -> None:
    drawn = waits_svg(what_if(past, NOTHING, replications=2, seed=1), WORDS)
    assert 'aria-label="Attese &amp; &lt;altro>"' in drawn
    assert "<metadata" not in drawn
    assert waits_png(what_if(past, NOTHING, replications=2, seed=1), WORDS).startswith(b"\x89PNG")
    assert drawn == waits_svg(what_if(past, NOTHING, replications=2, seed=1), WORDS)


def test_skills_rings_and_hours_are_read_as_people_write_them() -> None:
    assert what_if_asked.skills("orders = 3, billing=0  returns=5") == {"orders": 3, "billing": 0, "returns": 5}
    its = what_if_asked.rings("0; 30: level; 120: level, skill")
    assert its == (
        Ring(after_seconds=0),
        Ring(after_seconds=30, drops=frozenset({Droppable.LEVEL})),
        Ring(after_seconds=120, drops=frozenset({Droppable.LEVEL, Droppable.SKILL})),
    )
    assert what_if_asked.rings(what_if_asked.rings_in_words(its)) == its
    assert what_if_asked.shift("08:30", "00:00") == Shift(begins=30_600, ends=86_400)


@pytest.mark.parametrize("text", ["orders", "orders=three", "=3", "", " , ", "a=1 " * 30])
def test_skills_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ChangeError):
        what_if_asked.skills(text)


@pytest.mark.parametrize("text", ["", ";", "soon: level", "0: everything", "30: level", "60; 0: level"])
def test_rings_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ChangeError):
        what_if_asked.queue(DEFAULT_QUEUE, rings_text=text or ";")


def test_orders_and_hours_that_are_none_are_refused() -> None:
    for wrong in (("9", "5"), ("17:00", "08:00"), ("eight", "nine")):
        with pytest.raises(ChangeError):
            what_if_asked.shift(*wrong)
    with pytest.raises(ChangeError):
        what_if_asked.queue(DEFAULT_QUEUE, order="alphabet")


def test_every_figure_has_its_place_in_the_answer(past: PastDay) -> None:
    found = what_if(past, NOTHING, replications=2, seed=1)
    assert set(found.before) == set(found.after) == set(found.difference) == set(FIGURES)
    assert all(first.hour < second.hour for first, second in pairwise(found.hours))
