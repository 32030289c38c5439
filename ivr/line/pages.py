"""The line's pages: what the line is, a caller's phone, an agent's phone, and the socket behind both.

It decides who may open them (this computer, or whoever has the token) and which pages may talk to the socket or hold the
agent's phone in a frame; what a phone does is `ivr.line.browser`, what goes over the socket `ivr.line.phone_protocol`.
"""

import hmac
import ipaddress
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_bootstrap import Bootstrap5
from flask_sock import Sock
from simple_websocket import ConnectionClosed

from ivr.line import phone_protocol as page
from ivr.line.browser import Ears, Outbox, Phone
from ivr.line.channel import QUALITIES
from ivr.line.line import Line
from ivr.line.wording import WORDINGS
from ivr.synthesis import Voice

# The agent's name is part of an address (`client:NAME`): letters, digits and what Twilio's client identities allow besides.
AGENT_NAME: Final = re.compile(r"[A-Za-z0-9_.@+\-]{1,64}")
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
TOKEN_COOKIE: Final = "line_token"  # noqa: S105  the cookie's name


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A number with what people call it."""

    number: str
    label: str


@dataclass(frozen=True, kw_only=True)
class PhoneBook:
    """What the caller's page offers."""

    numbers: Sequence[Listed]
    # that can be called; the first one is chosen
    callers: Sequence[Listed] = ()
    # whose number the page can show: the demo's customers


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who may use the pages."""

    allowed_origins: frozenset[str] = frozenset()
    # origins besides this computer's own, "http://127.0.0.1:5000": the service whose desk holds the agent's phone
    token: str = ""
    # lets in whoever gives it as ?token=...; without one only this computer comes in


def create_pages(
    line: Line,
    *,
    voice: Voice,
    phone_book: PhoneBook,
    access: Access,
    ears: Ears | None = None,
    service_url: str = "",
) -> Blueprint:
    """Make the blueprint: `/`, `/phone`, `/agent-phone/<name>` and the socket `/phone/socket`."""
    pages = Blueprint(
        "line_pages", __name__, template_folder="templates", static_folder="static", static_url_path="/phone/static"
    )
    pages.record_once(_bring_bootstrap)
    pages.before_request(lambda: _check_access(access))
    pages.after_request(lambda response: _harden(response, access))
    desks: dict[str, Phone] = {}
    _add_views(pages, line, phone_book=phone_book, service_url=service_url)

    def phone_socket(socket: Any) -> None:
        outbox = Outbox()
        agent = request.args.get("agent", "")
        phone = Phone(line, outbox=outbox, voice=voice, ears=ears, desks=desks, agent=agent)
        _serve(socket, line, phone, outbox)

    Sock().route("/phone/socket", bp=pages)(phone_socket)
    return pages


def _add_views(pages: Blueprint, line: Line, *, phone_book: PhoneBook, service_url: str) -> None:
    @pages.get("/")
    def about() -> str:
        return _page("about.html", service_url=service_url)

    @pages.get("/phone")
    def phone() -> ResponseReturnValue:
        agent = request.args.get("agent")
        if agent is not None:
            return _agent_phone(agent)
        # The line's own quality is chosen beforehand; one that has no name here shows as the first.
        quality = next((name for name, one in QUALITIES.items() if one == line.exchange.quality), "")
        return _page("phone.html", phone_book=phone_book, agent="", qualities=tuple(QUALITIES), quality=quality)

    @pages.get("/agent-phone/<name>")
    def agent_phone(name: str) -> ResponseReturnValue:
        return _agent_phone(name)


def _agent_phone(name: str) -> str:
    if not AGENT_NAME.fullmatch(name):
        abort(404)
    return _page("agent_phone.html", agent=name, answers=request.args.get("answer") == "auto")


def _page(template: str, **values: object) -> str:
    language = request.args.get("language") or request.accept_languages.best_match(["it", "en"]) or "it"
    if language not in WORDINGS:
        language = "it"
    return render_template(f"line/{template}", words=WORDINGS[language], language=language, **values)


def _serve(socket: Any, line: Line, phone: Phone, outbox: Outbox) -> None:
    """Carry messages between a page and its phone until the page is gone."""
    writer = threading.Thread(target=_write, args=(socket, outbox), name="line-phone-writer", daemon=True)
    writer.start()
    line.post(phone.open)
    try:
        while True:
            command = page.decode(socket.receive())
            if isinstance(command, page.Rubbish):
                known = command.reason == "own_number"
                outbox.tell(
                    page.Refused(reason="own_number" if known else "rubbish", detail="" if known else command.reason)
                )
            else:
                line.post(partial(phone.take, command))
    except ConnectionClosed:
        pass
    finally:
        line.post(phone.close)
        outbox.close()
        writer.join(timeout=1.0)


def _write(socket: Any, outbox: Outbox) -> None:
    try:
        while (message := outbox.take()) is not None:
            socket.send(message)
    except (ConnectionClosed, OSError):
        # The page is gone; the reading side sees it too and hangs up.
        return


def _check_access(access: Access) -> ResponseReturnValue | None:
    if not _is_this_computer(request.remote_addr) and not _has_token(access):
        abort(403, "The local line serves its own computer; from elsewhere it wants its token.")
    if not _known_host(request.host, access):
        # A foreign name that leads here is a foreign page's way around the browser's borders (DNS rebinding).
        abort(403, "The local line is not known by this name.")
    if "agent" in request.args and request.args["agent"] and not AGENT_NAME.fullmatch(request.args["agent"]):
        abort(404)
    if request.path == "/phone/socket" and not _known_origin(request.headers.get("Origin", ""), access):
        abort(403, "This page may not use the line's phone.")
    return None


def _is_this_computer(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _has_token(access: Access) -> bool:
    given = request.args.get("token") or request.cookies.get(TOKEN_COOKIE) or ""
    return bool(access.token) and hmac.compare_digest(given.encode(), access.token.encode())


def _known_host(host: str, access: Access) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    return (
        name in LOOPBACK_HOSTS
        or name in {urlsplit(origin).hostname for origin in access.allowed_origins}
        or _has_token(access)
    )


def _known_origin(origin: str, access: Access) -> bool:
    return origin in access.allowed_origins or origin == f"{request.scheme}://{request.host}"


def _harden(response: Response, access: Access) -> Response:
    frames = " ".join(sorted(access.allowed_origins))
    socket_scheme = "wss" if request.is_secure else "ws"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'self'; connect-src 'self' {socket_scheme}://{request.host}; img-src 'self' data:; object-src 'none'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors 'self' {frames}".rstrip()
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Permissions-Policy"] = "microphone=(self), autoplay=(self), camera=(), geolocation=()"
    if access.token and request.args.get("token") and _has_token(access):
        # The page's own requests (styles, scripts, socket) come without the token in their address.
        response.set_cookie(TOKEN_COOKIE, access.token, httponly=True, samesite="Strict", secure=request.is_secure)
    return response


def _bring_bootstrap(state: BlueprintSetupState) -> None:
    """Serve Bootstrap's files from this computer, unless the application does already."""
    state.app.config.setdefault("BOOTSTRAP_SERVE_LOCAL", True)
    if "bootstrap" not in state.app.extensions:
        Bootstrap5(state.app)
