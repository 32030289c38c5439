"""An admin writes a scenario by keyboard, runs all against a draft that breaks one, and sees what was heard instead."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from ivr import trial
from ivr.audit.store import Actor
from ivr.database import session_factory
from ivr.editing import drafts
from ivr.editing import scenarios as kept
from ivr.editing.places import Change
from ivr.trials.replay import CallDiff, Visit, Way, diff
from tests.browser.people import AtPage
from tests.browser.trial_house import PASSWORD, TrialHouse, trial_house

PLACE = ("flow", "nodes", "say_preparing", "prompt")
RUNS_SECONDS = 120


class Admin(AtPage):
    """An admin at the pages of scenarios."""

    def __init__(self, chromium: Browser, house: TrialHouse) -> None:
        super().__init__(chromium, house.desks)
        self.page.fill("[name=email]", trial.ADMIN_EMAIL)
        self.page.fill("[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("nav.pages")
        self.page.goto(f"{house.desks}/admin/scenarios")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrialHouse]:
    with trial_house(tmp_path_factory.mktemp("scenarios")) as opened:
        yield opened


def break_the_draft(house: TrialHouse) -> None:
    with session_factory(house.engine).begin() as session:
        now = datetime.now(UTC)
        change = Change(place=PLACE, before="order_preparing", after="order_cancelled")
        edited = drafts.edit(session, [change], by=Actor(name="Elena"), now=now, label="un errore")
        assert isinstance(edited, drafts.Edited), edited


def test_a_scenario_is_written_run_and_shows_what_was_heard_instead(chromium: Browser, house: TrialHouse) -> None:
    admin = Admin(chromium, house)
    admin.page.get_by_role("link", name="Nuovo scenario").press("Enter")
    admin.page.fill("[name=name]", "chiede_lo_stato")
    admin.page.fill("[name=about_it]", "Un cliente chiede dov'è l'ordine.")
    admin.page.select_option("[name=caller]", "mario")
    admin.page.locator("[name=prompts]").first.fill("how_can_we_help")
    admin.page.locator("[name=given]").first.fill("dov'è il mio ordine?")
    admin.page.locator("[name=prompts]").nth(1).fill("order_under_way, anything_else")
    admin.page.locator("#add-step").press("Enter")
    expect(admin.page.locator("#steps > li")).to_have_count(3)
    admin.page.locator("#steps > li").nth(2).locator("[data-take-out]").press("Enter")
    expect(admin.page.locator("#steps > li")).to_have_count(2)
    admin.page.locator("#scenario-form button.btn-primary").press("Enter")
    admin.sees("main", "Salvato: chiede_lo_stato.")
    admin.picture("scenario-form")
    admin.picture("scenario-form-narrow", narrow=True)
    break_the_draft(house)
    admin.page.goto(f"{house.desks}/admin/scenarios")
    admin.page.check("[value=chiede_lo_stato]")
    admin.page.check("[value=english_caller]")
    admin.page.locator("#run-form button.btn-primary").press("Enter")
    expect(admin.page.locator("#english_caller")).to_contain_text("order_cancelled", timeout=RUNS_SECONDS * 1000)
    admin.sees("#chiede_lo_stato", "riuscito")
    admin.sees("#english_caller", "atteso il prompt «order_preparing»")
    admin.picture("scenario-run")
    admin.picture("scenario-run-narrow", narrow=True)
    admin.page.goto(f"{house.desks}/admin/scenarios")
    admin.sees("main", "non riuscito")
    admin.picture("scenarios")
    admin.picture("scenarios-narrow", narrow=True)
    assert admin.problems == []
    admin.leave()


def replayed(house: TrialHouse) -> str:
    """Keep a replay of three calls, of which two go elsewhere in the draft."""
    now = datetime.now(UTC)
    run = kept.Run(
        run_id="replayed", kind=kept.REPLAY, mode=kept.TEXT, against="draft:3", digest="", by="", at=now,
        state=kept.RUNNING, done=0, total=3, failures=0,
    )  # fmt: skip
    asked = Visit(node="ask_request", path=("ask_request",), prompts=("how_can_we_help",), said="")
    told = Visit(node="anything_else", path=("anything_else",), prompts=("order_shipped", "anything_else"), said="")
    number = Visit(node="ask_order_number", path=("ask_order_number",), prompts=("which_order",), said="")
    served = Way(visits=(asked, told), end="served")
    lost = Way(visits=(asked, number), end="lost")
    calls: list[CallDiff] = [diff("CA1" + "0" * 31, served, served)]
    calls += [diff(f"CA{name}" + "0" * 31, served, lost) for name in (2, 3)]
    with session_factory(house.engine).begin() as session:
        kept.begin_run(session, run, by=Actor(name="Elena"))
        kept.end_run(session, run.run_id, state=kept.DONE, result=[asdict(one) for one in calls], failures=2, now=now)
    return run.run_id


def test_a_replay_shows_by_node_where_calls_go_elsewhere(chromium: Browser, house: TrialHouse) -> None:
    admin = Admin(chromium, house)
    admin.page.goto(f"{house.desks}/admin/scenarios/runs/{replayed(house)}")
    admin.sees("main", "1 uguali, 2 diverse")
    admin.sees("main", "2 chiamate: altro nodo")
    admin.sees("main", "una domanda che a chi chiamava non fu mai fatta")
    first = admin.page.locator("details").first
    first.locator("summary").press("Enter")
    expect(first.locator("tr.table-warning")).to_contain_text("ask_order_number")
    admin.picture("replay")
    admin.picture("replay-narrow", narrow=True)
    assert admin.problems == []
    admin.leave()
