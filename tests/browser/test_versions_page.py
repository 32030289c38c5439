"""Two admins at one prompt, and a version's way to the line, in real Chromium; pictures wide and narrow."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from ivr.accounts import store as accounts
from ivr.accounts.store import Role
from ivr.editing.checks import Checks
from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT
from tests.browser.test_hearing_on_the_desks import Reader
from tests.service import desks

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]

BEA = "bea@bottega.example"
OLD = "{daytime:choice}, è in linea con Bottega Aurora."
# What an editor does, with the page's own module.
EDIT = """async ([before, after]) => {
  const { edit } = await import("/assets/draft.js");
  const place = ["prompts", "prompts", "greeting", "it", "text"];
  return edit([{ place, before, after }], "il saluto");
}"""

LATER = f"(change) => {{ ({EDIT})(change).then((told) => {{ window.told = told; }}); }}"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with desks.open_house(tmp_path, clock=lambda: datetime.now(UTC), line_url="") as house:
        with house.sessions.begin() as session:
            accounts.add(
                session, email=BEA, display_name="Bea Neri", role=Role.ADMIN, password=desks.PASSWORD, now=house.clock()
            )
        # The gates that take their time have tests of their own: here the checker alone is asked.
        wiring = house.app.extensions["centralino"]
        checks = Checks((), sessions=wiring.sessions, reading_sessions=wiring.reading_sessions, clock=wiring.clock)
        house.app.extensions["centralino"] = replace(wiring, doors=replace(wiring.doors, checks=checks))
        server = make_server("127.0.0.1", 0, house.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        checks.wait()


def at_versions(chromium: Browser, address: str, email: str) -> Reader:
    person = Reader(chromium, address, email)
    person.page.goto(f"{address}/admin/versions")
    expect(person.page.locator("#draft-state")).to_contain_text("versione", timeout=LIMIT)
    return person


@pytest.mark.timeout(300)
def test_two_admins_at_one_prompt_get_a_merge_and_the_version_goes_live_and_back(
    chromium: Browser, address: str
) -> None:
    ada, bea = at_versions(chromium, address, desks.ADMIN), at_versions(chromium, address, BEA)
    theirs = OLD.replace("è in linea con", "parla con")
    assert ada.page.evaluate(EDIT, [OLD, theirs])["revision"] >= 1
    yours = OLD.replace("Bottega Aurora", "la Bottega Aurora")
    bea.page.evaluate(
        f"([before, after]) => {{ ({EDIT})([before, after]).then((told) => {{ window.told = told; }}); }}", [OLD, yours]
    )
    dialog = bea.page.locator("#draft-merge")
    expect(dialog).to_be_visible(timeout=LIMIT)
    both = theirs.replace("Bottega Aurora", "la Bottega Aurora")
    expect(dialog.locator("textarea")).to_have_value(both)
    bea.picture("merge")
    bea.page.click("text=Salva ciò che ho scelto")
    expect(dialog).to_be_hidden()
    bea.page.wait_for_function("window.told", timeout=LIMIT)
    # Who else edits is told in the bar; one's own edit can be undone there, and made again.
    expect(ada.page.locator("#draft-others")).to_contain_text("Bea Neri", timeout=LIMIT)
    expect(bea.page.locator("#draft-undo")).to_be_enabled(timeout=LIMIT)
    bea.page.click("#draft-undo")
    expect(bea.page.locator("#draft-redo")).to_be_enabled(timeout=LIMIT)
    bea.page.click("#draft-redo")
    expect(bea.page.locator("#draft-undo")).to_be_enabled(timeout=LIMIT)

    page = ada.page
    page.reload()
    expect(page.locator(".comparison ins").first).to_be_visible(timeout=LIMIT)
    ada.picture("versions")
    page.fill("#note", "Un saluto più caldo")
    page.click("text=Fanne una versione")
    expect(page.locator("#checks")).to_contain_text("Tutti i controlli sono passati", timeout=LIMIT)
    ada.picture("version")
    page.click("#publish-form button:has-text('Pubblica')")
    expect(page.locator("h1 .badge")).to_have_text("attiva", timeout=LIMIT)
    page.goto(f"{address}/admin/versions")
    page.click("text=Torna alla versione 1")
    page.click("text=Sì, torna indietro")
    expect(page.locator("#live-title")).to_contain_text("versione 1", timeout=LIMIT)

    page.goto(f"{address}/admin/audit?check=1")
    expect(page.locator("main")).to_contain_text("è intera")
    expect(page.locator("tbody tr").first).to_contain_text("version.rolled_back")
    ada.picture("audit")
    # The one refusal that was wanted stands on the console: the merge came of it.
    assert all("409" in one for one in bea.problems)
    bea.problems.clear()
    ada.leave()
    bea.leave()


@pytest.mark.timeout(300)
def test_words_that_could_not_be_saved_wait_in_the_browser(chromium: Browser, address: str) -> None:
    ada = at_versions(chromium, address, desks.ADMIN)
    page = ada.page
    page.route("**/api/v1/draft", lambda route: route.abort())
    assert page.evaluate(EDIT, [OLD, "Pronto."]) is None
    expect(page.locator("#draft-unsaved")).to_contain_text("Le sue parole restano qui", timeout=LIMIT)
    page.unroute("**/api/v1/draft")
    page.reload()
    expect(page.locator("#draft-unsaved")).to_be_visible(timeout=LIMIT)
    page.click("#draft-again")
    expect(page.locator("#draft-unsaved")).to_be_hidden(timeout=LIMIT)
    expect(page.locator("#draft-undo")).to_be_enabled(timeout=LIMIT)
    assert all("ERR_FAILED" in one for one in ada.problems)
    ada.problems.clear()
    ada.leave()
