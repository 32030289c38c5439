"""What an agent types as a number: dialled in E.164, or refused with its reason."""

import pytest

from ivr.calls.numbers import Dialable, Wrong, dialable


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("02 1234567", "+39021234567"),
        ("+39 333 123 0001", "+393331230001"),
        ("0039 333 1230001", "+393331230001"),
        ("+44 20 7946 0958", "+442079460958"),
        ("(+39) 02-1234567", "+39021234567"),
    ],
)
def test_a_number_is_read_as_people_write_it(typed: str, number: str) -> None:
    assert dialable(typed, country="IT") == Dialable(number=number)


@pytest.mark.parametrize(
    "typed", ["", "abc", "12", "+39", "+393331230001 ext. 12", "+39333123000123456789", "sip:a@b", "113"]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    assert dialable(typed, country="IT") is Wrong.UNUSABLE


@pytest.mark.parametrize("typed", ["899 123456", "+39 892 123", "+44 909 8790000"])
def test_a_number_that_costs_more_than_a_call_is_refused(typed: str) -> None:
    assert dialable(typed, country="IT") is Wrong.DEAR
