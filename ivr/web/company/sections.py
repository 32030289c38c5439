"""The pages on what an admin sets of the company: hours, numbers, retention, rules; and what only the settings file says.

Everything here counts from the next call on, in every process, without a restart. Two people who change the same are told so.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ivr.accounts.store import Role
from ivr.calls.retention import keeping_of, would_forget
from ivr.company import store, values
from ivr.company.values import RETENTION, CompanySettings
from ivr.web import transaction
from ivr.web.audited import actor, noted
from ivr.web.company import forms
from ivr.web.company.forms import CompanyForm, HoursForm, NumbersForm, RetentionForm, RulesForm
from ivr.web.guards import guarded_by
from ivr.web.wiring import wiring

company = Blueprint("company", __name__, url_prefix="/admin/company")

_UNPROCESSABLE, _CONFLICT = 422, 409
CLOSED_DAYS_SHOWN = 12
# Settings of the file that an admin has taken over: what stands there is only where it begins.
LIVE_NAMES = frozenset({
    "opens_at", "closes_at", "open_days", "country", "line_number", "emergency_number", "default_language", *RETENTION,
})  # fmt: skip


def standing() -> CompanySettings:
    """The settings as this request's transaction sees them."""
    return store.current(transaction.session(), wiring().doors.company.own.defaults)


def save(wanted: Mapping[str, Any], *, version: int | None) -> store.Saving:
    """Keep values and note the change."""
    saved = store.save(
        transaction.session(), wanted, defaults=wiring().doors.company.own.defaults, version=version, by=actor().name,
        now=transaction.now(),
    )  # fmt: skip
    if isinstance(saved, store.Saved) and saved.after:
        noted("company.changed", "company", before=dict(saved.before), after=dict(saved.after))
    return saved


@company.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """What can be set, and how it stands."""
    own = standing()
    closed = own.hours.closed_days(_today(), most=1)
    return render_template(
        "company/overview.html", own=own, closed=closed[0] if closed else None,
        is_open=own.hours.is_open(transaction.now()), changed=store.last_changed(transaction.session()),
    )  # fmt: skip


@company.get("/hours")
@guarded_by(Role.ADMIN)
def hours() -> ResponseReturnValue:
    """When the line is open."""
    own = standing()
    return _draw_hours(HoursForm(formdata=None, data=forms.hours_fields(own)), own)


@company.post("/hours")
@guarded_by(Role.ADMIN)
def save_hours() -> ResponseReturnValue:
    """Keep the hours, or only show which days would be closed."""
    form = HoursForm()
    if form.validate() and request.form.get("act") == "preview":
        found = values.problems(wiring().doors.company.own.defaults, form.wanted())
        forms.problems_of(form, found)
        shown = standing() if found else values.applied(wiring().doors.company.own.defaults, form.wanted())
        return _draw_hours(form, shown, is_tried=True), _UNPROCESSABLE if found else 200
    return _kept(form, _draw_hours, back="company.hours")


@company.get("/numbers")
@guarded_by(Role.ADMIN)
def numbers() -> ResponseReturnValue:
    """The company's numbers."""
    own = standing()
    return _draw_numbers(NumbersForm(formdata=None, data=forms.numbers_fields(own)), own)


@company.post("/numbers")
@guarded_by(Role.ADMIN)
def save_numbers() -> ResponseReturnValue:
    """Keep the numbers."""
    return _kept(NumbersForm(), _draw_numbers, back="company.numbers")


@company.get("/retention")
@guarded_by(Role.ADMIN)
def retention() -> ResponseReturnValue:
    """How long what is kept."""
    own = standing()
    fields = {"version": own.version, **{name: getattr(own, name) for name in RETENTION}}
    return _draw_retention(RetentionForm(formdata=None, data=fields), own)


