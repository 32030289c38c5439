"""What figures are counted from, as frozen records: stays, states of agents, contacts; and the counts that add up. Pure.

How records become counts is left to `figures_counted`, what a figure means to `figures_defined`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

_MICROSECOND = timedelta(microseconds=1)
_NOTHING: Mapping[Any, int] = MappingProxyType({})

# How a stay in a queue ends; "" while the call waits.
WAITING, ANSWERED, ABANDONED, CALLBACK, MESSAGE = "", "answered", "abandoned", "callback", "message"
OVERFLOW, CLOSED, MOVED, FAILED = "overflow", "closed", "moved", "failed"
# The call waits on in another stay, so that for the caller it is one wait.
GOES_ON = frozenset({OVERFLOW, MOVED, FAILED})

CALL_KIND, CALLBACK_KIND, CONSULT_KIND = "call", "callback", "consult"

# Agent states in which an agent is busy with callers, and those in which an agent could be.
BUSY = frozenset({"on_call", "wrap_up"})
STAFFED = frozenset({"available", "offered", *BUSY})
OFF_DUTY = "offline"  # nothing is counted of it


def microseconds(begins_at: datetime, ends_at: datetime) -> int:
    """The whole microseconds between two times, never fewer than none: clocks of two machines may differ."""
    return max(0, (ends_at - begins_at) // _MICROSECOND)


def begun_seconds(span_us: int) -> int:
    """Microseconds as seconds, each begun one counted: 20.0 s are within 20 s, 20.1 s are not."""
    return -(-span_us // 1_000_000)


@dataclass(frozen=True, kw_only=True)
class Stay:
    """One stay of a call in a queue; a transferred or overflowing call has several."""

    stay_id: int
    call_id: str
    queue: str
    skill: str
    enqueued_at: datetime
    kind: str = CALL_KIND
    outcome: str = WAITING
    agent_id: str | None = None
    accepted_at: datetime | None = None
    connected_at: datetime | None = None  # caller and agent hear each other
    left_at: datetime | None = None
    ended_at: datetime | None = None  # the talk
    wrap_up_ended_at: datetime | None = None
    held_seconds: int = 0
    transferred: bool = False  # came from a transfer

    def __post_init__(self) -> None:
        """Refuse naive times."""
        given = (
            self.enqueued_at,
            self.accepted_at,
            self.connected_at,
            self.left_at,
            self.ended_at,
            self.wrap_up_ended_at,
        )
        if any(at is not None and at.tzinfo is None for at in given):
            raise ValueError("times are aware UTC")


@dataclass(frozen=True, kw_only=True)
class StateSpan:
    """An agent in one state, from when until when."""

    agent_id: str
    state: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Contact:
    """One dealing of a known customer with the company, on any channel."""

    customer_id: str
    at: datetime
    reason: str  # "" where it is not known: it then repeats nothing
    outcome: str = ""  # as an agent wrote it down
    call_id: str = ""  # "" on other channels


@dataclass(frozen=True, kw_only=True)
class Effort:
    """A caller's effort score: 1 very easy, 7 very hard."""

    call_id: str
    at: datetime  # the call's beginning
    score: int


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What has been counted in one group; counts of groups add up to those of all. Lengths of time are whole microseconds."""

    offered: int = 0  # calls that asked for a person, each once
    # First waits by how they ended, by begun seconds: so many calls were answered within so many seconds.
    answered_after: Mapping[int, int] = field(default_factory=lambda: _NOTHING)
    abandoned_after: Mapping[int, int] = field(default_factory=lambda: _NOTHING)
    other_after: Mapping[int, int] = field(default_factory=lambda: _NOTHING)  # callback, message, closed, not connected
    waiting_for: Mapping[int, int] = field(default_factory=lambda: _NOTHING)  # still
    answer_us: int = 0  # the sum of the answered ones' waits
    callbacks: int = 0  # callers who chose to be called back
    messages: int = 0
    again: int = 0  # waits behind a first talk (transfer, lost agent) that were answered
    again_us: int = 0
    went_on: int = 0  # stays that ended in another queue: overflow, moved
    callbacks_called: int = 0  # callbacks whose turn has come and ended
    callbacks_reached: int = 0
    talks: int = 0  # callers whom an agent talked with
    handed_on: int = 0  # of those, passed on by a transfer
    handled: int = 0  # of those, talk and wrap-up are over
    talk_us: int = 0
    hold_us: int = 0
    wrap_up_us: int = 0
    in_state_us: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    contacts: int = 0  # of known customers, with a known reason
    repeats: int = 0  # of those, the same reason came within the days before
    first_contacts: int = 0  # no repeats, and the days that prove them are over
    solved_first: int = 0
    efforts: int = 0
    effort_sum: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return summed((self, other))

    @property
    def answered(self) -> int:
        """Calls that were answered in their first wait."""
        return sum(self.answered_after.values())

    @property
    def abandoned(self) -> int:
        """Calls whose caller hung up in the first wait."""
        return sum(self.abandoned_after.values())

    @property
    def waiting(self) -> int:
        """Calls that are in their first wait."""
        return sum(self.waiting_for.values())

    @property
    def busy_us(self) -> int:
        """Time of agents with callers and their wrap-up."""
        return sum(length for state, length in self.in_state_us.items() if state in BUSY)

    @property
    def staffed_us(self) -> int:
        """Time in which agents had callers or could have had them."""
        return sum(length for state, length in self.in_state_us.items() if state in STAFFED)


def summed(many: Iterable[Counts]) -> Counts:
    """All of them together."""
    numbers: dict[str, int] = defaultdict(int)
    spread: dict[str, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
    for one in many:
        for name, value in vars(one).items():
            if isinstance(value, int):
                numbers[name] += value
            elif value:
                its = spread[name]
                for key, its_many in value.items():
                    its[key] += its_many
    values: dict[str, Any] = {**numbers, **{name: dict(sorted(its.items())) for name, its in spread.items()}}
    return Counts(**values)


NONE_YET = Counts()
