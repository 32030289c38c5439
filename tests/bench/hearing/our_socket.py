"""Our media socket alone, for the benches that set it beside others: the service's listening behind flask-sock.

Served by gunicorn as the service is. `/media` listens to a question that never ends and recognises nothing; `/turn` hears one
turn with Vosk, on one decoding thread, and closes, as the service's socket does. The call's token and its row in the database,
which a turn is looked up by, are left out.
"""

import os
from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import Any

from flask import Flask
from flask_sock import Sock
from simple_websocket import ConnectionClosed

from ivr.audio import RATE_HZ
from ivr.speech.decoding import Decoding
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Listening, Question
from ivr.speech.recognizer import Busy, NoModel
from ivr.speech.vosk_recognizer import VoskRecognition
from ivr.telephony.media import Start, read_message
from ivr.web.media import SOCKET_OPTIONS, Lateness
from ivr.web.stream_start import LOOK_SECONDS
from tests.bench.hearing.one_core import dialogue
from tests.listeners import KOREAN, korean_model

NEVER_SECONDS = 1e9
# Set where turns are recognised, so that the model is loaded before the first of them.
RECOGNISES = "BENCH_RECOGNISES"

application = Flask("our_socket")
application.config["SOCK_SERVER_OPTIONS"] = dict(SOCKET_OPTIONS)
sock = Sock(application)


@sock.route("/media")
def media(socket: Any) -> None:
    """Listen until the other side goes."""
    question = Question(
        kind=AnswerKind.REQUEST,
        language="it",
        timeout_seconds=NEVER_SECONDS,
        after_words_seconds=NEVER_SECONDS,
        longest_seconds=NEVER_SECONDS,
    )
    nobody = NoModel(reason="the bench of messages recognises nothing")
    _listen(socket, lambda _start: Listening(question, nobody))


@sock.route("/turn")
def turn(socket: Any) -> None:
    """Hear one turn of a dialogue, which the stream's parameters name."""
    _listen(socket, _listening)


def _listening(start: Start) -> Listening:
    slot = dialogue(int(start.parameters["variant"]))[int(start.parameters["slot"])]
    session = _decoding().open(KOREAN, rate_hz=RATE_HZ, phrases=slot.phrases, only_phrases=bool(slot.phrases))
    if isinstance(session, Busy):
        session = NoModel(reason=session.reason)
    return Listening(Question(kind=slot.kind, language="it"), session, prompt_ulaw=slot.prompt_ulaw)


def _listen(socket: Any, begin: Callable[[Start], Listening]) -> None:
    listening, late, came = None, Lateness(), []
    try:
        while True:
            message = socket.receive(timeout=LOOK_SECONDS)
            if listening is None:
                came.append(message)
                read = read_message(message or "")
                if isinstance(read, Start):
                    listening = begin(read)
                    for one in came:
                        _send(socket, listening.accept(one).messages)
                continue
            reply = (
                listening.accept(message, late_seconds=late.of(message, monotonic()))
                if message
                else listening.wait(LOOK_SECONDS)
            )
            _send(socket, reply.messages)
            if reply.turn is not None:
                return
    except ConnectionClosed:
        if listening is not None:
            listening.close()


def _send(socket: Any, messages: tuple[str, ...]) -> None:
    for message in messages:
        socket.send(message)


@cache
def _decoding() -> Decoding:
    recognition = VoskRecognition({KOREAN: korean_model()}, memory_mb=2000, warm=4)
    decoding = Decoding(recognition, languages=[KOREAN], threads=1)
    decoding.wait_until_loaded()
    return decoding


if os.environ.get(RECOGNISES):
    _decoding()
