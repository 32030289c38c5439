"""Calls by a Media Streams simulator that nobody here wrote, against the real service's real socket, bad network included.

The simulator cannot sign its handshake as the carrier does, so a relay in between adds the signature and changes nothing else.
The webhooks before and behind the stream are sent signed, as the carrier sends them.
"""

import asyncio
import json
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
import websockets
from sqlalchemy import Engine

from ivr.app import make_understanding
from ivr.audio import frames_of_ulaw, pcm_to_ulaw
from ivr.commands.trial_service import LOG_FILE, TrialService, trial_company, trial_settings
from ivr.line.wire import signature
from ivr.settings import Settings
from tests.listeners import korean_model, spoken
from tests.sealed import opened_rows

chaos = pytest.importorskip("streamdouble.chaos", reason="the package streamdouble is not installed here")
protocol = pytest.importorskip("streamdouble.protocol")
scenario = pytest.importorskip("streamdouble.scenario")
session = pytest.importorskip("streamdouble.session")

MODELS = Path(__file__).parents[2] / "build" / "models"
CALLER = "+393330000000"
LIMIT_SECONDS = 10
SAYING = "vorrei sapere dov'è il mio ordine"


@dataclass(frozen=True, kw_only=True)
class Service:
    """The trial company's service, up on this machine."""

    settings: Settings
    engine: Engine
    folder: Path

    @property
    def port(self) -> int:
        return int(self.settings.bind.rpartition(":")[2])

    @property
    def token(self) -> str:
        return self.settings.auth_token.get_secret_value()

    def log(self) -> str:
        return (self.folder / LOG_FILE).read_text(encoding="utf-8", errors="replace")

    def heard(self, call_id: str) -> dict[str, Any]:
        """What the media socket stored last for a call."""
        (call,) = opened_rows(self.engine, "calls", "WHERE call_id = :id", id=call_id)
        return json.loads(call["heard"]) if call["heard"] else {}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    settings = trial_settings(
        folder=folder,
        port=free_port(),
        line_port=free_port(),
        text_encoder="none",
        models_folder=MODELS,
        listening={"it": "stream", "en": "carrier"},
        vosk_models={"it": korean_model()},
        prompt_voice="carrier",
    )
    engine = trial_company(settings, password="una frase lunga per provare")
    make_understanding(settings)
    with TrialService(settings, folder=folder):
        yield Service(settings=settings, engine=engine, folder=folder)
    engine.dispose()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def relay(port: int, header: str) -> Iterator[int]:
    """A port whose connections go on to another one, with a header added to the request that each begins with."""

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head and (more := self.request.recv(65536)):
                head += more
            first, rest = head.split(b"\r\n", 1)
            with socket.create_connection(("127.0.0.1", port)) as onward:
                onward.sendall(first + b"\r\n" + header.encode() + b"\r\n" + rest)
                back = threading.Thread(target=pass_on, args=(onward, self.request))
                back.start()
                pass_on(self.request, onward)
                back.join(timeout=LIMIT_SECONDS)

    class Relay(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Relay(("127.0.0.1", 0), Connection) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join(timeout=LIMIT_SECONDS)


def pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while more := source.recv(65536):
            sink.sendall(more)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@dataclass(kw_only=True)
class Simulated:
    """One call: webhooks by us as the carrier, the stream by the simulator."""

    service: Service
    identity: Any = field(default_factory=protocol.StreamIdentity)
    document: ET.Element = field(init=False)

    def __post_init__(self) -> None:
        self.document = self.webhook(f"{self.service.settings.public_url}/voice/start")

    @property
    def call_id(self) -> str:
        return str(self.identity.call_sid)

    def webhook(self, url: str, **extra: str) -> ET.Element:
        parameters = {
            "CallSid": self.call_id, "AccountSid": self.service.settings.account_sid, "From": CALLER,
            "To": self.service.settings.line_number, "CallStatus": "in-progress", "ApiVersion": "2010-04-01",
            "Direction": "inbound", **extra,
        }  # fmt: skip
        headers = {"X-Twilio-Signature": signature(self.service.token, url, parameters)}
        answer = requests.post(url, data=parameters, headers=headers, timeout=LIMIT_SECONDS)
        assert answer.status_code == 200, answer.text
        return ET.fromstring(answer.content)  # noqa: S314 - our own service's answer

    @property
    def stream(self) -> ET.Element:
        found = self.document.find("./Connect/Stream")
        assert found is not None, ET.tostring(self.document)
        return found

    @property
    def parameters(self) -> dict[str, str]:
        return {one.attrib["name"]: one.attrib["value"] for one in self.stream.findall("Parameter")}

    def goes_on(self) -> str:
        """Follow the redirect behind the stream, and give what the line says next."""
        redirect = self.document.find("./Redirect")
        assert redirect is not None
        assert redirect.text
        self.document = self.webhook(redirect.text)
        return " ".join("".join(say.itertext()) for say in self.document.iter("Say"))

    def converse(self, steps: list[Any], **settings: Any) -> Any:
        """Let the simulator make the stream over a signed handshake; its own account of it."""
        url = self.stream.attrib["url"]
        header = f"X-Twilio-Signature: {signature(self.service.token, url, {})}"
        config = session.SessionConfig(
            custom_parameters=self.parameters, response_timeout_s=0.5, quiet_period_s=0.5, max_call_s=40, **settings
        )
        with relay(self.service.port, header) as port:
            call = session.Session(
                url.replace(f":{self.service.port}/", f":{port}/"),
                scenario=scenario.Scenario("a turn", steps),
                config=config,
                identity=self.identity,
            )
            return asyncio.run(call.run())


def sayings(words: str = SAYING) -> list[Any]:
    """Speech after a moment, then silence for as long as it may take."""
    said = scenario.Say(Path("said"), frames_of_ulaw(pcm_to_ulaw(spoken(words))))
    return [scenario.Wait(0.6), said, scenario.Wait(20)]


def test_simulated_call_is_heard_closed_by_us_and_goes_on(service: Service) -> None:
    call = Simulated(service=service)
    made = call.converse(sayings())
    assert made.violations == []
    assert made.unknown_events == []
    assert made.closed_by == "agent", "the socket is ours to close when the turn is over"
    heard = service.heard(call.call_id)
    assert heard["text"], heard
    assert heard["ended"] == "speech"
    # Whatever the model makes of it, the line answers and listens to another turn.
    assert call.goes_on()


@pytest.mark.parametrize("seed", [1, 2])
def test_simulated_call_over_a_bad_network_is_heard_closed_and_goes_on(service: Service, seed: int) -> None:
    call = Simulated(service=service)
    # No latency, and lateness of less than a frame on the mean: streamdouble 0.3 waits it out before each frame in turn, so that
    # more would be a caller who speaks ever slower, which no network makes.
    bad = chaos.Impairments(loss=0.08, jitter_ms=35)
    made = call.converse(sayings(), impairments=bad, chaos_seed=seed)
    assert made.frames_dropped > 0
    assert made.violations == []
    assert made.closed_by == "agent"
    heard = service.heard(call.call_id)
    assert heard["ended"] == "speech", heard
    assert heard["text"], heard
    assert call.goes_on()


def test_keys_of_the_simulator_are_the_answer(service: Service) -> None:
    call = Simulated(service=service)
    made = call.converse([scenario.Wait(0.5), scenario.Dtmf("2"), scenario.Wait(10)])
    assert made.violations == []
    assert made.closed_by == "agent"
    assert service.heard(call.call_id)["keys"] == "2"
    assert call.goes_on()


def test_simulated_caller_who_hangs_up_leaves_the_turn_as_far_as_it_was_heard(service: Service) -> None:
    call = Simulated(service=service)
    [wait, said, _] = sayings()
    made = call.converse([wait, said, scenario.Hangup()])
    assert made.closed_by == "caller"
    until_stored(service, call.call_id)
    assert service.heard(call.call_id)["text"]


def test_silence_of_a_whole_turn_is_an_answer(service: Service) -> None:
    call = Simulated(service=service)
    made = call.converse([scenario.Wait(20)])
    assert made.closed_by == "agent"
    heard = service.heard(call.call_id)
    assert (heard["text"], heard["ended"]) == ("", "silence")
    assert call.goes_on()


def test_simulator_without_a_signature_or_the_turns_token_leaves_nothing(service: Service) -> None:
    call = Simulated(service=service)
    unsigned = session.Session(call.stream.attrib["url"], [], config=session.SessionConfig())
    with pytest.raises(websockets.InvalidStatus, match="403"):
        asyncio.run(unsigned.run())
    call.stream[0].attrib["value"] = "7"
    made = call.converse(sayings())
    assert made.closed_by == "agent"
    assert service.heard(call.call_id) == {}


def test_service_has_nothing_to_complain_of(service: Service) -> None:
    assert "Traceback" not in service.log()


def until_stored(service: Service, call_id: str) -> None:
    """The service learns of a hang-up after the simulator does."""
    until = time.monotonic() + LIMIT_SECONDS
    while not service.heard(call_id) and time.monotonic() < until:
        time.sleep(0.1)
