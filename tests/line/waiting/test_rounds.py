"""What a caller hears and can do while waiting: honest words, keys at any moment, queues that close, overflow and move."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from ivr import database, trial
from ivr.calls import store
from ivr.line.script import HangUp, Keys, ScriptedParty, Silence
from routing import store as routing_store
from routing.agents import AgentEvent
from routing.waiting import DEFAULT_RULES
from tests.line.waiting.people import ENGLISH_PERSON, PERSON, busy, frees, queue, status, waits
from tests.telephone import House, heard_once, talk

LEAVES = [*PERSON, *talk("un messaggio prema 2", Keys("2"))]


def row_of(house: House, call_id: str) -> dict[str, Any]:
    """A call's place among the waiting ones."""
    return next(row for row in house.rows("routing_waiting") if row["call_id"] == call_id)


def urgent(house: House, number: str) -> None:
    """Somebody's call is given a boost."""
    call_id = next(row["call_id"] for row in house.rows("calls") if row["from_number"] == number)
    with database.session_factory(house.engine).begin() as session:
        row = routing_store.call_row(session, call_id)
        assert row is not None
        routing_store.boost_call(session, routing_store.as_waiting_call(row), {"recovery": 3600}, DEFAULT_RULES)


def told(caller: ScriptedParty, words: str) -> int:
    return sum(words.lower() in text.lower() for text in caller.heard)


def test_place_is_told_once_until_it_changes(house: House) -> None:
    other, _ = busy(house)
    waits(house, from_="+393401112221")
    caller, _ = waits(house, [*PERSON, Silence(400)], from_="+393401112222")
    house.wait(110)
    assert told(caller, "posto numero due") == 1
    frees(house, other)
    house.accept("anna")
    house.wait(60)
    assert told(caller, "la prossima chiamata") == 1


def test_caller_who_is_overtaken_is_told_so_first(house: House) -> None:
    busy(house)
    caller, _ = waits(house, [*PERSON, Silence(400)], from_="+393401112222")
    house.wait(25)
    assert told(caller, "la prossima chiamata") == 1
    overtaker, _ = house.call(talk("aiutarla", Keys("0"), "persona", Silence(300)), from_="+393401112223")
    assert house.run_until(lambda: heard_once(overtaker, "posto numero due"), 60)
    urgent(house, "+393401112223")
    house.wait(45)
    assert heard_once(caller, "è entrata una chiamata più urgente: ora è al posto numero due")


@pytest.mark.parametrize(("key", "words"), [("5", "Questo tasto qui non serve"), ("0", "non ha perso il posto")])
def test_key_that_leads_nowhere_gets_a_short_word_and_the_wait_goes_on(house: House, key: str, words: str) -> None:
    busy(house)
    caller, leg = waits(house, [*PERSON, *talk("la prossima chiamata", Keys(key), words, Silence(60))])
    house.wait(60)
    assert heard_once(caller, words), caller.heard
    assert house.record(leg).status == store.WAITING


def test_long_wait_has_announcements_in_turn(house: House) -> None:
    busy(house)
    caller, _ = waits(house, [*PERSON, Silence(400)])
    house.wait(145)
    assert told(caller, "non dovrà ripetere niente") == 1
    assert told(caller, "anche di notte") == 1


def test_message_left_while_waiting_is_a_case_for_the_agents(house: House) -> None:
    busy(house)
    caller, leg = waits(
        house,
        [*LEAVES, *talk("il suo messaggio", "la lampada fischia quando si accende", "ai colleghi")],
    )  # fmt: skip
    assert house.run_until(lambda: caller.reason is not None, 60), caller.heard
    (case,) = house.rows("cases")
    assert (case["kind"], case["summary"], case["customer_id"]) == (
        "message",
        "la lampada fischia quando si accende",
        "K001",
    )
    (stay,) = [row for row in house.rows("routing_stays") if row["call_id"] == leg.sid]
    assert stay["outcome"] == "message"


def test_who_says_nothing_for_a_message_is_back_in_the_place(house: House) -> None:
    busy(house)
    caller, leg = waits(
        house,
        [*LEAVES, *talk("il suo messaggio", Silence(25), "torna al suo posto", Silence(60))],
    )  # fmt: skip
    before = row_of(house, leg.sid)["enqueued_at"]
    assert house.run_until(lambda: heard_once(caller, "torna al suo posto"), 90), caller.heard
    house.wait(3)
    after = row_of(house, leg.sid)
    assert (after["state"], after["enqueued_at"]) == ("waiting", before)


