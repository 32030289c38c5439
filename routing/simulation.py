"""Runs a day of calls through routing's own rules, event by event: who is rung for what, who answers, who gives up.

Pure: the generator comes in, and there is no clock but the day's own. Every event looks only at what it changes (a call that
came or reached a ring, an agent who became free), so a day takes as long as it has events. Not simulated: overflow, callbacks,
transfers, agents who step away of their own will.
"""

import heapq
import math
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import TypeAlias

import numpy as np

from routing.agents import AgentState
from routing.queues import Queue
from routing.simulation_choice import Choice, Profiles
from routing.simulation_day import Answering, Day, Ending, SimulatedCall, SimulatedStay
from routing.waiting import WaitingState, ranked_at

_LEFT = WaitingState.ENDED
# Dates are whole microseconds, seconds of a day are not: what is due at a moment is due just after it.
_A_LITTLE = 2e-6


class _Event(IntEnum):
    """What happens; of several at one moment, in this order."""

    ANSWER = 0  # an offer is accepted, declined or missed
    TALK_ENDS = 1
    FREE = 2  # the wrap-up, or the time away after a missed offer, is over
    SHIFT_BEGINS = 3
    SHIFT_ENDS = 4
    ABANDON = 5
    COMES = 6
    LOOK = 7  # a call's ring widens, or something else that only time changes


_Moment: TypeAlias = tuple[float, int, int, int, int]  # when, what, order of coming, of whom, which offer of the call
Watch: TypeAlias = Callable[["Simulation", int], None]


