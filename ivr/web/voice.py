"""The carrier's webhooks: each reads a signed request, gives it to the conductor in one transaction, and answers with TwiML.

What must go out to the carrier goes after the commit. When our own parts fail the call does not: the fallback document apologises
and dials the emergency number, and that document needs neither database nor flow.
"""

import logging
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from ivr.calls import fallback, speaking
from ivr.calls.conductor import Reply
from ivr.calls.effects import Effect
from ivr.calls.open_question import Spoken
from ivr.telephony.requests import (
    ConferenceEvent,
    Malformed,
    StatusCallback,
    VoiceRequest,
    conference_event,
    status_callback,
    voice_request,
)
from ivr.telephony.sounds import music_wav
from ivr.telephony.twiml import music, write
from ivr.web.guards import public
from ivr.web.signatures import signed_by_carrier
from ivr.web.voice_wiring import voice_wiring
from ivr.web.wiring import wiring

voice = Blueprint("voice", __name__, url_prefix="/voice")

_log = logging.getLogger(__name__)
_TOKEN = "I-Twilio-Idempotency-Token"  # noqa: S105 - a header's name
_Read = TypeVar("_Read", VoiceRequest, StatusCallback, ConferenceEvent)


def _survives(view: Callable[..., Response]) -> Any:
    """Answer with the fallback document when a part of ours fails: a live caller never meets our error page."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Response:
        try:
            return view(*args, **kwargs)
        except HTTPException:
            raise
        except SQLAlchemyError as error:
            _log.error("%s: the database does not answer (%s)", request.endpoint, type(error).__name__)
        except Exception:  # noqa: BLE001 - whatever it is, the caller is owed an answer; the log has the whole of it
            _log.exception("%s: a part of ours failed", request.endpoint)
        return _twiml(_fallback_document())

    return answered


@voice.post("/start")
@signed_by_carrier
@_survives
def start() -> Response:
    """A call begins."""
    voiced = _voice_request()
    return _reply(lambda session: voice_wiring().conductor.start(session, voiced, wiring().clock()))


@voice.post("/turn/<int:turn>")
@voice.post("/turn/<int:turn>/<int:attempt>")
@signed_by_carrier
@_survives
def turn(turn: int, attempt: int = 0) -> Response:
    """What came back to a question; `attempt` counts how often it had gone out before."""
    voiced = _voice_request()
    conductor = voice_wiring().conductor
    return _reply(lambda session: conductor.turn(session, voiced, turn, wiring().clock(), attempt=attempt))


@voice.post("/wait/<int:turn>/<int:round_>")
@signed_by_carrier
@_survives
def wait(turn: int, round_: int) -> Response:
    """A round of waiting in the queue."""
    voiced = _voice_request()
    meeting = voice_wiring().meeting
    return _reply(lambda session: meeting.waiting_round(session, voiced, turn, round_, wiring().clock()))


@voice.post("/left/<int:turn>")
@signed_by_carrier
@_survives
def left(turn: int) -> Response:
    """The caller is out of the queue."""
    voiced = _voice_request()
    return _reply(lambda session: voice_wiring().meeting.left_queue(session, voiced, turn, wiring().clock()))


@voice.post("/meet")
@signed_by_carrier
@_survives
def meet() -> Response:
    """The caller goes to the agent."""
    voiced = _voice_request()
    return _reply(lambda session: voice_wiring().meeting.meet(session, voiced, wiring().clock()))


@voice.post("/met/<int:turn>/<int:round_>")
@signed_by_carrier
@_survives
def met(turn: int, round_: int) -> Response:
    """The talk with the agent is over."""
    voiced = _voice_request()
    meeting = voice_wiring().meeting
    return _reply(lambda session: meeting.met(session, voiced, turn, round_, wiring().clock()))


@voice.post("/leg/<int:leg_id>")
@signed_by_carrier
@_survives
def leg(leg_id: int) -> Response:
    """A leg beyond the caller's was picked up."""
    voiced = _voice_request()
    comings = voice_wiring().meeting.comings
    return _reply(lambda session: comings.answered(session, voiced, leg_id, wiring().clock()))


@voice.post("/leg/<int:leg_id>/key")
@signed_by_carrier
@_survives
def leg_key(leg_id: int) -> Response:
    """An outside number was asked for a key before it takes the call."""
    voiced = _voice_request()
    comings = voice_wiring().meeting.comings
    return _reply(lambda session: comings.keyed(session, voiced, leg_id, wiring().clock()))


@voice.post("/leg/<int:leg_id>/status")
@signed_by_carrier
def leg_status(leg_id: int) -> Response:
    """What became of a leg beyond the caller's."""
    reported = _read(status_callback(request.form), StatusCallback)
    comings = voice_wiring().meeting.comings
    return _done(lambda session: comings.status(session, reported, leg_id, wiring().clock()))


