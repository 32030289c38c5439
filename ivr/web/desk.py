"""The agent's desk: the page, its live parts, and what an agent can do. What each act means is `ivr.calls.desk`'s."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ivr.accounts import store
from ivr.accounts.store import Role
from ivr.calls.desk import Desk, Outcome
from ivr.calls.voice_acts import BLOCK_REASONS
from ivr.customers.store import CASE_DUE
from ivr.web import acts, desk_view, errors, kept_audio, live, transaction
from ivr.web.desk_view import DeskView
from ivr.web.forms import WrapUpForm
from ivr.web.guards import guarded_by, the_agent_id, the_person
from ivr.web.languages import language
from ivr.web.people import current_token
from ivr.web.wiring import wiring
from ivr.web.words import away_reasons
from routing import changes, dispatch, reports
from routing.agents import AgentEvent, AgentState
from routing.outcomes import Assigned
from routing.reports import DESK_LEAVES_SECONDS

desk = Blueprint("desk", __name__, url_prefix="/desk")

# Supervisors and admins take calls too where routing knows them as agents; without an agent there is no desk.
EVERYBODY = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
WISHES: Mapping[str, AgentEvent] = MappingProxyType(
    {"available": AgentEvent.READY, "away": AgentEvent.STEP_AWAY, "offline": AgentEvent.SIGN_OFF}
)
# A due time ends on a full quarter of an hour: it is read by people.
DUE_STEP = timedelta(minutes=15)


@desk.get("")
@guarded_by(*EVERYBODY)
def page() -> ResponseReturnValue:
    """The desk as it is now; its parts come live from then on."""
    agent_id = the_agent_id()
    session, company, now = transaction.session(), wiring().doors.company, transaction.now()
    view = desk_view.look(session, company, agent_id=agent_id, language=language(), now=now)
    if view is None:
        return errors.refused("agent_unknown")
    has_phone = wiring().browser_phone is not None and view.presence.address.startswith(desk_view.BROWSER_PHONE)
    phone = desk_view.phone_address(wiring().line_url, view.presence.address)
    return render_template("desk.html", view=view, parts=_draw(view), phone=phone, browser_phone=has_phone)


@desk.get("/events")
@guarded_by(*EVERYBODY)
def events() -> ResponseReturnValue:
    """The parts of the desk that change, as they change; ends when the sign-in or the agent does."""
    agent_id, token, spoken = the_agent_id(), current_token(), language()

    def look() -> DeskView | None:
        moment = wiring().clock()
        with transaction.one_look() as session:
            if store.signed_in(session, token=token, now=moment) is None:
                return None
            return desk_view.look(session, wiring().doors.company, agent_id=agent_id, language=spoken, now=moment)

    def topics(view: DeskView) -> tuple[str, ...]:
        return (changes.agent(agent_id), *([changes.call(view.call_id)] if view.call_id else []))

    return live.stream(look, _draw, topics=topics)


@desk.post("/state")
@guarded_by(*EVERYBODY)
def set_state() -> ResponseReturnValue:
    """Available, away with a reason, or offline."""
    wish, reason = WISHES.get(request.form.get("state", "")), request.form.get("reason", "")
    if wish is None or (wish is AgentEvent.STEP_AWAY and reason not in away_reasons()):
        return errors.refused("form_incomplete")
    away_reason = reason if wish is AgentEvent.STEP_AWAY else ""
    session, agent_id, now = transaction.session(), the_agent_id(), transaction.now()
    # The desk says at once that it is open: the state may be asked for before the page has first told of itself.
    _desk_is_open(agent_id)
    return _answer(_acts().set_state(session, agent_id=agent_id, event=wish, reason=away_reason, now=now))


@desk.post("/offers/<int:offer_id>/accept")
@guarded_by(*EVERYBODY)
def accept(offer_id: int) -> ResponseReturnValue:
    """Take the offered call: the agent's telephone rings, then the caller is there."""
    agent_id = the_agent_id()
    return _answer(_acts().accept(transaction.session(), agent_id=agent_id, offer_id=offer_id, now=transaction.now()))


@desk.post("/offers/<int:offer_id>/decline")
@guarded_by(*EVERYBODY)
def decline(offer_id: int) -> ResponseReturnValue:
    """Leave the offered call to somebody else."""
    agent_id = the_agent_id()
    return _answer(_acts().decline(transaction.session(), agent_id=agent_id, offer_id=offer_id, now=transaction.now()))


@desk.post("/calls/<call_id>/hold")
@guarded_by(*EVERYBODY)
def hold(call_id: str) -> ResponseReturnValue:
    """Let the caller hear music (`on=1`), or come back to them (`on=0`)."""
    is_on = request.form.get("on")
    if is_on not in {"0", "1"}:
        return errors.refused("form_incomplete")
    agent_id = the_agent_id()
    session, now = transaction.session(), transaction.now()
    return _answer(_acts().hold(session, agent_id=agent_id, call_id=call_id, on=is_on == "1", now=now))


