"""The draft's files given, and files taken: first what they would change and what is wrong by line, then on a word."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired, FileSize
from wtforms import HiddenField
from wtforms.validators import DataRequired

from ivr.accounts.store import Role
from ivr.editing import drafts
from ivr.editing.documents import to_files
from ivr.editing.drafts import Edited
from ivr.web import errors, transaction
from ivr.web.audited import actor
from ivr.web.editing import flow_imports
from ivr.web.editing.flow_imports import MOST_BYTES, NotFilesError
from ivr.web.guards import guarded_by
from prompts.version import FLOW_FILE

flow_files = Blueprint("flow_files", __name__, url_prefix="/admin/flows/files")


class BroughtForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """A file that somebody brings."""

    file = FileField(_l("File"), validators=[FileRequired(), FileSize(MOST_BYTES)])


class TakeForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What was previewed."""

    files = HiddenField(validators=[DataRequired()])
    revision = HiddenField(validators=[DataRequired()])


@flow_files.get("/draft.zip")
@guarded_by(Role.ADMIN)
def export() -> ResponseReturnValue:
    """Every file of the draft, in a zip."""
    draft = drafts.draft(transaction.session(), now=transaction.now())
    return flow_imports.zip_given(draft.documents, f"centralino-draft-{draft.revision}.zip")


@flow_files.get("/flow.yaml")
@guarded_by(Role.ADMIN)
def export_flow() -> ResponseReturnValue:
    """The draft's flow file alone."""
    draft = drafts.draft(transaction.session(), now=transaction.now())
    return flow_imports.given(to_files(draft.documents)[FLOW_FILE].encode(), FLOW_FILE, "application/yaml")


@flow_files.post("/preview")
@guarded_by(Role.ADMIN)
def preview() -> ResponseReturnValue:
    """What a file would change; nothing is changed yet."""
    form = BroughtForm()
    if not form.validate_on_submit():
        return errors.refused("files_unreadable")
    try:
        files = flow_imports.files_of(form.file.data.filename or "", form.file.data.read())
    except NotFilesError as error:
        return errors.refused(error.reason)
    draft = drafts.draft(transaction.session(), now=transaction.now())
    return render_template(
        "editing/flow_import.html",
        preview=flow_imports.preview(files, draft.documents),
        form=TakeForm(formdata=None, files=flow_imports.packed(files), revision=str(draft.revision)),
        shown=flow_imports.shown,
        names=sorted(files),
    )


@flow_files.post("/take")
@guarded_by(Role.ADMIN)
def take() -> ResponseReturnValue:
    """Let the draft say what the previewed files say."""
    form = TakeForm()
    if not form.validate_on_submit():
        return errors.refused("files_unreadable")
    session, now = transaction.session(), transaction.now()
    draft = drafts.draft(session, now=now)
    if form.revision.data != str(draft.revision):
        return errors.refused("draft_changed")
    try:
        found = flow_imports.preview(flow_imports.unpacked(form.files.data), draft.documents)
    except NotFilesError as error:
        return errors.refused(error.reason)
    if found.documents is None:
        return errors.refused("files_unreadable")
    edited = drafts.replace(session, found.documents, by=actor(), now=now, label=gettext("Files brought in"))
    if not isinstance(edited, Edited):
        return errors.refused("draft_changed")
    flash(gettext("The draft says now what the files say."))
    return redirect(url_for("flows.page"))


# What a file brings is larger than any form of text; the bound of this one route is its own.
@flow_files.before_request
def allow_files() -> None:
    """Take files of their own size."""
    request.max_content_length = MOST_BYTES + 64 * 1024
    request.max_form_memory_size = MOST_BYTES
