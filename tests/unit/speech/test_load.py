"""Admission by measured load: a table of decisions, and a load that smooths what was measured."""

import pytest

from ivr.speech.load import SMOOTHED_OVER_SECONDS, Admitted, Limits, Load, admit, smoothed
from ivr.speech.recognizer import Busy

LIMITS = Limits(full_share=0.85, free_share=0.7, full_wait_seconds=0.5, free_wait_seconds=0.2)


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (Load(), ""),
        (Load(busy_share=0.84), ""),
        (Load(busy_share=0.85), "the decoding threads are 85% busy (limit 85%)"),
        (Load(busy_share=0.84, is_full=True), "the decoding threads are 84% busy (limit 70%)"),
        (Load(busy_share=0.69, is_full=True), ""),
        (Load(waited_seconds=0.49), ""),
        (Load(waited_seconds=0.5), "sound waits 0.5 s to be decoded (limit 0.5 s)"),
        (Load(waited_seconds=0.3, is_full=True), "sound waits 0.3 s to be decoded (limit 0.2 s)"),
        (Load(waited_seconds=0.1, is_full=True), ""),
        # A recogniser that stalls at its first words passes; sound that waits longer than any of those does not.
        (Load(waited_seconds=0.1, longest_wait_seconds=0.9), ""),
        (Load(waited_seconds=0.1, longest_wait_seconds=1.5), "sound has just waited 1.5 s to be decoded (limit 1.5 s)"),
        # Twenty who are about to speak add half of one of two threads.
        (Load(busy_share=0.59, silent_turns=20), ""),
        (Load(busy_share=0.65, silent_turns=20), "the decoding threads are 90% busy (limit 85%)"),
    ],
)
def test_a_turn_is_admitted_or_refused_with_a_reason(load: Load, reason: str) -> None:
    assert admit(load, LIMITS, threads=2) == (Busy(reason=reason) if reason else Admitted())


def test_more_threads_bear_more_turns_that_are_about_to_speak() -> None:
    load = Load(busy_share=0.65, silent_turns=20)
    assert admit(load, LIMITS, threads=8) == Admitted()


def test_a_load_is_smoothed_however_often_it_is_looked_at() -> None:
    once = smoothed(Load(), seconds=2.0, busy_share=1.0, waited_seconds=0.0)
    often = Load()
    for _ in range(20):
        often = smoothed(often, seconds=0.1, busy_share=1.0, waited_seconds=0.0)
    assert often.busy_share == pytest.approx(once.busy_share)
    assert 0.3 < once.busy_share < 0.5


def test_one_long_wait_is_no_load_and_waits_that_last_are() -> None:
    once = smoothed(Load(), seconds=0.25, busy_share=0.5, waited_seconds=1.4)
    assert isinstance(admit(once, Limits(), threads=1), Admitted)
    lasting = smoothed(Load(), seconds=2 * SMOOTHED_OVER_SECONDS, busy_share=0.5, waited_seconds=1.4)
    assert isinstance(admit(lasting, Limits(), threads=1), Busy)


def test_the_longest_wait_is_that_of_the_last_look() -> None:
    load = smoothed(Load(), seconds=0.25, busy_share=0.5, waited_seconds=2.0)
    assert isinstance(admit(load, Limits(), threads=1), Busy)
    load = smoothed(load, seconds=0.25, busy_share=0.5, waited_seconds=0.0)
    assert isinstance(admit(load, Limits(), threads=1), Admitted)
