"""From what went wrong to a status code and a sentence: one table for refusals, one for exceptions, one page for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from ivr.web import problems, sign_in_address, transaction
from ivr.web.guards import GuardKind, guard_of_request

# Set by the pages' own scripts, which show the sentence instead of a page.
SCRIPT_HEADER = "X-Centralino-Script"


@dataclass(frozen=True, kw_only=True)
class Said:
    """How a refusal is answered."""

    status: int
    sentence: Any  # lazily translated


# What routing, the conductor and the accounts refuse, by the name of the reason.
REFUSALS: Mapping[str, Said] = {
    "not_in_this_state": Said(status=409, sentence=_l("That cannot be done now: something has changed meanwhile.")),
    "queue_unknown": Said(status=404, sentence=_l("There is no such queue.")),
    "token_unknown": Said(status=404, sentence=_l("No living token has this number.")),
    "token_without_scope": Said(status=422, sentence=_l("A token needs something that it may do: tick one at least.")),
    "scope_not_yours": Said(status=403, sentence=_l("A token never has more than who makes it.")),
    "token_life_out_of_range": Said(status=422, sentence=_l("A token lives from 1 to 366 days.")),
    "node_unknown": Said(status=404, sentence=_l("The flow has no such node.")),
    "name_taken": Said(status=409, sentence=_l("A node of this name is there already: choose another.")),
    "name_unfit": Said(
        status=422, sentence=_l("A node's name has small letters, digits and _, and begins with a letter.")
    ),
    "kind_unknown": Said(status=422, sentence=_l("There is no such kind of node.")),
    "outcome_unknown": Said(status=422, sentence=_l("This node has no such outcome.")),
    "prompt_wanted": Said(status=422, sentence=_l("This kind of node says something: write a prompt that fits first.")),
    "field_fixed": Said(status=422, sentence=_l("A node keeps its kind: add another one, and take this one out.")),
    "files_too_large": Said(status=413, sentence=_l("These files are larger than a flow's can be.")),
    "files_not_ours": Said(status=422, sentence=_l("This is none of the draft's files: flow, prompts or intents.")),
    "draft_changed": Said(status=409, sentence=_l("Somebody has changed the draft meanwhile: bring the files again.")),
    "version_not_there": Said(status=404, sentence=_l("There is no version of this number.")),
    "trial_unreadable": Said(status=400, sentence=_l("The trial cannot be begun: what is to be tried cannot be read.")),
    "changed_meanwhile": Said(status=409, sentence=_l("Somebody else has changed it meanwhile: read it again.")),
    "customer_unknown": Said(status=404, sentence=_l("There is no such customer.")),
    "contact_to_come": Said(status=422, sentence=_l("A contact that is still to come cannot be entered.")),
    "agent_unknown": Said(status=404, sentence=_l("This agent no longer exists.")),
    "call_unknown": Said(status=404, sentence=_l("This call is not known.")),
    "call_ended": Said(status=409, sentence=_l("The call has already ended.")),
    "offer_unknown": Said(status=404, sentence=_l("This offer is not known.")),
    "offer_of_another_agent": Said(status=403, sentence=_l("This offer is for somebody else.")),
    "offer_expired": Said(status=409, sentence=_l("Too late: the time for this offer is over.")),
    "offer_withdrawn": Said(status=409, sentence=_l("The caller has hung up or was helped elsewhere.")),
    "offer_declined": Said(status=409, sentence=_l("This offer was already declined.")),
    "offer_accepted": Said(status=409, sentence=_l("This offer was already accepted.")),
    "not_your_call": Said(status=403, sentence=_l("This is not your call.")),
    "not_connected_yet": Said(status=409, sentence=_l("Caller and agent do not hear each other yet.")),
    "agent_not_free": Said(status=409, sentence=_l("This agent is busy now: nobody can be asked who is in a call.")),
    "agent_not_there": Said(status=409, sentence=_l("This agent is not at their desk now.")),
    "nobody_fits": Said(status=409, sentence=_l("Nobody who is signed in has this skill.")),
    "number_unusable": Said(status=400, sentence=_l("Nobody can be called at this number: check it.")),
    "number_dear": Said(status=400, sentence=_l("No call is passed to a number that costs more than a call.")),
    "case_unknown": Said(status=404, sentence=_l("This customer has no such case.")),
    "case_closed_before": Said(status=409, sentence=_l("This case has already been closed.")),
    "message_unknown": Said(status=404, sentence=_l("This message no longer exists.")),
    "message_incomplete": Said(
        status=409, sentence=_l("The message cannot be sent: something that it tells is missing.")
    ),
    "message_sent_before": Said(
        status=409, sentence=_l("This message has been sent again meanwhile: look before you send.")
    ),
    "no_number_for_messages": Said(
        status=409, sentence=_l("The customer has no number that can receive text messages.")
    ),
    "callback_closed_then": Said(
        status=400, sentence=_l("Nobody is on duty then: choose a time within the opening hours.")
    ),
    "callback_too_far": Said(status=400, sentence=_l("A callback is at most 30 days ahead.")),
    "no_browser_phone": Said(status=409, sentence=_l("Your telephone is not the browser: no ticket for it.")),
    "browser_phone_off": Said(status=404, sentence=_l("No browser telephone is set up here.")),
    "voice_off": Said(status=409, sentence=_l("No voice is looked at here.")),
    "nobody_known": Said(status=409, sentence=_l("Nobody knows yet whose voice it is.")),
    "caller_not_shown": Said(
        status=409, sentence=_l("First it must be shown who calls: their word alone is not enough.")
    ),
    "voice_blocked": Said(status=409, sentence=_l("The voice is ruled out as a proof for this customer.")),
    "voice_locked": Said(status=409, sentence=_l("The voice is locked: a supervisor must look into it first.")),
    "not_with_this_voice": Said(status=409, sentence=_l("That cannot be done with this voice now.")),
    "alert_unknown": Said(status=404, sentence=_l("This alert no longer exists.")),
    "no_voice_kept": Said(status=409, sentence=_l("Nothing of this call's voice is kept: it cannot be watched.")),
    "due_time_past": Said(status=400, sentence=_l("The due time is already past.")),
    "carrier_failed": Said(status=502, sentence=_l("The telephone network did not do it. Try again.")),
    "period_unknown": Said(status=400, sentence=_l("This period is not known: choose one of those in the list.")),
    "period_backwards": Said(status=400, sentence=_l("The period ends before it begins.")),
    "period_to_come": Said(status=400, sentence=_l("This period is still to come: nothing can be told of it.")),
    "period_too_long": Said(status=400, sentence=_l("The period is too long: choose 400 days at most.")),
    "day_unreadable": Said(status=400, sentence=_l("A day is missing or cannot be read: choose both.")),
    "group_unknown": Said(status=400, sentence=_l("Reports cannot be grouped by that.")),
    "threshold_unreadable": Said(status=400, sentence=_l("The threshold is a whole number of seconds from 1 to 600.")),
    "short_abandons_unknown": Said(status=400, sentence=_l("Short abandons cannot be counted in that way.")),
    "filter_unreadable": Said(status=400, sentence=_l("What the report is narrowed to cannot be read.")),
    "prompt_unknown": Said(status=404, sentence=_l("There is no such prompt in the draft.")),
    "nothing_tried": Said(status=404, sentence=_l("No second wording of this prompt is tried in this language.")),
    "no_voice_here": Said(status=409, sentence=_l("No synthesiser for this language is installed here.")),
    "nothing_to_say": Said(status=422, sentence=_l("There are no words in it that could be spoken.")),
    "recording_unknown": Said(status=404, sentence=_l("There is no such recording.")),
    "recording_unreadable": Said(
        status=422, sentence=_l("This is no sound file that can be read: send WAV, FLAC, OGG or MP3.")
    ),
    "recording_too_short": Said(status=422, sentence=_l("The recording is too short: there is hardly a word in it.")),
    "recording_too_long": Said(
        status=422, sentence=_l("The recording is longer than a minute: nobody listens that long.")
    ),
    "recording_silent": Said(
        status=422, sentence=_l("The recording is silent: check the microphone and record again.")
    ),
    "recording_clipped": Said(
        status=422, sentence=_l("The recording is too loud and distorted: record again, farther from the microphone.")
    ),
    "language_unknown": Said(status=422, sentence=_l("There are no examples in this language.")),
    "intent_unknown": Said(status=422, sentence=_l("The draft has no such intent.")),
    "phrase_unusable": Said(
        status=422, sentence=_l("This can be no example: one line with words, 300 characters at most.")
    ),
    "phrase_with_placeholder": Said(
        status=422, sentence=_l("Write something made up in place of what stands in square brackets.")
    ),
    "phrase_elsewhere": Said(status=422, sentence=_l("Another intent has this example: move it from there.")),
    "last_phrase": Said(status=422, sentence=_l("An intent needs an example in every language: this is the last one.")),
    "phrases_changed_meanwhile": Said(
        status=409, sentence=_l("Somebody else has changed these examples meanwhile. Look again.")
    ),
    "place_unknown": Said(status=422, sentence=_l("There is no such place in the draft.")),
    "place_without_name": Said(status=422, sentence=_l("A name is missing.")),
    "place_in_the_middle": Said(status=422, sentence=_l("Change the whole list: others stand behind this one.")),
    "shape_wrong": Said(status=422, sentence=_l("The draft cannot hold this: something is of the wrong kind there.")),
    "nothing_to_undo": Said(status=409, sentence=_l("There is nothing of yours to undo.")),
    "nothing_to_redo": Said(status=409, sentence=_l("There is nothing of yours to make again.")),
    "changed_since": Said(
        status=409, sentence=_l("Somebody has changed the same place since: choose which words shall stand.")
    ),
    "files_unreadable": Said(status=422, sentence=_l("The files cannot be read: nothing was taken over.")),
    "draft_has_changed": Said(
        status=409,
        sentence=_l("Somebody has changed the draft since you looked: look again before it becomes a version."),
    ),
    "draft_is_behind": Said(
        status=409,
        sentence=_l(
            "Another version went live since the draft began: bring the draft up to date first, or say why what went live"
            " shall be taken back."
        ),
    ),
    "draft_is_up_to_date": Said(status=409, sentence=_l("The draft has everything that is live.")),
    "check_is_old": Said(
        status=409, sentence=_l("Another version went live since this one was checked: check it again first.")
    ),
    "note_missing": Said(status=422, sentence=_l("Say in a note what is new and why.")),
    "nothing_changed": Said(status=409, sentence=_l("The draft says the same as the version that it began with.")),
    "version_unknown": Said(status=404, sentence=_l("There is no such version.")),
    "own_version": Said(status=403, sentence=_l("Somebody else must approve it: it is your own version.")),
    "reason_missing": Said(status=422, sentence=_l("Say why.")),
    "time_is_over": Said(status=422, sentence=_l("That time is over: choose one to come.")),
    "time_too_far": Said(status=422, sentence=_l("A publication is at most a year ahead.")),
    "version_is_live": Said(status=409, sentence=_l("This version is live already.")),
    "version_rejected": Said(
        status=409, sentence=_l("This version was rejected: change the draft and submit it anew.")
    ),
    "version_not_approved": Said(status=409, sentence=_l("A second person must approve this version first.")),
    "version_not_checked": Said(status=409, sentence=_l("This version has not been checked yet: that takes a moment.")),
    "version_has_errors": Said(status=409, sentence=_l("This version has errors: it would not answer calls.")),
    "gate_failed": Said(
        status=409, sentence=_l("A check has failed: publish it with a reason, or change the draft and submit it anew.")
    ),
    "version_never_live": Said(
        status=409, sentence=_l("This version was never live: publish it instead of going back to it.")
    ),
    "publication_unknown": Said(status=404, sentence=_l("There is no such publication.")),
    "publication_has_begun": Said(
        status=409, sentence=_l("It is live already: go back to an earlier version instead.")
    ),
    "form_incomplete": Said(status=400, sentence=_l("Something is missing or wrong in the form.")),
    "scenario_unknown": Said(status=404, sentence=_l("There is no such scenario.")),
    "scenario_changed": Said(
        status=409, sentence=_l("Somebody has changed this scenario meanwhile: look before you save.")
    ),
    "run_unknown": Said(status=404, sentence=_l("This run is not known, or no longer kept.")),
    "runs_busy": Said(status=409, sentence=_l("Two runs are going on: wait until one is over.")),
    "no_address": Said(status=409, sentence=_l("No telephone is set for you. Ask an admin.")),
    "wrong": Said(status=400, sentence=_l("The current password is not right.")),
    "account_unknown": Said(status=404, sentence=_l("There is no such account.")),
    "account_not_active": Said(status=409, sentence=_l("This account is closed: open it first.")),
    "last_admin": Said(status=409, sentence=_l("One admin who can sign in must remain.")),
    "own_account": Said(status=409, sentence=_l("Nobody takes the role from themselves: ask another admin.")),
    "email_taken": Said(status=409, sentence=_l("Somebody signs in with this address already.")),
    "email_invalid": Said(status=400, sentence=_l("This is no email address.")),
    "agent_taken": Said(status=409, sentence=_l("Another account takes calls as this agent.")),
    "link_over": Said(
        status=404, sentence=_l("This link has been used, or its time is over. Ask an admin for another.")
    ),
    "import_over": Said(status=404, sentence=_l("This file is no longer kept: send it again.")),
    "import_has_errors": Said(status=409, sentence=_l("Nothing was taken over: some rows are wrong.")),
    "import_has_nothing": Said(status=409, sentence=_l("Nothing was taken over: no row is right.")),
    "connector_unknown": Said(status=404, sentence=_l("There is no such connector.")),
    "company_changed": Said(status=409, sentence=_l("Somebody else has changed the company's settings meanwhile.")),
    "password_too_short": Said(status=400, sentence=_l("The new password is too short: at least 12 characters.")),
    "password_too_long": Said(status=400, sentence=_l("The new password is too long: at most 256 characters.")),
    "password_is_known": Said(status=400, sentence=_l("The new password is too easy to guess.")),
}
OTHER_REFUSAL = Said(status=409, sentence=_l("That is not possible now."))

# What exceptions mean to whoever asked; everything else is our own fault: 500.
EXCEPTIONS: Mapping[type[Exception], int] = {
    OperationalError: 503,  # the database is away or locked beyond its time
    PoolTimeoutError: 503,  # every connection is in use
}
# What a database says of a row that somebody else has made, or taken away, since this request looked: PostgreSQL's
# codes (unique_violation, foreign_key_violation) and SQLite's names. Whatever else it refuses is our own fault.
MET_ANOTHER = frozenset(
    {"23505", "23503", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_FOREIGNKEY"}
)

TITLES: Mapping[int, Any] = {
    400: _l("The request was not understood"),
    401: _l("Sign in first"),
    403: _l("Not for you"),
    404: _l("Not here"),
    405: _l("Not like this"),
    409: _l("Something has changed"),
    412: _l("Something has changed"),
    413: _l("Too much at once"),
    415: _l("Not in this form"),
    422: _l("Something in it is not right"),
    429: _l("Too many attempts"),
    500: _l("Our fault"),
    502: _l("The telephone network did not answer"),
    503: _l("Not available at the moment"),
}
SENTENCES: Mapping[int, Any] = {
    400: _l("The page may have been open for too long. Go back, reload it and try again."),
    401: _l("You are not signed in, or nobody has touched this page for a long time."),
    403: _l("Your account may not do this. If it should, ask an admin."),
    404: _l("There is nothing at this address. It may be an old link."),
    405: _l("This address does not take this kind of request."),
    409: _l("That cannot be done now: something has changed meanwhile."),
    412: _l("Somebody else has changed it meanwhile: read it again."),
    413: _l("What was sent is too large."),
    415: _l("The content must be JSON, and say so: Content-Type: application/json."),
    422: _l("What was sent can be read, but something in it is not right."),
    429: _l("Wait some minutes, then try again."),
    500: _l("Something of ours broke. It was noted; calls that are going on go on."),
    502: _l("The telephone network did not do it. Try again."),
    503: _l("Try again in a moment. Calls that are going on go on."),
}
CSRF_SENTENCE = _l("The page's token is missing or old: send it as the header X-CSRFToken, or use a token of the API.")


def refused(reason: str) -> ResponseReturnValue:
    """The answer to something that was refused for a reason of `REFUSALS`."""
    said = REFUSALS.get(reason, OTHER_REFUSAL)
    return answer(said.status, sentence=str(said.sentence), code=reason)


def answer(
    status: int, *, sentence: str | None = None, code: str = "", errors: Sequence[Mapping[str, Any]] = ()
) -> Response:
    """An error as a problem for who asks the API, as a sentence for a script, or as a page for a person."""
    shown = sentence or str(SENTENCES.get(status, SENTENCES[500]))
    if problems.is_of_api():
        title = str(TITLES.get(status, TITLES[500]))
        return problems.problem(status, title=title, detail=shown, code=code, errors=errors)
    if request.headers.get(SCRIPT_HEADER):
        response = jsonify(message=shown)
    else:
        title = str(TITLES.get(status, TITLES[500]))
        response = make_response(render_template("error.html", status=status, title=title, sentence=shown))
    response.status_code = status
    return response


def install(app: Flask) -> None:
    """Let `app` answer every error with these."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def closed(response: Response) -> Response:
    """After every request: its transaction ends; what the database does not take then is answered as an error too."""
    try:
        return transaction.close(response)
    except transaction.NotCommittedError as error:
        return make_response(_unexpected(error.__cause__ or error))


