"""When somebody is rung back again, and when no more."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from ivr.calls.callback_rules import CallbackRules, next_ring, within
from routing.hours import Hours

# A Monday at ten in Rome.
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OFFICE = Hours(
    zone=ZoneInfo("Europe/Rome"), country="IT", opens_at=time(9), closes_at=time(18), open_days=(1, 2, 3, 4, 5)
)
RULES = CallbackRules()


@pytest.mark.parametrize(("tries", "minutes"), [(1, 5), (2, 15), (3, None)])
def test_three_tries_are_spaced(tries: int, minutes: int | None) -> None:
    expected = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert next_ring(NOW, tries, RULES, OFFICE) == expected


def test_ring_that_would_fall_after_closing_waits_for_the_next_opening() -> None:
    friday_evening = datetime(2026, 11, 27, 16, 58, tzinfo=UTC)
    assert next_ring(friday_evening, 1, RULES, OFFICE) == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def test_open_moment_is_itself() -> None:
    assert within(OFFICE, NOW) == NOW


def test_lease_outlives_the_ring_and_three_requests_to_the_carrier() -> None:
    assert RULES.lease >= timedelta(seconds=RULES.ring_seconds + 3 * 5 + 5)
