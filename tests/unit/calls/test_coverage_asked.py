"""Which days coverage is asked of."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.calls.coverage_asked import CoverageAsked, coverage_asked
from ivr.calls.reporting_asked import NotAsked

ROME = ZoneInfo("Europe/Rome")
THURSDAY = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)  # in Rome, Friday has begun


def test_without_days_it_is_this_week_from_its_monday_on() -> None:
    asked = coverage_asked(first="", last="", version=None, now=THURSDAY, zone=ROME)
    assert isinstance(asked, CoverageAsked)
    assert (asked.first, asked.last) == (date(2026, 11, 23), date(2026, 11, 27))
    assert asked.period.begins_at == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert asked.period.ends_at == datetime(2026, 11, 27, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        ("2026-11-31", "2026-11-30", "day_unreadable"),
        ("2026-11-20", "2026-11-19", "period_backwards"),
        ("2027-01-01", "2027-01-02", "period_to_come"),
        ("2020-01-01", "2026-11-01", "period_too_long"),
    ],
)
def test_days_that_make_no_sense_are_refused_with_a_reason(first: str, last: str, reason: str) -> None:
    assert coverage_asked(first=first, last=last, version=1, now=THURSDAY, zone=ROME) == NotAsked(reason=reason)


def test_one_day_alone_is_that_day() -> None:
    asked = coverage_asked(first="", last="2026-11-20", version=3, now=THURSDAY, zone=ROME)
    assert isinstance(asked, CoverageAsked)
    assert (asked.first, asked.last, asked.version) == (date(2026, 11, 20), date(2026, 11, 20), 3)
