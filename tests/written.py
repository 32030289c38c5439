"""How every writing route is called so that it succeeds, and what the audit trail then says: by parts in tests/service/writes.

The tests and the bench `admin` walk the same table. A module there has `WRITES` (each with the act that the trail must then show)
and `NO_CHANGES` (routes that change nothing of the company, with the reason).
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from ivr.web.guards import GuardKind, guard_of
from ivr.web.transaction import SAFE_METHODS
from tests.service import desks
from tests.service.desks import House
from tests.service.told_voices import ToldVoices

HERE = Path(__file__).parent / "service" / "writes"


@dataclass(frozen=True, kw_only=True)
class Write:
    """One call of a writing route that changes something."""

    endpoint: str
    method: str = "POST"
    act: str  # what the trail says of it: the beginning of the act's name is enough
    address: str  # with {names} that `given` fills in
    form: Mapping[str, Any] | None = None  # what a page sends; {names} are filled in here too
    json: Any = None  # what a script sends
    email: str = desks.ADMIN
    # Brings about what the call needs, and gives the names for address and content.
    given: Callable[["ToldVoices"], Mapping[str, Any]] = field(default=lambda _voices: {})


def table() -> tuple[dict[tuple[str, str], Write], dict[str, str]]:
    """Every write by endpoint and method, and the routes that change nothing with their reasons."""
    writes: dict[tuple[str, str], Write] = {}
    no_changes: dict[str, str] = {}
    for found in pkgutil.iter_modules([str(HERE)]):
        part = importlib.import_module(f"tests.service.writes.{found.name}")
        writes.update({(one.endpoint, one.method): one for one in getattr(part, "WRITES", ())})
        no_changes.update(getattr(part, "NO_CHANGES", {}))
    return writes, no_changes


def writing_routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Every route by which a person or a token can change something: endpoint and method."""
    for rule in app.url_map.iter_rules():
        guard = guard_of(app.view_functions[rule.endpoint])
        if guard is not None and guard.kind is GuardKind.CARRIER:
            continue  # the carrier tells what happens in calls: that is their story
        for method in sorted((rule.methods or set()) - SAFE_METHODS):
            yield rule.endpoint, method


def in_nobody_s_table(app: Flask) -> list[str]:
    """The writing routes of which nobody says how they are noted."""
    writes, no_changes = table()
    return sorted(
        f"{method} {endpoint}"
        for endpoint, method in writing_routes(app)
        if (endpoint, method) not in writes and endpoint not in no_changes
    )


def carried_out(write: Write, voices: ToldVoices) -> tuple[TestResponse, list[str]]:
    """Call a writing route: its answer, and the acts that the trail has gained by it."""
    names = write.given(voices)
    house = voices.house
    browser = house.signed_in(write.email)
    headers = {"X-CSRFToken": browser.token("/account"), "X-Centralino-Script": "1"}
    before = _trail(house)
    sent: dict[str, Any] = {"headers": headers}
    if write.json is not None:
        sent["json"] = _filled(write.json, names)
    elif write.form is not None:
        sent["data"] = MultiDict(_filled(write.form, names))
    answer = browser.client.open(write.address.format(**names), method=write.method, **sent)
    return answer, _trail(house)[len(before) :]


def unnoted(voices: ToldVoices) -> list[str]:
    """The writes of the table that fail, or leave nothing in the trail: each from the same beginning."""
    wrong = []
    for write in table()[0].values():
        voices.begin_again()
        answer, acts = carried_out(write, voices)
        if problem := problem_of(write, answer, acts):
            wrong.append(f"{write.endpoint}: {problem}")
    return wrong


def problem_of(write: Write, answer: TestResponse, acts: list[str]) -> str:
    """What is wrong with the outcome of a write, "" for nothing."""
    first_error = 400
    if answer.status_code >= first_error:
        return f"it should have succeeded: {answer.status_code} {answer.text[:300]}"
    if not any(act.startswith(write.act) for act in acts):
        return f"the trail has no {write.act}, only {acts}"
    return ""


def _trail(house: House) -> list[str]:
    with house.engine.connect() as connection:
        return [row.act for row in connection.execute(text("SELECT act FROM audit_entries ORDER BY number"))]


def _filled(content: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(content, str):
        whole = content.removeprefix("{").removesuffix("}")
        if content == f"{{{whole}}}" and whole in names:
            return names[whole]  # a number stays a number
        for name, value in names.items():
            content = content.replace(f"{{{name}}}", str(value))
        return content
    if isinstance(content, Mapping):
        return {name: _filled(value, names) for name, value in content.items()}
    return [_filled(one, names) for one in content] if isinstance(content, list) else content
