"""What agents do by themselves, and what supervisors do to them: ready, away, off, the end of a wrap-up. Nothing commits."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from routing import store
from routing.agents import OWN_WISHES, AgentEvent, AgentState, Presence, Refusal, Refused, move
from routing.dispatch_agreed import ATTEMPTS, InvariantBrokenError, hold_true, must_be_present, refuse_agent
from routing.outcomes import OfferState
from routing.waiting import DEFAULT_RULES, Rules, WaitingState


def wrap_up_done(session: Session, *, agent_id: str, now: datetime) -> Presence | Refused:
    """End the wrap-up: the agent is available."""
    if not store.move_agent(session, agent_id, AgentEvent.WRAP_UP_ENDED, now=now):
        return refuse_agent(session, agent_id)
    store.end_wrap_up(session, agent_id, now)
    return must_be_present(session, agent_id)


def set_state(
    session: Session, *, agent_id: str, event: AgentEvent, now: datetime, away_reason: str = ""
) -> Presence | Refused:
    """Do what the agent wishes: `READY`, `STEP_AWAY` or `SIGN_OFF`; leaving while being rung declines the offer."""
    return _wish(session, agent_id, event, away_reason=away_reason, by="", now=now)


def force_state(
    session: Session, *, agent_id: str, event: AgentEvent, by: str, now: datetime, away_reason: str = ""
) -> Presence | Refused:
    """Do to an agent what a supervisor wishes: `READY`, `STEP_AWAY` or `SIGN_OFF`; an offer is withdrawn, not declined.

    Refused in a call: `force_off_call` takes that off first, and no caller is left alone by a click. Who did it is kept.
    """
    before = store.presence(session, agent_id)
    done = _wish(session, agent_id, event, away_reason=away_reason, by=by, now=now)
    if isinstance(done, Presence) and before is not None and done != before:
        was = {"state": before.state.value, "away_reason": before.away_reason}
        now_is = {"state": done.state.value, "away_reason": done.away_reason}
        store.note_change(session, at=now, by=by, what=f"state:{agent_id}", before=was, after=now_is)
    return done


def heartbeat(session: Session, *, agent_id: str, now: datetime, rules: Rules = DEFAULT_RULES) -> bool:
    """Note that the agent's desk is open; False for an unknown agent."""
    return store.renew_lease(session, agent_id, now + timedelta(seconds=rules.lease_seconds))


def _wish(
    session: Session, agent_id: str, event: AgentEvent, *, away_reason: str, by: str, now: datetime
) -> Presence | Refused:
    if event not in OWN_WISHES:
        raise ValueError(f"{event.value} happens to agents, they do not wish it; use the function of that name")
    for _ in range(ATTEMPTS):
        before = store.presence(session, agent_id)
        if before is None:
            return Refused(reason=Refusal.AGENT_UNKNOWN)
        if before.state is AgentState.OFFERED and event is AgentEvent.READY and by:
            # Whoever is being rung is ready already.
            return before
        target = move(before.state, event)
        if isinstance(target, Refused):
            return target
        if target.state is before.state and away_reason == before.away_reason:
            return before
        if _leave(session, before, event, away_reason=away_reason, by=by, now=now):
            return must_be_present(session, agent_id)
    raise InvariantBrokenError(f"agent {agent_id} can't be moved: the rows of agent and offer do not agree")


def _leave(session: Session, before: Presence, event: AgentEvent, *, away_reason: str, by: str, now: datetime) -> bool:
    """Move the agent from exactly the state that was read; False when that is no longer the state."""
    agent_id = before.agent_id
    offer = store.open_offer(session, agent_id=agent_id) if before.state is AgentState.OFFERED else None
    closed = OfferState.WITHDRAWN if by else OfferState.DECLINED
    if before.state is AgentState.OFFERED and (
        offer is None or not store.close_offer(session, offer.offer_id, closed, now=now)
    ):
        return False
    moved = store.move_agent(session, agent_id, event, now=now, source=before.state, away_reason=away_reason, by=by)
    if offer is not None:
        back = store.move_call(session, offer.call_id, WaitingState.OFFERED, WaitingState.WAITING, now=now)
        hold_true(moved and back, offer.call_id)
    if moved and before.state is AgentState.WRAP_UP:
        store.end_wrap_up(session, agent_id, now)
    return moved
