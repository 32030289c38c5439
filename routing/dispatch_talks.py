"""A call that an agent has taken: the two meet, the agent's leg fails, the talk ends, somebody ends it. Nothing commits."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from routing import store, tables
from routing.agents import AgentEvent, Refusal, Refused
from routing.dispatch_agreed import hold_true
from routing.dispatch_calls import LINE_LOST_BOOST, end_assigned
from routing.outcomes import OfferState, Requeued, TalkEnded
from routing.waiting import DEFAULT_RULES, Rules, WaitingState


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
    return _back(session, assignment, reason="the agent's leg failed", by="", now=now, rules=rules)


def force_off_call(
    session: Session, *, agent_id: str, by: str, now: datetime, rules: Rules = DEFAULT_RULES
) -> Requeued | Refused:
    """Take an agent's call off them, as a supervisor wishes: the agent goes to `missed`, the call waits and goes first."""
    if store.presence(session, agent_id) is None:
        return Refused(reason=Refusal.AGENT_UNKNOWN)
    assignment = store.live_assignment_of_agent(session, agent_id)
    if assignment is None or assignment.ended_at is not None:
        return Refused(reason=Refusal.NOT_IN_THIS_STATE)
    done = _back(session, assignment, reason="a supervisor took the call off", by=by, now=now, rules=rules)
    if isinstance(done, Requeued):
        after = {"call_id": done.call_id}
        store.note_change(session, at=now, by=by, what=f"state:{agent_id}", before=None, after=after)
    return done


def talk_ended(
    session: Session, *, call_id: str, now: datetime, reason: str = "talk ended", rules: Rules = DEFAULT_RULES
) -> TalkEnded | Refused:
    """End the talk: the agent goes to wrap-up, the call is over for routing."""
    assignment = store.last_assignment(session, call_id)
    if assignment is None:
        return Refused(reason=Refusal.CALL_UNKNOWN)
    if not end_assigned(session, assignment, AgentEvent.TALK_ENDED, reason=reason, now=now, rules=rules):
        return Refused(reason=Refusal.CALL_ENDED)
    until = now + timedelta(seconds=rules.wrap_up_seconds)
    return TalkEnded(call_id=call_id, agent_id=assignment.agent_id, wrap_up_until=until)


def _back(
    session: Session, assignment: tables.Assignment, *, reason: str, by: str, now: datetime, rules: Rules
) -> Requeued | Refused:
    call_id = assignment.call_id
    if not store.end_assignment(session, assignment.assignment_id, now=now, reason=reason, wraps_up=False):
        return Refused(reason=Refusal.CALL_ENDED)
    # From now on the offer counts as missed, so that the next attempt goes to somebody else.
    store.close_offer(session, assignment.offer_id, OfferState.MISSED, now=now, source=OfferState.ACCEPTED)
    moved = store.move_agent(session, assignment.agent_id, AgentEvent.LEG_FAILED, now=now, by=by) and store.move_call(
        session, call_id, WaitingState.ASSIGNED, WaitingState.WAITING, now=now
    )
    hold_true(moved, call_id)
    goes_first = assignment.connected_at is not None
    row = store.call_row(session, call_id)
    if goes_first and row is not None:
        boosted = store.boost_call(
            session, store.as_waiting_call(row), {LINE_LOST_BOOST: rules.line_lost_seconds}, rules
        )
        store.wait_again(session, boosted, row, now)
    elif assignment.stay_id is not None:
        store.resume_stay(session, assignment.stay_id)
    return Requeued(call_id=call_id, agent_id=assignment.agent_id, goes_first=goes_first)