def test_english_caller_leaves_a_message(house: House) -> None:
    busy(house)
    caller, _ = waits(
        house,
        [
            *ENGLISH_PERSON,
            *talk("message press 2", Keys("2"), "say your message", "the boots are too small", "have your message"),
        ],
        from_=trial.EMILY,
    )  # fmt: skip
    assert house.run_until(lambda: caller.reason is not None, 60), caller.heard
    assert [row["summary"] for row in house.rows("cases")] == ["the boots are too small"]


def test_caller_is_told_when_the_queue_closes_and_nobody_is_left(new_house: Callable[..., House]) -> None:
    house = new_house(closes_at="10:02")
    busy(house)
    caller, _ = waits(house, [*PERSON, *talk("uffici sono chiusi", Silence(20))])
    house.wait(90)
    assert not heard_once(caller, "uffici sono chiusi")
    house.wait(60)
    # The agent is in a talk and goes home after it.
    assert not heard_once(caller, "uffici sono chiusi")
    house.line.run(next(leg for leg in house.line.legs.values() if leg.to == "client:anna").party.handset.hang_up)
    house.wait(2)
    house.act(lambda desk, session, now: desk.set_state(session, agent_id="anna", event=AgentEvent.SIGN_OFF, now=now))
    assert house.run_until(lambda: heard_once(caller, "uffici sono chiusi"), 90), caller.heard


def test_closed_queue_that_takes_messages_takes_one(house: House) -> None:
    house.sign_in("anna")
    hours = house.voice.company.hours
    queue(house, queue_id="general", closed_does="message", hours=replace(hours, opens_at=time(14), closes_at=time(18)))
    caller = house.whole_call(
        [*PERSON, *talk("lasci un messaggio", "vorrei sapere del tappeto", "ai colleghi")],
        from_=trial.MARIO,
    )  # fmt: skip
    assert [row["kind"] for row in house.rows("cases")] == ["message"], caller.heard


def test_closed_queue_may_lead_to_another(house: House) -> None:
    house.sign_in("anna")
    hours = house.voice.company.hours
    queue(house, queue_id="night", names={"it": "Notte", "en": "Night"}, team=("general",))
    queue(
        house,
        queue_id="general",
        closed_does="queue:night",
        hours=replace(hours, opens_at=time(14), closes_at=time(18)),
    )
    _, leg = waits(house)
    assert [row["queue"] for row in house.rows("routing_waiting") if row["call_id"] == leg.sid] == ["night"]


@pytest.mark.parametrize(("to", "words"), [("callback", "Vuole che la richiamiamo"), ("message", "lasci un messaggio")])
def test_full_queue_offers_what_it_is_told_to(house: House, to: str, words: str) -> None:
    busy(house)
    queue(house, queue_id="general", max_waiting=1, overflow_to=to)
    waits(house, from_="+393401112221")
    caller, leg = house.call([*PERSON, *talk(words), HangUp()], from_=trial.MARIO)
    assert house.run_until(lambda: caller.reason is not None, 60), caller.heard
    assert heard_once(caller, "l'attesa sarebbe troppo lunga")
    assert [row for row in house.rows("routing_waiting") if row["call_id"] == leg.sid] == []


def test_call_that_waits_too_long_for_its_queue_is_told_of_the_other_ways(house: House) -> None:
    busy(house)
    queue(house, queue_id="general", overflow_after_seconds=60, overflow_to="callback")
    caller, leg = waits(house, [*PERSON, *talk("si sta allungando", Silence(60))])
    house.wait(120)
    assert told(caller, "L'attesa si sta allungando") == 1, caller.heard
    assert told(caller, "prema 1") == 2
    assert status(house, leg) == store.WAITING


def test_call_that_goes_to_another_queue_is_told_so_and_keeps_its_place(house: House) -> None:
    busy(house)
    queue(house, queue_id="second", names={"it": "Secondo", "en": "Second"}, team=("general",))
    queue(house, queue_id="general", overflow_after_seconds=60, overflow_to="queue:second")
    caller, leg = waits(house, [*PERSON, Silence(300)])
    house.wait(120)
    assert told(caller, "un altro gruppo di colleghi") == 1, caller.heard
    (row,) = [row for row in house.rows("routing_waiting") if row["call_id"] == leg.sid]
    assert (row["queue"], row["state"]) == ("second", "waiting")
