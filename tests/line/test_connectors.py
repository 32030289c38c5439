"""Orders and customers kept in another system: looked up in a call, and what the caller meets when that system is down."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ivr import database
from ivr.connectors import example_shop, store
from ivr.connectors.definition import definition_of
from ivr.connectors.example_shop import ExampleShop
from ivr.line.script import Keys
from tests.telephone import MONDAY_TEN, House, heard_once, talk

BYE = talk("altro", Keys("5"), "da 1", Keys("2"))


@dataclass
class WatchingShop(ExampleShop):
    """A shop that somebody else uses the database meanwhile: it writes to it before it answers."""

    engine: Engine | None = None

    def order(self, number: str) -> Mapping[str, Any] | None:
        if self.engine is not None:
            with database.session_factory(self.engine).begin() as session:
                session.execute(text("UPDATE accounts SET language = 'it'"))
        return super().order(number)


@pytest.fixture
def shop() -> ExampleShop:
    return ExampleShop(today=MONDAY_TEN.date())


@pytest.fixture
def address(shop: ExampleShop) -> Iterator[str]:
    with example_shop.running(shop) as at:
        yield at


@pytest.fixture
def house(new_house: Callable[..., House]) -> House:
    return new_house(connector_networks=("127.0.0.0/8",))


def connect(house: House, address: str, *, kinds: tuple[str, ...] = ("orders",), **given: Any) -> None:
    documents: dict[str, dict[str, Any]] = {
        "orders": {
            "url": address + "/orders/{order_number}",
            "mapping": dict(example_shop.ORDERS_MAPPING),
            "values": {name: dict(words) for name, words in example_shop.ORDERS_VALUES.items()},
        },
        "customers": {"url": address + "/people/{number}", "mapping": dict(example_shop.CUSTOMERS_MAPPING)},
    }
    with database.session_factory(house.engine).begin() as session:
        for kind in kinds:
            document = {**documents[kind], "header": example_shop.HEADER, "timeout_seconds": 2.0, **given}
            store.save(
                session, definition_of(kind, document), is_on=True, secret="an example's key", version=None, by="Paolo",
                now=MONDAY_TEN,
            )  # fmt: skip


def test_an_order_of_another_system_is_told_to_its_customer_and_kept(house: House, address: str) -> None:
    connect(house, address)
    caller = house.whole_call(
        talk("aiutarla", Keys("1"), "numero dell'ordine", Keys("7001#"), "CAP", Keys("20121")) + BYE
    )
    assert heard_once(caller, "è in ritardo"), caller.heard
    kept = next(row for row in house.rows("orders") if row["order_number"] == "7001")
    assert (kept["customer_id"], kept["status"], kept["items"]) == ("K001", "shipped", "una sedia, un cuscino")


def test_nobody_hears_of_an_order_without_a_proof_wherever_it_is_kept(house: House, address: str) -> None:
    connect(house, address)
    caller = house.whole_call(
        talk("aiutarla", Keys("1"), "numero dell'ordine", Keys("7001#"), "CAP", Keys("00184"), "CAP", Keys("0"))
    )
    assert not heard_once(caller, "in ritardo")


def test_a_customer_who_is_not_known_yet_comes_with_their_order(house: House, address: str) -> None:
    connect(house, address)
    caller = house.whole_call(
        talk("aiutarla", Keys("1"), "numero dell'ordine", Keys("7002#"), "CAP", Keys("20121")) + BYE
    )
    assert heard_once(caller, "in viaggio"), caller.heard
    assert house.only_call.customer_id == "S500"
    assert house.context(house.only_call.call_id).who.name == "Sara Neri"


def test_who_calls_is_asked_of_the_other_system_too(house: House, address: str) -> None:
    connect(house, address, kinds=("customers",))
    house.call(from_="+393331239999")
    house.wait(5)
    assert house.only_call.customer_id == "S500"


@pytest.mark.parametrize("fault", ["broken", "mad", "silent", "gone", "wrong key"])
def test_when_the_other_system_is_down_the_caller_goes_to_a_person(
    house: House, shop: ExampleShop, address: str, fault: str
) -> None:
    connect(house, "http://127.0.0.1:9" if fault == "gone" else address, timeout_seconds=0.6)
    shop.broken, shop.mad = fault == "broken", fault == "mad"
    shop.silent_seconds = 2.0 if fault == "silent" else 0.0
    if fault == "wrong key":
        shop.key = "another"
    caller, _ = house.call(talk("aiutarla", Keys("1"), "numero dell'ordine", Keys("7001#")))
    assert house.run_until(lambda: house.rows("routing_waiting") != [], 60), caller.heard
    assert heard_once(caller, "problema tecnico") or heard_once(caller, "mi scusi") or heard_once(caller, "persona"), (
        caller.heard
    )
    happened = [row for row in house.rows("happenings") if row["kind"] == "connector_failed"]
    assert len(happened) == 1


def test_a_system_that_goes_on_failing_is_left_alone_for_a_while(house: House, shop: ExampleShop, address: str) -> None:
    connect(house, address, tries=1)
    shop.broken = True
    lookups = house.voice.company.lookups
    for _ in range(6):
        lookups.order("7001", country="IT")
    assert len(shop.asked) == 3


def test_the_database_is_free_while_the_other_system_thinks(
    new_house: Callable[..., House], sqlite_engine: Engine
) -> None:
    shop = WatchingShop(today=MONDAY_TEN.date(), engine=sqlite_engine)
    house = new_house(connector_networks=("127.0.0.0/8",))
    with example_shop.running(shop) as address:
        connect(house, address, timeout_seconds=5.0)
        caller = house.whole_call(
            talk("aiutarla", Keys("1"), "numero dell'ordine", Keys("7001#"), "CAP", Keys("20121")) + BYE
        )
    assert heard_once(caller, "è in ritardo"), caller.heard


def test_an_address_inside_the_house_is_asked_only_where_the_settings_name_it(
    new_house: Callable[..., House], shop: ExampleShop, address: str
) -> None:
    house = new_house()
    connect(house, address)
    caller, _ = house.call(talk("aiutarla", Keys("1"), "numero dell'ordine", Keys("7001#")))
    assert house.run_until(lambda: house.rows("routing_waiting") != [], 60), caller.heard
    assert shop.asked == []
