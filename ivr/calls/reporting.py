"""Reports: what routing counts, with what only the line knows beside it: intents, contacts that came back, effort scores.

Reads only; the session and the time come in.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import FromClause, Select, and_, case, func, null, select
from sqlalchemy.orm import Session

from ivr.calls.reporting_asked import Asked
from ivr.calls.tables import Call, Effort
from ivr.customers import contacts
from routing import figures_queries, reports, store
from routing.figures_counted import REPEAT_WITHIN, UNSOLVED, GroupBy, Question
from routing.figures_defined import Terms
from routing.figures_periods import today
from routing.figures_queries import filters, label_column, label_of, last_talks
from routing.figures_records import NONE_YET, Counts, summed
from routing.figures_sql import microseconds_between

_REPEAT_US = REPEAT_WITHIN // timedelta(microseconds=1)
_HOURS = 24
# Up to so many days the picture shows the hours of the day; judgement.
_DAYS_OF_HOURS = 2


@dataclass(frozen=True, kw_only=True)
class Line:
    """One group of a report."""

    label: str  # an id, an hour or a day; "" where nobody or nothing is known
    name: str  # what people call it; "" where the label has to be worded
    counts: Counts
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report's lines, in order, and all of them together."""

    asked: Asked
    by: GroupBy
    lines: tuple[Line, ...]
    whole: Line


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a report can be narrowed to: ids and names."""

    queues: Mapping[str, str]
    skills: Mapping[str, str]
    agents: Mapping[str, str]
    intents: Mapping[str, str]


def counted(session: Session, question: Question) -> Mapping[str, Counts]:
    """Count everything that there is to a question, by group."""
    found: dict[str, list[Counts]] = defaultdict(list)
    for label, counts in figures_queries.counted(session, question, _intents(question)).items():
        found[label].append(counts)
    for label, counts in _of_contacts(session, question):
        found[label].append(counts)
    for label, counts in _of_efforts(session, question):
        found[label].append(counts)
    return {label: summed(those) for label, those in found.items()}


def report(session: Session, asked: Asked, *, language: str, by: GroupBy | None = None) -> Report:
    """Make the report; `by` groups it by something else than was asked for."""
    question = asked.question if by is None else replace(asked.question, by=by)
    groups = counted(session, question)
    goals = {name: Terms(service_seconds=queue.service_seconds, service_share=queue.service_share)
             for name, queue in store.queues(session).items()}  # fmt: skip
    names = _names(session, question.by, language)
    own = goals.get(question.queue, Terms())
    whole = summed(groups.values())
    if (
        question.by in {GroupBy.QUEUE, GroupBy.SKILL, GroupBy.INTENT}
        and not replace(question, by=GroupBy.ALL).of_calls_only
    ):
        # The agents' time is nobody's part, but it is known of all together.
        every = replace(question, by=GroupBy.ALL)
        whole = summed((whole, *figures_queries.states(session, every).values()))
    lines = tuple(
        Line(
            label=label,
            name=names.get(label, "" if not label or question.by is GroupBy.INTENT else label),
            counts=groups.get(label, NONE_YET),
            terms=asked.terms(goals.get(label, own) if question.by is GroupBy.QUEUE else own),
        )
        for label in _in_order(question, groups)
    )
    return Report(
        asked=asked, by=question.by, lines=lines, whole=Line(label="", name="", counts=whole, terms=asked.terms(own))
    )


def over_time(session: Session, asked: Asked, *, language: str) -> Report:
    """The same calls by the hour of the day, or by day where there are several days."""
    few = (asked.last - asked.first).days < _DAYS_OF_HOURS
    return report(session, asked, language=language, by=GroupBy.HOUR if few else GroupBy.DAY)


def choices(session: Session, language: str) -> Choices:
    """What a report can be narrowed to."""
    agents = reports.agents(session)
    queues = {name: queue.name(language) for name, queue in sorted(store.queues(session).items())}
    skills = sorted({skill for agent in agents for skill in agent.skills})
    wanted = session.scalars(select(Call.reason).where(Call.reason != "").distinct().order_by(Call.reason))
    return Choices(
        queues=queues,
        skills={skill: skill for skill in skills},
        agents={agent.agent_id: agent.name for agent in agents},
        intents={intent: intent for intent in wanted},
    )


def _intents(question: Question) -> FromClause | None:
    if question.by is not GroupBy.INTENT and not question.intent:
        return None
    return select(Call.call_id, Call.reason.label("intent")).subquery()


def _of_contacts(session: Session, question: Question) -> Iterator[tuple[str, Counts]]:
    period, now = question.period, question.now
    matters = contacts.with_neighbours(period.begins_at - REPEAT_WITHIN, period.ends_at + REPEAT_WITHIN)
    last = last_talks(contacts.of_calls(period.begins_at, period.ends_at))
    its, talks = matters.c, last.c
    repeats = and_(its.before.is_not(None), microseconds_between(its.before, its.at) <= _REPEAT_US)
    first = and_(~repeats, its.at <= now - REPEAT_WITHIN)
    came_back = and_(its.after.is_not(None), microseconds_between(its.at, its.after) <= _REPEAT_US)
    solved = and_(first, ~came_back, its.outcome.not_in(UNSOLVED))
    label = label_column(question, dict(talks), its.reason, its.at).label("kept")
    sums = {"repeats": repeats, "first_contacts": first, "solved_first": solved}
    numbers = (func.sum(case((which, 1), else_=0)).label(name) for name, which in sums.items())
    query = (
        select(label, func.count().label("contacts"), *numbers)
        .select_from(matters.outerjoin(last, talks.call_id == its.call_id))
        .where(its.call_id.is_not(None), its.at >= period.begins_at, its.at < period.ends_at)
        .where(*filters(question, dict(talks), its.reason))
        .group_by(label)
    )
    yield from _counts(session, question, query)


def _of_efforts(session: Session, question: Question) -> Iterator[tuple[str, Counts]]:
    period = question.period
    within = (Call.started_at >= period.begins_at, Call.started_at < period.ends_at)
    talks = last_talks(select(Effort.call_id).join(Call, Call.call_id == Effort.call_id).where(*within))
    stay: dict[str, Any] = dict(talks.c)
    intent: Any = Call.reason if question.by is GroupBy.INTENT or question.intent else null()
    at: Any = Call.started_at
    label = label_column(question, stay, intent, at).label("kept")
    scored = (
        select(label, Effort.score)
        .join(Call, Call.call_id == Effort.call_id)
        .outerjoin(talks, talks.c.call_id == Effort.call_id)
        .where(*within, *filters(question, stay, intent))
        .subquery()
    )
    sums = (func.count().label("efforts"), func.sum(scored.c.score).label("effort_sum"))
    yield from _counts(session, question, select(scored.c.kept, *sums).group_by(scored.c.kept))


def _counts(session: Session, question: Question, query: Select[Any]) -> Iterator[tuple[str, Counts]]:
    for line in session.execute(query).mappings():
        added: dict[str, Any] = {name: int(number) for name, number in line.items() if name != "kept"}
        yield label_of(question, line["kept"]), Counts(**added)


def _names(session: Session, by: GroupBy, language: str) -> Mapping[str, str]:
    match by:
        case GroupBy.QUEUE:
            return {name: queue.name(language) for name, queue in store.queues(session).items()}
        case GroupBy.AGENT:
            return {agent.agent_id: agent.name for agent in reports.agents(session)}
        case _:
            return {}


def _in_order(question: Question, groups: Mapping[str, Counts]) -> tuple[str, ...]:
    """Days and hours as they come, none left out between the first and the last; else the most calls first."""
    match question.by:
        case GroupBy.HOUR:
            hours = sorted(int(label) for label in groups)
            return tuple(f"{hour:02d}" for hour in range(hours[0], hours[-1] + 1)) if hours else ()
        case GroupBy.DAY:
            return tuple(_days(question))
        case GroupBy.ALL:
            return ("",)
        case _:
            return tuple(sorted(groups, key=lambda label: (not label, -_weight(groups[label]), label)))


def _days(question: Question) -> Iterator[str]:
    day = today(question.period.begins_at, question.zone)
    last = min(
        today(question.period.ends_at - timedelta(microseconds=1), question.zone), today(question.now, question.zone)
    )
    while day <= last:
        yield day.isoformat()
        day += timedelta(days=1)


def _weight(counts: Counts) -> int:
    return max(counts.offered, counts.talks)
