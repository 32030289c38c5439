"""The caller's audio as it comes over the wire: frames of any message, and what came late, twice or not at all is counted."""

import pytest

from ivr.speech.wire import LATEST_SECONDS, Frame, Wire
from ivr.telephony.media import Media


def media(ulaw: bytes, *, chunk: int | None = None, milliseconds: int | None = None, track: str = "inbound") -> Media:
    return Media(stream_sid="MZ1", track=track, chunk=chunk, timestamp_milliseconds=milliseconds, ulaw=ulaw)


def frames(wire: Wire, one: Media, late_seconds: float = 0.0) -> list[Frame]:
    return list(wire.frames(one, late_seconds=late_seconds))


@pytest.mark.parametrize("size", [1, 37, 160, 161, 800, 8000])
def test_messages_of_any_size_make_the_same_frames(size: int) -> None:
    sound, wire = bytes(at % 251 for at in range(8000)), Wire()
    got = [frame for at in range(0, 8000, size) for frame in frames(wire, media(sound[at : at + size]))]
    assert b"".join(frame.ulaw for frame in got) == sound
    assert {(len(frame.ulaw), frame.is_late) for frame in got} == {(160, False)}


def test_a_message_that_comes_twice_or_after_a_later_one_is_left_out_and_counted() -> None:
    wire = Wire()
    assert [len(frames(wire, media(bytes(160), chunk=chunk))) for chunk in (1, 2, 2, 5, 4, 6)] == [1, 1, 0, 1, 0, 1]
    assert (wire.late_messages, wire.lost_seconds) == (2, 0)


def test_what_the_time_stamps_miss_is_lost_but_their_jitter_is_not() -> None:
    wire = Wire()
    for chunk, milliseconds in enumerate((5, 25, 48, 65, 85, 605, 625), start=1):
        frames(wire, media(bytes(160), chunk=chunk, milliseconds=milliseconds))
    assert wire.lost_seconds == pytest.approx(0.5)


def test_sound_that_waited_too_long_is_marked_and_counted_as_lost() -> None:
    wire = Wire()
    assert [frame.is_late for frame in frames(wire, media(bytes(320)), LATEST_SECONDS)] == [False, False]
    assert [frame.is_late for frame in frames(wire, media(bytes(320)), LATEST_SECONDS + 0.1)] == [True, True]
    assert (wire.late_messages, wire.lost_seconds) == (1, pytest.approx(0.04))


def test_another_track_makes_no_frames() -> None:
    assert frames(Wire(), media(bytes(160), track="outbound")) == []
