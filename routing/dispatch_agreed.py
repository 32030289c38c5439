"""What every part of dispatch holds to: rows of a call, its offer and its agent agree, or the transaction is over."""

from datetime import datetime

from sqlalchemy.orm import Session

from routing import store, tables
from routing.agents import AgentEvent, Presence, Refusal, Refused
from routing.waiting import WaitingState

# How often a change is tried again when another process has changed the same row in between. A call and an agent have
# fewer states than this, so whoever still fails has met something other than a race.
ATTEMPTS = 7


class InvariantBrokenError(RuntimeError):
    """Rows that must agree do not: roll the transaction back and look at the routing tables of the call it names."""


def hold_true(agreed: bool, call_id: str) -> None:  # noqa: FBT001  # an assertion that also holds under python -O
    """Raise `InvariantBrokenError` unless the rows agreed."""
    if not agreed:
        raise InvariantBrokenError(f"the rows of call {call_id}, its offer and its agent do not agree")


def release(session: Session, offer: tables.Offer, event: AgentEvent, now: datetime, *, by: str = "") -> None:
    """After an offer is closed: the agent goes where the event leads, the call waits again in its place."""
    moved = store.move_agent(session, offer.agent_id, event, now=now, by=by) and store.move_call(
        session, offer.call_id, WaitingState.OFFERED, WaitingState.WAITING, now=now
    )
    hold_true(moved, offer.call_id)


def refuse_agent(session: Session, agent_id: str) -> Refused:
    """Why an agent could not be moved."""
    known = store.presence(session, agent_id) is not None
    return Refused(reason=Refusal.NOT_IN_THIS_STATE if known else Refusal.AGENT_UNKNOWN)


def must_be_present(session: Session, agent_id: str) -> Presence:
    """The agent, who was there a moment ago."""
    found = store.presence(session, agent_id)
    if found is None:
        raise InvariantBrokenError(f"agent {agent_id} vanished in the middle of a change")
    return found
