"""From a waiting call to an agent and back: who is offered what, and everything that can become of an offer.

Every function takes part in the transaction of the session that it is given and commits nothing; `now` is aware UTC.
Whatever is asked twice is answered twice and done once. Telephones are left to the caller of these functions, who acts
on what they answer.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy.orm import Session

from routing import store, tables
from routing.agents import OWN_WISHES, AgentEvent, AgentState, Candidate, Presence, Refusal, Refused, move
from routing.matching import match
from routing.outcomes import (
    Accepted,
    Declined,
    Missed,
    Offered,
    OfferState,
    Queued,
    Requeued,
    TalkEnded,
    Ticked,
    Withdrawn,
)
from routing.receipts import Receipt
from routing.skills import Requirements
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall, WaitingState

# How often a change is tried again when another process has changed the same row in between. A call and an agent have
# fewer states than this, so whoever still fails has met something other than a race.
_ATTEMPTS = 5


class InvariantBrokenError(RuntimeError):
    """Rows that must agree do not: roll the transaction back and look at the routing tables of the call it names."""


def enqueue(
    session: Session,
    *,
    call_id: str,
    requirements: Requirements,
    now: datetime,
    priority: int = 0,
    boosts: Mapping[str, int] | None = None,
    again: bool = False,
    rules: Rules = DEFAULT_RULES,
) -> Queued | Refused:
    """Put a call in the queue, once; `again` lets one that has ended come back (after a talk, say)."""
    call = WaitingCall(
        call_id=call_id, requirements=requirements, enqueued_at=now, priority=priority, boosts=boosts or {}
    )
    if store.add_call(session, call, rules):
        return Queued(call_id=call_id, enqueued_at=now, is_repeat=False)
    if again and store.reopen_call(session, call, rules):
        return Queued(call_id=call_id, enqueued_at=now, is_repeat=False)
    row = store.call_row(session, call_id)
    if row is None or row.state == WaitingState.ENDED.value:
        return Refused(reason=Refusal.CALL_ENDED)
    return Queued(call_id=call_id, enqueued_at=row.enqueued_at, is_repeat=True)


def dispatch(session: Session, now: datetime, rules: Rules = DEFAULT_RULES) -> tuple[Offered, ...]:
    """Offer waiting calls, first come by rank, to agents who fit; any number of processes may do so at once."""
    calls = store.calls_in(session, WaitingState.WAITING)
    if not calls:
        return ()
    agents = {one.agent_id: one for one in store.candidates(session)}
    refused = store.refusals(session)
    offers = []
    for row in calls:
        if not any(one.state is AgentState.AVAILABLE for one in agents.values()):
            break
        call = store.as_waiting_call(row)
        offered = _offer(session, call, agents=agents, refused=refused.get(call.call_id, {}), now=now, rules=rules)
        if offered is not None:
            offers.append(offered)
    return tuple(offers)


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
    _hold_true(moved, offer.call_id)
    store.add_assignment(session, offer, call.skill, now)
    return Accepted(offer_id=offer_id, call_id=offer.call_id, agent_id=agent_id, address=agent.address, is_repeat=False)


def decline(session: Session, *, offer_id: int, agent_id: str, now: datetime) -> Declined | Refused:
    """Pass the offered call on; it keeps its place, and this agent is not rung for it again at once."""
    offer = store.offer_row(session, offer_id)
    refusal = _foreign(offer, agent_id)
    if offer is None or refusal is not None:
        return Refused(reason=refusal or Refusal.OFFER_UNKNOWN)
    if store.close_offer(session, offer_id, OfferState.DECLINED, now=now):
        _release(session, offer, AgentEvent.DECLINED, now)
    elif _closed_state(session, offer_id) is not OfferState.DECLINED:
        return Refused(reason=_why_closed(_closed_state(session, offer_id)))
    return Declined(offer_id=offer_id, call_id=offer.call_id, agent_id=agent_id)


def expire(session: Session, now: datetime) -> tuple[Missed, ...]:
    """Close the offers whose time is over: the agents go to `missed`, the calls wait again in their places."""
    missed = []
    for offer in store.due_offers(session, now):
        if store.close_offer(session, offer.offer_id, OfferState.MISSED, now=now):
            _release(session, offer, AgentEvent.OFFER_EXPIRED, now)
            missed.append(Missed(offer_id=offer.offer_id, call_id=offer.call_id, agent_id=offer.agent_id))
    return tuple(missed)


def withdraw(session: Session, *, call_id: str, reason: str, now: datetime) -> Withdrawn | Refused:
    """Take a call out at whatever point it is: it has hung up, or has left the queue by itself.

    Whoever is being rung is free again at once; so is who accepted but has not met the caller; after a talk wrap-up begins.
    """
    for _ in range(_ATTEMPTS):
        row = store.call_row(session, call_id)
        if row is None:
            return Refused(reason=Refusal.CALL_UNKNOWN)
        done = _withdraw_from(session, WaitingState(row.state), call_id, reason, now)
        if done is not None:
            return done
    raise InvariantBrokenError(f"call {call_id} can't be taken out of the queue: its rows do not agree")


def connected(session: Session, *, call_id: str, now: datetime) -> None:
    """Note that caller and agent hear each other; repeats change nothing."""
    store.connect_assignment(session, call_id, now)


def agent_failed(session: Session, *, call_id: str, now: datetime, rules: Rules = DEFAULT_RULES) -> Requeued | Refused:
    """Put the call back, since the agent's leg did not answer or broke; the agent goes to `missed`.

    The call keeps its place; if the two were already talking it goes first.
    """
    assignment = store.last_assignment(session, call_id)
    if assignment is None:
        return Refused(reason=Refusal.CALL_UNKNOWN)
    if not store.end_assignment(
        session, assignment.assignment_id, now=now, reason="the agent's leg failed", wraps_up=False
    ):
        return Refused(reason=Refusal.CALL_ENDED)
    # From now on the offer counts as missed, so that the next attempt goes to somebody else.
    store.close_offer(session, assignment.offer_id, OfferState.MISSED, now=now, source=OfferState.ACCEPTED)
    moved = store.move_agent(session, assignment.agent_id, AgentEvent.LEG_FAILED, now=now) and store.move_call(
        session, call_id, WaitingState.ASSIGNED, WaitingState.WAITING, now=now
    )
    _hold_true(moved, call_id)
    goes_first = assignment.connected_at is not None
    row = store.call_row(session, call_id)
    if goes_first and row is not None:
        store.boost_call(session, store.as_waiting_call(row), {"line_lost": rules.line_lost_seconds}, rules)
    return Requeued(call_id=call_id, agent_id=assignment.agent_id, goes_first=goes_first)


def talk_ended(
    session: Session, *, call_id: str, now: datetime, reason: str = "talk ended", rules: Rules = DEFAULT_RULES
) -> TalkEnded | Refused:
    """End the talk: the agent goes to wrap-up, the call is over for routing."""
    assignment = store.last_assignment(session, call_id)
    if assignment is None:
        return Refused(reason=Refusal.CALL_UNKNOWN)
    if not _end_assigned(session, assignment, AgentEvent.TALK_ENDED, reason, now):
        return Refused(reason=Refusal.CALL_ENDED)
    until = now + timedelta(seconds=rules.wrap_up_seconds)
    return TalkEnded(call_id=call_id, agent_id=assignment.agent_id, wrap_up_until=until)


def wrap_up_done(session: Session, *, agent_id: str, now: datetime) -> Presence | Refused:
    """End the wrap-up: the agent is available."""
    if not store.move_agent(session, agent_id, AgentEvent.WRAP_UP_ENDED, now=now):
        return _refuse_agent(session, agent_id)
    store.end_wrap_up(session, agent_id, now)
    return _must_be_present(session, agent_id)


def set_state(
    session: Session, *, agent_id: str, event: AgentEvent, now: datetime, away_reason: str = ""
) -> Presence | Refused:
    """Do what the agent wishes: `READY`, `STEP_AWAY` or `SIGN_OFF`; leaving while being rung declines the offer."""
    if event not in OWN_WISHES:
        raise ValueError(f"{event.value} happens to agents, they do not wish it; use the function of that name")
    for _ in range(_ATTEMPTS):
        before = store.presence(session, agent_id)
        if before is None:
            return Refused(reason=Refusal.AGENT_UNKNOWN)
        target = move(before.state, event)
        if isinstance(target, Refused):
            return target
        if target.state is before.state and away_reason == before.away_reason:
            return before
        if _leave(session, before, event, away_reason, now):
            return _must_be_present(session, agent_id)
    raise InvariantBrokenError(f"agent {agent_id} can't be moved: the rows of agent and offer do not agree")


def heartbeat(session: Session, *, agent_id: str, now: datetime, rules: Rules = DEFAULT_RULES) -> bool:
    """Note that the agent's desk is open; False for an unknown agent."""
    return store.renew_lease(session, agent_id, now + timedelta(seconds=rules.lease_seconds))


