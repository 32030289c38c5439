"""Who calls a route of the API: a person signed in with a browser, or a token with the scope that the route asks for."""

import contextlib
import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import abort, g, request
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from sqlalchemy.exc import OperationalError

from ivr.accounts import tokens
from ivr.accounts.scopes import SCOPES
from ivr.accounts.store import Role
from ivr.accounts.tokens import Token
from ivr.web import people, transaction
from ivr.web.guards import Guard, GuardKind, named
from ivr.web.people import Caller
from ivr.web.wiring import wiring

View = TypeVar("View", bound=Callable[..., Any])

_SCHEME = "bearer"


def by_scope(scope: str, *roles: Role) -> Callable[[View], View]:
    """Let in people with one of these roles: signed in with a browser, or by a token of theirs that has this scope."""
    if scope not in SCOPES:
        raise ValueError(f"no such scope: {scope}")
    if not roles:
        raise ValueError("by_scope needs at least one role")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            if has_bearer():
                _enter_with_token(scope)
            person = people.current_person()
            if person is None:
                abort(401)
            if person.role not in roles:
                abort(403)
            return cast("ResponseReturnValue", view(*args, **kwargs))

        return cast("View", named(guarded, Guard(kind=GuardKind.SCOPE, roles=frozenset(roles), scope=scope)))

    return decorate


def has_bearer() -> bool:
    """Whether the request names credentials of its own: then its cookie counts for nothing, and needs no proof of the page."""
    return "Authorization" in request.headers


def whose() -> str:
    """By what requests are counted: the token, the person, or the address of a stranger."""
    if has_bearer():
        return "token:" + hashlib.sha256(_secret().encode("utf-8", "replace")).hexdigest()[:24]
    person = people.current_person()
    return f"account:{person.account_id}" if person is not None else f"address:{get_remote_address()}"


def token_of_request() -> Token | None:
    """The token that this request was let in with, None for a browser's."""
    caller = g.get("caller")
    return cast("Token", caller.token) if caller is not None else None


def _secret() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == _SCHEME else ""


def _enter_with_token(scope: str) -> None:
    now = transaction.now()
    token = tokens.of_secret(transaction.session(), _secret(), now=now)
    if token is None:
        abort(401)
    g.caller = Caller(person=token.made_by, token=token)
    if scope not in token.scopes:
        abort(403)
    if tokens.use_is_old(token, now):
        _note_use(token)


def _note_use(token: Token) -> None:
    if request.method not in transaction.SAFE_METHODS:
        tokens.used(transaction.session(), token, now=transaction.now())
        return
    # A reading request has a session that cannot write; when the database is busy, the next use is noted instead.
    with contextlib.suppress(OperationalError), wiring().sessions.begin() as session:
        tokens.used(session, token, now=transaction.now())
