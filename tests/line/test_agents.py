"""From the queue to an agent and back: every way in which the meeting can fail, and none in which the caller is lost."""

from collections.abc import Callable

import pytest
import requests

from ivr import trial
from ivr.calls import desk as desks
from ivr.calls import store
from ivr.line.legs import Leg
from ivr.line.party import Answer, Busy, Decline, NoAnswer, RingReply
from ivr.line.script import HangUp, Keys, Say, ScriptedParty, Silence, Step
from routing.agents import AgentEvent
from tests.telephone import House, heard_once, talk

COMPLAINT = talk("aiutarla", Keys("4"), "passo")
PERSON = talk("aiutarla", Keys("0"), "persona")


def waits_for(house: House, agent_id: str, steps: list[Step], from_: str = trial.MARIO) -> tuple[ScriptedParty, Leg]:
    """A caller who has been offered to this agent."""
    caller, leg = house.call(steps, from_=from_)
    assert house.run_until(lambda: house.offer_to(agent_id) is not None, 60), caller.heard
    return caller, leg


def talks(house: House, steps: list[Step] = PERSON, agent_id: str = "anna") -> tuple[ScriptedParty, Leg, ScriptedParty]:
    """A caller in the conference with an agent, and the agent's telephone."""
    phones = house.agent_phone(f"client:{agent_id}")
    house.sign_in(agent_id)
    caller, leg = waits_for(house, agent_id, steps)
    house.accept(agent_id)
    assert house.run_until(lambda: house.record(leg).status == store.TALKING and in_room(house), 30), house.line.log[
        -9:
    ]
    return caller, leg, phones[-1]


def in_room(house: House) -> bool:
    return any(row["kind"] == "brought_to_agent" for row in house.rows("happenings"))


def happened(house: House) -> list[str]:
    return [row["kind"] for row in house.rows("happenings")]


def leg_of(house: House, address: str) -> Leg:
    return [leg for leg in house.line.legs.values() if leg.to == address][-1]


def test_agent_who_declines_passes_the_caller_on(house: House) -> None:
    house.sign_in("anna")
    house.sign_in("luca")
    caller, leg = house.call(PERSON, from_=trial.MARIO)
    assert house.run_until(lambda: bool(house.offer_to("anna") or house.offer_to("luca")), 60), caller.heard
    first, second = ("anna", "luca") if house.offer_to("anna") else ("luca", "anna")
    offer = house.offer_to(first)
    house.act(lambda desk, session, now: desk.decline(session, agent_id=first, offer_id=offer.offer_id, now=now))
    assert house.offer_to(second).call_id == leg.sid
    assert house.offer_to(first) is None


def test_agent_who_misses_the_offer_is_not_asked_again_and_the_caller_keeps_the_place(house: House) -> None:
    house.sign_in("anna")
    house.sign_in("luca")
    caller, leg = house.call(PERSON, from_=trial.MARIO)
    assert house.run_until(lambda: bool(house.offer_to("anna") or house.offer_to("luca")), 60), caller.heard
    first, second = ("anna", "luca") if house.offer_to("anna") else ("luca", "anna")
    assert house.run_until(lambda: house.offer_to(second) is not None, 40)
    assert house.offer_to(second).call_id == leg.sid
    assert house.agent_state(first) == "missed"
    assert caller.reason is None


@pytest.mark.parametrize("reply", [Busy(), NoAnswer(), Decline()], ids=["busy", "no_answer", "declined"])
def test_telephone_that_is_not_picked_up_gives_the_caller_to_the_next_agent(house: House, reply: RingReply) -> None:
    house.agent_phone("client:anna", reply)
    house.agent_phone("client:luca")
    house.sign_in("anna")
    caller, leg = waits_for(house, "anna", PERSON)
    house.sign_in("luca")
    house.accept("anna")
    assert house.run_until(lambda: house.offer_to("luca") is not None, 60), happened(house)
    assert house.agent_state("anna") == "missed"
    house.accept("luca")
    assert house.run_until(lambda: house.record(leg).status == store.TALKING, 20)
    assert house.record(leg).agent_id == "luca"
    assert caller.reason is None


