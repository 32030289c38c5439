"""What a supervisor can do from the board: the sheet of a call and of an agent, and the acts on them.

Each act is routing's or the talks'; who did it is kept by them.
"""

import re
from dataclasses import replace

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from ivr.calls import store as calls
from ivr.calls.desk import Done, Outcome, Refused
from ivr.calls.talks import ToAgent
from ivr.web import acts, errors, transaction
from ivr.web.audited import noted
from ivr.web.board import WATCHERS
from ivr.web.board_slow import queues_of
from ivr.web.desk_view import context_of
from ivr.web.forms import ForcedStateForm, MoveForm, SuperviseForm
from ivr.web.guards import guarded_by, the_person
from ivr.web.languages import LANGUAGES, language
from ivr.web.wiring import wiring
from ivr.web.words import away_reasons
from routing import dispatch, dispatch_first, live, reports
from routing import store as routing_store
from routing.agents import AgentEvent
from routing.agents import Refused as RoutingRefused
from routing.skills import requirements_from_json

board_acts = Blueprint("board_acts", __name__, url_prefix="/admin/board")
FORCED = {"available": AgentEvent.READY, "away": AgentEvent.STEP_AWAY, "offline": AgentEvent.SIGN_OFF}
TO_AGENT, TO_QUEUE, FIRST = "agent:", "queue:", "first"
LEVELS = range(1, 6)
SKILL = re.compile(r"[\w-]{1,64}")
SPOKEN = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
LONGEST_BASIS = 500


@board_acts.get("/calls/<call_id>")
@guarded_by(*WATCHERS)
def call(call_id: str) -> ResponseReturnValue:
    """One call: who, where it stands, why nobody takes it, and what can be done with it."""
    session, now = transaction.session(), transaction.now()
    context = context_of(session, call_id, language=language(), now=now)
    waiting = routing_store.call_row(session, call_id)
    if context is None and waiting is None:
        abort(404)
    receipt = reports.explain(session, call_id, now, wiring().doors.company.routing_rules)
    return _sheet(
        "board/call.html",
        call_id=call_id,
        call=context,
        waiting=waiting,
        receipt=receipt.in_words(language()) if receipt is not None else (),
        legs=wiring().doors.talks.legs_of(session, call_id),
        queues=queues_of(session),
        agents=reports.agents(session),
        has_telephone=the_person().agent_id is not None,
        is_talking=context is not None and context.status == "with an agent",
    )


@board_acts.get("/agents/<agent_id>")
@guarded_by(*WATCHERS)
def agent(agent_id: str) -> ResponseReturnValue:
    """One agent: skills and state, both to be changed."""
    session = transaction.session()
    presence = reports.state_of(session, agent_id)
    if presence is None:
        abort(404)
    everyone = reports.agents(session)
    known = {skill for one in everyone for skill in one.skills}
    known |= {skill for queue in queues_of(session).values() for skill in queue.team}
    return _sheet(
        "board/agent.html",
        presence=presence,
        skills=sorted(known),
        basis=live.basis_of(session, agent_id),
        levels=LEVELS,
        languages=sorted({*LANGUAGES, *(spoken for one in everyone for spoken in one.languages)}),
        away_reasons=away_reasons(),
    )


@board_acts.post("/calls/<call_id>/supervise")
@guarded_by(*WATCHERS)
def supervise(call_id: str) -> ResponseReturnValue:
    """Listen to a talk, whisper to its agent, or join it; asked again it changes between the three."""
    form, person = SuperviseForm(), the_person()
    number = (form.number.data or "").strip()
    if not form.validate():
        return errors.refused("form_incomplete")
    if person.agent_id is None and not number:
        return errors.refused("no_address")
    return _answer(
        wiring().doors.talks.supervise(
            transaction.session(),
            agent_id=person.agent_id,
            call_id=call_id,
            mode=form.mode.data,
            now=transaction.now(),
            number=number,
            name=person.display_name,
        )
    )


@board_acts.post("/calls/<call_id>/leave")
@guarded_by(*WATCHERS)
def leave(call_id: str) -> ResponseReturnValue:
    """Leave a talk that the supervisor listens to; nobody in it notices."""
    person = the_person()
    return _answer(
        wiring().doors.talks.stop_supervising(
            transaction.session(),
            call_id=call_id,
            now=transaction.now(),
            agent_id=person.agent_id,
            number=request.form.get("number", "").strip(),
        )
    )


@board_acts.post("/calls/<call_id>/move")
@guarded_by(*WATCHERS)
def move(call_id: str) -> ResponseReturnValue:
    """Give a waiting call to another queue or to one agent, or put it first; take a talking one to another agent."""
    form = MoveForm()
    if not form.validate():
        return errors.refused("form_incomplete")
    return _answer(_moved(transaction.session(), call_id, form.to.data))


