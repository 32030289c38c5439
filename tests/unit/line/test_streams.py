"""Media Streams: the messages, with real frames, against a handler of the server's form."""

import base64
import json
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from simple_websocket import ConnectionClosed
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from ivr.audio import pcm_to_ulaw
from ivr.line.inprocess import InProcessHttpClient
from ivr.line.party import HeardFrom
from ivr.line.script import HangUp, Keys, Say, Silence, WaitFor
from ivr.line.server import create_server
from ivr.line.sockets import HandshakeRefusedError, SocketPair
from tests.unit.line.line_bench import ACCOUNT, NUMBER, SERVICE, TOKEN, Bench, make_bench

URL = "wss://service.test/media"
CONNECT = f'<Connect><Stream url="{URL}"><Parameter name="turn" value="t1"/></Stream></Connect><Say>dopo</Say>'


def tone(text: str, _language: str) -> bytes:
    """A voice: 0.1 s of a tone for each character."""
    samples = (round(8000 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(800 * len(text)))
    return pcm_to_ulaw(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))


class Server:
    """A handler that keeps what it receives and answers with a function."""

    def __init__(self, bench: Bench, answer: Callable[[SocketPair, dict[str, Any]], None] | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.headers: Mapping[str, str] = {}
        self.closed = False
        self.answer = answer or (lambda _socket, _message: None)
        bench.sockets[URL] = self.open

    def open(self, headers: Mapping[str, str]) -> Callable[[SocketPair], None]:
        self.headers = headers
        return self.serve

    def serve(self, socket: SocketPair) -> None:
        try:
            while True:
                message = json.loads(socket.receive() or "{}")
                self.messages.append(message)
                self.answer(socket, message)
        except ConnectionClosed:
            self.closed = True
            raise

    def of(self, event: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["event"] == event]


def close_after(frames: int) -> Callable[[SocketPair, dict[str, Any]], None]:
    def answer(socket: SocketPair, message: dict[str, Any]) -> None:
        if message["event"] == "media" and message["media"]["chunk"] == str(frames):
            socket.close()

    return answer


def test_connected_and_start_come_first_and_numbers_are_strings(bench: Bench) -> None:
    bench.service.answers = {"/voice": CONNECT}
    server = Server(bench, close_after(5))
    leg, party = bench.call()
    assert server.messages[0] == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    start = server.messages[1]
    assert start["sequenceNumber"] == "1"
    assert start["start"] == {
        "accountSid": ACCOUNT,
        "streamSid": start["streamSid"],
        "callSid": leg.sid,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"turn": "t1"},
    }
    media = server.of("media")
    assert [m["sequenceNumber"] for m in media] == ["2", "3", "4", "5", "6"]
    assert [m["media"]["timestamp"] for m in media] == ["20", "40", "60", "80", "100"]
    assert {len(base64.b64decode(m["media"]["payload"])) for m in media} == {160}
    assert server.of("stop") == []
    assert party.heard == ["dopo"]


def test_handshake_is_signed_as_the_official_validator_wants(bench: Bench) -> None:
    bench.service.answers = {"/voice": CONNECT}
    server = Server(bench, close_after(1))
    bench.call()
    assert RequestValidator(TOKEN).validate(URL, {}, server.headers["X-Twilio-Signature"])


def test_server_gets_the_very_sound_of_the_caller() -> None:
    bench = make_bench(voice=tone)
    bench.service.answers = {"/voice": CONNECT}
    server = Server(bench)
    party = bench.party(Silence(1), Say("ciao", after_seconds=0), Silence(1), HangUp(), voice=tone)
    bench.line.call("+39", NUMBER, party)
    bench.clock.advance(10)
    received = b"".join(base64.b64decode(m["media"]["payload"]) for m in server.of("media"))
    assert tone("ciao", "") in received
    assert received.startswith(b"\xff" * 7000)
    stop = server.of("stop")[0]
    assert set(stop["stop"]) == {"accountSid", "callSid"}
    assert server.closed


def test_marks_come_back_when_the_sound_before_them_was_played() -> None:
    bench = make_bench()
    bench.service.answers = {"/voice": CONNECT}

    def answer(socket: SocketPair, message: dict[str, Any]) -> None:
        sid = message.get("streamSid")
        if message["event"] == "start":
            payload = base64.b64encode(b"\x20" * 1600).decode()
            socket.send(json.dumps({"event": "media", "streamSid": sid, "media": {"payload": payload}}))
            socket.send(json.dumps({"event": "mark", "streamSid": sid, "mark": {"name": "over"}}))
        if message["event"] == "mark":
            socket.close()

    server = Server(bench, answer)
    party = bench.party(wants_audio=True)
    bench.line.call("+39", NUMBER, party)
    bench.clock.advance(2)
    # 1600 bytes are ten frames: the mark follows the tenth.
    assert len(server.of("media")) in {9, 10}
    assert server.of("mark")[0]["mark"] == {"name": "over"}
    assert bytes(party.audio_heard).count(b"\x20") == 1600
    assert party.transcript[0].heard.source is HeardFrom.STREAM


