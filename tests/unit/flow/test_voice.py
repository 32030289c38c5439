"""The voice in the shipped flow, as events and steps: silent, then digits, a code, a person; learnt and offered."""

from typing import Any

import pytest

from ivr.calls.open_question import OpenQuestion
from ivr.flow.checker import check
from ivr.flow.definition import build
from ivr.flow.events import Done, Started, Understood
from ivr.flow.machine import step
from ivr.flow.state import State
from ivr.flow.steps import Ask, Perform
from prompts.flows import read_flow
from prompts.version import Version
from tests.unit.flow.caller import FOUND, Caller
from tests.unit.flow.test_checker import GOOD, problems

SAYS = {"voice": "rejected", "reason": "?"}


@pytest.fixture
def caller(caller: Caller) -> Caller:
    caller.tells_voices = True
    return caller


def wants_return(caller: Caller, **values: Any) -> Caller:
    """A caller who has agreed to the return of an order: what is asked of the voice stands."""
    caller.arrives(**values).says("return", order_number="1042").done("found", **FOUND).says("yes")
    assert caller.hears == ["do verify voice"]
    return caller


def is_proved(caller: Caller) -> bool:
    return caller.hears == ["do case return"]


def performs(caller: Caller) -> Perform:
    assert caller.last is not None
    last = caller.last.steps[-1]
    assert isinstance(last, Perform)
    return last


@pytest.mark.parametrize("outcome", ["accepted", "step_up", "rejected", "inconclusive", "locked"])
def test_order_status_is_told_whatever_the_voice_says_and_nothing_more_is_asked(caller: Caller, outcome: str) -> None:
    caller.arrives().says("order_status", order_number="1042")
    assert caller.hears == ["do verify voice"]
    assert performs(caller).values["asks"] == "low"
    assert caller.done(outcome, **SAYS, step_up="digits").hears == ["do lookup order"]


@pytest.mark.parametrize("proactive", ["late_order", "open_return", "open_case"])
def test_voice_is_compared_for_a_matter_under_way_too(caller: Caller, proactive: str) -> None:
    caller.arrives(
        proactive=proactive, order_number="1042", return_number="R1", case_number="P1", due_date="2026-11-24"
    )
    assert caller.says("yes").hears == ["do verify voice"]
    assert caller.done("rejected", **SAYS, step_up="digits").hears[0].startswith("do lookup")


@pytest.mark.parametrize(
    ("request_", "hears"), [("complaint", "say complaint_sorry"), ("product_question", "say product_to_person")]
)
def test_person_who_will_answer_sees_whose_voice_it_was(caller: Caller, request_: str, hears: str) -> None:
    assert caller.arrives().says(request_).hears == ["do verify voice"]
    assert caller.done("inconclusive", **SAYS, step_up="person").hears[0] == hears


def test_nothing_stands_between_asking_for_a_person_and_the_person(caller: Caller) -> None:
    assert caller.arrives().says("person").hears == ["say to_person", "route general"]


def test_return_is_opened_at_once_where_what_is_shown_is_enough(caller: Caller) -> None:
    wants_return(caller)
    assert performs(caller).values["asks"] == "medium"
    assert is_proved(caller.done("accepted", voice="accepted", step_up="", reason=""))


def test_other_voice_says_digits_and_is_heard_out(caller: Caller) -> None:
    wants_return(caller).done("rejected", **SAYS, step_up="digits")
    assert caller.hears == ["do challenge digits"]
    assert caller.done("ready", challenge_digits="47190").hears == ["ask say_digits"]
    assert caller.words == ["Per sicurezza, ripeta per favore queste cifre: quattro sette uno, nove zero."]
    assert caller.mumbles(spoken_digits="47190").hears == ["do verify digits"]
    assert performs(caller).values["spoken_digits"] == "47190"
    assert is_proved(caller.done("accepted", voice="rejected", step_up="", reason=""))
    assert caller.state is not None
    assert not {"spoken_digits", "challenge_digits"} & caller.state.values.keys()


def test_digits_wrong_twice_lead_to_a_code_by_text_message(caller: Caller) -> None:
    wants_return(caller).done("step_up", **SAYS, step_up="digits").done("ready", challenge_digits="47190")
    caller.mumbles(spoken_digits="47191").done("rejected", **SAYS, step_up="digits")
    assert caller.hears == ["do challenge digits"]
    assert caller.done("ready", challenge_digits="80355").hears == ["ask say_digits+1"]
    caller.mumbles(spoken_digits="80356").done("rejected", **SAYS, step_up="code")
    assert caller.hears == ["do challenge code"]
    assert performs(caller).values["prompt"] == "code_text"


def test_digits_that_no_voice_was_heard_saying_lead_to_a_code_at_once(caller: Caller) -> None:
    wants_return(caller).done("rejected", **SAYS, step_up="digits").done("ready", challenge_digits="47190")
    assert caller.presses("47190").done("inconclusive", **SAYS, step_up="code").hears == ["do challenge code"]


