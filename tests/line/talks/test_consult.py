"""Asking somebody in the middle of a talk: in private, then all together, or a warm transfer; the caller hears music alone."""

import pytest

from ivr.calls.talks import ToAgent, ToNumber, ToSkill
from ivr.line.party import Busy, Decline, NoAnswer
from ivr.line.script import Keys, Silence
from tests.line.talks.talking import PERSON, WAREHOUSE, begin, done, refused
from tests.telephone import House, heard_once, talk


def test_consulted_agent_hears_who_asks_and_what_about_and_then_talks_in_private(house: House) -> None:
    talking = begin(house)
    done(talking.consult(ToAgent(agent_id="luca"), note="il pacco è rotto"))
    assert house.run_until(lambda: talking.is_held, 10)
    talking.takes("luca")
    assert house.run_until(lambda: talking.is_in("luca"), 20), talking.legs()
    house.wait(12)
    luca = talking.phone("client:luca")
    assert heard_once(luca, "Anna Ricci le chiede un consulto")
    assert heard_once(luca, "Mario")
    assert talking.hears(talking.phone("client:anna"), "che cosa ne dici") == {"client:luca"}
    assert talking.hears(luca, "lo rimandiamo") == {"client:anna"}
    assert talking.hears(talking.caller, "pronto") == set()
    assert {(leg.role, leg.state) for leg in talking.legs()} == {
        ("caller", "held"),
        ("agent", "in"),
        ("consulted", "in"),
    }
    assert "Anna Ricci ha chiesto un consulto a Luca" in talking.story()
    assert "il pacco è rotto" in talking.story()
    assert "asked Luca" in talking.story("en")


def test_back_to_the_caller_lets_the_consulted_one_go(house: House) -> None:
    talking = begin(house)
    talking.consulting()
    done(talking.by_agent("cancel_consult"))
    house.wait(3)
    assert not talking.is_held
    assert talking.phone("client:luca").reason == "completed"
    assert talking.hears(talking.phone("client:anna"), "eccomi di nuovo") == {"caller"}
    assert house.agent_state("luca") == "wrap_up"
    talking.hang_up(talking.phone("client:anna"))
    assert house.run_until(lambda: heard_once(talking.caller, "quanto le è costato"), 20), talking.caller.heard
    talking.nobody_is_stuck()


def test_conference_of_three_hears_itself(house: House) -> None:
    talking = begin(house)
    talking.in_conference()
    assert not talking.is_held
    assert talking.hears(talking.caller, "siamo in tre") == {"client:anna", "client:luca"}
    assert talking.hears(talking.phone("client:luca"), "buongiorno signor Mario") == {"caller", "client:anna"}


def test_warm_transfer_leaves_the_call_to_the_consulted_one(house: House) -> None:
    talking = begin(house, [*PERSON, Silence(30), *talk("quanto le è costato", Keys("2"))])
    talking.consulting()
    done(talking.by_agent("complete_transfer"))
    house.wait(3)
    assert talking.agent_id == "luca"
    assert house.agent_state("anna") == "wrap_up"
    assert house.agent_state("luca") == "on_call"
    assert talking.phone("client:anna").reason == "completed"
    assert talking.hears(talking.phone("client:luca"), "ci penso io") == {"caller"}
    assert "Anna Ricci ha passato la chiamata a Luca" in talking.story()
    # The first one writes down what it led to, although the call is somebody else's now.
    done(
        house.act(
            lambda desk, session, now: desk.finish(
                session, agent_id="anna", call_id=talking.call_id, outcome="passed_on", note="", now=now
            )
        )
    )
    assert house.agent_state("anna") == "available"
    talking.hang_up(talking.phone("client:luca"))
    assert house.run_until(lambda: heard_once(talking.caller, "quanto le è costato"), 20), talking.caller.heard
    assert house.agent_state("luca") == "wrap_up"
    talking.nobody_is_stuck()


def test_agent_of_a_skill_is_found_by_routing(house: House) -> None:
    talking = begin(house)
    done(talking.consult(ToSkill(skill="general")))
    talking.takes("luca")
    assert house.run_until(lambda: talking.is_in("luca"), 20), talking.legs()