def tick(session: Session, now: datetime, rules: Rules = DEFAULT_RULES) -> Ticked:
    """Do everything that time alone brings about, then dispatch; call it once a second from any process."""
    missed = expire(session, now)
    since = now - timedelta(seconds=rules.wrap_up_seconds)
    wrapped_up = tuple(
        agent_id
        for agent_id in store.agents_in_wrap_up_since(session, since)
        if isinstance(wrap_up_done(session, agent_id=agent_id, now=now), Presence)
    )
    signed_off = tuple(
        agent_id
        for agent_id in store.agents_with_lapsed_lease(session, now)
        if isinstance(set_state(session, agent_id=agent_id, event=AgentEvent.SIGN_OFF, now=now), Presence)
    )
    return Ticked(missed=missed, wrapped_up=wrapped_up, signed_off=signed_off, offered=dispatch(session, now, rules))


def _offer(
    session: Session,
    call: WaitingCall,
    *,
    agents: dict[str, Candidate],
    refused: Mapping[str, datetime],
    now: datetime,
    rules: Rules,
) -> Offered | None:
    while True:
        receipt = match(call, store.with_refusals(tuple(agents.values()), refused), now, rules)
        chosen = receipt.chosen_agent_id
        if chosen is None or not store.hold_call(session, call.call_id):
            return None
        taken = store.hold_agent(session, chosen) and store.move_agent(session, chosen, AgentEvent.OFFERED, now=now)
        agents[chosen] = replace(agents[chosen], state=AgentState.OFFERED)
        if taken:
            return _open_offer(session, receipt, chosen, now, rules)


