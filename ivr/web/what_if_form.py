"""The form of what-if, the change that it makes, and the sentences for what cannot be run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from ivr.web.routing_admin_words import ORDERS
from routing import what_if_asked
from routing.agents import Presence
from routing.queues import Queue
from routing.what_if import MOST_REPLICATIONS, USUAL_REPLICATIONS
from routing.what_if_day import MOST_ADDED, AddedAgents, Change, ChangeError, PastDay

_LONGEST_TEXT: Final = 400
_HELP_SKILLS: Final = _l("As orders=4 billing=2; 0 takes a skill away.")
_HELP_RINGS: Final = _l(
    "Seconds of waiting, and what is no longer asked from then on: 0; 30: level; 120: level, skill."
)

REASONS: Final[Mapping[str, Any]] = {
    "what_if_day_empty": _l("There are no calls on that day."),
    "what_if_too_many_calls": _l("The day has too many calls to be run here."),
    "what_if_agent_unknown": _l("This agent was not there on that day: %(value)s."),
    "what_if_level_wrong": _l("A level is 1 to 5, or 0 to take a skill away: %(value)s."),
    "what_if_too_many_agents": _l("So many agents cannot be added: at most %(value)s."),
    "what_if_no_skills": _l("Name at least one skill, such as orders=3."),
    "what_if_queue_unknown": _l("There is no such queue: %(value)s."),
    "what_if_skills_unread": _l("This is no skill with its level: %(value)s."),
    "what_if_rings_unread": _l("These are no rings, from 0 on and rising: %(value)s."),
    "what_if_order_unknown": _l("There is no such order of agents."),
    "what_if_hours_unread": _l("The hours end before they begin: %(value)s."),
    "what_if_busy": _l("Two runs are going on already. Try again when one is over."),
    "what_if_form": _l("Something is missing or wrong in the form."),
}


def sentence(error: ChangeError) -> str:
    """What cannot be run, for people."""
    said = REASONS.get(error.reason, REASONS["what_if_form"])
    return str(said) % {"value": error.value} if "%(value)s" in str(said) else str(said)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the form offers to choose from."""

    days: Sequence[date]
    agents: Sequence[Presence]
    queues: Mapping[str, Queue]


class WhatIfForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """A past day, and what is to be different."""

    day = SelectField(_l("Day"))
    agent = SelectField(_l("An agent's skills"), validators=[Optional()])
    agent_skills = StringField(
        _l("Skills with levels"), validators=[Length(max=_LONGEST_TEXT)], description=_HELP_SKILLS
    )
    removed = SelectField(_l("Leave out an agent"), validators=[Optional()])
    added = IntegerField(_l("More agents"), validators=[Optional(), NumberRange(min=0, max=MOST_ADDED)], default=0)
    added_skills = StringField(_l("Their skills"), validators=[Length(max=_LONGEST_TEXT)], description=_HELP_SKILLS)
    added_from = TimeField(_l("From what time"), validators=[Optional()], default=time(8))
    added_until = TimeField(_l("Until what time"), validators=[Optional()], default=time(17))
    queue = SelectField(_l("A queue"), validators=[Optional()])
    rings = StringField(_l("Rings"), validators=[Length(max=_LONGEST_TEXT)], description=_HELP_RINGS)
    order = SelectField(_l("Who first"), validators=[Optional()])
    replications = IntegerField(
        _l("Repetitions"),
        validators=[InputRequired(), NumberRange(min=2, max=MOST_REPLICATIONS)],
        default=USUAL_REPLICATIONS,
        description=_l("More of them narrow the uncertainty and take longer."),
    )

    def offer(self, choices: Choices, language: str) -> None:
        """Fill the lists."""
        nothing: list[tuple[str, Any]] = [("", _l("as it was"))]
        agents = [(one.agent_id, f"{one.name} ({_in_words(one.skills)})") for one in choices.agents]
        self.day.choices = [(day.isoformat(), day.isoformat()) for day in choices.days]
        self.agent.choices = nothing + agents
        self.removed.choices = [("", _l("nobody")), *((one.agent_id, one.name) for one in choices.agents)]
        self.queue.choices = nothing + [
            (queue_id, f"{queue.name(language)} ({what_if_asked.rings_in_words(queue.rings)})")
            for queue_id, queue in choices.queues.items()
        ]
        self.order.choices = nothing + [(value, label) for value, label in ORDERS.items()]

    def change(self, past: PastDay) -> Change:
        """The change that was asked for. Raises `ChangeError` for what makes no sense."""
        skills = {self.agent.data: what_if_asked.skills(self.agent_skills.data or "")} if self.agent.data else {}
        added: tuple[AddedAgents, ...] = ()
        if self.added.data:
            begins, ends = (
                "" if one.data is None else one.data.isoformat("minutes") for one in (self.added_from, self.added_until)
            )
            wanted = what_if_asked.skills(self.added_skills.data or "")
            shift = what_if_asked.shift(begins, ends)
            added = (AddedAgents(count=self.added.data, skills=wanted, shift=shift),)
        return Change(
            skills=skills,
            added=added,
            removed=(self.removed.data,) if self.removed.data else (),
            queues=self._queues(past),
        )

    def words(self) -> dict[str, str]:
        """What was asked, as the answer's page shows it: names of fields and what stood in them."""
        names = ("agent", "agent_skills", "removed", "queue", "rings", "order")
        said = {name: str(self[name].data) for name in names if self[name].data}
        if self.added.data:
            hours = "-".join(one.data.isoformat("minutes") for one in (self.added_from, self.added_until) if one.data)
            said["added"] = f"{self.added.data}: {self.added_skills.data} {hours}"
        return said

    def labels(self) -> Mapping[str, Any]:
        """The fields' own names."""
        return {field.name: field.label.text for field in self}

    def _queues(self, past: PastDay) -> tuple[Queue, ...]:
        if not self.queue.data:
            return ()
        queue = past.queues.get(self.queue.data)
        if queue is None:
            raise ChangeError("what_if_queue_unknown", self.queue.data)
        return (what_if_asked.queue(queue, rings_text=self.rings.data or "", order=self.order.data or ""),)


def _in_words(skills: Mapping[str, int]) -> str:
    return " ".join(f"{skill}={level}" for skill, level in sorted(skills.items()))