def test_number_takes_a_consult_only_with_the_key(house: House) -> None:
    talking = begin(house, number_steps=talk("Prema 1", Keys("1")))
    done(talking.consult(ToNumber(number="02 98765432")))
    assert house.run_until(lambda: any(leg.address == WAREHOUSE and leg.state == "in" for leg in talking.legs()), 40)
    house.wait(8)
    warehouse = talking.phone(WAREHOUSE)
    assert heard_once(warehouse, "Anna Ricci le chiede un consulto")
    assert talking.hears(warehouse, "il pacco è qui") == {"client:anna"}
    done(talking.by_agent("complete_transfer"))
    house.wait(3)
    assert talking.agent_id is None
    assert house.agent_state("anna") == "wrap_up"
    assert talking.hears(warehouse, "buongiorno") == {"caller"}
    talking.hang_up(warehouse)
    assert house.run_until(lambda: heard_once(talking.caller, "quanto le è costato"), 20), talking.caller.heard
    talking.nobody_is_stuck()


def test_voicemail_presses_no_key_and_hears_nothing_of_the_customer(house: House) -> None:
    talking = begin(house)
    done(talking.consult(ToNumber(number=WAREHOUSE)))
    assert house.run_until(lambda: "consult_failed" in talking.happened(), 60), talking.happened()
    house.wait(3)
    voicemail = talking.phone(WAREHOUSE)
    assert heard_once(voicemail, "Prema 1")
    assert not heard_once(voicemail, "Mario")
    assert voicemail.reason == "completed"
    assert not talking.is_held
    assert "non ha premuto il tasto" in talking.story()


@pytest.mark.parametrize("reply", [Busy(), NoAnswer(), Decline()], ids=["busy", "no_answer", "declined"])
def test_telephone_of_the_consulted_one_that_is_not_picked_up_gives_the_caller_back(
    house: House, reply: object
) -> None:
    talking = begin(house, rings=reply)  # type: ignore[arg-type] # one of the replies
    done(talking.consult(ToAgent(agent_id="luca")))
    talking.takes("luca")
    assert house.run_until(lambda: "consult_failed" in talking.happened(), 60), talking.happened()
    house.wait(3)
    assert not talking.is_held
    assert house.agent_state("luca") == "missed"
    assert talking.hears(talking.phone("client:anna"), "non risponde") == {"caller"}
    talking.nobody_is_stuck()


def test_consulted_agent_who_declines_gives_the_caller_back_at_once(house: House) -> None:
    talking = begin(house)
    done(talking.consult(ToAgent(agent_id="luca")))
    offer = house.offer_to("luca")
    house.act(lambda desk, session, now: desk.decline(session, agent_id="luca", offer_id=offer.offer_id, now=now))
    house.wait(3)
    assert not talking.is_held
    assert house.offer_to("luca") is None
    assert "consult_failed" in talking.happened()


def test_nobody_who_takes_the_consult_gives_the_caller_back_after_a_minute(house: House) -> None:
    talking = begin(house)
    done(talking.consult(ToSkill(skill="general")))
    assert house.run_until(lambda: "consult_failed" in talking.happened(), 90), talking.happened()
    house.wait(3)
    assert not talking.is_held
    talking.nobody_is_stuck()


def test_what_cannot_be_asked_is_refused_and_changes_nothing(house: House) -> None:
    talking = begin(house, others=("luca",))
    before = house.dump()
    assert refused(talking.consult(ToAgent(agent_id="anna"))) == "agent_unknown"
    assert refused(talking.consult(ToAgent(agent_id="grace"))) == "agent_not_there"
    assert refused(talking.consult(ToSkill(skill="juggling"))) == "nobody_fits"
    assert refused(talking.consult(ToNumber(number="12"))) == "number_unusable"
    assert refused(talking.by_agent("join_all")) == "not_in_this_state"
    assert refused(talking.by_agent("complete_transfer")) == "not_in_this_state"
    assert refused(talking.by_agent("cancel_consult")) == "not_in_this_state"
    assert refused(talking.by_agent("cancel_consult", agent_id="luca")) == "not_your_call"
    assert house.dump() == before


def test_second_consult_is_refused_while_one_is_open(house: House) -> None:
    talking = begin(house)
    talking.consulting()
    assert refused(talking.consult(ToNumber(number=WAREHOUSE))) == "not_in_this_state"
    assert refused(talking.transfer(ToNumber(number=WAREHOUSE))) == "not_in_this_state"


def test_muted_agent_is_heard_by_nobody(house: House) -> None:
    talking = begin(house)
    anna = talking.phone("client:anna")
    for on, heard in ((True, set()), (False, {"caller"})):
        done(
            talking.act(
                lambda talks, session, _now, on=on: talks.mute(session, agent_id="anna", call_id=talking.call_id, on=on)
            )
        )
        house.wait(2)
        assert [leg.is_muted for leg in talking.legs() if leg.agent_id == "anna"] == [on]
        assert talking.hears(anna, f"mi sente {on}") == heard
