"""`make bench ONLY=admin`: what the admin's room promises, counted by the same functions as the tests use.

`make axe` first; without it, and without Chromium, the figure on accessibility is left out and said so.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from playwright.sync_api import sync_playwright

from ivr.accounts.scopes import SCOPES, scopes_of
from ivr.accounts.store import Role
from ivr.flow.files import problems_of
from tests.bench.results import Figure, tell
from tests.broken_flows import expected, right_messages
from tests.browser import accessible
from tests.browser.accessible import AxeMissingError
from tests.examined import examine, token_for
from tests.examined_house import examined_house
from tests.guarded import rules, unguarded
from tests.large_flow import large_flow, large_texts
from tests.service import desks, told_voices
from tests.written import in_nobody_s_table, table, unnoted

CHROMIUM = "/usr/bin/chromium"
CHECKS = 7
NODES = 300


def check_seconds() -> Figure:
    """From two texts to the findings; the median, in wall time."""
    texts = large_texts(NODES)
    taken = []
    for _ in range(CHECKS):
        began = time.perf_counter()
        assert not problems_of(*texts)
        taken.append(time.perf_counter() - began)
    value = statistics.median(taken)
    how = (
        f"median of {CHECKS}, a flow of {len(large_flow(NODES)[0]['nodes'])} nodes as its YAML; worst {max(taken):.2f}"
    )
    return Figure(name="check_seconds_300_nodes", value=value, unit="s", goal="< 1", holds=value < 1, how=how)


def broken_flows() -> Figure:
    """How many of the broken flows give the one right message."""
    value, every = right_messages(), len(expected())
    return Figure(
        name="broken_flows_right_message", value=value, unit="files", goal=f"{every} of {every}", holds=value == every,
        how="one fault in each; the one message that is expected, with file, node and line, and no other",
    )  # fmt: skip


def schemathesis_failures() -> Iterator[Figure]:
    """What schemathesis finds, by an admin's token, a supervisor's, and one with a single scope."""
    failures, asked, operations = 0, 0, 0
    asking = (
        (desks.ADMIN, tuple(SCOPES), 30),
        (desks.SUPERVISOR, scopes_of(Role.SUPERVISOR), 10),
        (desks.ADMIN, ("calls:read",), 5),
    )
    for email, scopes, examples in asking:
        with tempfile.TemporaryDirectory() as folder, examined_house(Path(folder)) as house:
            phases = ("coverage", "fuzzing", "stateful")
            examined = examine(house, token_for(house, email, scopes), examples=examples, phases=phases)
        for failure in dict.fromkeys(examined.failures):
            print(failure, file=sys.stderr)
        failures += len(set(examined.failures))
        asked += sum(examined.answers.values())
        operations = max(operations, len(examined.operations()))
    how = f"{asked} requests to {operations} operations by three tokens: no 5xx, every status, type and content as documented"
    yield Figure(name="schemathesis_failures", value=failures, unit="failures", goal="0", holds=failures == 0, how=how)


def guards_and_trail() -> Iterator[Figure]:
    """The walks over all routes."""
    with tempfile.TemporaryDirectory() as folder, told_voices.open_house(Path(folder)) as voices:
        open_ones = unguarded(voices.house)
        unaudited = [*in_nobody_s_table(voices.house.app), *unnoted(voices)]
        routes = len(rules(voices.house.app))
    for one in (*open_ones, *unaudited):
        print(one, file=sys.stderr)
    writes, no_changes = table()
    yield Figure(
        name="routes_unguarded", value=len(open_ones), unit="routes", goal="0", holds=not open_ones,
        how=f"{routes} routes, each asked by a stranger",
    )  # fmt: skip
    yield Figure(
        name="changes_unaudited", value=len(unaudited), unit="routes", goal="0", holds=not unaudited,
        how=f"{len(writes)} writing routes carried out; {len(no_changes)} more change nothing that outlasts a call",
    )  # fmt: skip


def axe_serious() -> Iterator[Figure]:
    """Serious and critical findings on every page, by role, language and width."""
    try:
        source = accessible.axe_source()
    except AxeMissingError as error:
        print(f"axe_serious is left out: {error}", file=sys.stderr)
        return
    found, looked = [], 0
    with (
        tempfile.TemporaryDirectory() as folder,
        accessible.furnished(Path(folder)) as (house, places),
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        with accessible.served(house) as address:
            for role, language, viewport in product(Role, ("it", "en"), (accessible.WIDE, accessible.NARROW)):
                signed_in = accessible.signed_in(
                    chromium, house, address, role=role, language=language, viewport=viewport
                )
                with signed_in as page:
                    for path in accessible.addresses(house.app, role, places):
                        if accessible.opened(page, f"{address}{path}"):
                            looked += 1
                            found += [
                                f"{path} {role} {language}: {one}" for one in accessible.axe_problems(page, source)
                            ]
        chromium.close()
    for one in found:
        print(one, file=sys.stderr)
    how = f"axe-core on {looked} pages: every page by role, language and width (1400 and 390 px)"
    yield Figure(name="axe_serious", value=len(found), unit="findings", goal="0", holds=not found, how=how)


if __name__ == "__main__":
    figures = [check_seconds(), broken_flows(), *schemathesis_failures(), *guards_and_trail(), *axe_serious()]
    tell("admin", figures)
    sys.exit(0 if all(figure.holds is not False for figure in figures) else 1)
