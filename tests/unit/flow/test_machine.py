"""The rules that hold at every question, each shown once or as a table."""

from collections.abc import Callable
from itertools import product

import pytest

from ivr.flow.definition import Flow, Kind
from ivr.flow.events import Done, Doubtful, HungUp, Keyed, Silent, Started, Understood
from ivr.flow.machine import EVENTS, TRANSITIONS, step
from ivr.flow.state import State, Waiting
from ivr.flow.steps import Ask, End, Expect, Perform, Route
from tests.unit.flow.caller import DUE, FOUND, Caller


def test_every_kind_of_node_answers_every_event() -> None:
    assert set(TRANSITIONS) == set(product(Kind, EVENTS))


def test_caller_silent_four_times_is_handed_to_a_person_in_ever_new_words(caller: Caller) -> None:
    caller.arrives()
    said = [caller.words[-1]]
    for variant in (1, 2, 3):
        caller.is_silent()
        assert caller.hears == [f"ask how_can_we_help+{variant}"]
        assert caller.facts["reprompted"]["why"] == "silence"
        said.extend(caller.words)
    assert len(set(said)) == 4
    assert caller.is_silent().hears == ["say to_person", "route general"]
    assert caller.facts["person"]["why"] == "said nothing"


def test_what_is_not_understood_counts_like_silence(caller: Caller) -> None:
    caller.arrives().mumbles().is_silent().presses("7")
    assert caller.hears == ["ask how_can_we_help+3"]
    assert caller.mumbles().hears == ["say to_person", "route general"]
    assert caller.facts["person"]["why"] == "was not understood"


def test_understood_answer_clears_the_count(caller: Caller) -> None:
    caller.arrives().mumbles().mumbles().mumbles().says("order_status").mumbles()
    assert caller.hears == ["ask which_order+1"]


@pytest.mark.parametrize(
    "lead",
    [
        lambda c: c.arrives(first_call=True),
        lambda c: c.arrives(),
        lambda c: c.arrives(proactive="open_case", **DUE),
        lambda c: c.arrives().says("order_status"),
        lambda c: c.arrives().says("order_status", order_number="1042").done("needs_proof"),
        lambda c: c.arrives().says("return", order_number="1042").done("found", **FOUND),
        lambda c: c.arrives().doubts("return", "complaint"),
        lambda c: c.arrives().says("nothing_else"),
        lambda c: c.arrives().says("order_status", order_number="1042"),
        lambda c: c.arrives().says("order_status").gives(0.4, order_number="1052"),
    ],
    ids=[
        "consent",
        "open",
        "proactive",
        "number",
        "postcode",
        "yes_no",
        "did_you_mean",
        "survey",
        "performing",
        "read_back",
    ],
)
@pytest.mark.parametrize("by", ["word", "key"])
def test_person_is_had_at_every_step(caller: Caller, lead: Callable[[Caller], Caller], by: str) -> None:
    lead(caller)
    caller.says("person") if by == "word" else caller.presses("0")
    assert caller.hears[-1] == "route general"


def test_zero_in_a_longer_number_is_a_digit(caller: Caller) -> None:
    caller.arrives().says("order_status").presses("1040")
    assert caller.hears == ["do lookup order"]
    assert caller.state is not None
    assert caller.state.values["order_number"] == "1040"


def test_number_too_short_is_asked_again(caller: Caller) -> None:
    assert caller.arrives().says("order_status").presses("10").hears == ["ask which_order+1"]


@pytest.mark.parametrize("keys", ["", "#", "١٢٣٤", "**", "88888888888888888888"])
def test_keys_without_a_meaning_are_asked_again(caller: Caller, keys: str) -> None:
    assert caller.arrives().presses(keys).hears[0].startswith("ask how_can_we_help")


@pytest.mark.parametrize(("key", "act"), [("1", "ask which_order_back"), ("2", "say complaint_sorry")])
def test_two_close_meanings_are_asked_about_once(caller: Caller, key: str, act: str) -> None:
    caller.arrives().doubts("return", "complaint")
    assert caller.hears == ["ask did_you_mean"]
    assert caller.words == ["Intende un reso, o un reclamo? Può anche premere 1 o 2."]
    assert caller.presses(key).hears[0] == act


@pytest.mark.parametrize(("answer", "hears"), [("yes", "ask which_order_back"), ("complaint", "say complaint_sorry")])
def test_did_you_mean_takes_yes_for_the_likelier_or_a_choice(caller: Caller, answer: str, hears: str) -> None:
    assert caller.arrives().doubts("return", "complaint").says(answer).hears[0] == hears


def test_neither_of_two_meanings_leads_on_to_the_next_wording(caller: Caller) -> None:
    assert caller.arrives().doubts("return", "complaint").says("no").hears == ["ask how_can_we_help+1"]


def test_second_doubt_at_the_same_question_is_not_asked_about_again(caller: Caller) -> None:
    caller.arrives().doubts("return", "complaint").mumbles().doubts("return", "complaint")
    assert caller.hears == ["ask how_can_we_help+2"]


def test_doubt_about_one_possible_answer_is_a_yes_or_no(caller: Caller) -> None:
    caller.arrives().doubts("nonsense", "complaint")
    assert caller.hears == ["ask did_you_mean_one"]
    assert caller.says("yes").hears[0] == "say complaint_sorry"


def test_repeat_says_the_whole_last_turn_again(caller: Caller) -> None:
    caller.arrives().says("order_status", order_number="1042").done("found", **FOUND)
    told = caller.words
    assert caller.says("repeat").words == told
    assert caller.presses("*").words == told


