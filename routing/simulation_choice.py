"""Who takes a call in the simulator: the choice of `routing.matching`, asked of as few agents as can win it.

Agents of equal skills and languages pass or fail the same rules, so one of each such profile is asked once for each ring, and
`match` puts the profiles in order; of the free ones of a profile only the longest idle can be chosen. Where a call names persons,
or has been declined by some, `match` itself decides among those and the first of each profile.
"""

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeAlias

from routing.agents import AgentState, Candidate
from routing.matching import match
from routing.queues import AgentOrder, Queue
from routing.simulation_day import Day, SimulatedAgent
from routing.skills import Requirements
from routing.waiting import WaitingCall

_Idle: TypeAlias = tuple[float, str, int]
# Profiles that pass, and the place of each: the lowest goes first.
Profiles: TypeAlias = Mapping[int, int]
_NOBODY: Final[frozenset[int]] = frozenset()


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
        self._fits: dict[tuple[Requirements, str, int], Profiles] = {}
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

    def profiles(self, requirements: Requirements, queue: Queue, ring: int) -> Profiles:
        """The profiles that meet what is still asked for in a ring, whatever their agents are doing; each with its place."""
        bare = self._without_persons(requirements)
        key = (bare, queue.queue_id, ring)
        found = self._fits.get(key)
        if found is None:
            found = self._fits[key] = self._profiles(bare, queue, ring)
        return found

    def choose(
        self,
        call: WaitingCall,
        profiles: Profiles,
        at: float,
        refused: dict[int, float] | None,
        preferred_is_there: bool,  # noqa: FBT001 - one of the engine's two calls; a keyword costs time in the inner loop
    ) -> int | None:
        """The agent whom `match` chooses among the free ones; None when nobody may take the call now."""
        asked = call.requirements
        queue = self._day.queue_of(call)
        named = self._named(asked, refused) if refused or asked is not self._without_persons(asked) else _NOBODY
        if not named and not asked.preferred_seconds and queue.order is not AgentOrder.FEWEST_CALLS:
            first = [(place, *self._idle[profile][0]) for profile, place in profiles.items() if self._idle[profile]]
            return min(first)[3] if first else None
        indices = self._candidates(asked, profiles, named, is_of_all=queue.order is AgentOrder.FEWEST_CALLS)
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

    def _named(self, asked: Requirements, refused: dict[int, float] | None) -> frozenset[int]:
        persons = (asked.preferred_agent_id, asked.only_agent_id, *asked.excluded_agent_ids)
        return frozenset(self._index[name] for name in persons if name in self._index) | frozenset(refused or ())

    def _candidates(
        self, asked: Requirements, profiles: Profiles, named: frozenset[int], *, is_of_all: bool
    ) -> list[int]:
        """Free agents of whom one is chosen, if anybody: who is named, and of each profile the longest idle who is not."""
        if asked.only_agent_id:
            only = self._index.get(asked.only_agent_id)
            return [only] if only is not None and only in self._idle_since else []
        found = [index for index in named if index in self._idle_since and self.profile_of[index] in profiles]
        for profile in profiles:
            others = (index for _, _, index in self._idle[profile] if index not in named)
            found += others if is_of_all else islice(others, 1)
        return found

    def _profiles(self, bare: Requirements, queue: Queue, ring: int) -> Profiles:
        """Those who pass, each with its place: profiles between which only idleness decides have the same one."""
        forwards = self._order_of(bare, queue, ring, range(len(self._one_of)))
        backwards = self._order_of(bare, queue, ring, range(len(self._one_of) - 1, -1, -1))
        # Who is equal in all else goes by identifier: turned round, equals change places, and the sum of both places is theirs.
        return {profile: forwards[profile] + backwards[profile] for profile in forwards}

    def _order_of(self, bare: Requirements, queue: Queue, ring: int, names: Sequence[int]) -> dict[int, int]:
        now = self._day.begins_at
        came_at = now - timedelta(seconds=queue.rings[ring].after_seconds)
        call = WaitingCall(call_id="", requirements=bare, enqueued_at=came_at, queue=queue.queue_id)
        profile_of = {f"{name:06}": profile for profile, name in enumerate(names)}
        candidates = [
            Candidate(
                agent_id=name,
                name=name,
                state=AgentState.AVAILABLE,
                idle_since=now,
                languages=self._one_of[profile].languages,
                skills=self._one_of[profile].skills,
            )
            for name, profile in profile_of.items()
        ]
        receipt = match(call, candidates, now, self._day.rules, queue)
        passed = [one.agent_id for one in receipt.considered if one.passed]
        return {profile_of[name]: place for place, name in enumerate(passed)}

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
