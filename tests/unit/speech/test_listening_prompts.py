"""Prompts over the stream: how they are sent, when they are over, and what a caller's voice and keys do to them."""

import base64

import pytest

from ivr import audio
from ivr.speech.barge_in import Sensitivity
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Ending, Question
from tests.listeners import quiet, spoken
from tests.unit.speech.carrier_side import SAID, SENTENCE, STREAM, begun, ended, key, mark

PROMPT = "Il suo ordine è in viaggio e arriva domani. Posso fare altro per lei?"
HEARD_OUT = Question(kind=AnswerKind.REQUEST, language="it", barge_in=False)


def prompt(text: str = PROMPT) -> bytes:
    return audio.pcm_to_ulaw(spoken(text))


def echoed(ulaw: bytes, *, below: int = 20) -> bytes:
    """What comes back of a prompt: it, 0.1 s later and fainter."""
    fainter = audio.ulaw_to_pcm(ulaw)
    samples = [int.from_bytes(fainter[at : at + 2], "little", signed=True) // below for at in range(0, len(fainter), 2)]
    return quiet(0.1) + b"".join(one.to_bytes(2, "little", signed=True) for one in samples)


def test_a_prompt_of_some_seconds_is_a_few_messages_and_a_mark() -> None:
    sound = prompt()
    line = begun(prompt_ulaw=sound)
    media = [base64.b64decode(each["media"]["payload"]) for each in line.sent[:-1]]
    assert b"".join(media) == sound
    assert len(media) == -(-len(sound) // 4000)
    assert line.sent[-1] == {"event": "mark", "streamSid": STREAM, "mark": {"name": "prompt"}}


def test_a_prompt_that_echoes_on_the_line_does_not_stop_itself() -> None:
    sound = prompt()
    line = begun(prompt_ulaw=sound)
    assert line.hear(echoed(sound)) is None
    assert [each["event"] for each in line.sent if each["event"] == "clear"] == []
    line.send(mark())
    turn = ended(line.hear(quiet(9)))
    assert (turn.ended, turn.interrupted_prompt, turn.recognized_seconds) == (Ending.SILENCE, False, 0)


@pytest.mark.parametrize("sensitivity", list(Sensitivity))
def test_a_sentence_over_the_prompt_stops_it_whatever_the_sensitivity(sensitivity: Sensitivity) -> None:
    question = Question(kind=AnswerKind.REQUEST, language="it", sensitivity=sensitivity)
    line = begun(question, prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 80000)
    turn = ended(line.hear(quiet(1) + spoken(SENTENCE) + quiet(5)))
    assert line.sent[-1]["event"] == "clear"
    assert (turn.interrupted_prompt, turn.ended, turn.text) == (True, Ending.SPEECH, SAID)
    assert turn.first_word_seconds == pytest.approx(1.3, abs=0.3)


def test_a_key_stops_a_prompt_that_no_voice_may_stop() -> None:
    line = begun(HEARD_OUT, prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 80000)
    assert line.hear(spoken(SENTENCE)) is None
    assert "clear" not in {each["event"] for each in line.sent}
    turn = ended(line.send(key("0")).turn)
    assert line.sent[-1]["event"] == "clear"
    assert (turn.keys, turn.interrupted_prompt) == ("0", True)


def test_who_talks_as_the_prompt_ends_is_heard_from_the_beginning() -> None:
    line = begun(HEARD_OUT, prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 80000)
    sentence = spoken(SENTENCE)
    assert line.hear(quiet(1) + sentence[: 2 * 8000 * 2]) is None  # two seconds of it over the prompt
    line.send(mark())
    turn = ended(line.hear(sentence[2 * 8000 * 2 :] + quiet(5)))
    alone = ended(begun().hear(quiet(1) + sentence + quiet(5)))
    assert (turn.ended, turn.text, turn.interrupted_prompt) == (Ending.SPEECH, SAID, False)
    assert turn.first_word_seconds == pytest.approx(alone.first_word_seconds, abs=0.2)
    assert turn.recognized_seconds == pytest.approx(alone.recognized_seconds, abs=0.2)


def test_who_begins_just_before_the_prompt_ends_is_heard_from_the_beginning() -> None:
    line = begun(prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 80000)
    sentence = spoken(SENTENCE)
    begins = next(at for at in range(0, len(sentence), 320) if max(sentence[at + 1 : at + 320 : 2]) > 2)
    assert line.hear(quiet(1) + sentence[: begins + 2 * 1600]) is None  # 0.2 s of it over the prompt
    line.send(mark())
    turn = ended(line.hear(sentence[begins + 2 * 1600 :] + quiet(5)))
    alone = ended(begun().hear(quiet(1) + sentence + quiet(5)))
    assert (turn.ended, turn.text, turn.interrupted_prompt) == (Ending.SPEECH, SAID, False)
    assert turn.recognized_seconds == pytest.approx(alone.recognized_seconds, abs=0.25)


def test_what_was_said_and_done_before_the_prompt_ended_is_no_answer() -> None:
    line = begun(HEARD_OUT, prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 80000)
    assert line.hear(spoken(SENTENCE) + quiet(2)) is None
    line.send(mark())
    turn = ended(line.hear(quiet(9)))
    assert (turn.ended, turn.text, turn.recognized_seconds) == (Ending.SILENCE, "", 0)


def test_the_prompts_own_mark_ends_it_and_another_does_not() -> None:
    line = begun(prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 8000)
    line.send(mark("another"))
    line.hear(quiet(1))
    line.send(mark())
    assert ended(line.hear(quiet(9))).seconds == pytest.approx(1 + 5)


def test_a_mark_that_comes_back_twice_changes_nothing() -> None:
    line = begun(prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 8000)
    line.send(mark())
    line.hear(quiet(0.1) + spoken(SENTENCE))
    line.send(mark())
    assert ended(line.hear(quiet(5))).text == SAID
