"""The media socket: the prompt goes out, the audio of one turn comes in, the turn is stored, the socket closes.

Of a customer who consents, the voice is looked at meanwhile (`ivr.web.voice_work`); only what that still lacks at the turn's end
is waited for, and not for long.

The handshake must be signed, and the stream must show the token of its call and turn. Recognition is `ivr.speech`'s. Whatever
happens on the socket, the caller goes on: the redirect behind the stream asks for the next answer.
"""

import hmac
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError

from ivr.audio import RATE_HZ
from ivr.calls import audio, store, voice_evidence
from ivr.calls.asking import socket_token
from ivr.calls.company import STREAM
from ivr.calls.hearing import NOT_ADMITTED, kept_of
from ivr.calls.open_question import OpenQuestion
from ivr.calls.words_wanted import WordsWanted, digits_wanted, is_restricted
from ivr.speech.barge_in import Sensitivity
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Listening, Question, Turn
from ivr.speech.net_speech import HeardSpeech
from ivr.speech.recognizer import Busy, NoModel, Recognizer
from ivr.telephony.media import Start
from ivr.web import guards
from ivr.web.signatures import refuse, socket_is_signed
from ivr.web.stream_start import LOOK_SECONDS, wait_for_start
from ivr.web.voice_socket import overhear
from ivr.web.voice_wiring import voice_wiring
from ivr.web.wiring import wiring

_log = logging.getLogger(__name__)
# Each holds a thread of the server, which has more of them than this (`ivr.serving`): the webhooks must never wait for sockets.
MOST_SOCKETS: Final = 100
# Without pings: the carrier speaks 50 times a second, a socket that falls silent is noticed by `Listening`, and the wait for the
# next ping costs each message another system call (a third of the socket's cost: hearing bench, `messages`).
SOCKET_OPTIONS: Final[Mapping[str, Any]] = {"max_message_size": 65536}
# The same field that `ivr.telephony.media` reads, found without reading the message a second time.
_TIMESTAMP: Final = re.compile(r'"timestamp"\s*:\s*"?(\d{1,15})\b')


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """A stream that speaks for an open question."""

    call_id: str
    turn: int
    language: str
    flow_version: int
    question: OpenQuestion
    came: tuple[str | bytes, ...]  # its first messages, the start among them
    looks_at_voice: bool  # whether the caller is a customer who has consented to it


class Lateness:
    """How long the messages of one stream have been waiting to be taken in, by their time stamps and our clock.

    The least wait of the stream so far counts as none: where a carrier's stamps begin and how far it is, nobody knows.
    """

    def __init__(self) -> None:
        self._least_seconds: float | None = None

    def of(self, message: str | bytes, now_seconds: float) -> float:
        """Seconds that a message has waited, 0.0 for one without a stamp."""
        stamp = _TIMESTAMP.search(message) if isinstance(message, str) else None
        if stamp is None:
            return 0.0
        behind_seconds = now_seconds - int(stamp[1]) / 1000
        self._least_seconds = min(
            behind_seconds, behind_seconds if self._least_seconds is None else self._least_seconds
        )
        return behind_seconds - self._least_seconds


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A stream that nobody here can listen to now, and why."""

    reason: str


def register_media(app: Flask) -> None:
    """Add the media socket to an application."""
    app.config.setdefault("SOCK_SERVER_OPTIONS", dict(SOCKET_OPTIONS))
    sock = Sock(app)
    for path, (endpoint, handler) in SOCKETS.items():
        sock.route(path, endpoint=endpoint)(handler)
        app.view_functions[endpoint] = guards.by_carrier(app.view_functions[endpoint])
    app.before_request(_refuse_forged_handshake)


def _refuse_forged_handshake() -> None:
    # Before the upgrade, so that a forged handshake gets a plain 403.
    if request.endpoint in {endpoint for endpoint, _ in SOCKETS.values()} and not socket_is_signed():
        refuse()


def converse(socket: object) -> None:
    """Say and hear one turn on an accepted socket, store it, and close."""
    sockets = voice_wiring().sockets
    sockets.add()
    try:
        begun = _begin(socket)
        if begun is not None:
            turn = _turn(socket, begun)
            _store(begun, turn)
            if begun.looks_at_voice:
                voice_wiring().voice_work.wait(begun.call_id, begun.turn)
            # The caller goes on from here.
            socket.close()  # type: ignore[attr-defined] # flask-sock publishes no types
            _keep_sound(begun, turn)
    except SQLAlchemyError as error:
        # The webhook behind the stream finds nothing of this turn, and lets the carrier listen.
        _log.error("a media socket ends: the database does not answer (%s)", type(error).__name__)
    finally:
        sockets.add(-1)


def _begin(socket: object) -> _Begun | None:
    """Wait for the stream's start; what came before and with it is given back to be heard."""
    started = wait_for_start(socket, voice_wiring().seconds)
    return None if started is None else _speaks_for(started.start, started.came)


