"""Sends the line's webhooks: signed, within 15 seconds, with retries, redirects and connection overrides.

The rules are those of Twilio's pages on security, availability and connection overrides. What becomes of the answer
(TwiML, fallback URL, apology) is decided by the interpreter; how bytes travel, by the transport.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

from ivr.line.clock import Clock
from ivr.line.faults import Faults
from ivr.line.tasks import Later
from ivr.line.twiml import INVALID_URL, Refused

HTTP_RETRIEVAL_FAILURE = 11200
HTTP_CONNECTION_FAILURE = 11205
HTTP_TOO_MANY_REDIRECTS = 11215
# Twilio's error catalogue
RESPONSE_SECONDS = 15.0
CONNECT_SECONDS = 5.0
# Twilio's pages: 15 s for the whole answer, 5 s for one attempt to connect
REDIRECTS_LIMIT = 10
FIRST_ERROR_STATUS = 400
FIRST_SERVER_ERROR_STATUS = 500
OVERRIDE = re.compile(r"(ct|rt|tt|rc|rp|e|sni)=([^&]*)")
NOT_RESENT = ("Digits", "SpeechResult", "Confidence")
# Twilio's <Gather> page, troubleshooting: a redirect loses what was gathered


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One HTTP request as the transport sends it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    connect_seconds: float
    response_seconds: float


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    # names in lower case
    body: bytes
    seconds: float = 0.0
    # how long it took on the line's clock; 0.0 where that time has already passed
    url: str = ""
    # the address that gave it, after redirects


class UnreachableError(Exception):
    """The transport got no answer: no connection, or none in time."""

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class Transport(Protocol):
    """How a request reaches the service."""

    def send(self, request: Outgoing) -> Reply:
        """Send it and give the answer, redirects not followed; raise UnreachableError."""


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What the fragment of a webhook's URL asks for."""

    connect_seconds: float = CONNECT_SECONDS
    total_seconds: float = RESPONSE_SECONDS
    retries: int = 1
    policies: frozenset[str] = frozenset({"ct"})


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A request that the line makes to the service."""

    url: str
    method: str
    parameters: Mapping[str, str]
    purpose: str = "document"
    # document, action, wait, callback, ...: for the line's log and for faults
    leg_sid: str = ""


def signature(auth_token: str, url: str, parameters: Mapping[str, str | list[str]]) -> str:
    """Compute X-Twilio-Signature over the URL and the body's parameters; values of a repeated key once, sorted."""
    text = url
    for key in sorted(parameters):
        value = parameters[key]
        values = [value] if isinstance(value, str) else sorted(set(value))
        text += "".join(key + each for each in values)
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def overrides_of(fragment: str) -> Overrides | Refused:
    """Read `ct=2000&rc=2&rp=5xx,rt`; milliseconds within Twilio's bounds."""
    values: dict[str, str] = {}
    for part in fragment.split("&") if fragment else []:
        match = OVERRIDE.fullmatch(part)
        if match is None:
            return Refused(code=INVALID_URL, reason=f"connection override {part!r} is not known")
        values[match[1]] = match[2]
    policies = frozenset(values.get("rp", "ct").split(","))
    if not policies <= {"4xx", "5xx", "ct", "rt", "all"}:
        return Refused(code=INVALID_URL, reason=f"retry policy {values['rp']!r} is not known")
    bounds = {"ct": (100, 10_000, 5_000), "rt": (100, 15_000, 15_000), "tt": (100, 15_000, 15_000), "rc": (0, 5, 1)}
    numbers: dict[str, int] = {}
    for key, (least, most, default) in bounds.items():
        given = values.get(key, str(default))
        if not given.isdecimal() or not least <= int(given) <= most:
            return Refused(code=INVALID_URL, reason=f"connection override {key}={given!r} must be {least} to {most}")
        numbers[key] = int(given)
    return Overrides(
        connect_seconds=numbers["ct"] / 1000,
        total_seconds=min(numbers["tt"], numbers["rt"]) / 1000,
        retries=numbers["rc"],
        policies=policies,
    )


