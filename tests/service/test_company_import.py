"""Importing customers and orders, and setting up a connector: by page, by command and by the API."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from ivr.audit import store as audit
from ivr.calls import erasures
from ivr.commands import main
from ivr.connectors import example_shop, files, importing, store
from ivr.connectors.example_shop import ExampleShop
from ivr.customers.ledger import AskedBy
from ivr.customers.tables import Customer, CustomerNumber, Order
from tests.keys import DATA_KEYS
from tests.service import desks
from tests.service.desks import ADMIN, START, Browser, House

IMPORT, CONNECTORS = "/admin/company/import", "/admin/company/connectors"
CUSTOMERS = "Codice;Nome;Telefono;Lingua\nK0007;Chiara Moretti;3331234567;it\nK100;Sara Neri;333 123 9999;it\n"
BAD = CUSTOMERS + "K101;Ugo Blu;12;it\n"
ORDERS = (
    "Ordine;Cliente;Articoli;Stato;Data;Consegna prevista\n"
    "5001;K0007;una sedia;spedito;01/11/2026;25/11/2026\n5002;K999;un vaso;spedito;01/11/2026;25/11/2026\n"
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path, connector_networks=("127.0.0.0/8",)) as opened:
        yield opened


def sent(browser: Browser, text_: str, kind: str = "customers", name: str = "file.csv") -> str:
    """Send a file; the address of what is shown of it."""
    content: dict[str, Any] = {
        "kind": kind,
        "file": (io.BytesIO(text_.encode()), name),
        "csrf_token": browser.token("/account"),
    }
    answer = browser.client.post(IMPORT, data=content)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def numbers(page: str) -> list[int]:
    """New, changed, as before, wrong."""
    return [int(one) for one in re.findall(r'fs-3">(\d+)', page)]


def customers(house: House) -> dict[str, str]:
    with house.sessions() as session:
        return {row.customer_id: row.name for row in session.scalars(select(Customer))}


def take(browser: Browser, address: str, act: str = "all", **more: str) -> Any:
    return browser.client.post(address, data={"act": act, "csrf_token": browser.token("/account"), **more})


def test_a_file_is_shown_first_and_taken_over_once(house: House) -> None:
    browser = house.signed_in(ADMIN)
    address = sent(browser, CUSTOMERS)
    assert numbers(browser.get(address).text) == [1, 0, 1, 0]
    assert set(customers(house)) == {"K0007"}
    assert take(browser, address).status_code == 303
    assert customers(house)["K100"] == "Sara Neri"
    # The same file again changes nothing.
    again = sent(browser, CUSTOMERS)
    assert numbers(browser.get(again).text) == [0, 0, 2, 0]
    assert take(browser, again).status_code == 303
    with house.sessions() as session:
        assert set(session.scalars(select(CustomerNumber.number))) == {"+393331234567", "+393331239999"}
        assert [entry.act for entry in audit.entries(session, act="import.taken_over")] == ["import.taken_over"] * 2


def test_one_bad_row_keeps_all_of_them_out(house: House) -> None:
    browser = house.signed_in(ADMIN)
    address = sent(browser, BAD)
    page = browser.get(address).text
    assert numbers(page) == [1, 0, 1, 1]
    assert "«12»" in page
    assert take(browser, address).status_code == 409
    assert set(customers(house)) == {"K0007"}


def test_only_the_good_rows_are_taken_over_by_choice_and_the_bad_ones_come_back_as_a_file(house: House) -> None:
    browser = house.signed_in(ADMIN)
    address = sent(browser, BAD)
    bad = browser.get(f"{address}/bad.csv")
    rows = list(csv.reader(io.StringIO(bad.data.decode("utf-8-sig")), delimiter=";"))
    assert [row[:3] for row in rows] == [["Codice", "Nome", "Telefono"], ["K101", "Ugo Blu", "12"]]
    assert take(browser, address, "good").status_code == 303
    assert set(customers(house)) == {"K0007", "K100"}


def test_an_order_of_nobody_is_told_by_row_and_column(house: House) -> None:
    browser = house.signed_in(ADMIN)
    page = browser.get(sent(browser, ORDERS, "orders")).text
    assert re.search(r'<th scope="row">3</th><td>Cliente</td><td>«K999»', page)


def test_a_changed_order_is_changed_and_nothing_else_of_it(house: House) -> None:
    browser = house.signed_in(ADMIN)
    address = sent(browser, f"Ordine;Consegna prevista\n{desks.LATE_ORDER};30/11/2026\n", "orders")
    assert numbers(browser.get(address).text) == [0, 1, 0, 0]
    assert take(browser, address).status_code == 303
    with house.sessions() as session:
        order = session.get_one(Order, desks.LATE_ORDER)
        assert (order.due_on.isoformat(), order.carrier) == ("2026-11-30", "BRT")


def test_columns_are_chosen_by_hand_where_the_guess_is_wrong(house: House) -> None:
    browser = house.signed_in(ADMIN)
    address = sent(browser, "A;B\nK100;Sara Neri\n")
    assert numbers(browser.get(address).text) == [0, 0, 0, 1]
    chosen = {"m-customer_id": "0", "m-name": "1"}
    assert numbers(browser.get(address, query_string=chosen).text) == [1, 0, 0, 0]
    assert take(browser, address, **chosen).status_code == 303
    assert customers(house)["K100"] == "Sara Neri"


def test_a_file_waits_for_an_hour_and_for_its_sender_alone(house: House) -> None:
    browser = house.signed_in(ADMIN)
    address = sent(browser, CUSTOMERS)
    house.clock.forward(3601)
    assert house.signed_in(ADMIN).get(address).status_code == 404
    with house.sessions.begin() as session:
        assert store.forget_staged(session, house.clock()) == 1


def test_who_was_erased_is_not_brought_back(house: House) -> None:
    with house.sessions.begin() as session:
        session.execute(text("UPDATE calls SET status = 'ended'"))
        assert isinstance(erasures.erase_person(session, "K0007", by=AskedBy.ADMIN, now=START), erasures.Erased)
    browser = house.signed_in(ADMIN)
    assert numbers(browser.get(sent(browser, CUSTOMERS)).text) == [1, 0, 0, 1]


def test_a_failure_in_the_middle_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.signed_in(ADMIN)
    address = sent(browser, CUSTOMERS)
    monkeypatch.setattr(store, "unstage", lambda *_: 1 / 0)
    assert take(browser, address).status_code == 500
    assert set(customers(house)) == {"K0007"}


def test_twenty_thousand_orders_are_taken_over_in_one_transaction(house: House) -> None:
    head, line, _ = ORDERS.splitlines()
    rows = "\n".join(line.replace("5001", f"B{number}") for number in range(files.MOST_ROWS))
    table = files.open_file(f"{head}\n{rows}\n".encode())
    assert isinstance(table, files.Table)
    with house.sessions.begin() as session:
        mapping = files.guess("orders", table.columns)
        taken = importing.take_over(session, "orders", table, mapping, country="IT", mode=importing.ALL)
    assert isinstance(taken, importing.Taken)
    assert taken.look.new == files.MOST_ROWS


def test_the_command_looks_takes_over_and_says_what_is_wrong(house: House, tmp_path: Path) -> None:
    settings = tmp_path / "centralino.toml"
    settings.write_text(
        f'secret_key = "{"k" * 40}"\nauth_token = "t"\ndata_keys = "{DATA_KEYS}"\n'
        f'database_url = "sqlite:///{tmp_path / "desk.sqlite"}"\n'
    )
    good, bad, left = tmp_path / "good.csv", tmp_path / "bad.csv", tmp_path / "left.csv"
    good.write_text(CUSTOMERS)
    bad.write_text(BAD)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["--settings", str(settings), "import", "customers", *arguments])

    looked = run(str(good), "--dry-run")
    assert looked.exit_code == 0, looked.output
    assert "1 new" in looked.output
    assert set(customers(house)) == {"K0007"}
    refused = run(str(bad), "--bad-rows", str(left))
    assert refused.exit_code == 1
    assert "bad number" in refused.output
    assert "K101" in left.read_text(encoding="utf-8-sig")
    assert set(customers(house)) == {"K0007"}
    assert run(str(good)).exit_code == 0
    assert set(customers(house)) == {"K0007", "K100"}
    with house.sessions() as session:
        (entry,) = audit.entries(session, act="import.taken_over")
    assert entry.by.through == "command"


# --- The connector's page, against the example shop


@pytest.fixture
def shop() -> ExampleShop:
    return ExampleShop(today=START.date())


@pytest.fixture
def address(shop: ExampleShop) -> Iterator[str]:
    with example_shop.running(shop) as at:
        yield at


def connector_form(address: str, **changed: str) -> dict[str, str]:
    return {
        "version": "0", "is_on": "y", "url": address + "/orders/{order_number}", "method": "GET",
        "header": example_shop.HEADER, "secret": "an example's key", "timeout_seconds": "2.0", "tries": "2",
        "values": "OPEN = preparing\nSENT = shipped\nDONE = delivered",
        **{f"m_{name}": expression for name, expression in example_shop.ORDERS_MAPPING.items()}, **changed,
    }  # fmt: skip


def post(browser: Browser, address: str, fields: dict[str, str]) -> Any:
    return browser.client.post(address, data={**fields, "csrf_token": browser.token("/account")})


def test_a_try_shows_the_answer_and_what_is_understood_and_saves_nothing(house: House, address: str) -> None:
    browser = house.signed_in(ADMIN)
    shown = post(browser, f"{CONNECTORS}/orders/try", connector_form(address, asked="7001"))
    assert shown.status_code == 200
    assert "Corriere Lento" in shown.text
    assert "alert-success" in shown.text
    assert 'value="an example' not in shown.text
    with house.sessions() as session:
        assert store.every(session) == {}


@pytest.mark.parametrize(
    ("fault", "words"), [("broken", "rifiuta|refuses"), ("mad", "JSON"), ("wrong mapping", "non è una data|is no date")]
)
def test_a_try_says_what_is_wrong(house: House, shop: ExampleShop, address: str, fault: str, words: str) -> None:
    shop.broken, shop.mad = fault == "broken", fault == "mad"
    changed = {"m_due_on": "order.state"} if fault == "wrong mapping" else {}
    shown = post(house.signed_in(ADMIN), f"{CONNECTORS}/orders/try", connector_form(address, asked="7001", **changed))
    assert re.search(words, shown.text, re.IGNORECASE)


def test_a_connector_is_kept_with_its_secret_sealed_and_never_shown(house: House, address: str) -> None:
    browser = house.signed_in(ADMIN)
    assert post(browser, f"{CONNECTORS}/orders", connector_form(address)).status_code == 303
    with house.engine.connect() as connection:
        row = connection.execute(text("SELECT secret, document FROM connectors")).one()
    assert row.secret.startswith("sealed:")
    assert "example" not in row.document
    page = browser.get(f"{CONNECTORS}/orders").text
    assert "an example&#39;s key" not in page
    # A secret that is left empty stays, and a change that saw an older version is told so.
    assert post(browser, f"{CONNECTORS}/orders", connector_form(address, secret="", version="1")).status_code == 303
    assert post(browser, f"{CONNECTORS}/orders", connector_form(address, version="1")).status_code == 409
    with house.sessions() as session:
        assert store.every(session)["orders"].secret == "an example's key"
        assert "example" not in str([(one.before, one.after) for one in audit.entries(session)])
    assert post(browser, f"{CONNECTORS}/orders/remove", {}).status_code == 303


def test_a_connector_that_cannot_work_is_told_at_its_field(house: House, address: str) -> None:
    form = connector_form(address, m_items="order.[")
    answer = post(house.signed_in(ADMIN), f"{CONNECTORS}/orders", form)
    assert answer.status_code == 422
    assert "JMESPath" in answer.text


def test_a_staged_file_lies_sealed(house: House) -> None:
    sent(house.signed_in(ADMIN), CUSTOMERS)
    with house.engine.connect() as connection:
        assert b"Sara" not in connection.execute(text("SELECT content FROM staged_imports")).scalar_one()
    with house.sessions.begin() as session:
        assert store.forget_staged(session, house.clock() + timedelta(hours=2)) == 1
