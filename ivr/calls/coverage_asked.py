"""Which calls coverage is asked of: days of the company's clock, this week without any, and one version or all. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import TypeAlias

from ivr.calls.reporting_asked import FROM_TO, Asked, NotAsked, Wishes, understood
from routing.figures_periods import Period, days_of, today


@dataclass(frozen=True, kw_only=True)
class CoverageAsked:
    """Coverage that can be told."""

    first: date
    last: date  # included
    period: Period
    version: int | None  # None: all


CoverageAsking: TypeAlias = CoverageAsked | NotAsked


def coverage_asked(*, first: str, last: str, version: int | None, now: datetime, zone: tzinfo) -> CoverageAsking:
    """The days from `first` to `last` (ISO; "" for this week from its Monday on)."""
    here = today(now, zone)
    begins, ends = here - timedelta(days=here.weekday()), here
    if first or last:
        asked = understood(Wishes(period=FROM_TO, first=first or last, last=last), now=now, zone=zone)
        if not isinstance(asked, Asked):
            return asked
        begins, ends = asked.first, asked.last
    return CoverageAsked(first=begins, last=ends, period=days_of(begins, ends, zone), version=version)
