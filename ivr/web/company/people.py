"""The page on people who sign in: added with a link or a first password, changed, closed and opened again."""

from typing import Any, assert_never

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms.fields import SelectChoice

from ivr.accounts import keeping, store
from ivr.accounts.keeping import Invited, Member
from ivr.accounts.store import Role
from ivr.web import errors, people, transaction
from ivr.web.audited import noted
from ivr.web.company.forms import InviteForm, MemberForm, WelcomeForm
from ivr.web.guards import guarded_by, public, the_person
from ivr.web.languages import language
from ivr.web.wiring import wiring
from routing import reports
from routing.agents import AgentEvent

company_people = Blueprint("company_people", __name__, url_prefix="/admin/company/people")
welcome = Blueprint("welcome", __name__, url_prefix="/welcome")

_UNPROCESSABLE = 422


def told(member: Member) -> dict[str, Any]:
    """An account for the audit trail."""
    person = member.person
    return {
        "email": person.email, "name": person.display_name, "role": person.role.value, "language": person.language,
        "agent": person.agent_id, "active": member.is_active,
    }  # fmt: skip


@company_people.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """Everybody, and a form for somebody new."""
    return _draw(InviteForm(formdata=None, language=language()))


@company_people.post("")
@guarded_by(Role.ADMIN)
def add() -> ResponseReturnValue:
    """Add somebody: with a first password, or with a link that is shown once."""
    form = InviteForm()
    form.agent_id.choices = _agents()
    if not form.validate():
        return _draw(form), _UNPROCESSABLE
    common: dict[str, Any] = {
        "email": form.email.data, "display_name": form.display_name.data, "role": Role(form.role.data),
        "language": form.language.data, "agent_id": form.agent_id.data or None, "now": transaction.now(),
    }  # fmt: skip
    session = transaction.session()
    password = form.password.data
    made: store.Addition | Invited = (
        store.add(session, password=password, **common) if password else keeping.invite(session, **common)
    )
    if isinstance(made, store.Refused):
        name = {"email_taken": "email", "email_invalid": "email", "agent_taken": "agent_id"}.get(
            made.reason.value, "password"
        )
        form[name].errors = [*form[name].errors, str(errors.REFUSALS[made.reason.value].sentence)]
        return _draw(form), _UNPROCESSABLE
    person = made.person
    added = keeping.member(session, person.account_id, transaction.now())
    noted("account.added", f"account:{person.account_id}", after=None if added is None else told(added))
    if isinstance(made, Invited):
        return _show_link(made)
    flash(gettext("%(name)s can sign in now.", name=person.display_name))
    return redirect(url_for("company_people.page"), code=303)


@company_people.get("/<int:account_id>")
@guarded_by(Role.ADMIN)
def one(account_id: int) -> ResponseReturnValue:
    """One account."""
    member = keeping.member(transaction.session(), account_id, transaction.now())
    if member is None:
        return errors.refused("account_unknown")
    person = member.person
    fields = {
        "display_name": person.display_name, "role": person.role.value, "language": person.language,
        "agent_id": person.agent_id or "",
    }  # fmt: skip
    return _draw_one(MemberForm(formdata=None, data=fields), member)


@company_people.post("/<int:account_id>")
@guarded_by(Role.ADMIN)
def change(account_id: int) -> ResponseReturnValue:
    """Change name, role, language and agent."""
    session, now = transaction.session(), transaction.now()
    member = keeping.member(session, account_id, now)
    if member is None:
        return errors.refused("account_unknown")
    form = MemberForm()
    form.agent_id.choices = _agents(member)
    if not form.validate():
        return _draw_one(form, member), _UNPROCESSABLE
    return _changed(
        keeping.change(
            session, account_id, display_name=form.display_name.data, role=Role(form.role.data),
            language=form.language.data, agent_id=form.agent_id.data or None, by=the_person().account_id, now=now,
        )
    )  # fmt: skip


@company_people.post("/<int:account_id>/close")
@guarded_by(Role.ADMIN)
def close(account_id: int) -> ResponseReturnValue:
    """Let somebody sign in no more; whatever they have open ends."""
    return _changed(activity(account_id, active=False))


@company_people.post("/<int:account_id>/open")
@guarded_by(Role.ADMIN)
def open_again(account_id: int) -> ResponseReturnValue:
    """Let somebody sign in again."""
    return _changed(activity(account_id, active=True))


