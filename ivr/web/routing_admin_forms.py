"""The forms of the pages on routing: what their fields accept, and the queues and skills that they make."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from ivr.web.routing_admin_words import BOOSTS, DESTINATIONS, DROPS, ORDERS, PROBLEMS, WEEKDAYS
from routing.hours import Hours
from routing.queues import (
    HIGHEST_BOOST_SECONDS,
    HIGHEST_PRIORITY,
    LONGEST_SECONDS,
    TO_QUEUE,
    AgentOrder,
    Queue,
    QueueError,
)
from routing.skills import HIGHEST_LEVEL, LOWEST_LEVEL, Droppable
from routing.waiting import Ring

# As many rings as a queue may have; a page shows those there are, and room for one more.
MOST_RINGS = 8
LANGUAGE_CODES = ("it", "en", "de", "fr", "es", "pt", "ro", "sq", "ar", "zh", "uk")
_SKILL = Regexp(r"^[a-z][a-z0-9_]{0,39}$", message=_l("A skill is written in small letters, digits and _."))
_DAYS_OF_A_PAGE = 200


LEVELS = [str(level) for level in range(LOWEST_LEVEL, HIGHEST_LEVEL + 1)]


def _choices(values: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in values]


class Checkboxes(SelectMultipleField):  # type: ignore[misc]  # WTForms publishes no types
    """Several of a list, each with its box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class Part(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """A form inside another one, which has the token: it speaks the reader's language as well."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF publishes no types
        """Without a token of its own."""

        csrf = False


class RingForm(Part):
    """From when on, and what is no longer asked for; without a time the line is empty."""

    after_seconds = IntegerField(_l("After seconds"), validators=[Optional(), NumberRange(min=0, max=LONGEST_SECONDS)])
    drops = Checkboxes(
        _l("no longer asks for"), choices=[SelectChoice(one.value, DROPS[one.value]) for one in Droppable]
    )


class BoostForm(Part):
    """What a named boost is worth here; empty: what whoever grants it says."""

    seconds = IntegerField(validators=[Optional(), NumberRange(min=0, max=HIGHEST_BOOST_SECONDS)])


class QueueForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """A whole queue."""

    version = IntegerField(validators=[InputRequired(), NumberRange(min=0)])
    queue_id = StringField(_l("Code"), validators=[DataRequired(), Length(max=40)])
    name_it = StringField(_l("Name in Italian"), validators=[DataRequired(), Length(max=80)])
    name_en = StringField(_l("Name in English"), validators=[DataRequired(), Length(max=80)])
    team = Checkboxes(_l("Team: skills that it serves"))
    new_skill = StringField(_l("Another skill"), validators=[Optional(), _SKILL])
    order = SelectField(
        _l("Who is offered a call first"), choices=[SelectChoice(one.value, ORDERS[one.value]) for one in AgentOrder]
    )
    preferred_seconds = IntegerField(
        _l("Kept for the agent whom the customer knows, seconds"),
        validators=[InputRequired(), NumberRange(min=0, max=LONGEST_SECONDS)],
    )
    rings = FieldList(FormField(RingForm), min_entries=1, max_entries=MOST_RINGS)
    service_seconds = IntegerField(
        _l("Answered within seconds"), validators=[InputRequired(), NumberRange(min=1, max=LONGEST_SECONDS)]
    )
    service_percent = IntegerField(
        _l("Share of the calls, %"), validators=[InputRequired(), NumberRange(min=1, max=100)]
    )
    max_waiting = IntegerField(_l("Most calls that wait"), validators=[Optional(), NumberRange(min=0, max=100_000)])
    overflow_after_seconds = IntegerField(
        _l("Overflows after seconds"), validators=[Optional(), NumberRange(min=1, max=LONGEST_SECONDS)]
    )
    overflow_to = SelectField(_l("Overflows to"))
    closed_does = SelectField(_l("When closed"))
    priority = IntegerField(
        _l("Priority of the queue"),
        validators=[InputRequired(), NumberRange(min=-HIGHEST_PRIORITY, max=HIGHEST_PRIORITY)],
    )
    boosts = FieldList(FormField(BoostForm), min_entries=len(BOOSTS), max_entries=len(BOOSTS))
    own_hours = RadioField(
        _l("Hours"), choices=[SelectChoice("company", _l("The company's")), SelectChoice("own", _l("Its own"))]
    )
    opens_at = TimeField(_l("Opens at"), validators=[Optional()])
    closes_at = TimeField(_l("Closes at"), validators=[Optional()])
    open_days = Checkboxes(_l("Open on"), choices=_choices(WEEKDAYS.items()))
    subdivision = SelectField(_l("Local holidays of"))
    closed_on = TextAreaField(_l("Closed besides on"), validators=[Optional(), Length(max=4000)])
    open_on = TextAreaField(_l("Open although a holiday on"), validators=[Optional(), Length(max=4000)])

    def offer(self, *, skills: Iterable[str], queues: Mapping[str, Queue], company: Hours, language: str) -> None:
        """Fill in what may be chosen from."""
        own = self.queue_id.data
        self.team.choices = sorted(set(skills))
        others = [
            (TO_QUEUE + one.queue_id, f"→ {one.name(language)}") for one in queues.values() if one.queue_id != own
        ]
        instead = [item for item in DESTINATIONS.items() if item[0]]
        self.overflow_to.choices = _choices([*DESTINATIONS.items(), *others])
        self.closed_does.choices = _choices([*instead, *others])
        self.subdivision.choices = [
            SelectChoice("", _l("the whole country only")),
            *_subdivisions(company.country),
        ]

    def queue(self, company: Hours) -> Queue | None:
        """The queue that the fields make; None when they make none, and then the fields say why."""
        hours = self._hours(company) if self.own_hours.data == "own" else None
        if self.errors:
            return None
        team = [*(self.team.data or ()), *([self.new_skill.data] if self.new_skill.data else [])]
        try:
            return Queue(
                queue_id=self.queue_id.data.strip(),
                names={"it": self.name_it.data.strip(), "en": self.name_en.data.strip()},
                team=tuple(dict.fromkeys(team)),
                rings=self._rings(),
                order=AgentOrder(self.order.data),
                service_seconds=self.service_seconds.data,
                service_share=self.service_percent.data / 100,
                max_waiting=self.max_waiting.data,
                overflow_after_seconds=self.overflow_after_seconds.data,
                overflow_to=self.overflow_to.data,
                closed_does=self.closed_does.data,
                hours=hours,
                priority=self.priority.data,
                preferred_seconds=self.preferred_seconds.data,
                boosts={name: one.seconds.data for name, one in self.boost_lines() if one.seconds.data is not None},
            )
        except QueueError as error:
            for problem in error.problems:
                self.blame(problem.field, problem.code)
            return None

    def boost_lines(self) -> Iterable[tuple[str, Any]]:
        """Each boost that there is, with its line."""
        return zip(BOOSTS, (one.form for one in self.boosts), strict=True)

    def _rings(self) -> tuple[Ring, ...]:
        told = [one.form for one in self.rings if one.form.after_seconds.data is not None]
        return tuple(
            Ring(after_seconds=one.after_seconds.data, drops=frozenset(Droppable(name) for name in one.drops.data))
            for one in told
        )

    def _hours(self, company: Hours) -> Hours | None:
        closed_on, open_on = (self._days(field) for field in (self.closed_on, self.open_on))
        if self.opens_at.data is None or self.closes_at.data is None:
            self.blame("opens_at", "hours")
        if self.errors:
            return None
        try:
            return Hours(
                zone=company.zone,
                country=company.country,
                subdivision=self.subdivision.data,
                opens_at=self.opens_at.data,
                closes_at=self.closes_at.data,
                open_days=tuple(sorted(int(day) for day in self.open_days.data)),
                closed_on=closed_on,
                open_on=open_on,
            )
        except ValueError:
            self.blame("opens_at", "hours")
            return None

    def _days(self, field: Any) -> tuple[date, ...]:
        days = []
        for line in (field.data or "").replace(",", "\n").splitlines()[:_DAYS_OF_A_PAGE]:
            if line.strip():
                day = _day(line.strip())
                if day is None:
                    self.blame(field.name, "days")
                    return ()
                days.append(day)
        return tuple(sorted(set(days)))

    def blame(self, name: str, code: str) -> None:
        """Say what is wrong beside the field of this name."""
        field = self._fields.get(
            {"names": "name_it", "service_share": "service_percent"}.get(name, name), self.queue_id
        )
        # A list of lines keeps the lines' errors, and WTForms shows them as lists: ours stands in front of them.
        field.errors = [*field.errors, PROBLEMS[code]]


class SkillForm(Part):
    """A skill of an agent; without a name the line is empty."""

    skill = StringField(_l("Skill"), validators=[Optional(), _SKILL])
    level = SelectField(_l("Level"), choices=LEVELS, default="1")
    basis = StringField(_l("What the level rests on"), validators=[Optional(), Length(max=200)])


class AgentSkillsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What an agent can do."""

    seen = HiddenField()
    languages = Checkboxes(_l("Languages"))
    skills = FieldList(FormField(SkillForm), min_entries=1, max_entries=40)

    def told(self) -> tuple[dict[str, int], dict[str, str]] | None:
        """Skills with levels, and what they rest on; None for a skill that is there twice, which its line says."""
        skills: dict[str, int] = {}
        basis: dict[str, str] = {}
        for one in self.skills:
            name = one.form.skill.data
            if not name:
                continue
            if name in skills:
                one.form.skill.errors = [PROBLEMS["skill_twice"]]
                return None
            skills[name] = int(one.form.level.data)
            if one.form.basis.data:
                basis[name] = one.form.basis.data.strip()
        return skills, basis


class PreviewForm(Part):
    """A call that might come: who could take it."""

    skill = SelectField(_l("Skill"))
    level = SelectField(_l("Level"), choices=LEVELS, default="1")
    language = SelectField(_l("Language"))
    agent = SelectField(_l("The customer's agent"))
    kept_seconds = IntegerField(
        _l("Kept for them, seconds"), validators=[Optional(), NumberRange(min=0, max=LONGEST_SECONDS)], default=0
    )
    all_free = BooleanField(_l("As if everybody were signed in and free"))

    def offer(self, *, skills: Sequence[str], languages: Sequence[str], agents: Sequence[tuple[str, str]]) -> None:
        """Fill in what may be chosen from."""
        self.skill.choices = list(skills)
        self.language.choices = [SelectChoice("", _l("any")), *map(SelectChoice, languages)]
        self.agent.choices = [SelectChoice("", _l("none")), *_choices(agents)]


def fields_of(queue: Queue, version: int) -> dict[str, Any]:
    """A queue as the fields of `QueueForm`."""
    hours = queue.hours
    rings: list[dict[str, Any]] = [
        {"after_seconds": one.after_seconds, "drops": sorted(one.drops)} for one in queue.rings
    ]
    return {
        "version": version,
        "queue_id": queue.queue_id,
        "name_it": queue.names.get("it", ""),
        "name_en": queue.names.get("en", ""),
        "team": list(queue.team),
        "order": queue.order.value,
        "rings": [*rings, {"after_seconds": None, "drops": []}][:MOST_RINGS],
        "service_seconds": queue.service_seconds,
        "service_percent": round(queue.service_share * 100),
        "max_waiting": queue.max_waiting,
        "overflow_after_seconds": queue.overflow_after_seconds,
        "overflow_to": queue.overflow_to,
        "closed_does": queue.closed_does,
        "priority": queue.priority,
        "preferred_seconds": queue.preferred_seconds,
        "boosts": [{"seconds": queue.boosts.get(name)} for name in BOOSTS],
        "own_hours": "company" if hours is None else "own",
        "opens_at": None if hours is None else hours.opens_at,
        "closes_at": None if hours is None else hours.closes_at,
        "open_days": [str(day) for day in (hours.open_days if hours is not None else range(1, 6))],
        "subdivision": "" if hours is None else hours.subdivision,
        "closed_on": "" if hours is None else "\n".join(day.isoformat() for day in hours.closed_on),
        "open_on": "" if hours is None else "\n".join(day.isoformat() for day in hours.open_on),
    }


def _day(text: str) -> date | None:
    for pattern in ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=ZoneInfo("UTC")).date()
        except ValueError:
            continue
    return None


def _subdivisions(country: str) -> list[str]:
    codes = holidays.list_supported_countries().get(country, [])
    return [code for code in codes if re.fullmatch(r"[A-Z0-9-]{1,6}", code)]
