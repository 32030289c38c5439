"""Signing in and out, and a person's own account: password and language."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ivr.accounts import store
from ivr.web import errors, people, sign_in_address, transaction
from ivr.web.audited import noted
from ivr.web.forms import LanguageForm, PasswordForm, SignInForm
from ivr.web.guards import guarded_by, public, the_person
from ivr.web.people import current_person, current_token
from ivr.web.wiring import wiring
from routing.agents import AgentEvent

sign_in = Blueprint("sign_in", __name__)
# Marks the answer to a wrong password, which alone counts against the rate limit.
REFUSED_STATUS = 422


@sign_in.get("/sign-in")
@public("this is where people without a sign-in come from")
def page() -> ResponseReturnValue:
    """The form; who is signed in already goes on to their page."""
    wanted = request.args.get("next", "")
    if current_person() is not None:
        return redirect(sign_in_address.after_sign_in(wanted))
    return render_template("sign_in.html", form=SignInForm(next=wanted))


@sign_in.post("/sign-in")
@public("this is where people without a sign-in come from")
def enter() -> ResponseReturnValue:
    """Check the password and begin a new session."""
    form = SignInForm()
    checked: store.PasswordCheck = store.Refused(reason=store.RefusalReason.WRONG)
    if form.validate():
        checked = store.check_password(transaction.session(), email=form.email.data, password=form.password.data)
    if isinstance(checked, store.Refused):
        sentence = gettext("Address or password are not right.")
        return render_template("sign_in.html", form=form, problem=sentence), REFUSED_STATUS
    people.enter(checked.person)
    return redirect(sign_in_address.after_sign_in(form.next.data), code=303)


@sign_in.post("/sign-out")
@guarded_by(*store.Role)
def leave() -> ResponseReturnValue:
    """End the sign-in; an agent goes offline, for a desk that is gone cannot be rung."""
    person = the_person()
    if person.agent_id is not None:
        # In a call this is refused and must not keep anybody from leaving the page: the call goes on by telephone.
        wiring().doors.desk.set_state(
            transaction.session(), agent_id=person.agent_id, event=AgentEvent.SIGN_OFF, now=transaction.now()
        )
    people.leave()
    return redirect(url_for("sign_in.page"), code=303)


@sign_in.get("/account")
@guarded_by(*store.Role)
def account() -> ResponseReturnValue:
    """The person's own account."""
    return _account_page(PasswordForm(formdata=None))


@sign_in.post("/account/password")
@guarded_by(*store.Role)
def change_password() -> ResponseReturnValue:
    """Change the own password; every other browser of the person is signed out."""
    form = PasswordForm()
    if not form.validate():
        return errors.refused("form_incomplete")
    changed = store.change_password(
        transaction.session(), account_id=the_person().account_id, current=form.current.data,
        wanted=form.wanted.data, now=transaction.now(), kept_token=current_token(),
    )  # fmt: skip
    if isinstance(changed, store.Refused):
        said = errors.REFUSALS[changed.reason.value]
        return _account_page(PasswordForm(formdata=None), problem=str(said.sentence)), REFUSED_STATUS
    noted("account.password_changed", f"account {the_person().account_id}")
    flash(gettext("The password is changed. Every other browser of yours has been signed out."))
    return redirect(url_for("sign_in.account"), code=303)


@sign_in.post("/account/language")
@guarded_by(*store.Role)
def change_language() -> ResponseReturnValue:
    """Choose the language of the desk."""
    form = LanguageForm()
    if not form.validate():
        return errors.refused("form_incomplete")
    person = the_person()
    store.change_language(transaction.session(), account_id=person.account_id, language=form.language.data)
    noted("account.language_changed", f"account {person.account_id}", before=person.language, after=form.language.data)
    return redirect(sign_in_address.after_sign_in(request.form.get("next")), code=303)


def _account_page(form: PasswordForm, *, problem: str = "") -> str:
    person = the_person()
    return render_template(
        "account.html", person=person, form=form, problem=problem, shortest=store.SHORTEST_PASSWORD,
        language_form=LanguageForm(formdata=None, language=person.language),
    )  # fmt: skip
