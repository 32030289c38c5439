"""Real sockets over the loopback that do what no carrier should: the turn is stored as far as it was heard, the caller goes on.

Time is real here, so each test takes as long as the service's own patience.
"""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
import simple_websocket
from flask import Flask
from sqlalchemy import Engine
from twilio.request_validator import RequestValidator
from werkzeug.serving import WSGIRequestHandler, make_server

from ivr import database, trial
from ivr.app import create_app
from ivr.audio import FRAME_SECONDS, pcm_to_ulaw
from ivr.calls import store
from ivr.calls.asking import socket_token
from ivr.speech.scripted import Fails, Hears, IsBusy, Line, ScriptedRecognition
from ivr.synthesis import installed_voice
from ivr.web.stream_start import BEGIN_SECONDS
from tests.listeners import quiet, spoken
from tests.telephone import MONDAY_TEN, SERVICE, settings_for, understanding

CALL = "CA" + "7" * 32
SAID = "dov'è il mio ordine"
ANSWERED = "in viaggio"
# Beyond every patience of the service's own.
LIMIT_SECONDS = 15.0


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, *_arguments: Any) -> None:
        """Say nothing."""


@dataclass(kw_only=True)
class Live:
    """A service on a loopback port whose one call stands at its first question, listened to by stream."""

    app: Flask
    engine: Engine
    port: int

    @property
    def secret(self) -> str:
        return "the line's token in tests"

    def post(self, path: str, **parameters: str) -> str:
        """A webhook of the call, signed; gives the document."""
        sent = {"CallSid": CALL, "From": trial.MARIO, "To": "+390210420000", "CallStatus": "in-progress", **parameters}
        url = f"{SERVICE}/voice/{path}"
        signature = str(RequestValidator(self.secret).compute_signature(url, sent))
        answer = self.app.test_client().post(
            f"/voice/{path}", base_url=SERVICE, data=sent, headers={"X-Twilio-Signature": signature}
        )
        assert answer.status_code == 200
        return answer.text

    def socket(self) -> simple_websocket.Client:
        """A media socket, its handshake signed."""
        url = "wss://" + SERVICE.removeprefix("https://") + "/voice/media"
        signature = str(RequestValidator(self.secret).compute_signature(url, {}))
        return simple_websocket.Client(
            f"ws://127.0.0.1:{self.port}/voice/media", headers={"X-Twilio-Signature": signature}
        )

    def call(self) -> Any:
        with database.reading_session_factory(self.engine)() as session:
            return store.call(session, CALL)

    def stored(self) -> dict[str, Any]:
        """What the socket leaves with the call, once it does."""
        until = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < until:
            kept = self.call().heard
            if kept:
                return dict(json.loads(kept))
            time.sleep(0.05)
        raise AssertionError("the turn was never stored")


@pytest.fixture
def script() -> list[Line]:
    """What the turns are heard as."""
    return [Hears(text=SAID)] * 3


@pytest.fixture
def prompt_voice() -> str:
    """Who says the prompts."""
    return "carrier"


@pytest.fixture
def live(sqlite_engine: Engine, script: list[Line], prompt_voice: str) -> Iterator[Live]:
    database.upgrade(sqlite_engine)
    with database.session_factory(sqlite_engine).begin() as session:
        trial.make_company(session, password="una frase lunga per provare", now=MONDAY_TEN, today=MONDAY_TEN.date())
    settings = settings_for("sqlite:///unused", listening={"it": "stream", "en": "carrier"}, prompt_voice=prompt_voice)
    app = create_app(
        settings,
        engine=sqlite_engine,
        understanding=understanding(),
        recognition=ScriptedRecognition(script),
        tick=False,
    )
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    service = Live(app=app, engine=sqlite_engine, port=server.server_port)
    assert "<Stream" in service.post("start")
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def start(live: Live, **given: Any) -> str:
    with live.app.app_context():
        key = live.app.extensions["centralino.voice"].company.token_key
    stream = {
        "accountSid": "AC" + "0" * 32, "streamSid": "MZ1", "callSid": CALL, "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"turn": "1", "token": socket_token(key, CALL, 1)}, **given,
    }  # fmt: skip
    return json.dumps({"event": "start", "sequenceNumber": "1", "start": stream, "streamSid": "MZ1"})


