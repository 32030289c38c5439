"""The carrier's telephone in an agent's browser: the ticket for it, and the carrier's script from the company's own disk."""

from flask import Blueprint, Response, abort, jsonify, send_file
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Role
from ivr.telephony.tickets import TICKET_SECONDS
from ivr.web import errors, transaction
from ivr.web.desk_view import BROWSER_PHONE
from ivr.web.guards import guarded_by, the_agent_id
from ivr.web.wiring import wiring
from routing import reports

desk_phone = Blueprint("desk_phone", __name__, url_prefix="/desk/phone")


@desk_phone.post("/ticket")
@guarded_by(*Role)
def ticket() -> ResponseReturnValue:
    """A ticket for the signed-in agent's own telephone, and for no other."""
    phone, agent_id = wiring().browser_phone, the_agent_id()
    if phone is None:
        return errors.refused("browser_phone_off")
    presence = reports.state_of(transaction.session(), agent_id)
    address = presence.address if presence is not None else ""
    identity = address.removeprefix(BROWSER_PHONE)
    if identity in {"", address}:
        return errors.refused("no_browser_phone")
    return jsonify(ticket=phone.ticket(identity), seconds=TICKET_SECONDS)


@desk_phone.get("/sdk.js")
@guarded_by(*Role)
def sdk() -> Response:
    """The carrier's script, as the company has put it on its disk."""
    phone = wiring().browser_phone
    if phone is None or not phone.sdk_file.is_file():
        abort(404)
    return send_file(phone.sdk_file.resolve(), mimetype="text/javascript", conditional=True)