def _met_another(error: BaseException) -> bool:
    """Whether two have made the same thing, or one has taken away what the other built upon."""
    if isinstance(error, StaleDataError):
        return True
    said = error.orig if isinstance(error, IntegrityError) else None
    return bool(MET_ANOTHER & {getattr(said, "sqlstate", ""), getattr(said, "sqlite_errorname", "")})


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    transaction.abandon()
    if error.response is not None:
        return error.response
    guard = guard_of_request()
    if guard is not None and guard.kind is GuardKind.CARRIER:
        # The carrier reads status codes, not pages.
        return Response(status=status)
    if problems.is_of_api():
        return _problem(error, status)
    if status == 401 and not request.headers.get(SCRIPT_HEADER) and request.method == "GET":  # noqa: PLR2004 - HTTP's
        return sign_in_address.redirect_to_sign_in()
    sentence = str(SENTENCES[400]) if isinstance(error, CSRFError) else None
    return _with_headers(answer(status, sentence=sentence), error)


def _problem(error: HTTPException, status: int) -> Response:
    # What the parser of the API found is told place by place; webargs hangs it on the exception.
    found = getattr(error, "data", None) or {}
    response = answer(
        status,
        sentence=str(CSRF_SENTENCE) if isinstance(error, CSRFError) else _said_of_api(status),
        code="csrf_missing" if isinstance(error, CSRFError) else str(found.get("code", "")),
        errors=problems.places(found.get("messages", {})),
    )
    return _with_headers(response, error)


def _said_of_api(status: int) -> str | None:
    unreadable = 400
    return gettext("The content is not JSON.") if status == unreadable else None


def _with_headers(response: Response, error: HTTPException) -> Response:
    for name, value in error.get_headers():
        if name.lower() in {"retry-after", "allow"}:
            response.headers[name] = value
    return response


def _unexpected(error: BaseException) -> ResponseReturnValue:
    status = next((code for kind, code in EXCEPTIONS.items() if isinstance(error, kind)), 500)
    transaction.abandon()
    g.has_failed = True
    # Without the traceback where the table knows the error; what it may hold of a caller, `ivr.logs` takes out.
    place, kind = f"{request.method} {request.endpoint}", type(error).__name__
    guard = guard_of_request()
    is_of_carrier = guard is not None and guard.kind is GuardKind.CARRIER
    if not is_of_carrier and _met_another(error):
        current_app.logger.warning("%s met another request: %s", place, kind)
        return refused("changed_meanwhile")
    if status in EXCEPTIONS.values():
        current_app.logger.error("%s failed: %s", place, kind)
    else:
        current_app.logger.error("%s failed: %s", place, kind, exc_info=error)
    if is_of_carrier:
        return Response(status=status)
    return answer(status)
