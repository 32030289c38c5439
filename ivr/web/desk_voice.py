"""What can be done with a caller's voice: by the agent who has the call with the caller's word, by who watches for the rest.

What each act means is `ivr.calls.voice_acts`'.
"""

from collections.abc import Callable

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Role
from ivr.calls import voice_acts
from ivr.calls.desk import NOT_YOUR_CALL, Outcome, Refused
from ivr.calls.voice_acts import BLOCK_REASONS, Doing
from ivr.web import acts, errors, transaction
from ivr.web.admin import WATCHERS
from ivr.web.audited import noted
from ivr.web.guards import guarded_by, the_agent_id, the_person
from ivr.web.wiring import wiring

desk_voice = Blueprint("desk_voice", __name__)


@desk_voice.post("/desk/calls/<call_id>/voice/ask")
@guarded_by(*Role)
def ask(call_id: str) -> ResponseReturnValue:
    """What the caller answered to the question that the agent has read aloud: `answer` is yes or no."""
    given = request.form.get("answer")
    if given not in {"yes", "no"}:
        return errors.refused("form_incomplete")
    return _with_the_call(call_id, lambda doing: voice_acts.ask(doing, said_yes=given == "yes"))


@desk_voice.post("/desk/calls/<call_id>/voice/go-on")
@guarded_by(*Role)
def go_on(call_id: str) -> ResponseReturnValue:
    """Put what this call has said to what was collected of the voice."""
    return _with_the_call(call_id, voice_acts.go_on)


@desk_voice.post("/desk/calls/<call_id>/voice/renew")
@guarded_by(*Role)
def renew(call_id: str) -> ResponseReturnValue:
    """Have the voice enrolled anew."""
    return _with_the_call(call_id, voice_acts.renew, noted_as="voice.renewed")


@desk_voice.post("/desk/calls/<call_id>/voice/block")
@guarded_by(*Role)
def block(call_id: str) -> ResponseReturnValue:
    """Let no voice prove this customer, for a `reason`."""
    reason = request.form.get("reason", "")
    if reason not in BLOCK_REASONS:
        return errors.refused("form_incomplete")
    return _with_the_call(
        call_id, lambda doing: voice_acts.block(doing, reason=reason), noted_as="voice.blocked", why=reason
    )


@desk_voice.post("/desk/calls/<call_id>/voice/erase")
@guarded_by(*Role)
def erase(call_id: str) -> ResponseReturnValue:
    """Erase the voice, for good; `sure=1` says that this was asked."""
    if request.form.get("sure") != "1":
        return errors.refused("form_incomplete")
    return _with_the_call(call_id, voice_acts.erase, noted_as="voice.erased")


@desk_voice.post("/admin/calls/<call_id>/voice/unblock")
@guarded_by(*WATCHERS)
def unblock(call_id: str) -> ResponseReturnValue:
    """Let the voice count again."""
    return _watching(call_id, voice_acts.unblock, noted_as="voice.unblocked")


@desk_voice.post("/admin/calls/<call_id>/voice/unlock")
@guarded_by(*WATCHERS)
def unlock(call_id: str) -> ResponseReturnValue:
    """Let the voice be compared again, after somebody has looked into the rejections."""
    return _watching(call_id, voice_acts.unlock, noted_as="voice.unlocked")


def _with_the_call(
    call_id: str, act: Callable[[Doing], Outcome], *, noted_as: str = "", why: str = ""
) -> ResponseReturnValue:
    """For the agent who has taken the call, until it is written down; `noted_as` is for what outlasts the call."""
    if wiring().doors.desk.call_of(transaction.session(), the_agent_id()) != call_id:
        return errors.refused(NOT_YOUR_CALL)
    outcome = act(_doing(call_id))
    if noted_as and not isinstance(outcome, Refused):
        noted(noted_as, f"call {call_id}", note=why)
    return acts.answer(outcome, back=url_for("desk.page"))


def _watching(call_id: str, act: Callable[[Doing], Outcome], *, noted_as: str) -> ResponseReturnValue:
    outcome = act(_doing(call_id))
    if isinstance(outcome, Refused) and outcome.reason == voice_acts.CALL_UNKNOWN:
        abort(404)
    if not isinstance(outcome, Refused):
        noted(noted_as, f"call {call_id}")
    return acts.answer(outcome, back=url_for("admin.call", call_id=call_id))


def _doing(call_id: str) -> Doing:
    return Doing(
        session=transaction.session(),
        company=wiring().doors.company,
        call_id=call_id,
        by=the_person().display_name,
        now=transaction.now(),
    )