@company.post("/retention")
@guarded_by(Role.ADMIN)
def save_retention() -> ResponseReturnValue:
    """Keep the times; what shorter ones erase is shown first, and has to be confirmed."""
    form, own = RetentionForm(), standing()
    if form.validate():
        wanted = form.wanted()
        shorter = [name for name in RETENTION if wanted[name] < getattr(own, name)]
        problems = values.problems(wiring().doors.company.own.defaults, wanted)
        seal = " ".join(f"{name}={wanted[name]}" for name in RETENTION)
        if shorter and not problems and form.confirmed.data != seal:
            tried = replace(own, **{name: wanted[name] for name in RETENTION})
            form.confirmed.data, form.confirmed.raw_data = seal, [seal]
            erased = would_forget(transaction.session(), keeping_of(tried), transaction.now())
            return _draw_retention(form, own, erased=erased, asks=True)
    return _kept(form, _draw_retention, back="company.retention")


@company.get("/settings")
@guarded_by(Role.ADMIN)
def settings() -> ResponseReturnValue:
    """Rules that count at once, and everything that the settings file says."""
    own = standing()
    fields = {
        "version": own.version, "default_language": own.default_language, "second_person": own.second_person,
        "accuracy_loss": 100 * own.accuracy_loss,
    }  # fmt: skip
    return _draw_settings(RulesForm(formdata=None, data=fields), own)


@company.post("/settings")
@guarded_by(Role.ADMIN)
def save_settings() -> ResponseReturnValue:
    """Keep the rules."""
    return _kept(RulesForm(), _draw_settings, back="company.settings")


def _kept(form: Any, draw: Callable[[Any, CompanySettings], str], *, back: str) -> ResponseReturnValue:
    if not form.validate():
        return draw(form, standing()), _UNPROCESSABLE
    saved = save(form.wanted(), version=form.version.data)
    match saved:
        case store.Invalid(problems=problems):
            forms.problems_of(form, problems)
            return draw(form, standing()), _UNPROCESSABLE
        case store.Conflict(version=version):
            # What the person wrote stays in the form, and can be saved over the other's now.
            form.version.data, form.version.raw_data = version, [str(version)]
            form.form_errors.append(
                gettext(
                    "Somebody else has changed the company's settings meanwhile. Nothing of yours is lost: look at it, "
                    "then save again."
                )
            )
            return draw(form, standing()), _CONFLICT
        case _:
            flash(gettext("Saved. It counts from the next call on."))
            return redirect(url_for(back), code=303)


def _draw_hours(form: CompanyForm, own: CompanySettings, *, is_tried: bool = False) -> str:
    return render_template(
        "company/hours.html", form=form, own=own, weekdays=list(enumerate(forms.WEEKDAYS, start=1)), is_tried=is_tried,
        closed=own.hours.closed_days(_today(), most=CLOSED_DAYS_SHOWN), zone=own.hours.zone.key,
    )  # fmt: skip


def _draw_numbers(form: NumbersForm, own: CompanySettings) -> str:
    used = [at for at, line in enumerate(form.lines) if any(field.data for field in line.values())]
    shown = min(forms.MOST_NUMBERS, (max(used) + 1 if used else 0) + forms.MORE_NUMBERS)
    return render_template("company/numbers.html", form=form, own=own, lines=form.lines[:shown])


def _draw_retention(
    form: CompanyForm, own: CompanySettings, *, erased: Mapping[str, int] | None = None, asks: bool = False
) -> str:
    return render_template(
        "company/retention.html", form=form, own=own, erased=erased or {}, asks=asks, names=RETENTION,
        now={name: getattr(own, name) for name in RETENTION},
        file={name: getattr(wiring().doors.company.own.defaults, name) for name in RETENTION},
    )  # fmt: skip


def _draw_settings(form: CompanyForm, own: CompanySettings) -> str:
    return render_template("company/settings.html", form=form, own=own, fixed=wiring().fixed, live=LIVE_NAMES)


def _today() -> Any:
    return transaction.now().astimezone(wiring().zone).date()
