"""Calls of a version that is not live: the production code in a house of its own, with any caller, agents, hour and fault."""

from datetime import UTC, datetime

import pytest

from ivr.trials.calling import HangUp, Press, Say, Silent, Wait
from ivr.trials.situations import (
    Fault,
    Hidden,
    Known,
    MadeUp,
    MadeUpOrder,
    Setting,
    Situation,
    SituationError,
    Stranger,
    Trouble,
    setting_from_json,
)
from tests.line.trials.trying import live_version, said_to, trials_of, tried, with_greeting
from tests.telephone import House

ASKS_FOR_A_PERSON = Press("0")


def test_changed_greeting_is_heard_and_nobody_else_hears_it(house: House) -> None:
    story = tried(house, HangUp(), change=with_greeting("Salve, qui prova."))
    assert story.heard[0].text == "Salve, qui prova."
    assert (story.heard[0].prompt, story.turns[0].prompts[0]) == ("greeting", "greeting")
    caller = house.whole_call(limit_seconds=120)
    assert caller.heard[0] == "Buongiorno, è in linea con Bottega Aurora."


def test_story_tells_the_way_what_was_said_and_why(house: House) -> None:
    story = tried(house, Say("vorrei parlare con una persona"), Wait(60))
    assert story.path[-1] == "goodbye"
    assert {"ask_request", "route_person"} <= set(story.path)
    assert story.turns[0].answered == "vorrei parlare con una persona"
    assert "Passa a una persona: lo ha chiesto." in story.why
    assert [(one.skill, one.outcome, one.agent) for one in story.routed] == [("general", "answered", "Anna")]
    assert (story.status, story.ended) == ("ended", "completed")


def test_customer_calls_with_their_own_records(house: House) -> None:
    story = tried(house, Say("no"), Say("sì"), caller=Known(customer_id="K001"))
    assert "Giulia Conti" in story.turns[0].said
    assert "uno zero, quattro due" in said_to(story)


def test_unknown_customer_is_told(house: House) -> None:
    with pytest.raises(SituationError, match="K999"):
        tried(house, caller=Known(customer_id="K999"))


def test_made_up_customer_has_the_orders_that_they_are_given(house: House) -> None:
    order = MadeUpOrder(number="7777", items="una sedia", promised_in_days=-2, due_in_days=3)
    caller = MadeUp(name="Ada Prova", orders=(order,))
    story = tried(house, Say("no"), caller=caller)
    assert "Ada Prova" in story.turns[0].said
    assert "sette sette" in said_to(story)


def test_hidden_number_is_nobodys(house: House) -> None:
    story = tried(house, Press("1"), caller=Hidden())
    assert "which_order" in [key for turn in story.turns for key in turn.prompts]


@pytest.mark.parametrize(
    ("agents", "heard", "outcomes"),
    [
        (Situation.ANSWER, "sono Anna", ["answered"]),
        (Situation.NOBODY, "non c'è un collega libero", []),
        (Situation.BUSY, "La sua è la prossima chiamata", ["abandoned"]),
        (Situation.DECLINE, "la sua è la prossima chiamata", ["abandoned"]),
        (Situation.MISS, "la sua è la prossima chiamata", ["abandoned"]),
        (Situation.VANISH, "è caduta la linea con il collega", ["answered", "answered"]),
        (Situation.CLOSED, "i nostri uffici sono chiusi", []),
    ],
)
def test_agents_do_what_the_trial_has_them_do(house: House, agents: Situation, heard: str, outcomes: list[str]) -> None:
    story = tried(house, ASKS_FOR_A_PERSON, Wait(45), agents=agents)
    assert heard.lower() in said_to(story).lower()
    assert [one.outcome for one in story.routed] == outcomes


def test_declined_and_missed_offers_are_told(house: House) -> None:
    declined = tried(house, ASKS_FOR_A_PERSON, Wait(15), agents=Situation.DECLINE)
    missed = tried(house, ASKS_FOR_A_PERSON, Wait(45), agents=Situation.MISS)
    assert "Anna ha rifiutato." in declined.why
    assert "Anna non ha risposto in tempo." in missed.why


