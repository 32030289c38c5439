"""A line that drops and a caller who calls again: the place, the flow and the context are where they were."""

from collections.abc import Callable

import pytest

from ivr import trial
from ivr.calls import store
from ivr.line.legs import Leg
from ivr.line.script import HangUp, Keys, Say, ScriptedParty, Silence, Step
from routing.agents import AgentEvent
from tests.line.waiting.people import PERSON, busy, happened, queue, ready, waits
from tests.telephone import House, heard_once, talk

DROPPED = "la linea è caduta: riprendo"
AGAIN = [*talk(DROPPED, "sì"), Silence(60)]


def drops(house: House, steps: list[Step], from_: str = trial.MARIO) -> Leg:
    """A caller whose line drops at the end of the steps."""
    caller, leg = house.call([*steps, HangUp()], from_=from_)
    assert house.run_until(lambda: caller.reason is not None, 120), caller.heard
    caller.check()
    house.wait(2)
    return leg


def calls_again(
    house: House, steps: list[Step], from_: str = trial.MARIO, after: float = 30
) -> tuple[ScriptedParty, Leg]:
    house.wait(after)
    return house.call(steps, from_=from_)


def test_caller_cut_off_in_the_queue_is_back_in_the_place_before_who_came_later(house: House) -> None:
    busy(house)
    first = drops(house, [*PERSON, Silence(10)])
    _, later = waits(house, from_=trial.GIULIA)
    caller, leg = calls_again(house, AGAIN)
    assert house.run_until(lambda: heard_once(caller, "La sua è la prossima chiamata"), 60), caller.heard
    rows = {row["call_id"]: row for row in house.rows("routing_waiting")}
    assert rows[leg.sid]["enqueued_at"] == rows[first.sid]["enqueued_at"] < rows[later.sid]["enqueued_at"]
    assert house.record(leg).continues_id == first.sid
    assert any("Certo, le passo" in line.prompt for line in house.context(leg.sid).said)


def test_caller_cut_off_in_the_talk_is_back_with_the_same_agent_first_of_all(house: House) -> None:
    house.sign_in("luca")
    house.act(lambda desk, session, now: desk.set_state(session, agent_id="luca", event=AgentEvent.STEP_AWAY, now=now))
    house.agent_phone("client:anna")
    house.sign_in("anna")
    _, leg = waits(house, [*PERSON, Silence(200)], from_=trial.MARIO)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 30)
    house.accept("anna")
    assert house.run_until(lambda: house.record(leg).status == store.TALKING, 30)
    house.wait(5)
    house.line.run(lambda: leg.end("failed"))
    assert house.run_until(lambda: house.agent_state("anna") == "wrap_up", 10)
    _, again = calls_again(house, AGAIN)
    assert house.run_until(lambda: "queued" in happened(house, again), 60)
    # Somebody else is free; the call is kept for who knows the story and is about to be free again.
    ready(house, "luca")
    house.wait(5)
    assert house.offer_to("luca") is None
    ready(house, "anna")
    assert house.run_until(lambda: house.offer_to("anna") is not None, 10)
    assert house.offer_to("anna").call_id == again.sid


def test_caller_who_is_cut_off_in_a_self_service_goes_on_at_the_same_question(house: House) -> None:
    drops(house, talk("aiutarla", "vorrei fare un reso", "di quale ordine"))
    caller, leg = calls_again(
        house, talk(DROPPED, "sì", "di quale ordine", Keys("2290"), "Apro il reso per l'ordine", Silence(5))
    )
    assert house.run_until(lambda: heard_once(caller, "Apro il reso per l'ordine"), 60), caller.heard
    assert "continues" in happened(house, leg)
    assert not heard_once(caller, "aiutarla")


def test_what_was_proved_to_a_stranger_is_proved_again(house: House) -> None:
    proves = talk("aiutarla", Keys("2"), "di quale ordine", Keys("2290"), "CAP", Keys("00184"), "Apro il reso")
    drops(house, proves, trial.STRANGER)
    caller, leg = calls_again(house, talk(DROPPED, "sì", "CAP", Silence(3)), trial.STRANGER)
    assert house.run_until(lambda: caller.done, 60), caller.heard
    caller.check()
    assert not heard_once(caller, "Apro il reso")
    assert house.record(leg).customer_id is None


