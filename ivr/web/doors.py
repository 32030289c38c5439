"""What the desks need of the rest of the service, as plain callables that `ivr.app` wires; the views know nothing behind them.

Every callable takes the session of the request (or of one look of a live page) as its first argument and never commits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.orm import Session

from ivr.calls.context import CallContext
from routing.agents import Presence


@dataclass(frozen=True, kw_only=True)
class Offered:
    """The agent is being rung for a call."""

    offer_id: int
    call_id: str
    offered_at: datetime
    expires_at: datetime
    receipt: tuple[str, ...]  # why this agent, in plain sentences of the reader's language, the decision first


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """The agent took a call, which has not been wrapped up yet."""

    call_id: str
    accepted_at: datetime
    connected_at: datetime | None  # when the voices met
    ended_at: datetime | None  # when the talk was over: from then on it is wrap-up
    receipt: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LiveCall:
    """A call that is going on, as the admin's list shows it."""

    call_id: str
    started_at: datetime
    status: str  # CallContext.status
    flow: str
    flow_version: int
    node: str
    language: str
    caller: str  # the customer's name, else the number, "" when hidden
    reason: str
    waiting_since: datetime | None  # for a person; none while it does not wait
    agent: str  # name of the agent who talks, "" if none


@dataclass(frozen=True, kw_only=True)
class ShownNode:
    """A node of a flow, for people who read."""

    name: str
    kind: str
    says: str  # in the reader's language, "" if nothing
    goes_to: tuple[tuple[str, str], ...]  # outcome, node


@dataclass(frozen=True, kw_only=True)
class ShownFlow:
    """One version of a flow, for people who read."""

    name: str
    version: int
    is_live: bool
    author: str
    note: str
    nodes: tuple[ShownNode, ...]


@dataclass(frozen=True, kw_only=True)
class Acted:
    """What the agent asked for is done, or begun."""


@dataclass(frozen=True, kw_only=True)
class NotActed:
    """Nothing changed; `reason` is a key of `ivr.web.errors.REFUSALS`."""

    reason: str


Outcome: TypeAlias = Acted | NotActed


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Everything behind the desks."""

    # The session, the agent's identifier.
    presence_of: Callable[[Session, str], Presence | None]
    # The session, the agent's identifier, the reader's language, now: only while the offer can still be accepted.
    offer_of: Callable[[Session, str, str, datetime], Offered | None]
    # The session, the agent's identifier, the reader's language: until the wrap-up is done.
    assignment_of: Callable[[Session, str, str], Assigned | None]
    # The session, the call's identifier, the reader's language, now.
    context_of: Callable[[Session, str, str, datetime], CallContext | None]
    # The session, now: the longest first.
    live_calls: Callable[[Session, datetime], Sequence[LiveCall]]
    # The session, the reader's language: every version, the newest first.
    flows: Callable[[Session, str], Sequence[ShownFlow]]

    # What an agent does. All take the session, then by keyword `agent_id` and what stands behind each.
    accept: Callable[..., Outcome]  # offer_id (int), now
    decline: Callable[..., Outcome]  # offer_id (int), now
    hold: Callable[..., Outcome]  # call_id, on (bool)
    hang_up: Callable[..., Outcome]  # call_id
    finish: Callable[..., Outcome]  # call_id, outcome, note, next_step ("" for none), due_at (None without one), now
    set_state: Callable[..., Outcome]  # state ("available", "away" or "offline"), reason ("" unless away), now
    desk_is_open: Callable[..., None]  # now, when the agent's page was open

    # Parts that must be loaded before calls are taken, by name: for readiness.
    loaded: Callable[[], Mapping[str, bool]]
