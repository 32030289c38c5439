"""An agent's browser is closed in a call: the telephone in it hangs up as if by hand, and the desk tells of itself no more."""

import pytest

from ivr.calls import store
from ivr.calls.effects import BringCaller, EndLeg
from ivr.calls.talks import ToAgent
from tests.line.talks.talking import Talking, begin, done
from tests.telephone import House, heard_once


def closes(talking: Talking, agent_id: str) -> None:
    talking.close_desk(agent_id)
    talking.hang_up(talking.phone(f"client:{agent_id}"))
    talking.house.wait(6)


def test_caller_is_told_and_goes_first_and_the_next_agent_has_the_context(house: House) -> None:
    talking = begin(house)
    closes(talking, "anna")
    assert heard_once(talking.caller, "è caduta la linea con il collega"), talking.caller.heard
    assert not heard_once(talking.caller, "quanto le è costato")
    talking.takes("luca")
    assert house.run_until(lambda: talking.agent_id == "luca" and talking.status == store.TALKING, 30)
    house.wait(5)
    assert talking.hears(talking.phone("client:luca"), "eccomi") == {"caller"}
    assert "È caduta la linea con Anna Ricci" in talking.story()
    assert house.agent_state("anna") in {"missed", "offline"}
    talking.nobody_is_stuck()


def test_caller_on_hold_for_a_consult_that_rings_is_told_and_goes_first(house: House) -> None:
    talking = begin(house)
    done(talking.consult(ToAgent(agent_id="luca")))
    house.wait(2)
    closes(talking, "anna")
    assert heard_once(talking.caller, "è caduta la linea con il collega"), talking.caller.heard
    talking.takes("luca")
    assert house.run_until(lambda: talking.agent_id == "luca" and talking.status == store.TALKING, 30)
    talking.nobody_is_stuck()


def test_consulted_one_has_the_call_when_the_first_ones_browser_is_closed(house: House) -> None:
    talking = begin(house)
    talking.consulting()
    closes(talking, "anna")
    assert talking.agent_id == "luca"
    assert talking.hears(talking.phone("client:luca"), "è rimasto con me") == {"caller"}
    talking.nobody_is_stuck()


def test_browser_of_the_consulted_one_gives_the_caller_back(house: House) -> None:
    talking = begin(house)
    talking.consulting()
    closes(talking, "luca")
    assert not talking.is_held
    assert talking.hears(talking.phone("client:anna"), "eccomi di nuovo") == {"caller"}
    talking.nobody_is_stuck()


def test_leg_that_is_over_before_the_line_ends_it_troubles_nobody(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    talking = begin(house)
    (leg,) = (one for one in house.line.legs.values() if one.to == "client:anna")
    talking.hang_up(talking.phone("client:anna"))
    assert not leg.is_live
    house.voice.outgoing.carry_out([EndLeg(call_id=leg.sid)])
    assert "was not done" not in caplog.text
    house.voice.outgoing.carry_out([BringCaller(call_id=leg.sid)])
    assert "BringCaller was not done" in caplog.text
