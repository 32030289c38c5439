"""What the API answers when it refuses: a problem (RFC 9457) with a code for programs and a sentence for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, json, request

API_ROOT = "/api/"
MEDIA_TYPE = "application/problem+json"
# The code of a refusal that has none of its own.
CODES: Mapping[int, str] = {
    400: "request_unreadable",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "changed_meanwhile",
    413: "too_large",
    415: "not_json",
    422: "content_refused",
    429: "too_many_requests",
    500: "failed",
    502: "carrier_failed",
    503: "unavailable",
}


def is_of_api() -> bool:
    """Whether this request is one to the API, known address or not."""
    return request.path.startswith(API_ROOT)


def problem(
    status: int, *, title: str, detail: str, code: str = "", errors: Sequence[Mapping[str, Any]] = (), **more: Any
) -> Response:
    """The answer: `errors` are places in the content with what is wrong there; `more` are members of this kind of problem."""
    code = code or CODES.get(status, "failed")
    told = {"type": f"urn:centralino:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
    if errors:
        told["errors"] = list(errors)
    response = Response(json.dumps({**told, **more}), status=status, mimetype=MEDIA_TYPE)
    if status == 401:  # noqa: PLR2004 - HTTP's; RFC 9110 (11.6.1) wants to know how one signs in
        response.headers["WWW-Authenticate"] = 'Bearer realm="centralino"'
    return response


def places(messages: Any, *, at: tuple[str, ...] = ()) -> tuple[Mapping[str, Any], ...]:
    """What a parser found wrong, flat: the place in what was sent, and the sentences about it."""
    if isinstance(messages, Mapping):
        return tuple(one for name, inner in messages.items() for one in places(inner, at=(*at, str(name))))
    sentences = [str(one) for one in messages] if isinstance(messages, list | tuple) else [str(messages)]
    return ({"place": list(at), "messages": sentences},)
