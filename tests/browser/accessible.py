"""Every page of the application, looked at by axe-core and walked through by keyboard; the tests and the bench `admin` use it.

axe-core is a npm package; `make axe` installs it into build/axe.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Frame, Page
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.serving import make_server

from ivr.accounts import keeping
from ivr.accounts.store import Role
from ivr.connectors import store as connectors
from ivr.web.guards import GuardKind, guard_of
from routing import store_what_if
from routing.what_if import FIGURES, Estimated, Fared, Hour, WhatIf
from tests.examined_house import RUN, run_that_ended
from tests.service import desks
from tests.service.desks import PASSWORD, House
from tests.telephone import understanding

AXE = Path(__file__).parents[2] / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
KEYBOARD = Path(__file__).with_name("keyboard.js")
WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
WHO: Mapping[Role, str] = {Role.AGENT: desks.AGENT, Role.SUPERVISOR: desks.SUPERVISOR, Role.ADMIN: desks.ADMIN}
# What axe calls them: beneath is advice.
GRAVE = ("serious", "critical")
# More than any page has: who is not back at the beginning after so many has met a trap.
MOST_TABS = 400

# What stands in an address, by the name of the part; a page whose parts are neither here nor in `furnished` fails the test.
PLACES: Mapping[str, str | int] = {
    "call_id": desks.CALL,
    "agent_id": "giulia",
    "queue_id": "general",
    "account_id": 2,
    "kind": "orders",
    "key": "greeting",
    "number": 1,
    "name": "product_question",
    "run_id": RUN,
}
# Addresses that give no page by themselves.
NO_PAGES = ("static", ".events", "_events", "health.", "desk_phone.sdk", ".audio")
# Pages that need what this house does not have, and where they are looked at instead.
ELSEWHERE: Mapping[str, str] = {
    "what_if.plot": "a picture",
    "trial.socket": "a socket",
    "trial.sound": "a sound",
    "what_if.figures": "a table for a spreadsheet",
}


class AxeMissingError(Exception):
    """axe-core is not installed."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One page as somebody sees it."""

    address: str
    role: Role
    language: str
    width: int

    def __str__(self) -> str:
        """For the list of what is wrong."""
        return f"{self.address} ({self.role}, {self.language}, {self.width} px)"


def axe_source() -> str:
    """The checker's script. Raises AxeMissingError with what to do."""
    if not AXE.is_file():
        raise AxeMissingError("axe-core is not installed: make axe")
    return AXE.read_text(encoding="utf-8")


