"""The page of reports in real Chromium: a made fortnight, definitions by keyboard, sorting, on a wide and a narrow screen."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT
from tests.browser.test_hearing_on_the_desks import Reader
from tests.service import desks
from tests.stays import keep, keep_calls, week

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]

FIRST = date(2026, 11, 2)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with desks.open_house(tmp_path, clock=lambda: datetime.now(UTC), line_url="") as house:
        with house.sessions.begin() as session:
            made = week(FIRST, days=14, calls_an_hour=9)
            keep(session, made)
            keep_calls(session, made)
        server = make_server("127.0.0.1", 0, house.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.timeout(300)
def test_a_supervisor_reads_a_report(chromium: Browser, address: str) -> None:
    marta = Reader(chromium, address, desks.SUPERVISOR)
    page = marta.page
    page.click("text=Report")
    page.select_option("[name=period]", "days")
    page.fill("[name=first]", FIRST.isoformat())
    page.fill("[name=last]", (FIRST + timedelta(days=13)).isoformat())
    page.click("text=Mostra")
    expect(page.locator("#section-waiting")).to_be_visible(timeout=LIMIT)

    # A definition opens and closes by keyboard alone.
    about = page.locator("[popovertarget=about-service_level]").first
    about.focus()
    page.keyboard.press("Enter")
    definition = page.locator("#about-service_level")
    expect(definition).to_be_visible()
    expect(definition).to_contain_text("entro 20 secondi")
    marta.picture("reports-definition")
    page.keyboard.press("Escape")
    expect(definition).to_be_hidden()

    # Sorting needs no new page.
    waits = page.locator("table.report-table").first
    waits.locator("th .sort", has_text="Abbandonate").click()
    shown = waits.locator("tbody tr td:nth-child(4)").all_inner_texts()
    assert len(shown) == 4
    assert [int(text) for text in shown] == sorted((int(text) for text in shown), reverse=True)
    waits.locator("th .sort", has_text="Coda").press("Enter")
    names = waits.locator("tbody th").all_inner_texts()
    assert names == sorted(names)
    marta.picture("reports")

    with page.expect_download() as saved:
        page.click("a:has-text('CSV') >> nth=0")
    assert saved.value.suggested_filename == "centralino-queue-2026-11-02-2026-11-15.csv"

    page.select_option("[name=by]", "day")
    page.click("text=Mostra")
    expect(page.locator("table.report-table").first).to_contain_text("9 nov", timeout=LIMIT)
    marta.picture("reports-days")
    marta.leave()