def _open_offer(session: Session, receipt: Receipt, agent_id: str, now: datetime, rules: Rules) -> Offered:
    call_id = receipt.call_id
    _hold_true(store.move_call(session, call_id, WaitingState.WAITING, WaitingState.OFFERED, now=now), call_id)
    expires_at = now + timedelta(seconds=rules.offer_seconds)
    offer_id = store.add_offer(session, receipt, agent_id, expires_at)
    return Offered(
        offer_id=offer_id,
        call_id=call_id,
        agent_id=agent_id,
        offered_at=now,
        expires_at=expires_at,
        receipt=receipt,
    )


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


def _release(session: Session, offer: tables.Offer, event: AgentEvent, now: datetime) -> None:
    moved = store.move_agent(session, offer.agent_id, event, now=now) and store.move_call(
        session, offer.call_id, WaitingState.OFFERED, WaitingState.WAITING, now=now
    )
    _hold_true(moved, offer.call_id)


def _withdraw_from(
    session: Session, state: WaitingState, call_id: str, reason: str, now: datetime
) -> Withdrawn | Refused | None:
    """Take the call out of this state; None when it has left the state in between."""
    match state:
        case WaitingState.WAITING:
            if not store.move_call(session, call_id, state, WaitingState.ENDED, now=now, reason=reason):
                return None
            return Withdrawn(call_id=call_id, agent_id=None, agent_state=None, offer_id=None)
        case WaitingState.OFFERED:
            return _withdraw_offer(session, call_id, reason, now)
        case WaitingState.ASSIGNED:
            return _withdraw_assigned(session, call_id, reason, now)
        case WaitingState.ENDED:
            return Refused(reason=Refusal.CALL_ENDED)
        case _:
            assert_never(state)


