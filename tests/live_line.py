"""A local line on the real clock with its pages on a loopback port, and a small service behind it, for tests of its people."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, Response, request
from werkzeug.serving import make_server

from ivr.line.browser import Ears
from ivr.line.clock import RealClock
from ivr.line.exchange import NumberConfig
from ivr.line.legs import Leg
from ivr.line.line import Line
from ivr.line.pages import Access, Listed, PhoneBook, create_pages
from ivr.line.server import create_server
from ivr.line.transports import WsgiTransport
from ivr.synthesis import Voice, installed_voice

SHOP = "+390501234567"
GIULIA = "+393331234567"
DESK = "http://127.0.0.1:5000"


class Shop:
    """A service that asks an open question and repeats what it understood, for ever."""

    def __init__(self) -> None:
        self.app = Flask("shop")
        self.heard: list[dict[str, str]] = []
        self.app.add_url_rule("/voice", "voice", self._greet, methods=["POST"])
        self.app.add_url_rule("/heard", "heard", self._repeat, methods=["POST"])
        self.app.add_url_rule(
            "/to-agent", "agent", lambda: _twiml("<Dial><Client>anna</Client></Dial>"), methods=["POST"]
        )

    def _greet(self) -> Response:
        return _ask("Buongiorno, in che cosa posso aiutarla?")

    def _repeat(self) -> Response:
        self.heard.append(dict(request.form))
        return _ask(f"Ho capito {request.form.get('SpeechResult') or request.form.get('Digits')}.")


def _ask(text: str) -> Response:
    gather = (
        '<Gather input="speech dtmf" action="/heard" numDigits="1" timeout="20" speechTimeout="auto" language="it-IT">'
    )
    return _twiml(f'{gather}<Say language="it-IT">{text}</Say></Gather>')


def _twiml(verbs: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>', mimetype="text/xml")


@dataclass(kw_only=True)
class LiveLine:
    """A line that people can open in a browser."""

    line: Line
    shop: Shop
    app: Flask
    port: int
    frames: list[bytes] = field(default_factory=list)
    # what callers gave to the line since `listen`

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def leg(self) -> Leg:
        """The call made last."""
        return list(self.line.legs.values())[-1]

    def listen(self) -> None:
        """Keep what the caller's mouth gives from now on."""
        self.line.run(lambda: self.leg.sound.add_tap(lambda spoken, _heard: self.frames.append(spoken)))


@contextmanager
def live_line(*, voice: Voice | None = None, ears: Ears | None = None, token: str = "") -> Iterator[LiveLine]:
    """Open a line with its server on a free port of the loopback."""
    clock, shop = RealClock(), Shop()
    speaks = voice or installed_voice()
    line = Line(
        account_sid="AC" + "0" * 32,
        auth_token="token",
        clock=clock,
        transport=WsgiTransport({"http://shop.test": shop.app}),
        numbers={
            SHOP: NumberConfig(voice_url="http://shop.test/voice"),
            "+39800": NumberConfig(voice_url="http://shop.test/to-agent"),
        },
        voice=speaks,
    )
    clock.start()
    pages = create_pages(
        line,
        voice=speaks,
        phone_book=PhoneBook(
            numbers=[Listed(number=SHOP, label="Bottega Nove"), Listed(number="+39800", label="Anna")],
            callers=[Listed(number=GIULIA, label="Giulia Rossi")],
        ),
        access=Access(allowed_origins=frozenset({DESK}), token=token),
        ears=ears,
    )
    app = create_server(line, blueprints=[pages])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield LiveLine(line=line, shop=shop, app=app, port=server.server_port)
    finally:
        line.close()
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
        clock.stop()
