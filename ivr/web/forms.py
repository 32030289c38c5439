"""The forms that people fill in, and what their fields accept."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    StringField,
    TextAreaField,
)
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from biometrics.attacks import DEFAULT_RULES
from biometrics.watchlist import LONGEST_LABEL
from ivr.accounts.store import LONGEST_PASSWORD
from ivr.web.languages import LANGUAGES

LONGEST_NOTE = 4000
# What somebody reads, or is told, before a call reaches them.
LONGEST_WORD_ON_THE_WAY = 500


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
    promised = BooleanField(_l("Promised to the customer"))

    def due_at_utc(self, zone: ZoneInfo) -> datetime | None:
        """The due time, which the agent gave in the company's zone; none without a next step."""
        given: datetime | None = self.due_at.data
        if not (self.next_step.data or "").strip() or given is None:
            return None
        return given.replace(tzinfo=zone).astimezone(UTC)


class PassForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """To whom a call is passed, or who is asked first, and what they should know."""

    to = StringField(_l("To"), validators=[DataRequired(), Length(max=80)])
    number = StringField(_l("Number"), validators=[Optional(), Length(max=40)])
    note_to_receiver = TextAreaField(
        _l("For the receiver"), validators=[Optional(), Length(max=LONGEST_WORD_ON_THE_WAY)]
    )


class CloseCaseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What was done, so that the case can be closed."""

    note = TextAreaField(_l("What was done"), validators=[DataRequired(), Length(max=LONGEST_NOTE)])


class MessageForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """Which message is sent, and how often it had been when the button was drawn."""

    code = StringField(validators=[DataRequired(), Length(max=40)])
    sent = IntegerField(validators=[InputRequired(), NumberRange(min=0, max=1000)])


class CallbackForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """When the line calls the customer back, on which number, for whom, and what about."""

    at = DateTimeLocalField(_l("Day and time"), validators=[InputRequired()])
    number = StringField(_l("Number"), validators=[DataRequired(), Length(max=40)])
    promised = IntegerField(
        validators=[InputRequired(), NumberRange(min=0, max=1000)]
    )  # callbacks when the form was drawn
    whose = StringField(_l("With whom"), validators=[AnyOf(("me", "anyone"))])
    note = TextAreaField(_l("What it is about"), validators=[Optional(), Length(max=LONGEST_NOTE)])

    def at_utc(self, zone: ZoneInfo) -> datetime:
        """The time, which the agent gave in the company's zone."""
        given: datetime = self.at.data
        return given.replace(tzinfo=zone).astimezone(UTC)


class SuperviseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """How a supervisor comes into a talk, and on which telephone where they have none of their own."""

    mode = StringField(_l("How"), validators=[AnyOf(("listen", "whisper", "join"))])
    number = StringField(_l("My telephone"), validators=[Optional(), Length(max=60)])


class MoveForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """Where a call goes: "first", "queue:ID" or "agent:ID"."""

    to = StringField(_l("To"), validators=[DataRequired(), Length(max=80), Regexp(r"first|(queue|agent):.+")])


class ForcedStateForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """The state that a supervisor puts an agent into: confirmed, and with a reason."""

    state = StringField(_l("State"), validators=[AnyOf(("available", "away", "offline"))])
    reason = StringField(_l("Reason"), validators=[Optional(), Length(max=200)])
    confirmed = BooleanField(_l("Yes, do it"), validators=[DataRequired()])