def _speaks_for(start: Start, came: tuple[str | bytes, ...]) -> _Begun | None:
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
        question = OpenQuestion.read(call.expecting)
        if question.listened_by != STREAM:
            return None
        return _Begun(
            call_id=call.call_id,
            turn=turn,
            language=call.language,
            flow_version=call.flow_version,
            question=question,
            came=came,
            looks_at_voice=voice_wiring().company.voice is not None
            and voice_evidence.customer_to_hear(session, call.call_id) is not None,
        )


def _turn(socket: object, begun: _Begun) -> Turn | Refused:
    """What this stream brought."""
    recognizer = _recognizer(begun)
    if isinstance(recognizer, NoModel | Busy):
        _log.warning("a media socket is not admitted: %s", recognizer.reason)
        return Refused(reason=recognizer.reason)
    jotting, voice_work = voice_wiring().jotting, voice_wiring().voice_work

    def hand_over(heard: HeardSpeech) -> None:
        voice_work.hand(begun.call_id, begun.turn, heard)

    listening = Listening(
        _question(begun),
        recognizer,
        call_sid=begun.call_id,
        prompt_ulaw=_prompt(begun),
        on_words=lambda words: None if begun.question.secret else jotting.jot(begun.call_id, begun.turn, words),
        on_speech=hand_over if begun.looks_at_voice else None,
    )
    try:
        turn = _listen(socket, listening, begun)
    except ConnectionClosed:
        turn = listening.close()
    except Exception:  # noqa: BLE001 - whatever it is, what was heard until then counts; the log has the whole of it
        _log.exception("a media socket failed")
        turn = listening.close()
    _log.info(
        "a turn of %.1f s was heard, it ended by %s; %d messages late, %.1f s lost, %d refused, %d sockets open",
        turn.seconds,
        turn.ended.value,
        turn.late_messages,
        turn.lost_seconds,
        turn.refused_messages,
        voice_wiring().sockets.value,
    )
    return turn


def _recognizer(begun: _Begun) -> Recognizer | NoModel | Busy:
    if voice_wiring().sockets.value > MOST_SOCKETS:
        return Busy(reason=f"{MOST_SOCKETS} media sockets are open")
    return voice_wiring().recognition.open(
        begun.language,
        rate_hz=RATE_HZ,
        phrases=_words_wanted(begun).phrases(begun.question, begun.language),
        only_phrases=is_restricted(begun.question),
    )


def _words_wanted(begun: _Begun) -> WordsWanted:
    company = voice_wiring().company
    return company.words_wanted_of(company.version(begun.flow_version))


def _question(begun: _Begun) -> Question:
    asked = begun.question
    least_digits, most_digits = digits_wanted(asked)
    return Question(
        kind=AnswerKind(asked.expect),
        language=begun.language,
        max_keys=asked.max_keys,
        least_digits=least_digits,
        most_digits=most_digits,
        timeout_seconds=asked.timeout_seconds,
        after_words_seconds=asked.after_words_seconds,
        longest_seconds=asked.longest_seconds,
        barge_in=asked.barge_in,
        sensitivity=Sensitivity(asked.sensitivity),
    )


def _prompt(begun: _Begun) -> bytes:
    """The question's prompts, mu-law; b"" where the carrier has said them. A stream that is opened again says them again."""
    if not begun.question.streams_prompts:
        return b""
    version = voice_wiring().company.version(begun.flow_version)
    return b"".join(voice_wiring().voicing.ulaw(version, one) for one in begun.question.prompts)


def _listen(socket: object, listening: Listening, begun: _Begun) -> Turn:
    clock, lateness, waiting = voice_wiring().seconds, Lateness(), list(begun.came)
    while True:
        looked_at = clock()
        message = waiting.pop(0) if waiting else socket.receive(timeout=LOOK_SECONDS)  # type: ignore[attr-defined] # flask-sock publishes no types
        now = clock()
        if message is None:
            reply = listening.wait(now - looked_at)
        else:
            reply = listening.accept(message, late_seconds=lateness.of(message, now))
        for one in reply.messages:
            socket.send(one)  # type: ignore[attr-defined] # flask-sock publishes no types
        if reply.turn is not None:
            return reply.turn


def _store(begun: _Begun, turn: Turn | Refused) -> None:
    heard = {"ended": NOT_ADMITTED, "failure": turn.reason} if isinstance(turn, Refused) else kept_of(turn)
    with wiring().sessions.begin() as session:
        kept = store.keep_heard(session, call_id=begun.call_id, turn=begun.turn, heard=heard)
    if not kept:
        _log.info("a turn came too late to be kept")


def _keep_sound(begun: _Begun, turn: Turn | Refused) -> None:
    """Keep what was said as sound, where the caller has consented to that."""
    if isinstance(turn, Turn) and turn.speech_pcm and not begun.question.secret:
        with wiring().sessions.begin() as session:
            audio.keep(
                session,
                call_id=begun.call_id,
                turn=begun.turn,
                pcm=turn.speech_pcm,
                now=wiring().clock(),
                days=voice_wiring().company.own.now().audio_days,
            )


# The carrier's sockets: path, endpoint, and what is done on an accepted one.
SOCKETS: Final[Mapping[str, tuple[str, Callable[[object], None]]]] = {
    "/voice/media": ("voice.media", converse),
    "/voice/evidence": ("voice.evidence", overhear),
}
