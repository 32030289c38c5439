"""One request to another system: TLS verified, no redirect followed, no address of our own networks unless the settings name it.

A request has a deadline for all of its tries together, and an answer a largest size.
"""

import ipaddress
import json
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, TypeAlias

import requests
from requests.adapters import HTTPAdapter
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_fixed
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from ivr.connectors.definition import ASKED_BY, Definition

_log = logging.getLogger(__name__)

LARGEST_ANSWER_BYTES: Final = 256_000
BETWEEN_TRIES_SECONDS: Final = 0.1
REASONS: Final = (
    "unreachable", "late", "refused", "not_trusted", "forbidden_address", "too_large", "not_json", "bad_answer", "resting",
    "too_many",
)  # fmt: skip
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The other system has answered; `content` is its JSON, None where it knows no such record."""

    status: int
    content: Any = field(repr=False)
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Failed:
    """There is no answer; `reason` is a code, one of REASONS."""

    reason: str
    status: int = 0
    seconds: float = 0.0


Response: TypeAlias = Answered | Failed


class _ForbiddenAddressError(Exception):
    """The name leads to an address inside our own networks."""


class _AgainError(Exception):
    """Worth another try."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.reason)
        self.failed = failed


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks that may be asked although they are private. Raises ValueError."""
    return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts if text.strip())


def is_allowed(address: str, allowed: Sequence[Network]) -> bool:
    """Whether an address may be asked: any public one, and others where the settings name their network."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in network for network in allowed if network.version == found.version):
        return True
    return found.is_global and not found.is_multicast


def ask(definition: Definition, secret: str, asked: str, allowed: Sequence[Network]) -> Response:
    """Ask for one order or customer."""
    begun = monotonic()
    deadline = begun + definition.timeout_seconds
    tries = Retrying(
        stop=stop_after_attempt(definition.tries) | stop_before_delay(definition.timeout_seconds),
        wait=wait_fixed(BETWEEN_TRIES_SECONDS),
        retry=retry_if_exception_type(_AgainError),
    )
    try:
        found: Response = tries(_once, definition, secret, asked, allowed, deadline)
    except RetryError as error:
        last = error.last_attempt.exception()
        found = last.failed if isinstance(last, _AgainError) else Failed(reason="unreachable")
    seconds = round(monotonic() - begun, 3)
    if isinstance(found, Failed):
        _log.warning("the connector for %s failed: %s (%s)", definition.kind, found.reason, found.status)
        return Failed(reason=found.reason, status=found.status, seconds=seconds)
    return Answered(status=found.status, content=found.content, seconds=seconds)


def _once(definition: Definition, secret: str, asked: str, allowed: Sequence[Network], deadline: float) -> Response:
    left = deadline - monotonic()
    if left <= 0:
        return Failed(reason="late")
    with _session(allowed) as session:
        headers = {"Accept": "application/json", "User-Agent": "Centralino"}
        if definition.header and secret:
            headers[definition.header] = f"{definition.prefix}{secret}"
        body = {ASKED_BY[definition.kind]: asked} if definition.method == "POST" else None
        try:
            with session.request(
                definition.method, definition.address(asked), headers=headers, json=body, timeout=(left, left),
                allow_redirects=False, stream=True,
            ) as response:  # fmt: skip
                return _read(response, deadline)
        except _ForbiddenAddressError:
            return Failed(reason="forbidden_address")
        except requests.Timeout:
            raise _AgainError(Failed(reason="late")) from None
        except requests.exceptions.SSLError:
            return Failed(reason="not_trusted")
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, HTTPError, OSError):
            raise _AgainError(Failed(reason="unreachable")) from None
        except requests.RequestException:
            return Failed(reason="bad_answer")


def _read(response: requests.Response, deadline: float) -> Response:
    status = response.status_code
    if status == requests.codes.not_found:
        return Answered(status=status, content=None, seconds=0.0)
    if status >= requests.codes.server_error or status == requests.codes.too_many_requests:
        raise _AgainError(Failed(reason="refused", status=status))
    if status != requests.codes.ok:
        return Failed(reason="refused", status=status)
    content = b""
    for part in response.iter_content(16_384):
        content += part
        if len(content) > LARGEST_ANSWER_BYTES:
            return Failed(reason="too_large", status=status)
        if monotonic() > deadline:
            return Failed(reason="late", status=status)
    try:
        return Answered(status=status, content=json.loads(content), seconds=0.0)
    except (ValueError, RecursionError):
        return Failed(reason="not_json", status=status)


def _session(allowed: Sequence[Network]) -> requests.Session:
    session = requests.Session()
    # No proxy and no password file of the environment: what is asked is what the admin wrote.
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Guarded(allowed))
    return session


class _Guarded(HTTPAdapter):
    """Connections that look whom they have reached before a byte is sent: a name may lead elsewhere at any time."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = tuple(allowed)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        allowed = self._allowed

        def look(found: socket.socket) -> socket.socket:
            if not is_allowed(str(found.getpeername()[0]), allowed):
                found.close()
                raise _ForbiddenAddressError
            return found

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return look(super()._new_conn())

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return look(super()._new_conn())

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
