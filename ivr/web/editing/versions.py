"""The pages on versions: what is live and to come, what the draft changes, and a version's way from a note to the line."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import DateTimeLocalField, HiddenField, IntegerField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from ivr.accounts.store import Role
from ivr.editing import comparing, drafts, publications, submitting
from ivr.editing import versions as store
from ivr.editing.publications import Published
from ivr.web import errors, transaction
from ivr.web.audited import actor
from ivr.web.editing import flow_imports, publishing
from ivr.web.guards import guarded_by
from ivr.web.wiring import wiring

versions = Blueprint("versions", __name__, url_prefix="/admin/versions")
LONGEST_NOTE = 2000
NOW, LATER = "now", "later"


class SubmitForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What is new, in a sentence; and which draft was looked at."""

    note = TextAreaField(_l("What is new, and why"), validators=[InputRequired(), Length(max=LONGEST_NOTE)])
    revision = IntegerField(validators=[Optional()])
    reason = TextAreaField(validators=[Length(max=LONGEST_NOTE)])


class JudgeForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """A second person's word."""

    verdict = HiddenField(validators=[AnyOf(("approve", "reject"))])
    reason = TextAreaField(_l("Why"), validators=[Length(max=LONGEST_NOTE)])


class PublishForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """When, and why over a check that has failed."""

    when = HiddenField(validators=[AnyOf((NOW, LATER))])
    at = DateTimeLocalField(_l("From then on"), format="%Y-%m-%dT%H:%M", validators=[Optional()])
    reason = TextAreaField(_l("Why all the same"), validators=[Length(max=LONGEST_NOTE)])


class RollBackForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """The version to go back to."""

    version = IntegerField(validators=[InputRequired(), NumberRange(min=1, max=2**31 - 1)])


@versions.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """What is live, what is to come, what the draft changes, and every version."""
    session, now = transaction.session(), transaction.now()
    draft = drafts.draft(session, now=now)
    live = publications.live_number(session, now)
    return render_template(
        "editing/versions.html",
        draft=draft,
        changed=comparing.compare(_documents(session, draft.base), draft.documents),
        findings=drafts.findings(draft.documents),
        edits=drafts.edits(session, limit=20),
        live=live,
        is_behind=drafts.is_behind(session, draft.base, live),
        previous=publications.previous(session, now),
        begun=next((one for one in publications.publications(session) if _has_begun(one, now)), None),
        scheduled=publications.scheduled(session, now),
        versions=store.versions(session),
        form=SubmitForm(revision=draft.revision),
    )


@versions.post("")
@guarded_by(Role.ADMIN)
def submit() -> ResponseReturnValue:
    """Make a version of the draft, and begin its checks."""
    form = SubmitForm()
    if not form.validate():
        return errors.refused("note_missing")
    session, now = transaction.session(), transaction.now()
    told = submitting.submit(
        session,
        note=form.note.data,
        by=actor(),
        now=now,
        revision=form.revision.data,
        reason=form.reason.data or "",
    )
    if isinstance(told, store.Refused):
        return errors.refused(told.reason)
    publishing.begin_check(told.number)
    return _back(told.number, gettext("Version %(number)s is made. It does not answer calls yet.", number=told.number))


@versions.get("/<int(max=2147483647):number>")
@guarded_by(Role.ADMIN)
def version(number: int) -> ResponseReturnValue:
    """One version: what it changes, what the checks say, and when it is live."""
    session, now = transaction.session(), transaction.now()
    found = _found(session, number)
    live = publications.live_number(session, now)
    base = request.args.get("base", type=int) or (found.base if live == number else live) or number
    if store.version(session, base) is None:
        abort(404)
    return render_template(
        "editing/version.html",
        version=found,
        live=live,
        base=base,
        changed=comparing.compare(_documents(session, base), _documents(session, number)),
        check=store.last_check(session, number),
        is_lost=_is_lost(session, number, now),
        publications=publications.publications(session, version=number),
        second_person=publishing.needs_second_person(),
        is_own=found.by_id is not None and found.by_id == actor().account_id,
        was_live=any(_has_begun(one, now) for one in publications.publications(session, version=number)),
        now=now,
        soonest=now.astimezone(_zone()).strftime("%Y-%m-%dT%H:%M"),
        form=PublishForm(),
        first=publications.FIRST,
    )


