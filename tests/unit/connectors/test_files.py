"""CSV files as people have them: read, guessed at, and told wrong by row and column."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.connectors import files
from ivr.connectors.definition import DefinitionError, definition_of
from ivr.connectors.files import Table, Unreadable
from ivr.connectors.http import is_allowed, networks_of
from ivr.connectors.reading import CUSTOMERS, ORDERS
from ivr.customers.records import CustomerRecord, OrderRecord

ORDERS_FILE = (
    "N. ordine;Codice cliente;Articoli;Stato;Data ordine;Consegna prevista;Corriere;CAP\r\n"
    "1042;K001;una lampada;Spedito;01/11/2026;25/11/2026;Corriere Espresso;184\r\n"
)


def opened(content: bytes) -> Table:
    table = files.open_file(content)
    assert isinstance(table, Table), table
    return table


def rows(kind: str, text: str, country: str = "IT") -> tuple[files.Row, ...]:
    table = opened(text.encode())
    return files.rows_of(kind, table, files.guess(kind, table.columns), country=country)


def faults(kind: str, text: str) -> list[tuple[int, str, str]]:
    return [(bad.row, bad.column, bad.code) for row in rows(kind, text) for bad in row.bad]


@pytest.mark.parametrize("delimiter", files.DELIMITERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_usual_delimiter_and_encoding_is_found_out(delimiter: str, encoding: str) -> None:
    text = "codice;nome\nK1;Nicolò Perù\nK2;Zoë, detta «Zo»\n".replace(";", delimiter).replace("Zoë,", "Zoë")
    table = opened(text.encode(encoding))
    assert table.delimiter == delimiter
    assert table.columns == ("codice", "nome")
    assert table.rows[0] == (2, ("K1", "Nicolò Perù"))


def test_a_spreadsheet_s_italian_export_is_understood_as_it_is() -> None:
    (row,) = rows(ORDERS, ORDERS_FILE)
    assert isinstance(row.record, OrderRecord), row.bad
    assert (row.record.status, row.record.postcode) == ("shipped", "00184")
    assert row.record.placed_on is not None
    assert row.record.placed_on.isoformat() == "2026-11-01"


def test_a_customer_has_several_numbers_in_one_cell_without_their_country() -> None:
    (row,) = rows(CUSTOMERS, "Codice;Nome;Telefono\nK1;Sara;333 123 9999 | 02 1042 0000\n")
    assert isinstance(row.record, CustomerRecord), row.bad
    assert row.record.numbers == ("+393331239999", "+390210420000")


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        (CUSTOMERS, "codice;nome;telefono\nK1;A;12\n", [(2, "telefono", "bad_number")]),
        (CUSTOMERS, "codice;nome\n;A\n", [(2, "codice", "missing")]),
        (CUSTOMERS, "codice;nome\nK1;A\nK2;B\nK1;C\n", [(4, "codice", "twice")]),
        (CUSTOMERS, "codice;nome;lingua\nK1;A;xx\n", [(2, "lingua", "bad_language")]),
        (CUSTOMERS, "codice;nome;email\nK1;A;nobody\n", [(2, "email", "bad_email")]),
        (CUSTOMERS, "codice;nome\nK 1;A\n", [(2, "codice", "bad_id")]),
        (CUSTOMERS, "codice;nome\nK1;A;more\n", [(2, "", "too_many_cells")]),
        (ORDERS, ORDERS_FILE.replace("25/11/2026", "31/11/2026"), [(2, "Consegna prevista", "bad_date")]),
        (ORDERS, ORDERS_FILE.replace("25/11/2026", "25/10/2026"), [(2, "Consegna prevista", "before_placed")]),
        (ORDERS, ORDERS_FILE.replace("Spedito", "Perso"), [(2, "Stato", "bad_status")]),
        (ORDERS, ORDERS_FILE.replace("Spedito", "Consegnato"), [(2, "delivered_on", "missing_when_delivered")]),
        (ORDERS, ORDERS_FILE.replace("1042;", "10 42;", 1), [(2, "N. ordine", "bad_order_number")]),
    ],
)
def test_a_fault_is_told_by_row_and_column(kind: str, text: str, found: list[tuple[int, str, str]]) -> None:
    assert faults(kind, text) == found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"codice;nome\n", "empty"),
        (b"PK\x03\x04\x00\x00", "not_text"),
        (b"a;b\n" + b"1;2\n" * (files.MOST_ROWS + 1), "too_many_rows"),
        (b";".join([b"a"] * 61) + b"\n1\n", "too_many_columns"),
        (b"x" * (files.LARGEST_BYTES + 1), "too_large"),
    ],
)
def test_what_is_no_such_file_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    assert files.open_file(content) == Unreadable(reason=reason)


@given(st.binary(max_size=400))
def test_no_file_breaks_the_reading(content: bytes) -> None:
    table = files.open_file(content)
    if isinstance(table, Table):
        for kind in (CUSTOMERS, ORDERS):
            files.rows_of(kind, table, files.guess(kind, table.columns), country="IT")


def test_bad_rows_come_back_as_a_file_that_can_be_put_right_and_sent_again() -> None:
    table = opened(b"codice;nome;telefono\nK1;Sara;12\nK2;Anna;3331239999\n")
    found = files.rows_of(CUSTOMERS, table, files.guess(CUSTOMERS, table.columns), country="IT")
    text = files.written(table, found, {"bad_number": "no number"})
    assert list(csv.reader(io.StringIO(text), delimiter=";")) == [
        ["codice", "nome", "telefono", "problem"],
        ["K1", "Sara", "12", "telefono: no number"],
    ]
    again = opened(text.replace(";12;", ";3331230000;").encode())
    (row,) = files.rows_of(CUSTOMERS, again, files.guess(CUSTOMERS, again.columns), country="IT")
    assert row.record is not None


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"url": "ftp://shop.example/{order_number}"}, "url: unreadable"),
        ({"url": "https://shop.example/orders"}, "url: no_placeholder"),
        ({"url": "https://shop.example/{customer}"}, "url: unknown_placeholder"),
        ({"url": "https://{order_number}.example/"}, "url: unknown_placeholder"),
        ({"url": "https://me:secret@shop.example/{order_number}"}, "url: secret_in_address"),
        ({"mapping": {"items": "a"}}, "mapping.order_number: missing"),
        ({"mapping": {"order_number": "a["}}, "mapping.order_number: no_jmespath"),
        ({"mapping": {"order_number": "id", "password": "x"}}, "mapping: unknown_field"),
        ({"timeout_seconds": 60}, "timeout_seconds: out_of_range"),
        ({"header": "X Key"}, "header: unreadable"),
        ({"secret": "in plain"}, "secret: unknown"),
    ],
)
def test_a_definition_that_cannot_work_is_refused_where_it_stands(change: dict[str, object], refused: str) -> None:
    good: dict[str, object] = {"url": "https://shop.example/{order_number}", "mapping": {"order_number": "id"}}
    with pytest.raises(DefinitionError) as error:
        definition_of(ORDERS, {**good, **change})
    assert str(error.value) == refused


def test_what_a_caller_says_cannot_leave_its_place_in_the_address() -> None:
    made = definition_of(ORDERS, {"url": "https://shop.example/o/{order_number}", "mapping": {"order_number": "id"}})
    assert made.address("../admin?x=1#") == "https://shop.example/o/..%2Fadmin%3Fx%3D1%23"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True), ("127.0.0.1", False), ("10.1.2.3", True), ("10.2.0.1", False), ("169.254.169.254", False),
        ("::1", False), ("fe80::1%eth0", False), ("::ffff:127.0.0.1", False), ("2001:4860:4860::8888", True),
        ("224.0.0.1", False), ("0.0.0.0", False),  # noqa: S104 - nobody listens there
    ],
)  # fmt: skip
def test_only_public_addresses_and_named_networks_are_asked(address: str, *, allowed: bool) -> None:
    assert is_allowed(address, networks_of(["10.1.0.0/16"])) is allowed