def _withdraw_offer(session: Session, call_id: str, reason: str, now: datetime) -> Withdrawn | None:
    offer = store.open_offer(session, call_id=call_id)
    if offer is None or not store.close_offer(session, offer.offer_id, OfferState.WITHDRAWN, now=now):
        return None
    moved = store.move_agent(session, offer.agent_id, AgentEvent.OFFER_WITHDRAWN, now=now) and store.move_call(
        session, call_id, WaitingState.OFFERED, WaitingState.ENDED, now=now, reason=reason
    )
    _hold_true(moved, call_id)
    available = AgentState.AVAILABLE
    return Withdrawn(call_id=call_id, agent_id=offer.agent_id, agent_state=available, offer_id=offer.offer_id)


def _withdraw_assigned(session: Session, call_id: str, reason: str, now: datetime) -> Withdrawn | None:
    assignment = store.last_assignment(session, call_id)
    if assignment is None:
        return None
    met = assignment.connected_at is not None
    event = AgentEvent.TALK_ENDED if met else AgentEvent.CALLER_GONE
    if not _end_assigned(session, assignment, event, reason, now):
        return None
    state = AgentState.WRAP_UP if met else AgentState.AVAILABLE
    return Withdrawn(call_id=call_id, agent_id=assignment.agent_id, agent_state=state, offer_id=None)


def _end_assigned(
    session: Session, assignment: tables.Assignment, event: AgentEvent, reason: str, now: datetime
) -> bool:
    wraps_up = event is AgentEvent.TALK_ENDED
    if not store.end_assignment(session, assignment.assignment_id, now=now, reason=reason, wraps_up=wraps_up):
        return False
    moved = store.move_agent(session, assignment.agent_id, event, now=now) and store.move_call(
        session, assignment.call_id, WaitingState.ASSIGNED, WaitingState.ENDED, now=now, reason=reason
    )
    _hold_true(moved, assignment.call_id)
    return True


def _leave(session: Session, before: Presence, event: AgentEvent, away_reason: str, now: datetime) -> bool:
    """Move the agent from exactly the state that was read; False when that is no longer the state."""
    agent_id = before.agent_id
    offer = store.open_offer(session, agent_id=agent_id) if before.state is AgentState.OFFERED else None
    if before.state is AgentState.OFFERED and (
        offer is None or not store.close_offer(session, offer.offer_id, OfferState.DECLINED, now=now)
    ):
        return False
    moved = store.move_agent(session, agent_id, event, now=now, source=before.state, away_reason=away_reason)
    if offer is not None:
        back = store.move_call(session, offer.call_id, WaitingState.OFFERED, WaitingState.WAITING, now=now)
        _hold_true(moved and back, offer.call_id)
    if moved and before.state is AgentState.WRAP_UP:
        store.end_wrap_up(session, agent_id, now)
    return moved


def _refuse_agent(session: Session, agent_id: str) -> Refused:
    known = store.presence(session, agent_id) is not None
    return Refused(reason=Refusal.NOT_IN_THIS_STATE if known else Refusal.AGENT_UNKNOWN)


def _must_be_present(session: Session, agent_id: str) -> Presence:
    found = store.presence(session, agent_id)
    if found is None:
        raise InvariantBrokenError(f"agent {agent_id} vanished in the middle of a change")
    return found


def _hold_true(agreed: bool, call_id: str) -> None:  # noqa: FBT001  # an assertion that also holds under python -O
    if not agreed:
        raise InvariantBrokenError(f"the rows of call {call_id}, its offer and its agent do not agree")
