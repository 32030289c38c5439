"""The page on the flow: drawn and edited, told as a list, its versions to read; its files given and taken."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Role
from ivr.editing import versions
from ivr.web import calls_view, transaction
from ivr.web.editing.flow_words import words
from ivr.web.guards import guarded_by, the_person
from ivr.web.languages import language
from ivr.web.wiring import wiring

flows = Blueprint("flows", __name__, url_prefix="/admin/flows")
WATCHERS = (Role.SUPERVISOR, Role.ADMIN)


@flows.get("")
@guarded_by(*WATCHERS)
def page() -> ResponseReturnValue:
    """The flow as a graph, and its versions."""
    session, now = transaction.session(), transaction.now()
    return render_template(
        "editing/flows.html",
        words=words(),
        may_edit=the_person().role is Role.ADMIN,
        live=calls_view.live_flow(session, wiring().doors.company, now, language=language()),
        versions=versions.versions(session),
    )
