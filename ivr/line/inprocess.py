"""Lets the official client call the line's REST API without a socket.

`twilio.rest.Client(account_sid, auth_token, http_client=InProcessHttpClient(create_server(line)))` is all; the object has
the form of `twilio.http.HttpClient`, but nothing of that package is imported here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.datastructures import Authorization
from werkzeug.test import Client

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True, kw_only=True)
class InProcessResponse:
    """What the official client reads of an answer."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    @property
    def content(self) -> str:
        """The body."""
        return self.text

    @property
    def ok(self) -> bool:
        """Whether it is no error."""
        return self.status_code < 400  # noqa: PLR2004  the first error status of HTTP


class InProcessHttpClient:
    """An HTTP client of the official package's form that calls a WSGI application, whatever host the URL names."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._client = Client(application)
        self.is_async = False
        self.timeout: float | None = None

    def request(  # noqa: PLR0917  the official client's form
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  nothing here takes time
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002  the official client's form
    ) -> InProcessResponse:
        """Call the application."""
        parts = urlsplit(url)
        kept = {name: value for name, value in (headers or {}).items() if name.lower() != "content-type"}
        answer = self._client.open(
            path=parts.path,
            query_string=parts.query or {key: value for key, value in (params or {}).items() if value is not None},
            method=method.upper(),
            data=dict(data) if data else None,
            headers=kept,
            auth=Authorization("basic", {"username": auth[0], "password": auth[1]}) if auth else None,
        )
        return InProcessResponse(
            status_code=answer.status_code, text=answer.get_data(as_text=True), headers=dict(answer.headers)
        )
