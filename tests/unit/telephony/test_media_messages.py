"""The messages of a media stream: the documented ones are read, everything else is refused in words and never raises."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.media import (
    MOST_MESSAGE_CHARACTERS,
    MOST_ULAW_BYTES,
    Connected,
    Key,
    Mark,
    Media,
    Start,
    Stop,
    Unplayable,
    clear_message,
    mark_message,
    media_message,
    read_message,
)
from ivr.telephony.requests import Malformed

STREAM = "MZ" + "1" * 32
CALL = "CA" + "2" * 32
ACCOUNT = "AC" + "3" * 32


def start(**changed: Any) -> dict[str, Any]:
    inside = {
        "accountSid": ACCOUNT,
        "streamSid": STREAM,
        "callSid": CALL,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"turn": "3"},
    }
    return {"event": "start", "sequenceNumber": "1", "start": inside | changed, "streamSid": STREAM}


def media(ulaw: bytes = b"\xff" * 160, **changed: Any) -> dict[str, Any]:
    inside = {"track": "inbound", "chunk": "1", "timestamp": "5", "payload": base64.b64encode(ulaw).decode()}
    return {"event": "media", "sequenceNumber": "3", "media": inside | changed, "streamSid": STREAM}


def read(content: object) -> object:
    return read_message(json.dumps(content))


def reason(content: object) -> str:
    refused = read(content)
    assert isinstance(refused, Malformed)
    return refused.reason


def test_the_documented_messages_are_read() -> None:
    assert read({"event": "connected", "protocol": "Call", "version": "1.0.0"}) == Connected(
        protocol="Call", version="1.0.0"
    )
    assert read(start()) == Start(
        stream_sid=STREAM, call_sid=CALL, account_sid=ACCOUNT, tracks=("inbound",), parameters={"turn": "3"}
    )
    assert read(media(b"\x01\x02")) == Media(
        stream_sid=STREAM, track="inbound", chunk=1, timestamp_milliseconds=5, ulaw=b"\x01\x02"
    )
    dtmf = {
        "event": "dtmf",
        "streamSid": STREAM,
        "sequenceNumber": "5",
        "dtmf": {"track": "inbound_track", "digit": "#"},
    }
    assert read(dtmf) == Key(stream_sid=STREAM, key="#")
    mark = {"event": "mark", "sequenceNumber": "4", "streamSid": STREAM, "mark": {"name": "end"}}
    assert read(mark) == Mark(stream_sid=STREAM, name="end")
    stop = {
        "event": "stop",
        "sequenceNumber": "5",
        "stop": {"accountSid": ACCOUNT, "callSid": CALL},
        "streamSid": STREAM,
    }
    assert read(stop) == Stop(stream_sid=STREAM, call_sid=CALL)


def test_fields_that_the_carrier_may_add_later_are_left_alone() -> None:
    assert isinstance(read(start(novelty={"deep": [1]}) | {"more": None}), Start)


def test_a_stream_may_name_itself_only_outside_of_its_start() -> None:
    message = start()
    del message["start"]["streamSid"]
    read_start = read(message)
    assert isinstance(read_start, Start)
    assert read_start.stream_sid == STREAM


@pytest.mark.parametrize(
    "media_format",
    [
        {"encoding": "audio/x-alaw", "sampleRate": 8000, "channels": 1},
        {"encoding": "audio/x-mulaw", "sampleRate": 16000, "channels": 1},
        {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 2},
        {},
    ],
)
def test_another_codec_rate_or_channel_is_said_to_be_unplayable(media_format: dict[str, object]) -> None:
    refused = read(start(mediaFormat=media_format))
    assert isinstance(refused, Unplayable)
    assert "only 'audio/x-mulaw', '8000', '1'" in refused.reason


@pytest.mark.parametrize("size", [1, 159, 161, MOST_ULAW_BYTES])
def test_any_size_of_audio_up_to_a_second_is_read(size: int) -> None:
    read_media = read(media(bytes(size)))
    assert isinstance(read_media, Media)
    assert len(read_media.ulaw) == size


@pytest.mark.parametrize("size", [0, MOST_ULAW_BYTES + 1])
def test_no_audio_and_too_much_audio_are_refused_with_their_size(size: int) -> None:
    assert reason(media(bytes(size))) == f"media: payload has {size} bytes of audio, not 1 to {MOST_ULAW_BYTES}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 60_000, "not JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "unknown event None"),
        ('{"event": ["start"]}', "unknown event ['start']"),
        ('{"event": "' + "x" * 500 + '"}', "unknown event 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."),
        ('{"event": "start"}', "start: start is not an object"),
        ('{"event": "media", "media": {"payload": "%%%"}}', "media: payload is not base64"),
        ('{"event": "media", "media": {"payload": "è"}}', "media: payload is not base64"),
        ('{"event": "media", "media": {"payload": 7}}', "media: payload is not a text"),
        ('{"event": "media", "media": {"payload": "/w=="}}', "media: streamSid is not a text"),
        ('{"event": "mark", "streamSid": "MZ/../x", "mark": {"name": "a"}}', "mark: streamSid is not an identifier"),
        ("x" * (MOST_MESSAGE_CHARACTERS + 1), "a message of 65537 characters: more than 65536"),
        (b'{"event": "connected"}', "a binary message: the protocol has none"),
    ],
)
def test_rubbish_is_refused_in_words(message: str | bytes, expected: str) -> None:
    assert read_message(message) == Malformed(reason=expected)


@pytest.mark.parametrize("number", ["-1", "1.5", "", True, [], 1.5, "9" * 5000])
def test_a_number_that_is_none_is_refused(number: object) -> None:
    assert reason(media(chunk=number)) == "media: chunk is not a number"


@pytest.mark.parametrize("key", ["", "12", "A", "%"])
def test_a_key_that_no_telephone_has_is_refused_without_repeating_it(key: str) -> None:
    refused = reason({"event": "dtmf", "streamSid": STREAM, "dtmf": {"digit": key}})
    assert refused == "dtmf: digit is not one of 0-9, * and #"


def test_wrong_tracks_and_parameters_are_refused() -> None:
    assert reason(start(tracks="inbound")) == "start: tracks is not a list of names"
    assert reason(start(customParameters={"a": 1})) == "start: customParameters is not a map of texts"
    assert "more than 100" in reason(start(customParameters={str(each): "" for each in range(101)}))


def test_half_a_character_is_refused_before_anybody_tries_to_write_it() -> None:
    assert reason(start(customParameters={"token": "\ud800"})) == "start: a parameter is not a text that can be written"
    mark = {"event": "mark", "streamSid": STREAM, "mark": {"name": "\ud800"}}
    assert reason(mark) == "mark: name is not a text that can be written"


def test_keys_and_voice_do_not_show_when_a_message_is_printed() -> None:
    assert "7" not in repr(Key(stream_sid="MZ", key="7"))
    assert "voice" not in repr(
        Media(stream_sid="MZ", track="inbound", chunk=1, timestamp_milliseconds=0, ulaw=b"voice")
    )


def test_what_is_written_has_the_documented_form() -> None:
    assert json.loads(media_message(STREAM, b"\xff\x00")) == {
        "event": "media",
        "streamSid": STREAM,
        "media": {"payload": "/wA="},
    }
    assert json.loads(mark_message(STREAM, "end")) == {"event": "mark", "streamSid": STREAM, "mark": {"name": "end"}}
    assert json.loads(clear_message(STREAM)) == {"event": "clear", "streamSid": STREAM}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
known_names = st.sampled_from(
    ["start", "media", "dtmf", "mark", "stop", "streamSid", "event", "payload", "chunk", "digit"]
)
nearly_right = st.fixed_dictionaries(
    {"event": st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop"])},
    optional={
        "start": json_values | st.dictionaries(known_names, json_values),
        "media": json_values | st.dictionaries(known_names, json_values),
        "dtmf": json_values | st.dictionaries(known_names, json_values),
        "mark": json_values | st.dictionaries(known_names, json_values),
        "stop": json_values | st.dictionaries(known_names, json_values),
        "streamSid": json_values,
    },
)


@given(st.text() | st.binary() | json_values.map(json.dumps) | nearly_right.map(json.dumps))
def test_nothing_that_arrives_raises(message: str | bytes) -> None:
    answer = read_message(message)
    assert isinstance(answer, Connected | Start | Media | Key | Mark | Stop | Malformed | Unplayable)


@given(st.sampled_from([start(), media()]), st.data())
def test_no_single_damaged_field_raises(message: dict[str, Any], data: st.DataObject) -> None:
    damaged = json.loads(json.dumps(message))
    part = data.draw(st.sampled_from([damaged, damaged[damaged["event"]]]))
    part[data.draw(st.sampled_from(sorted(part)))] = data.draw(json_values)
    assert read_message(json.dumps(damaged)) is not None
