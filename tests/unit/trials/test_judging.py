"""What was heard against what was expected: every kind of miss is found, and told in a plain sentence of both languages."""

import json

import pytest

from ivr.trials import judging, judging_words
from ivr.trials.judging import Ended, HeardPrompt, Result, Stood
from ivr.trials.scenarios import Ends, Expected, HangsUp, IsSilent, Listens, Plays, Presses, Says

LINES = (
    HeardPrompt(key="greeting", text="Buongiorno, è in linea con Bottega Aurora.", language="it"),
    HeardPrompt(key="how_can_we_help/1", text="Mi dica  pure.", language="it"),
)
STOOD = Stood(lines=LINES, node="ask_request", language="it")
ENDED = Ended(
    outcome="agent", node="survey_agent", language="it", skill="recovery", queue="main",
    messages=(("return_text", "Bottega Aurora: reso aperto"),), cases=("complaint",),
)  # fmt: skip


@pytest.mark.parametrize(
    "expected",
    [
        Expected(),
        Expected(prompts=("greeting", "how_can_we_help/1")),
        Expected(prompts=("how_can_we_help/1",), words=("mi dica pure", "BOTTEGA"), node="ask_request", language="it"),
        Expected(not_words=("arrivederci",)),
    ],
)
def test_what_was_expected_and_heard_passes(expected: Expected) -> None:
    result = judging.judge_step(1, Says(words="ciao"), expected, STOOD)
    assert (result.passed, result.misses, result.node) == (True, (), "ask_request")
    assert judging_words.step(result, "it") == ""


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        (
            Expected(prompts=("order_late",)),
            "passo 3 (dice «ciao»): atteso il prompt «order_late», sentiti: greeting, how_can_we_help/1, al nodo ask_request.",
        ),
        (
            Expected(prompts=("how_can_we_help/1", "greeting")),
            "passo 3 (dice «ciao»): atteso il prompt «greeting», sentiti: greeting, how_can_we_help/1, al nodo ask_request.",
        ),
        (Expected(not_words=("mi dica",)), "passo 3 (dice «ciao»): si è sentito «mi dica», che non si doveva sentire"),
        (Expected(node="goodbye"), "passo 3 (dice «ciao»): atteso al nodo goodbye, era al nodo ask_request."),
        (Expected(language="en"), "passo 3 (dice «ciao»): attesa la lingua en, la linea parlava it"),
        (Expected(words=("reso",)), "passo 3 (dice «ciao»): attese le parole «reso», sentito: «Buongiorno"),
    ],
)
def test_each_miss_is_a_sentence_that_says_what_was_heard_and_where(expected: Expected, sentence: str) -> None:
    result = judging.judge_step(3, Says(words="ciao"), expected, STOOD)
    assert not result.passed
    assert judging_words.step(result, "it").startswith(sentence)
    assert "expected" in judging_words.step(result, "en") or "was not to be heard" in judging_words.step(result, "en")


def test_a_call_that_was_over_before_a_step_says_so() -> None:
    result = judging.judge_step(2, Presses(keys="1"), Expected(), None)
    assert judging_words.step(result, "en") == "step 2 (presses 1): the call was already over."


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        (Ends(outcome="served"), "outcome"),
        (Ends(node="goodbye"), "node"),
        (Ends(skill="product"), "skill"),
        (Ends(queue="other"), "queue"),
        (Ends(language="en"), "language"),
        (Ends(routed=False), "not_routed"),
        (Ends(messages=("code_text",)), "message"),
        (Ends(cases=()), "case"),
        (Ends(cases=("complaint", "return")), "case"),
        (Ends(words=("arrivederci",)), "words"),
        (Ends(not_words=("buongiorno",)), "not_words"),
    ],
)
def test_every_end_that_is_another_is_found_and_told(ends: Ends, code: str) -> None:
    result = judging.judge_end(ends, ENDED, LINES)
    assert [miss.code for miss in result.misses] == [code]
    for language in ("it", "en"):
        assert judging_words.step(result, language).startswith({"it": "alla fine: ", "en": "at the end: "}[language])


def test_the_right_end_passes() -> None:
    ends = Ends(
        outcome="agent", node="survey_agent", skill="recovery", queue="main", routed=True, language="it",
        messages=("return_text", "reso APERTO"), cases=("complaint",),
    )  # fmt: skip
    assert judging.judge_end(ends, ENDED, LINES).passed


def test_a_call_that_broke_off_never_passes_unless_that_was_wanted() -> None:
    broken = Ended(outcome="failed", node="identify", language="it", trouble="500 from the service")
    assert [miss.code for miss in judging.judge_end(Ends(), broken, ()).misses] == ["failed"]
    assert judging.judge_end(Ends(outcome="failed"), broken, ()).passed


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_act_has_words_in_both_languages(language: str) -> None:
    acts = [
        Says(words="a"), Presses(keys="1"), IsSilent(), IsSilent(seconds=3), HangsUp(), Plays(wav="a.wav"), Listens()
    ]  # fmt: skip
    for act in acts:
        assert judging_words.act(judging.judge_step(1, act, Expected(), STOOD), language)


def test_a_result_goes_through_json_and_back() -> None:
    steps = (
        judging.judge_step(1, Says(words="ciao"), Expected(node="goodbye"), STOOD),
        judging.judge_end(Ends(cases=()), ENDED, LINES),
    )
    result = Result(name="one", state="failed", steps=steps, made_seconds=12.5, nodes=("identify", "greet"))
    again = judging.result_from_json(json.loads(json.dumps(result.as_json())))
    assert again == result
    assert again.first_failure == steps[0]
    assert judging_words.why(again, "it").startswith("passo 1")
