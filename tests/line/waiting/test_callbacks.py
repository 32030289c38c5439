"""A callback that keeps the place: promised, rung when it is its turn, confirmed, and never rung twice at a time."""

from collections.abc import Callable

import pytest

from ivr import trial
from ivr.calls import callbacks, store
from ivr.line.legs import Leg
from ivr.line.party import Busy, NoAnswer, RingReply
from ivr.line.script import HangUp, Keys, Say, Silence, Step
from tests.line.waiting.people import (
    PERSON,
    PRESSES_1,
    YES,
    busy,
    callback,
    frees,
    happened,
    phone_of,
    promised,
    waits,
)
from tests.telephone import House, heard_once, talk


def outbound(house: House, number: str) -> list[Leg]:
    return [leg for leg in house.line.legs.values() if leg.to == number]


def test_customer_is_rung_when_it_is_their_turn_and_meets_the_agent_with_the_whole_story(house: House) -> None:
    other, _ = busy(house)
    first = promised(house)
    phones = phone_of(house, trial.MARIO, [*YES, Silence(60)])
    assert phones == []
    frees(house, other)
    assert house.run_until(lambda: bool(phones), 10), happened(house)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 30), phones[0].heard
    assert heard_once(phones[0], "Parlo con Mario Bianchi")
    second = outbound(house, trial.MARIO)[-1]
    assert house.offer_to("anna").call_id == second.sid
    house.accept("anna")
    assert house.run_until(lambda: house.record(second).status == store.TALKING, 20)
    record = house.record(second)
    assert (record.continues_id, record.customer_id, record.from_number) == (first.sid, "K002", trial.MARIO)
    context = house.context(second.sid)
    assert any("aiutarla" in line.prompt for line in context.said)
    assert any("parlo con" in line.prompt.lower() for line in context.said)
    assert callback(house)["state"] == callbacks.CONNECTED


def test_place_in_the_queue_is_kept_before_who_came_later(house: House) -> None:
    other, _ = busy(house)
    promised(house)
    _, later = waits(house)
    phones = phone_of(house, trial.MARIO, [*YES, Silence(60)])
    frees(house, other)
    assert house.run_until(lambda: bool(phones), 10)
    # The agent is free while the telephone rings: who waits on the line is not kept waiting for that.
    assert house.offer_to("anna") is None or house.offer_to("anna").call_id == later.sid


@pytest.mark.parametrize("reply", [Busy(), NoAnswer()], ids=["busy", "no answer"])
def test_who_is_not_reached_is_tried_three_times_then_written_to_and_left_to_a_person(
    new_house: Callable[..., House], reply: RingReply
) -> None:
    house = new_house(callback_pauses_minutes=(1, 2))
    other, _ = busy(house)
    promised(house)
    phones = phone_of(house, trial.MARIO, on_ring=reply)
    frees(house, other)
    assert house.run_until(lambda: len(phones) == 1, 10)
    house.wait(30)
    assert (callback(house)["state"], callback(house)["tries"]) == (callbacks.WAITING, 1)
    assert house.agent_state("anna") == "available"
    house.wait(20)
    assert len(phones) == 1
    assert house.run_until(lambda: len(phones) == 2, 45)
    house.wait(110)
    assert len(phones) == 2
    assert house.run_until(lambda: len(phones) == 3, 45)
    house.wait(30)
    assert callback(house)["state"] == callbacks.GIVEN_UP
    (case,) = house.rows("cases")
    assert (case["kind"], case["number"], case["customer_id"]) == ("callback", trial.MARIO, "K002")
    (message,) = house.rows("messages")
    assert (message["to_number"], message["status"]) == (trial.MARIO, "accepted")
    house.wait(150)
    assert len(phones) == 3


@pytest.mark.parametrize(
    "steps",
    [
        talk("parlo con", "no, ha sbagliato", Silence(20)),
        talk("parlo con", Keys("2"), Silence(20)),
        [Say("Segreteria telefonica di Mario Bianchi, lasciate un messaggio dopo il segnale"), Silence(60)],
        [Say("La metteremo in contatto con un operatore appena possibile"), Silence(60)],
        [Silence(90)],
        talk("parlo con", HangUp()),
    ],
    ids=["another person", "another person by key", "voicemail", "voicemail with an operator", "silence", "hangs up"],
)
def test_who_does_not_say_who_they_are_is_not_connected(house: House, steps: list[Step]) -> None:
    other, _ = busy(house)
    promised(house)
    phones = phone_of(house, trial.MARIO, steps)
    frees(house, other)
    assert house.run_until(lambda: bool(phones) and phones[0].reason is not None, 90), phones[0].heard
    house.wait(3)
    assert house.offer_to("anna") is None
    assert (callback(house)["state"], callback(house)["tries"]) == (callbacks.WAITING, 1)
    assert house.record(outbound(house, trial.MARIO)[-1]).customer_id is None


