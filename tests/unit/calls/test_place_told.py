"""When the place and the estimate are told again: a table of what was told, what is so now, and what is said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calls.place_told import Telling, Told, Word, rounded, telling

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def told(place: int, wait_seconds: int | None, ago: float) -> Told:
    return Told(at=NOW - timedelta(seconds=ago), place=place, wait_seconds=wait_seconds)


@pytest.mark.parametrize(
    ("last", "place", "estimate", "said"),
    [
        (None, 4, 170, (Word.FIRST, 180)),
        (None, 4, None, (Word.FIRST, None)),
        (told(4, 180, 21), 4, 165, None),
        (told(4, 180, 21), 3, 120, None),
        (told(4, 180, 60), 3, 120, (Word.BETTER, 120)),
        (told(40, 1800, 60), 39, 1700, None),
        (told(40, 1800, 60), 30, 1300, (Word.BETTER, 1320)),
        (told(2, 180, 21), 3, 200, (Word.OVERTAKEN, 240)),
        (told(2, 180, 120), 2, 100, None),
        (told(2, 180, 120), 2, 150, (Word.LONGER, 180)),
        (told(2, 60, 300), 2, 50, (Word.STILL, 60)),
        (told(2, None, 160), 2, None, (Word.STILL, None)),
        (told(2, None, 160), 2, 400, (Word.STILL, None)),
    ],
)
def test_what_is_said(
    last: Told | None, place: int, estimate: int | None, said: tuple[Word, int | None] | None
) -> None:
    expected = None if said is None else Telling(word=said[0], place=place, wait_seconds=said[1])
    assert telling(last, place, estimate, NOW) == expected


@given(st.integers(1, 50), st.integers(60, 3000), st.integers(0, 900), st.integers(1, 60), st.integers(1, 4000))
def test_promise_never_becomes_less_without_a_word(
    place: int, wait: int, ago: int, place_now: int, estimate: int
) -> None:
    said = telling(told(place, wait, ago), place_now, estimate, NOW)
    if place_now > place:
        assert said is not None
        assert said.word is Word.OVERTAKEN
    left = max(0, wait - ago)
    if estimate > left + max(60, wait / 4):
        assert said is not None
        assert said.word in {Word.OVERTAKEN, Word.LONGER}
    elif said is not None and said.wait_seconds is not None and place_now <= place:
        assert said.word in {Word.BETTER, Word.STILL}


@given(st.integers(0, 100_000))
def test_estimate_is_told_in_whole_minutes_and_never_less_than_it_is(seconds: int) -> None:
    said = rounded(seconds)
    assert said is not None
    assert said % 60 == 0
    assert said >= max(60, seconds)
    assert said < seconds + 120
