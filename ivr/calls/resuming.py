"""A caller whose line dropped goes on where it stood; one who is to be rung back and calls first gets the place at once.

What counts as dropped: a hang-up without having come to an end, in the last minutes, from the same number. It is offered once for
each dropped call, and never to a hidden number. Nothing of it is told before the caller is as well known as in that call.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.calls import callbacks, store
from ivr.calls.callbacks import Place
from ivr.calls.company import Company
from ivr.calls.effects import EndLeg
from ivr.calls.tables import Call
from ivr.calls.work import TakenUp, Work
from ivr.flow.definition import AskNode, ConsentNode, DictateNode, EndNode, Flow, ReachedNode, ResumeNode, SurveyNode
from ivr.flow.events import Done, Value
from ivr.flow.state import State, StateError
from routing import reports
from routing.agents import AgentState
from sealing.columns import if_it_opens

# What stays of a dropped call's values where it is not known that the same person calls: what was said to be wanted.
_OF_THE_REQUEST = frozenset({"order_number", "return_number", "case_number", "reason"})
# An agent in one of these can take up the talk that dropped.
_THERE = frozenset({AgentState.WRAP_UP, AgentState.AVAILABLE})
LINE_LOST = "line_lost"


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A call that ended without having come to an end."""

    call: Call
    was: str  # in_line, waiting, talking


def resume(work: Work, values: Mapping[str, Value]) -> Done:
    """Look for something to go on with, or do what the caller has answered to the offer."""
    answer = values.get("answer") or ""
    if not answer:
        return _look(work)
    if answer == "no":
        work.note("resume_declined")
        return Done(outcome="declined")
    return _take(work, wants_person=answer == "person")


def last_dropped(
    session: Session, company: Company, number: str, now: datetime, *, but: str, again: bool = False
) -> Dropped | None:
    """The call from this number that dropped last, unless a later one did not, or it was offered before (but for `again`)."""
    if not number:
        return None
    since = now - timedelta(seconds=company.callback_rules.resume_seconds)
    query = select(Call).where(Call.from_number == number, Call.call_id != but, Call.ended_at >= since)
    last = session.scalar(query.order_by(Call.started_at.desc()).limit(1))
    if last is None:
        return None
    happened = store.times_happened(session, last.call_id)
    if (
        (happened.get("resume_asked") and not again)
        or happened.get("finished")
        or callbacks.of_call(session, last.call_id)
    ):
        return None
    was = _was(session, last)
    if was == store.TALKING:
        is_dropped = not happened.get("agent_left")
    else:
        is_dropped = was == store.WAITING or _was_in_the_middle(company, last)
    return Dropped(call=last, was=was) if is_dropped else None


def place(work: Work, work_id: str) -> Place | None:
    """The place that a call takes over, with what it has become worth."""
    had = callbacks.place_of(work.session, work_id)
    old = store.call(work.session, work_id)
    if had is None or old is None or _was(work.session, old) != store.TALKING:
        return had
    agent = None if old.agent_id is None else reports.state_of(work.session, old.agent_id)
    requirements = had.requirements
    if agent is not None and agent.state in _THERE:
        seconds = work.company.callback_rules.preferred_seconds
        requirements = replace(requirements, preferred_agent_id=agent.agent_id, preferred_seconds=seconds)
    boosts = {**had.boosts, LINE_LOST: work.company.routing_rules.line_lost_seconds}
    return replace(had, requirements=requirements, boosts=boosts)


def joined(current: State, taken: TakenUp) -> State:
    """The state that goes on: the dropped call's, with who calls now where that may be somebody else."""
    if taken.is_known:
        return taken.state
    request = {name: value for name, value in taken.state.values.items() if name in _OF_THE_REQUEST}
    return replace(taken.state, values={**current.values, **request})


