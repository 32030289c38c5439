import heapq
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from routing.agents import AgentState, Candidate
from routing.erlang import Load, erlang_a, erlang_c
from routing.matching import match
from routing.queues import AgentOrder, Queue
from routing.simulation import Simulation, simulate
from routing.simulation_choice import Choice, Profiles
from routing.simulation_day import Answering, Day, Ending, Shift, SimulatedAgent, SimulatedCall
from routing.simulation_days import Town, draw_day
from routing.simulation_theory import Replications, one_skill
from routing.skills import Droppable, Requirements
from routing.waiting import Ring, WaitingCall

OPENING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SMALL = Town(calls=260, agents=8, hours=4, preferred=0.2, answering=Answering(seconds=6.0, declines=0.1, misses=0.1))


def call(name: str, at: float, talk: float = 60.0, **wants: object) -> SimulatedCall:
    values: dict[str, object] = {"skill": "orders", **wants}
    return SimulatedCall(
        call=WaitingCall(
            call_id=name,
            requirements=Requirements(**values),  # type: ignore[arg-type]
            enqueued_at=OPENING + timedelta(seconds=at),
        ),
        talk_seconds=talk,
    )


def agent(name: str, level: int = 3, **values: object) -> SimulatedAgent:
    return SimulatedAgent(agent_id=name, skills={"orders": level}, **values)  # type: ignore[arg-type]


def run(calls: list[SimulatedCall], agents: list[SimulatedAgent], **values: object) -> dict[str, tuple[str, float]]:
    day = Day(begins_at=OPENING, calls=calls, agents=agents, **values)  # type: ignore[arg-type]
    stays = simulate(day, np.random.default_rng(1))
    return {one.call_id: (one.agent_id or one.ending.value, round(one.waited_seconds, 3)) for one in stays}


class AgainstMatch(Choice):
    """Asks `match` of every agent in their true state, beside the quick search."""

    simulation: Simulation
    asked = 0

    def choose(
        self,
        call: WaitingCall,
        profiles: Profiles,
        at: float,
        refused: dict[int, float] | None,
        preferred_is_there: bool,  # noqa: FBT001 - as in the class that is proved
    ) -> int | None:
        found = super().choose(call, profiles, at, refused, preferred_is_there)
        assert found == self.slowly(call, at, refused or {})
        self.asked += 1
        return found

    def slowly(self, call: WaitingCall, at: float, refused: dict[int, float]) -> int | None:
        agents = self._day.agents
        candidates = [
            Candidate(
                agent_id=one.agent_id,
                name=one.agent_id,
                state=self.simulation.agent_state[index],
                idle_since=OPENING + timedelta(seconds=self._idle_since.get(index, 0.0)),
                languages=one.languages,
                skills=one.skills,
                refused_at=OPENING + timedelta(seconds=refused[index]) if index in refused else None,
                calls_today=self.calls_taken[index],
            )
            for index, one in enumerate(agents)
            if self.simulation.agent_state[index] is not AgentState.OFFLINE
        ]
        now = OPENING + timedelta(seconds=at)
        chosen = match(call, candidates, now, self._day.rules, self._day.queue_of(call)).chosen_agent_id
        return None if chosen is None else self.index_of(chosen)


@pytest.mark.parametrize("order", list(AgentOrder))
@pytest.mark.parametrize("seed", [1, 2])
def test_the_quick_search_chooses_as_match_does_and_leaves_nobody_waiting_whom_match_would_offer(
    order: AgentOrder, seed: int
) -> None:
    rings = (
        Ring(after_seconds=0),
        Ring(after_seconds=45, drops=frozenset({Droppable.LEVEL})),
        Ring(after_seconds=120, drops=frozenset({Droppable.SKILL, Droppable.PREFERRED_SKILLS})),
    )
    queue = Queue(
        queue_id="general",
        names={"it": "Generale", "en": "General"},
        team=("orders", "billing"),
        rings=rings,
        order=order,
    )
    day = replace(draw_day(SMALL, OPENING, np.random.default_rng(seed)), queues={"general": queue})
    persons = [one.agent_id for one in day.agents]
    special = {5: {"only_agent_id": persons[0]}, 7: {"excluded_agent_ids": tuple(persons[1:4])}}
    calls = [
        replace(
            one, call=replace(one.call, requirements=replace(one.call.requirements, **special.get(number % 30, {})))
        )
        for number, one in enumerate(day.calls)
    ]
    day = replace(day, calls=calls)

    def nobody_waits_in_vain(state: Simulation, newest: int) -> None:
        for _, _, waiting in state.waiting:
            # What is due at this very moment has its event still before it.
            if waiting != newest and not state.has_something_due(waiting):
                one = state.call(waiting).call
                assert checked.slowly(one, state.now, state.refusals_of(waiting)) is None

    simulation = Simulation(day, np.random.default_rng(seed), nobody_waits_in_vain)
    checked = AgainstMatch(day)
    checked.simulation = simulation
    simulation.choice = checked
    stays = simulation.run()
    assert checked.asked > 500
    assert {one.ring for one in stays} == {0, 1, 2}
    assert sum(one.is_preferred for one in stays) > 3


def test_the_same_seed_gives_the_same_day_and_every_call_ends_once() -> None:
    day = draw_day(SMALL, OPENING, np.random.default_rng(3))
    first, again = (simulate(day, np.random.default_rng(4)) for _ in range(2))
    assert first == again
    assert [one.call_id for one in first] == [one.call.call_id for one in day.calls]
    assert set(Counter(one.ending for one in first)) <= set(Ending)