def test_where_no_digits_can_be_asked_a_code_is_sent(caller: Caller) -> None:
    wants_return(caller).done("inconclusive", **SAYS, step_up="code")
    assert caller.hears == ["do challenge code"]
    wants_return(Caller(version=caller.version, flow=caller.flow, tells_voices=True)).done(
        "rejected", **SAYS, step_up="digits"
    ).done("unavailable")
    assert caller.hears == ["do challenge code"]


def test_code_is_asked_for_by_voice_and_keys_and_leaves_no_trace_in_the_state(caller: Caller) -> None:
    wants_return(caller).done("inconclusive", **SAYS, step_up="code").done("sent")
    assert caller.hears == ["ask which_code"]
    assert caller.presses("111111").done("rejected", **SAYS, step_up="code").hears == ["ask wrong_code"]
    caller.mumbles(code_digits="222222").done("rejected", **SAYS, step_up="code")
    assert caller.hears == ["ask wrong_code+1"]
    caller.presses("333333")
    assert performs(caller).values["code_digits"] == "333333"
    assert is_proved(caller.done("accepted", voice="inconclusive", step_up="", reason=""))
    assert caller.state is not None
    assert not [code for code in ("111111", "222222", "333333") if code in caller.state.to_json()]


def test_three_wrong_codes_are_for_a_person(caller: Caller) -> None:
    wants_return(caller).done("inconclusive", **SAYS, step_up="code").done("sent")
    for code in ("111111", "222222", "333333"):
        caller.presses(code).done("rejected", **SAYS, step_up="code")
    assert caller.hears == ["say proof_to_person", "route general"]


@pytest.mark.parametrize("outcome", ["no_number", "failed"])
def test_where_no_code_can_be_sent_a_person_decides(caller: Caller, outcome: str) -> None:
    wants_return(caller).done("inconclusive", **SAYS, step_up="code").done(outcome)
    assert caller.hears == ["say proof_to_person", "route general"]


@pytest.mark.parametrize(("outcome", "step_up"), [("locked", "person"), ("rejected", "person"), ("step_up", "person")])
def test_lock_and_suspicion_are_for_a_person(caller: Caller, outcome: str, step_up: str) -> None:
    wants_return(caller).done(outcome, **SAYS, step_up=step_up)
    assert caller.hears == ["say proof_to_person", "route general"]


def test_question_for_a_code_is_secret_and_no_other_is(caller: Caller) -> None:
    secret = {name for name, node in caller.flow.nodes.items() if getattr(node, "secret", False)}
    assert secret == {"ask_code", "ask_code_again"}
    wants_return(caller).done("inconclusive", **SAYS, step_up="code").done("sent")
    assert caller.last is not None
    asked = caller.last.steps[-1]
    assert isinstance(asked, Ask)
    assert asked.secret
    assert OpenQuestion.read(OpenQuestion.asked(asked, listened_by="stream").to_json()).secret


# --- Learning the voice


def test_voice_is_learnt_before_goodbye_and_told_once(caller: Caller) -> None:
    caller.arrives().says("nothing_else")
    assert caller.hears == ["do enrol"]
    assert caller.done("more_needed", seconds_missing=10).hears == ["say voice_needs_more", "ask effort_line"]
    assert caller.words[0] == "Mi servono ancora dieci secondi della sua voce: la prossima volta la riconoscerò."


def test_voice_that_is_learnt_is_told_of_the_first_time_only(caller: Caller) -> None:
    caller.arrives("en").says("nothing_else").done("enrolled", newly_enrolled=True)
    assert caller.hears == ["say voice_learnt", "ask effort_line"]
    assert caller.words[0] == "From now on I'll know you by your voice."
    again = Caller(version=caller.version, flow=caller.flow, tells_voices=True)
    assert again.arrives().says("nothing_else").done("enrolled", newly_enrolled=False).hears == ["ask effort_line"]


@pytest.mark.parametrize("outcome", ["declined", "unavailable"])
def test_where_no_voice_is_learnt_nothing_is_said_of_it(caller: Caller, outcome: str) -> None:
    assert caller.arrives().says("nothing_else").done(outcome).hears == ["ask effort_line"]


def test_customer_who_was_never_asked_is_offered_it_once_something_was_done(caller: Caller) -> None:
    caller.arrives(voice_offer=True).says("order_status", order_number="1042").done("accepted", step_up="")
    caller.done("found", **FOUND).says("nothing_else")
    assert caller.hears == ["ask offer_voice"]
    assert caller.says("yes").hears == ["do consent voice_verification"]
    assert caller.done("recorded").hears == ["say offer_voice_thanks", "ask effort_line"]


@pytest.mark.parametrize("answer", ["no", "nothing_else"])
def test_refusal_of_the_offer_is_kept_and_not_answered_back(caller: Caller, answer: str) -> None:
    caller.arrives(voice_offer=True).says("order_status", order_number="1042").done("accepted", step_up="")
    caller.done("found", **FOUND).says("nothing_else").says(answer)
    assert caller.hears == ["do consent voice_verification"]
    assert performs(caller).values["granted"] is False
    assert caller.done("recorded").hears == ["ask effort_line"]