@contextmanager
def served(house: House) -> Iterator[str]:
    """The application over HTTP on a free port; its address."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request hides what a test says
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    server.daemon_threads = True  # live pages hold theirs until their browser goes
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def signed_in(
    chromium: Browser, house: House, address: str, *, role: Role, language: str = "it", viewport: Any = WIDE
) -> Iterator[Page]:
    """A browser of somebody, in their language; without movement, so that what is seen is what stays."""
    set_language(house, language)
    context: BrowserContext = chromium.new_context(
        locale="it-IT" if language == "it" else "en-GB",
        timezone_id="Europe/Rome",
        viewport=viewport,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("[name=email]", WHO[role])
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    try:
        yield page
    finally:
        context.close()


def set_language(house: House, language: str) -> None:
    """Everybody reads in this language from now on."""
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE accounts SET language = :language"), {"language": language})


@contextmanager
def furnished(folder: Path) -> Iterator[tuple[House, Mapping[str, str | int]]]:
    """A house with something on every page, and what stands in the addresses of its pages."""
    with desks.open_house(folder, line_url="", understanding=understanding(), text_encoder="none") as house:
        house.offer()
        with house.sessions.begin() as session:
            invited = keeping.invite(
                session, email="nuova@example.it", display_name="Nuova", role=Role.AGENT, language="it", agent_id=None,
                now=house.clock(),
            )  # fmt: skip
            assert isinstance(invited, keeping.Invited)
            run_that_ended(session, house)
            _what_if_runs(session, house)
            content = b"codice;nome\nK9;Sara Neri\n;Senza codice\n"
            staged = connectors.stage(
                session, account_id=3, kind="customers", filename="clienti.csv", content=content, now=house.clock()
            )
        yield house, {**PLACES, "token": invited.token, "import_id": staged}


def addresses(app: Flask, role: Role, places: Mapping[str, str | int] = PLACES) -> tuple[str, ...]:
    """Every page that is for this role."""
    return tuple(sorted(_address(rule, places) for rule in pages(app) if _is_for(app, rule, role)))


def pages(app: Flask) -> Iterator[Rule]:
    """The routes of pages for people."""
    for rule in app.url_map.iter_rules():
        guard = guard_of(app.view_functions[rule.endpoint])
        of_people = guard is not None and guard.kind in {GuardKind.ROLE, GuardKind.PUBLIC}
        is_page = not rule.endpoint.startswith("voice.") and not any(one in rule.endpoint for one in NO_PAGES)
        gives_file = rule.rule.rpartition("/")[2].rpartition(".")[2] in {
            "json",
            "csv",
            "png",
            "wav",
            "js",
            "zip",
            "yaml",
        }
        if (
            of_people
            and is_page
            and not gives_file
            and "GET" in (rule.methods or ())
            and rule.endpoint not in ELSEWHERE
        ):
            yield rule


def unplaced(app: Flask, places: Mapping[str, str | int] = PLACES) -> list[str]:
    """Pages of whose addresses nobody says what to put into them."""
    return sorted(rule.endpoint for rule in pages(app) if set(rule.arguments) - set(places))


def opened(page: Page, address: str) -> bool:
    """Open a page and let its script and its first news come; False for what is no page."""
    answer = page.goto(address, wait_until="load")
    if answer is None or "text/html" not in answer.headers.get("content-type", ""):
        return False
    assert answer.ok, f"{address}: {answer.status}"
    page.wait_for_timeout(150)
    return True


def axe_problems(page: Page | Frame, source: str) -> list[str]:
    """What axe-core finds grave on the page that is open, each with its place; a frame is looked at by itself."""
    page.evaluate(source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['impact']} {one['id']}: {one['help']}: {'; '.join(node['html'][:160] for node in one['nodes'][:3])}"
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]


def grave_now(page: Page) -> list[str]:
    """What axe-core finds grave on a page of another test as it stands now, and in its frames, wide and narrow.

    Nothing where axe-core is not installed: that test has its own matter, and tests/browser/test_accessibility.py says so.
    """
    try:
        source = axe_source()
    except AxeMissingError:
        return []
    before, found = page.viewport_size, []
    page.emulate_media(reduced_motion="reduce")
    for size in (WIDE, NARROW):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for frame in page.frames:
            found += [f"{frame.url} ({size['width']} px): {one}" for one in axe_problems(frame, source)]
    page.emulate_media(reduced_motion="null")
    if before is not None:
        page.set_viewport_size(before)
    return found


def keyboard_problems(page: Page) -> list[str]:
    """What somebody without a mouse misses on the page that is open: each control in the row of tabs, seen when it is there."""
    page.evaluate(KEYBOARD.read_text(encoding="utf-8"))
    page.evaluate("keyboard.begin()")
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("keyboard.step()"):
            break
    return list(page.evaluate("keyboard.problems()"))


# Runs of what-if that have not come to an answer, by their state.
UNANSWERED: Mapping[str, str] = {"running": "1" * 32, "failed": "2" * 32}


def _what_if_runs(session: Session, house: House) -> None:
    """A run of what-if with its answer, one that goes on, and one that was broken off."""
    now, asked = house.clock(), {"agent": "giulia", "agent_skills": "orders=5"}
    for run_id in (RUN, *UNANSWERED.values()):
        store_what_if.add_run(session, run_id=run_id, by="1", day="2026-11-23", asked=asked, total=3, now=now)
    some, none = Estimated(mean=0.5, half=0.1), Estimated(mean=None, half=None)
    spread = {name: none if name == "preferred" else some for name in FIGURES}
    answer = WhatIf(
        calls=20, replications=3, really=Fared(**{**dict.fromkeys(FIGURES, 0.5), "preferred": None}), before=spread,
        after=spread, difference=spread,
        hours=[Hour(hour=hour, calls=10, really=30.0, before=some, after=some) for hour in (9, 10)],
    )  # fmt: skip
    store_what_if.end_run(session, RUN, state="done", result=answer.as_json(), now=now)
    store_what_if.end_run(session, UNANSWERED["failed"], state="failed", result=None, now=now)


def _is_for(app: Flask, rule: Rule, role: Role) -> bool:
    guard = guard_of(app.view_functions[rule.endpoint])
    if rule.endpoint == "desk.page" and role is not Role.AGENT:
        return False  # in this house they take no calls, and have no desk
    return guard is not None and (guard.kind is GuardKind.PUBLIC or role in guard.roles)


def _address(rule: Rule, places: Mapping[str, str | int]) -> str:
    missing = set(rule.arguments) - set(places)
    assert not missing, f"{rule.endpoint}: what stands in its address for {missing}?"
    built = rule.build({name: places[name] for name in rule.arguments}, append_unknown=False)
    assert built is not None, rule.endpoint
    return built[1]
