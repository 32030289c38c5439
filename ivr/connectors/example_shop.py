"""An example of the other side of a connector: a small shop's system that tells of orders and customers over HTTP, as JSON.

It shares nothing with the service, and its answers look like a shop's, not like ours: the mappings below read them.
`centralino example-shop` runs it; the tests do too, and make it slow, broken or silent.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

HEADER: Final = "X-Shop-Key"
ORDERS_MAPPING: Final[Mapping[str, str]] = MappingProxyType({
    "order_number": "order.id",
    "customer_id": "order.customer.code",
    "customer_name": "order.customer.name",
    "items": "order.lines[].title",
    "status": "order.state",
    "placed_on": "order.dates.placed",
    "due_on": "order.dates.expected",
    "promised_on": "order.dates.promised",
    "delivered_on": "order.dates.delivered",
    "carrier": "order.shipping.courier",
    "postcode": "order.shipping.zip",
})  # fmt: skip
ORDERS_VALUES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({
    "status": {"OPEN": "preparing", "SENT": "shipped", "DONE": "delivered", "VOID": "cancelled"},
})  # fmt: skip
CUSTOMERS_MAPPING: Final[Mapping[str, str]] = MappingProxyType({
    "customer_id": "people[0].code",
    "name": "people[0].name",
    "numbers": "people[0].phones",
    "language": "people[0].locale",
    "email": "people[0].mail",
})  # fmt: skip


@dataclass
class ExampleShop:
    """What the shop knows, and how it behaves today."""

    today: date
    key: str = "an example's key"
    silent_seconds: float = 0.0  # before each answer
    broken: bool = False  # answers 500
    mad: bool = False  # answers what is no JSON
    asked: list[str] = field(default_factory=list)

    def order(self, number: str) -> Mapping[str, Any] | None:
        """An order, as this shop tells it."""
        found = {"7001": ("K001", "Giulia Conti", "SENT", -2), "7002": ("S500", "Sara Neri", "SENT", 3)}.get(number)
        if found is None:
            return None
        code, name, state, promised = found
        return {
            "order": {
                "id": int(number),
                "customer": {"code": code, "name": name},
                "lines": [{"title": "una sedia", "pieces": 2}, {"title": "un cuscino", "pieces": 1}],
                "state": state,
                "dates": {
                    "placed": self._day(-10),
                    "promised": self._day(promised),
                    "expected": self._day(max(promised, 1)),
                    "delivered": None,
                },
                "shipping": {"courier": "Corriere Lento", "zip": "20121"},
            }
        }

    def people(self, phone: str) -> Mapping[str, Any]:
        """Who has a telephone number."""
        known = {"code": "S500", "name": "Sara Neri", "phones": ["+39 333 1239999"], "locale": "it-IT", "mail": ""}
        return {"people": [known] if phone == "+393331239999" else []}

    def _day(self, ahead: int) -> str:
        return (self.today + timedelta(days=ahead)).isoformat() + "T08:00:00Z"


def server(shop: ExampleShop, port: int = 0) -> ThreadingHTTPServer:
    """The shop's server on loopback; port 0 takes a free one."""
    quiet = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.asked.append(self.path)
            if shop.silent_seconds:
                quiet.wait(shop.silent_seconds)
            if shop.broken:
                self._answer(500, {"message": "out of order"})
            elif self.headers.get(HEADER) != shop.key:
                self._answer(401, {"message": "who are you?"})
            else:
                self._tell(unquote(urlsplit(self.path).path))

        def log_message(self, *_: object) -> None:
            """Say nothing: addresses hold numbers of people."""

        def _tell(self, path: str) -> None:
            _, kind, by = (*path.split("/", 2), "", "")[:3]
            if kind == "people":
                self._answer(200, shop.people(by))
                return
            order = shop.order(by) if kind == "orders" else None
            self._answer(404 if order is None else 200, order or {"message": "no such order"})

        def _answer(self, status: int, content: Mapping[str, Any]) -> None:
            body = b"<html>soon back" if shop.mad else json.dumps(content).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                # Whoever asked has waited long enough.
                return

    made = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    made.daemon_threads = True
    return made


@contextmanager
def running(shop: ExampleShop) -> Iterator[str]:
    """The shop on a free port of loopback; its address."""
    made = server(shop)
    thread = threading.Thread(
        target=made.serve_forever, kwargs={"poll_interval": 0.02}, name="example shop", daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        made.server_close()
        thread.join(timeout=5)
