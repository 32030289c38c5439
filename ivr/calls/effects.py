"""What must go out after the commit, as records: rings, redirections, holds, messages. `ivr.calls.outgoing` carries them out."""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class RingLeg:
    """Ring an agent, a consulted one, a number or a supervisor."""

    leg_id: int
    address: str


@dataclass(frozen=True, kw_only=True)
class RingCustomer:
    """Ring whom the line has promised to call back."""

    callback_id: str
    ring: int  # which one it is
    number: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class BringCaller:
    """Take the caller from where they are to where the call stands: the conference, or the queue."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class ReleaseCaller:
    """Take the caller out of a conference where nobody is left: back to the queue, or on in the flow."""

    call_id: str
    turn: int


@dataclass(frozen=True, kw_only=True)
class EndLeg:
    """Hang up a leg beyond the caller's: there is nobody left to talk to, or it has done its part."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Put the caller on hold, or back."""

    call_id: str
    conference_id: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class TakePart:
    """Change how a leg takes part in the conference; None leaves as it is."""

    leg_id: int
    sid: str
    conference_id: str
    muted: bool | None = None
    ends: bool | None = None  # the conference ends when this leg leaves it
    coaches: str | None = None  # the CallSid of the only one who hears this leg, "" for everybody


@dataclass(frozen=True, kw_only=True)
class SendMessage:
    """Send a text message."""

    message_id: int
    to_number: str
    text: str = field(repr=False)  # it may hold a code that is good once


Effect: TypeAlias = RingLeg | RingCustomer | BringCaller | ReleaseCaller | EndLeg | Hold | TakePart | SendMessage
