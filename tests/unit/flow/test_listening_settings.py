"""What a node says of listening reaches the question that is asked, in the call's language; what it leaves open stays open."""

from dataclasses import replace
from types import MappingProxyType

from ivr.flow.definition import AskNode, ConsentNode, Flow, SurveyNode, build
from ivr.flow.events import Started
from ivr.flow.machine import step
from ivr.flow.state import State, Waiting
from ivr.flow.steps import Ask
from prompts.version import Version

SET = {
    "barge_in": False,
    "sensitivity": "high",
    "timeout_seconds": 9,
    "after_words_seconds": 0.9,
    "longest_seconds": 40,
    "words": {"it": ["Lampada Aurora", "Lume"], "en": ["Aurora lamp"]},
}


def asked(flow: Flow, node: str, language: str = "it") -> Ask:
    state = State(node=node, language=language, waiting=Waiting.ANSWER)
    ask = step(flow, state, Started(language=language)).steps[-1]
    assert isinstance(ask, Ask)
    return ask


def with_settings(version: Version, node: str) -> Flow:
    nodes = {**version.flow["nodes"], node: {**version.flow["nodes"][node], **SET}}
    return build({**version.flow, "nodes": nodes})


def test_settings_of_each_kind_of_question_reach_the_step(version: Version) -> None:
    for node, kind in (("ask_request", AskNode), ("consent_voice", ConsentNode), ("survey_line", SurveyNode)):
        flow = with_settings(version, node)
        assert isinstance(flow.nodes[node], kind)
        ask = asked(flow, node)
        assert (ask.barge_in, ask.sensitivity, ask.timeout_seconds) == (False, "high", 9)
        assert (ask.after_words_seconds, ask.longest_seconds) == (0.9, 40)
        assert ask.words == ("Lampada Aurora", "Lume")


def test_words_are_those_of_the_calls_language(version: Version) -> None:
    flow = with_settings(version, "ask_request")
    assert asked(flow, "ask_request", "en").words == ("Aurora lamp",)
    only_english = replace(flow.nodes["ask_request"], words={"en": ("Aurora lamp",)})  # type: ignore[call-arg]  # it is an AskNode
    nodes = MappingProxyType({**flow.nodes, "ask_request": only_english})
    assert asked(replace(flow, nodes=nodes), "ask_request", "it").words == ()


def test_settings_left_out_leave_the_choice_to_the_kind_of_answer(shop: Flow) -> None:
    ask = asked(shop, "ask_request")
    assert (ask.barge_in, ask.sensitivity, ask.timeout_seconds) == (True, "normal", 5.0)
    assert (ask.after_words_seconds, ask.longest_seconds, ask.words, ask.previous) == (None, None, (), "")


def test_fewest_keys_travel_with_the_question(shop: Flow) -> None:
    ask = asked(shop, "ask_order_number")
    assert (ask.min_keys, ask.max_keys) == (4, 6)