def test_accepting_twice_rings_once(house: House) -> None:
    phones = house.agent_phone("client:anna")
    house.sign_in("anna")
    caller, leg = waits_for(house, "anna", PERSON)
    offer = house.offer_to("anna")
    for _ in range(2):
        done = house.act(
            lambda desk, session, now: desk.accept(session, agent_id="anna", offer_id=offer.offer_id, now=now)
        )
        assert isinstance(done, desks.Done)
    house.wait(10)
    assert len(phones) == 1
    assert house.record(leg).status == store.TALKING
    assert caller.reason is None


def test_hold_and_resume_reach_the_carrier_and_come_back_as_facts(house: House) -> None:
    _, leg, _ = talks(house)
    house.wait(3)
    for on in (True, False):
        house.act(
            lambda desk, session, now, on=on: desk.hold(session, agent_id="anna", call_id=leg.sid, on=on, now=now)
        )
        assert house.run_until(lambda on=on: house.record(leg).on_hold is on, 10), happened(house)
    assert happened(house).count("held") == happened(house).count("resumed") == 1


def test_agent_hears_the_caller_and_the_caller_the_agent(house: House) -> None:
    caller, _, agent = talks(house, [*PERSON, Silence(30), Say("buongiorno Anna")])
    agent.handset.finish_speaking(None)
    assert house.run_until(lambda: "buongiorno Anna" in agent.heard, 60), agent.heard
    assert caller.reason is None


def test_agent_who_hangs_up_the_telephone_leaves_the_caller_to_the_effort_score(house: House) -> None:
    caller, leg, agent = talks(house, [*PERSON, *talk("quanto le è costato", Keys("7"))])
    house.wait(5)
    house.line.run(agent.handset.hang_up)
    assert house.run_until(lambda: caller.reason is not None, 60), caller.heard
    caller.check()
    house.wait(2)
    assert [row["score"] for row in house.rows("effort_scores")] == [7]
    assert house.agent_state("anna") == "wrap_up"
    done = house.act(
        lambda desk, session, now: desk.finish(
            session,
            agent_id="anna",
            call_id=leg.sid,
            outcome="solved",
            note="Tutto chiarito",
            next_step="Richiamare",
            now=now,
        )
    )
    assert isinstance(done, desks.Done)
    assert house.agent_state("anna") == "available"
    (contact,) = [row for row in house.rows("contacts") if row["call_id"] == leg.sid]
    assert (contact["outcome"], contact["note"]) == ("solved", "Tutto chiarito")
    assert [row["kind"] for row in house.rows("cases")] == ["follow-up"]


def test_caller_whose_agent_lost_the_line_is_told_and_goes_first(house: House) -> None:
    caller, leg, _ = talks(house)
    house.sign_in("luca")
    house.wait(5)
    house.line.run(lambda: leg_of(house, "client:anna").end("failed"))
    assert house.run_until(lambda: heard_once(caller, "è caduta la linea con il collega"), 20), caller.heard
    assert house.run_until(lambda: house.offer_to("luca") is not None, 30), happened(house)
    assert house.record(leg).status == store.WAITING
    assert not heard_once(caller, "quanto le è costato")
    house.agent_phone("client:luca")
    house.accept("luca")
    assert house.run_until(lambda: house.record(leg).status == store.TALKING, 20)
    assert house.run_until(lambda: happened(house).count("brought_to_agent") == 2, 20)
    assert "line_lost" in happened(house)


