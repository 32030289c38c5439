"""An admin calls the draft from the page: hears the new greeting, sees the way light up and what it left, by keyboard alone."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from ivr import trial
from ivr.audit.store import Actor
from ivr.database import session_factory
from ivr.editing import drafts
from ivr.editing.places import Change
from tests.browser.people import LIMIT, AtPage
from tests.browser.trial_house import PASSWORD, TrialHouse, trial_house

NEW_GREETING = "sono la bozza di Bottega Aurora."
WITHOUT_DAYTIME = "Salve, " + NEW_GREETING
WITH_DAYTIME = "{daytime:choice}, " + NEW_GREETING
GREETING = ("prompts", "prompts", "greeting", "it", "text")


class Admin(AtPage):
    """An admin at the page of trials."""

    def __init__(self, chromium: Browser, house: TrialHouse) -> None:
        super().__init__(chromium, house.desks)
        self.page.fill("[name=email]", trial.ADMIN_EMAIL)
        self.page.fill("[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("nav.pages")
        self.page.goto(f"{house.desks}/admin/trial")

    def stands_at(self, node: str) -> None:
        """Wait until a node is lit."""
        expect(self.page.locator("#way [aria-current]")).to_contain_text(node, timeout=LIMIT)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrialHouse]:
    with trial_house(tmp_path_factory.mktemp("trials")) as opened:
        yield opened


@pytest.fixture
def admin(chromium: Browser, house: TrialHouse) -> Iterator[Admin]:
    somebody = Admin(chromium, house)
    yield somebody
    somebody.leave()


def change_the_greeting(house: TrialHouse, text: str) -> None:
    """Edit the draft as the page of prompts does."""
    with session_factory(house.engine).begin() as session:
        now = datetime.now(UTC)
        before = drafts.draft(session, now=now).documents.prompts["prompts"]["greeting"]["it"]["text"]
        change = Change(place=GREETING, before=before, after=text)
        edited = drafts.edit(session, [change], by=Actor(account_id=None, name="Elena"), now=now, label="il saluto")
        assert isinstance(edited, drafts.Edited), edited


def test_draft_is_called_by_keyboard_and_nothing_real_is_touched(admin: Admin, house: TrialHouse) -> None:
    change_the_greeting(house, WITH_DAYTIME)
    before = {table: house.rows(f"SELECT count(*) AS n FROM {table}") for table in ("calls", "cases", "messages")}  # noqa: S608 - the names are the test's own
    admin.page.select_option("#agents", "nobody")
    admin.page.locator("#call").press("Enter")
    admin.sees("#heard", NEW_GREETING)
    admin.stands_at("ask_request")
    lit = admin.page.locator("#way-drawing [data-mark=path-end]")
    expect(lit).to_have_attribute("data-node", "ask_request", timeout=LIMIT)
    admin.page.locator("#heard").press("0")
    admin.sees("#heard", "non c'è un collega libero")
    admin.sees("#heard", "Vuole che la richiamiamo noi?")
    admin.page.fill("#say-text", "sì")
    admin.page.keyboard.press("Enter")
    admin.sees("#left", "callback")
    admin.sees("#heard", "Passa a una persona: lo ha chiesto.")
    admin.picture("call_the_draft")
    admin.picture("call_the_draft_narrow", narrow=True)
    admin.page.locator("#hang-up").press("Enter")
    expect(admin.page.locator("#state")).to_have_text("La chiamata è finita", timeout=LIMIT)
    admin.page.fill("#scenario-name", "nessuno_in_servizio")
    admin.page.keyboard.press("Enter")
    admin.sees("#saved", "Lo scenario è salvato")
    assert house.rows("SELECT name FROM scenarios") == [{"name": "nessuno_in_servizio"}]
    after = {table: house.rows(f"SELECT count(*) AS n FROM {table}") for table in before}  # noqa: S608 - the names are the test's own
    assert after == before
    assert admin.problems == []


def test_draft_that_answers_no_call_is_told_with_its_first_error(admin: Admin, house: TrialHouse) -> None:
    change_the_greeting(house, WITHOUT_DAYTIME)
    admin.page.click("#call")
    admin.sees("#notices", "non si può chiamare")
    admin.sees("#notices", "daytime")
    expect(admin.page.locator("#call")).to_be_enabled()
    change_the_greeting(house, WITH_DAYTIME)


def test_live_version_still_says_the_old_words_and_the_microphone_is_told_to_be_off(admin: Admin) -> None:
    admin.page.check("#microphone")
    admin.sees("#hearing", "scriva quello che dice")
    admin.page.select_option("#version", "1")
    admin.page.select_option("#caller", "hidden")
    admin.page.click("#call")
    admin.sees("#heard", "Bottega Aurora")
    assert NEW_GREETING not in admin.page.inner_text("#heard")
    admin.page.click("#hang-up")
    expect(admin.page.locator("#state")).to_have_text("La chiamata è finita", timeout=LIMIT)
    assert admin.problems == []
