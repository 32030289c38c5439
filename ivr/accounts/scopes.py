"""What a token of the API may be made for: the scopes, and whose role may use each."""

from collections.abc import Iterable, Mapping

from ivr.accounts.store import Role

WATCHERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

# A route asks for the role as well: a token never does more than its maker may at a page.
SCOPES: Mapping[str, frozenset[Role]] = {
    "draft:read": WATCHERS,
    "draft:write": ADMINS,
    "versions:publish": ADMINS,
    "company:read": WATCHERS,
    "company:write": ADMINS,
    "routing:read": WATCHERS,
    "routing:write": ADMINS,
    "calls:read": WATCHERS,
    "reports:read": WATCHERS,
    "contacts:write": WATCHERS,
    "scenarios:run": WATCHERS,
    "audit:read": ADMINS,
    "tokens:write": ADMINS,
}


def scopes_of(role: Role) -> tuple[str, ...]:
    """The scopes that somebody with this role can give to a token."""
    return tuple(scope for scope, roles in SCOPES.items() if role in roles)


def beyond(scopes: Iterable[str], role: Role) -> tuple[str, ...]:
    """Those of `scopes` that are unknown, or more than this role has."""
    return tuple(scope for scope in scopes if role not in SCOPES.get(scope, frozenset()))
