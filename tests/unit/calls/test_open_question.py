"""An open question is kept as text and read again, by this version of the service and by the next."""

import json

from ivr.calls.open_question import OpenQuestion, Spoken
from ivr.flow.steps import Ask, Expect, Say

ASK = Ask(
    say=Say(prompt="which_order"),
    expect=Expect.DIGITS,
    intents=("yes", "no"),
    slot="order_number",
    previous="1042",
    words=("lampada",),
    min_keys=4,
    max_keys=6,
    timeout_seconds=7.5,
    after_words_seconds=2.0,
    longest_seconds=20.0,
    barge_in=False,
    sensitivity="low",
)


def test_a_question_comes_back_as_it_was_kept() -> None:
    said = (Spoken(text="Qual è il numero?", language="it", recording="which_order"),)
    question = OpenQuestion.asked(ASK, listened_by="stream", prompts=said, streams_prompts=True)
    assert OpenQuestion.read(question.to_json()) == question
    assert (question.previous, question.words, question.sensitivity) == ("1042", ("lampada",), "low")
    assert (question.after_words_seconds, question.longest_seconds, question.min_keys) == (2.0, 20.0, 4)


def test_no_question_is_one_with_nothing_asked() -> None:
    assert OpenQuestion.read("") == OpenQuestion()


def test_what_an_older_or_newer_version_kept_is_read_as_far_as_it_is_known() -> None:
    older = json.dumps({"intents": ["yes"], "slot": "", "expect": "yes_no", "max_keys": 1})
    newer = json.dumps({**json.loads(older), "from_the_future": 1})
    assert OpenQuestion.read(older) == OpenQuestion.read(newer) == OpenQuestion(expect="yes_no", intents=("yes",))
