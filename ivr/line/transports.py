"""How the line's webhooks reach the service: over HTTP for people, straight into a WSGI application for tests.

Signing, retries and time limits are the wire's.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from werkzeug.test import Client

from ivr.line.wire import Outgoing, Reply, UnreachableError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class HttpTransport:
    """HTTP over the network, a connection for each request, as a carrier with many machines does."""

    def send(self, request: Outgoing) -> Reply:
        """Send it; the time it takes passes by itself."""
        try:
            with requests.Session() as session:
                # The service is reached directly: a proxy of this machine's user is no part of the carrier.
                session.trust_env = False
                answer = session.request(
                    request.method,
                    request.url,
                    data=request.body,
                    headers=dict(request.headers),
                    timeout=(request.connect_seconds, request.response_seconds),
                    allow_redirects=False,
                )
        except requests.exceptions.ReadTimeout as error:
            raise UnreachableError(str(error), timed_out=True) from error
        except requests.exceptions.RequestException as error:
            raise UnreachableError(str(error)) from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(status=answer.status_code, headers=headers, body=answer.content)


class WsgiTransport:
    """Calls WSGI applications in this process, by the origin (`https://service.test`) at which each one answers."""

    def __init__(
        self, applications: Mapping[str, "WSGIApplication"], *, slowness: Callable[[Outgoing], float] | None = None
    ) -> None:
        self._clients = {origin.rstrip("/"): Client(application) for origin, application in applications.items()}
        self._slowness = slowness or (lambda _request: 0.0)

    def send(self, request: Outgoing) -> Reply:
        """Call the application; the answer says how long it takes on the line's clock."""
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        client = self._clients.get(origin)
        if client is None:
            raise UnreachableError(f"no service answers at {origin}")
        # Cookies are kept for nobody: every webhook comes from another machine of the carrier's.
        client._cookies = {}  # noqa: SLF001  werkzeug's client has no public way to forget them all
        response = client.open(
            path=parts.path or "/",
            query_string=parts.query,
            base_url=origin,
            method=request.method,
            headers=dict(request.headers),
            data=request.body,
            buffered=True,
        )
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(
            status=response.status_code, headers=headers, body=response.get_data(), seconds=self._slowness(request)
        )