def test_nobody_talks_to_two_callers_at_once() -> None:
    day = draw_day(SMALL, OPENING, np.random.default_rng(5))
    pace = {one.agent_id: one.pace for one in day.agents}
    busy: dict[str, list[tuple[float, float]]] = {}
    for stay, one in zip(simulate(day, np.random.default_rng(6)), day.calls, strict=True):
        if stay.ending is Ending.ANSWERED:
            begins = stay.came + stay.waited_seconds
            lasts = (one.talk_seconds + one.wrap_up_seconds) * pace[stay.agent_id]
            busy.setdefault(stay.agent_id, []).append((begins, begins + lasts))
    for times in busy.values():
        times.sort()
        assert all(before[1] <= after[0] + 1e-6 for before, after in pairwise(times))


def test_the_first_come_is_served_first_and_the_nearest_level_takes_it() -> None:
    calls = [call("first", 0), call("second", 1), call("third", 2)]
    assert run(calls, [agent("expert", 5), agent("beginner", 1)]) == {
        "first": ("beginner", 0),
        "second": ("expert", 0),
        "third": ("beginner", 58),
    }


def test_priority_overtakes_by_a_minute_and_no_more() -> None:
    urgent = call("urgent", 50)
    later = replace(urgent, call=replace(urgent.call, priority=1))
    ended = run([call("now", 0, 100), call("waits", 1), later], [agent("anna")])
    assert ended["urgent"] == ("anna", 50)
    assert ended["waits"] == ("anna", 159)


def test_a_ring_opens_while_the_call_waits() -> None:
    assert run([call("hard", 0, level=5)], [agent("beginner", 1)])["hard"] == ("beginner", 60)


def test_who_has_no_more_patience_is_gone_and_the_agent_is_not_kept() -> None:
    impatient = replace(call("impatient", 1), patience_seconds=20)
    ended = run([call("now", 0), impatient, call("patient", 2)], [agent("anna")])
    assert ended["impatient"] == ("abandoned", 20)
    assert ended["patient"] == ("anna", 58)


def test_a_caller_who_gives_up_while_an_agent_is_rung_leaves_the_agent_free() -> None:
    slow = Answering(misses=1.0)
    ended = run([replace(call("gone", 0), patience_seconds=5), call("next", 1)], [agent("anna", answering=slow)])
    assert ended["gone"] == ("abandoned", 5)


def test_a_call_that_is_kept_for_an_agent_waits_so_long_and_then_goes_to_anybody() -> None:
    kept = call("kept", 1, preferred_agent_id="anna", preferred_seconds=30)
    ended = run([call("anna's", 0, 500, only_agent_id="anna"), kept], [agent("anna"), agent("bruno")])
    assert ended["kept"] == ("bruno", 30)


def test_a_missed_offer_goes_on_to_the_next_agent_and_a_declined_one_at_once() -> None:
    calls = [call("one", 0)]
    missing, taking = agent("a", answering=Answering(misses=1.0)), agent("b", 4)
    assert run(calls, [missing, taking])["one"] == ("b", 20)
    declining = agent("a", answering=Answering(declines=1.0))
    assert run(calls, [declining, taking])["one"] == ("b", 0)


def test_a_shift_ends_after_the_talk_and_who_waits_then_is_sent_away_at_closing() -> None:
    shift = (Shift(begins=0, ends=30),)
    ended = run([call("in time", 10), call("late", 20)], [agent("anna", shifts=shift)], ends_seconds=100)
    assert ended == {"in time": ("anna", 0), "late": ("closed", 80)}


def test_a_day_of_thousands_of_calls_and_fifty_agents_takes_seconds() -> None:
    day = draw_day(Town(calls=4000, agents=50), OPENING, np.random.default_rng(7))
    begun = time.process_time()
    simulate(day, np.random.default_rng(8))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("agents", [1, 4])
def test_each_wait_is_that_of_the_recursion_for_queues_served_in_order(agents: int) -> None:
    # J. Kiefer, J. Wolfowitz (1955): each caller goes to whoever is free first. Call by call, without any statistics.
    generator = np.random.default_rng(13)
    came = np.cumsum(generator.exponential(50 / agents, 3000))
    talks = generator.exponential(45, came.size)
    free = [0.0] * agents
    expected = []
    for at, lasts in zip(came, talks, strict=True):
        begins = max(float(at), heapq.heappop(free))
        expected.append(begins - float(at))
        heapq.heappush(free, begins + float(lasts))
    calls = [call(f"{number:05}", float(at), float(talks[number])) for number, at in enumerate(came)]
    day = Day(begins_at=OPENING, calls=calls, agents=[agent(f"a{number}") for number in range(agents)])
    waited = [one.waited_seconds for one in simulate(day, generator)]
    assert waited == pytest.approx(expected, abs=0.01)  # times of calls are whole microseconds


@pytest.mark.parametrize(
    ("load", "patience_seconds"),
    [
        (Load(calls_per_second=6 / 180, handling_seconds=180, agents=10), None),
        (Load(calls_per_second=11 / 120, handling_seconds=120, agents=10), 90.0),
    ],
)
def test_one_skill_waits_as_theory_says(load: Load, patience_seconds: float | None) -> None:
    found = Replications.of(
        [one_skill(load, patience_seconds, calls=2500, warm_up=300, seed=(11, number)) for number in range(12)]
    )
    theory = erlang_c(load) if patience_seconds is None else erlang_a(load, patience_seconds)
    # Three widths of the 95% interval over independent days: a wrong rule is further away, chance is not.
    for said, mean, half in (
        (theory.waits, *found.waits),
        (theory.mean_seconds, *found.mean_seconds),
        (theory.abandons, *found.abandons),
    ):
        assert abs(mean - said) <= max(1.5 * half, 1e-9)
