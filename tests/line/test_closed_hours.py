"""Nobody is on duty: a caller in the evening, on a Sunday or on an Italian holiday is helped, told so, and called back."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ivr import trial
from ivr.calls import store
from ivr.line.script import HangUp, Keys, Say, Step
from tests.telephone import House, heard_once, talk

EVENING = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)
CLOSED = {
    "evening": EVENING,
    "sunday": datetime(2026, 11, 22, 10, tzinfo=UTC),
    "25 april": datetime(2026, 4, 25, 8, tzinfo=UTC),
    "ferragosto": datetime(2026, 8, 15, 9, tzinfo=UTC),
    "8 december": datetime(2026, 12, 8, 10, tzinfo=UTC),
    "easter monday": datetime(2026, 4, 6, 10, tzinfo=UTC),
}


@pytest.mark.parametrize("start", CLOSED.values(), ids=list(CLOSED))
def test_who_wants_a_person_is_called_back(new_house: Callable[..., House], start: datetime) -> None:
    house = new_house(start=start)
    house.sign_in("anna")
    caller = house.whole_call(
        talk("aiutarla", Keys("0"), "richiamiamo noi?", "sì", "da 1", Keys("1")), from_=trial.MARIO
    )
    caller.check()
    assert heard_once(caller, "i nostri uffici sono chiusi")
    assert heard_once(caller, "la richiamiamo entro ventiquattro ore")
    (case,) = house.rows("cases")
    assert (case["kind"], case["number"], case["customer_id"]) == ("callback", trial.MARIO, "K002")
    assert house.offer_to("anna") is None


def test_orders_are_answered_at_night_as_by_day(new_house: Callable[..., House]) -> None:
    house = new_house(start=EVENING)
    caller = house.whole_call(talk("aiutarla", Keys("1"), "altro", "no grazie", "da 1", Keys("1")), from_=trial.MARIO)
    caller.check()
    assert caller.heard[0].startswith("Buonasera Mario")
    assert heard_once(caller, "in viaggio con Corriere Espresso")


def test_hidden_number_is_asked_where_to_call(new_house: Callable[..., House]) -> None:
    house = new_house(start=EVENING)
    way = talk(
        "aiutarla", Keys("0"), "richiamiamo noi?", Keys("1"), "che numero", Keys("3331234567#"), "da 1", Keys("1")
    )
    house.whole_call(way, from_="anonymous").check()
    (case,) = house.rows("cases")
    assert case["kind"] == "callback"
    assert case["number"] == "+393331234567"


def test_callback_is_kept_where_the_caller_stays_silent(new_house: Callable[..., House]) -> None:
    house = new_house(start=EVENING)
    house.whole_call(talk("aiutarla", Keys("0")), from_=trial.MARIO)
    assert [row["kind"] for row in house.rows("cases")] == ["callback"]


def test_callback_declined_is_kept_as_a_question(new_house: Callable[..., House]) -> None:
    house = new_house(start=EVENING)
    caller = house.whole_call(
        talk("aiutarla", Keys("0"), "richiamiamo noi?", "no grazie", "da 1", Keys("1")), from_=trial.MARIO
    )
    assert heard_once(caller, "Ho preso nota")
    assert [row["kind"] for row in house.rows("cases")] == ["question"]


@pytest.mark.parametrize("asks", [Keys("0"), Say("operatore"), HangUp()], ids=["key", "word", "hang_up"])
@pytest.mark.parametrize("node", ["offer_callback", "ask_callback_number"])
def test_every_question_of_the_night_ends_soundly(new_house: Callable[..., House], node: str, asks: Step) -> None:
    house = new_house(start=EVENING)
    way = talk("aiutarla", Keys("0"), "richiamiamo noi?")
    if node == "ask_callback_number":
        way += talk(Keys("1"), "che numero")
    caller = house.whole_call([*way, asks], from_="anonymous")
    assert house.only_call.status == store.ENDED
    if not isinstance(asks, HangUp):
        assert heard_once(caller, "A presto")
        assert house.rows("cases")
