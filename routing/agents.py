"""An agent's states as one table of transitions, and an agent as the choice sees it.

Times and storage are left to `dispatch`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from routing.skills import Skills


class AgentState(StrEnum):
    """What an agent is doing."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    OFFERED = "offered"  # being rung
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"  # writing down what the call led to
    AWAY = "away"  # with a reason
    MISSED = "missed"  # did not answer an offer: not rung again before the agent says so


class AgentEvent(StrEnum):
    """What can happen to an agent; the first three are the agent's own wish."""

    READY = "ready"
    STEP_AWAY = "step_away"
    SIGN_OFF = "sign_off"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    OFFER_EXPIRED = "offer_expired"
    OFFER_WITHDRAWN = "offer_withdrawn"
    LEG_FAILED = "leg_failed"  # accepted, but the agent's telephone did not answer
    CALLER_GONE = "caller_gone"  # accepted, but the caller hung up before they met
    TALK_ENDED = "talk_ended"
    WRAP_UP_ENDED = "wrap_up_ended"


class Refusal(StrEnum):
    """Why something asked of routing is not done."""

    NOT_IN_THIS_STATE = "not_in_this_state"
    AGENT_UNKNOWN = "agent_unknown"
    CALL_UNKNOWN = "call_unknown"
    CALL_ENDED = "call_ended"
    OFFER_UNKNOWN = "offer_unknown"
    OFFER_OF_ANOTHER_AGENT = "offer_of_another_agent"
    OFFER_EXPIRED = "offer_expired"
    OFFER_WITHDRAWN = "offer_withdrawn"
    OFFER_DECLINED = "offer_declined"
    OFFER_ACCEPTED = "offer_accepted"
    QUEUE_UNKNOWN = "queue_unknown"
    CHANGED_MEANWHILE = "changed_meanwhile"  # by somebody else: look again


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The event is allowed and leads here."""

    state: AgentState


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Not done, nothing changed."""

    reason: Refusal


_S, _E = AgentState, AgentEvent
TRANSITIONS = MappingProxyType(
    {
        (_S.OFFLINE, _E.READY): _S.AVAILABLE,
        (_S.OFFLINE, _E.STEP_AWAY): _S.AWAY,
        (_S.OFFLINE, _E.SIGN_OFF): _S.OFFLINE,
        (_S.AVAILABLE, _E.READY): _S.AVAILABLE,
        (_S.AVAILABLE, _E.STEP_AWAY): _S.AWAY,
        (_S.AVAILABLE, _E.SIGN_OFF): _S.OFFLINE,
        (_S.AVAILABLE, _E.OFFERED): _S.OFFERED,
        # Leaving while being rung is a way of declining: `dispatch` closes the offer.
        (_S.OFFERED, _E.STEP_AWAY): _S.AWAY,
        (_S.OFFERED, _E.SIGN_OFF): _S.OFFLINE,
        (_S.OFFERED, _E.ACCEPTED): _S.ON_CALL,
        (_S.OFFERED, _E.DECLINED): _S.AVAILABLE,
        (_S.OFFERED, _E.OFFER_EXPIRED): _S.MISSED,
        (_S.OFFERED, _E.OFFER_WITHDRAWN): _S.AVAILABLE,
        # In a call there is no way out but its end: a caller is never left alone by a click.
        (_S.ON_CALL, _E.TALK_ENDED): _S.WRAP_UP,
        (_S.ON_CALL, _E.LEG_FAILED): _S.MISSED,
        (_S.ON_CALL, _E.CALLER_GONE): _S.AVAILABLE,
        (_S.WRAP_UP, _E.WRAP_UP_ENDED): _S.AVAILABLE,
        (_S.WRAP_UP, _E.READY): _S.AVAILABLE,
        (_S.WRAP_UP, _E.STEP_AWAY): _S.AWAY,
        (_S.WRAP_UP, _E.SIGN_OFF): _S.OFFLINE,
        (_S.AWAY, _E.READY): _S.AVAILABLE,
        (_S.AWAY, _E.STEP_AWAY): _S.AWAY,
        (_S.AWAY, _E.SIGN_OFF): _S.OFFLINE,
        (_S.MISSED, _E.READY): _S.AVAILABLE,
        (_S.MISSED, _E.STEP_AWAY): _S.AWAY,
        (_S.MISSED, _E.SIGN_OFF): _S.OFFLINE,
    }
)

OWN_WISHES = frozenset({_E.READY, _E.STEP_AWAY, _E.SIGN_OFF})
# Events that leave the agent's waiting time as it was: a caller who hung up while ringing costs nobody their turn.
KEEPS_IDLE_TIME = frozenset({_E.OFFER_WITHDRAWN, _E.CALLER_GONE})


def move(state: AgentState, event: AgentEvent) -> Moved | Refused:
    """Where the event leads, by `TRANSITIONS`."""
    target = TRANSITIONS.get((state, event))
    if target is None:
        return Refused(reason=Refusal.NOT_IN_THIS_STATE)
    return Moved(state=target)


def states_before(event: AgentEvent) -> tuple[AgentState, ...]:
    """States in which the event is allowed."""
    return tuple(state for state, name in TRANSITIONS if name is event)


def target_of(event: AgentEvent) -> AgentState:
    """Where the event leads, wherever it is allowed: each event has one target, so one UPDATE can carry it out."""
    return next(target for (_, name), target in TRANSITIONS.items() if name is event)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An agent as the choice sees one."""

    agent_id: str
    name: str
    state: AgentState
    idle_since: datetime  # aware; since when the agent has been waiting for a call
    languages: tuple[str, ...]
    skills: Skills
    refused_at: datetime | None = None  # when this agent last declined or missed this very call
    calls_today: int = 0  # taken since midnight; only an order by fewest calls looks at it

    def __post_init__(self) -> None:
        """Refuse naive times."""
        if self.idle_since.tzinfo is None or (self.refused_at is not None and self.refused_at.tzinfo is None):
            raise ValueError("times are aware UTC")


@dataclass(frozen=True, kw_only=True)
class Presence:
    """What an agent is doing, since when, and why if away."""

    agent_id: str
    name: str
    address: str  # "client:anna", "+39...", "sip:..."
    state: AgentState
    since: datetime
    away_reason: str  # "" unless away
    languages: tuple[str, ...]
    skills: Skills