@pytest.mark.parametrize(
    "answer",
    [["no"], [Keys("2")], [Silence(8), Silence(8)], ["boh", Silence(6)]],
    ids=["no", "key", "silence", "something else"],
)
def test_who_does_not_say_yes_has_a_new_call(house: House, answer: list[str | Step]) -> None:
    drops(house, talk("aiutarla", "vorrei fare un reso", "di quale ordine"))
    given = [Say(one) if isinstance(one, str) else one for one in answer]
    caller, leg = calls_again(house, [*talk(DROPPED), *given, *talk("Buongiorno Mario Bianchi", Silence(2))])
    assert house.run_until(lambda: heard_once(caller, "come posso aiutarla"), 60), caller.heard
    assert house.record(leg).continues_id is None


def test_request_in_place_of_an_answer_is_served(house: House) -> None:
    drops(house, talk("aiutarla", "vorrei fare un reso", "di quale ordine"))
    caller, _ = calls_again(house, [*talk(DROPPED, "dov'è il mio ordine 2358"), Silence(20)])
    assert house.run_until(lambda: heard_once(caller, "Corriere Espresso"), 60), caller.heard


def test_person_in_place_of_an_answer_is_the_place_that_was_kept(house: House) -> None:
    busy(house)
    first = drops(house, [*PERSON, Silence(10)])
    _, leg = calls_again(house, [*talk(DROPPED), Keys("0"), Silence(60)])
    assert house.run_until(lambda: "queued" in happened(house, leg), 60)
    rows = {row["call_id"]: row for row in house.rows("routing_waiting")}
    assert rows[leg.sid]["enqueued_at"] == rows[first.sid]["enqueued_at"]


def test_nobody_is_asked_twice_in_a_row(house: House) -> None:
    drops(house, talk("aiutarla", "vorrei fare un reso", "di quale ordine"))
    drops(house, talk(DROPPED))
    caller, _ = calls_again(house, talk("aiutarla", Silence(2)))
    assert house.run_until(lambda: caller.done, 60), caller.heard
    assert not heard_once(caller, "la linea è caduta")


@pytest.mark.parametrize("case", ["too late", "hidden", "done", "not begun", "said goodbye"])
def test_who_has_nothing_to_go_on_with_is_asked_nothing(house: House, case: str) -> None:
    order = talk("aiutarla", Keys("1"), "Corriere Espresso")
    steps = {
        "done": [*order, *talk("posso aiutarla in altro")],
        "not begun": talk("aiutarla"),
        "said goodbye": [*order, *talk("posso aiutarla in altro", "no", "da 1")],
    }.get(case, talk("aiutarla", "vorrei fare un reso", "di quale ordine"))
    from_ = "" if case == "hidden" else trial.MARIO
    drops(house, steps, from_)
    caller, _ = calls_again(house, talk("aiutarla", Silence(2)), from_, after=620 if case == "too late" else 30)
    assert house.run_until(lambda: caller.done, 60), caller.heard
    assert not heard_once(caller, "la linea è caduta")


def test_agent_who_has_written_down_what_came_of_it_ended_the_matter(house: House) -> None:
    house.agent_phone("client:anna")
    house.sign_in("anna")
    caller, leg = waits(house, [*PERSON, Silence(200)], from_=trial.MARIO)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 30)
    house.accept("anna")
    assert house.run_until(lambda: house.record(leg).status == store.TALKING, 30)
    house.wait(5)
    house.line.run(caller.handset.hang_up)
    house.wait(3)
    house.act(
        lambda desk, session, now: desk.finish(
            session, agent_id="anna", call_id=leg.sid, outcome="solved", note="Tutto chiarito", now=now
        )
    )
    again, _ = calls_again(house, talk("aiutarla", Silence(2)))
    assert house.run_until(lambda: again.done, 60), again.heard
    assert not heard_once(again, "la linea è caduta")


def test_english_caller_goes_on_in_english(house: House) -> None:
    busy(house)
    first = drops(house, [*talk("can I help you", Keys("0"), "person"), Silence(10)], trial.EMILY)
    caller, leg = calls_again(house, [*talk("the line dropped", "yes", "back in your place"), Silence(60)], trial.EMILY)
    assert house.run_until(lambda: "queued" in happened(house, leg), 60), caller.heard
    assert house.record(leg).continues_id == first.sid


def test_place_in_a_queue_that_has_closed_meanwhile_is_told_so(new_house: Callable[..., House]) -> None:
    house = new_house()
    busy(house)
    drops(house, [*PERSON, Silence(10)])
    hours = house.voice.company.hours
    queue(house, queue_id="general", hours=type(hours)(
        zone=hours.zone, country=hours.country, opens_at=hours.opens_at, closes_at=hours.opens_at.replace(minute=30),
        open_days=hours.open_days,
    ))  # fmt: skip
    caller, _ = calls_again(house, [*talk(DROPPED, "sì"), Silence(30)])
    assert house.run_until(lambda: heard_once(caller, "uffici sono chiusi"), 60), caller.heard