def _look(work: Work) -> Done:
    call = work.call
    if not call.from_number:
        return Done(outcome="nothing")
    waited = callbacks.of_caller(work.session, number=call.from_number, customer_id=call.customer_id, now=work.now)
    if waited is not None:
        work.note("resume_offered", callback=waited.callback_id)
        return Done(outcome="callback")
    dropped = last_dropped(work.session, work.company, call.from_number, work.now, but=call.call_id)
    if dropped is None:
        return Done(outcome="nothing")
    store.note(work.session, dropped.call.call_id, "resume_asked", {}, work.now)
    work.note("resume_offered", call=dropped.call.call_id)
    return Done(outcome="dropped", values={"language": dropped.call.language})


def _take(work: Work, *, wants_person: bool) -> Done:
    offered = _offered(work)
    if "callback" in offered:
        return _take_callback(work, offered["callback"])
    call = work.call
    dropped = last_dropped(work.session, work.company, call.from_number, work.now, but=call.call_id, again=True)
    if dropped is None or dropped.call.call_id != offered.get("call"):
        return Done(outcome="person" if wants_person else "nothing")
    old = dropped.call
    _continue(work, old)
    state = _state(old)
    is_known = old.customer_id in {None, call.customer_id}
    if dropped.was in {store.WAITING, store.TALKING}:
        kept = {} if state is None or not is_known else _request_of(state)
        return Done(outcome="queue", values={**kept, "kept_place": old.call_id})
    if wants_person or state is None:
        return Done(outcome="person" if wants_person else "nothing")
    is_same_flow = old.flow == work.call.flow and old.flow_version == work.call.flow_version
    work.taken_up = TakenUp(state=state, is_known=is_known and is_same_flow)
    return Done(outcome="taken_up")


def _take_callback(work: Work, callback_id: str) -> Done:
    row = callbacks.row_of(work.session, callback_id)
    if row is None or not callbacks.close(work.session, callback_id, callbacks.TAKEN, work.now):
        return Done(outcome="nothing")
    if row.leg is not None:
        # The line was ringing the very caller who is on the line now.
        work.effects.append(EndLeg(call_id=row.leg))
    values: dict[str, Value] = {}
    old = None if row.call_id is None else store.call(work.session, row.call_id)
    if old is not None:
        _continue(work, old)
        state = _state(old)
        if state is not None and old.customer_id in {None, work.call.customer_id}:
            values = _request_of(state)
    return Done(outcome="queue", values={**values, "kept_place": callback_id})


def _continue(work: Work, old: Call) -> None:
    work.call.continues_id = old.call_id
    work.call.reason, work.call.route_reason = old.reason, old.route_reason
    work.note("continues", call=old.call_id)


def _offered(work: Work) -> dict[str, str]:
    rows = [row for row in store.happenings(work.session, work.call.call_id) if row.kind == "resume_offered"]
    details: dict[str, str] = json.loads(if_it_opens(rows[-1], "details", "") or "{}") if rows else {}
    return details


def _request_of(state: State) -> dict[str, Value]:
    return {name: value for name, value in state.values.items() if name in _OF_THE_REQUEST}


def _was(session: Session, call: Call) -> str:
    """How the call stood when it ended."""
    if call.status != store.ENDED:
        return call.status
    ended = [row for row in store.happenings(session, call.call_id) if row.kind == "ended"]
    details = json.loads(if_it_opens(ended[-1], "details", "") or "{}") if ended else {}
    return str(details.get("was", ""))


def _was_in_the_middle(company: Company, call: Call) -> bool:
    """Whether a call that ended in its flow had a request that was not done with."""
    version = company.versions.get(call.flow_version)
    state = _state(call)
    return version is not None and state is not None and not _is_settled(version.flow, state)


def _is_settled(flow: Flow, state: State) -> bool:
    match flow.nodes.get(state.node):
        case AskNode() as node:
            return node.settled
        case EndNode() | SurveyNode() | ConsentNode() | ReachedNode() | ResumeNode() | None:
            return True
        case DictateNode():
            return False
        case _:
            return False


def _state(call: Call) -> State | None:
    text = if_it_opens(call, "state", "")
    try:
        return State.from_json(text) if text else None
    except StateError:
        return None
