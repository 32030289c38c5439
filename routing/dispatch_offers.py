"""What becomes of an offer: accepted, declined, missed. Nothing here commits; whatever is asked twice is done once."""

from datetime import datetime
from typing import assert_never

from sqlalchemy.orm import Session

from routing import store, tables
from routing.agents import AgentEvent, Presence, Refusal, Refused
from routing.dispatch_agreed import InvariantBrokenError, hold_true, release
from routing.outcomes import Accepted, Declined, Missed, OfferState
from routing.waiting import WaitingState


def accept(session: Session, *, offer_id: int, agent_id: str, now: datetime) -> Accepted | Refused:
    """Take the offered call; a second click gets the same answer with `is_repeat`."""
    offer = store.offer_row(session, offer_id)
    refusal = _foreign(offer, agent_id)
    if offer is None or refusal is not None:
        return Refused(reason=refusal or Refusal.OFFER_UNKNOWN)
    agent = store.presence(session, agent_id)
    call = store.call_row(session, offer.call_id)
    if agent is None or call is None:
        raise InvariantBrokenError(f"offer {offer_id} names an agent or call {offer.call_id} that does not exist")
    if not store.close_offer(session, offer_id, OfferState.ACCEPTED, now=now):
        return _accept_again(session, offer_id, agent)
    moved = store.move_agent(session, agent_id, AgentEvent.ACCEPTED, now=now) and store.move_call(
        session, offer.call_id, WaitingState.OFFERED, WaitingState.ASSIGNED, now=now
    )
    hold_true(moved, offer.call_id)
    store.add_assignment(session, offer, call.skill, now)
    return Accepted(offer_id=offer_id, call_id=offer.call_id, agent_id=agent_id, address=agent.address, is_repeat=False)


def decline(session: Session, *, offer_id: int, agent_id: str, now: datetime) -> Declined | Refused:
    """Pass the offered call on; it keeps its place, and this agent is not rung for it again at once."""
    offer = store.offer_row(session, offer_id)
    refusal = _foreign(offer, agent_id)
    if offer is None or refusal is not None:
        return Refused(reason=refusal or Refusal.OFFER_UNKNOWN)
    if store.close_offer(session, offer_id, OfferState.DECLINED, now=now):
        release(session, offer, AgentEvent.DECLINED, now)
    elif _closed_state(session, offer_id) is not OfferState.DECLINED:
        return Refused(reason=_why_closed(_closed_state(session, offer_id)))
    return Declined(offer_id=offer_id, call_id=offer.call_id, agent_id=agent_id)


def expire(session: Session, now: datetime) -> tuple[Missed, ...]:
    """Close the offers whose time is over: the agents go to `missed`, the calls wait again in their places."""
    missed = []
    for offer in store.due_offers(session, now):
        if store.close_offer(session, offer.offer_id, OfferState.MISSED, now=now):
            release(session, offer, AgentEvent.OFFER_EXPIRED, now)
            missed.append(Missed(offer_id=offer.offer_id, call_id=offer.call_id, agent_id=offer.agent_id))
    return tuple(missed)


def _foreign(offer: tables.Offer | None, agent_id: str) -> Refusal | None:
    if offer is None:
        return Refusal.OFFER_UNKNOWN
    return None if offer.agent_id == agent_id else Refusal.OFFER_OF_ANOTHER_AGENT


def _closed_state(session: Session, offer_id: int) -> OfferState:
    offer = store.offer_row(session, offer_id)
    return OfferState.WITHDRAWN if offer is None else OfferState(offer.state)


def _why_closed(state: OfferState) -> Refusal:
    match state:
        case OfferState.OPEN | OfferState.MISSED:
            # Open and yet not taken: its time is over and `expire` has not come by.
            return Refusal.OFFER_EXPIRED
        case OfferState.ACCEPTED:
            return Refusal.OFFER_ACCEPTED
        case OfferState.DECLINED:
            return Refusal.OFFER_DECLINED
        case OfferState.WITHDRAWN:
            return Refusal.OFFER_WITHDRAWN
        case _:
            assert_never(state)


def _accept_again(session: Session, offer_id: int, agent: Presence) -> Accepted | Refused:
    offer = store.offer_row(session, offer_id)
    if offer is None or offer.state != OfferState.ACCEPTED.value:
        return Refused(reason=_why_closed(_closed_state(session, offer_id)))
    assignment = store.last_assignment(session, offer.call_id)
    if assignment is None or assignment.offer_id != offer_id or assignment.ended_at is not None:
        return Refused(reason=Refusal.CALL_ENDED)
    return Accepted(
        offer_id=offer_id, call_id=offer.call_id, agent_id=agent.agent_id, address=agent.address, is_repeat=True
    )
