"""The pages on connectors: where another system tells of orders and customers, what in its answer is what, and a try of it."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DecimalField, IntegerField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from ivr.accounts.store import Role
from ivr.connectors import http, lookups, reading, store
from ivr.connectors.definition import (
    ASKED_BY,
    LONGEST_ADDRESS,
    LONGEST_EXPRESSION,
    METHODS,
    Definition,
    DefinitionError,
    definition_of,
)
from ivr.connectors.http import Answered
from ivr.connectors.reading import CUSTOMER_NAME, KINDS, ORDERS
from ivr.connectors.store import Kept
from ivr.web import errors, transaction
from ivr.web.audited import actor, noted
from ivr.web.company import words
from ivr.web.guards import guarded_by
from ivr.web.wiring import wiring

company_connectors = Blueprint("company_connectors", __name__, url_prefix="/admin/company/connectors")

_UNPROCESSABLE, _CONFLICT = 422, 409
_LONGEST_SHOWN = 6000


class ConnectorForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """Address, who we are, time; the mapping's fields are added for each kind."""

    version = IntegerField(validators=[InputRequired(), NumberRange(min=0)])
    is_on = BooleanField(_l("Ask it in calls"))
    url = StringField(_l("Address"), validators=[DataRequired(), Length(max=LONGEST_ADDRESS)])
    method = SelectField(_l("Method"), choices=[SelectChoice(method, method) for method in METHODS])
    header = StringField(_l("Header that carries the secret"), validators=[Optional(), Length(max=60)])
    prefix = StringField(_l("Before the secret"), validators=[Optional(), Length(max=20)], filters=())
    secret = PasswordField(_l("Secret"), validators=[Optional(), Length(max=4000)])
    timeout_seconds = DecimalField(_l("Longest wait, seconds"), places=1, validators=[InputRequired()])
    tries = IntegerField(_l("Tries"), validators=[InputRequired()])
    values = TextAreaField(_l("Other words for a status"), validators=[Optional(), Length(max=4000)])
    asked = StringField(_l("Try it with"), validators=[Optional(), Length(max=40)])


class OrdersForm(ConnectorForm):
    """For orders."""


class CustomersForm(ConnectorForm):
    """For customers."""


def _fields(kind: str) -> tuple[str, ...]:
    return (*reading.names_of(kind), *((CUSTOMER_NAME,) if kind == ORDERS else ()))


FORMS: Mapping[str, type[ConnectorForm]] = {"orders": OrdersForm, "customers": CustomersForm}
for _kind, _form in FORMS.items():
    for _name in _fields(_kind):
        setattr(
            _form, f"m_{_name}",
            StringField(words.FIELDS[_name], validators=[Optional(), Length(max=LONGEST_EXPRESSION)]),
        )  # fmt: skip


@company_connectors.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """What is looked up where."""
    return render_template("company/connectors.html", kinds=KINDS, kept=store.every(transaction.session()))


@company_connectors.get("/<kind>")
@guarded_by(Role.ADMIN)
def one(kind: str) -> ResponseReturnValue:
    """One connector."""
    if kind not in KINDS:
        return errors.refused("connector_unknown")
    kept = store.every(transaction.session()).get(kind)
    return _draw(FORMS[kind](formdata=None, data=_data_of(kept)), kind, kept)


@company_connectors.post("/<kind>")
@guarded_by(Role.ADMIN)
def save(kind: str) -> ResponseReturnValue:
    """Keep a connector; a secret that is left empty stays as it is."""
    if kind not in KINDS:
        return errors.refused("connector_unknown")
    session, form = transaction.session(), FORMS[kind]()
    before = store.every(session).get(kind)
    definition = _definition(form, kind)
    if definition is None:
        return _draw(form, kind, before), _UNPROCESSABLE
    saved = store.save(
        session, definition, is_on=form.is_on.data, secret=form.secret.data or None, version=form.version.data,
        by=actor().name, now=transaction.now(),
    )  # fmt: skip
    if isinstance(saved, store.Conflict):
        form.version.data, form.version.raw_data = saved.version, [str(saved.version)]
        form.form_errors.append(
            gettext("Somebody else has changed this connector meanwhile: look at it, then save again.")
        )
        return _draw(form, kind, before), _CONFLICT
    noted(
        "connector.changed", f"connector:{kind}", before=None if before is None else told(before), after=told(saved),
        note="secret changed" if form.secret.data else "",
    )  # fmt: skip
    flash(gettext("The connector is saved. It counts from the next call on."))
    return redirect(url_for("company_connectors.one", kind=kind), code=303)