def test_agent_who_picks_up_and_hangs_up_at_once_does_not_lose_the_caller(house: House) -> None:
    house.agent_phone("client:anna", Answer(after_seconds=1.0), [HangUp(after_seconds=0.0)])
    house.agent_phone("client:luca")
    house.sign_in("anna")
    caller, leg = waits_for(house, "anna", [*PERSON, *talk("quanto le", Keys("3"))])
    house.sign_in("luca")
    house.accept("anna")
    assert house.run_until(lambda: house.offer_to("luca") is not None, 20), happened(house)
    house.accept("luca")
    assert house.run_until(lambda: happened(house).count("brought_to_agent") >= 1 and in_room(house), 20), happened(
        house
    )
    assert house.record(leg).agent_id == "luca"
    assert caller.reason is None


def test_caller_who_hangs_up_while_the_agent_is_asked_takes_the_offer_back(house: House) -> None:
    house.sign_in("anna")
    caller, leg = waits_for(house, "anna", PERSON)
    house.line.run(caller.handset.hang_up)
    assert house.run_until(lambda: house.offer_to("anna") is None, 10)
    assert house.record(leg).status == store.ENDED
    assert house.agent_state("anna") == "available"


def test_caller_who_hangs_up_while_the_agents_telephone_rings_stops_the_ringing(house: House) -> None:
    phones = house.agent_phone("client:anna", Answer(after_seconds=15.0))
    house.sign_in("anna")
    caller, _ = waits_for(house, "anna", PERSON)
    house.accept("anna")
    house.wait(3)
    house.line.run(caller.handset.hang_up)
    assert house.run_until(lambda: phones[0].reason is not None, 10)
    assert phones[0].reason == "canceled"
    assert house.agent_state("anna") == "available"


