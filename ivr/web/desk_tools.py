"""What an agent does beside the talk: closes a case, sends a message, promises a callback; `ivr.calls.desk_follow_up` does it."""

from collections.abc import Callable

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Role
from ivr.calls import desk_follow_up, store
from ivr.calls.desk import NOT_YOUR_CALL, Outcome
from ivr.calls.desk_follow_up import InHand
from ivr.web import acts, errors, transaction
from ivr.web.forms import CallbackForm, CloseCaseForm, MessageForm
from ivr.web.guards import guarded_by, the_agent_id, the_person
from ivr.web.wiring import wiring

desk_tools = Blueprint("desk_tools", __name__, url_prefix="/desk/calls/<call_id>")


@desk_tools.post("/cases/<case_id>/close")
@guarded_by(*Role)
def close_case(call_id: str, case_id: str) -> ResponseReturnValue:
    """Close a case of the customer's, saying what was done."""
    form = CloseCaseForm()
    note = (form.note.data or "").strip()
    if not form.validate() or not note:
        return errors.refused("form_incomplete")
    return _with_the_call(call_id, lambda hand: desk_follow_up.close_case(hand, case_id=case_id, note=note))


@desk_tools.post("/message")
@guarded_by(*Role)
def send_message(call_id: str) -> ResponseReturnValue:
    """Send the customer one of the company's text messages."""
    form = MessageForm()
    if not form.validate():
        return errors.refused("form_incomplete")
    code, sent = form.code.data, form.sent.data
    return _with_the_call(call_id, lambda hand: desk_follow_up.send_message(hand, code=code, sent_before=sent))


@desk_tools.post("/callback")
@guarded_by(*Role)
def promise_callback(call_id: str) -> ResponseReturnValue:
    """Have the line call the customer back at a time, for me or for anyone."""
    form = CallbackForm()
    if not form.validate():
        return errors.refused("form_incomplete")
    return _with_the_call(
        call_id,
        lambda hand: desk_follow_up.promise_callback(
            hand,
            number=form.number.data,
            due_at=form.at_utc(wiring().zone),
            with_me=form.whose.data == "me",
            note=(form.note.data or "").strip(),
            promised_before=form.promised.data,
        ),
    )


def _with_the_call(call_id: str, act: Callable[[InHand], Outcome]) -> ResponseReturnValue:
    """For the agent who has taken the call, until it is written down; of two clicks, the second waits for the first."""
    session, person, agent_id = transaction.session(), the_person(), the_agent_id()
    has_it = wiring().doors.desk.call_of(session, agent_id) == call_id
    call = store.call(session, call_id, lock=True) if has_it else None
    if call is None:
        return errors.refused(NOT_YOUR_CALL)
    hand = InHand(
        session=session,
        company=wiring().doors.company,
        call=call,
        agent_id=agent_id,
        agent_name=person.display_name,
        now=transaction.now(),
    )
    return acts.answer(act(hand), back=url_for("desk.page"))
