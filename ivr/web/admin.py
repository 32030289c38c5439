"""The admin's page: the calls that are going on, and the story of each. Supervisors see it too."""

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ivr.accounts import store
from ivr.accounts.store import Role
from ivr.web import calls_view, kept_audio, live, transaction
from ivr.web.calls_view import LiveCall, WatchedCall
from ivr.web.guards import guarded_by, the_person
from ivr.web.languages import language
from ivr.web.people import current_token
from ivr.web.wiring import wiring
from routing import changes

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
    calls = calls_view.calls_now(transaction.session(), transaction.now())
    return render_template("admin.html", parts=_draw_calls(calls))


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
            return calls_view.calls_now(session, moment)

    return live.stream(look, _draw_calls)


@admin.get("/calls/<call_id>")
@guarded_by(*WATCHERS)
def call(call_id: str) -> ResponseReturnValue:
    """The story of one call, live or ended."""
    company, now = wiring().doors.company, transaction.now()
    watched = calls_view.watched_call(transaction.session(), company, call_id, language=language(), now=now)
    if watched is None:
        abort(404)
    return render_template("call.html", call=watched.context, parts=_draw_story(watched))


@admin.get("/calls/<call_id>/events")
@guarded_by(*WATCHERS)
def call_events(call_id: str) -> ResponseReturnValue:
    """The story of one call, as it goes on."""
    token, spoken = current_token(), language()

    def look() -> WatchedCall | None:
        moment = wiring().clock()
        with transaction.one_look() as session:
            if store.signed_in(session, token=token, now=moment) is None:
                return None
            return calls_view.watched_call(session, wiring().doors.company, call_id, language=spoken, now=moment)

    return live.stream(look, _draw_story, topics=(changes.call(call_id),))


@admin.get("/calls/<call_id>/audio/<int:turn>")
@guarded_by(*WATCHERS)
def audio(call_id: str, turn: int) -> ResponseReturnValue:
    """What the caller said in a turn, as sound, where it is kept."""
    return kept_audio.play(call_id, turn)


def _draw_calls(calls: tuple[LiveCall, ...]) -> dict[str, str]:
    return {"calls": render_template("admin/calls.html", calls=calls)}


def _draw_story(watched: WatchedCall) -> dict[str, str]:
    call = watched.context
    story = render_template(
        "admin/story.html",
        call=call,
        audio_endpoint="admin.audio",
        card=watched.voice,
        receipts=watched.receipts,
        call_id=call.call_id,
        block_reasons=(),
        may="admin",
    )
    return {"story": story}