@dataclass(kw_only=True)
class Wire:
    """The sender; one for a line. `new_token` gives the idempotency token of each webhook."""

    transport: Transport
    clock: Clock
    auth_token: str
    new_token: Callable[[], str]
    faults: Faults = field(default_factory=Faults)

    def request(self, webhook: Webhook) -> Later["Reply | Refused"]:
        """Send a webhook; the value is the answer (status below 400) or why there is none."""
        later: Later[Reply | Refused] = Later()
        fault = self.faults.of_webhook(webhook.purpose, webhook.url)
        if fault is not None and fault.lost:
            return later
        delay = fault.late_seconds if fault is not None else 0.0
        times = 2 if fault is not None and fault.duplicate else 1
        token = self.new_token()
        for _ in range(times):
            self.clock.call_later(delay, lambda: self._send_aside(webhook, token, later))
        return later

    def _send_aside(self, webhook: Webhook, token: str, later: Later["Reply | Refused"]) -> None:
        def arrived(outcome: Reply | Refused) -> None:
            if isinstance(outcome, Reply) and outcome.seconds:
                self.clock.call_later(outcome.seconds, lambda: later.resolve(outcome))
            else:
                later.resolve(outcome)

        self.clock.run_aside(lambda: self._send(webhook, token), arrived)

    def _send(self, webhook: Webhook, token: str) -> Reply | Refused:
        seconds = 0.0
        for _ in range(REDIRECTS_LIMIT):
            overrides = overrides_of(urlsplit(webhook.url).fragment)
            if isinstance(overrides, Refused):
                return overrides
            if urlsplit(webhook.url).scheme not in {"http", "https"} or not urlsplit(webhook.url).netloc:
                return Refused(code=INVALID_URL, reason=f"{webhook.url!r} is not an http(s) address")
            outcome = self._send_with_retries(webhook, token, overrides)
            if isinstance(outcome, Refused):
                return outcome
            seconds += outcome.seconds
            location = outcome.headers.get("location")
            if outcome.status not in {301, 302, 303, 307, 308} or not location:
                return self._judge(replace(outcome, seconds=seconds, url=urldefrag(webhook.url)[0]))
            webhook = self._follow(webhook, outcome.status, location)
        return Refused(code=HTTP_TOO_MANY_REDIRECTS, reason=f"more than {REDIRECTS_LIMIT} redirects")

    def _judge(self, reply: Reply) -> Reply | Refused:
        if reply.status >= FIRST_ERROR_STATUS:
            return Refused(code=HTTP_RETRIEVAL_FAILURE, reason=f"{reply.url} answered {reply.status}")
        return reply

    def _follow(self, webhook: Webhook, status: int, location: str) -> Webhook:
        kept = {key: value for key, value in webhook.parameters.items() if key not in NOT_RESENT}
        method = webhook.method if status in {307, 308} else "GET"
        return replace(webhook, url=urljoin(webhook.url, location), method=method, parameters=kept)

    def _send_with_retries(self, webhook: Webhook, token: str, overrides: Overrides) -> Reply | Refused:
        outcome: Reply | Refused = Refused(code=HTTP_CONNECTION_FAILURE, reason="not sent")
        for _ in range(overrides.retries + 1):
            outcome, failure = self._attempt(webhook, token, overrides)
            if failure is None or not overrides.policies & {failure, "all"}:
                break
        return outcome

    def _attempt(self, webhook: Webhook, token: str, overrides: Overrides) -> tuple[Reply | Refused, str | None]:
        request = self._outgoing(webhook, token, overrides)
        fault = self.faults.of_attempt(webhook.purpose, webhook.url)
        if fault is not None and fault.connection_refused:
            return Refused(code=HTTP_CONNECTION_FAILURE, reason="connection refused (a fault on demand)"), "ct"
        try:
            reply = self.transport.send(request)
        except UnreachableError as error:
            return Refused(code=HTTP_CONNECTION_FAILURE, reason=str(error)), "rt" if error.timed_out else "ct"
        if fault is not None:
            reply = replace(
                reply,
                status=fault.status or reply.status,
                body=reply.body if fault.body is None else fault.body,
                seconds=reply.seconds + fault.slow_seconds,
            )
        if reply.seconds > overrides.total_seconds:
            reason = f"{webhook.url} did not answer within {overrides.total_seconds:g} s"
            return Refused(code=HTTP_CONNECTION_FAILURE, reason=reason), "rt"
        if reply.status >= FIRST_ERROR_STATUS:
            return reply, "5xx" if reply.status >= FIRST_SERVER_ERROR_STATUS else "4xx"
        return reply, None

    def _outgoing(self, webhook: Webhook, token: str, overrides: Overrides) -> Outgoing:
        url = urldefrag(webhook.url)[0]
        signed: Mapping[str, str] = webhook.parameters
        body = urlencode(webhook.parameters).encode()
        if webhook.method == "GET":
            url += ("&" if urlsplit(url).query else "?") + body.decode() if body else ""
            signed, body = {}, b""
        mark = signature(self.auth_token, url, signed)
        headers = {
            "X-Twilio-Signature": self.faults.forge(webhook.purpose, webhook.url, mark),
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        if webhook.method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return Outgoing(
            method=webhook.method,
            url=url,
            headers=headers,
            body=body,
            connect_seconds=overrides.connect_seconds,
            response_seconds=overrides.total_seconds,
        )
