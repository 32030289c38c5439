"""Passing a call on at once: the caller is told, hears music, goes ahead of the others, and is lost to nobody."""

from ivr.calls import store
from ivr.calls.talks import ToAgent, ToNumber, ToSkill
from ivr.line.party import NoAnswer
from ivr.line.script import Keys, Silence
from routing.agents import AgentEvent
from tests.line.talks.talking import COMPLAINT, PERSON, WAREHOUSE, Talking, begin, done, refused
from tests.telephone import House, heard_once, talk


def talks_with(talking: Talking, agent_id: str) -> None:
    """The call is taken by this agent, and the caller comes to them."""
    talking.takes(agent_id)
    assert talking.house.run_until(lambda: talking.agent_id == agent_id and talking.status == store.TALKING, 30)
    talking.house.wait(12)


def test_cold_transfer_to_an_agent_brings_caller_and_context(house: House) -> None:
    talking = begin(house)
    done(talking.transfer(ToAgent(agent_id="luca"), note="vuole il rimborso"))
    house.wait(2)
    assert house.agent_state("anna") == "wrap_up"
    assert talking.phone("client:anna").reason == "completed"
    assert heard_once(talking.caller, "La passo a un collega")
    talks_with(talking, "luca")
    luca = talking.phone("client:luca")
    assert heard_once(luca, "trasferimento da Anna Ricci")
    assert heard_once(luca, "Mario")
    assert talking.hears(luca, "buongiorno") == {"caller"}
    assert "Anna Ricci ha passato la chiamata a Luca Ferri. vuole il rimborso" in talking.story()
    talking.hang_up(luca)
    assert house.run_until(lambda: heard_once(talking.caller, "quanto le è costato"), 20), talking.caller.heard
    talking.nobody_is_stuck()


def test_receiver_hears_the_matter_in_their_language(house: House) -> None:
    house.agent_phone("+390298765410")
    talking = begin(house, COMPLAINT, others=())
    house.sign_in("grace")
    done(talking.transfer(ToAgent(agent_id="grace")))
    phones = house.agent_phone("+390298765410")
    talks_with(talking, "grace")
    assert heard_once(phones[-1], "transfer from Anna Ricci")
    assert heard_once(phones[-1], "a complaint")


def test_cold_transfer_to_a_skill_goes_ahead_of_whoever_waits(house: House) -> None:
    talking = begin(house, others=())
    other, other_leg = house.call(PERSON, from_="+393401112223")
    assert house.run_until(lambda: heard_once(other, "La sua è la prossima"), 60), other.heard
    house.sign_in("grace")
    done(talking.transfer(ToSkill(skill="product")))
    house.wait(3)
    house.sign_in("luca")
    assert house.offer_to("luca").call_id == talking.call_id
    assert house.record(other_leg).status == store.WAITING


def test_agent_who_does_not_answer_leaves_the_call_to_anybody_with_the_skill(house: House) -> None:
    talking = begin(house)
    done(talking.transfer(ToAgent(agent_id="luca")))
    house.act(lambda desk, session, now: desk.set_state(session, agent_id="anna", event=AgentEvent.READY, now=now))
    assert house.offer_to("anna") is None
    # Luca lets the offer expire.
    assert house.run_until(lambda: house.offer_to("anna") is not None, 60), talking.happened()
    assert "transfer_widened" in talking.happened()
    talks_with(talking, "anna")
    assert talking.hears(talking.phone("client:anna"), "sono ancora io") == {"caller"}


def test_busy_agent_keeps_a_call_no_longer_than_a_moment(house: House) -> None:
    talking = begin(house)
    second, _ = house.call(PERSON, from_="+393401112223")
    talking.takes("luca")
    house.wait(5)
    done(talking.transfer(ToAgent(agent_id="luca")))
    house.act(lambda desk, session, now: desk.set_state(session, agent_id="anna", event=AgentEvent.READY, now=now))
    assert house.run_until(lambda: house.offer_to("anna") is not None, 80), talking.happened()
    assert house.offer_to("anna").call_id == talking.call_id
    assert second.reason is None


