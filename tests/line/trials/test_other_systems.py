"""Orders kept in another system: a trial asks it for a customer of the company, as their real call would, and for nobody else."""

from collections.abc import Callable, Iterator

import pytest

from ivr.connectors import example_shop
from ivr.connectors.example_shop import ExampleShop
from ivr.connectors.http import Failed
from ivr.connectors.lookups import FAILURES_IN_A_ROW, NotConfigured, OrderFound
from ivr.trials.calling import Press, Say, Step, Wait
from ivr.trials.situations import Caller, Hidden, Known, MadeUp, Setting, Stranger, Trouble
from tests.line.test_connectors import connect
from tests.line.trials.trying import live_version, said_to, trials_of, tried
from tests.telephone import MONDAY_TEN, House

# An order that only the other system knows.
ITS_ORDER: tuple[Step, ...] = (Say("no"), Say("no"), Press("1"), Press("7001#"), Wait(10))


@pytest.fixture
def shop() -> ExampleShop:
    return ExampleShop(today=MONDAY_TEN.date())


@pytest.fixture
def house(new_house: Callable[..., House], shop: ExampleShop) -> Iterator[House]:
    with example_shop.running(shop) as address:
        house = new_house(connector_networks=("127.0.0.0/8",))
        connect(house, address, kinds=("orders", "customers"))
        yield house


def test_customer_hears_of_an_order_that_another_system_keeps(house: House, shop: ExampleShop) -> None:
    before = house.dump()
    story = tried(house, *ITS_ORDER, caller=Known(customer_id="K001"))
    assert "è in ritardo" in said_to(story), story.heard
    assert "/orders/7001" in shop.asked
    # What was found is in the trial's own database, and gone with it.
    assert house.dump() == before


@pytest.mark.parametrize("caller", [MadeUp(), Stranger(number="+393331239999"), Hidden()])
def test_nobody_is_asked_about_who_is_no_customer(house: House, shop: ExampleShop, caller: Caller) -> None:
    tried(house, *ITS_ORDER, caller=caller)
    assert shop.asked == []


def test_when_lookups_are_to_fail_nobody_is_asked_and_a_person_takes_over(house: House, shop: ExampleShop) -> None:
    story = tried(house, *ITS_ORDER, caller=Known(customer_id="K001"), faults=[Trouble.LOOKUP_DOWN])
    assert "sono Anna" in said_to(story), story.heard
    assert shop.asked == []


def test_failures_of_a_trial_do_not_rest_the_connector_of_real_calls(house: House, shop: ExampleShop) -> None:
    shop.broken = True
    setting = Setting(caller=Known(customer_id="K001"), at=MONDAY_TEN)
    with trials_of(house).open_house(live_version(house), setting) as opened:
        for _ in range(FAILURES_IN_A_ROW):
            assert isinstance(opened.company.lookups.order("7001", country="IT"), Failed)
    assert len(shop.asked) >= FAILURES_IN_A_ROW
    shop.broken = False
    found = house.voice.company.lookups.order("7001", country="IT")
    assert isinstance(found, OrderFound)


def test_house_of_a_replay_asks_nobody(house: House, shop: ExampleShop) -> None:
    setting = Setting(caller=Known(customer_id="K001"), at=MONDAY_TEN)
    with trials_of(house).open_house(live_version(house), setting, asks_others=False) as opened:
        assert isinstance(opened.company.lookups.order("7001", country="IT"), NotConfigured)
    assert shop.asked == []
