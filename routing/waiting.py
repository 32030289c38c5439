"""A waiting call: its place among others, and what it still asks for after some time.

Agents and the choice are left to `matching`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from routing.skills import Droppable, Requirements


class WaitingState(StrEnum):
    """How far a call has come on its way to a person."""

    WAITING = "waiting"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    CALLING = "calling"  # a callback whose turn has come: the line rings the customer
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Ring:
    """A widening of the search: from `after_seconds` of waiting on, `drops` is no longer asked for."""

    after_seconds: int
    drops: frozenset[Droppable] = frozenset()


# Ordered by time, the first from 0 s. A minute is the longest that a call waits for the right level; judgement.
DEFAULT_RINGS = (
    Ring(after_seconds=0),
    Ring(after_seconds=60, drops=frozenset({Droppable.LEVEL, Droppable.LANGUAGES})),
)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Figures of routing that every queue shares; one called a judgement is ours, and waits for a measured one."""

    offer_seconds: int = 20  # DESIGN.md 7
    # A call that everybody declines must not ring the same telephone without a pause; judgement.
    again_after_seconds: int = 10
    # Longer than most notes take, so that a forgotten click doesn't empty the line; judgement.
    wrap_up_seconds: int = 180
    # Three missed heartbeats of a desk that sends one each 30 s; judgement.
    lease_seconds: int = 90
    # One step of priority is worth a minute of waiting, so nobody is overtaken for ever; judgement.
    seconds_per_priority: int = 60
    # Whoever lost the agent in the middle of the talk goes first (DESIGN.md 9): ahead of anybody within an hour's wait.
    line_lost_seconds: int = 3600
    # Ended talks and waits that the estimate of the wait is made from: of every day of the week; judgement.
    history_days: int = 7
    # Whose midnight "calls today" begins at.
    time_zone: str = "Europe/Rome"


DEFAULT_RULES = Rules()


@dataclass(frozen=True, kw_only=True)
class WaitingCall:
    """A call that waits for a person."""

    call_id: str
    requirements: Requirements
    enqueued_at: datetime  # aware UTC
    priority: int = 0
    boosts: Mapping[str, int] = field(default_factory=dict)  # name and seconds, such as {"recovery": 120}
    queue: str = "general"

    def __post_init__(self) -> None:
        """Refuse a naive time."""
        if self.enqueued_at.tzinfo is None:
            raise ValueError("enqueued_at is aware UTC")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One addend of a rank."""

    name: str  # "priority", "ageing", or a boost's name
    seconds: int


@dataclass(frozen=True, kw_only=True)
class Rank:
    """Why a call stands where it stands: seconds of waiting, real and granted, as one visible sum."""

    parts: tuple[Part, ...]

    @property
    def total_seconds(self) -> int:
        """The sum; the highest is served first."""
        return sum(part.seconds for part in self.parts)


def rank_of(call: WaitingCall, now: datetime, rules: Rules = DEFAULT_RULES) -> Rank:
    """Say why the call stands where it stands at `now`."""
    waited = int((now - call.enqueued_at).total_seconds())
    granted = tuple(Part(name=name, seconds=seconds) for name, seconds in sorted(call.boosts.items()))
    priority = Part(name="priority", seconds=call.priority * rules.seconds_per_priority)
    return Rank(parts=(priority, Part(name="ageing", seconds=waited), *granted))


def ranked_at(call: WaitingCall, rules: Rules = DEFAULT_RULES) -> datetime:
    """When a call without priority or boosts would have to have come to stand in the same place.

    Every call ages at the same pace, so this moment never changes and an index can keep the order; the earliest is
    served first.
    """
    granted_seconds = call.priority * rules.seconds_per_priority + sum(call.boosts.values())
    return call.enqueued_at - timedelta(seconds=granted_seconds)


def ring_at(call: WaitingCall, now: datetime, rings: Sequence[Ring] = DEFAULT_RINGS) -> int:
    """Return the index of the ring that the call has reached; the rings are its queue's."""
    waited_seconds = (now - call.enqueued_at).total_seconds()
    reached = [index for index, ring in enumerate(rings) if ring.after_seconds <= waited_seconds]
    return reached[-1] if reached else 0


def dropped_at(call: WaitingCall, now: datetime, rings: Sequence[Ring] = DEFAULT_RINGS) -> frozenset[Droppable]:
    """Say what the call no longer asks for: what its rings drop so far, less what it never drops."""
    reached = rings[: ring_at(call, now, rings) + 1]
    return dropped_by(reached, call.requirements)


def dropped_by(rings: Iterable[Ring], requirements: Requirements) -> frozenset[Droppable]:
    """Say what is no longer asked for when all of these rings are reached; what a ring drops stays dropped."""
    return frozenset[Droppable]().union(*(ring.drops for ring in rings)) - requirements.never_dropped
