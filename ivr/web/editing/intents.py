"""The page on intents: examples, what was not understood, draft and live compared, a sentence tried. The API does the work."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Role
from ivr.web.editing import intents_look as look
from ivr.web.guards import guarded_by
from ivr.web.wiring import wiring

intents = Blueprint("intents", __name__, url_prefix="/admin/intents")


@intents.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """The page; its script asks the API for everything that changes."""
    documents = look.draft_now().documents
    document = documents.intents
    names = [card["name"] for card in document["intents"] if "name" in card]
    return render_template(
        "editing/intents.html",
        languages=document["languages"],
        intents=[*names, document["out_of_scope"]],
        out_of_scope=document["out_of_scope"],
        questions=look.questions(documents, ""),
        allowed=wiring().doors.company.own.now().accuracy_loss,
    )
