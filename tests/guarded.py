"""Which routes somebody gets into who should not: without a guard, or past it. The tests and the bench `admin` use it."""

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

from ivr.web.guards import Guard, GuardKind, guard_of
from tests.service.desks import House

_PART = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?\w+>")


def rules(app: Flask) -> tuple[Rule, ...]:
    """Every route."""
    return tuple(sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint))


def guards_of(app: Flask) -> Iterator[tuple[Rule, Guard | None]]:
    """Every route with its guard."""
    return ((rule, guard_of(app.view_functions[rule.endpoint])) for rule in rules(app))


def address_of(rule: Rule) -> str:
    """An address of a route, with something in each part."""
    return _PART.sub(lambda found: "1" if found["kind"] in {"int", "number"} else "x", rule.rule)


def upgrade_of(rule: Rule) -> dict[str, str]:
    """What a browser sends to open a socket; to any other request its route answers 400."""
    return {"Connection": "Upgrade", "Upgrade": "websocket"} if rule.websocket else {}


def methods_of(rule: Rule) -> set[str]:
    """The methods that a view answers."""
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def unguarded(house: House) -> list[str]:
    """Routes that name no guard, are public without a reason, or answer a stranger with anything but a refusal."""
    wrong = []
    for rule, guard in guards_of(house.app):
        if guard is None:
            wrong.append(f"{rule.endpoint}: no guard")
        elif guard.kind is GuardKind.PUBLIC and not guard.reason:
            wrong.append(f"{rule.endpoint}: public without a reason")
        elif guard.kind is not GuardKind.PUBLIC and not (rule.websocket and guard.kind is GuardKind.CARRIER):
            wrong += [
                f"{method} {rule.endpoint}" for method in methods_of(rule) if not _is_refused(house, rule, method)
            ]
    return wrong


def _is_refused(house: House, rule: Rule, method: str) -> bool:
    browser = house.browser()
    token = browser.token()
    answer = browser.client.open(address_of(rule), method=method, data={"csrf_token": token}, headers=upgrade_of(rule))
    to_sign_in = answer.status_code == 302 and answer.location.startswith("/sign-in")
    return to_sign_in or answer.status_code in {401, 403}