@desk.post("/calls/<call_id>/hang-up")
@guarded_by(*EVERYBODY)
def hang_up(call_id: str) -> ResponseReturnValue:
    """End the talk; the caller is asked for the effort score, the agent writes down what it led to."""
    agent_id = the_agent_id()
    return _answer(_acts().hang_up(transaction.session(), agent_id=agent_id, call_id=call_id))


@desk.get("/calls/<call_id>/audio/<int:turn>")
@guarded_by(*EVERYBODY)
def audio(call_id: str, turn: int) -> ResponseReturnValue:
    """What the caller said in a turn, as sound, where it is kept: for the agent who has taken the call, until it is finished."""
    if _acts().call_of(transaction.session(), the_agent_id()) != call_id:
        abort(404)
    return kept_audio.play(call_id, turn)


@desk.post("/calls/<call_id>/finish")
@guarded_by(*EVERYBODY)
def finish(call_id: str) -> ResponseReturnValue:
    """Keep outcome, note and next step; the agent is free again."""
    form = WrapUpForm()
    due_at = form.due_at_utc(wiring().zone)
    next_step = (form.next_step.data or "").strip()
    outcome = next((one for one in wiring().doors.company.desk_book.outcomes if one.code == form.outcome.data), None)
    needs_step = outcome is not None and outcome.needs_next_step and not next_step
    if not form.validate() or outcome is None or needs_step or (next_step and due_at is None):
        return errors.refused("form_incomplete")
    return _answer(
        _acts().finish(
            transaction.session(),
            agent_id=the_agent_id(),
            call_id=call_id,
            outcome=outcome.code,
            note=(form.note.data or "").strip(),
            next_step=next_step,
            due_at=due_at,
            is_promised=bool(form.promised.data),
            now=transaction.now(),
        )
    )


@desk.post("/here")
@guarded_by(*EVERYBODY)
def here() -> ResponseReturnValue:
    """The page is open (and, with `touched=1`, somebody is at it): keeps the agent reachable and the sign-in open.

    With `leaving=1` it is just being closed, or loaded again.
    """
    person, now = the_person(), transaction.now()
    session = transaction.session()
    if person.agent_id is not None and request.form.get("leaving") == "1":
        _desk_is_closing(person.agent_id)
        return Response(status=204)
    # Who talks looks at the caller's story and may touch nothing for long: a call counts as being at the page.
    if request.form.get("touched") == "1" or _is_on_a_call(person.agent_id):
        store.seen(session, token=current_token(), now=now)
    if person.agent_id is not None and request.form.get("desk") == "1":
        _desk_is_open(person.agent_id)
    # The page sets its clocks by this: a countdown is the service's, not the browser's.
    return Response(status=204, headers={"X-Now": now.isoformat()})


def _acts() -> Desk:
    return wiring().doors.desk


def _is_on_a_call(agent_id: str | None) -> bool:
    presence = reports.state_of(transaction.session(), agent_id) if agent_id is not None else None
    return presence is not None and presence.state is AgentState.ON_CALL


def _desk_is_open(agent_id: str) -> None:
    rules = wiring().doors.company.routing_rules
    dispatch.heartbeat(transaction.session(), agent_id=agent_id, now=transaction.now(), rules=rules)


def _desk_is_closing(agent_id: str) -> None:
    rules = replace(wiring().doors.company.routing_rules, lease_seconds=DESK_LEAVES_SECONDS)
    dispatch.heartbeat(transaction.session(), agent_id=agent_id, now=transaction.now(), rules=rules)


def _answer(outcome: Outcome) -> ResponseReturnValue:
    return acts.answer(outcome, back=url_for("desk.page"))


def _draw(view: DeskView) -> dict[str, str]:
    """The parts of the desk, each as HTML. `notes` is drawn the same from the acceptance on: the page keeps what is typed."""
    parts = {
        "presence": render_template("desk/presence.html", view=view, away_reasons=away_reasons()),
        "work": render_template("desk/work.html", view=view),
        "story": render_template(
            "desk/story.html",
            view=view,
            call=view.context,
            at_desk=True,
            audio_endpoint="desk.audio" if view.assignment else "",
        ),
        "voice": render_template(
            "voice.html",
            card=view.voice,
            call_id=view.call_id,
            block_reasons=BLOCK_REASONS,
            may="desk" if view.assignment else "",
        ),
        "notes": "",
        "tools": render_template("desk/tools.html", view=view),
        "figures": render_template("desk/figures.html", view=view),
    }
    if view.assignment is not None:
        due_at = _on_the_quarter(view.assignment)
        parts["notes"] = render_template("desk/notes.html", view=view, outcomes=view.outcomes, due_at=due_at)
    return parts


def _on_the_quarter(assignment: Assigned) -> str:
    due_at = assignment.accepted_at.astimezone(wiring().zone) + CASE_DUE
    past = timedelta(minutes=due_at.minute % 15, seconds=due_at.second, microseconds=due_at.microsecond)
    rounded = due_at - past + (DUE_STEP if past else timedelta())
    return f"{rounded:%Y-%m-%dT%H:%M}"
