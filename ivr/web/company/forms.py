"""The forms of the company's pages, and how what they hold becomes the plain values that `ivr.company.store` takes."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DecimalField,
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from ivr.accounts.keeping import LONGEST_NAME
from ivr.accounts.store import LONGEST_PASSWORD, Role
from ivr.company.values import LONGEST_LABEL, CompanySettings
from ivr.web.company import words
from ivr.web.languages import LANGUAGES
from ivr.web.words import ROLES

WEEKDAYS = (
    _l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"),
)  # fmt: skip
# Empty lines for numbers that are still to come.
MORE_NUMBERS = 2
MOST_NUMBERS = 20
_LANGUAGE_CHOICES = [SelectChoice(code, name) for code, name in LANGUAGES.items()]
_ROLE_CHOICES = [SelectChoice(role.value, ROLES[role.value]) for role in Role]
_DAYS = re.compile(r"[\s,;]+")


class CompanyForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What every form of settings has: the version that was seen."""

    version = IntegerField(validators=[InputRequired(), NumberRange(min=0)])

    def blame(self, name: str, code: str) -> None:
        """Tell what is wrong with a value beside its field."""
        field = getattr(self, name, None)
        told = words.said("value_problem", code)
        if field is None:
            self.form_errors.append(told)
        else:
            field.errors = [*field.errors, told]


class HoursForm(CompanyForm):
    """When the line is open."""

    opens_at = TimeField(_l("Opens at"), validators=[InputRequired()])
    closes_at = TimeField(_l("Closes at"), validators=[InputRequired()])
    open_days = SelectMultipleField(
        _l("Open on"), choices=[SelectChoice(str(day), name) for day, name in enumerate(WEEKDAYS, start=1)],
        option_widget=CheckboxInput(), widget=ListWidget(),
    )  # fmt: skip
    country = StringField(_l("Country of the public holidays"), validators=[DataRequired(), Length(max=2)])
    subdivision = StringField(_l("Region with holidays of its own"), validators=[Optional(), Length(max=10)])
    closed_on = TextAreaField(_l("Closed also on"), validators=[Optional(), Length(max=8000)])
    open_on = TextAreaField(_l("Open nevertheless on"), validators=[Optional(), Length(max=8000)])

    def wanted(self) -> dict[str, Any]:
        """The plain values; a text that is none stays as it is, and is refused by name."""
        return {
            "opens_at": _clock(self.opens_at.data),
            "closes_at": _clock(self.closes_at.data),
            "open_days": [int(day) for day in self.open_days.data or []],
            "country": (self.country.data or "").strip().upper(),
            "subdivision": (self.subdivision.data or "").strip().upper(),
            "closed_on": _days(self.closed_on.data),
            "open_on": _days(self.open_on.data),
            "hours_by_day": self._by_day(),
        }

    def _by_day(self) -> dict[str, Any]:
        pairs = {str(day): (self[f"from_{day}"].data, self[f"to_{day}"].data) for day in range(1, 8)}
        return {
            day: [_clock(opens), _clock(closes)]
            for day, (opens, closes) in pairs.items()
            if opens is not None or closes is not None
        }


for _day in range(1, 8):
    setattr(HoursForm, f"from_{_day}", TimeField(_l("From"), validators=[Optional()]))
    setattr(HoursForm, f"to_{_day}", TimeField(_l("To"), validators=[Optional()]))


def hours_fields(own: CompanySettings) -> dict[str, Any]:
    """What the form begins with."""
    hours = own.hours
    by_day = {line.day: line for line in hours.by_day}
    return {
        "version": own.version,
        "opens_at": hours.opens_at,
        "closes_at": hours.closes_at,
        "open_days": [str(day) for day in hours.open_days],
        "country": hours.country,
        "subdivision": hours.subdivision,
        "closed_on": "\n".join(day.isoformat() for day in hours.closed_on),
        "open_on": "\n".join(day.isoformat() for day in hours.open_on),
        **{f"from_{day}": line.opens_at for day, line in by_day.items()},
        **{f"to_{day}": line.closes_at for day, line in by_day.items()},
    }


