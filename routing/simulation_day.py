"""A day of calls and agents as the simulator takes one, and what became of each call. Records only.

Seconds count from the day's beginning. Where the figures come from is left to others: a generator, or a past day.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from routing.queues import DEFAULT_QUEUE, Queue
from routing.skills import Skills
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall


class Ending(StrEnum):
    """What became of a simulated call."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    CLOSED = "closed"  # still waiting when the day was over


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedCall:
    """A call, and all that it would bring along whoever takes it."""

    call: WaitingCall
    talk_seconds: float
    wrap_up_seconds: float = 0.0
    patience_seconds: float = math.inf  # gives up after so long without an answer


@dataclass(frozen=True, kw_only=True)
class Answering:
    """How an agent answers offers. The shares of declined and missed ones; the rest is accepted."""

    seconds: float = 0.0  # mean from the first ring to the click; drawn exponentially, never beyond the offer's time
    declines: float = 0.0
    misses: float = 0.0
    away_after_miss_seconds: float = 120.0

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        if min(self.declines, self.misses) < 0 or self.declines + self.misses > 1:
            raise ValueError("declined and missed offers are shares, at most one together")
        if self.seconds < 0 or self.away_after_miss_seconds < 0:
            raise ValueError("times are 0 s or more")


@dataclass(frozen=True, kw_only=True)
class Shift:
    """When an agent is there for calls, in seconds of the day; a talk that runs over is finished."""

    begins: float
    ends: float

    def __post_init__(self) -> None:
        """Refuse a shift that ends before it begins."""
        if not self.begins < self.ends:
            raise ValueError("a shift begins before it ends")


@dataclass(frozen=True, kw_only=True)
class SimulatedAgent:
    """Somebody who takes calls in the simulated day."""

    agent_id: str
    skills: Skills
    languages: tuple[str, ...] = ("it",)
    shifts: tuple[Shift, ...] = (Shift(begins=0.0, ends=math.inf),)
    answering: Answering = Answering()
    pace: float = 1.0  # what a talk's seconds are multiplied by: some people are quicker


@dataclass(frozen=True, kw_only=True)
class Day:
    """Everything that a day is made of."""

    begins_at: datetime  # aware UTC
    calls: Sequence[SimulatedCall]
    agents: Sequence[SimulatedAgent]
    queues: Mapping[str, Queue] = field(default_factory=dict)
    rules: Rules = DEFAULT_RULES
    ends_seconds: float = math.inf  # who still waits then is sent away

    def __post_init__(self) -> None:
        """Refuse a naive time and agents who are there twice."""
        if self.begins_at.tzinfo is None:
            raise ValueError("begins_at is aware UTC")
        if len({one.agent_id for one in self.agents}) != len(self.agents):
            raise ValueError("each agent is there once")

    def queue_of(self, call: WaitingCall) -> Queue:
        """The queue that a call waits in."""
        return self.queues.get(call.queue, DEFAULT_QUEUE)


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedStay:
    """How one call fared."""

    call_id: str
    queue: str
    skill: str
    came: float  # seconds of the day
    waited_seconds: float  # until accepted, or until it was given up
    ending: Ending
    agent_id: str = ""
    ring: int = 0
    level_distance: int = 0
    is_preferred: bool = False  # a preferred agent was asked for and took it
    wants_preferred: bool = False
    offers: int = 0
    answered_in_seconds: float = 0.0  # from the ring that was answered to the answer