@pytest.mark.parametrize("held", [False, True], ids=["talking", "on_hold"])
def test_caller_who_hangs_up_in_the_talk_frees_the_agent_for_the_wrap_up(house: House, held: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    caller, leg, agent = talks(house)
    house.wait(3)
    if held:
        house.act(lambda desk, session, now: desk.hold(session, agent_id="anna", call_id=leg.sid, on=True, now=now))
        assert house.run_until(lambda: house.record(leg).on_hold, 10)
    house.line.run(caller.handset.hang_up)
    assert house.run_until(lambda: agent.reason is not None, 10)
    house.wait(2)
    assert house.record(leg).status == store.ENDED
    assert house.agent_state("anna") == "wrap_up"


def test_caller_who_hangs_up_at_the_effort_score_has_ended_soundly(house: House) -> None:
    caller, leg, _ = talks(house, [*PERSON, *talk("quanto le è costato", HangUp())])
    house.act(lambda desk, session, _now: desk.hang_up(session, agent_id="anna", call_id=leg.sid))
    assert house.run_until(lambda: caller.reason is not None, 40), caller.heard
    house.wait(2)
    assert house.record(leg).status == store.ENDED
    assert house.rows("effort_scores") == []


@pytest.mark.parametrize("asks", [Keys("0"), Say("operatore")])
def test_person_can_be_had_again_at_the_effort_score(house: House, asks: Step) -> None:
    caller, leg, _ = talks(house, [*PERSON, *talk("quanto le è costato"), asks])
    house.act(lambda desk, session, _now: desk.hang_up(session, agent_id="anna", call_id=leg.sid))
    assert house.run_until(lambda: happened(house).count("queued") == 2, 40), caller.heard
    house.act(lambda desk, session, now: desk.set_state(session, agent_id="anna", event=AgentEvent.READY, now=now))
    assert house.run_until(lambda: house.offer_to("anna") is not None, 40)


def test_caller_who_presses_1_while_waiting_is_called_back(house: House) -> None:
    house.sign_in("anna")
    caller, _ = waits_for(house, "anna", [*PERSON, *talk("prema 1", Keys("1"), "il suo posto resta suo", "sì")])
    assert house.run_until(lambda: caller.reason is not None, 60), caller.heard
    assert heard_once(caller, "quando tocca a lei la richiamiamo")
    assert house.offer_to("anna") is None
    assert house.agent_state("anna") == "available"
    (callback,) = house.rows("callbacks")
    assert (callback["number"], callback["customer_id"]) == (trial.MARIO, "K002")
    assert house.rows("cases") == []


def test_caller_who_presses_1_while_the_agents_telephone_rings_stops_the_ringing(house: House) -> None:
    phones = house.agent_phone("client:anna", Answer(after_seconds=18.0))
    house.sign_in("anna")
    caller, _ = waits_for(house, "anna", [*PERSON, Silence(6), Keys("1")])
    house.accept("anna")
    assert house.run_until(lambda: phones[0].reason is not None, 30), caller.heard
    assert phones[0].reason == "canceled"
    assert house.agent_state("anna") == "available"
    assert house.run_until(lambda: heard_once(caller, "il suo posto resta suo"), 20)


def test_two_callers_are_served_in_order_and_told_their_place(house: House) -> None:
    house.agent_phone("client:anna")
    house.sign_in("anna")
    busy, first_leg, _ = talks(house)
    second, second_leg = house.call(PERSON, from_="+393401112223")
    assert house.run_until(lambda: heard_once(second, "La sua è la prossima chiamata"), 60), second.heard
    third, third_leg = house.call(PERSON, from_="+393401112224")
    assert house.run_until(lambda: heard_once(third, "al posto numero due"), 60), third.heard
    house.line.run(busy.handset.hang_up)
    house.wait(2)
    house.act(lambda desk, session, now: desk.set_state(session, agent_id="anna", event=AgentEvent.READY, now=now))
    assert house.run_until(lambda: house.offer_to("anna") is not None, 30)
    assert house.offer_to("anna").call_id == second_leg.sid != first_leg.sid
    assert house.record(third_leg).status == store.WAITING


def test_waiting_caller_is_told_when_everybody_has_gone_home(house: House) -> None:
    house.sign_in("luca")
    caller, leg = waits_for(house, "luca", [*PERSON, *talk("richiamiamo noi?", Keys("1"), "da 1")])
    house.act(lambda desk, session, now: desk.set_state(session, agent_id="luca", event=AgentEvent.SIGN_OFF, now=now))
    assert house.run_until(lambda: heard_once(caller, "non c'è un collega libero"), 200), caller.heard
    assert house.run_until(lambda: bool(house.rows("cases")), 30)
    assert house.record(leg).status == store.IN_LINE


def test_nobody_signed_in_becomes_a_callback(house: House) -> None:
    caller = house.whole_call(
        talk("aiutarla", Keys("0"), "Vuole che la richiamiamo", "sì", "da 1", Keys("4")), from_=trial.MARIO
    )
    caller.check()
    assert heard_once(caller, "non c'è un collega libero")
    assert [row["kind"] for row in house.rows("cases")] == ["callback"]


class Unreachable:
    """The carrier's REST API behind a cut cable, while `cut` is true."""

    def __init__(self, inner: object) -> None:
        self.inner = inner
        self.cut = False

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def request(self, *args: object, **kwargs: object) -> object:
        if self.cut:
            raise requests.ConnectionError("cut")
        return self.inner.request(*args, **kwargs)  # type: ignore[attr-defined] # any client of that form


def test_carrier_that_cannot_be_reached_puts_the_call_back_in_its_place(new_house: Callable[..., House]) -> None:
    cables: list[Unreachable] = []

    def cable(client: object) -> Unreachable:
        cables.append(Unreachable(client))
        return cables[0]

    house = new_house(carrier_http=cable)
    house.agent_phone("client:luca")
    house.sign_in("anna")
    caller, leg = waits_for(house, "anna", PERSON)
    house.sign_in("luca")
    cables[0].cut = True
    house.accept("anna")
    assert "agent_unreachable" in happened(house)
    cables[0].cut = False
    assert house.run_until(lambda: house.offer_to("luca") is not None, 30)
    house.accept("luca")
    assert house.run_until(lambda: house.record(leg).status == store.TALKING, 20)
    assert caller.reason is None
