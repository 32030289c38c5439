"""The admin's page: the calls that are going on, the story of each, and the flow's versions. Supervisors see it too."""

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ivr.accounts import store
from ivr.accounts.store import Role
from ivr.calls.context import CallContext
from ivr.web import live, transaction
from ivr.web.doors import LiveCall
from ivr.web.guards import guarded_by, the_person
from ivr.web.languages import language
from ivr.web.people import current_token
from ivr.web.wiring import wiring

admin = Blueprint("admin", __name__, url_prefix="/admin")
home = Blueprint("home", __name__)
WATCHERS = (Role.SUPERVISOR, Role.ADMIN)


@home.get("/")
@guarded_by(*Role)
def start() -> ResponseReturnValue:
    """The person's own page."""
    person = the_person()
    return redirect(url_for("desk.page" if person.role is Role.AGENT else "admin.page"))


@admin.get("")
@guarded_by(*WATCHERS)
def page() -> ResponseReturnValue:
    """The live calls."""
    calls = wiring().doors.live_calls(transaction.session(), transaction.now())
    return render_template("admin.html", parts=_draw_calls(tuple(calls)))


@admin.get("/events")
@guarded_by(*WATCHERS)
def events() -> ResponseReturnValue:
    """The live calls, as they change."""
    token = current_token()

    def look() -> tuple[LiveCall, ...] | None:
        moment = wiring().clock()
        with transaction.one_look() as session:
            if store.signed_in(session, token=token, now=moment) is None:
                return None
            return tuple(wiring().doors.live_calls(session, moment))

    return live.stream(look, _draw_calls)


@admin.get("/calls/<call_id>")
@guarded_by(*WATCHERS)
def call(call_id: str) -> ResponseReturnValue:
    """The story of one call, live or ended."""
    context = wiring().doors.context_of(transaction.session(), call_id, language(), transaction.now())
    if context is None:
        abort(404)
    return render_template("call.html", call=context, parts=_draw_story(context))


@admin.get("/calls/<call_id>/events")
@guarded_by(*WATCHERS)
def call_events(call_id: str) -> ResponseReturnValue:
    """The story of one call, as it goes on."""
    token, spoken = current_token(), language()

    def look() -> CallContext | None:
        moment = wiring().clock()
        with transaction.one_look() as session:
            if store.signed_in(session, token=token, now=moment) is None:
                return None
            return wiring().doors.context_of(session, call_id, spoken, moment)

    return live.stream(look, _draw_story)


@admin.get("/flows")
@guarded_by(*WATCHERS)
def flows() -> ResponseReturnValue:
    """The versions of the flow, to read."""
    shown = wiring().doors.flows(transaction.session(), language())
    return render_template("flows.html", flows=shown)


def _draw_calls(calls: tuple[LiveCall, ...]) -> dict[str, str]:
    return {"calls": render_template("admin/calls.html", calls=calls)}


def _draw_story(context: CallContext) -> dict[str, str]:
    return {"story": render_template("admin/story.html", call=context)}
