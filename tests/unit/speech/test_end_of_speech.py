"""When a caller has finished: decided from seconds and voice alone, so that tables of both are the tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.end_of_speech import Ended, Going, Hearing, Reason, Verdict, Waits, hear

FRAME = 0.02
WAITS_OF_TEST = Waits(nothing_yet_seconds=5.0, after_words_seconds=1.0, longest_seconds=20.0)


def listen(*stretches: tuple[float, bool], waits: Waits = WAITS_OF_TEST) -> tuple[Verdict, float]:
    """Play stretches of (seconds, voiced) in frames; give the verdict and the second in which it fell."""
    hearing, verdict = Hearing(), Going()
    frames = 0
    for seconds, voiced in stretches:
        for _ in range(round(seconds / FRAME)):
            frames += 1
            hearing, verdict = hear(hearing, waits, seconds=FRAME, voiced=voiced)
            if isinstance(verdict, Ended):
                return verdict, round(frames * FRAME, 2)
    return verdict, round(frames * FRAME, 2)


@pytest.mark.parametrize(
    ("stretches", "reason", "at_seconds"),
    [
        ([(9, False)], Reason.SILENCE, 5.0),
        ([(1, False), (2, True), (9, False)], Reason.SPEECH, 4.0),
        ([(0.2, True), (9, False)], Reason.SPEECH, 1.2),  # "sì"
        ([(1, True), (0.9, False), (1, True), (9, False)], Reason.SPEECH, 3.9),  # a pause for thought
        ([(30, True)], Reason.LONGEST, 20.0),
        ([(4.98, False), (1, True), (9, False)], Reason.SPEECH, 6.98),  # begins in the last moment
        ([(2, False), (0.06, True), (9, False)], Reason.SILENCE, 5.0),  # a click is no word
        ([(1, True), (0.5, False), (0.04, True), (9, False)], Reason.SPEECH, 2.0),  # a crackle does not prolong
    ],
)
def test_the_turn_ends_for_this_reason_at_this_second(
    stretches: list[tuple[float, bool]], reason: Reason, at_seconds: float
) -> None:
    assert listen(*stretches) == (Ended(reason=reason), at_seconds)


def test_a_caller_in_the_middle_of_a_sentence_is_not_cut() -> None:
    assert listen((2, False), (3, True), (0.9, False)) == (Going(), 5.9)


def test_negative_time_is_refused() -> None:
    with pytest.raises(ValueError, match="zero seconds or more"):
        hear(Hearing(), WAITS_OF_TEST, seconds=-0.02, voiced=True)


@given(st.lists(st.booleans(), min_size=1001, max_size=1001))
def test_every_turn_ends_within_its_longest_time(frames: list[bool]) -> None:
    verdict, at_seconds = listen(*((FRAME, voiced) for voiced in frames))
    assert isinstance(verdict, Ended)
    assert at_seconds <= 20.0


@given(st.lists(st.booleans(), max_size=300))
def test_silence_is_never_said_of_a_caller_who_has_begun(frames: list[bool]) -> None:
    hearing = Hearing()
    for voiced in frames:
        hearing, verdict = hear(hearing, WAITS_OF_TEST, seconds=FRAME, voiced=voiced)
        if hearing.has_begun:
            assert verdict != Ended(reason=Reason.SILENCE)
