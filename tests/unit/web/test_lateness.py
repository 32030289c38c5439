"""How late a message is taken in: by its stamp and our clock, the quickest of the stream being on time."""

import json

import pytest

from ivr.web.media import Lateness


def media(milliseconds: int | str) -> str:
    body = {"track": "inbound", "chunk": "1", "timestamp": milliseconds, "payload": "////"}
    return json.dumps({"event": "media", "streamSid": "MZ1", "media": body})


def test_messages_that_come_at_the_pace_of_speech_are_not_late() -> None:
    lateness = Lateness()
    assert [lateness.of(media(str(20 * number)), 100 + 0.02 * number) for number in range(50)] == pytest.approx(
        [0.0] * 50
    )


def test_a_process_that_rests_takes_in_the_waiting_messages_late_and_the_next_ones_not() -> None:
    lateness = Lateness()
    lateness.of(media("0"), 100.0)
    assert [lateness.of(media(str(stamp)), 103.0) for stamp in (1000, 2000, 3000)] == pytest.approx([2.0, 1.0, 0.0])
    assert lateness.of(media("3020"), 103.02) == pytest.approx(0.0)


def test_stamps_may_begin_anywhere_and_be_numbers() -> None:
    lateness = Lateness()
    assert lateness.of(media(500_000), 10.0) == 0.0
    assert lateness.of(media(500_020), 10.52) == pytest.approx(0.5)


def test_a_first_message_that_was_held_up_does_not_make_the_others_early() -> None:
    lateness = Lateness()
    assert lateness.of(media(0), 101.0) == 0.0
    assert lateness.of(media(2000), 102.0) == 0.0
    assert lateness.of(media(2020), 102.52) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "message", ["rubbish", b"\x00", '{"event":"mark"}', '{"timestamp":"soon"}', '{"timestamp":1e99}']
)
def test_what_has_no_stamp_is_not_late(message: str | bytes) -> None:
    lateness = Lateness()
    lateness.of(media(0), 100.0)
    assert lateness.of(message, 200.0) == 0.0