class Simulation:
    """One run of a day. `watch` sees the state whenever a call has come and has not been offered yet."""

    def __init__(self, day: Day, generator: np.random.Generator, watch: Watch | None = None) -> None:
        """Prepare the day; `run` runs it, once."""
        self.day = day
        self.now = 0.0
        self.choice = Choice(day)
        self._generator = generator
        self._watch = watch
        count = len(day.agents)
        self.agent_state = [AgentState.OFFLINE] * count
        self.state_since = [0.0] * count
        self.agent_call = [-1] * count  # whom each agent is rung for, talks with or writes about
        self._is_on_shift = [False] * count
        calls = len(day.calls)
        self.call_state: list[WaitingState | None] = [None] * calls  # None: has not come yet
        self.came = [(one.call.enqueued_at - day.begins_at).total_seconds() for one in day.calls]
        self._ranked = [(ranked_at(one.call, day.rules) - day.begins_at).total_seconds() for one in day.calls]
        self._queues: list[Queue] = [day.queue_of(one.call) for one in day.calls]
        self.ring = [0] * calls
        self._fits: list[Profiles] = [{}] * calls
        self.offers = [0] * calls
        self._refused: dict[int, dict[int, float]] = {}
        self._looks_later = [False] * calls
        self._idle_before = [0.0] * count
        self._rung: dict[int, int] = {}  # call, agent
        self.waiting: list[tuple[float, str, int]] = []  # in the order of rank; those who are offered are not here
        self._events: list[_Moment] = []
        self._order = 0
        self._stays: list[SimulatedStay | None] = [None] * calls
        self._answers = _Drawn(generator)

    def run(self) -> tuple[SimulatedStay, ...]:
        """Run to the end; the stays in the order of the day's calls."""
        for index, agent in enumerate(self.day.agents):
            for shift in agent.shifts:
                self._at(shift.begins, _Event.SHIFT_BEGINS, index)
                if shift.ends < self.day.ends_seconds:
                    self._at(shift.ends, _Event.SHIFT_ENDS, index)
        for index in sorted(range(len(self.came)), key=lambda one: (self.came[one], self.day.calls[one].call.call_id)):
            self._at(self.came[index], _Event.COMES, index)
        happen = {
            _Event.ANSWER: self._answered,
            _Event.TALK_ENDS: self._talk_ended,
            _Event.FREE: self._is_free,
            _Event.SHIFT_BEGINS: self._shift_begins,
            _Event.SHIFT_ENDS: self._shift_ends,
            _Event.ABANDON: self._abandoned,
            _Event.COMES: self._comes,
            _Event.LOOK: self._look,
        }
        events = self._events
        while events and events[0][0] <= self.day.ends_seconds:
            self.now, what, _, whom, which = heapq.heappop(events)
            happen[_Event(what)](whom, which)
        closing = self.now if self.day.ends_seconds == math.inf else self.day.ends_seconds
        for index, stay in enumerate(self._stays):
            if stay is None:
                self.now = max(self.came[index], closing)
                self._keep(index, Ending.CLOSED)
        return tuple(stay for stay in self._stays if stay is not None)

    def call(self, index: int) -> SimulatedCall:
        """A call of the day."""
        return self.day.calls[index]

    def queued(self) -> Sequence[int]:
        """All who wait or are being offered, in the order of rank."""
        rung = ((self._ranked[call], self.day.calls[call].call.call_id, call) for call in self._rung)
        return [index for _, _, index in sorted((*self.waiting, *rung))]

    def is_rung(self, call: int) -> bool:
        """Whether the call is being offered."""
        return call in self._rung

    def refusals_of(self, call: int) -> dict[int, float]:
        """Which agents declined or missed a call, and when."""
        return self._refused.get(call, {})

    def has_something_due(self, call: int) -> bool:
        """Whether something of the call's is still to happen at this very moment."""
        return any(
            when <= self.now + _A_LITTLE and what == _Event.LOOK and whom == call
            for when, what, _, whom, _ in self._events
        )

    def can_be_offered(self, call: int) -> bool:
        """Whether somebody is free who may take a waiting call at this moment."""
        return self._chosen(call) is not None

    def _at(self, when: float, what: _Event, whom: int, which: int = 0) -> None:
        self._order += 1
        heapq.heappush(self._events, (when, int(what), self._order, whom, which))

    def _comes(self, call: int, _which: int) -> None:
        one, queue = self.day.calls[call], self._queues[call]
        self.call_state[call] = WaitingState.WAITING
        self._fits[call] = self.choice.profiles(one.call.requirements, queue, 0)
        self._wait(call)
        if self._watch is not None:
            self._watch(self, call)
        if one.patience_seconds < math.inf:
            self._at(self.now + one.patience_seconds, _Event.ABANDON, call)
        if not self._offer(call):
            self._look_later(call)

    def _look_later(self, call: int) -> None:
        # Rings and the time that a call is kept for one agent: moments at which time alone changes who may take it.
        if self._looks_later[call]:
            return
        self._looks_later[call] = True
        kept = self.day.calls[call].call.requirements.preferred_seconds
        for seconds in (kept, *(ring.after_seconds for ring in self._queues[call].rings[1:])):
            if self.came[call] + seconds > self.now:
                self._at(self.came[call] + seconds, _Event.LOOK, call)

    def _look(self, call: int, _which: int) -> None:
        if self.call_state[call] is WaitingState.WAITING:
            self._widen(call)
            self._offer(call)

    def _widen(self, call: int) -> None:
        waited, rings = self.now - self.came[call] + _A_LITTLE, self._queues[call].rings
        ring = self.ring[call]
        while ring + 1 < len(rings) and rings[ring + 1].after_seconds <= waited:
            ring += 1
        if ring != self.ring[call]:
            self.ring[call] = ring
            asked = self.day.calls[call].call.requirements
            self._fits[call] = self.choice.profiles(asked, self._queues[call], ring)

    def _wait(self, call: int) -> None:
        insort(self.waiting, (self._ranked[call], self.day.calls[call].call.call_id, call))

    def _no_longer_waits(self, call: int) -> None:
        place = (self._ranked[call], self.day.calls[call].call.call_id, call)
        del self.waiting[bisect_left(self.waiting, place)]

    def _offer(self, call: int) -> bool:
        agent = self._chosen(call)
        if agent is None:
            return False
        self._idle_before[agent] = self.choice.idle_since(agent)
        self.choice.remove(agent)
        self._no_longer_waits(call)
        self.call_state[call] = WaitingState.OFFERED
        self._rung[call] = agent
        self.offers[call] += 1
        self.agent_call[agent] = call
        answers = self.day.agents[agent].answering
        if answers.seconds == 0 and answers.declines == 0 and answers.misses == 0:
            self._accepted(call, agent)
            return True
        self._set(agent, AgentState.OFFERED)
        self._at(
            self.now + self._answers.seconds(answers, self.day.rules.offer_seconds),
            _Event.ANSWER,
            agent,
            self.offers[call],
        )
        return True

    def _chosen(self, call: int) -> int | None:
        one = self.day.calls[call].call
        preferred = self.choice.index_of(one.requirements.preferred_agent_id)
        is_there = preferred is not None and self.agent_state[preferred] is not AgentState.OFFLINE
        return self.choice.choose(one, self._fits[call], self.now + _A_LITTLE, self._refused.get(call), is_there)

    def _rings_for(self, agent: int) -> float:
        return self.now - self.state_since[agent] if self.agent_state[agent] is AgentState.OFFERED else 0.0

    def _answered(self, agent: int, which: int) -> None:
        call = self.agent_call[agent]
        if call < 0 or self._rung.get(call) != agent or self.offers[call] != which:
            return  # withdrawn in the meantime
        answers = self.day.agents[agent].answering
        drawn = self._answers.kind(
            answers, self.now - self.state_since[agent] + _A_LITTLE >= self.day.rules.offer_seconds
        )
        if drawn == "accepted":
            self._accepted(call, agent)
            return
        del self._rung[call]
        self.agent_call[agent] = -1
        self._refused.setdefault(call, {})[agent] = self.now
        self._at(self.now + self.day.rules.again_after_seconds, _Event.LOOK, call)
        self.call_state[call] = WaitingState.WAITING
        self._wait(call)
        self._widen(call)
        if drawn == "missed":
            self._set(agent, AgentState.MISSED)
            self._at(self.now + answers.away_after_miss_seconds, _Event.FREE, agent)
        if drawn == "declined":
            self._is_free(agent, 0)
        if self.call_state[call] is WaitingState.WAITING and not self._offer(call):
            self._look_later(call)

    def _accepted(self, call: int, agent: int) -> None:
        del self._rung[call]
        self._keep(call, Ending.ANSWERED, agent)
        self.agent_call[agent] = call
        self.choice.calls_taken[agent] += 1
        self._set(agent, AgentState.ON_CALL)
        self._at(self.now + self.day.calls[call].talk_seconds * self.day.agents[agent].pace, _Event.TALK_ENDS, agent)

    def _talk_ended(self, agent: int, _which: int) -> None:
        seconds = self.day.calls[self.agent_call[agent]].wrap_up_seconds * self.day.agents[agent].pace
        self._set(agent, AgentState.WRAP_UP)
        if seconds > 0:
            self._at(self.now + seconds, _Event.FREE, agent)
        else:
            self._is_free(agent, 0)

    def _is_free(self, agent: int, _which: int, since: float | None = None) -> None:
        self.agent_call[agent] = -1
        if self._is_on_shift[agent]:
            self._becomes_idle(agent, self.now if since is None else since)
        else:
            self._set(agent, AgentState.OFFLINE)

    def _becomes_idle(self, agent: int, since: float) -> None:
        self._set(agent, AgentState.AVAILABLE)
        self.choice.add(agent, since)
        self._take_next(agent)

    def _take_next(self, agent: int) -> None:
        profile = self.choice.profile_of[agent]
        for _, _, call in tuple(self.waiting):
            # The profile tells of all but a transfer to one person, whose skills nobody asks for.
            fits = profile in self._fits[call] or self.day.calls[call].call.requirements.only_agent_id
            if fits and self._offer(call) and not self.choice.is_idle(agent):
                return

    def _shift_begins(self, agent: int, _which: int) -> None:
        self._is_on_shift[agent] = True
        if self.agent_state[agent] is AgentState.OFFLINE:
            self._becomes_idle(agent, self.now)

    def _shift_ends(self, agent: int, _which: int) -> None:
        self._is_on_shift[agent] = False
        if self.choice.is_idle(agent):
            self.choice.remove(agent)
            self._set(agent, AgentState.OFFLINE)
        # A call that was kept for this agent is now for everybody.
        name = self.day.agents[agent].agent_id
        for _, _, call in tuple(self.waiting):
            if self.day.calls[call].call.requirements.preferred_agent_id == name:
                self._offer(call)

    def _abandoned(self, call: int, _which: int) -> None:
        state = self.call_state[call]
        if state is WaitingState.WAITING:
            self._no_longer_waits(call)
            self._keep(call, Ending.ABANDONED)
        elif state is WaitingState.OFFERED:
            agent = self._rung.pop(call)
            self._keep(call, Ending.ABANDONED)
            # Withdrawn: the agent keeps the time that they had been free for.
            self._is_free(agent, 0, since=self._idle_before[agent])

    def _set(self, agent: int, state: AgentState) -> None:
        self.agent_state[agent] = state
        self.state_since[agent] = self.now

    def _keep(self, call: int, ending: Ending, agent: int | None = None) -> None:
        one = self.day.calls[call].call
        asked = one.requirements
        self.call_state[call] = _LEFT
        self._refused.pop(call, None)
        who = None if agent is None else self.day.agents[agent]
        self._stays[call] = SimulatedStay(
            call_id=one.call_id,
            queue=one.queue,
            skill=asked.skill,
            came=self.came[call],
            waited_seconds=self.now - self.came[call],
            ending=ending,
            agent_id="" if who is None else who.agent_id,
            ring=self.ring[call],
            level_distance=0 if who is None else abs(who.skills.get(asked.skill, 0) - asked.level),
            is_preferred=who is not None and who.agent_id == asked.preferred_agent_id,
            wants_preferred=asked.preferred_agent_id is not None,
            offers=self.offers[call],
            answered_in_seconds=0.0 if agent is None else self._rings_for(agent),
        )


class _Drawn:
    """How offers are answered, drawn from the day's generator."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def seconds(self, answers: Answering, longest: float) -> float:
        """When the agent answers; the offer's whole time where it is missed."""
        if self._generator.random() < answers.misses:
            return longest
        drawn = float(self._generator.exponential(answers.seconds)) if answers.seconds > 0 else 0.0
        return min(drawn, longest * 0.95)

    def kind(self, answers: Answering, is_over: bool) -> str:  # noqa: FBT001 - internal
        """What the answer is, given whether the offer's time was over."""
        if is_over:
            return "missed"
        taken = 1.0 - answers.misses
        declines = answers.declines / taken if taken > 0 else 0.0
        return "declined" if declines > 0 and self._generator.random() < declines else "accepted"


def simulate(day: Day, generator: np.random.Generator, watch: Watch | None = None) -> tuple[SimulatedStay, ...]:
    """Run a day: what became of each call, in the order of the day's calls."""
    return Simulation(day, generator, watch).run()