@versions.get("/<int(max=2147483647):number>/files.zip")
@guarded_by(Role.ADMIN)
def files(number: int) -> ResponseReturnValue:
    """Every file of a version, in a zip."""
    session = transaction.session()
    _found(session, number)
    return flow_imports.zip_given(_documents(session, number), f"centralino-version-{number}.zip")


@versions.post("/<int(max=2147483647):number>/check")
@guarded_by(Role.ADMIN)
def check(number: int) -> ResponseReturnValue:
    """Begin the checks again."""
    _found(transaction.session(), number)
    publishing.begin_check(number)
    return _back(number)


@versions.post("/<int(max=2147483647):number>/approval")
@guarded_by(Role.ADMIN)
def judge(number: int) -> ResponseReturnValue:
    """Approve somebody else's version, or reject it with a reason."""
    form = JudgeForm()
    if not form.validate():
        return errors.refused("form_incomplete")
    told = store.judge(
        transaction.session(),
        number,
        is_approved=form.verdict.data == "approve",
        reason=(form.reason.data or "").strip(),
        by=actor(),
        now=transaction.now(),
    )
    return errors.refused(told.reason) if isinstance(told, store.Refused) else _back(number)


@versions.post("/<int(max=2147483647):number>/publication")
@guarded_by(Role.ADMIN)
def publish(number: int) -> ResponseReturnValue:
    """Publish a version, now or at a time."""
    form = PublishForm()
    if not form.validate() or (form.when.data == LATER and form.at.data is None):
        return errors.refused("form_incomplete")
    try:
        at = None if form.when.data == NOW else form.at.data.replace(tzinfo=_zone()).astimezone(UTC)
    except OverflowError:
        return errors.refused("time_too_far")
    told = publishing.publish(number, at=at, reason=(form.reason.data or "").strip())
    if not isinstance(told, Published):
        return errors.refused(told.reason)
    if at is None:
        said = gettext("Version %(number)s answers the calls that begin from now on.", number=number)
    else:
        said = gettext("Version %(number)s is scheduled.", number=number)
    return _back(number, said)


@versions.post("/publications/<int(max=2147483647):publication_id>/cancellation")
@guarded_by(Role.ADMIN)
def cancel(publication_id: int) -> ResponseReturnValue:
    """Take back a publication that is still to come."""
    told = publications.cancel(transaction.session(), publication_id, by=actor(), now=transaction.now())
    if isinstance(told, publications.Refused):
        return errors.refused(told.reason)
    return redirect(url_for("versions.page"), code=303)


@versions.post("/rollback")
@guarded_by(Role.ADMIN)
def roll_back() -> ResponseReturnValue:
    """Let a version that was live before answer calls again, at once."""
    form = RollBackForm()
    if not form.validate():
        return errors.refused("form_incomplete")
    told = publications.rollback(transaction.session(), form.version.data, by=actor(), now=transaction.now())
    if not isinstance(told, Published):
        return errors.refused(told.reason)
    flash(gettext("Version %(number)s answers the calls that begin from now on.", number=told.version))
    return redirect(url_for("versions.page"), code=303)


@versions.post("/draft/discard")
@guarded_by(Role.ADMIN)
def discard() -> ResponseReturnValue:
    """Begin anew from what is live."""
    drafts.discard(transaction.session(), by=actor(), now=transaction.now())
    flash(gettext("The draft begins anew with what is live."))
    return redirect(url_for("versions.page"), code=303)


def _found(session: Session, number: int) -> store.Version:
    found = store.version(session, number)
    if found is None:
        abort(404)
    return found


def _documents(session: Session, number: int) -> Any:
    return store.documents(session, number)


def _has_begun(one: publications.PublicationRecord, now: datetime) -> bool:
    return one.cancelled_at is None and one.live_from <= now


def _is_lost(session: Session, number: int, now: datetime) -> bool:
    """Whether a check went down with its process."""
    found = store.last_check(session, number)
    return found is not None and found.ended_at is None and found.begun_at < now - store.CHECK_LOST


def _zone() -> ZoneInfo:
    return wiring().zone


def _back(number: int, said: str = "") -> ResponseReturnValue:
    if said:
        flash(said)
    return redirect(url_for("versions.version", number=number), code=303)