class NumbersForm(CompanyForm):
    """The company's numbers, and whom the line calls when it fails itself."""

    emergency_number = StringField(
        _l("Number that is called when our own parts fail"), validators=[Optional(), Length(max=40)]
    )

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The fields of each number, as many as are drawn."""
        return [{name: self[f"{name}_{at}"] for name in ("number", "label", "language")} for at in range(MOST_NUMBERS)]

    def wanted(self) -> dict[str, Any]:
        """The plain values; lines without a number are left out."""
        told = [{name: (field.data or "").strip() for name, field in line.items()} for line in self.lines]
        return {
            "numbers": [line for line in told if any(line.values())],
            "emergency_number": (self.emergency_number.data or "").strip(),
        }


for _at in range(MOST_NUMBERS):
    setattr(NumbersForm, f"number_{_at}", StringField(_l("Number"), validators=[Optional(), Length(max=40)]))
    setattr(
        NumbersForm,
        f"label_{_at}",
        StringField(_l("What it is for"), validators=[Optional(), Length(max=LONGEST_LABEL)]),
    )
    setattr(
        NumbersForm,
        f"language_{_at}",
        SelectField(
            _l("Begins in"),
            choices=[SelectChoice("", _l("the caller's language")), *_LANGUAGE_CHOICES],
            validators=[Optional()],
        ),
    )


def numbers_fields(own: CompanySettings) -> dict[str, Any]:
    """What the form begins with."""
    fields: dict[str, Any] = {"version": own.version, "emergency_number": own.emergency_number}
    for at, one in enumerate(own.numbers[:MOST_NUMBERS]):
        fields |= {f"{name}_{at}": value for name, value in one.as_json().items()}
    return fields


class RetentionForm(CompanyForm):
    """How long what is kept."""

    words_days = IntegerField(_l("Words of calls, days"), validators=[InputRequired()])
    audio_days = IntegerField(_l("Sound of callers who consented, days"), validators=[InputRequired()])
    voice_days = IntegerField(_l("What a call says about its caller's voice, days"), validators=[InputRequired()])
    voiceprint_days = IntegerField(_l("Voiceprints that no call has used, days"), validators=[InputRequired()])
    confirmed = HiddenField()

    def wanted(self) -> dict[str, Any]:
        """The plain values."""
        return {name: self[name].data for name in ("words_days", "audio_days", "voice_days", "voiceprint_days")}


class RulesForm(CompanyForm):
    """The rest of what counts at once."""

    default_language = SelectField(_l("Language of the line"), choices=_LANGUAGE_CHOICES)
    second_person = BooleanField(_l("A version is published only when somebody else has approved it"))
    accuracy_loss = DecimalField(
        _l("A version may understand worse by, percent"),
        places=1,
        validators=[InputRequired(), NumberRange(min=0, max=10)],
    )

    def wanted(self) -> dict[str, Any]:
        """The plain values."""
        return {
            "default_language": self.default_language.data,
            "second_person": bool(self.second_person.data),
            "accuracy_loss": round(float(self.accuracy_loss.data) / 100, 4),
        }


class InviteForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """Somebody new."""

    email = EmailField(_l("Email address"), validators=[DataRequired(), Length(max=254)])
    display_name = StringField(_l("Name"), validators=[DataRequired(), Length(max=LONGEST_NAME)])
    role = SelectField(_l("Role"), choices=_ROLE_CHOICES, default=Role.AGENT.value)
    language = SelectField(_l("Language"), choices=_LANGUAGE_CHOICES)
    agent_id = SelectField(_l("Takes calls as"), validators=[Optional()])
    password = PasswordField(
        _l("First password, or nothing for a link"), validators=[Optional(), Length(max=LONGEST_PASSWORD)]
    )


class MemberForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What somebody is."""

    display_name = StringField(_l("Name"), validators=[DataRequired(), Length(max=LONGEST_NAME)])
    role = SelectField(_l("Role"), choices=_ROLE_CHOICES)
    language = SelectField(_l("Language"), choices=_LANGUAGE_CHOICES)
    agent_id = SelectField(_l("Takes calls as"), validators=[Optional()])


class WelcomeForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """The password that somebody chooses who came by a link."""

    password = PasswordField(_l("Password"), validators=[InputRequired(), Length(max=LONGEST_PASSWORD)])


def _clock(value: Any) -> str:
    return "" if value is None else str(value.isoformat("minutes"))


def _days(text: str | None) -> list[str]:
    return [_day_of(one) for one in _DAYS.split((text or "").strip()) if one]


def _day_of(text: str) -> str:
    for form in ("%d.%m.%Y", "%d/%m/%Y"):
        try:
            found: date = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
        return found.isoformat()
    return text


def problems_of(form: CompanyForm, problems: Mapping[str, str]) -> None:
    """Tell the faults that the store has found, each at its field."""
    for name, code in problems.items():
        if name == "numbers":
            form.form_errors.append(f"{gettext('Numbers')}: {words.said('value_problem', code)}")
        elif name == "hours_by_day":
            form.form_errors.append(f"{gettext('Hours of single days')}: {words.said('value_problem', code)}")
        else:
            form.blame(name, code)
