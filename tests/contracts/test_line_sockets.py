"""A whole stream over both kinds of media socket: the rendezvous on a virtual clock, and a real WebSocket in real time."""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, Response, abort, request
from flask_sock import Sock
from twilio.request_validator import RequestValidator
from werkzeug.serving import make_server

from ivr.line.clock import Clock, RealClock, VirtualClock
from ivr.line.exchange import NumberConfig
from ivr.line.faults import WebhookFault
from ivr.line.line import Line
from ivr.line.party import Ended
from ivr.line.script import Keys, ScriptedParty, Silence
from ivr.line.sockets import HandshakeRefusedError, PairOpener, ServerSocket, WebSocketOpener
from ivr.line.transports import HttpTransport, WsgiTransport

ACCOUNT, TOKEN, NUMBER = "AC" + "0" * 32, "12345", "+390200000000"


@dataclass(kw_only=True)
class Service:
    """Answers with a stream, checks the handshake, plays, clears at a key and closes when its mark is back."""

    media_url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)

    def voice(self) -> Response:
        twiml = f'<Response><Connect><Stream url="{self.media_url}"/></Connect><Say>fine</Say></Response>'
        return Response(twiml, mimetype="text/xml")

    def accepts(self, headers: Mapping[str, str]) -> bool:
        return bool(RequestValidator(TOKEN).validate(self.media_url, {}, headers.get("X-Twilio-Signature", "")))

    def serve(self, socket: ServerSocket) -> None:
        while True:
            message = json.loads(socket.receive() or "{}")
            self.messages.append(message)
            sid = message.get("streamSid")
            match message["event"]:
                case "start":
                    payload = base64.b64encode(b"\x20" * 80_000).decode()
                    socket.send(json.dumps({"event": "media", "streamSid": sid, "media": {"payload": payload}}))
                    socket.send(json.dumps({"event": "mark", "streamSid": sid, "mark": {"name": "end"}}))
                case "dtmf":
                    socket.send(json.dumps({"event": "clear", "streamSid": sid}))
                case "mark":
                    socket.close()
                    return


@dataclass(kw_only=True)
class World:
    service: Service
    line: Line
    clock: Clock
    wait: Callable[[Callable[[], bool]], bool]


def application(service: Service, *, with_socket: bool) -> Flask:
    app = Flask("service")
    app.add_url_rule("/voice", view_func=service.voice, methods=["POST"])
    if with_socket:

        @app.before_request
        def check() -> None:
            if request.path == "/media" and not service.accepts(request.headers):
                abort(403)

        Sock(app).route("/media")(service.serve)
    return app


def make_line(clock: Clock, transport: Any, sockets: Any, origin: str) -> Line:
    numbers = {NUMBER: NumberConfig(voice_url=f"{origin}/voice")}
    return Line(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        clock=clock,
        transport=transport,
        sockets=sockets,
        numbers=numbers,
        seed=1,
    )


def virtual_world() -> Iterator[World]:
    service = Service(media_url="wss://service.test/media")
    clock = VirtualClock()

    def open_handler(_url: str, headers: Mapping[str, str]) -> Callable[[ServerSocket], None]:
        if not service.accepts(headers):
            raise HandshakeRefusedError(403)
        return service.serve

    transport = WsgiTransport({"https://service.test": application(service, with_socket=False)})
    line = make_line(clock, transport, PairOpener(clock, open_handler), "https://service.test")
    yield World(service=service, line=line, clock=clock, wait=lambda predicate: clock.run_until(predicate, 60))


def real_world() -> Iterator[World]:
    service = Service()
    server = make_server("127.0.0.1", 0, application(service, with_socket=True), threaded=True)
    service.media_url = f"ws://127.0.0.1:{server.server_port}/media"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    clock = RealClock()
    clock.start()
    line = make_line(clock, HttpTransport(), WebSocketOpener(clock), f"http://127.0.0.1:{server.server_port}")

    def wait(predicate: Callable[[], bool]) -> bool:
        for _ in range(600):
            if clock.call(predicate):
                return True
            threading.Event().wait(0.02)
        return False

    yield World(service=service, line=line, clock=clock, wait=wait)
    line.close()
    clock.stop()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=[virtual_world, real_world], ids=["rendezvous", "websocket"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from request.param()


class TestMediaSocket:
    def test_stream_goes_from_start_to_close_and_on_with_the_document(self, world: World) -> None:
        party = ScriptedParty(clock=world.clock, steps=[Silence(0.5), Keys("1")])
        world.line.call("+39333", NUMBER, party)
        assert world.wait(lambda: party.reason is not None)
        events = [message["event"] for message in world.service.messages]
        assert events[:3] == ["connected", "start", "media"]
        assert events[-1] == "mark"
        assert party.heard == ["fine"]
        assert party.reason is Ended.COMPLETED
        assert 20 <= events.count("media") <= 60

    def test_forged_handshake_is_refused_and_the_document_goes_on(self, world: World) -> None:
        world.line.faults.add(WebhookFault(purpose="stream", forged_signature=True))
        party = ScriptedParty(clock=world.clock)
        world.line.call("+39333", NUMBER, party)
        assert world.wait(lambda: party.reason is not None)
        assert world.service.messages == []
        assert party.heard == ["fine"]
        assert any("31920" in entry.detail and "403" in entry.detail for entry in world.line.log)

    def test_hang_up_sends_stop_and_closes(self, world: World) -> None:
        party = ScriptedParty(clock=world.clock)
        leg = world.line.call("+39333", NUMBER, party)
        assert world.wait(lambda: len(world.service.messages) > 5)
        world.line.run(leg.hang_up)
        assert world.wait(lambda: world.service.messages[-1]["event"] == "stop")