def media(ulaw: bytes, number: int, *, at_seconds: float) -> str:
    body = {"track": "inbound", "chunk": str(number), "timestamp": str(round(1000 * at_seconds))}
    body["payload"] = base64.b64encode(ulaw).decode()
    return json.dumps({"event": "media", "streamSid": "MZ1", "media": body})


def talk(socket: simple_websocket.Client, ulaw: bytes, *, piece_bytes: tuple[int, ...] = (160,)) -> None:
    """Send sound at the pace of speech, in pieces of these sizes by turns, for as long as somebody listens."""
    began, sent, number = time.monotonic(), 0, 0
    with suppress(simple_websocket.ConnectionClosed):
        while sent < len(ulaw):
            piece = ulaw[sent : sent + piece_bytes[number % len(piece_bytes)]]
            number += 1
            socket.send(media(piece, number, at_seconds=sent / 8000))
            sent += len(piece)
            time.sleep(max(0.0, began + sent / 8000 - time.monotonic()))


def is_closed_by_us(socket: simple_websocket.Client) -> bool:
    """Whether the service closes the socket within its patience."""
    until = time.monotonic() + LIMIT_SECONDS
    try:
        while time.monotonic() < until:
            socket.receive(timeout=0.5)
    except simple_websocket.ConnectionClosed:
        return True
    return False


def sentence() -> bytes:
    return pcm_to_ulaw(quiet(0.3) + spoken("vorrei sapere dov'è il mio ordine per favore"))


def goes_on(live: Live) -> str:
    """The redirect behind the stream: the document that the caller goes on with."""
    document = live.post("turn/1")
    assert live.post("turn/1") == document, "a delivery that comes again gets the same document"
    return document


def test_caller_is_heard_and_the_socket_closes_by_itself(live: Live) -> None:
    socket = live.socket()
    socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
    socket.send(start(live))
    talk(socket, sentence() + pcm_to_ulaw(quiet(3.0)))
    assert is_closed_by_us(socket)
    heard = live.stored()
    assert (heard["text"], heard["ended"], heard["late_messages"]) == (SAID, "speech", 0)
    assert heard["by"] == "script"
    assert ANSWERED in goes_on(live)


@pytest.mark.parametrize("prompt_voice", ["auto"])
@pytest.mark.skipif(not installed_voice().speaks("it-IT"), reason="no synthesiser for Italian is installed here")
def test_prompt_is_sent_whole_with_its_mark_and_what_is_said_after_it_is_not_late(live: Live) -> None:
    socket = live.socket()
    socket.send(start(live))
    sent: list[dict[str, Any]] = []
    while not sent or sent[-1]["event"] != "mark":
        message = socket.receive(timeout=LIMIT_SECONDS)
        assert message is not None
        sent.append(json.loads(message))
    prompt = b"".join(base64.b64decode(one["media"]["payload"]) for one in sent[:-1])
    assert len(prompt) > 2 * 8000
    # The carrier plays it faster than any: what matters here is that its word comes back.
    socket.send(json.dumps({"event": "mark", "streamSid": "MZ1", "mark": sent[-1]["mark"]}))
    talk(socket, sentence() + pcm_to_ulaw(quiet(3.0)))
    assert is_closed_by_us(socket)
    heard = live.stored()
    assert (heard["text"], heard["late_messages"], heard["interrupted_prompt"]) == (SAID, 0, False)


@pytest.mark.parametrize("prompt_voice", ["auto"])
@pytest.mark.skipif(not installed_voice().speaks("it-IT"), reason="no synthesiser for Italian is installed here")
def test_a_caller_whose_stream_never_came_about_hears_the_question_from_the_carrier(live: Live) -> None:
    document = goes_on(live)
    assert "<Gather" in document
    assert "/voice/spoken/" in document


def test_socket_that_stalls_is_closed_with_what_was_heard(live: Live) -> None:
    socket = live.socket()
    socket.send(start(live))
    talk(socket, sentence()[:16000])
    assert is_closed_by_us(socket)
    heard = live.stored()
    assert (heard["text"], heard["ended"]) == (SAID, "stalled")
    assert ANSWERED in goes_on(live)


def test_socket_that_dies_in_the_middle_of_a_word_leaves_the_turn_as_far_as_it_was_heard(live: Live) -> None:
    socket = live.socket()
    socket.send(start(live))
    talk(socket, sentence()[:16000])
    socket.sock.close()
    heard = live.stored()
    assert (heard["text"], heard["ended"]) == (SAID, "stalled")
    assert 1.9 <= heard["seconds"] <= 2.1
    assert ANSWERED in goes_on(live)


