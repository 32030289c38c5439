"""Two admins at one prompt, and a version's way to the line, in real Chromium; pictures wide and narrow."""

import io
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from ivr.accounts import store as accounts
from ivr.accounts.store import Role
from ivr.audit.store import Actor
from ivr.company import store as company
from ivr.editing import drafts, publications, submitting, versions
from ivr.editing.checks import Checks
from ivr.editing.drafts import Change
from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT
from tests.browser.test_hearing_on_the_desks import Reader
from tests.service import desks
from tests.service.desks import House

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


@dataclass(frozen=True, kw_only=True)
class Served:
    """A house whose pages a browser opens."""

    house: House
    address: str


@pytest.fixture
def address(served: Served) -> str:
    return served.address


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
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
        yield Served(house=house, address=f"http://127.0.0.1:{server.server_port}")
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


@pytest.mark.timeout(300)
def test_a_version_waits_for_a_second_person_and_a_time_that_can_be_cancelled(
    chromium: Browser, served: Served
) -> None:
    address, house = served.address, served.house
    own = house.app.extensions["centralino"].doors.company.own
    with house.sessions.begin() as session:
        wanted = {"second_person": True}
        company.save(session, wanted, defaults=own.now(), version=None, by="Paolo", now=house.clock())
    ada, bea = at_versions(chromium, address, desks.ADMIN), at_versions(chromium, address, BEA)
    page = ada.page
    assert page.evaluate(EDIT, [OLD, OLD.replace("è in linea", "parla")])
    page.reload()
    page.fill("#note", "Un saluto più caldo")
    page.click("text=Fanne una versione")
    expect(page.locator("#checks")).to_contain_text("Tutti i controlli sono passati", timeout=LIMIT)
    expect(page.locator("main")).to_contain_text("È sua: la deve approvare un'altra persona.")
    assert not page.locator("button[value=approve]").count()
    expect(page.locator("#publish-form button")).to_be_disabled()
    # Nor by the way around the page.
    assert page.evaluate(APPROVE) == [403, "own_version"]

    bea.page.goto(page.url)
    bea.page.click("button[value=approve]")
    expect(bea.page.locator("main")).to_contain_text("Approvata da Bea Neri", timeout=LIMIT)
    page.reload()
    page.fill("#when-at", (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"))
    page.click("#publish-form button:has-text('Pubblica')")
    page.goto(f"{address}/admin/versions")
    expect(page.locator("#live-title")).to_contain_text("versione 1")
    page.click("text=Annullala")
    expect(page.locator("text=Annullala")).to_have_count(0, timeout=LIMIT)
    page.goto(f"{address}/admin/versions/2")
    files = page.request.get(f"{address}/admin/versions/2/files.zip")
    with zipfile.ZipFile(io.BytesIO(files.body())) as archive:
        assert "parla con Bottega Aurora" in archive.read("shop.prompts.yaml").decode()
    page.click("#publish-form button:has-text('Pubblica')")
    expect(page.locator("h1 .badge")).to_have_text("attiva", timeout=LIMIT)
    assert all("403" in one for one in ada.problems)
    ada.problems.clear()
    ada.leave()
    bea.leave()


@pytest.mark.timeout(300)
def test_a_draft_is_brought_up_to_date_with_what_went_live_meanwhile(chromium: Browser, served: Served) -> None:
    another_version_went_live(served.house)
    both = "{daytime:choice}, salve e pronto."
    ada = at_versions(chromium, served.address, desks.ADMIN)
    page = ada.page
    expect(page.locator("#draft-changes .alert-warning")).to_contain_text("versione 2", timeout=LIMIT)
    ada.picture("draft-behind")
    page.fill("#note", "Un saluto di entrambe")
    page.click("#draft-update")
    dialog = page.locator("#draft-merge")
    expect(dialog).to_contain_text("Attiva: versione 2", timeout=LIMIT)
    ada.picture("draft-behind-merge")
    dialog.locator("textarea").fill(both)
    page.click("text=Salva ciò che ho scelto")
    expect(page.locator("#draft-changes .alert-warning")).to_have_count(0, timeout=LIMIT)
    expect(page.locator("#draft-update")).to_be_hidden(timeout=LIMIT)
    expect(page.locator("#note")).to_have_value("Un saluto di entrambe")
    page.click("text=Fanne una versione")
    expect(page.locator("main")).to_contain_text("versione 2.", timeout=LIMIT)
    expect(page.locator("#checks")).to_contain_text("Tutti i controlli sono passati", timeout=LIMIT)
    with served.house.sessions() as session:
        said = versions.documents(session, 3).prompts["prompts"]
    assert (said["greeting"]["it"]["text"], said["consent_thanks"]["it"]["text"]) == (both, "Grazie mille.")
    assert all("409" in one for one in ada.problems)
    ada.problems.clear()
    ada.leave()


APPROVE = """async () => {
  const headers = {
    "Content-Type": "application/json", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content,
  };
  const content = JSON.stringify({ approved: true });
  const answer = await fetch("/api/v1/versions/2/approval", { method: "POST", headers, body: content });
  return [answer.status, (await answer.json()).code];
}"""


def another_version_went_live(house: House) -> None:
    """Somebody's version 2 answers calls, the draft began with version 1: both worded the greeting anew."""
    by, now = Actor(name="Somebody else"), house.clock()
    greeting, thanks = (("prompts", "prompts", key, "it", "text") for key in ("greeting", "consent_thanks"))
    with house.sessions.begin() as session:
        thanked = Change(place=thanks, before="Grazie.", after="Grazie mille.")
        theirs = [Change(place=greeting, before=OLD, after="{daytime:choice}, pronto."), thanked]
        drafts.edit(session, theirs, by=by, now=now)
        submitting.submit(session, note="Shorter", by=by, now=now)
        drafts.discard(session, by=by, now=now)
        drafts.edit(session, [Change(place=greeting, before=OLD, after="{daytime:choice}, salve.")], by=by, now=now)
        versions.end_check(session, versions.begin_check(session, 2, base=1, by=by, now=now), [], now=now)
        publications.publish(session, 2, by=by, now=now)
