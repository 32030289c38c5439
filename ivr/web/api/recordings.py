"""Recordings of prompts by the API: added from a sound file, heard, listed."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from ivr.editing import recording_sound
from ivr.editing import recordings as store
from ivr.editing.recording_sound import Remark, Sound
from ivr.editing.recordings import Recording
from ivr.web import errors, transaction
from ivr.web.api import parsing
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import SliceQuery, Strict, text
from ivr.web.audited import actor

recordings = Resource("recordings", "Recordings", "Prompts spoken by a person: a prompt names one by its address.")

# A minute of 48 kHz stereo in 16 bits is 11.5 MB; base64 makes four of three.
LARGEST_BYTES = 16 * 1024 * 1024


class RecordingShown(Schema):
    """A recording, without its sound."""

    address = fields.String(required=True, metadata={"description": "What a prompt's `recording` says: sha256:…"})
    seconds = fields.Float(required=True)
    peak_db = fields.Float(required=True, metadata={"description": "dB below full scale."})
    loudness_db = fields.Float(required=True, metadata={"description": "Of what is not silence, dB below full scale."})
    name = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class RecordingAdded(RecordingShown):
    """A recording that was added, and what was done to it."""

    gain_db = fields.Float(required=True, metadata={"description": "By which it was made as loud as the line."})
    given_rate_hz = fields.Integer(required=True)
    given_channels = fields.Integer(required=True)
    given_loudness_db = fields.Float(required=True)
    remarks = fields.List(fields.String(), required=True, metadata={"description": ", ".join(Remark)})


class RecordingList(Schema):
    """Recordings, the newest first."""

    recordings = fields.List(fields.Nested(RecordingShown), required=True)
    total = fields.Integer(required=True)


class RecordingTold(Strict):
    """A sound file."""

    name = text(200, load_default="", metadata={"description": "Of the file, for people."})
    sound = text(
        LARGEST_BYTES, shortest=1, required=True, metadata={"description": "WAV, FLAC, OGG or MP3, in base64."}
    )


@recordings.operation("get", "/recordings", scope="draft:read", query=SliceQuery, gives=RecordingList)
def every(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Every recording."""
    session = transaction.session()
    found = store.recordings(session, limit=query["limit"], offset=query["offset"])
    return {"recordings": [_shown(one) for one in found], "total": store.count(session)}


@recordings.operation(
    "post", "/recordings", scope="draft:write", content=RecordingTold, gives=RecordingAdded, status=201,
    refuses=tuple(recording_sound.Refusal), most_bytes=LARGEST_BYTES,
)  # fmt: skip
def add(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Add a recording: its sound is judged, made as loud as the line's own voice, and kept as 8 kHz mono."""
    try:
        given = base64.b64decode(content["sound"], validate=True)
    except (binascii.Error, ValueError):
        parsing.refuse({"sound": ["This is no base64."]})
    sound = recording_sound.read(given)
    if not isinstance(sound, Sound):
        return errors.refused(sound.reason)
    kept = store.keep(transaction.session(), sound, name=content["name"], by=actor(), now=transaction.now())
    return {
        **_shown(kept),
        "gain_db": round(sound.gain_db, 1),
        "given_rate_hz": sound.given_rate_hz,
        "given_channels": sound.given_channels,
        "given_loudness_db": round(sound.given_loudness_db, 1),
        "remarks": [one.value for one in sound.remarks],
    }


@recordings.operation(
    "get", "/recordings/<id:digest>/sound", scope="draft:read", media_type="audio/wav", refuses=("recording_unknown",)
)
def sound(digest: str) -> ResponseReturnValue:
    """The sound of a recording, by its 64 digits: a WAV file."""
    found = store.wav(transaction.session(), f"{store.PREFIX}{digest}")
    if found is None:
        return errors.refused("recording_unknown")
    return Response(found, mimetype="audio/wav")


def _shown(one: Recording) -> dict[str, Any]:
    return {
        "address": one.address,
        "seconds": round(one.seconds, 2),
        "peak_db": round(one.peak_db, 1),
        "loudness_db": round(one.loudness_db, 1),
        "name": one.name,
        "by": one.by,
        "at": one.at,
    }