def test_sound_in_pieces_of_odd_sizes_is_heard_whole(live: Live) -> None:
    socket = live.socket()
    socket.send(start(live))
    talk(socket, sentence(), piece_bytes=(1, 37, 161, 800, 2400))
    socket.send(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": CALL}}))
    heard = live.stored()
    assert heard["text"] == SAID
    assert heard["seconds"] == pytest.approx(len(sentence()) / 8000, abs=FRAME_SECONDS)
    assert (heard["lost_seconds"], heard["late_messages"]) == (0, 0)


def test_a_second_start_changes_nothing(live: Live) -> None:
    socket = live.socket()
    socket.send(start(live))
    socket.send(start(live, streamSid="MZ2", callSid="CA" + "8" * 32))
    talk(socket, sentence()[:16000])
    socket.send(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": CALL}}))
    heard = live.stored()
    assert (heard["text"], heard["refused_messages"]) == (SAID, 1)


def test_a_stream_in_another_codec_is_left_to_the_carriers_recogniser(live: Live) -> None:
    socket = live.socket()
    socket.send(start(live, mediaFormat={"encoding": "audio/opus", "sampleRate": 48000, "channels": 2}))
    assert is_closed_by_us(socket)
    document = goes_on(live)
    assert "<Gather" in document
    assert "/voice/turn/1/1" in document
    assert ANSWERED in live.post("turn/1/1", SpeechResult=SAID, Confidence="0.9")


def test_a_flood_of_garbage_is_closed_and_left_to_the_carriers_recogniser(live: Live) -> None:
    socket = live.socket()
    socket.send(start(live))
    # The service may close while the flood is still coming.
    with suppress(simple_websocket.ConnectionClosed):
        for number in range(200):
            socket.send(f"rubbish {number}")
            socket.send(bytes(range(256)))
    assert is_closed_by_us(socket)
    assert live.stored()["ended"] == "refused"
    assert "<Gather" in goes_on(live)


def test_a_socket_that_says_nothing_is_closed_and_the_question_is_asked_by_the_carrier(live: Live) -> None:
    socket, began = live.socket(), time.monotonic()
    assert is_closed_by_us(socket)
    assert time.monotonic() - began < BEGIN_SECONDS + 2
    document = goes_on(live)
    assert "<Gather" in document
    assert "Say" not in document, "the carrier has said the question before the stream"


def test_a_stream_without_a_voice_is_closed_and_the_question_worded_anew(live: Live) -> None:
    socket = live.socket()
    socket.send(start(live))
    assert is_closed_by_us(socket)
    assert live.stored()["ended"] == "stalled"
    assert "<Stream" in goes_on(live)


@pytest.mark.parametrize("script", [[IsBusy(reason="full")]])
def test_a_socket_that_is_not_admitted_closes_at_once(live: Live) -> None:
    socket, began = live.socket(), time.monotonic()
    socket.send(start(live))
    assert is_closed_by_us(socket)
    assert time.monotonic() - began < 1.0
    assert live.stored() == {"turn": 1, "ended": "not_admitted", "failure": "full"}
    document = goes_on(live)
    assert "<Gather" in document
    assert live.post("start") == document, "the first webhook, delivered again, gets what stands now"
    assert live.post("turn/1", SpeechResult="fuori tempo") == document, "what answers the stream no longer counts"


@pytest.mark.parametrize("script", [[Fails(reason="broke down")] * 2])
def test_who_spoke_to_a_recogniser_that_broke_down_is_asked_again_by_the_carrier(live: Live) -> None:
    socket = live.socket()
    socket.send(start(live))
    talk(socket, sentence())
    socket.send(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": CALL}}))
    assert live.stored()["failure"] == "broke down"
    document = goes_on(live)
    assert "<Gather" in document
    assert "aiutarla" in document
    assert live.call().listening == "given_up"
    assert "<Stream" not in live.post("turn/1/1", SpeechResult=SAID, Confidence="0.9")


def test_after_all_that_no_socket_is_counted_as_open(live: Live) -> None:
    for _ in range(3):
        socket = live.socket()
        socket.send("rubbish")
        socket.close()
    sockets = live.app.extensions["centralino.voice"].sockets
    until = time.monotonic() + LIMIT_SECONDS
    while sockets.value and time.monotonic() < until:
        time.sleep(0.05)
    assert sockets.value == 0