def test_number_that_is_not_right_is_replaced_by_another(house: House) -> None:
    other, _ = busy(house)
    promised(
        house,
        [*PRESSES_1, Say("no"), *talk("a che numero", Keys("3331234567#"), "non perde il posto")],
    )
    assert callback(house)["number"] == "+393331234567"
    phones = phone_of(house, "+393331234567", [*YES, Silence(30)])
    frees(house, other)
    assert house.run_until(lambda: bool(phones), 10)


def test_caller_who_hangs_up_at_the_confirmation_is_called_back_all_the_same(house: House) -> None:
    other, _ = busy(house)
    promised(house, [*PRESSES_1, HangUp()])
    phones = phone_of(house, trial.MARIO, [*YES, Silence(30)])
    frees(house, other)
    assert house.run_until(lambda: bool(phones), 10)


def test_caller_who_would_rather_wait_after_all_has_lost_nothing(house: House) -> None:
    busy(house)
    _, leg = waits(house, [*PRESSES_1, Keys("0"), Silence(60)], from_=trial.MARIO)
    house.wait(1)
    (before,) = [row for row in house.rows("routing_waiting") if row["call_id"] == leg.sid]
    assert house.run_until(
        lambda: callback(house)["state"] == callbacks.TAKEN if house.rows("callbacks") else False, 60
    )
    rows = {row["call_id"]: row for row in house.rows("routing_waiting")}
    assert rows[leg.sid]["enqueued_at"] == before["enqueued_at"]
    assert rows[leg.sid]["state"] == "waiting"


def test_caller_who_calls_first_is_recognised_and_takes_the_place(house: House) -> None:
    busy(house)
    first = promised(house)
    (kept,) = [row for row in house.rows("routing_waiting") if row["kind"] == "callback"]
    _, leg = waits(house, talk("stavamo per richiamarla", "sì", "torna al suo posto", Silence(60)), from_=trial.MARIO)
    rows = {row["call_id"]: row for row in house.rows("routing_waiting")}
    assert rows[leg.sid]["enqueued_at"] == kept["enqueued_at"]
    assert callback(house)["state"] == callbacks.TAKEN
    assert house.record(leg).continues_id == first.sid
    phones = phone_of(house, trial.MARIO)
    house.wait(60)
    assert phones == []


def test_nobody_is_rung_outside_the_hours(new_house: Callable[..., House]) -> None:
    house = new_house(closes_at="10:03")
    other, _ = busy(house)
    promised(house)
    phones = phone_of(house, trial.MARIO, [*YES, Silence(60)])
    house.wait(170)
    frees(house, other)
    house.wait(60)
    assert phones == []
    assert callback(house)["due_at"] >= "2026-11-24"


def test_callers_who_hide_their_number_are_asked_for_one(house: House) -> None:
    busy(house)
    promised(
        house, [*PERSON, *talk("prema 1", Keys("1"), "a che numero", Keys("3331234567#"), "non perde il posto")], ""
    )
    assert callback(house)["number"] == "+393331234567"


def test_language_of_the_call_is_kept(house: House) -> None:
    other, _ = busy(house)
    steps = talk(
        "can I help you",
        Keys("0"),
        "person",
        Silence(0.1),
        "press 1",
        Keys("1"),
        "you keep your place",
        "yes",
        "lose your place",
    )
    promised(house, steps, trial.EMILY)
    phones = phone_of(
        house, trial.EMILY, talk("am I speaking to Emily Carter", "yes", "knows the whole story", Silence(30))
    )
    frees(house, other)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 40), phones and phones[0].heard


def test_closed_hours_are_followed_by_a_ring_when_the_line_opens(new_house: Callable[..., House]) -> None:
    house = new_house(opens_at="10:05")
    caller = house.whole_call(
        talk("aiutarla", Keys("0"), "Vuole che la richiamiamo", "sì", "da 1", Keys("2")), from_=trial.MARIO
    )
    caller.check()
    assert [row["kind"] for row in house.rows("cases")] == ["callback"]
    phones = phone_of(house, trial.MARIO, [*YES, Silence(60)])
    house.sign_in("anna")
    house.wait(30)
    assert phones == []
    assert house.run_until(lambda: bool(phones), 5 * 60)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 40), phones[0].heard
    assert [bool(row["closed_at"]) for row in house.rows("cases")] == [True]
