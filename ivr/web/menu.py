"""The row of pages at the top, and below it the row of the room that one is in: which pages there are, and for whom.

An entry is an address; one that this installation does not serve is not shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_babel import lazy_gettext as _l

from ivr.accounts.store import Person, Role

_EVERYBODY = frozenset(Role)
_WATCHERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One page."""

    path: str
    label: Any  # lazy text
    roles: frozenset[Role] = _ADMINS


@dataclass(frozen=True, kw_only=True)
class Room:
    """Pages that belong together: one entry in the first row, a row of their own when one is inside."""

    label: Any  # lazy text
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True)
class Link:
    """An entry as it is shown now."""

    path: str
    label: Any
    is_here: bool


PAGES: tuple[Entry | Room, ...] = (
    Entry(path="/admin/board", label=_l("Board"), roles=_WATCHERS),
    Entry(path="/admin", label=_l("Live calls"), roles=_WATCHERS),
    Entry(path="/admin/reports", label=_l("Reports"), roles=_WATCHERS),
    Room(
        label=_l("Routing"),
        entries=(
            Entry(path="/admin/routing", label=_l("Queues and skills"), roles=_WATCHERS),
            Entry(path="/admin/what-if", label=_l("What if"), roles=_WATCHERS),
        ),
    ),
    Room(
        label=_l("Editing"),
        entries=(
            Entry(path="/admin/prompts", label=_l("Prompts")),
            Entry(path="/admin/flows", label=_l("Flow"), roles=_WATCHERS),
            Entry(path="/admin/coverage", label=_l("Coverage"), roles=_WATCHERS),
            Entry(path="/admin/intents", label=_l("Intents")),
            Entry(path="/admin/trial", label=_l("Call the draft")),
            Entry(path="/admin/scenarios", label=_l("Scenarios")),
            Entry(path="/admin/versions", label=_l("Versions")),
            Entry(path="/admin/audit", label=_l("Audit trail")),
        ),
    ),
    Room(
        label=_l("Company"),
        entries=(
            Entry(path="/admin/company", label=_l("Overview")),
            Entry(path="/admin/company/people", label=_l("People")),
            Entry(path="/admin/company/hours", label=_l("Hours")),
            Entry(path="/admin/company/numbers", label=_l("Numbers")),
            Entry(path="/admin/company/connectors", label=_l("Connectors")),
            Entry(path="/admin/company/import", label=_l("Import")),
            Entry(path="/admin/company/retention", label=_l("Retention")),
            Entry(path="/admin/company/consents", label=_l("Consents")),
            Entry(path="/admin/company/settings", label=_l("Settings")),
            Entry(path="/admin/tokens", label=_l("Tokens")),
            Entry(path="/admin/api", label="API"),
        ),
    ),
)


def first_row(person: Person) -> tuple[Link, ...]:
    """The pages and rooms of a person, in order; a room leads to its first page that is theirs."""
    served, here = _served(), _here(person)
    links = []
    for page in PAGES:
        theirs = [entry for entry in _entries(page) if person.role in entry.roles and entry.path in served]
        if theirs:
            links.append(Link(path=theirs[0].path, label=page.label, is_here=here is not None and here in theirs))
    return tuple(links)


def second_row(person: Person) -> tuple[Link, ...]:
    """The pages of the room that one is in; none outside a room, nor for a room of one page."""
    served, here = _served(), _here(person)
    for page in PAGES:
        if isinstance(page, Room) and here in page.entries:
            theirs = [entry for entry in page.entries if person.role in entry.roles and entry.path in served]
            if len(theirs) > 1:
                return tuple(Link(path=entry.path, label=entry.label, is_here=entry is here) for entry in theirs)
    return ()


def _entries(page: Entry | Room) -> tuple[Entry, ...]:
    return page.entries if isinstance(page, Room) else (page,)


def _here(person: Person) -> Entry | None:
    """The entry whose address holds the one that was asked for: the longest that fits."""
    entries: Iterable[Entry] = (entry for page in PAGES for entry in _entries(page) if person.role in entry.roles)
    path = request.path
    fitting = [entry for entry in entries if path == entry.path or path.startswith(f"{entry.path}/")]
    return max(fitting, key=lambda entry: len(entry.path), default=None)


def _served() -> frozenset[str]:
    return frozenset(
        rule.rule.rstrip("/") for rule in current_app.url_map.iter_rules() if "GET" in (rule.methods or ())
    )