@pytest.mark.parametrize(
    "values", [{"voice_offer": False}, {}, {"voice_offer": True}], ids=["not now", "unknown", "nothing done"]
)
def test_offer_comes_neither_early_nor_before_anything_was_done(caller: Caller, values: dict[str, Any]) -> None:
    assert caller.arrives(**values).says("nothing_else").hears == ["do enrol"]


def test_withdrawal_tells_the_flow_what_is_now_so_of_the_voice(caller: Caller) -> None:
    caller.arrives(voice_enrolled=True, voice_offer=True, consent_voice_verification=True).says("withdraw_consent")
    caller.done("recorded", voice_enrolled=False, voice_offer=False, voice="not_enrolled")
    assert caller.hears == ["say consent_withdrawn", "ask how_can_we_help"]
    assert caller.state is not None
    values = caller.state.values
    assert (values["voice_enrolled"], values["voice"], values["consent_voice_verification"]) == (
        False,
        "not_enrolled",
        False,
    )


# --- The language of flows

VERIFYING = """\
  prove:
    kind: verify
    outcomes: {accepted: bye, rejected: to_person, inconclusive: to_person}
  bye:"""


CASES = """\
  asked: {kind: case, case: question, outcomes: {opened: bye, already_open: bye}}
  refused: {kind: case, case: complaint, outcomes: {opened: bye, already_open: bye}}
  bye:"""


def verifying(old: str = "", new: str = "") -> str:
    flow = GOOD.replace("  bye:", VERIFYING, 1).replace("nothing_else: bye", "nothing_else: prove")
    assert old in flow
    return flow.replace(old, new) if old else flow


def told(flow: str) -> list[str]:
    return [str(one) for one in problems(flow)]


def test_flow_from_before_the_voice_could_step_up_is_still_sound() -> None:
    assert told(verifying()) == []
    assert told(verifying("inconclusive: to_person}", "inconclusive: to_person, locked: to_person}")) == []


@pytest.mark.parametrize(("outcome", "leads_to"), [("step_up", "asked"), ("locked", "refused"), ("accepted", "bye")])
def test_outcome_that_such_a_flow_does_not_name_follows_the_one_that_stands_for_it(outcome: str, leads_to: str) -> None:
    document = read_flow(
        verifying("rejected: to_person, inconclusive: to_person", "rejected: refused, inconclusive: asked").replace(
            "  bye:", CASES
        ),
        file="small.flow.yaml",
    )
    assert not document.problems
    flow = build(document.document)
    state: State | None = None
    for event in (
        Started(language="it"),
        Done(outcome="known"),
        Understood(text="", intent="nothing_else", confidence=1),
    ):
        state = step(flow, state, event).state
    assert state is not None
    assert state.node == "prove"
    assert step(flow, state, Done(outcome=outcome)).state.node == leads_to


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: verify", "kind: verify\n    what: voice", "24: node prove: the outcome 'locked' is missing. Name the node"),
        ("kind: verify", "kind: verify\n    what: voice", "24: node prove: the outcome 'step_up' is missing. Name the node"),
        ("kind: verify", "kind: verify\n    what: face", "23: node prove: what: 'face' is not possible here"),
        ("kind: verify", "kind: verify\n    asks: huge", "23: node prove: asks: 'huge' is not possible here. Write one of: low"),
        (
            "kind: verify\n    outcomes: {accepted: bye,",
            "kind: verify\n    what: digits\n    outcomes: {accepted: bye, locked: bye,",
            "24: node prove: the outcome 'locked' never comes",
        ),
        (
            "kind: verify\n    outcomes: {accepted: bye, rejected: to_person, inconclusive: to_person}",
            "kind: challenge\n    what: digits\n    outcomes: {ready: bye}",
            "24: node prove: the outcome 'unavailable' is missing",
        ),
        (
            "kind: verify\n    outcomes: {accepted: bye, rejected: to_person, inconclusive: to_person}",
            "kind: challenge\n    what: code\n    outcomes: {sent: bye, no_number: bye, failed: bye}",
            "21: node prove: 'prompt' is missing",
        ),
        (
            "kind: verify\n    outcomes: {accepted: bye, rejected: to_person, inconclusive: to_person}",
            "kind: challenge\n    what: code\n    prompt: r\n    outcomes: {sent: bye, no_number: bye, failed: bye}",
            "24: node prove: there is no prompt 'r'",
        ),
    ],
)  # fmt: skip
def test_fault_in_a_proof_is_told_with_node_line_and_remedy(old: str, new: str, said: str) -> None:
    found = told(verifying(old, new))
    assert [one for one in found if said in one], found


def test_digits_asked_again_for_ever_are_a_loop_and_tries_end_it(version: Version) -> None:
    nodes = {**version.flow["nodes"]}
    nodes["ask_digits"] = {
        "kind": "challenge",
        "what": "digits",
        "outcomes": {"ready": "verify_digits", "unavailable": "challenge_code"},
    }
    wordings = version.catalogue.shape()
    found = check({**version.flow, "nodes": nodes}, file="shop.flow.yaml", lines=version.lines, wordings=wordings)
    assert any("a loop without a way to a person" in str(one) for one in found)
