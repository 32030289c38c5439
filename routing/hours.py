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
        if self.opens_at != self.closes_at and not self._within(local.time()):
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
        begin = self.opens_at if self.opens_at != self.closes_at else time()
        for days in range(_LOOKED_AHEAD_DAYS):
            day = local.date() + timedelta(days=days)
            # A night shift's open day begins at midnight too, as its second half belongs to the day's date.
            for clock in sorted({begin, time()}):
                moment = datetime.combine(day, clock, self.zone)
                if moment >= local and self.is_open(moment):
                    return moment
        return None

    def as_json(self) -> dict[str, Any]:
        """Return the hours as JSON's own values."""
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

    def _within(self, clock: time) -> bool:
        if self.opens_at < self.closes_at:
            return self.opens_at <= clock < self.closes_at
        return clock >= self.opens_at or clock < self.closes_at  # a night shift runs over midnight


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
    )


@lru_cache(maxsize=64)
def _holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    # Without a language the names come in that of the machine's locale.
    try:
        own = holidays.country_holidays(country, subdiv=subdivision or None).default_language
        return dict(holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=own))
    except NotImplementedError as error:
        raise ValueError(f"no public holidays are known for {country} {subdivision}".strip()) from error
