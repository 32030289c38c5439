"""The company's pages in real Chromium, wide and narrow: a file imported, somebody new with a link, hours, a connector tried."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from ivr.connectors import example_shop
from ivr.connectors.example_shop import ExampleShop
from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT
from tests.browser.test_hearing_on_the_desks import Reader
from tests.service import desks
from tests.service.test_company_import import BAD, connector_form

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = {"line_url": "", "connector_networks": ("127.0.0.0/8",)}
    folder = tmp_path_factory.mktemp("company")
    with desks.open_house(folder, clock=lambda: datetime.now(UTC), **given) as house:
        server = make_server("127.0.0.1", 0, house.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def paolo(chromium: Browser, address: str) -> Iterator[Reader]:
    reader = Reader(chromium, address, desks.ADMIN)
    reader.page.goto(f"{address}/admin/company")
    yield reader
    reader.leave()


@pytest.mark.timeout(120)
def test_a_file_with_a_fault_is_told_and_its_good_rows_are_taken_over_by_choice(paolo: Reader, tmp_path: Path) -> None:
    page = paolo.page
    paolo.picture("company")
    file = tmp_path / "clienti.csv"
    file.write_text(BAD, encoding="cp1252")
    page.click(".room >> text=Importa")
    page.set_input_files("[name=file]", file)
    page.click("text=Inviare e guardare")
    expect(page.locator("#counts")).to_contain_text("sbagliate", timeout=LIMIT)
    expect(page.locator("section[aria-labelledby=faults-title]")).to_contain_text("non è un numero di telefono")
    paolo.picture("company-import")
    with page.expect_download() as saved:
        page.click("text=Le righe sbagliate in un file")
    assert saved.value.suggested_filename == "customers-bad-rows.csv"
    page.click("text=Importare solo le 2 righe giuste")
    expect(page.locator(".alert-success")).to_contain_text("1 nuovi", timeout=LIMIT)


@pytest.mark.timeout(120)
def test_somebody_new_comes_by_a_link_in_a_browser_of_their_own(chromium: Browser, address: str, paolo: Reader) -> None:
    page = paolo.page
    page.click(".room >> text=Persone")
    page.fill("[name=display_name]", "Nuova Persona")
    page.select_option("[name=agent_id]", "luca")
    page.fill("[name=email]", "nuova@example.it")
    paolo.picture("company-people")
    page.press("[name=email]", "Enter")
    link = page.locator("#link").input_value(timeout=LIMIT)
    theirs = chromium.new_context(locale="it-IT").new_page()
    theirs.goto(address + link[link.index("/welcome/") :])
    theirs.fill("[name=password]", "una frase tutta nuova")
    theirs.keyboard.press("Enter")
    theirs.wait_for_url("**/desk", timeout=LIMIT)
    theirs.context.close()


@pytest.mark.timeout(120)
def test_hours_and_retention_show_what_they_do_before_they_do_it(address: str, paolo: Reader) -> None:
    page = paolo.page
    page.goto(f"{address}/admin/company/hours")
    page.fill("[name=closed_on]", "24.12.2026")
    page.click("text=Mostrare solo le chiusure")
    expect(page.locator("#closed-title + ul")).to_contain_text("chiusura propria", timeout=LIMIT)
    paolo.picture("company-hours")
    page.click("main button:has-text('Salva')")
    expect(page.locator(".alert-success")).to_contain_text("prossima chiamata", timeout=LIMIT)
    page.goto(f"{address}/admin/company/retention")
    page.fill("[name=words_days]", "10")
    page.click("main button:has-text('Salva')")
    expect(page.locator("#erased")).to_contain_text("per sempre", timeout=LIMIT)
    paolo.picture("company-retention")
    for name in ("numbers", "consents", "settings", "connectors"):
        page.goto(f"{address}/admin/company/{name}")
        paolo.picture(f"company-{name}")


@pytest.mark.timeout(120)
def test_a_connector_is_tried_against_another_system_before_it_is_saved(address: str, paolo: Reader) -> None:
    page = paolo.page
    with example_shop.running(ExampleShop(today=datetime.now(UTC).date())) as shop:
        page.goto(f"{address}/admin/company/connectors/orders")
        for field, value in connector_form(shop, asked="7001").items():
            if field not in {"version", "is_on", "method"}:
                page.fill(f"[name={field}]", value)
        page.click("button[formaction]")
        expect(page.locator("#tried")).to_contain_text("Corriere Lento", timeout=LIMIT)
        paolo.picture("company-connector")