def test_number_that_accepts_has_the_call(house: House) -> None:
    talking = begin(
        house,
        [*PERSON, Silence(60), *talk("quanto le è costato", Keys("1"))],
        number_steps=talk("Prema 1", Keys("1")),
    )
    done(talking.transfer(ToNumber(number=WAREHOUSE)))
    house.wait(2)
    assert house.agent_state("anna") == "wrap_up"
    assert house.run_until(lambda: "number_answered" in talking.happened(), 60), talking.happened()
    house.wait(8)
    warehouse = talking.phone(WAREHOUSE)
    assert heard_once(talking.caller, "La metto in contatto")
    assert heard_once(warehouse, "trasferimento da Anna Ricci")
    assert talking.hears(warehouse, "qui il magazzino") == {"caller"}
    talking.hang_up(warehouse)
    assert house.run_until(lambda: talking.caller.reason is not None, 60), talking.caller.heard
    talking.nobody_is_stuck()


def test_number_that_does_not_answer_gives_the_caller_back_first_of_all(house: House) -> None:
    talking = begin(house, number=NoAnswer())
    done(talking.transfer(ToNumber(number=WAREHOUSE)))
    assert house.run_until(lambda: house.offer_to("luca") is not None, 60), talking.happened()
    house.wait(3)
    assert heard_once(talking.caller, "non ha risposto nessuno")
    talks_with(talking, "luca")
    assert talking.hears(talking.phone("client:luca"), "sono qui") == {"caller"}


def test_voicemail_does_not_take_the_caller(house: House) -> None:
    talking = begin(house)
    done(talking.transfer(ToNumber(number=WAREHOUSE)))
    assert house.run_until(lambda: house.offer_to("luca") is not None, 60), talking.happened()
    assert not heard_once(talking.phone(WAREHOUSE), "Mario")
    assert talking.caller.reason is None


def test_agent_who_is_away_is_refused_before_the_caller_is_let_go(house: House) -> None:
    talking = begin(house)
    house.act(lambda desk, session, now: desk.set_state(session, agent_id="luca", event=AgentEvent.STEP_AWAY, now=now))
    assert refused(talking.transfer(ToAgent(agent_id="luca"))) == "agent_not_there"
    assert talking.hears(talking.phone("client:anna"), "non c'è") == {"caller"}


def test_supervisor_takes_a_call_off_its_agent(house: House) -> None:
    talking = begin(house)
    target = ToAgent(agent_id="luca")
    done(
        talking.act(
            lambda talks, session, now: talks.move(
                session, call_id=talking.call_id, target=target, by="Sara Conti", now=now
            )
        )
    )
    house.wait(2)
    assert house.agent_state("anna") == "wrap_up"
    talks_with(talking, "luca")
    assert heard_once(talking.phone("client:luca"), "trasferimento da Sara Conti")
    assert "Sara Conti ha tolto la chiamata a Anna Ricci" in talking.story()


def test_supervisor_moves_a_waiting_call_to_an_agent(house: House) -> None:
    talking = begin(house, others=())
    other, other_leg = house.call(PERSON, from_="+393401112223")
    assert house.run_until(lambda: heard_once(other, "La sua è la prossima"), 60), other.heard
    waits = Talking(house=house, caller=other, leg=other_leg, phones=talking.phones)
    house.agent_phone("client:luca")
    house.sign_in("luca")
    house.act(
        lambda desk, session, now: desk.decline(
            session, agent_id="luca", offer_id=house.offer_to("luca").offer_id, now=now
        )
    )
    done(
        waits.act(
            lambda talks, session, now: talks.move(
                session, call_id=other_leg.sid, target=ToAgent(agent_id="luca"), by="Sara Conti", now=now
            )
        )
    )
    assert house.run_until(lambda: house.offer_to("luca") is not None, 30)
    waits.takes("luca")
    assert house.run_until(lambda: house.record(other_leg).status == store.TALKING, 30)
    assert other.reason is None
