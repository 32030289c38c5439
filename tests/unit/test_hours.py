"""When the company has agents on duty."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from routing.hours import Closed, Hours, Open

ROME = ZoneInfo("Europe/Rome")


def rome(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ROME)  # type: ignore[misc,arg-type] # year to second


def hours(opens: time = time(8), closes: time = time(20), days: tuple[int, ...] = (1, 2, 3, 4, 5, 6)) -> Hours:
    return Hours(zone=ROME, country="IT", opens_at=opens, closes_at=closes, open_days=days)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (rome(2026, 11, 23, 8, 0), Open()),
        (rome(2026, 11, 23, 7, 59, 59), Closed(reason="hour")),
        (rome(2026, 11, 23, 19, 59, 59), Open()),
        (rome(2026, 11, 23, 20, 0), Closed(reason="hour")),
        (rome(2026, 11, 22, 12), Closed(reason="day")),
        (rome(2026, 4, 25, 12), Closed(reason="holiday", holiday="Anniversario della Liberazione")),
        (rome(2026, 8, 15, 12), Closed(reason="holiday", holiday="Assunzione della Beata Vergine Maria")),
        (rome(2026, 12, 8, 12), Closed(reason="holiday", holiday="Immacolata Concezione")),
        (rome(2026, 4, 6, 12), Closed(reason="holiday", holiday="Lunedì dell'Angelo")),
        (rome(2027, 3, 29, 12), Closed(reason="holiday", holiday="Lunedì dell'Angelo")),
    ],
)
def test_days_hours_and_holidays_of_italy(local: datetime, expected: Open | Closed) -> None:
    assert hours().at(local) == expected


def test_summer_time_is_the_companys_own() -> None:
    assert hours().is_open(datetime(2026, 7, 6, 6, 0, tzinfo=UTC))
    assert not hours().is_open(datetime(2026, 11, 23, 6, 30, tzinfo=UTC))


def test_night_shift_runs_over_midnight() -> None:
    night = hours(time(22), time(6), (1, 2, 3, 4, 5, 6, 7))
    assert night.is_open(datetime(2026, 11, 23, 23, tzinfo=ROME))
    assert night.is_open(datetime(2026, 11, 24, 5, 59, tzinfo=ROME))
    assert not night.is_open(datetime(2026, 11, 24, 12, tzinfo=ROME))


def test_same_hour_twice_is_day_and_night() -> None:
    assert hours(time(0), time(0)).is_open(datetime(2026, 11, 23, 3, tzinfo=ROME))