@company_connectors.post("/<kind>/try")
@guarded_by(Role.ADMIN)
def try_it(kind: str) -> ResponseReturnValue:
    """Ask the other system as the form says, and show its answer and what is understood of it; nothing is saved."""
    if kind not in KINDS:
        return errors.refused("connector_unknown")
    form = FORMS[kind]()
    kept = store.every(transaction.session()).get(kind)
    definition = _definition(form, kind)
    asked = (form.asked.data or "").strip()
    if definition is None or not asked:
        if not asked:
            form.asked.errors = [*form.asked.errors, words.said("value_problem", "missing")]
        return _draw(form, kind, kept), _UNPROCESSABLE
    secret = form.secret.data or ("" if kept is None else kept.secret)
    # Nobody waits for the database while another system thinks.
    transaction.abandon()
    found = http.ask(definition, secret, asked, wiring().doors.company.lookups.networks)
    return _draw(form, kind, kept, tried=tried_of(definition, found))


@company_connectors.post("/<kind>/remove")
@guarded_by(Role.ADMIN)
def remove(kind: str) -> ResponseReturnValue:
    """Forget a connector and its secret: our own tables have everything again."""
    before = store.every(transaction.session()).get(kind)
    if before is None or not store.remove(transaction.session(), kind):
        return errors.refused("connector_unknown")
    noted("connector.removed", f"connector:{kind}", before=told(before))
    flash(gettext("The connector is gone, with its secret."))
    return redirect(url_for("company_connectors.page"), code=303)


def told(kept: Kept) -> dict[str, Any]:
    """A connector for the audit trail and the API: never its secret."""
    return {**kept.definition.as_json(), "on": kept.is_on, "has_secret": bool(kept.secret)}


def tried_of(definition: Definition, found: http.Response) -> dict[str, Any]:
    """What a try brought: the raw answer, what the mapping finds in it, and what is wrong with that."""
    shown: dict[str, Any] = {"seconds": found.seconds, "status": found.status, "raw": "", "mapped": {}, "wrong": []}
    if not isinstance(found, Answered):
        return {**shown, "problem": found.reason}
    shown["raw"] = json.dumps(found.content, ensure_ascii=False, indent=2)[:_LONGEST_SHOWN]
    if found.content is None:
        return {**shown, "not_found": True}
    shown["mapped"] = {name: str(value) for name, value in definition.mapped(found.content).items()}
    record = reading.read(
        definition.kind, definition.mapped(found.content), country=wiring().doors.company.hours.country
    )
    if isinstance(record, tuple):
        shown["wrong"] = [(one.field, one.code, one.value) for one in record]
    kept = Kept(definition=definition, is_on=True, version=0, secret="")  # nothing is asked with it
    understood = lookups.understood(kept, found, country=wiring().doors.company.hours.country)
    return {**shown, "not_found": isinstance(understood, lookups.NotFound)}


def _definition(form: ConnectorForm, kind: str) -> Definition | None:
    """The definition that the form holds; None with the faults at their fields."""
    if not form.validate():
        return None
    values, wrong = _values_of(form.values.data or "")
    if wrong:
        form.values.errors = [*form.values.errors, words.said("value_problem", "unreadable")]
        return None
    document = {
        "url": form.url.data, "method": form.method.data, "header": form.header.data or "",
        # A form's field loses the blank at its end, which "Bearer " needs.
        "prefix": request.form.get("prefix", ""),
        "timeout_seconds": float(form.timeout_seconds.data), "tries": form.tries.data,
        "mapping": {name: form[f"m_{name}"].data or "" for name in _fields(kind)}, "values": values,
    }  # fmt: skip
    try:
        return definition_of(kind, document)
    except DefinitionError as error:
        name, _, code = str(error).partition(": ")
        field = name.replace("mapping.", "m_")
        sentence = words.said("value_problem", code)
        if field in form:
            form[field].errors = [*form[field].errors, sentence]
        else:
            form.form_errors.append(f"{name}: {sentence}")
        return None


def _values_of(text: str) -> tuple[dict[str, dict[str, str]], bool]:
    """Lines such as "SENT = shipped", all of the status."""
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        theirs, equals, ours = line.partition("=")
        if not equals or not theirs.strip() or not ours.strip():
            return {}, True
        found[theirs.strip()] = ours.strip()
    return ({"status": found} if found else {}), False


def _data_of(kept: Kept | None) -> dict[str, Any]:
    if kept is None:
        return {"version": 0, "method": "GET", "timeout_seconds": 3.0, "tries": 2, "is_on": True}
    one = kept.definition
    return {
        "version": kept.version, "is_on": kept.is_on, "url": one.url, "method": one.method, "header": one.header,
        "prefix": one.prefix, "timeout_seconds": one.timeout_seconds, "tries": one.tries,
        "values": "\n".join(f"{theirs} = {ours}" for theirs, ours in one.values.get("status", {}).items()),
        **{f"m_{name}": expression for name, expression in one.mapping.items()},
    }  # fmt: skip


def _draw(form: ConnectorForm, kind: str, kept: Kept | None, *, tried: Mapping[str, Any] | None = None) -> str:
    return render_template(
        "company/connector.html", form=form, kind=kind, kept=kept, tried=tried, names=_fields(kind),
        key=reading.key_of(kind), asked_by=ASKED_BY[kind],
    )  # fmt: skip