def test_clear_drops_the_sound_and_returns_its_marks_at_once(bench: Bench) -> None:
    bench.service.answers = {"/voice": CONNECT}

    def answer(socket: SocketPair, message: dict[str, Any]) -> None:
        sid = message.get("streamSid")
        if message["event"] == "start":
            payload = base64.b64encode(b"\x20" * 80_000).decode()
            socket.send(json.dumps({"event": "media", "streamSid": sid, "media": {"payload": payload}}))
            socket.send(json.dumps({"event": "mark", "streamSid": sid, "mark": {"name": "one"}}))
        if message["event"] == "dtmf":
            socket.send(json.dumps({"event": "clear", "streamSid": sid}))
        if message["event"] == "mark":
            socket.close()

    server = Server(bench, answer)
    _, party = bench.call([Silence(1), Keys("0"), WaitFor("dopo")])
    assert server.of("dtmf")[0]["dtmf"] == {"track": "inbound_track", "digit": "0"}
    assert server.of("mark")[0]["mark"] == {"name": "one"}
    assert len(server.of("media")) < 100
    party.check()


def test_refused_handshake_is_an_error_and_the_document_goes_on(bench: Bench) -> None:
    bench.service.answers = {"/voice": CONNECT}

    def refuse(_headers: Mapping[str, str]) -> Callable[[SocketPair], None]:
        raise HandshakeRefusedError(403)

    bench.sockets[URL] = refuse
    _, party = bench.call()
    assert any("31920" in error for error in bench.errors())
    assert party.heard == ["dopo"]


def test_rubbish_from_the_server_is_refused_and_changes_nothing(bench: Bench) -> None:
    bench.service.answers = {"/voice": CONNECT}

    def answer(socket: SocketPair, message: dict[str, Any]) -> None:
        if message["event"] == "start":
            for rubbish in ("rubbish", "[]", '{"event":"media","streamSid":"MZ0"}'):
                socket.send(rubbish)
            socket.send(json.dumps({"event": "dance", "streamSid": message["streamSid"]}))
            socket.send(json.dumps({"event": "media", "streamSid": message["streamSid"], "media": {"payload": "?"}}))
        close_after(5)(socket, message)

    Server(bench, answer)
    _, party = bench.call()
    assert len([error for error in bench.errors() if "31951" in error]) == 5
    assert party.heard == ["dopo"]


def test_fork_lives_beside_the_document_and_hears_both_sides() -> None:
    bench = make_bench(voice=tone)
    fork = f'<Start><Stream url="{URL}" name="fork" track="both_tracks"/></Start>'
    bench.service.answers = {
        "/voice": fork + '<Pause/><Say>abc</Say><Stop><Stream name="fork"/></Stop><Say>def</Say>',
    }
    server = Server(bench)
    bench.call()
    outbound = [m for m in server.of("media") if m["media"]["track"] == "outbound"]
    assert tone("abc", "") in b"".join(base64.b64decode(m["media"]["payload"]) for m in outbound)
    assert server.messages[1]["start"]["tracks"] == ["inbound", "outbound"]
    assert server.messages[-1]["event"] == "stop"
    assert outbound[0]["media"]["chunk"] == "1"


def test_fork_gets_no_keys_and_ends_by_rest(bench: Bench) -> None:
    bench.service.answers = {"/voice": "<Pause length='20'/>"}
    server = Server(bench)
    bench.service.answers["/voice"] = "<Say>a</Say><Pause length='20'/>"
    leg = bench.line.call("+39", NUMBER, bench.party(Silence(3), Keys("1")))
    bench.clock.advance(1)
    client = Client(ACCOUNT, TOKEN, http_client=InProcessHttpClient(create_server(bench.line)))
    stream = client.calls(leg.sid).streams.create(url=URL, name="f", parameter1_name="k", parameter1_value="v")
    bench.clock.advance(4)
    assert server.messages[1]["start"]["customParameters"] == {"k": "v"}
    assert server.of("dtmf") == []
    assert client.calls(leg.sid).streams(stream.sid).update(status="stopped").status == "stopped"
    assert server.closed


def test_rest_update_ends_a_connected_stream(bench: Bench) -> None:
    bench.service.answers = {"/voice": CONNECT, "/else": "<Say>altrove</Say>"}
    server = Server(bench)
    party = bench.party()
    leg = bench.line.call("+39", NUMBER, party)
    bench.clock.advance(2)
    client = Client(ACCOUNT, TOKEN, http_client=InProcessHttpClient(create_server(bench.line)))
    client.calls(leg.sid).update(url=f"{SERVICE}/else")
    bench.clock.advance(2)
    assert server.closed
    assert party.heard == ["altrove"]


def test_receive_with_timeout_counts_on_the_lines_clock(bench: Bench) -> None:
    waits = []

    def open_handler(_headers: Mapping[str, str]) -> Callable[[SocketPair], None]:
        def serve(socket: SocketPair) -> None:
            while (message := socket.receive(timeout=0.005)) is None or "start" not in message:
                waits.append(bench.clock.microseconds)
            waits.append(socket.receive(timeout=0.005))
            socket.close()

        return serve

    bench.sockets[URL] = open_handler
    bench.service.answers = {"/voice": CONNECT}
    bench.call()
    assert waits[-1] is None


def test_failure_of_the_servers_handler_is_not_hidden(bench: Bench) -> None:
    def answer(_socket: SocketPair, message: dict[str, Any]) -> None:
        if message["event"] == "start":
            raise KeyError("the handler is broken")

    Server(bench, answer)
    bench.service.answers = {"/voice": CONNECT}
    with pytest.raises(KeyError):
        bench.call()
    assert threading.main_thread().is_alive()
