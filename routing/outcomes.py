"""What routing answers: frozen records of what happened to a call, an offer or an agent. They decide nothing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.agents import AgentState
from routing.estimate import Estimate
from routing.receipts import Receipt


class OfferState(StrEnum):
    """How an offer stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class WorkKind(StrEnum):
    """What waits for an agent."""

    CALL = "call"
    CALLBACK = "callback"  # the line rings the customer when its turn has come
    CONSULT = "consult"  # an agent in a talk asks another one


class StayOutcome(StrEnum):
    """What became of a stay in a queue; in the database "" while it waits."""

    ANSWERED = "answered"  # by an agent; a callback: by the customer
    ABANDONED = "abandoned"
    CALLBACK = "callback"  # the caller chose to be called back
    MESSAGE = "message"  # the caller left a message
    OVERFLOW = "overflow"
    CLOSED = "closed"  # the queue closed, or has nobody left
    MOVED = "moved"  # to another queue, by a person
    FAILED = "failed"  # by a fault, or nobody could be reached


@dataclass(frozen=True, kw_only=True)
class Queued:
    """The call waits, or has already been handed on."""

    call_id: str
    enqueued_at: datetime
    is_repeat: bool  # it was there already: nothing changed


@dataclass(frozen=True, kw_only=True)
class Offered:
    """An agent is being rung for a call until `expires_at`."""

    offer_id: int
    call_id: str
    agent_id: str
    offered_at: datetime
    expires_at: datetime
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The agent takes the call; call `address` unless this repeats an earlier answer."""

    offer_id: int
    call_id: str
    agent_id: str
    address: str
    is_repeat: bool


@dataclass(frozen=True, kw_only=True)
class Declined:
    """The agent does not take the call, which keeps its place."""

    offer_id: int
    call_id: str
    agent_id: str


@dataclass(frozen=True, kw_only=True)
class Missed:
    """The agent did not answer in time; the call keeps its place."""

    offer_id: int
    call_id: str
    agent_id: str


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """The call no longer wants anybody; who was rung or about to be connected is free again."""

    call_id: str
    agent_id: str | None  # who was rung or assigned
    agent_state: AgentState | None
    offer_id: int | None  # the offer that was open


@dataclass(frozen=True, kw_only=True)
class Requeued:
    """The call waits again: the agent's leg failed (the agent is in `missed`), or the call was passed on (wrap-up)."""

    call_id: str
    agent_id: str
    goes_first: bool  # they were already talking


@dataclass(frozen=True, kw_only=True)
class TalkEnded:
    """The talk is over; the agent is in wrap-up until `wrap_up_until` at the latest."""

    call_id: str
    agent_id: str
    wrap_up_until: datetime


@dataclass(frozen=True, kw_only=True)
class MovedCall:
    """A supervisor has put the waiting call into another queue, with its place."""

    call_id: str
    queue: str
    agent_id: str | None  # who was rung for it, and is free again
    offer_id: int | None


@dataclass(frozen=True, kw_only=True)
class Overflowed:
    """The call has waited as long as its queue lets it."""

    call_id: str
    queue: str  # which it was in
    to: str  # "queue:ID": it waits there now, with its place; "callback", "message": it waits on until the line asks


@dataclass(frozen=True, kw_only=True)
class ToRing:
    """A callback whose turn has come: ring the customer, and say before `until` what became of it."""

    call_id: str
    queue: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """Who took a call, and how far it has come."""

    call_id: str
    agent_id: str
    address: str
    accepted_at: datetime
    connected_at: datetime | None
    ended_at: datetime | None
    wrap_up_ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a call stands among those that ask for the same skill."""

    place: int  # 1 is next
    waiting: int
    estimate_seconds: int | None  # none while there is nobody or too little to estimate from
    estimate: Estimate | None = None  # the same with its range


@dataclass(frozen=True, kw_only=True)
class WaitingLine:
    """A call in the queue, for whoever watches it."""

    call_id: str
    queue: str
    skill: str
    priority: int
    is_offered: bool
    enqueued_at: datetime
    rank_seconds: int
    ring: int


@dataclass(frozen=True, kw_only=True)
class Ticked:
    """What time alone has brought about."""

    missed: tuple[Missed, ...]
    wrapped_up: tuple[str, ...]  # agents whose wrap-up reached its maximum
    signed_off: tuple[str, ...]  # agents whose desk is gone
    offered: tuple[Offered, ...]
    overflowed: tuple[Overflowed, ...] = ()
