"""The pages on importing: a file is sent, looked at with what is wrong by row and column, and taken over whole or not at all."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired

from ivr.accounts.store import Role
from ivr.connectors import files, importing, reading, store
from ivr.connectors.files import Table, Unreadable
from ivr.connectors.importing import Look, NotTaken
from ivr.connectors.reading import KINDS
from ivr.customers import imports as records
from ivr.web import errors, transaction
from ivr.web.audited import noted
from ivr.web.company import words
from ivr.web.guards import guarded_by, the_person
from ivr.web.wiring import wiring

company_import = Blueprint("company_import", __name__, url_prefix="/admin/company/import")

_UNPROCESSABLE = 422
# What a page shows; a file with more faults is better read in a spreadsheet.
FAULTS_SHOWN, ROWS_SHOWN = 100, 5
NOT_THERE = "-1"


class FileForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What is sent."""

    kind = SelectField(
        _l("What it holds"),
        choices=[SelectChoice(kind, name) for kind, name in words.KINDS.items()],
        validators=[DataRequired()],
    )
    file = FileField(_l("CSV file"), validators=[FileRequired()])


@company_import.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """Choose a file."""
    return _draw(FileForm(formdata=None))


@company_import.post("")
@guarded_by(Role.ADMIN)
def send() -> ResponseReturnValue:
    """Keep the file for an hour, and show what is in it."""
    form = FileForm()
    if not form.validate():
        return _draw(form), _UNPROCESSABLE
    content = form.file.data.read(files.LARGEST_BYTES + 1)
    opened = files.open_file(content)
    if isinstance(opened, Unreadable):
        form.file.errors = [*form.file.errors, words.said("file_problem", opened.reason)]
        return _draw(form), _UNPROCESSABLE
    import_id = store.stage(
        transaction.session(), account_id=the_person().account_id, kind=form.kind.data,
        filename=form.file.data.filename or "", content=content, now=transaction.now(),
    )  # fmt: skip
    noted("import.staged", f"import:{form.kind.data}", after={"rows": len(opened.rows)})
    return redirect(url_for("company_import.look", import_id=import_id), code=303)


@company_import.get("/<import_id>")
@guarded_by(Role.ADMIN)
def look(import_id: str) -> ResponseReturnValue:
    """What taking it over would do, with the columns as they are chosen."""
    waiting = _waiting(import_id)
    if waiting is None:
        return errors.refused("import_over")
    staged, table = waiting
    found = _look(staged.kind, table, request.args)
    return _draw_look(staged, found)


@company_import.get("/<import_id>/bad.csv")
@guarded_by(Role.ADMIN)
def bad(import_id: str) -> ResponseReturnValue:
    """The bad rows as a file, with what is wrong in a last column."""
    waiting = _waiting(import_id)
    if waiting is None:
        return errors.refused("import_over")
    staged, table = waiting
    found = _look(staged.kind, table, request.args)
    text = files.written(table, found.rows, {code: str(told) for code, told in words.ROW_PROBLEMS.items()})
    headers = {"Content-Disposition": f'attachment; filename="{staged.kind}-bad-rows.csv"', "Cache-Control": "no-store"}
    # With its mark a spreadsheet reads it as what it is.
    return Response(text.encode("utf-8-sig"), mimetype="text/csv", headers=headers)


@company_import.post("/<import_id>")
@guarded_by(Role.ADMIN)
def take_over(import_id: str) -> ResponseReturnValue:
    """Take the file over, or forget it."""
    waiting = _waiting(import_id)
    if waiting is None:
        return errors.refused("import_over")
    staged, table = waiting
    session = transaction.session()
    if request.form.get("act") == "discard":
        store.unstage(session, import_id)
        noted("import.discarded", f"import:{staged.kind}")
        flash(gettext("The file is forgotten; nothing was changed."))
        return redirect(url_for("company_import.page"), code=303)
    mode = importing.ONLY_GOOD if request.form.get("act") == importing.ONLY_GOOD else importing.ALL
    mapping = mapping_of(staged.kind, table, request.form)
    taken = importing.take_over(session, staged.kind, table, mapping, country=_country(), mode=mode)
    if isinstance(taken, NotTaken):
        return errors.refused(taken.reason)
    store.unstage(session, import_id)
    found = taken.look
    noted(
        "import.taken_over", f"import:{staged.kind}", before=vars(found.before), after=vars(found.after),
        note=f"{found.new} new, {found.changed} changed, {found.same} as before, {taken.left_out} left out",
    )  # fmt: skip
    flash(
        gettext(
            "Taken over: %(new)s new, %(changed)s changed, %(same)s as before, %(out)s left out.",
            new=found.new, changed=found.changed, same=found.same, out=taken.left_out,
        )
    )  # fmt: skip
    return redirect(url_for("company_import.page"), code=303)


def mapping_of(kind: str, table: Table, chosen: Mapping[str, str]) -> dict[str, int]:
    """Which column is which field: as chosen, else as guessed."""
    names = reading.names_of(kind)
    if not any(f"m-{name}" in chosen for name in names):
        return files.guess(kind, table.columns)
    mapping = {}
    for name in names:
        position = chosen.get(f"m-{name}", NOT_THERE)
        if position.isdecimal() and position.isascii() and int(position[:4]) < len(table.columns):
            mapping[name] = int(position[:4])
    return mapping


def _waiting(import_id: str) -> tuple[store.Staged, Table] | None:
    staged = store.staged(transaction.session(), import_id, account_id=the_person().account_id, now=transaction.now())
    opened = None if staged is None else files.open_file(staged.content)
    return (staged, opened) if staged is not None and isinstance(opened, Table) else None


def _look(kind: str, table: Table, chosen: Mapping[str, str]) -> Look:
    return importing.look(transaction.session(), kind, table, mapping_of(kind, table, chosen), country=_country())


def _country() -> str:
    return wiring().doors.company.hours.country


def _draw(form: FileForm) -> str:
    fields: dict[str, Any] = {
        kind: [(one.name, one.is_key, one.guesses[:3]) for one in reading.FIELDS[kind]] for kind in KINDS
    }
    return render_template(
        "company/import.html", form=form, counts=records.counts(transaction.session()), fields=fields
    )


def _draw_look(staged: store.Staged, found: Look) -> str:
    names = reading.names_of(staged.kind)
    return render_template(
        "company/import_look.html", staged=staged, look=found, names=names, key=reading.key_of(staged.kind),
        faults=found.bad[:FAULTS_SHOWN], shown=found.table.rows[:ROWS_SHOWN],
        chosen={f"m-{name}": str(found.mapping.get(name, NOT_THERE)) for name in names},
        delimiter={"\t": "Tab"}.get(found.table.delimiter, found.table.delimiter),
    )  # fmt: skip
