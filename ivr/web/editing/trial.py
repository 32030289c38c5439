"""The page on which an admin calls the draft: who calls, when, what agents do, what goes wrong; and the ticket to its telephone.

A ticket holds everything that the call is tried with, signed for this person and for seconds. The telephone's socket is
`ivr.web.editing.trial_socket`, the house behind it `ivr.trials.house`.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

import ivr.line
from ivr.accounts.store import Role
from ivr.customers import overview
from ivr.customers import store as customers
from ivr.editing import drafts, versions
from ivr.trials import tried
from ivr.trials.situations import Known, Setting, Situation, SituationError, Stranger, Trouble, setting_from_json
from ivr.web import errors, transaction
from ivr.web.audited import noted
from ivr.web.editing.trial_ticket import Wanted, ticket_for
from ivr.web.guards import guarded_by, the_person
from ivr.web.in_words import in_words
from ivr.web.wiring import wiring

trial = Blueprint("trial", __name__, url_prefix="/admin/trial")

# The scripts of the line's own phone: microphone, loudspeaker and the telephone's sound.
SOUND_FILES: Final = frozenset({"sound.js", "worklet.js", "telephone.js"})
_LINE_FILES: Final = Path(ivr.line.__file__).parent / "static"
# So many customers are offered by name; whoever else is called as is named by number or identifier.
MOST_OFFERED: Final = 30

SITUATIONS: Final = {
    Situation.ANSWER: _l("somebody is free and answers"),
    Situation.NOBODY: _l("nobody is on duty"),
    Situation.BUSY: _l("all are in another call"),
    Situation.DECLINE: _l("who is rung declines"),
    Situation.MISS: _l("who is rung does not answer"),
    Situation.VANISH: _l("somebody answers, then their line drops"),
    Situation.CLOSED: _l("the queues have closed"),
}
TROUBLES: Final = {
    Trouble.WEBHOOK_LOST: _l("an answer of the caller never reaches us"),
    Trouble.WEBHOOK_LATE: _l("an answer of the caller comes late"),
    Trouble.WEBHOOK_TWICE: _l("an answer of the caller comes twice"),
    Trouble.RECOGNISER_DOWN: _l("nobody recognises speech: keys alone are left"),
    Trouble.VOICE_DOWN: _l("the voice cannot be looked at"),
    Trouble.LOOKUP_DOWN: _l("orders and customers cannot be looked up"),
    Trouble.MESSAGE_REFUSED: _l("text messages are refused"),
    Trouble.CARRIER_DOWN: _l("the carrier does not do what it is asked for"),
    Trouble.NOISY_LINE: _l("the caller is in a noisy place"),
    Trouble.BAD_LINE: _l("the caller has a bad mobile line"),
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A version that can be called."""

    name: str
    label: str


@trial.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """What the call is tried with, and the telephone."""
    which = request.args.get("version", tried.DRAFT)
    session = transaction.session()
    ids = customers.every_id(session)[:MOST_OFFERED]
    names = overview.Names().of(session, ids)
    html = render_template(
        "editing/trial.html",
        choices=_choices(),
        which=which if tried.is_named(which) else tried.DRAFT,
        customers=[(customer_id, names.get(customer_id, customer_id)) for customer_id in ids],
        situations=[(one.value, label) for one, label in SITUATIONS.items()],
        troubles=[(one.value, label) for one, label in TROUBLES.items()],
        hearing=wiring().doors.trials.hearing.ways(),
    )
    response = make_response(html)
    # The telephone of this page alone hears the microphone.
    response.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=(), payment=()"
    return response


@trial.post("/ticket")
@guarded_by(Role.ADMIN)
def ticket() -> ResponseReturnValue:
    """Check what is wanted, and give the ticket that the telephone's socket takes."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        return errors.refused("trial_unreadable")
    which = str(given.get("version", tried.DRAFT))
    if not tried.is_named(which):
        return errors.refused("version_unknown")
    try:
        setting = _setting(given.get("setting"))
    except SituationError as error:
        return errors.answer(422, sentence=gettext("The trial cannot be begun: %(why)s", why=in_words(error.args[0])))
    version = tried.version_of(
        transaction.session(),
        wiring().doors.company,
        which,
        # Whether it can be called is all that is asked here: nothing is trained, no file written.
        understandings=None,
        recordings=None,
        now=transaction.now(),
    )
    if isinstance(version, tried.Unusable):
        return _unusable(version)
    noted("trial.called", f"version {which}" if which != tried.DRAFT else tried.DRAFT, after=_summary(setting))
    wanted = Wanted(account_id=the_person().account_id, version=which, setting=setting)
    return jsonify(ticket=ticket_for(wanted))


@trial.get("/sound/<name>")
@guarded_by(Role.ADMIN)
def sound(name: str) -> Response:
    """A script of the line's phone."""
    if name not in SOUND_FILES:
        abort(404)
    return send_from_directory(_LINE_FILES, name)


def _choices() -> tuple[Choice, ...]:
    session, now = transaction.session(), transaction.now()
    draft = drafts.draft(session, now=now)
    named = gettext("the draft (%(edits)s changes on version %(base)s)", edits=draft.edit_count, base=draft.base)
    numbered = (
        Choice(name=str(one.number), label=f"{gettext('version %(number)s', number=one.number)} {one.note}".strip())
        for one in versions.versions(session)
    )
    return (Choice(name=tried.DRAFT, label=named), *numbered)


def _setting(given: Any) -> Setting:
    if not isinstance(given, dict):
        raise SituationError("setting: is an object")
    return setting_from_json({**given, "caller": _caller(given.get("caller")), "at": _at(given.get("at"))})


def _caller(given: Any) -> Any:
    """Who calls; a customer may be named by a telephone number."""
    if not isinstance(given, dict) or given.get("kind") != "known":
        return given if given is not None else {"kind": "stranger"}
    named = str(given.get("customer_id", "")).strip()
    if named.startswith("+"):
        found = customers.by_number(transaction.session(), "".join(named.split()))
        if not found:
            raise SituationError(gettext("no customer has the number %(number)s", number=named))
        return {"kind": "known", "customer_id": found[0].customer_id}
    if customers.customer(transaction.session(), named) is None:
        raise SituationError(gettext("there is no customer %(customer)s", customer=named))
    return {**given, "customer_id": named}


def _at(given: Any) -> str | None:
    """The hour, which a page gives as the company's own."""
    if not given:
        return None
    try:
        at = datetime.fromisoformat(str(given))
    except ValueError as error:
        raise SituationError(gettext("the hour is not a date and a time")) from error
    zone: ZoneInfo = wiring().doors.company.zone
    return (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()


def _unusable(version: tried.Unusable) -> ResponseReturnValue:
    if not version.problems:
        return errors.refused("version_unknown")
    first = version.problems[0]
    return errors.answer(
        409,
        sentence=gettext(
            "This version cannot be called: %(problem)s (%(place)s). %(count)s in all.",
            problem=in_words(first.message),
            place=f"{first.file}, {first.node}".rstrip(", "),
            count=len(version.problems),
        ),
    )


def _summary(setting: Setting) -> dict[str, Any]:
    """What a trial was tried with, for the trail: who it was called as only by identifier."""
    caller = setting.caller
    who = caller.customer_id if isinstance(caller, Known) else type(caller).__name__.lower()
    return {
        "caller": "stranger" if isinstance(caller, Stranger) else who,
        "agents": setting.agents.value,
        "faults": [fault.trouble.value for fault in setting.faults],
        "at": None if setting.at is None else setting.at.isoformat(),
    }
