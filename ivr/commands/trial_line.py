"""A local line on this machine in real time, with its pages, its REST API and a synthesised voice, for trial calls."""

import sys
import threading
from dataclasses import dataclass

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ivr import trial
from ivr.line.channel import GOOD, LineQuality
from ivr.line.clock import RealClock
from ivr.line.exchange import NumberConfig
from ivr.line.line import Line
from ivr.line.pages import Access, Listed, PhoneBook, create_pages
from ivr.line.server import create_server
from ivr.line.sockets import WebSocketOpener
from ivr.line.terminal import call_from_terminal
from ivr.line.transports import HttpTransport
from ivr.settings import Settings
from ivr.synthesis import Voice, installed_voice


class _Quiet(WSGIRequestHandler):
    """A carrier's machine does not chat on our terminal."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class TrialLine:
    """A line that runs until it is closed."""

    line: Line
    clock: RealClock
    voice: Voice
    server: BaseWSGIServer
    thread: threading.Thread
    settings: Settings

    def call_from_terminal(self, from_number: str) -> None:
        """Call the company from this terminal."""
        call_from_terminal(
            self.line,
            from_number,
            self.settings.line_number,
            language=self.settings.default_language,
            stdin=sys.stdin,
            stdout=sys.stdout,
            voice=self.voice,
        )

    def wait(self) -> None:
        """Stay up until somebody interrupts."""
        while self.thread.is_alive():
            self.thread.join(timeout=1)

    def close(self) -> None:
        """Hang up what is up, and end."""
        self.line.close()
        self.server.shutdown()
        self.clock.stop()


def open_line(settings: Settings, *, port: int, quality: LineQuality = GOOD) -> TrialLine:
    """Start a line for a service of this machine. Raises OSError where the port cannot be had."""
    clock, voice, service = RealClock(), installed_voice(), settings.public_url
    line = Line(
        account_sid=settings.account_sid,
        auth_token=settings.auth_token.get_secret_value(),
        clock=clock,
        transport=HttpTransport(),
        sockets=WebSocketOpener(clock),
        voice=voice,
        quality=quality,
        api_base_url=f"http://127.0.0.1:{port}",
        numbers={
            settings.line_number: NumberConfig(
                voice_url=f"{service}/voice/start",
                fallback_url=f"{service}/voice/fallback",
                status_callback=f"{service}/voice/status",
            )
        },
    )
    pages = create_pages(
        line,
        voice=voice,
        phone_book=PhoneBook(
            numbers=(Listed(number=settings.line_number, label="Bottega Aurora"),),
            callers=(
                Listed(number=trial.GIULIA, label="Giulia Conti"),
                Listed(number=trial.MARIO, label="Mario Bianchi"),
                Listed(number=trial.EMILY, label="Emily Carter"),
            ),
        ),
        access=Access(allowed_origins=frozenset({service, f"http://localhost:{service.rpartition(':')[2]}"})),
        service_url=service,
    )
    server = make_server(
        "127.0.0.1", port, create_server(line, blueprints=(pages,)), threaded=True, request_handler=_Quiet
    )
    clock.start()
    thread = threading.Thread(target=server.serve_forever, name="line-server", daemon=True)
    thread.start()
    return TrialLine(line=line, clock=clock, voice=voice, server=server, thread=thread, settings=settings)