@board_acts.post("/agents/<agent_id>/skills")
@guarded_by(*WATCHERS)
def skills(agent_id: str) -> ResponseReturnValue:
    """Change what an agent can do; the next choice goes by it."""
    levels, basis = _given_skills()
    spoken = request.form.getlist("language")
    if levels is None or not spoken or not all(SPOKEN.fullmatch(one) for one in spoken):
        return errors.refused("form_incomplete")
    session = transaction.session()
    before = routing_store.skills_kept(session, agent_id)
    try:
        is_known = routing_store.save_skills(
            session,
            agent_id=agent_id,
            skills=levels,
            basis=basis,
            languages=spoken,
            by=_who(),
            now=transaction.now(),
        )
    except ValueError:
        return errors.refused("form_incomplete")
    if not is_known:
        return errors.refused("agent_unknown")
    noted("skills.changed", f"agent {agent_id}", before=before, after=routing_store.skills_kept(session, agent_id))
    return _answer(Done())


@board_acts.post("/agents/<agent_id>/state")
@guarded_by(*WATCHERS)
def force_state(agent_id: str) -> ResponseReturnValue:
    """Put an agent into a state, with a reason and a confirmation; never in a call."""
    form = ForcedStateForm()
    event = FORCED.get(form.state.data or "")
    reason = form.reason.data or ""
    if not form.validate() or event is None or (event is AgentEvent.STEP_AWAY and not reason):
        return errors.refused("form_incomplete")
    away_reason = reason if event is AgentEvent.STEP_AWAY else ""
    session, now = transaction.session(), transaction.now()
    if event is AgentEvent.READY:
        # Whoever is made available without an open desk would be signed off at once.
        dispatch.heartbeat(session, agent_id=agent_id, now=now, rules=wiring().doors.company.routing_rules)
    forced = dispatch.force_state(session, agent_id=agent_id, event=event, by=_who(), now=now, away_reason=away_reason)
    if not isinstance(forced, RoutingRefused):
        noted("agent.state_forced", f"agent {agent_id}", after=form.state.data, note=reason)
    return _answer(forced)


def _moved(session: Session, call_id: str, to: str) -> Outcome | RoutingRefused | object:
    now, by = transaction.now(), _who()
    row = routing_store.call_row(session, call_id)
    if to == FIRST:
        return dispatch_first.put_first(session, call_id=call_id, by=by, now=now)
    current = calls.call(session, call_id)
    if to.startswith(TO_AGENT):
        agent_id = to.removeprefix(TO_AGENT)
        if reports.state_of(session, agent_id) is None:
            return Refused(reason="agent_unknown")
        if current is not None and current.status == calls.TALKING:
            target = ToAgent(agent_id=agent_id)
            return wiring().doors.talks.move(session, call_id=call_id, target=target, by=by, now=now)
        if row is None:
            return Refused(reason="call_unknown")
        asked = replace(requirements_from_json(row.requirements), only_agent_id=agent_id)
        return dispatch.move_call_to(session, call_id=call_id, queue=row.queue, requirements=asked, by=by, now=now)
    return dispatch.move_call_to(session, call_id=call_id, queue=to.removeprefix(TO_QUEUE), by=by, now=now)


def _given_skills() -> tuple[dict[str, int] | None, dict[str, str]]:
    """The levels of the form's skills and what each rests on; None for a level that is none."""
    names = [*request.form.getlist("skill"), request.form.get("new_skill", "").strip()]
    levels: dict[str, int] = {}
    basis: dict[str, str] = {}
    for name in filter(None, names):
        is_new = name == request.form.get("new_skill", "").strip() and f"level.{name}" not in request.form
        level = request.form.get("new_level" if is_new else f"level.{name}", "0")
        if level not in {"", "0", *map(str, LEVELS)} or not SKILL.fullmatch(name):
            return None, {}
        if level not in {"", "0"}:
            levels[name] = int(level)
            basis[name] = request.form.get(f"basis.{name}", "").strip()[:LONGEST_BASIS]
    return levels, basis


def _sheet(template: str, **shown: object) -> ResponseReturnValue:
    """A page of its own, or its content alone for the board's script."""
    layout = "board/bare.html" if request.headers.get(errors.SCRIPT_HEADER) else "board/page.html"
    return render_template(template, layout=layout, **shown)


def _answer(done: object) -> ResponseReturnValue:
    if isinstance(done, RoutingRefused):
        return errors.refused(done.reason)
    outcome = done if isinstance(done, Done | Refused) else Done()
    return acts.answer(outcome, back=url_for("board.page"))


def _who() -> str:
    return str(the_person().account_id)
