"""What a talk asks of routing: pass a call on, put it first, give it to the consulted one, and look for somebody to be asked.

Each is one act of routing; which of them follows from what is `ivr.calls.talks_goings`' and `ivr.calls.talks`'.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from routing import dispatch, handing_over, reports
from routing import store as routing_store
from routing.agents import AgentEvent, AgentState
from routing.outcomes import MovedCall, Queued, Requeued, StayOutcome, TalkEnded, WorkKind
from routing.queues import queue_of
from routing.skills import Requirements
from routing.waiting import Rules

# Whom the history of routing names for what nobody has asked for.
_THE_LINE = "the line"
# Boosts, as the sum of a call's rank names them.
_LINE_LOST, _CONSULT = "line_lost", "consult"
# Why a supervisor is away who is in another's talk, as the pages word it.
OTHER_WORK = "other"


def requirements_of(session: Session, call_id: str) -> Requirements | None:
    """What a call last asked for, waiting or not; None for one that never waited."""
    row = routing_store.call_row(session, call_id)
    return None if row is None else routing_store.as_waiting_call(row).requirements


def agent_lost(session: Session, call_id: str, rules: Rules, now: datetime) -> str | None:
    """The agent's leg failed or broke: the call waits again, first if they were talking. The agent, None if nothing changed."""
    back = dispatch.agent_failed(session, call_id=call_id, now=now, rules=rules)
    return back.agent_id if isinstance(back, Requeued) else None


def pass_on(session: Session, call_id: str, asked: Requirements, rules: Rules, now: datetime) -> bool:
    """Take the call off its agent, who goes to wrap-up, and let it wait again, first of all, for what is asked now."""
    done = dispatch.requeue(
        session, call_id=call_id, requirements=asked, now=now, goes_first=True, reason="passed on", rules=rules
    )
    return isinstance(done, Requeued) or wait_first(session, call_id, asked, rules, now)


def wait_first(session: Session, call_id: str, asked: Requirements, rules: Rules, now: datetime) -> bool:
    """Let a call that no agent has wait again, ahead of the others."""
    boosts = {_LINE_LOST: rules.line_lost_seconds}
    queued = dispatch.enqueue(
        session,
        call_id=call_id,
        requirements=asked,
        boosts=boosts,
        now=now,
        again=True,
        rules=rules,
        transferred=True,
    )
    return isinstance(queued, Queued)


def leave(session: Session, call_id: str, reason: str, rules: Rules, now: datetime) -> None:
    """The call is routing's no more: who talked goes to wrap-up, who was only rung is free again."""
    dispatch.withdraw(session, call_id=call_id, reason=reason, now=now, outcome=StayOutcome.MOVED, rules=rules)


def move(session: Session, call_id: str, asked: Requirements, rules: Rules, now: datetime, *, by: str) -> bool:
    """A waiting call asks for something else from now on, and keeps its place; whoever was being rung for it is free again."""
    queue = queue_of(asked.skill, routing_store.queues(session)).queue_id
    moved = dispatch.move_call_to(
        session, call_id=call_id, queue=queue, requirements=asked, by=by, now=now, rules=rules
    )
    return isinstance(moved, MovedCall)


def widen(session: Session, call_id: str, rules: Rules, now: datetime) -> bool:
    """Let a waiting call that was kept for one agent go to anybody who fits; False where it is not such a call."""
    asked = requirements_of(session, call_id)
    if asked is None or asked.only_agent_id is None:
        return False
    return move(session, call_id, replace(asked, only_agent_id=None), rules, now, by=_THE_LINE)


def look_for(session: Session, work_id: str, asked: Requirements, rules: Rules, now: datetime) -> bool:
    """Look for somebody to be asked, ahead of the calls that wait: a caller is held for it."""
    boosts = {_CONSULT: rules.line_lost_seconds}
    queued = dispatch.enqueue(
        session, call_id=work_id, requirements=asked, boosts=boosts, now=now, rules=rules, kind=WorkKind.CONSULT
    )
    return isinstance(queued, Queued)


def end_work(session: Session, work_id: str, reason: str, rules: Rules, now: datetime, *, phone_failed: bool) -> None:
    """A consultation is over, at whatever point: who talked goes to wrap-up, who was only rung is free again."""
    if phone_failed:
        dispatch.agent_failed(session, call_id=work_id, now=now, rules=rules)
    dispatch.withdraw(session, call_id=work_id, reason=reason, now=now, outcome=StayOutcome.MOVED, rules=rules)


def hand_over(session: Session, call_id: str, work_id: str, rules: Rules, now: datetime) -> None:
    """The consulted agent has the call; the first one goes to wrap-up."""
    handing_over.hand_over(session, call_id=call_id, work_id=work_id, now=now, rules=rules)


def talk_over(session: Session, call_id: str, rules: Rules, now: datetime) -> str | None:
    """The talk is over: the agent, who goes to wrap-up; None where no agent had the call."""
    ended = dispatch.talk_ended(session, call_id=call_id, now=now, rules=rules)
    return ended.agent_id if isinstance(ended, TalkEnded) else None


def step_away(session: Session, agent_id: str, now: datetime) -> None:
    """A supervisor who is in another's talk is offered no call meanwhile."""
    presence = reports.state_of(session, agent_id)
    if presence is not None and presence.state is AgentState.AVAILABLE:
        dispatch.set_state(session, agent_id=agent_id, event=AgentEvent.STEP_AWAY, now=now, away_reason=OTHER_WORK)


def come_back(session: Session, agent_id: str, since: datetime, now: datetime) -> None:
    """They are free again, unless they have wished for something else since."""
    presence = reports.state_of(session, agent_id)
    if presence is not None and presence.state is AgentState.AWAY and presence.since == since:
        dispatch.set_state(session, agent_id=agent_id, event=AgentEvent.READY, now=now)


def was_held(session: Session, call_id: str, since: datetime | None, now: datetime) -> None:
    """Keep how long the caller was on hold, for the reports."""
    if since is not None and now > since:
        routing_store.add_held_seconds(session, call_id, round((now - since).total_seconds()))


def desk_is_open(session: Session, agent_id: str, now: datetime) -> bool:
    """Whether the agent's desk was there in the last moments; True for an agent without one."""
    return reports.has_desk(session, agent_id, now)
