"""What an estimate of the wait is worth: whole days are simulated, every caller is told one, and it is held against what came.

Both estimates see only what a line would: stays that have ended and the state of this moment. The naive one is place times mean
handling by agents able. Pure; the generators come in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import fmean
from typing import Final

import numpy as np

from routing.agents import AgentState
from routing.durations import Durations, Patience
from routing.estimate import DRAWS, AgentNow, Estimate, Past, QueuedCall, estimate
from routing.simulation import Simulation
from routing.simulation_day import Day, Ending, SimulatedStay

_HISTORY: Final = 120
_NAIVE_HISTORY: Final = 50
_FEWEST: Final = 3
_WORKING: Final = (AgentState.AVAILABLE, AgentState.OFFERED, AgentState.ON_CALL, AgentState.WRAP_UP)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One caller: what each estimate said, and what came."""

    said: Estimate
    naive_seconds: float
    waited_seconds: float
    came: float

    @property
    def is_within(self) -> bool:
        """Whether the range held."""
        return self.said.low_seconds <= self.waited_seconds <= self.said.high_seconds


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The errors of many callers."""

    callers: int
    error_seconds: float  # mean absolute
    naive_error_seconds: float
    within: float  # the share for whom the range held
    mean_wait_seconds: float

    @property
    def ratio(self) -> float:
        """Our mean absolute error by the naive one's."""
        return self.error_seconds / self.naive_error_seconds


@dataclass
class Memory:
    """What a line knows of stays that have ended, as the day goes on."""

    talks: dict[str, list[float]] = field(default_factory=dict)
    wrap_ups: dict[str, list[float]] = field(default_factory=dict)
    handled: dict[str, list[float]] = field(default_factory=dict)  # talk and wrap-up together
    answers: list[float] = field(default_factory=list)
    waits: list[tuple[float, bool]] = field(default_factory=list)

    def past(self) -> Past:
        """The newest of it, as the estimate wants it."""
        talks = {skill: Durations(seconds[-_HISTORY:]) for skill, seconds in self.talks.items()}
        wraps = {skill: Durations(seconds[-_HISTORY:]) for skill, seconds in self.wrap_ups.items()}
        newest = self.waits[-4 * _HISTORY :]
        return Past(
            talks=talks,
            wrap_ups=wraps,
            answers=Durations(self.answers[-_HISTORY:]) if self.answers else None,
            patience=Patience([seconds for seconds, _ in newest], [gave_up for _, gave_up in newest])
            if newest
            else None,
        )


def judge_day(
    day: Day, generator: np.random.Generator, told: np.random.Generator, memory: Memory, draws: int = DRAWS
) -> tuple[Judged, ...]:
    """Simulate a day and estimate every wait in it; who was answered is judged, as nobody knows what others would have waited."""
    trial = _Trial(day, told, memory, draws)
    stays = Simulation(day, generator, trial.watch).run()
    judged = []
    for index, stay in enumerate(stays):
        if index in trial.told and stay.ending is Ending.ANSWERED:
            said, naive = trial.told[index]
            judged.append(Judged(said=said, naive_seconds=naive, waited_seconds=stay.waited_seconds, came=stay.came))
    trial.remember(stays)
    return tuple(judged)


def verdict(judged: Sequence[Judged]) -> Verdict:
    """The mean absolute errors."""
    waits = np.array([one.waited_seconds for one in judged])
    return Verdict(
        callers=len(judged),
        error_seconds=float(np.mean(np.abs(np.array([one.said.seconds for one in judged]) - waits))),
        naive_error_seconds=float(np.mean(np.abs(np.array([one.naive_seconds for one in judged]) - waits))),
        within=fmean(one.is_within for one in judged),
        mean_wait_seconds=float(waits.mean()),
    )


class _Trial:
    """Asks for both estimates whenever a caller comes who is not offered at once."""

    def __init__(self, day: Day, told: np.random.Generator, memory: Memory, draws: int) -> None:
        self._day = day
        self._told = told
        self._memory = memory
        self._draws = draws
        self.told: dict[int, tuple[Estimate, float]] = {}
        self._past = memory.past()

    def watch(self, state: Simulation, call: int) -> None:
        """Tell this caller."""
        if not self._memory.talks:
            return
        one = state.call(call).call
        if state.can_be_offered(call):
            return
        queued = state.queued()
        ahead = queued[: queued.index(call)]
        now = self._day.begins_at + timedelta(seconds=state.now)
        said = estimate(
            QueuedCall(call=one, queue=self._day.queue_of(one)),
            [
                QueuedCall(
                    call=state.call(other).call,
                    queue=self._day.queue_of(state.call(other).call),
                    is_offered=state.is_rung(other),
                )
                for other in ahead
            ],
            self._agents(state),
            self._past,
            now=now,
            generator=self._told,
            draws=self._draws,
        )
        naive = self._naive(state, call, ahead)
        if said is not None and naive is not None:
            self.told[call] = (said, naive)

    def remember(self, stays: Sequence[SimulatedStay]) -> None:
        """Keep what the day has taught for the next one."""
        pace = {agent.agent_id: agent.pace for agent in self._day.agents}
        memory = self._memory
        for stay, one in zip(stays, self._day.calls, strict=True):
            memory.waits.append((stay.waited_seconds, stay.ending is Ending.ABANDONED))
            if stay.ending is not Ending.ANSWERED:
                continue
            talk, wrap = one.talk_seconds * pace[stay.agent_id], one.wrap_up_seconds * pace[stay.agent_id]
            memory.talks.setdefault(stay.skill, []).append(talk)
            memory.wrap_ups.setdefault(stay.skill, []).append(wrap)
            memory.handled.setdefault(stay.skill, []).append(stay.answered_in_seconds + talk + wrap)
            memory.answers.append(stay.answered_in_seconds)

    def _agents(self, state: Simulation) -> list[AgentNow]:
        return [
            AgentNow(
                agent_id=agent.agent_id,
                state=state.agent_state[index],
                seconds=state.now - state.state_since[index],
                skills=agent.skills,
                languages=agent.languages,
                talks_about=""
                if state.agent_call[index] < 0
                else state.call(state.agent_call[index]).call.requirements.skill,
            )
            for index, agent in enumerate(self._day.agents)
            if state.agent_state[index] is not AgentState.OFFLINE
        ]

    def _naive(self, state: Simulation, call: int, ahead: Sequence[int]) -> float | None:
        skill = state.call(call).call.requirements.skill
        place = 1 + sum(state.call(other).call.requirements.skill == skill for other in ahead)
        queue = self._day.queue_of(state.call(call).call)
        profiles = state.choice.profiles(state.call(call).call.requirements, queue, len(queue.rings) - 1)
        able = sum(
            state.agent_state[index] in _WORKING and state.choice.profile_of[index] in profiles
            for index in range(len(self._day.agents))
        )
        history = self._memory.handled.get(skill, [])[-_NAIVE_HISTORY:]
        if not able or len(history) < _FEWEST:
            return None
        return (place - 0.5) * fmean(history) / able
