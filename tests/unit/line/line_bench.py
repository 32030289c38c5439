"""A line on a virtual clock, wired to a small Flask service that each test writes for itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from ivr.line.clock import VirtualClock
from ivr.line.exchange import Habits, NumberConfig, Voice
from ivr.line.legs import Leg
from ivr.line.line import Line
from ivr.line.script import ScriptedParty, Step
from ivr.line.sockets import PairOpener, SocketPair
from ivr.line.transports import WsgiTransport
from ivr.line.wire import Outgoing

ACCOUNT = "AC" + "0" * 32
TOKEN = "12345"
NUMBER = "+390200000000"
CALLER = "+393331234567"
SERVICE = "https://service.test"

Answerer = Callable[[dict[str, str]], str | tuple[str | Response, int]]


@dataclass
class Service:
    """A Flask service that answers each path with TwiML and keeps every request."""

    app: Flask = field(default_factory=lambda: Flask("service"))
    answers: dict[str, str | Answerer] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    # path, method, parameters, headers

    def __post_init__(self) -> None:
        self.app.add_url_rule("/<path:path>", view_func=self.view, methods=["GET", "POST"])

    def view(self, path: str) -> Response:
        parameters = dict(request.values.items())
        self.requests.append(("/" + path, request.method, parameters, dict(request.headers.items())))
        answer = self.answers.get("/" + path, "")
        if callable(answer):
            answer = answer(parameters)
        body, status = answer if isinstance(answer, tuple) else (answer, 200)
        if isinstance(body, Response):
            return body
        return Response(f"<Response>{body}</Response>" if status == 200 else body, status=status, mimetype="text/xml")

    def of(self, path: str) -> list[dict[str, str]]:
        return [parameters for where, _, parameters, _ in self.requests if where == path]


@dataclass
class Bench:
    """Line, clock and service together."""

    clock: VirtualClock
    service: Service
    line: Line
    slow_seconds: dict[str, float]
    sockets: dict[str, Callable[[Mapping[str, str]], Callable[[SocketPair], None]]]

    def party(self, *steps: Step, **options: Any) -> ScriptedParty:
        return ScriptedParty(clock=self.clock, steps=steps, **options)

    def call(self, steps: Iterable[Step] = (), *, seconds: float = 300, **parameters: str) -> tuple[Leg, ScriptedParty]:
        party = self.party(*steps)
        leg = self.line.call(CALLER, NUMBER, party, **parameters)
        self.clock.run_until(lambda: not leg.is_live, seconds)
        self.clock.advance(0.1)
        return leg, party

    def register(self, address: str, *steps: Step, **options: Any) -> list[ScriptedParty]:
        parties: list[ScriptedParty] = []

        def factory() -> ScriptedParty:
            parties.append(self.party(*steps, **options))
            return parties[-1]

        self.line.register(address, factory)
        return parties

    def errors(self) -> list[str]:
        return [entry.detail for entry in self.line.log if entry.what in {"refused", "error"}]


def make_bench(*, habits: Habits | None = None, voice: Voice | None = None, fallback_url: str = "") -> Bench:
    clock, service, slow, sockets = VirtualClock(), Service(), {}, {}

    def slowness(outgoing: Outgoing) -> float:
        return next((seconds for part, seconds in slow.items() if part in outgoing.url), 0.0)

    def open_handler(url: str, headers: Mapping[str, str]) -> Callable[[SocketPair], None]:
        return sockets[url](headers)

    line = Line(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        clock=clock,
        transport=WsgiTransport({SERVICE: service.app}, slowness=slowness),
        sockets=PairOpener(clock, open_handler),
        numbers={
            NUMBER: NumberConfig(
                voice_url=f"{SERVICE}/voice", fallback_url=fallback_url, status_callback=f"{SERVICE}/status"
            )
        },
        habits=habits or Habits(),
        voice=voice,
        seed=1,
    )
    return Bench(clock, service, line, slow, sockets)
