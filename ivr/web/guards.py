"""Who may call a route: each view names its guard by a decorator, and a request for a view without one is refused.

Guards are four: a signed-in person with one of some roles, the same or a token with a scope (the API's: `ivr.web.bearer`), the
carrier by its signature (checked in `ivr.web.signatures`), or nobody in particular, with the reason why that is right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar, cast

from flask import abort, current_app, request
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Person, Role
from ivr.web.people import current_person

View = TypeVar("View", bound=Callable[..., Any])


class GuardKind(StrEnum):
    """What a guard looks at."""

    ROLE = "role"
    SCOPE = "scope"
    CARRIER = "carrier"
    PUBLIC = "public"


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What a view demands of who calls it."""

    kind: GuardKind
    roles: frozenset[Role] = frozenset()
    scope: str = ""  # what a token must have been made for
    reason: str = ""  # why it is public


def guarded_by(*roles: Role) -> Callable[[View], View]:
    """Let in signed-in people with one of these roles; others are sent to sign in (401) or refused (403)."""
    if not roles:
        raise ValueError("guarded_by needs at least one role")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            person = current_person()
            if person is None:
                abort(401)
            if person.role not in roles:
                abort(403)
            return cast("ResponseReturnValue", view(*args, **kwargs))

        return cast("View", named(guarded, Guard(kind=GuardKind.ROLE, roles=frozenset(roles))))

    return decorate


def public(reason: str) -> Callable[[View], View]:
    """Let in everybody, because `reason`."""
    if not reason:
        raise ValueError("a public route says why it is public")

    def decorate(view: View) -> View:
        @wraps(view)
        def open_to_all(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            return cast("ResponseReturnValue", view(*args, **kwargs))

        return cast("View", named(open_to_all, Guard(kind=GuardKind.PUBLIC, reason=reason)))

    return decorate


def by_carrier(view: Callable[..., Any]) -> Any:
    """Name the carrier's signature as the guard of a view that already checks it."""
    return named(view, Guard(kind=GuardKind.CARRIER))


def named(view: Callable[..., Any], guard: Guard) -> Any:
    """The view, carrying its guard."""
    view.__dict__["guard"] = guard
    return view


def guard_of(view: Callable[..., Any] | None) -> Guard | None:
    """The guard that a view carries."""
    guard = getattr(view, "guard", None)
    return guard if isinstance(guard, Guard) else None


def guard_of_request() -> Guard | None:
    """The guard of the view that answers this request; none for an unknown address too."""
    return guard_of(current_app.view_functions.get(request.endpoint)) if request.endpoint else None


def refuse_unguarded() -> None:
    """Before every request: a view that names no guard is closed to everybody."""
    if request.endpoint is not None and guard_of_request() is None:
        abort(403)


def the_person() -> Person:
    """The signed-in person of a view behind `guarded_by`."""
    person = current_person()
    if person is None:
        abort(401)
    return person


def the_agent_id() -> str:
    """The signed-in person's own agent; who takes no calls has no desk (403)."""
    agent_id = the_person().agent_id
    if agent_id is None:
        abort(403)
    return agent_id
