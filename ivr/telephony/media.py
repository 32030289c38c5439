"""The messages of a media stream, read into frozen records and written as JSON; what cannot be used is refused by reason.

The protocol is Twilio's Media Streams (twilio.com/docs/voice/media-streams/websocket-messages): numbers arrive as strings
and unknown fields are left alone. Which message may follow which, and what is done with the audio, is left to the listener.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ivr.audio import RATE_HZ
from ivr.telephony.requests import Malformed

# A media message of 20 ms has some 400 characters. Precedent for the limit: the first page of a socket's buffer, 64 KiB.
MOST_MESSAGE_CHARACTERS: Final = 65_536
# The carrier sends 20 ms in practice, but promises no size: one second is far beyond any and still cheap.
MOST_ULAW_BYTES: Final = RATE_HZ
# twilio.com/docs/voice/media-streams: name and value of a <Parameter> have at most 500 characters together.
MOST_PARAMETERS: Final = 100

_ENCODING: Final = "audio/x-mulaw"
_SID: Final = re.compile(r"[A-Za-z0-9]{2,64}")
_KEY: Final = re.compile(r"[0-9*#]")
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_SHOWN_CHARACTERS: Final = 40


@dataclass(frozen=True, kw_only=True)
class Unplayable:
    """A stream of audio that nobody here can decode, and why: no later message of it can be used."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Connected:
    """The socket stands; the stream has not begun."""

    protocol: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Start:
    """The stream begins: mu-law, 8000 Hz, one channel."""

    stream_sid: str
    call_sid: str
    account_sid: str
    tracks: tuple[str, ...]
    parameters: Mapping[str, str]  # what the TwiML put into <Parameter>


@dataclass(frozen=True, kw_only=True)
class Media:
    """Audio of one track."""

    stream_sid: str
    track: str  # "inbound" is the caller
    chunk: int | None  # counts the messages of a track from 1
    timestamp_milliseconds: int | None  # since the stream's start
    ulaw: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Key:
    """The caller pressed a key."""

    stream_sid: str
    key: str = field(repr=False)  # 0-9, * or #


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What stood before a mark has been played, or was cleared."""

    stream_sid: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Stop:
    """The stream is over: the call ended or its TwiML went on."""

    stream_sid: str
    call_sid: str


Message: TypeAlias = Connected | Start | Media | Key | Mark | Stop


class _RefusedError(Exception):
    """A field that cannot be used; it never leaves this module."""


def read_message(message: str | bytes) -> Message | Malformed | Unplayable:
    """Read one message of the carrier. Never raises, whatever comes in."""
    content = _json_object(message)
    if isinstance(content, Malformed):
        return content
    event = content.get("event")
    reader = _READERS.get(event) if isinstance(event, str) else None
    if reader is None:
        return Malformed(reason=f"unknown event {_shown(event)}")
    try:
        return reader(content)
    except _RefusedError as refused:
        return Malformed(reason=f"{event}: {refused}")


def media_message(stream_sid: str, ulaw: bytes) -> str:
    """Write audio to be played to the caller: mu-law at 8000 Hz, any length, without a file's header."""
    return _written("media", stream_sid, media={"payload": base64.b64encode(ulaw).decode("ascii")})


def mark_message(stream_sid: str, name: str) -> str:
    """Write a mark, which comes back when everything before it has been played or cleared."""
    return _written("mark", stream_sid, mark={"name": name})


def clear_message(stream_sid: str) -> str:
    """Write the order to stop playing at once; all marks still open come back."""
    return _written("clear", stream_sid)


def _json_object(message: str | bytes) -> Mapping[str, Any] | Malformed:
    if isinstance(message, bytes):
        return Malformed(reason="a binary message: the protocol has none")
    if len(message) > MOST_MESSAGE_CHARACTERS:
        return Malformed(reason=f"a message of {len(message)} characters: more than {MOST_MESSAGE_CHARACTERS}")
    try:
        content = json.loads(message)
    except (ValueError, RecursionError):
        return Malformed(reason="not JSON")
    return content if isinstance(content, dict) else Malformed(reason="not a JSON object")


def _written(event: str, stream_sid: str, **content: Mapping[str, str]) -> str:
    return json.dumps({"event": event, "streamSid": stream_sid, **content}, separators=(",", ":"))


