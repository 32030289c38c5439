"""The page on tokens of the API: made with a purpose, scopes and an end; shown once; ended at once."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from ivr.accounts import tokens as store
from ivr.accounts.scopes import SCOPES, scopes_of
from ivr.accounts.store import Person, Role
from ivr.accounts.tokens import LONGEST_NAME, Made, Token
from ivr.web import errors, transaction
from ivr.web.audited import noted
from ivr.web.guards import guarded_by, the_person

tokens = Blueprint("tokens", __name__, url_prefix="/admin/tokens")

# Judgement: short for a trial, a quarter for a script, a year for what nobody wants to touch.
LIVES_DAYS = (7, 30, 90, 365)
WORDS = {
    "draft:read": _l("read the draft and the versions"),
    "draft:write": _l("edit the draft"),
    "versions:publish": _l("publish versions and roll back"),
    "company:read": _l("read the company's settings"),
    "company:write": _l("change the company's settings, people and connectors"),
    "routing:read": _l("read queues, agents and skills"),
    "routing:write": _l("change queues, agents and skills"),
    "calls:read": _l("read calls and what was said in them"),
    "reports:read": _l("read reports"),
    "contacts:write": _l("enter customers' contacts on other channels"),
    "scenarios:run": _l("run scenarios"),
    "audit:read": _l("read the audit trail"),
    "tokens:write": _l("make and end tokens"),
}


class TokenForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What a new token is for."""

    name = StringField(_l("What it is for"), validators=[DataRequired(), Length(max=LONGEST_NAME)])
    days = SelectField(
        _l("Days until it ends"), choices=[SelectChoice(str(days), str(days)) for days in LIVES_DAYS], default="90"
    )
    scopes = SelectMultipleField(
        _l("What it may do"), validators=[DataRequired()], option_widget=CheckboxInput(), widget=ListWidget()
    )


@tokens.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """Every token, and the form for a new one."""
    return _draw(_form(the_person()))


@tokens.post("")
@guarded_by(Role.ADMIN)
def make() -> ResponseReturnValue:
    """Make a token; the answer shows it this once."""
    person = the_person()
    form = _form(person)
    if not form.validate():
        return _draw(form, status=422)
    made = store.make(
        transaction.session(),
        by=person,
        name=form.name.data,
        scopes=form.scopes.data,
        days=int(form.days.data),
        now=transaction.now(),
    )
    if not isinstance(made, Made):
        return errors.refused(made.reason)
    noted("token.made", f"token {made.token.token_id}", after=told(made.token))
    return _draw(_form(person, is_new=True), made=made, status=201)


@tokens.post("/<int:token_id>/end")
@guarded_by(Role.ADMIN)
def end(token_id: int) -> ResponseReturnValue:
    """End a token at once."""
    session = transaction.session()
    if not store.end(session, token_id, by=the_person(), now=transaction.now()):
        return errors.refused("token_unknown")
    noted("token.ended", f"token {token_id}")
    flash(gettext("The token has ended."))
    return redirect(url_for("tokens.page"), code=303)


def told(token: Token) -> dict[str, object]:
    """A token as the audit trail keeps it: never its secret."""
    return {
        "name": token.name,
        "begins": token.begins,
        "scopes": list(token.scopes),
        "expires_at": token.expires_at.isoformat(),
    }


def _form(person: Person, *, is_new: bool = False) -> TokenForm:
    form = TokenForm(formdata=None) if is_new else TokenForm()
    form.scopes.choices = [SelectChoice(scope, WORDS[scope]) for scope in SCOPES if scope in scopes_of(person.role)]
    return form


def _draw(form: TokenForm, *, made: Made | None = None, status: int = 200) -> ResponseReturnValue:
    session, now = transaction.session(), transaction.now()
    page = render_template(
        "api/tokens.html", form=form, made=made, now=now, tokens=store.every(session), longest=LONGEST_NAME
    )
    return page, status
