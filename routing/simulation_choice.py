"""Who takes a call in the simulator: the choice of `routing.matching`, asked of as few agents as can win it.

Agents of equal skills and languages pass or fail the same rules, so one of each such profile is asked once for each ring; of
the free ones only the longest idle can be chosen. `match` itself decides among those that remain.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from routing.agents import AgentState, Candidate
from routing.matching import match
from routing.queues import AgentOrder, Queue
from routing.simulation_day import Day, SimulatedAgent
from routing.skills import Requirements
from routing.waiting import WaitingCall

_Idle = tuple[float, str, int]


class Choice:
    """The free agents of a simulated day, and whom a call gets."""

    def __init__(self, day: Day) -> None:
        """Sort the agents into profiles."""
        self._day = day
        self._agents: Sequence[SimulatedAgent] = day.agents
        numbers: dict[tuple[object, ...], int] = {}
        self.profile_of: list[int] = []
        self._one_of: list[SimulatedAgent] = []
        for agent in day.agents:
            profile = (tuple(sorted(agent.skills.items())), tuple(sorted(agent.languages)))
            if profile not in numbers:
                numbers[profile] = len(numbers)
                self._one_of.append(agent)
            self.profile_of.append(numbers[profile])
        self._idle: list[list[_Idle]] = [[] for _ in numbers]
        self._idle_since: dict[int, float] = {}
        self._index = {agent.agent_id: index for index, agent in enumerate(day.agents)}
        self._fits: dict[tuple[Requirements, str, int], frozenset[int]] = {}
        self._bare: dict[Requirements, Requirements] = {}
        self.calls_taken = [0] * len(day.agents)

    def is_idle(self, index: int) -> bool:
        """Whether the agent is free for a call."""
        return index in self._idle_since

    def idle_since(self, index: int) -> float:
        """Since when, of a free agent."""
        return self._idle_since[index]

    def add(self, index: int, since: float) -> None:
        """The agent is free."""
        self._idle_since[index] = since
        insort(self._idle[self.profile_of[index]], (since, self._agents[index].agent_id, index))

    def remove(self, index: int) -> None:
        """The agent is no longer free."""
        since = self._idle_since.pop(index)
        among = self._idle[self.profile_of[index]]
        del among[bisect_left(among, (since, self._agents[index].agent_id, index))]

    def profiles(self, requirements: Requirements, queue: Queue, ring: int) -> frozenset[int]:
        """The profiles that meet what is still asked for in a ring, whatever their agents are doing."""
        bare = self._without_persons(requirements)
        key = (bare, queue.queue_id, ring)
        found = self._fits.get(key)
        if found is None:
            found = self._fits[key] = self._profiles(bare, queue, ring)
        return found

    def choose(
        self,
        call: WaitingCall,
        profiles: frozenset[int],
        at: float,
        refused: dict[int, float] | None,
        preferred_is_there: bool,  # noqa: FBT001 - one of the engine's two calls; a keyword costs time in the inner loop
    ) -> int | None:
        """The agent whom `match` chooses among the free ones; None when nobody may take the call now."""
        asked = call.requirements
        queue = self._day.queue_of(call)
        is_plain = not (refused or asked.preferred_agent_id or asked.only_agent_id or asked.excluded_agent_ids)
        if is_plain and queue.order is not AgentOrder.FEWEST_CALLS:
            first = [self._idle[profile][0] for profile in profiles if self._idle[profile]]
            if len(first) < 2:  # noqa: PLR2004 - one alone needs no choice
                return first[0][2] if first else None
            indices = [index for _, _, index in first]
        else:
            indices = self._all_idle(asked, profiles)
        if not indices:
            return None
        candidates = [self._candidate(index, AgentState.AVAILABLE, refused) for index in indices]
        preferred = self._index.get(asked.preferred_agent_id or "")
        if preferred is not None and preferred not in self._idle_since and preferred_is_there:
            # The call may be kept for a preferred agent who is busy: the rule has to see them.
            candidates.append(self._candidate(preferred, AgentState.ON_CALL, refused))
        receipt = match(call, candidates, self._time(at), self._day.rules, queue)
        return None if receipt.chosen_agent_id is None else self._index[receipt.chosen_agent_id]

    def index_of(self, agent_id: str | None) -> int | None:
        """An agent's index; None for one who does not exist."""
        return self._index.get(agent_id or "")

    def _all_idle(self, asked: Requirements, profiles: frozenset[int]) -> list[int]:
        if asked.only_agent_id:
            only = self._index.get(asked.only_agent_id)
            return [only] if only is not None and only in self._idle_since else []
        return [index for profile in profiles for _, _, index in self._idle[profile]]

    def _profiles(self, bare: Requirements, queue: Queue, ring: int) -> frozenset[int]:
        now = self._day.begins_at
        came_at = now - timedelta(seconds=queue.rings[ring].after_seconds)
        call = WaitingCall(call_id="", requirements=bare, enqueued_at=came_at, queue=queue.queue_id)
        ones = {agent.agent_id: profile for profile, agent in enumerate(self._one_of)}
        candidates = [
            Candidate(
                agent_id=agent.agent_id,
                name=agent.agent_id,
                state=AgentState.AVAILABLE,
                idle_since=now,
                languages=agent.languages,
                skills=agent.skills,
            )
            for agent in self._one_of
        ]
        receipt = match(call, candidates, now, self._day.rules, queue)
        return frozenset(ones[one.agent_id] for one in receipt.considered if one.passed)

    def _without_persons(self, asked: Requirements) -> Requirements:
        if not (asked.preferred_agent_id or asked.only_agent_id or asked.excluded_agent_ids or asked.preferred_seconds):
            return asked
        found = self._bare.get(asked)
        if found is None:
            found = self._bare[asked] = replace(
                asked, preferred_agent_id=None, preferred_seconds=0, only_agent_id=None, excluded_agent_ids=()
            )
        return found

    def _candidate(self, index: int, state: AgentState, refused: dict[int, float] | None) -> Candidate:
        agent = self._agents[index]
        at = None if refused is None else refused.get(index)
        return Candidate(
            agent_id=agent.agent_id,
            name=agent.agent_id,
            state=state,
            idle_since=self._time(self._idle_since.get(index, 0.0)),
            languages=agent.languages,
            skills=agent.skills,
            refused_at=None if at is None else self._time(at),
            calls_today=self.calls_taken[index],
        )

    def _time(self, seconds: float) -> datetime:
        return self._day.begins_at + timedelta(seconds=seconds)