@voice.post("/callback/<callback_id>/<int:ring>")
@signed_by_carrier
@_survives
def callback(callback_id: str, ring: int) -> Response:
    """A customer whom the line rings back has picked up."""
    voiced = _voice_request()
    ringing = voice_wiring().meeting.ringing_back
    return _reply(lambda session: ringing.answered(session, voiced, callback_id[:40], ring, wiring().clock()))


@voice.post("/callback/<callback_id>/<int:ring>/status")
@signed_by_carrier
def callback_status(callback_id: str, ring: int) -> Response:
    """What became of the leg of a customer who is rung back."""
    reported = _read(status_callback(request.form), StatusCallback)
    meeting = voice_wiring().meeting

    def keep(session: Session) -> tuple[Effect, ...]:
        now = wiring().clock()
        ended = meeting.status(session, reported, now)
        return (*ended, *meeting.ringing_back.told(session, reported, callback_id[:40], ring, now))

    return _done(keep)


@voice.post("/status")
@signed_by_carrier
def status() -> Response:
    """The progress of a caller's leg."""
    reported = _read(status_callback(request.form), StatusCallback)
    return _done(lambda session: voice_wiring().meeting.status(session, reported, wiring().clock()))


@voice.post("/conference")
@signed_by_carrier
def conference() -> Response:
    """What happened in a conference."""
    event = _read(conference_event(request.form), ConferenceEvent)
    return _done(lambda session: voice_wiring().meeting.conference(session, event, wiring().clock()))


@voice.post("/music")
@signed_by_carrier
def hold_music() -> Response:
    """Music for whoever waits alone or on hold."""
    return _twiml(
        music(voice_wiring().company.addresses.voice("music.wav"), voice_wiring().company.addresses.voice("music"))
    )


@voice.get("/music.wav")
@public("the carrier's media servers fetch it unsigned; it is four chords made by our own code")
def music_file() -> Response:
    """The waiting music, a WAV file."""
    return Response(_music(), mimetype="audio/wav", headers={"Cache-Control": "public, max-age=86400"})


@voice.get("/spoken/<signed>.wav")
@public(
    "the carrier's media servers fetch it unsigned; its address is signed, and stands for words that we wrote to the carrier"
)
def spoken(signed: str) -> Response:
    """A prompt in our own voice, a WAV file."""
    said = speaking.read_signed(voice_wiring().company, signed)
    if said is None or said.language not in voice_wiring().company.spoken_here:
        abort(404)
    # It may hold a name or a number of an order: no cache between the carrier and us keeps it.
    return _sound(voice_wiring().company.live_version, said, cached="private")


@voice.get("/recording/<int:version>/<language>/<key>.wav")
@public("the carrier's media servers fetch it unsigned; it is what everybody who calls can hear")
def recording(version: int, language: str, key: str) -> Response:
    """The recording of a prompt, a WAV file."""
    known = voice_wiring().company.versions.get(version)
    if known is None or (key, language) not in known.recordings:
        abort(404)
    # Its words stand in the file: without it there is nothing to be said.
    return _sound(version, Spoken(text="", language=language, recording=key), cached="public")


@voice.post("/fallback")
@signed_by_carrier
def fallback_document() -> Response:
    """What the carrier asks when another of our addresses has failed."""
    _log.error("the carrier met error %s at one of our addresses", request.form.get("ErrorCode", "")[:10])
    return _twiml(_fallback_document())


def _voice_request() -> VoiceRequest:
    return _read(voice_request(request.form, token=request.headers.get(_TOKEN, "")), VoiceRequest)


def _read(read: _Read | Malformed, _wanted: type[_Read]) -> _Read:
    if isinstance(read, Malformed):
        _log.warning("refused a request to %s: %s", request.endpoint, read.reason)
        abort(400)
    return read


def _reply(work: Callable[[Session], Reply]) -> Response:
    def transaction() -> Reply:
        with wiring().sessions.begin() as session:
            return work(session)

    reply = voice_wiring().company.lookups.answering(transaction)
    voice_wiring().outgoing.carry_out(reply.effects)
    return _twiml(reply.document)


def _done(work: Callable[[Session], tuple[Effect, ...]]) -> Response:
    try:
        with wiring().sessions.begin() as session:
            effects = work(session)
        voice_wiring().outgoing.carry_out(effects)
    except SQLAlchemyError as error:
        # Nobody waits for words here. What this callback would have told, the ticker finds out by itself.
        _log.error("%s: the database does not answer (%s)", request.endpoint, type(error).__name__)
        return Response(status=503)
    return Response(status=204)


def _twiml(document: str) -> Response:
    return Response(document, mimetype="text/xml")


def _sound(version: int, said: Spoken, *, cached: str) -> Response:
    sound = voice_wiring().voicing.wav(voice_wiring().company.version(version), said)
    return Response(sound, mimetype="audio/wav", headers={"Cache-Control": f"{cached}, max-age=86400, immutable"})


def _fallback_document() -> str:
    return write(fallback.answer(voice_wiring().company))


@lru_cache(maxsize=1)
def _music() -> bytes:
    return music_wav()
