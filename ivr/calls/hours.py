"""When the company has agents on duty: days, hours and public holidays in its own time zone. Pure; the time comes in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import assert_never
from zoneinfo import ZoneInfo

import holidays


@dataclass(frozen=True, kw_only=True)
class Open:
    """There should be agents."""


@dataclass(frozen=True, kw_only=True)
class Closed:
    """There are none, and why."""

    reason: str  # holiday, day, hour
    holiday: str = ""  # its name in the country's language


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Opening hours; `opens_at == closes_at` means day and night."""

    zone: ZoneInfo
    country: str  # ISO 3166, for the public holidays
    opens_at: time
    closes_at: time
    open_days: tuple[int, ...]  # ISO weekdays, 1 is Monday

    def at(self, now: datetime) -> Open | Closed:
        """Whether the line is open at an aware time."""
        local = now.astimezone(self.zone)
        holiday = _holidays(self.country, local.year).get(local.date())
        if holiday is not None:
            return Closed(reason="holiday", holiday=holiday)
        if local.isoweekday() not in self.open_days:
            return Closed(reason="day")
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

    def _within(self, clock: time) -> bool:
        if self.opens_at < self.closes_at:
            return self.opens_at <= clock < self.closes_at
        return clock >= self.opens_at or clock < self.closes_at  # a night shift runs over midnight


@lru_cache(maxsize=16)
def _holidays(country: str, year: int) -> Mapping[date, str]:
    # Without a language the names come in that of the machine's locale.
    own = holidays.country_holidays(country).default_language
    return dict(holidays.country_holidays(country, years=year, language=own))
