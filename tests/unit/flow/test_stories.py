"""The five reasons to call, by speech and by keys, in both languages, told as events and steps."""

from collections.abc import Callable

import pytest

from tests.unit.flow.caller import DUE, FOUND, Caller

SPEAKING_AND_KEYING = pytest.mark.parametrize("by", ["speech", "keys"])
LANGUAGES = pytest.mark.parametrize("language", ["it", "en"])


def wants(caller: Caller, by: str, intent: str) -> Caller:
    key = {"order_status": "1", "return": "2", "product_question": "3", "complaint": "4", "person": "0"}[intent]
    return caller.says(intent) if by == "speech" else caller.presses(key)


def gives(caller: Caller, by: str, slot: str, digits: str) -> Caller:
    return caller.mumbles(**{slot: digits}) if by == "speech" else caller.presses(digits)


def agrees(caller: Caller, by: str) -> Caller:
    return caller.says("yes") if by == "speech" else caller.presses("1")


@LANGUAGES
@SPEAKING_AND_KEYING
def test_order_status_is_answered_by_the_line(caller: Caller, language: str, by: str) -> None:
    wants(caller.arrives(language), by, "order_status")
    assert caller.hears == ["ask which_order"]
    gives(caller, by, "order_number", "1042")
    assert caller.hears == ["do lookup order"]
    caller.done("found", **FOUND)
    assert caller.hears == ["say order_shipped", "ask anything_else"]
    order = {"it": "uno zero, quattro due è in viaggio", "en": "one zero, four two is on its way"}[language]
    assert order in caller.words[0]
    caller.says("nothing_else") if by == "speech" else caller.presses("5")
    assert caller.hears == ["ask effort_line"]
    gives(caller, by, "score", "2")
    assert caller.hears == ["do survey"]
    assert caller.done("recorded").hears == ["say goodbye", "end"]


@LANGUAGES
@SPEAKING_AND_KEYING
def test_return_is_opened_by_the_line_and_texted(caller: Caller, language: str, by: str) -> None:
    wants(caller.arrives(language), by, "return")
    gives(caller, by, "order_number", "1042")
    caller.done("found", **FOUND)
    assert caller.hears == ["ask confirm_return"]
    assert agrees(caller, by).hears == ["do case return"]
    assert caller.done("opened", return_number="R1077", **DUE).hears == ["do message"]
    assert caller.done("sent").hears == ["say return_opened_texted", "ask anything_else"]


@LANGUAGES
@SPEAKING_AND_KEYING
def test_product_question_goes_to_a_product_specialist(caller: Caller, language: str, by: str) -> None:
    wants(caller.arrives(language), by, "product_question")
    assert caller.hears == ["say product_to_person", "route product"]
    assert caller.done("met").hears == ["ask effort_agent"]
    gives(caller, by, "score", "1")
    assert caller.done("recorded").hears == ["say goodbye", "end"]


@LANGUAGES
@SPEAKING_AND_KEYING
def test_complaint_opens_a_case_and_goes_to_recovery(caller: Caller, language: str, by: str) -> None:
    wants(caller.arrives(language), by, "complaint")
    assert caller.hears == ["say complaint_sorry", "do case complaint"]
    assert caller.done("opened", case_number="P1", **DUE).hears == ["say complaint_opened", "route recovery"]
    assert caller.facts["routed"]["priority"] == 10


@LANGUAGES
@SPEAKING_AND_KEYING
def test_person_is_had_at_once(caller: Caller, language: str, by: str) -> None:
    wants(caller.arrives(language), by, "person")
    assert caller.hears == ["say to_person", "route general"]
    assert caller.facts["person"]["why"] == "asked for a person"


def test_number_said_with_the_request_is_not_asked_again(caller: Caller) -> None:
    caller.arrives().says("order_status", order_number="1042")
    assert caller.hears == ["do lookup order"]


def test_first_call_hears_one_sentence_on_privacy_and_one_consent(caller: Caller) -> None:
    caller.arrives(first_call=True)
    assert caller.hears == ["say greeting_by_name", "say privacy_notice", "ask consent_voice"]
    assert caller.says("yes").hears == ["do consent voice_verification"]
    assert caller.done("recorded").hears == ["say consent_thanks", "ask how_can_we_help"]
    caller.says("nothing_else")
    assert caller.hears == ["ask consent_history"]


def test_later_calls_are_asked_for_no_consent(caller: Caller) -> None:
    assert caller.arrives().hears == ["say greeting_by_name", "ask how_can_we_help"]


@pytest.mark.parametrize(
    "answer",
    [
        lambda c: c.says("no"),
        lambda c: c.mumbles(),
        lambda c: c.is_silent(),
        lambda c: c.presses("2"),
        lambda c: c.doubts("yes", "no"),
    ],
    ids=["no", "unclear", "silence", "key", "doubtful"],
)
def test_consent_not_given_is_recorded_and_never_pressed(caller: Caller, answer: Callable[[Caller], Caller]) -> None:
    caller.arrives(first_call=True)
    answer(caller)
    assert caller.hears == ["do consent voice_verification"]
    assert caller.last is not None
    assert caller.last.steps[0].values["granted"] is False  # type: ignore[union-attr]  # the line above says what it is
    assert caller.done("recorded").hears == ["ask how_can_we_help"]


