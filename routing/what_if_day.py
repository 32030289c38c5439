"""A past day as it was, a change that somebody wonders about, and the day to simulate that they make together. Pure.

What a past day cannot tell is drawn anew for each replication: how long a caller who gave up would have talked, how much longer
one who was answered would have waited, how agents answer what they are offered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np

from routing.durations import Patience
from routing.queues import Queue
from routing.simulation_day import Answering, Day, Shift, SimulatedAgent, SimulatedCall
from routing.skills import HIGHEST_LEVEL, Skills
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall

# A run is for a person who waits for it: days beyond this, and teams beyond that, are planned by other means.
MOST_CALLS: Final = 20_000
MOST_ADDED: Final = 100
DAY_SECONDS: Final = 86_400.0
# Where a whole day has no talk to draw from: the trade's rule of thumb of three minutes.
_NO_TALK_KNOWN: Final = 180.0


class ChangeError(ValueError):
    """The change or the day cannot be run: the reason is a code, `value` what it is about."""

    def __init__(self, reason: str, value: str = "") -> None:
        """Keep the code for whoever says it in words."""
        super().__init__(f"{reason}: {value}" if value else reason)
        self.reason = reason
        self.value = value


@dataclass(frozen=True, kw_only=True)
class PastCall:
    """A stay of a past day."""

    call: WaitingCall
    waited_seconds: float
    answered_by: str = ""  # "" for nobody
    ring: int = 0
    talk_seconds: float | None = None  # none where nobody answered, or it still goes on
    wrap_up_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PastAgent:
    """An agent of a past day."""

    agent_id: str
    name: str
    skills: Skills
    languages: tuple[str, ...]
    shifts: tuple[Shift, ...]  # when there for calls


@dataclass(frozen=True, kw_only=True)
class PastDay:
    """What is known of a day."""

    begins_at: datetime  # aware UTC: the midnight of the company's zone
    calls: Sequence[PastCall]
    agents: Sequence[PastAgent]
    queues: Mapping[str, Queue] = field(default_factory=dict)
    rules: Rules = DEFAULT_RULES
    answering: Answering = Answering()  # noqa: RUF009 - a frozen record of figures
    length_seconds: float = DAY_SECONDS

    def agent(self, agent_id: str) -> PastAgent:
        """One agent of the day; raises `ChangeError` for a stranger."""
        found = next((one for one in self.agents if one.agent_id == agent_id), None)
        if found is None:
            raise ChangeError("what_if_agent_unknown", agent_id)
        return found


@dataclass(frozen=True, kw_only=True)
class AddedAgents:
    """People whom the day did not have."""

    count: int
    skills: Skills
    languages: tuple[str, ...] = ("it",)
    shift: Shift = Shift(begins=8 * 3600.0, ends=17 * 3600.0)  # noqa: RUF009 - a frozen record of figures


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to be different."""

    skills: Mapping[str, Skills] = field(default_factory=dict)  # by agent; level 0 takes a skill away
    added: tuple[AddedAgents, ...] = ()
    removed: tuple[str, ...] = ()
    queues: tuple[Queue, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether everything stays as it was."""
        return not (self.skills or self.added or self.removed or self.queues)


NOTHING: Final = Change()


def check(past: PastDay, change: Change) -> None:
    """Raise `ChangeError` where a day or a change cannot be run."""
    if not past.calls:
        raise ChangeError("what_if_day_empty")
    if len(past.calls) > MOST_CALLS:
        raise ChangeError("what_if_too_many_calls", str(len(past.calls)))
    for agent_id, skills in change.skills.items():
        past.agent(agent_id)
        _check_levels(skills, lowest=0)
    for agent_id in change.removed:
        past.agent(agent_id)
    if sum(one.count for one in change.added) > MOST_ADDED or any(one.count < 1 for one in change.added):
        raise ChangeError("what_if_too_many_agents", str(MOST_ADDED))
    for one in change.added:
        if not one.skills:
            raise ChangeError("what_if_no_skills")
        _check_levels(one.skills, lowest=1)
    for queue in change.queues:
        if queue.queue_id not in past.queues:
            raise ChangeError("what_if_queue_unknown", queue.queue_id)


def replayed(past: PastDay, change: Change, generator: np.random.Generator) -> Day:
    """The day to simulate: the past one with the change, and what it cannot tell drawn from `generator`.

    The same generator's state gives the same callers whatever the change: what differs is the change's doing.
    """
    calls = _calls(past, generator)
    return Day(
        begins_at=past.begins_at,
        calls=calls,
        agents=_agents(past, change),
        queues={**past.queues, **{queue.queue_id: queue for queue in change.queues}},
        rules=past.rules,
        ends_seconds=past.length_seconds,
    )


def _agents(past: PastDay, change: Change) -> tuple[SimulatedAgent, ...]:
    staying = [one for one in past.agents if one.agent_id not in change.removed and one.shifts]
    agents = [
        SimulatedAgent(
            agent_id=one.agent_id,
            skills=_changed(one.skills, change.skills.get(one.agent_id, {})),
            languages=one.languages,
            shifts=one.shifts,
            answering=past.answering,
        )
        for one in staying
    ]
    for number, added in enumerate(change.added):
        agents += [
            SimulatedAgent(
                agent_id=f"+{number + 1}.{which + 1}",
                skills=added.skills,
                languages=added.languages,
                shifts=(added.shift,),
                answering=past.answering,
            )
            for which in range(added.count)
        ]
    return tuple(agents)


def _calls(past: PastDay, generator: np.random.Generator) -> tuple[SimulatedCall, ...]:
    talks: dict[str, list[tuple[float, float]]] = {}
    for one in past.calls:
        if one.talk_seconds is not None:
            talks.setdefault(one.call.requirements.skill, []).append((one.talk_seconds, one.wrap_up_seconds))
    known = {skill: _Pairs(pairs) for skill, pairs in talks.items()}
    every = _Pairs([pair for pairs in talks.values() for pair in pairs])
    waits = np.array([one.waited_seconds for one in past.calls])
    # Who was asked to leave, or left a callback, is as gone as who hung up: nobody waits longer than they did.
    left = np.array([not one.answered_by for one in past.calls])
    further = Patience(waits, left).remaining(generator, waits, 1)[0]
    shares = generator.random(len(past.calls))
    calls = []
    for number, one in enumerate(past.calls):
        talk, wrap_up = one.talk_seconds, one.wrap_up_seconds
        if talk is None:
            talk, wrap_up = known.get(one.call.requirements.skill, every).at(float(shares[number]))
        calls.append(
            SimulatedCall(
                call=one.call,
                talk_seconds=talk,
                wrap_up_seconds=wrap_up,
                patience_seconds=one.waited_seconds if left[number] else one.waited_seconds + float(further[number]),
            )
        )
    return tuple(calls)


class _Pairs:
    """Talks with their wrap-ups, to draw from."""

    def __init__(self, pairs: Sequence[tuple[float, float]]) -> None:
        self._pairs = sorted(pairs) or [(_NO_TALK_KNOWN, 0.0)]

    def at(self, share: float) -> tuple[float, float]:
        """The pair at this share of all, from 0 to 1."""
        return self._pairs[int(share * len(self._pairs))]


def _changed(skills: Skills, change: Skills) -> Skills:
    return {skill: level for skill, level in {**skills, **change}.items() if level > 0}


def _check_levels(skills: Skills, *, lowest: int) -> None:
    for skill, level in skills.items():
        if not skill.strip() or not lowest <= level <= HIGHEST_LEVEL:
            raise ChangeError("what_if_level_wrong", f"{skill}={level}")