@company_people.post("/<int:account_id>/link")
@guarded_by(Role.ADMIN)
def new_link(account_id: int) -> ResponseReturnValue:
    """Take somebody's password away and show a link with which they choose another."""
    made = keeping.new_link(transaction.session(), account_id, transaction.now())
    if isinstance(made, keeping.Refused):
        return errors.refused(made.reason.value)
    noted("account.password_reset", f"account:{account_id}")
    return _show_link(made)


@welcome.get("/<token>")
@public("whoever has the link has no password yet; it is random, holds once and for three days")
def choose(token: str) -> ResponseReturnValue:
    """Choose a password."""
    person = keeping.by_link(transaction.session(), token, transaction.now())
    if person is None:
        return errors.refused("link_over")
    return render_template("company/welcome.html", form=WelcomeForm(formdata=None), person=person, token=token)


@welcome.post("/<token>")
@public("whoever has the link has no password yet; it is random, holds once and for three days")
def chosen(token: str) -> ResponseReturnValue:
    """Keep the password and sign in."""
    session, form = transaction.session(), WelcomeForm()
    if not form.validate():
        return errors.refused("form_incomplete")
    used = keeping.use_link(session, token, password=form.password.data, now=transaction.now())
    match used:
        case store.Person():
            people.enter(used)
            return redirect(url_for("home.start"), code=303)
        case keeping.Refused(reason=reason):
            return errors.refused(reason.value)
        case store.Refused(reason=why):
            person = keeping.by_link(session, token, transaction.now())
            form.password.errors = [*form.password.errors, str(errors.REFUSALS[why.value].sentence)]
            return render_template("company/welcome.html", form=form, person=person, token=token), _UNPROCESSABLE
        case _:
            assert_never(used)


def activity(account_id: int, *, active: bool) -> keeping.Change:
    """Close or open an account; an agent who is closed goes offline, for a desk that is gone cannot be rung."""
    session, now = transaction.session(), transaction.now()
    done = keeping.set_active(session, account_id, active=active, by=the_person().account_id, now=now)
    if isinstance(done, keeping.Done) and not active and done.after.person.agent_id is not None:
        # In a talk this is refused: the call goes on by telephone.
        wiring().doors.desk.set_state(session, agent_id=done.after.person.agent_id, event=AgentEvent.SIGN_OFF, now=now)
    return note_change(done)


def note_change(done: keeping.Change) -> keeping.Change:
    """Note what was changed, by its most telling name."""
    if isinstance(done, keeping.Done) and told(done.before) != told(done.after):
        before, after = told(done.before), told(done.after)
        act = "account.changed"
        if before["active"] != after["active"]:
            act = "account.opened" if after["active"] else "account.closed"
        elif before["role"] != after["role"]:
            act = "account.role_changed"
        noted(act, f"account:{done.after.person.account_id}", before=before, after=after)
    return done


def _changed(done: keeping.Change) -> ResponseReturnValue:
    if isinstance(done, keeping.Refused):
        return errors.refused(done.reason.value)
    if request.endpoint == "company_people.change":
        note_change(done)
    flash(gettext("Saved: %(name)s.", name=done.after.person.display_name))
    return redirect(url_for("company_people.page"), code=303)


def link_of(made: Invited) -> str:
    """The address that somebody signs in with once."""
    return wiring().doors.company.addresses.public_url + url_for("welcome.choose", token=made.token)


def _show_link(made: Invited) -> ResponseReturnValue:
    return render_template("company/link.html", made=made, address=link_of(made))


def _draw(form: InviteForm) -> str:
    form.agent_id.choices = _agents()
    members = keeping.everybody(transaction.session(), transaction.now())
    return render_template(
        "company/people.html", form=form, members=members, me=the_person().account_id, agents=_names()
    )


def _draw_one(form: MemberForm, member: Member) -> str:
    form.agent_id.choices = _agents(member)
    return render_template("company/person.html", form=form, member=member, me=the_person().account_id)


def _names() -> dict[str, str]:
    return {agent.agent_id: agent.name for agent in reports.agents(transaction.session())}


def _agents(member: Member | None = None) -> list[SelectChoice]:
    """Nobody, and the agents that no other account is."""
    session = transaction.session()
    mine = None if member is None else member.person.agent_id
    taken = {one.person.agent_id for one in keeping.everybody(session, transaction.now())} - {mine}
    free = [SelectChoice(agent_id, name) for agent_id, name in _names().items() if agent_id not in taken]
    gone = [SelectChoice(mine, mine)] if mine is not None and mine not in _names() else []
    return [SelectChoice("", gettext("takes no calls")), *free, *gone]