def test_repeat_after_asking_for_a_person_goes_back_no_further(caller: Caller) -> None:
    caller.arrives().says("order_status", order_number="1042").done("found", **FOUND).says("person").done(
        "closed"
    ).says("repeat")
    assert caller.hears == ["say to_person", "say closed", "ask offer_callback"]


def test_number_said_in_doubt_is_kept_when_the_doubt_is_settled(caller: Caller) -> None:
    caller.arrives().says("order_status", order_number="1042").done("found", **FOUND)
    caller.event(Doubtful(text="…", candidates=("order_status", "return"), slots={"order_number": "1077"})).says("yes")
    assert caller.state is not None
    assert caller.state.values["order_number"] == "1077"


def test_next_request_forgets_the_order_before(caller: Caller) -> None:
    caller.arrives().says("order_status", order_number="1042").done("found", **FOUND).says("return")
    assert caller.hears == ["ask which_order_back"]


def test_privacy_is_answered_and_the_question_asked_again(caller: Caller) -> None:
    caller.arrives().says("order_status").mumbles().says("privacy")
    assert caller.hears == ["say privacy_use", "ask which_order+1"]


def test_consent_is_withdrawn_by_word_in_the_middle_of_a_question(caller: Caller) -> None:
    caller.arrives(consent_voice_verification=True).says("order_status").says("withdraw_consent")
    assert caller.hears == ["do consent all"]
    assert caller.done("recorded").hears == ["say consent_withdrawn", "ask which_order"]
    assert caller.state is not None
    assert caller.state.values["consent_voice_verification"] is False


def test_language_switches_at_any_question_and_says_it_again(caller: Caller) -> None:
    caller.arrives().says("english")
    assert caller.words == ["Hello Anna Rossi, this is Bottega Aurora.", "How can I help you?"]
    assert caller.says("italian").words[1] == "Mi dica, come posso aiutarla?"


def test_customer_is_spoken_to_in_the_language_on_file(caller: Caller) -> None:
    assert caller.arrives(language="en").words[1] == "How can I help you?"


def test_another_request_is_turned_to_in_the_middle_of_one(caller: Caller) -> None:
    assert caller.arrives().says("order_status").says("complaint").hears[0] == "say complaint_sorry"


def test_the_same_request_again_is_no_answer_and_counts(caller: Caller) -> None:
    caller.arrives().says("order_status").says("order_status")
    assert caller.hears == ["ask which_order+1"]


def test_digits_heard_without_a_slot_are_taken_from_the_words(shop: Flow, caller: Caller) -> None:
    caller.arrives().says("order_status").event(Understood(text="10 42", intent="order_status", confidence=0.4))
    assert caller.hears == ["do lookup order"]
    assert shop.slots == {"order_number", "postcode", "callback_number", "spoken_digits", "code_digits"}


def test_outcome_that_no_node_knows_goes_to_a_person_with_an_apology(caller: Caller) -> None:
    caller.arrives().says("order_status", order_number="1042").done("unavailable")
    assert caller.hears == ["say trouble", "say to_person", "route general"]
    assert caller.facts["unknown_outcome"]["outcome"] == "unavailable"


def test_what_comes_out_of_order_is_answered_with_what_stands(caller: Caller) -> None:
    caller.arrives().says("order_status")
    assert caller.done("found", **FOUND).hears == ["ask which_order"]
    caller.presses("1042")
    assert caller.is_silent().hears == ["do lookup order"]
    assert caller.event(Started(language="it")).hears == ["do lookup order"]
    caller.done("exhausted").done("not known either")
    assert caller.hears[-1] == "route general"


def test_hang_up_in_every_node_ends_the_state_with_a_fact(shop: Flow) -> None:
    for name, node in shop.nodes.items():
        waiting = Waiting.ANSWER if node.kind in {Kind.ASK, Kind.CONSENT, Kind.SURVEY} else Waiting.OUTCOME
        advance = step(shop, State(node=name, language="it", waiting=waiting), HungUp())
        assert advance.state.ended
        assert advance.steps == (End(),)
        assert [fact.kind for fact in advance.facts] == ["hung_up"]


def test_nothing_happens_after_the_end(caller: Caller) -> None:
    caller.arrives().hangs_up()
    for event in (Silent(), Keyed(keys="0"), Done(outcome="found"), HungUp(), Started(language="it")):
        assert caller.event(event).hears == ["end"]


def test_call_that_begins_with_another_event_begins_all_the_same(caller: Caller) -> None:
    assert caller.is_silent().hears == ["do identify"]
    assert caller.state is not None
    assert caller.state.language == "it"


def test_state_of_another_version_goes_to_a_person(shop: Flow) -> None:
    advance = step(shop, State(node="gone", language="it", waiting=Waiting.ANSWER), Silent())
    assert isinstance(advance.steps[-1], Route)


def test_question_tells_what_may_be_answered(caller: Caller) -> None:
    caller.arrives().says("order_status")
    assert caller.last is not None
    ask = caller.last.steps[-1]
    assert isinstance(ask, Ask)
    assert (ask.expect, ask.slot, ask.max_keys) == (Expect.DIGITS, "order_number", 6)
    assert {"person", "repeat", "privacy", "withdraw_consent", "english"} <= set(ask.intents)


def test_act_is_handed_only_what_the_call_has(caller: Caller) -> None:
    caller.arrives().says("order_status", order_number="1042")
    assert caller.last is not None
    assert caller.last.steps[-1] == Perform(
        act=caller.last.steps[-1].act,  # type: ignore[union-attr]  # compared as a whole just here
        values={"what": "order", "order_number": "1042", "customer_id": "c-1"},
    )
