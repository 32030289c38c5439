"""The media socket: the audio of one turn comes in, the turn is stored, the socket closes. Recognition is `ivr.speech`'s.

The handshake must be signed, and the stream must show the token of its call and turn. Whatever happens on the socket, the caller
goes on: the redirect behind the stream asks for the next answer.
"""

import hmac
import logging
from time import monotonic

from flask import Flask, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed

from ivr.audio import RATE_HZ
from ivr.calls import store
from ivr.calls.conductor import socket_token
from ivr.calls.hearing import asked_kind
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Listening, Question, Turn
from ivr.speech.recognizer import Busy, NoModel
from ivr.telephony.media import Start, read_message
from ivr.web import guards
from ivr.web.signatures import refuse, socket_is_signed
from ivr.web.voice_wiring import voice_wiring
from ivr.web.wiring import wiring

_log = logging.getLogger(__name__)
# How long one look at the socket waits; shorter than the patience of `ivr.speech.listening`.
LOOK_SECONDS = 0.5
# A socket that has not begun its stream by then never will: the carrier sends `connected` and `start` at once.
BEGIN_SECONDS = 5.0
MOST_MESSAGES_BEFORE_START = 10


def register_media(app: Flask) -> None:
    """Add the media socket to an application."""
    app.config.setdefault("SOCK_SERVER_OPTIONS", {"ping_interval": 25, "max_message_size": 65536})
    sock = Sock(app)
    sock.route("/voice/media", endpoint="voice.media")(converse)
    app.view_functions["voice.media"] = guards.by_carrier(app.view_functions["voice.media"])
    app.before_request(_refuse_forged_handshake)


def _refuse_forged_handshake() -> None:
    # Before the upgrade, so that a forged handshake gets a plain 403.
    if request.endpoint == "voice.media" and not socket_is_signed():
        refuse()


def converse(socket: object) -> None:
    """Listen for one turn on an accepted socket, store it, and close."""
    listening: Listening | None = None
    begun: tuple[str, int] | None = None
    finished: Turn | None = None
    try:
        opened = _begin(socket)
        if opened is None:
            return
        listening, begun, waiting = opened
        finished = _listen(socket, listening, waiting)
    except ConnectionClosed:
        finished = listening.close() if listening is not None else None
    if finished is not None and begun is not None:
        _store(finished, *begun)


def _begin(socket: object) -> tuple[Listening, tuple[str, int], list[str | bytes]] | None:
    """Wait for the stream's start; what came before and with it is given back to be heard."""
    came: list[str | bytes] = []
    until = monotonic() + BEGIN_SECONDS
    while monotonic() < until and len(came) < MOST_MESSAGES_BEFORE_START:
        message = socket.receive(timeout=LOOK_SECONDS)  # type: ignore[attr-defined] # flask-sock publishes no types
        if message is None:
            continue
        came.append(message)
        read = read_message(message)
        if isinstance(read, Start):
            return _listening_for(read, came)
    _log.warning("a media socket did not begin a stream; closed")
    return None


def _listening_for(
    start: Start, came: list[str | bytes]
) -> tuple[Listening, tuple[str, int], list[str | bytes]] | None:
    turn_text = start.parameters.get("turn", "")
    turn = int(turn_text) if turn_text.isdecimal() else -1
    expected = socket_token(voice_wiring().company.token_key, start.call_sid, turn)
    if not hmac.compare_digest(start.parameters.get("token", "").encode(), expected.encode()):
        voice_wiring().forged.add()
        _log.warning("a media socket does not speak for its call; closed")
        return None
    with wiring().reading_sessions() as session:
        call = store.call(session, start.call_sid)
        if call is None or call.turn != turn:
            return None
        language, kind, most_keys = call.language, *asked_kind(call.expecting)
    recognizer = voice_wiring().recognition.open(language, rate_hz=RATE_HZ)
    if isinstance(recognizer, Busy):
        recognizer = NoModel(reason=recognizer.reason)
    if isinstance(recognizer, NoModel):
        _log.warning("no recognition for %s: %s", language, recognizer.reason)
    question = Question(kind=AnswerKind(kind), language=language, max_keys=most_keys)
    return Listening(question, recognizer, call_sid=start.call_sid), (start.call_sid, turn), came


def _listen(socket: object, listening: Listening, waiting: list[str | bytes]) -> Turn:
    while True:
        if waiting:
            reply = listening.accept(waiting.pop(0))
        else:
            looked_at = monotonic()
            message = socket.receive(timeout=LOOK_SECONDS)  # type: ignore[attr-defined] # flask-sock publishes no types
            reply = listening.wait(monotonic() - looked_at) if message is None else listening.accept(message)
        for one in reply.messages:
            socket.send(one)  # type: ignore[attr-defined] # flask-sock publishes no types
        if reply.turn is not None:
            return reply.turn


def _store(turn: Turn, call_id: str, number: int) -> None:
    heard = {
        "text": turn.text,
        "keys": turn.keys,
        "confidence": turn.confidence,
        "ended": turn.ended.value,
        "seconds": turn.seconds,
        "failure": turn.failure,
    }
    with wiring().sessions.begin() as session:
        kept = store.keep_heard(session, call_id=call_id, turn=number, heard=heard)
    _log.info(
        "a turn of %.1f s was heard, it ended by %s%s", turn.seconds, turn.ended.value, "" if kept else ", too late"
    )
