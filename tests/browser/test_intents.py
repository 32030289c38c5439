"""The page on intents and the table of coverage in real Chromium: taught, tried, compared, on a wide and a narrow screen."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT
from tests.browser.test_hearing_on_the_desks import Reader
from tests.contracts.test_coverage import keep_call
from tests.service import desks, small_intents

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]
SAID = (
    "il bollitore perde acqua dal fondo",
    "mi chiamo Brambilla il bollitore perde acqua",
    "perde acqua il bollitore",
)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with small_intents.open_house(tmp_path, clock=lambda: datetime.now(UTC), line_url="") as house:
        now = datetime.now(UTC)
        with house.sessions.begin() as session:
            for number, words in enumerate(SAID):
                small_intents.keep_said(session, f"CAs{number}", words, at=now - timedelta(minutes=1))
            for number in range(30):
                keep_call(
                    session, f"CAc{number}", ["greet_known", "ask_request"], at=now - timedelta(minutes=1),
                    traces=[("person", "ask_request")] if number < 9 else [("ended", "ask_request")], score=1 + number % 4,
                )  # fmt: skip
        server = make_server("127.0.0.1", 0, house.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.timeout(300)
def test_an_admin_teaches_what_callers_said_tries_it_and_compares(chromium: Browser, address: str) -> None:
    paolo = Reader(chromium, address, desks.ADMIN)
    page = paolo.page
    page.goto(f"{address}/admin/intents")
    examples = page.locator("#examples-list li")
    expect(examples.first).to_be_visible(timeout=LIMIT)

    # An example is added and removed by keyboard alone; the draft's bar knows.
    page.select_option("#examples-intent", "return")
    page.locator("#examples-text").focus()
    page.keyboard.type("questo lo rimando indietro")
    page.keyboard.press("Enter")
    expect(page.locator("#intents-told")).to_contain_text("questo lo rimando indietro", timeout=LIMIT)
    expect(page.locator("#examples-text")).to_have_value("")
    page.fill("#examples-contains", "rimando")
    page.keyboard.press("Enter")
    expect(examples).to_have_count(1, timeout=LIMIT)
    paolo.picture("intents-examples")

    # What cannot be saved says why, and stays where it was typed.
    page.fill("#examples-text", "ordine [numero]")
    page.keyboard.press("Enter")
    expect(page.locator("#intents-told")).to_contain_text("parentesi quadre", timeout=LIMIT)
    expect(page.locator("#examples-text")).to_have_value("ordine [numero]")

    # What callers said stands there without their names, and one click adds it.
    page.click("a[href='#heard']")
    group = page.locator(".heard-group").filter(has_text="bollitore")
    expect(group).to_have_count(1, timeout=LIMIT)
    assert "Brambilla" not in page.content()
    paolo.picture("intents-heard")
    group.locator("select").select_option("complaint")
    group.locator("button", has_text="Aggiungi").click()
    expect(page.locator("#intents-told")).to_contain_text("complaint", timeout=LIMIT)

    # A sentence is tried, and the page says why it is answered so.
    page.click("a[href='#try']")
    page.fill("#try-text", "dov'è il mio ordine")
    page.keyboard.press("Enter")
    expect(page.locator("#try-answer h3")).to_contain_text("order_status", timeout=60_000)
    expect(page.locator("#try-answer")).to_contain_text("Decidono gli esempi")
    paolo.picture("intents-try")

    # Draft and live are compared; the matrix has a cell for what was meant and answered.
    page.click("a[href='#comparison']")
    page.click("#comparison-begin")
    expect(page.locator("#comparison-shown .matrix").first).to_be_visible(timeout=60_000)
    expect(page.locator("#comparison-shown td.own").first).to_be_visible()
    paolo.picture("intents-comparison")
    assert [one for one in paolo.problems if "422" not in one] == []


@pytest.mark.timeout(120)
def test_a_supervisor_reads_coverage(chromium: Browser, address: str) -> None:
    marta = Reader(chromium, address, desks.SUPERVISOR)
    page = marta.page
    page.goto(f"{address}/admin/coverage")
    line = page.locator("tr", has_text="ask_request").first
    expect(line).to_contain_text("30%", timeout=LIMIT)
    marta.picture("coverage")
    marta.leave()
