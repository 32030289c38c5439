"""A call's sound for the voice alone: what is said comes out utterance by utterance, whatever else the socket brings."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr import audio
from ivr.speech.net_speech import HeardSpeech
from ivr.speech.voice_stream import VoiceStream
from ivr.telephony.media import Start, read_message
from tests.listeners import quiet, spoken
from tests.unit.speech.carrier_side import SENTENCE, STREAM, start


class Stream:
    """The carrier's side of one, and what came of it."""

    def __init__(self) -> None:
        self.heard: list[HeardSpeech] = []
        begun = read_message(start())
        assert isinstance(begun, Start)
        self.stream = VoiceStream(begun, self.heard.append)
        self.chunk = 0

    def media(self, ulaw: bytes, **changed: Any) -> str:
        self.chunk += 1
        inside = {"track": "inbound", "chunk": str(self.chunk), "payload": base64.b64encode(ulaw).decode()}
        return json.dumps({"event": "media", "streamSid": STREAM, "media": inside | changed})

    def hear(self, pcm: bytes) -> bool:
        goes_on = True
        for frame in audio.frames_of_ulaw(audio.pcm_to_ulaw(pcm)):
            goes_on = self.stream.accept(self.media(frame))
        return goes_on


def test_what_is_said_is_handed_over_as_soon_as_half_a_second_is_quiet() -> None:
    stream = Stream()
    assert stream.hear(quiet(1) + spoken(SENTENCE) + quiet(0.6))
    first = len(stream.heard)
    assert [one.is_whole for one in stream.heard] == [False] * (first - 1) + [True]
    assert stream.hear(quiet(3) + spoken("sì, va bene") + quiet(1))
    assert [one.is_whole for one in stream.heard[first:]] == [True]
    assert stream.heard[-1].seconds < stream.heard[first - 1].seconds


def test_a_stream_of_silence_hands_nothing_over() -> None:
    stream = Stream()
    stream.hear(quiet(5))
    stream.stream.close()
    assert stream.heard == []


def test_a_socket_that_breaks_off_leaves_what_was_said_until_then() -> None:
    stream = Stream()
    stream.hear(quiet(0.5) + spoken(SENTENCE)[:24000])
    assert stream.heard == []
    stream.stream.close()
    assert [one.is_whole for one in stream.heard] == [True]


def test_stop_ends_it_and_another_stream_s_does_not() -> None:
    stream = Stream()
    stop = {"event": "stop", "streamSid": STREAM, "stop": {"accountSid": "AC1", "callSid": "CA1"}}
    assert stream.stream.accept(json.dumps(stop | {"streamSid": "MZ" + "9" * 32}))
    assert not stream.stream.accept(json.dumps(stop))


def test_the_line_s_own_voice_is_nobody_s() -> None:
    stream = Stream()
    for frame in audio.frames_of_ulaw(audio.pcm_to_ulaw(spoken(SENTENCE))):
        stream.stream.accept(stream.media(frame, track="outbound"))
    stream.hear(quiet(1))
    assert stream.heard == []


@pytest.mark.parametrize("rubbish", ["rubbish", b"\x00\xff", "[]", '{"event":"media"}'])
def test_rubbish_is_borne_for_a_while_and_then_no_longer(rubbish: str | bytes) -> None:
    stream = Stream()
    assert [stream.stream.accept(rubbish) for _ in range(100)] == [True] * 99 + [False]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=80), st.binary(max_size=80)), max_size=20))
def test_nothing_that_arrives_raises(messages: list[str | bytes]) -> None:
    stream = Stream()
    for message in messages:
        stream.stream.accept(message)
    stream.stream.close()
    assert stream.heard == []