def test_sunday_night_is_closed(house: House) -> None:
    sunday_night = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    story = tried(house, ASKS_FOR_A_PERSON, Silent(), at=sunday_night)
    assert "chiusi" in said_to(story)


def test_webhook_that_comes_twice_changes_nothing(house: House) -> None:
    once = tried(house, Say("dov'è il mio ordine"), Say("2358"))
    twice = tried(house, Say("dov'è il mio ordine"), Say("2358"), faults=[Trouble.WEBHOOK_TWICE])
    assert twice.path == once.path


def test_late_webhook_keeps_the_caller_waiting(house: House) -> None:
    soon, late = (tried(house, Say("dov'è il mio ordine"), faults=faults) for faults in ([], [Trouble.WEBHOOK_LATE]))
    assert late.path == soon.path
    assert late.turns[1].at_seconds > soon.turns[1].at_seconds + 5


def test_caller_whose_words_never_arrive_hears_the_apology(house: House) -> None:
    story = tried(house, Say("dov'è il mio ordine"), faults=[Trouble.WEBHOOK_LOST])
    assert "problema" in said_to(story).lower()


def test_when_nothing_can_be_looked_up_a_person_takes_over(house: House) -> None:
    story = tried(house, Say("dov'è il mio ordine"), Say("2358"), Wait(10), faults=[Trouble.LOOKUP_DOWN])
    assert "sono Anna" in said_to(story)


def test_without_a_recogniser_keys_are_left(house: House) -> None:
    story = tried(house, Say("dov'è il mio ordine"), Silent(), Press("1"), faults=[Trouble.RECOGNISER_DOWN])
    assert story.turns[0].answered == ""
    assert "which_order" in [key for turn in story.turns for key in turn.prompts]


def test_refused_message_is_kept_as_failed(house: House) -> None:
    sent, refused = (
        tried(
            house,
            Say("no"),
            Say("no"),
            Say("vorrei fare un reso"),
            Say("1017"),
            Say("sì"),
            Silent(),
            caller=Known(customer_id="K001"),
            faults=faults,
        )
        for faults in ([], [Trouble.MESSAGE_REFUSED])
    )
    assert [one.status for one in sent.messages] == ["accepted"]
    assert [one.status for one in refused.messages] == ["failed"]
    assert [one.kind for one in sent.cases] == ["return"]


def test_silent_carrier_brings_nobody_to_the_phone(house: House) -> None:
    story = tried(house, ASKS_FOR_A_PERSON, Wait(30), faults=[Trouble.CARRIER_DOWN])
    assert "sono Anna" not in said_to(story)


def test_step_by_step_the_story_is_told_so_far(house: House) -> None:
    setting = Setting(caller=Stranger())
    with trials_of(house).open_house(live_version(house), setting) as opened, opened.begin() as call:
        assert call.take(Say("vorrei fare un reso")).turns[-1].node != "ask_request"
        assert not call.is_over
        call.take(HangUp())
        assert call.is_over


def test_setting_is_the_same_as_json() -> None:
    setting = Setting(
        caller=MadeUp(orders=(MadeUpOrder(number="12", items="x"),)),
        at=datetime(2026, 11, 23, 9, tzinfo=UTC),
        agents=Situation.MISS,
        faults=(Fault(trouble=Trouble.WEBHOOK_LATE, skip=2, times=3),),
        language="en",
    )
    assert setting_from_json(setting.as_json()) == setting


@pytest.mark.parametrize(
    "wrong",
    [
        {"caller": {"kind": "martian"}},
        {"caller": "K001"},
        {"caller": {"kind": "known", "customer_id": ""}},
        {"at": "yesterday"},
        {"at": "2026-11-23T09:00:00"},
        {"at": 5},
        {"agents": "asleep"},
        {"faults": ["earthquake"]},
        {"faults": [{"trouble": "webhook_lost", "skip": -1}]},
        {"faults": [7]},
        {"language": ["it"]},
    ],
)
def test_setting_that_cannot_be_read_is_refused_by_its_field(wrong: dict[str, object]) -> None:
    (field,) = wrong
    with pytest.raises(SituationError, match=field):
        setting_from_json(wrong)
