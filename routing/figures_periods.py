"""Periods, and the hours and days of the company's own clock that times belong to. Pure.

Hours and days are those of the wall clock: a day has 23 or 25 hours where the clock is changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Reports are for reading: a year, and some weeks to compare it with; judgement.
MOST_DAYS = 400
# An hour's number is its day's number times 24, plus the hour; days are counted from the epoch, as a database counts.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Period:
    """From a time on, up to and without another."""

    begins_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        """Refuse naive times and a period that runs backwards."""
        if self.begins_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise ValueError("times are aware UTC")
        if self.ends_at < self.begins_at:
            raise ValueError("a period ends after it begins")

    def __contains__(self, moment: datetime) -> bool:
        """Whether a time lies in it."""
        return self.begins_at <= moment < self.ends_at


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """From a time on, the zone's clock is so far ahead of UTC."""

    begins_at: datetime
    ahead_seconds: int


def day_begins_at(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day of the zone, in UTC; where the clock jumps over midnight, when it has jumped."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def days_of(first: date, last: date, zone: tzinfo) -> Period:
    """Whole days of the zone, both included."""
    return Period(begins_at=day_begins_at(first, zone), ends_at=day_begins_at(last + DAY, zone))


def today(now: datetime, zone: tzinfo) -> date:
    """Which day it is in the zone."""
    return now.astimezone(zone).date()


def day_of(moment: datetime, zone: tzinfo) -> str:
    """The day of the zone that a time belongs to, such as 2026-11-23."""
    return moment.astimezone(zone).date().isoformat()


def hour_of(moment: datetime, zone: tzinfo) -> str:
    """The hour of the zone's day that a time belongs to, 00 to 23."""
    return f"{moment.astimezone(zone).hour:02d}"


def hours_within(begins_at: datetime, ends_at: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Cut a span of time at every full hour of the zone's clock, and so at its midnights too."""
    at = begins_at
    while at < ends_at:
        ahead = _ahead(at, zone)
        into_the_hour = (at - _EPOCH + ahead) % HOUR
        # A clock that changes in between changes at a full hour, but for zones of half hours: there a piece is cut twice.
        until = min(at + HOUR - into_the_hour, ends_at)
        if _ahead(until, zone) != ahead:
            until = min(until, _change_between(at, until, zone))
        yield at, until
        at = until


def days_within(begins_at: datetime, ends_at: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Cut a span of time at the zone's midnights."""
    at = begins_at
    while at < ends_at:
        until = min(day_begins_at(at.astimezone(zone).date() + DAY, zone), ends_at)
        yield at, until
        at = until


def stretches(period: Period, zone: tzinfo) -> tuple[Stretch, ...]:
    """The stretches of a period in which the zone's clock keeps its distance from UTC, the first from its beginning."""
    found = [Stretch(begins_at=period.begins_at, ahead_seconds=int(_ahead(period.begins_at, zone).total_seconds()))]
    at = period.begins_at
    while at < period.ends_at:
        until = min(at + DAY, period.ends_at)
        if _ahead(until, zone) != _ahead(at, zone):
            change = _change_between(at, until, zone)
            found.append(Stretch(begins_at=change, ahead_seconds=int(_ahead(change, zone).total_seconds())))
        at = until
    return tuple(found)


def _ahead(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _change_between(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first whole second at which the zone's clock stands as it does at `after`."""
    low, high = int((before - _EPOCH).total_seconds()), -(-(after - _EPOCH) // timedelta(seconds=1))
    wanted = _ahead(after, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _ahead(_EPOCH + timedelta(seconds=middle), zone) == wanted:
            high = middle
        else:
            low = middle
    return _EPOCH + timedelta(seconds=high)
