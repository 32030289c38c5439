"""Voices are looked at beside the calls: the newest speech of a turn, nothing twice at once, and nobody ever waits for long."""

import logging
import threading

import pytest

from ivr.speech.net_speech import HeardSpeech
from ivr.web.voice_work import VoiceWork

CALL, OTHER = "CA1", "CA2"
LIMIT_SECONDS = 20.0


def speech(seconds: float = 2.0, *, is_whole: bool = False) -> HeardSpeech:
    return HeardSpeech(speech_pcm=bytes(round(16000 * seconds)), pauses_pcm=b"", is_whole=is_whole)


class Look:
    """Looks for as long as it is told to, and writes down at what."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.ends = threading.Semaphore(0)
        self.seen: list[tuple[str, int, float]] = []
        self.at_once = 0
        self.most_at_once = 0

    def __call__(self, call_id: str, turn: int, heard: HeardSpeech) -> None:
        self.seen.append((call_id, turn, heard.seconds))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        self.began.release()
        assert self.ends.acquire(timeout=LIMIT_SECONDS)
        self.at_once -= 1


def test_a_turn_that_was_handed_over_has_been_looked_at_after_waiting() -> None:
    seen: list[tuple[str, int]] = []
    work = VoiceWork(lambda call_id, turn, _heard: seen.append((call_id, turn)), patience_seconds=LIMIT_SECONDS)
    work.hand(CALL, 1, speech())
    work.hand(OTHER, 1, speech())
    assert work.wait(CALL, 1)
    assert work.wait(OTHER, 1)
    assert sorted(seen) == [(CALL, 1), (OTHER, 1)]


def test_a_turn_of_which_nothing_was_handed_over_is_not_waited_for() -> None:
    assert VoiceWork(Look(), patience_seconds=LIMIT_SECONDS * 100).wait(CALL, 1)


def test_who_waits_goes_on_when_a_look_takes_too_long() -> None:
    look = Look()
    work = VoiceWork(look, patience_seconds=0.01)
    work.hand(CALL, 1, speech())
    assert not work.wait(CALL, 1)
    look.ends.release()


def test_of_a_turn_only_the_newest_is_looked_at_and_never_by_two_at_once() -> None:
    look = Look()
    work = VoiceWork(look, threads=3, patience_seconds=LIMIT_SECONDS)
    work.hand(CALL, 1, speech(2))
    assert look.began.acquire(timeout=LIMIT_SECONDS)
    for seconds in (4, 6, 8):
        work.hand(CALL, 1, speech(seconds))
    look.ends.release(2)
    assert work.wait(CALL, 1)
    assert look.seen == [(CALL, 1, 2), (CALL, 1, 8)]
    assert look.most_at_once == 1


def test_what_finds_no_room_is_dropped_and_counted_and_what_waits_already_is_not() -> None:
    look = Look()
    work = VoiceWork(look, threads=1, most_waiting=2, patience_seconds=LIMIT_SECONDS)
    work.hand(CALL, 1, speech())
    assert look.began.acquire(timeout=LIMIT_SECONDS)
    for turn in (2, 3, 4, 5):
        work.hand(CALL, turn, speech())
    work.hand(CALL, 3, speech(6))
    look.ends.release(3)
    assert all(work.wait(CALL, turn) for turn in (1, 2, 3))
    assert look.seen == [(CALL, 1, 2), (CALL, 2, 2), (CALL, 3, 6)]
    assert work.dropped == 2


def test_a_look_that_fails_costs_nobody_else_anything_and_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def look(call_id: str, _turn: int, _heard: HeardSpeech) -> None:
        if call_id == CALL:
            raise ValueError("+393331230001 said: my word is larch")
        seen.append(call_id)

    work = VoiceWork(look, threads=1, patience_seconds=LIMIT_SECONDS)
    with caplog.at_level(logging.DEBUG):
        work.hand(CALL, 1, speech())
        work.hand(OTHER, 1, speech())
        assert work.wait(CALL, 1)
        assert work.wait(OTHER, 1)
    assert (seen, work.failed) == ([OTHER], 1)
    assert "ValueError" in caplog.text
    assert "larch" not in caplog.text
