"""A new admin changes the greeting: hears it, calls it, publishes it; a running call keeps the old one; and back again."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from ivr import trial
from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT, AtPage, Caller
from tests.browser.trial_house import PASSWORD, TrialHouse, trial_house

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]
ADDED = " Che piacere sentirla."
PUBLISH = "#publish-form button.btn-primary"
OLD, NEW = "qui Bottega Aurora.", "qui Bottega Aurora. Che piacere sentirla."
# The seconds and the loudest sample of what was played.
HEARD = re.compile(r"^[1-9]\d*\.\d+ 0\.[1-9]\d*$")


class NewAdmin(AtPage):
    """Elena, who has never seen the admin's room."""

    def __init__(self, chromium: Browser, house: TrialHouse) -> None:
        super().__init__(chromium, house.desks)
        self.page.fill("[name=email]", trial.ADMIN_EMAIL)
        self.page.fill("[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("nav.pages")

    def goes_to(self, *names: str) -> None:
        """Follow the rows of pages by their names."""
        for name in names:
            self.page.locator("nav.pages, nav.room").get_by_role("link", name=name, exact=True).first.click()

    def changes_the_greeting(self) -> None:
        """Find it, add words, hear them, keep them in the draft."""
        self.goes_to("Redazione")
        self.page.fill("#find", "greeting_by_name")
        self.page.locator("#rows").get_by_role("link", name="greeting_by_name", exact=True).click()
        expect(self.page.locator("#editor-title")).to_have_text("greeting_by_name", timeout=LIMIT)
        self.page.evaluate("window.neverReloaded = true")
        column = self.page.locator("#editor .languages > section").first
        column.locator(".chips").first.focus()
        self.page.keyboard.press("End")
        self.page.keyboard.type(ADDED)
        column.locator("[data-do=hear]").first.click()
        expect(column.locator(".field").first).to_have_attribute("data-heard", HEARD, timeout=LIMIT)
        self.picture("new-admin-1-prompt")
        self.page.keyboard.press("Control+s")
        expect(self.page.locator("#editor [data-show=state]")).to_have_text("Salvato nella bozza.", timeout=LIMIT)
        assert self.page.evaluate("window.neverReloaded") is True

    def calls_the_draft(self) -> None:
        """As a customer, by keyboard."""
        self.page.locator("#draft-bar").get_by_role("link", name="Chiamala").click()
        self.page.select_option("#caller", f"known:{MARIO_ID}")
        self.page.click("#call")
        self.sees("#heard", NEW)
        self.picture("new-admin-2-call")
        self.page.click("#hang-up")
        expect(self.page.locator("#state")).to_have_text("La chiamata è finita", timeout=LIMIT)

    def makes_a_version(self) -> None:
        """Look at what changes, make a version of it, wait for its checks."""
        self.goes_to("Versioni")
        self.sees("main", "Che piacere sentirla.")
        self.page.fill("#note", "Un saluto più caldo")
        self.page.get_by_role("button", name="Fanne una versione").click()
        expect(self.page.locator(PUBLISH)).to_be_enabled(timeout=4 * LIMIT)
        self.picture("new-admin-3-version")

    def publishes(self) -> None:
        """Let it answer calls."""
        self.page.click(PUBLISH)
        self.sees("main", "Le chiamate che iniziano adesso sentono questa versione.")
        self.picture("new-admin-4-live")

    def goes_back(self) -> None:
        """To the version that was live before."""
        self.goes_to("Versioni")
        self.page.locator("details.roll-back summary").click()
        self.page.locator("details.roll-back button").click()
        self.sees("#live-title", "versione 1")
        self.picture("new-admin-5-back")


MARIO_ID = "K002"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrialHouse]:
    with trial_house(tmp_path_factory.mktemp("new-admin")) as opened:
        yield opened


@pytest.mark.timeout(300)
def test_greeting_is_changed_heard_called_published_and_taken_back(
    chromium: Browser, house: TrialHouse, record_property: Callable[[str, object], None]
) -> None:
    elena, giulia, mario = NewAdmin(chromium, house), Caller(chromium, house), Caller(chromium, house)
    began = time.monotonic()
    elena.changes_the_greeting()
    elena.calls_the_draft()
    elena.makes_a_version()
    giulia.call_as("Giulia")
    giulia.hears(OLD)
    elena.publishes()

    # Who was on the line keeps the old words, who calls now hears the new ones.
    giulia.types("può ripetere")
    giulia.hears(OLD, times=2)
    assert ADDED.strip() not in giulia.page.inner_text("#transcript")
    mario.call_as("Mario")
    mario.hears(NEW)
    mario.hangs_up()
    elena.goes_back()
    mario.call_as("Mario")
    mario.hears(OLD)
    assert ADDED.strip() not in mario.page.inner_text("#transcript")
    record_property("seconds", round(time.monotonic() - began))
    print(f"from the greeting to the way back: {time.monotonic() - began:.0f} s")
    assert [row["flow_version"] for row in house.rows("SELECT flow_version FROM calls ORDER BY started_at")] == [
        1,
        2,
        1,
    ]
    acts = {row["act"] for row in house.rows("SELECT act FROM audit_entries")}
    assert {"prompt.changed", "version.made", "version.published", "version.rolled_back"} <= acts
    for somebody in (elena, giulia, mario):
        assert somebody.problems == []
