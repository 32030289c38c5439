"""When a company or a queue has agents on duty: days, hours and public holidays in its own time zone.

Pure; the time comes in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, assert_never
from zoneinfo import ZoneInfo

import holidays

_WEEKDAYS = range(1, 8)
# Further ahead than any chain of holidays: whoever never opens in a year never opens.
_LOOKED_AHEAD_DAYS = 366


@dataclass(frozen=True, kw_only=True)
class Open:
    """There should be agents."""


@dataclass(frozen=True, kw_only=True)
class Closed:
    """There are none, and why."""

    reason: str  # holiday, closed_day (one of our own), day, hour
    holiday: str = ""  # its name in the country's language


@dataclass(frozen=True, kw_only=True)
class DayHours:
    """The hours of one weekday that has its own."""

    day: int  # ISO, 1 is Monday
    opens_at: time
    closes_at: time


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Opening hours; `opens_at == closes_at` means day and night."""

    zone: ZoneInfo
    country: str  # ISO 3166, for the public holidays
    opens_at: time
    closes_at: time
    open_days: tuple[int, ...]  # ISO weekdays, 1 is Monday
    subdivision: str = ""  # of the country, for its own holidays: "BZ", "MI"
    closed_on: tuple[date, ...] = ()  # closed beside the public holidays
    open_on: tuple[date, ...] = ()  # open although it is a holiday or no open weekday; the hours stay the same
    by_day: tuple[DayHours, ...] = ()  # weekdays with hours of their own: a short Saturday

    def __post_init__(self) -> None:
        """Refuse what the calendar doesn't know."""
        if not set(self.open_days) <= set(_WEEKDAYS):
            raise ValueError(f"open_days are ISO weekdays, 1 (Monday) to 7, not {self.open_days}")
        _holidays(self.country, self.subdivision, 2026)  # raises on an unknown country or subdivision

    def at(self, now: datetime) -> Open | Closed:
        """Whether the line is open at an aware time."""
        local = now.astimezone(self.zone)
        closed = self._on(local.date())
        if closed is not None:
            return closed
        if not self._within(local.time(), local.isoweekday()):
            return Closed(reason="hour")
        return Open()

    def is_open(self, now: datetime) -> bool:
        """The same as yes or no."""
        match self.at(now):
            case Open():
                return True
            case Closed():
                return False
            case other:
                assert_never(other)

    def opens_next(self, now: datetime) -> datetime | None:
        """The first moment from `now` on at which the line is open, in the zone's own time; None for never in a year."""
        local = now.astimezone(self.zone)
        if self.is_open(local):
            return local
        for days in range(_LOOKED_AHEAD_DAYS):
            day = local.date() + timedelta(days=days)
            opens_at, closes_at = self.clocks_of(day.isoweekday())
            begin = opens_at if opens_at != closes_at else time()
            # A night shift's open day begins at midnight too, as its second half belongs to the day's date.
            for clock in sorted({begin, time()}):
                moment = datetime.combine(day, clock, self.zone)
                if moment >= local and self.is_open(moment):
                    return moment
        return None

    def clocks_of(self, weekday: int) -> tuple[time, time]:
        """When a weekday begins and ends, whether or not it is open."""
        own = next((line for line in self.by_day if line.day == weekday), None)
        return (self.opens_at, self.closes_at) if own is None else (own.opens_at, own.closes_at)

    def closed_days(self, first: date, *, most: int, days: int = _LOOKED_AHEAD_DAYS) -> tuple[tuple[date, Closed], ...]:
        """The next days that are closed although their weekday is open: holidays and own days, at most so many."""
        found: list[tuple[date, Closed]] = []
        for ahead in range(days):
            day = first + timedelta(days=ahead)
            closed = self._on(day)
            if closed is not None and closed.reason != "day" and day.isoweekday() in self.open_days:
                found.append((day, closed))
            if len(found) >= most:
                break
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """Return the hours as JSON's own values."""
        own = {
            str(line.day): [line.opens_at.isoformat("minutes"), line.closes_at.isoformat("minutes")]
            for line in self.by_day
        }
        # Only where it says something: what was kept before there were such days reads the same.
        return {**({"by_day": own} if own else {}), **self._plain()}

    def _plain(self) -> dict[str, Any]:
        return {
            "zone": self.zone.key,
            "country": self.country,
            "subdivision": self.subdivision,
            "opens_at": self.opens_at.isoformat("minutes"),
            "closes_at": self.closes_at.isoformat("minutes"),
            "open_days": list(self.open_days),
            "closed_on": [day.isoformat() for day in self.closed_on],
            "open_on": [day.isoformat() for day in self.open_on],
        }

    def _on(self, day: date) -> Closed | None:
        if day in self.closed_on:
            return Closed(reason="closed_day")
        if day in self.open_on:
            return None
        holiday = _holidays(self.country, self.subdivision, day.year).get(day)
        if holiday is not None:
            return Closed(reason="holiday", holiday=holiday)
        if day.isoweekday() not in self.open_days:
            return Closed(reason="day")
        return None

    def _within(self, clock: time, weekday: int) -> bool:
        opens_at, closes_at = self.clocks_of(weekday)
        if opens_at == closes_at:
            return True
        if opens_at < closes_at:
            return opens_at <= clock < closes_at
        return clock >= opens_at or clock < closes_at  # a night shift runs over midnight


def hours_from_json(value: Mapping[str, Any]) -> Hours:
    """Read the hours that `as_json` wrote; raises `ValueError` or `KeyError` on anything else."""
    return Hours(
        zone=ZoneInfo(value["zone"]),
        country=value["country"],
        subdivision=value.get("subdivision", ""),
        opens_at=time.fromisoformat(value["opens_at"]),
        closes_at=time.fromisoformat(value["closes_at"]),
        open_days=tuple(value["open_days"]),
        closed_on=tuple(date.fromisoformat(day) for day in value.get("closed_on", ())),
        open_on=tuple(date.fromisoformat(day) for day in value.get("open_on", ())),
        by_day=tuple(
            DayHours(day=int(day), opens_at=time.fromisoformat(opens), closes_at=time.fromisoformat(closes))
            for day, (opens, closes) in sorted(value.get("by_day", {}).items())
        ),
    )


@lru_cache(maxsize=64)
def _holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    # Without a language the names come in that of the machine's locale.
    try:
        own = holidays.country_holidays(country, subdiv=subdivision or None).default_language
        return dict(holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=own))
    except NotImplementedError as error:
        raise ValueError(f"no public holidays are known for {country} {subdivision}".strip()) from error
