"""What a report is asked for, from words that a person typed; what makes no sense is refused with a reason. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import TypeAlias

from routing.figures_counted import GroupBy, Question
from routing.figures_defined import ShortAbandons, Terms
from routing.figures_periods import MOST_DAYS, days_of, today

TODAY, YESTERDAY, SEVEN_DAYS, THIRTY_DAYS, FROM_TO = "today", "yesterday", "7", "30", "days"
PERIODS = (TODAY, YESTERDAY, SEVEN_DAYS, THIRTY_DAYS, FROM_TO)
# Beyond ten minutes nobody speaks of a level of service; judgement.
LONGEST_THRESHOLD_SECONDS = 600
# No account of a call is older, and none is made of the next century.
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
_LONGEST_NAME = 64  # of a queue, a skill, an agent or an intent


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person chose, as it was typed; "" for nothing."""

    period: str = ""
    first: str = ""  # ISO days, of `FROM_TO`
    last: str = ""
    by: str = ""
    queue: str = ""
    skill: str = ""
    agent: str = ""
    intent: str = ""
    seconds: str = ""  # of the service level; "": each queue's own goal
    short: str = ""  # what becomes of short abandons


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A report that can be made."""

    question: Question
    first: date
    last: date
    # None: each queue's own goal where lines are queues, the usual 80/20 elsewhere.
    service_seconds: int | None
    short_abandons: ShortAbandons
    wishes: Wishes = field(default_factory=Wishes)

    def terms(self, goal: Terms = Terms()) -> Terms:  # noqa: B008 - frozen
        """What is agreed about service, where `goal` is the queue's own."""
        seconds = goal.service_seconds if self.service_seconds is None else self.service_seconds
        return Terms(service_seconds=seconds, service_share=goal.service_share, short_abandons=self.short_abandons)


@dataclass(frozen=True, kw_only=True)
class NotAsked:
    """It makes no sense."""

    reason: str  # a code of ivr.web.errors


Asking: TypeAlias = Asked | NotAsked


def understood(wishes: Wishes, *, now: datetime, zone: tzinfo) -> Asking:
    """The report that was asked for, on the company's clock."""
    days = _days(wishes, today(now, zone))
    if isinstance(days, NotAsked):
        return days
    reason = _problem(wishes)
    if reason:
        return NotAsked(reason=reason)
    first, last = days
    return Asked(
        question=Question(
            period=days_of(first, last, zone),
            zone=zone,
            now=now,
            by=GroupBy(wishes.by or GroupBy.QUEUE),
            queue=wishes.queue,
            skill=wishes.skill,
            agent_id=wishes.agent,
            intent=wishes.intent,
        ),
        first=first,
        last=last,
        service_seconds=int(wishes.seconds) if wishes.seconds else None,
        short_abandons=ShortAbandons(wishes.short or ShortAbandons.LEFT_OUT),
        wishes=wishes,
    )


def _problem(wishes: Wishes) -> str:
    """Why it cannot be asked for, "" where it can."""
    if wishes.by and wishes.by not in set(GroupBy):
        return "group_unknown"
    if wishes.short and wishes.short not in set(ShortAbandons):
        return "short_abandons_unknown"
    if wishes.seconds and not _is_threshold(wishes.seconds):
        return "threshold_unreadable"
    if any(len(name) > _LONGEST_NAME or not name.isprintable() for name in _names(wishes)):
        return "filter_unreadable"
    return ""


def _names(wishes: Wishes) -> tuple[str, ...]:
    return wishes.queue, wishes.skill, wishes.agent, wishes.intent


def _is_threshold(written: str) -> bool:
    is_number = written.isascii() and written.isdigit() and len(written) <= len(str(LONGEST_THRESHOLD_SECONDS))
    return is_number and 1 <= int(written) <= LONGEST_THRESHOLD_SECONDS


def _days(wishes: Wishes, now: date) -> tuple[date, date] | NotAsked:
    """Both days included."""
    yesterday = now - timedelta(days=1)
    named: Mapping[str, tuple[date, date]] = {
        TODAY: (now, now),
        YESTERDAY: (yesterday, yesterday),
        SEVEN_DAYS: (now - timedelta(days=6), now),
        THIRTY_DAYS: (now - timedelta(days=29), now),
    }
    chosen = wishes.period or (FROM_TO if wishes.first or wishes.last else SEVEN_DAYS)
    if chosen != FROM_TO:
        return named.get(chosen) or NotAsked(reason="period_unknown")
    first, last = _day(wishes.first), _day(wishes.last or wishes.first)
    if first is None or last is None:
        return NotAsked(reason="day_unreadable")
    if last < first:
        return NotAsked(reason="period_backwards")
    if first > now:
        return NotAsked(reason="period_to_come")
    if (last - first).days >= MOST_DAYS:
        return NotAsked(reason="period_too_long")
    return first, last


def _day(written: str) -> date | None:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if _FIRST_DAY <= day <= _LAST_DAY else None