def test_request_in_place_of_a_consent_is_refusal_and_request(caller: Caller) -> None:
    caller.arrives(first_call=True).says("order_status", order_number="1042")
    assert caller.hears == ["do consent voice_verification"]
    assert caller.done("recorded").hears == ["do lookup order"]


@pytest.mark.parametrize("outcome", ["unknown", "hidden"])
def test_unknown_number_is_greeted_and_proves_an_order_by_postcode(caller: Caller, outcome: str) -> None:
    caller.arrives(outcome=outcome)
    assert caller.hears == ["say greeting", "say privacy_notice", "ask how_can_we_help"]
    caller.says("order_status", order_number="1042").done("needs_proof")
    assert caller.hears == ["ask which_postcode"]
    assert caller.presses("20100").done("wrong_proof").hears == ["ask wrong_postcode"]
    assert caller.presses("20121").done("found", **FOUND).hears == ["say order_shipped", "ask anything_else"]


@pytest.mark.parametrize(
    ("proactive", "question", "act"),
    [
        ("late_order", "is_it_late_order", "do lookup order"),
        ("open_return", "is_it_open_return", "do lookup return"),
        ("open_case", "is_it_open_case", "do lookup case"),
    ],
)
def test_matter_under_way_is_told_first(caller: Caller, proactive: str, question: str, act: str) -> None:
    caller.arrives(proactive=proactive, order_number="1042", return_number="R1", case_number="P1", **DUE)
    assert caller.hears == ["say greeting_by_name", f"ask {question}"]
    assert caller.words[1]
    assert caller.says("yes").hears == [act]


def test_late_order_is_owned_up_to(caller: Caller) -> None:
    caller.arrives(proactive="late_order", order_number="1042", **DUE)
    assert caller.words[1] == "Chiama per l'ordine uno zero, quattro due, che è in ritardo?"
    caller.presses("1").done("late", **FOUND, days_late=3)
    assert caller.hears == ["say order_late", "ask anything_else"]
    assert "martedì ventiquattro novembre" in caller.words[0]


def test_another_matter_forgets_the_guess(caller: Caller) -> None:
    caller.arrives(proactive="late_order", order_number="1042", **DUE).says("no")
    assert caller.hears == ["ask tell_us_then"]
    assert caller.says("order_status").hears == ["ask which_order"]


def test_three_wrong_order_numbers_go_to_a_person(caller: Caller) -> None:
    caller.arrives().says("order_status").presses("1111").done("not_found")
    assert caller.hears == ["ask order_not_found"]
    caller.presses("2222").done("not_found")
    assert caller.hears == ["ask order_not_found+1"]
    caller.presses("3333").done("not_found")
    assert caller.hears == ["say order_to_person", "route general"]


@pytest.mark.parametrize(("outcome", "said"), [("closed", "closed"), ("nobody", "nobody"), ("failed", "nobody")])
def test_nobody_there_means_a_callback_and_a_case(caller: Caller, outcome: str, said: str) -> None:
    caller.arrives().presses("0").done(outcome)
    assert caller.hears == [f"say {said}", "ask offer_callback"]
    assert caller.says("yes").hears == ["do callback"]
    assert caller.done("recorded").hears == ["do case callback"]
    assert caller.done("opened", **DUE).hears == ["say callback_promised", "ask effort_line"]


def test_callback_declined_still_leaves_a_case(caller: Caller) -> None:
    caller.arrives().presses("0").done("closed").presses("2")
    assert caller.hears == ["do case question"]
    assert caller.done("opened").hears == ["say case_kept", "ask effort_line"]


def test_hidden_number_is_asked_where_to_call_back(caller: Caller) -> None:
    caller.arrives(outcome="hidden").presses("0").done("nobody").says("yes").done("no_number")
    assert caller.hears == ["ask which_number"]
    assert caller.presses("3331234567").hears == ["do callback"]


def test_caller_who_leaves_the_queue_gets_the_callback(caller: Caller) -> None:
    assert caller.arrives().presses("0").done("left").hears == ["do callback"]


def test_line_gone_dead_in_closed_hours_comes_to_an_end(caller: Caller) -> None:
    caller.arrives()
    for _ in range(4):
        caller.is_silent()
    caller.done("closed")
    for _ in range(4):
        caller.is_silent()
    assert caller.hears == ["do callback"]
    caller.done("recorded").done("opened").is_silent().is_silent()
    assert caller.hears == ["say goodbye", "end"]


def test_return_that_cannot_be_is_explained(caller: Caller) -> None:
    caller.arrives().says("return", order_number="1042").done("found", **FOUND).says("yes").done(
        "refused", refusal="too_late"
    )
    assert caller.hears == ["say return_too_late", "ask anything_else"]


def test_survey_that_comes_a_second_time_is_asked_once(caller: Caller) -> None:
    caller.arrives().says("product_question").done("met").says("product_question").done("met")
    assert caller.hears == ["ask effort_agent+1"]
    assert caller.is_silent().hears == ["say goodbye", "end"]


def test_score_out_of_range_is_asked_once_more_and_then_left(caller: Caller) -> None:
    caller.arrives().says("nothing_else").presses("9")
    assert caller.hears == ["ask effort_line+1"]
    assert caller.presses("8").hears == ["say goodbye", "end"]
