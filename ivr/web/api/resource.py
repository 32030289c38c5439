"""A part of the API: flask-smorest's blueprint whose operations name their guard, what they take, what they give and refuse."""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPMethod, HTTPStatus
from typing import Any, TypeVar, cast

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from marshmallow import Schema

from ivr.accounts.scopes import SCOPES
from ivr.accounts.store import Role
from ivr.web import errors, problems
from ivr.web.api.parsing import LARGEST_BODY_BYTES, Parser, limit_body
from ivr.web.api.schemas import Problem
from ivr.web.bearer import by_scope
from ivr.web.transaction import SAFE_METHODS

View = TypeVar("View", bound=Callable[..., Any])

ROOT = "/api/v1"
WATCHERS = (Role.SUPERVISOR, Role.ADMIN)
ADMINS = (Role.ADMIN,)

_ALWAYS: Mapping[int, str] = {
    401: "Nobody is signed in, or the token is not known, has expired or was ended.",
    403: "The person's role or the token's scopes do not allow it.",
    429: "Too many requests of this token or person; Retry-After says when to try again.",
    503: "The database is not available at the moment.",
}
_WITH_A_PLACE = "There is nothing at this address."
_WRITING = "With a cookie: the header X-CSRFToken is missing. Otherwise: the content is not JSON."
_MET_ANOTHER = "Somebody else has written the same thing at the same moment, nothing was done: `changed_meanwhile`."
_WITH_CONTENT: Mapping[int, str] = {
    413: "The content is too large.",
    415: "The content does not say that it is JSON.",
    422: "The content is JSON, and something in it is refused: `errors` says where.",
}
_WITH_QUERY = "Something in the query is refused: `errors` says what."


class Resource(Blueprint):  # type: ignore[misc]  # flask-smorest publishes no types
    """Some addresses of the API under one heading of its document."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, title: str, description: str) -> None:
        """`name` is a word of our own (the endpoints are `api_NAME.FUNCTION`), `title` the heading."""
        super().__init__(f"api_{name}", __name__, url_prefix=ROOT, description=description)
        self.title = title

    def operation(
        self,
        method: str,
        address: str,
        *,
        scope: str,
        roles: tuple[Role, ...] = (),
        query: type[Schema] | None = None,
        content: type[Schema] | None = None,
        gives: type[Schema] | Schema | None = None,
        status: int = 200,
        refuses: tuple[str, ...] = (),
        statuses: Mapping[int, str] | None = None,
        most_bytes: int = LARGEST_BODY_BYTES,
        media_type: str = "application/json",
    ) -> Callable[[View], View]:
        """Make a function the answer to `method` at `address`.

        The function is called with the query (a mapping), then the content (a mapping), where there are schemas for them, and
        the parts of the address by name. What it returns is written by `gives`; without `gives` it returns nothing (204), or a
        Response of `media_type`. `roles` are all that the scope allows unless named. `refuses` are codes of
        `ivr.web.errors.REFUSALS` that it may answer with (`return errors.refused(code)`); `statuses` any other status, with a
        sentence.
        """
        verb = HTTPMethod(method.upper())
        may = roles or tuple(role for role in Role if role in SCOPES[scope])
        status = 204 if gives is None and media_type == "application/json" else status

        def decorate(function: View) -> View:
            view: Any = _bounded(function, most_bytes, gives is None)
            view.__doc__ = function.__doc__
            view = self.response(status, gives, description=_success(status), content_type=media_type)(view)
            if content is not None:
                view = self.arguments(content, location="json")(view)
            if query is not None:
                view = self.arguments(query, location="query")(view)
            told = _refused(refuses, writes=verb not in SAFE_METHODS, has_content=content is not None,
                            has_query=query is not None, has_place="<" in address)  # fmt: skip
            told.update(
                {code: " ".join(filter(None, (told.get(code), text))) for code, text in (statuses or {}).items()}
            )
            for code, sentence in sorted(told.items()):
                view = self.alt_response(code, schema=Problem, description=sentence, content_type=problems.MEDIA_TYPE)(
                    view
                )
            view = self.doc(**_told_of_guard(scope, may), operationId=f"{self.name[4:]}.{function.__name__}")(view)
            view = by_scope(scope, *may)(view)
            self.route(address, methods=[verb.value], tags=[self.title])(view)
            return cast("View", view)

        return decorate


def _bounded(function: Callable[..., Any], most_bytes: int, gives_nothing: bool) -> Callable[..., Any]:  # noqa: FBT001 - private
    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        given = function(*args, **kwargs)
        return Response(status=204) if gives_nothing and given is None else cast("ResponseReturnValue", given)

    bounded.__dict__["most_bytes"] = most_bytes
    return bounded


def limit_content() -> None:
    """Before every request: content of the API is read up to the bound of its operation."""
    if problems.is_of_api():
        view = current_app.view_functions.get(request.endpoint or "")
        limit_body(getattr(view, "most_bytes", LARGEST_BODY_BYTES))


def _success(status: int) -> str:
    return HTTPStatus(status).phrase


def _refused(
    codes: tuple[str, ...], *, writes: bool, has_content: bool, has_query: bool, has_place: bool
) -> dict[int, str]:
    told = dict(_ALWAYS)
    if writes:
        told[400] = _WRITING
        told[409] = _MET_ANOTHER
    if has_place:
        told[404] = _WITH_A_PLACE
    if has_query:
        told[422] = _WITH_QUERY
    if has_content:
        told.update(_WITH_CONTENT)
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(errors.REFUSALS[code].status, []).append(f"`{code}`")
    for status, of_it in by_status.items():
        told[status] = " ".join(filter(None, (told.get(status, ""), f"Codes: {', '.join(of_it)}.")))
    return told


def _told_of_guard(scope: str, roles: tuple[Role, ...]) -> dict[str, Any]:
    return {
        "security": [{"token": [scope]}, {"session": []}],
        "x-scope": scope,
        "x-roles": [role.value for role in roles],
    }
