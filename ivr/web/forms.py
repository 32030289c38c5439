"""The forms that people fill in, and what their fields accept."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, EmailField, HiddenField, IntegerField, PasswordField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional

from biometrics.attacks import DEFAULT_RULES
from biometrics.watchlist import LONGEST_LABEL
from ivr.accounts.store import LONGEST_PASSWORD
from ivr.web.languages import LANGUAGES

LONGEST_NOTE = 4000


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """Address and password."""

    email = EmailField(_l("Email address"), validators=[DataRequired(), Length(max=254)])
    password = PasswordField(_l("Password"), validators=[InputRequired(), Length(max=LONGEST_PASSWORD)])
    next = HiddenField()


class PasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """A new password."""

    current = PasswordField(_l("Current password"), validators=[InputRequired(), Length(max=LONGEST_PASSWORD)])
    wanted = PasswordField(_l("New password"), validators=[InputRequired()])


class LanguageForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """The language of the desk."""

    language = StringField(_l("Language"), validators=[AnyOf(tuple(LANGUAGES))])


class WatchForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """Which voice is watched, and how long."""

    label = StringField(_l("Why, for those who read it later"), validators=[DataRequired(), Length(max=LONGEST_LABEL)])
    days = IntegerField(_l("Days"), validators=[InputRequired(), NumberRange(min=1, max=DEFAULT_RULES.watch_days)])


class WrapUpForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What the call led to."""

    outcome = StringField(_l("Outcome"), validators=[DataRequired(), Length(max=40)])
    note = TextAreaField(_l("Note"), validators=[Optional(), Length(max=LONGEST_NOTE)])
    next_step = TextAreaField(_l("Next step"), validators=[Optional(), Length(max=LONGEST_NOTE)])
    due_at = DateTimeLocalField(_l("Due"), validators=[Optional()])

    def due_at_utc(self, zone: ZoneInfo) -> datetime | None:
        """The due time, which the agent gave in the company's zone; none without a next step."""
        given: datetime | None = self.due_at.data
        if not (self.next_step.data or "").strip() or given is None:
            return None
        return given.replace(tzinfo=zone).astimezone(UTC)
