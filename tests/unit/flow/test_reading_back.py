"""A spoken value is read back where its question says so, corrected in the caller's own words, and never asked a fourth time."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.definition import Flow, build
from ivr.flow.events import Event, Keyed, NotUnderstood, Silent, Understood
from ivr.flow.machine import step
from ivr.flow.state import State, Waiting
from ivr.flow.steps import Ask, Expect
from ivr.flow.values import UNSURE_BELOW
from prompts.version import Version, load
from tests.unit.flow.caller import Caller

UNSURE = UNSURE_BELOW - 0.1


def asked_for_order(caller: Caller) -> Caller:
    return caller.arrives().says("order_status")


def read_back(caller: Caller, number: str = "1052") -> Caller:
    return asked_for_order(caller).gives(UNSURE, order_number=number)


def asked_for_callback(caller: Caller) -> Caller:
    return caller.arrives(outcome="hidden").presses("0").done("nobody").says("yes").done("no_number")


def mentions(intent: str, heard_confidence: float) -> Understood:
    return Understood(
        text="…", intent=intent, confidence=0.95, slots={"order_number": "1052"}, heard_confidence=heard_confidence
    )


def kept(caller: Caller, name: str = "order_number") -> object:
    assert caller.state is not None
    return caller.state.values.get(name)


def question(caller: Caller) -> Ask:
    assert caller.last is not None
    ask = caller.last.steps[-1]
    assert isinstance(ask, Ask)
    return ask


def test_number_that_may_be_misheard_is_read_back_and_taken_with_a_yes(caller: Caller) -> None:
    read_back(caller)
    assert caller.hears == ["ask read_back"]
    assert caller.words == ["Ho capito uno zero, cinque due: è giusto?"]
    assert caller.says("yes").hears == ["do lookup order"]
    assert kept(caller) == "1052"
    assert caller.facts["confirmed"]["slot"] == "order_number"


@pytest.mark.parametrize("confidence", [UNSURE_BELOW, 1.0, None], ids=["just sure", "certain", "carrier says nothing"])
def test_number_that_was_heard_well_is_taken_at_once(caller: Caller, confidence: float | None) -> None:
    assert asked_for_order(caller).gives(confidence, order_number="1052").hears == ["do lookup order"]


def test_keys_are_never_read_back(caller: Caller) -> None:
    assert asked_for_order(caller).presses("1052").hears == ["do lookup order"]
    again = Caller(version=caller.version, flow=caller.flow)
    assert asked_for_callback(again).presses("3331234567").hears == ["do callback"]


def test_callback_number_is_always_read_back(caller: Caller) -> None:
    asked_for_callback(caller).gives(1.0, callback_number="3331234567")
    assert caller.words == ["Ho capito tre tre tre, uno due tre, quattro cinque sei, sette: è giusto?"]
    assert caller.says("yes").hears == ["do callback"]
    assert kept(caller, "callback_number") == "3331234567"


def test_what_is_read_back_may_be_corrected_and_waits_for_a_breath(caller: Caller) -> None:
    ask = question(read_back(caller))
    assert (ask.expect, ask.slot, ask.previous) == (Expect.YES_NO, "order_number", "1052")
    assert {"yes", "no", "person", "repeat", "english"} <= set(ask.intents)
    assert ask.after_words_seconds == 1.0
    assert ask.max_keys == 6


def test_correction_that_is_clear_is_taken_without_asking_again(caller: Caller) -> None:
    assert read_back(caller).corrects(order_number="1042").hears == ["do lookup order"]
    assert kept(caller) == "1042"


@pytest.mark.parametrize(
    "correct",
    [
        lambda c: c.corrects(guessed=True, order_number="1042"),
        lambda c: c.corrects(heard_confidence=UNSURE, order_number="1042"),
    ],
    ids=["guessed", "badly heard"],
)
def test_correction_that_is_not_clear_is_read_back_in_fewer_words(
    caller: Caller, correct: Callable[[Caller], Caller]
) -> None:
    correct(read_back(caller))
    assert caller.words == ["uno zero, quattro due, giusto?"]
    assert caller.says("yes").hears == ["do lookup order"]
    assert kept(caller) == "1042"


def test_second_correction_that_is_not_clear_leads_to_the_keypad_and_then_to_a_person(caller: Caller) -> None:
    read_back(caller).corrects(guessed=True, order_number="1042").corrects(guessed=True, order_number="1043")
    assert caller.hears == ["ask which_order+3"]
    assert "tastiera" in caller.words[0]
    assert caller.is_silent().hears == ["say to_person", "route general"]


def test_keypad_after_two_corrections_settles_it(caller: Caller) -> None:
    read_back(caller).corrects(guessed=True, order_number="1042").corrects(guessed=True, order_number="1043")
    assert caller.presses("1044").hears == ["do lookup order"]
    assert kept(caller) == "1044"


def test_no_alone_asks_again_in_other_words_then_by_keypad_then_a_person(caller: Caller) -> None:
    assert read_back(caller).says("no").hears == ["ask which_order+1"]
    assert caller.gives(UNSURE, order_number="1053").hears == ["ask read_back+1"]
    assert caller.says("no").hears == ["ask which_order+3"]
    assert caller.gives(UNSURE, order_number="1054").hears == ["ask read_back+2"]
    assert caller.says("no").hears == ["say to_person", "route general"]
    assert caller.facts["missed"]["why"] == "the value read back was not agreed to"


def test_where_a_person_was_tried_in_vain_the_call_goes_on_without_the_value(caller: Caller) -> None:
    asked_for_callback(caller).gives(callback_number="3331234567").says("no")
    caller.gives(callback_number="3331234568").says("no").is_silent()
    assert caller.hears == ["do case question"]
    assert kept(caller, "callback_number") is None


def test_silence_at_the_read_back_says_the_value_in_other_words_and_then_gives_a_person(caller: Caller) -> None:
    said = [*read_back(caller).words]
    for variant in (1, 2, 3):
        assert caller.is_silent().hears == [f"ask read_back+{variant}"]
        said.extend(caller.words)
    assert len(set(said)) == 4
    assert "prema 1" in said[-1]
    assert question(caller).max_keys == 1
    assert caller.is_silent().hears == ["say to_person", "route general"]


@pytest.mark.parametrize(("key", "hears"), [("1", ["do lookup order"]), ("2", ["ask which_order+1"])])
def test_one_is_yes_and_two_is_no(caller: Caller, key: str, hears: list[str]) -> None:
    assert read_back(caller).presses(key).hears == hears


@pytest.mark.parametrize("keys", ["7", "12", "#", "*#", "99"])
def test_key_without_a_meaning_says_the_value_in_other_words(caller: Caller, keys: str) -> None:
    assert read_back(caller).presses(keys).hears == ["ask read_back+1"]


def test_right_number_may_be_keyed_at_the_read_back(caller: Caller) -> None:
    assert read_back(caller).presses("1042").hears == ["do lookup order"]
    assert kept(caller) == "1042"


@pytest.mark.parametrize("by", ["word", "key"])
def test_person_is_had_at_the_read_back(caller: Caller, by: str) -> None:
    read_back(caller)
    caller.says("person") if by == "word" else caller.presses("0")
    assert caller.hears == ["say to_person", "route general"]


def test_value_is_none_of_the_calls_until_the_caller_agrees(caller: Caller) -> None:
    assert kept(read_back(caller)) is None
    # Another request in place of an answer does not go on with a number that nobody agreed to.
    assert caller.says("return").hears == ["ask which_order_back"]


@pytest.mark.parametrize("known", [{}, {"order_under_way": "2358"}], ids=["stranger", "with an order under way"])
def test_number_mentioned_with_the_request_and_heard_badly_is_read_back_and_not_asked_for(
    caller: Caller, known: dict[str, str]
) -> None:
    caller.arrives(**known).event(mentions("order_status", UNSURE))
    assert caller.hears == ["ask read_back"]
    assert caller.words == ["Ho capito uno zero, cinque due: è giusto?"]
    assert kept(caller) is None
    assert caller.corrects(order_number="1042").hears == ["do lookup order"]
    assert kept(caller) == "1042"
    assert kept(caller, "unsure_order_number") is None


def test_number_mentioned_and_heard_well_is_not_read_back(caller: Caller) -> None:
    assert caller.arrives().event(mentions("order_status", 0.95)).hears == ["do lookup order"]


def test_no_to_a_number_that_was_mentioned_asks_for_it(caller: Caller) -> None:
    caller.arrives().event(mentions("return", UNSURE)).says("no")
    assert caller.hears == ["ask which_order_back+1"]
    assert caller.presses("2290").hears == ["do lookup order"]


def test_number_mentioned_about_another_matter_is_forgotten_with_it(caller: Caller) -> None:
    caller.arrives().event(mentions("complaint", UNSURE))
    assert kept(caller, "unsure_order_number") == "1052"
    assert caller.done("opened", case_number="P1").done("met").hears == ["ask effort_agent"]


def test_repeat_and_privacy_and_a_withdrawn_consent_come_back_to_the_value(caller: Caller) -> None:
    asked = read_back(caller).words
    assert caller.says("repeat").words == asked
    assert caller.presses("*").words == asked
    assert caller.says("privacy").hears == ["say privacy_use", "ask read_back"]
    assert caller.says("withdraw_consent").hears == ["do consent all"]
    assert caller.done("recorded").hears == ["say consent_withdrawn", "ask read_back"]
    assert caller.says("english").words[-1] == "I heard one zero, five two: is that right?"
    assert caller.says("yes").hears == ["do lookup order"]


def test_second_question_of_a_call_begins_its_counts_anew(caller: Caller) -> None:
    read_back(caller).says("no").gives(order_number="1042").done("not_found").gives(UNSURE, order_number="1043")
    assert caller.hears == ["ask read_back"]


# --- Letters, days and amounts.

SPELLED = {"kind": "ask", "prompt": "which_order", "confirm": "always", "outcomes": {"given": "lookup_order"}}


def asking(version: Version, **node: object) -> Flow:
    return build({**version.flow, "nodes": {**version.flow["nodes"], "ask_order_number": {**SPELLED, **node}}})


@pytest.mark.parametrize(
    ("node", "slot", "value", "said"),
    [
        ({"expect": "letters"}, "code", "AB12", "A come Ancona, B come Bologna, uno due"),
        ({"expect": "digits"}, "date", "2026-03-14", "sabato quattordici marzo"),
        ({"expect": "digits"}, "amount", 30.5, "trenta euro e cinquanta centesimi"),
        ({"expect": "digits"}, "membership", "123456", "uno due tre, quattro cinque sei"),
    ],
)
def test_value_of_each_sort_is_read_back_as_the_language_says_it(
    version: Version, node: dict[str, object], slot: str, value: str | float, said: str
) -> None:
    caller = Caller(version=version, flow=asking(version, slot=slot, **node))
    asked_for_order(caller).gives(**{slot: value})
    assert caller.words == [f"Ho capito {said}: è giusto?"]
    assert question(caller).previous == str(value)
    assert caller.says("yes").hears == ["do lookup order"]
    assert kept(caller, slot) == value


@pytest.mark.parametrize(
    ("slot", "keys", "value"),
    [
        ("date", "14032026", "2026-03-14"),
        ("date", "32032026", None),
        ("amount", "30*50", 30.5),
        ("amount", "30", 30),
        ("amount", "3*0*", None),
    ],
)
def test_days_and_amounts_may_be_keyed(version: Version, slot: str, keys: str, value: object) -> None:
    caller = asked_for_order(Caller(version=version, flow=asking(version, expect="digits", slot=slot, max_keys=8)))
    caller.presses(keys)
    assert kept(caller, slot) == value
    assert caller.hears == (["ask which_order+1"] if value is None else ["do lookup order"])


def test_letters_have_no_keys_but_those_of_every_question(version: Version) -> None:
    flow = asking(version, expect="letters", slot="code", min_keys=4, max_keys=6)
    caller = asked_for_order(Caller(version=version, flow=flow))
    assert (question(caller).expect, question(caller).max_keys) == (Expect.LETTERS, 1)
    assert caller.presses("12").hears == ["ask which_order+1"]
    assert caller.gives(code="AB1").hears == ["ask which_order+2"]
    assert caller.gives(code="AB12345").hears == ["ask which_order+3"]
    assert caller.presses("0").hears == ["say to_person", "route general"]


def test_flow_without_words_for_it_takes_the_value_as_it_was_heard(version: Version) -> None:
    prompts = {name: key for name, key in version.flow["prompts"].items() if name != "read_back"}
    caller = Caller(version=version, flow=build({**version.flow, "prompts": prompts}))
    assert read_back(caller).hears == ["do lookup order"]


# --- Whatever a caller says, it comes to an end.

NUMBERS = st.sampled_from(["1042", "1052", "1053", "20577"])
SHOP = build(load().flow)
HARD: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        lambda number, guessed: Understood(
            text="no",
            intent="no",
            confidence=1.0,
            slots={"order_number": number, "guessed": guessed},
            heard_confidence=0.3,
        ),
        NUMBERS,
        st.booleans(),
    ),
    st.builds(
        lambda number: NotUnderstood(text=number, reason="?", slots={"order_number": number}, heard_confidence=0.3),
        NUMBERS,
    ),
    st.sampled_from(
        [
            Understood(text="no", intent="no", confidence=1.0),
            NotUnderstood(text="mah", reason="?"),
            Silent(),
            Keyed(keys="8"),
            Keyed(keys="2"),
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(HARD, min_size=12, max_size=12), st.integers(1, 3))
def test_caller_who_never_agrees_has_a_person_after_few_questions(hard: list[Event], visits: int) -> None:
    node = "ask_order_number"
    begun = min(visits - 1, 1)  # the same question again begins with its shorter form
    state = State(node=node, language="it", waiting=Waiting.ANSWER, variant=begun, visits={node: visits})
    read_backs = 0
    for asked, event in enumerate(hard):
        assert asked < 8, "the caller was asked for ever"
        advance = step(SHOP, state, event)
        state = State.from_json(advance.state.to_json())
        assert state == advance.state
        read_backs += any(fact.kind == "read_back" for fact in advance.facts)
        assert read_backs <= 3
        if state.node != node:
            return  # the same value was said again, or a person has been called
        assert state.attempts <= 3
