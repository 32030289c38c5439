"""What an agent does within the talk: mutes, asks somebody, brings all together, passes on; `ivr.calls.talks` does it."""

from collections.abc import Callable

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Role
from ivr.calls.desk import Outcome, Refused
from ivr.calls.numbers import Wrong, dialable
from ivr.calls.talks import Talks, Target, ToAgent, ToNumber, ToSkill
from ivr.web import acts, errors, transaction
from ivr.web.forms import PassForm
from ivr.web.guards import guarded_by, the_agent_id
from ivr.web.wiring import wiring

desk_talk = Blueprint("desk_talk", __name__, url_prefix="/desk/calls/<call_id>")

TO_AGENT, TO_SKILL, TO_NUMBER = "agent:", "skill:", "number"


@desk_talk.post("/mute")
@guarded_by(*Role)
def mute(call_id: str) -> ResponseReturnValue:
    """Be heard by nobody (`on=1`), or again (`on=0`)."""
    is_on = request.form.get("on")
    if is_on not in {"0", "1"}:
        return errors.refused("form_incomplete")
    return _answer(_talks().mute(transaction.session(), agent_id=the_agent_id(), call_id=call_id, on=is_on == "1"))


@desk_talk.post("/consult")
@guarded_by(*Role)
def consult(call_id: str) -> ResponseReturnValue:
    """Ask somebody in private while the caller hears music."""
    return _to_somebody(call_id, _talks().consult)


@desk_talk.post("/transfer")
@guarded_by(*Role)
def transfer(call_id: str) -> ResponseReturnValue:
    """Pass the call on at once."""
    return _to_somebody(call_id, _talks().transfer)


@desk_talk.post("/consult/cancel")
@guarded_by(*Role)
def cancel_consult(call_id: str) -> ResponseReturnValue:
    """Back to the caller; whoever was asked, or is being rung, is let go."""
    return _now(call_id, _talks().cancel_consult)


@desk_talk.post("/consult/join")
@guarded_by(*Role)
def join_all(call_id: str) -> ResponseReturnValue:
    """Bring the caller to the two who talk."""
    return _now(call_id, _talks().join_all)


@desk_talk.post("/consult/pass")
@guarded_by(*Role)
def complete_transfer(call_id: str) -> ResponseReturnValue:
    """Leave the call to whoever was asked."""
    return _now(call_id, _talks().complete_transfer)


def _now(call_id: str, act: Callable[..., Outcome]) -> ResponseReturnValue:
    return _answer(act(transaction.session(), agent_id=the_agent_id(), call_id=call_id, now=transaction.now()))


def _to_somebody(call_id: str, act: Callable[..., Outcome]) -> ResponseReturnValue:
    form, agent_id = PassForm(), the_agent_id()
    if not form.validate():
        return errors.refused("form_incomplete")
    target = _target(form.to.data or "", (form.number.data or "").strip(), agent_id)
    if isinstance(target, Refused):
        return errors.refused(target.reason)
    return _answer(
        act(
            transaction.session(),
            agent_id=agent_id,
            call_id=call_id,
            target=target,
            note=(form.note_to_receiver.data or "").strip(),
            now=transaction.now(),
        )
    )


def _target(to: str, number: str, agent_id: str) -> Target | Refused:
    """Whom the form means; a number that was typed counts only where "number" was chosen."""
    if to.startswith(TO_AGENT) and to != TO_AGENT + agent_id:
        return ToAgent(agent_id=to.removeprefix(TO_AGENT))
    if to.startswith(TO_SKILL):
        return ToSkill(skill=to.removeprefix(TO_SKILL))
    if to != TO_NUMBER:
        return Refused(reason="form_incomplete")
    match dialable(number, country=wiring().doors.company.hours.country):
        case Wrong() as wrong:
            return Refused(reason=wrong.value)
        case found:
            return ToNumber(number=found.number)


def _talks() -> Talks:
    return wiring().doors.talks


def _answer(outcome: Outcome) -> ResponseReturnValue:
    return acts.answer(outcome, back=url_for("desk.page"))
