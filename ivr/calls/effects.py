"""What must go out after the commit, as records: rings, redirections, holds, messages. `ivr.calls.outgoing` carries them out."""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class RingAgent:
    """Ring the agent who accepted a call."""

    call_id: str
    agent_id: str
    address: str


@dataclass(frozen=True, kw_only=True)
class RingCustomer:
    """Ring whom the line has promised to call back."""

    callback_id: str
    ring: int  # which one it is
    number: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class BringCaller:
    """Take the caller out of the queue into the conference where the agent is."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class ReleaseCaller:
    """Take the caller out of a conference where nobody is left: back to the queue, or on in the flow."""

    call_id: str
    turn: int


@dataclass(frozen=True, kw_only=True)
class EndLeg:
    """Hang up a leg: an agent's, when there is nobody left to talk to."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Put the caller on hold, or back."""

    call_id: str
    conference_id: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class SendMessage:
    """Send a text message."""

    message_id: int
    to_number: str
    text: str = field(repr=False)  # it may hold a code that is good once


Effect: TypeAlias = RingAgent | RingCustomer | BringCaller | ReleaseCaller | EndLeg | Hold | SendMessage
