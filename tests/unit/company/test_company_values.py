"""What an admin may set of the company: read, written back, and refused."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from ivr.app import company_defaults
from ivr.company import values
from routing.hours import Closed, Open
from tests.telephone import settings_for

DEFAULTS = company_defaults(settings_for("sqlite:///unused"))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 in Rome's winter, when the 28th is a Saturday."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def test_a_document_holds_only_what_was_set_and_the_rest_stays_the_file_s() -> None:
    found = values.applied(DEFAULTS, {"opens_at": "09:30", "words_days": 90})
    assert (found.hours.opens_at, found.words_days) == (time(9, 30), 90)
    assert (found.hours.closes_at, found.audio_days) == (DEFAULTS.hours.closes_at, DEFAULTS.audio_days)


def test_every_value_is_read_back_as_it_was_written() -> None:
    document = {
        "opens_at": "08:30", "closes_at": "19:00", "open_days": [1, 2, 3], "hours_by_day": {"6": ["09:00", "13:00"]},
        "country": "IT", "subdivision": "BZ", "closed_on": ["2026-12-07"], "open_on": ["2026-12-08"],
        "numbers": [{"number": "+39021042", "label": "Resi", "language": "en"}], "emergency_number": "+390210420099",
        "default_language": "en", "words_days": 10, "audio_days": 11, "voice_days": 12, "voiceprint_days": 31,
        "second_person": True, "accuracy_loss": 0.02,
    }  # fmt: skip
    assert set(document) == set(values.NAMES)
    assert values.as_document(values.applied(DEFAULTS, document)) == document


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("opens_at", "25:00", "unreadable"),
        ("opens_at", None, "unreadable"),
        ("open_days", [], "never_open"),
        ("open_days", [8], "out_of_range"),
        ("open_days", "1", "unreadable"),
        ("hours_by_day", {"6": ["09:00"]}, "unreadable"),
        ("country", "XX", "no_holidays_known"),
        ("subdivision", "ZZ", "no_holidays_known"),
        ("closed_on", ["2026-02-30"], "unreadable"),
        ("numbers", [], "no_numbers"),
        ("numbers", [{"number": "0210420000"}], "not_a_number"),
        ("numbers", [{"number": "+39021042"}, {"number": "+39 02 1042"}], "number_twice"),
        ("numbers", [{"number": "+39021042", "language": "fr"}], "unreadable"),
        ("emergency_number", "112", "not_a_number"),
        ("default_language", "fr", "unreadable"),
        ("words_days", 0, "out_of_range"),
        ("words_days", "30", "not_whole"),
        ("words_days", True, "not_whole"),
        ("voiceprint_days", 29, "out_of_range"),
        ("second_person", 1, "unreadable"),
        ("accuracy_loss", 0.5, "out_of_range"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(name: str, raw: Any, code: str) -> None:
    assert values.problems(DEFAULTS, {name: raw}) == {name: code}


def test_a_day_is_not_open_and_closed_at_once() -> None:
    days = {"closed_on": ["2026-12-07"], "open_on": ["2026-12-07"]}
    assert values.problems(DEFAULTS, days) == {"open_on": "open_and_closed"}


def test_a_weekday_may_have_hours_of_its_own() -> None:
    hours = values.applied(DEFAULTS, {"hours_by_day": {"6": ["09:00", "13:00"]}}).hours
    assert isinstance(hours.at(at(28, 12, 59)), Open)
    assert hours.at(at(28, 13)) == Closed(reason="hour")
    assert isinstance(hours.at(at(27, 13)), Open)
    # From Saturday noon the line opens on Monday, at the hour of every other day.
    opens = hours.opens_next(at(28, 14))
    assert opens is not None
    assert (opens.day, opens.hour) == (30, 8)


def test_the_next_closed_days_are_holidays_and_own_days_in_order() -> None:
    hours = values.applied(DEFAULTS, {"closed_on": ["2026-12-07"], "open_on": ["2026-12-08"]}).hours
    found = hours.closed_days(date(2026, 12, 1), most=3)
    assert [(day.isoformat(), closed.reason) for day, closed in found] == [
        ("2026-12-07", "closed_day"),
        ("2026-12-25", "holiday"),
        ("2026-12-26", "holiday"),
    ]