def _connected(content: Mapping[str, Any]) -> Connected:
    return Connected(protocol=_text(content, "protocol", default=""), version=_text(content, "version", default=""))


def _start(content: Mapping[str, Any]) -> Start | Unplayable:
    start = _object(content, "start")
    format_ = _object(start, "mediaFormat")
    # The documentation shows rate and channels as numbers, other fields as strings: both are read.
    said = tuple(str(format_.get(name, "")) for name in ("encoding", "sampleRate", "channels"))
    if said != (_ENCODING, str(RATE_HZ), "1"):
        shown = ", ".join(_shown(part) for part in said)
        return Unplayable(reason=f"the audio is {shown}; only '{_ENCODING}', '{RATE_HZ}', '1' can be heard")
    tracks = start.get("tracks", [])
    if not isinstance(tracks, list) or not all(isinstance(track, str) for track in tracks):
        raise _RefusedError("tracks is not a list of names")
    return Start(
        stream_sid=_sid(start if "streamSid" in start else content, "streamSid"),
        call_sid=_sid(start, "callSid"),
        account_sid=_sid(start, "accountSid"),
        tracks=tuple(tracks),
        parameters=_parameters(start),
    )


def _media(content: Mapping[str, Any]) -> Media:
    media = _object(content, "media")
    payload = _text(media, "payload")
    try:
        ulaw = base64.b64decode(payload.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise _RefusedError("payload is not base64") from error
    if not 0 < len(ulaw) <= MOST_ULAW_BYTES:
        raise _RefusedError(f"payload has {len(ulaw)} bytes of audio, not 1 to {MOST_ULAW_BYTES}")
    return Media(
        stream_sid=_sid(content, "streamSid"),
        track=_text(media, "track", default="inbound"),
        chunk=_number(media, "chunk"),
        timestamp_milliseconds=_number(media, "timestamp"),
        ulaw=ulaw,
    )


def _key(content: Mapping[str, Any]) -> Key:
    key = _text(_object(content, "dtmf"), "digit")
    if not _KEY.fullmatch(key):
        # Without the value: it may be a part of something secret.
        raise _RefusedError("digit is not one of 0-9, * and #")
    return Key(stream_sid=_sid(content, "streamSid"), key=key)


def _mark(content: Mapping[str, Any]) -> Mark:
    return Mark(stream_sid=_sid(content, "streamSid"), name=_text(_object(content, "mark"), "name"))


def _stop(content: Mapping[str, Any]) -> Stop:
    return Stop(stream_sid=_sid(content, "streamSid"), call_sid=_sid(_object(content, "stop"), "callSid"))


_READERS: Final = {
    "connected": _connected,
    "start": _start,
    "media": _media,
    "dtmf": _key,
    "mark": _mark,
    "stop": _stop,
}


def _object(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    if not isinstance(value, dict):
        raise _RefusedError(f"{name} is not an object")
    return value


def _text(content: Mapping[str, Any], name: str, *, default: str | None = None) -> str:
    value = content.get(name, default)
    if not isinstance(value, str):
        raise _RefusedError(f"{name} is not a text")
    return _writable(value, name)


def _writable(value: str, name: str) -> str:
    """Refuse half a surrogate pair: JSON allows it, but no log, database or digest takes it."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _RefusedError(f"{name} is not a text that can be written") from error
    return value


def _sid(content: Mapping[str, Any], name: str) -> str:
    value = _text(content, name)
    if not _SID.fullmatch(value):
        raise _RefusedError(f"{name} is not an identifier")
    return value


def _number(content: Mapping[str, Any], name: str) -> int | None:
    value = content.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int) or not _NUMBER.fullmatch(str(value)):
        raise _RefusedError(f"{name} is not a number")
    return int(value)


def _parameters(start: Mapping[str, Any]) -> Mapping[str, str]:
    parameters = start.get("customParameters") or {}
    if not isinstance(parameters, dict) or not all(isinstance(value, str) for value in parameters.values()):
        raise _RefusedError("customParameters is not a map of texts")
    if len(parameters) > MOST_PARAMETERS:
        raise _RefusedError(f"{len(parameters)} customParameters: more than {MOST_PARAMETERS}")
    return {_writable(name, "a parameter"): _writable(value, "a parameter") for name, value in parameters.items()}


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "..."
