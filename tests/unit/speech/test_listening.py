"""One turn of listening, told as the carrier tells it: by messages. Whatever goes wrong, the turn comes back as far as heard."""

import base64
import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr import audio
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import MOST_REFUSED, STALLED_SECONDS, Ending, Listening, Question, Reply
from ivr.speech.recognizer import Busy, Heard, NoModel
from ivr.speech.scripted import Fails
from tests.listeners import KOREAN, korean_recognition, quiet, spoken
from tests.unit.speech.carrier_side import (
    CALL,
    NUMBER,
    SAID,
    SENTENCE,
    STOP,
    STREAM,
    Line,
    begun,
    ended,
    key,
    mark,
    start,
)


def test_a_spoken_request_comes_back_as_words_after_a_quiet_second() -> None:
    turn = ended(begun().hear(quiet(0.5) + spoken(SENTENCE) + quiet(5)))
    assert (turn.ended, turn.text, turn.confidence, turn.keys) == (Ending.SPEECH, SAID, 0.8, "")
    assert (turn.call_sid, turn.stream_sid, turn.failure) == (CALL, STREAM, "")
    assert 2 < turn.speech_seconds < turn.seconds < 6
    assert turn.speech_seconds <= len(turn.speech_pcm) / 16000 < turn.speech_seconds + 0.5
    assert (turn.late_messages, turn.lost_seconds, turn.refused_messages) == (0, 0, 0)


def test_a_real_recogniser_hears_in_a_turn_what_it_hears_in_the_file() -> None:
    pcm = audio.ulaw_to_pcm(audio.pcm_to_ulaw(spoken("uno due tre quattro")))
    question = Question(kind=AnswerKind.CHOICE, language="it")
    session = korean_recognition().open(KOREAN, rate_hz=8000)
    alone = korean_recognition().open(KOREAN, rate_hz=8000)
    assert not isinstance(session, NoModel | Busy)
    assert not isinstance(alone, NoModel | Busy)
    line = begun(question)
    line.listening = Listening(question, session)
    line.send(start())
    turn = ended(line.hear(quiet(1) + pcm + quiet(3)))
    alone.accept(pcm)
    heard = alone.finish()
    assert isinstance(heard, Heard)
    assert turn.text == heard.text != ""
    assert (turn.heard_by, turn.alternatives) == (heard.by, heard.alternatives)
    assert [word.text for word in turn.words] == [word.text for word in heard.words]
    # The words' seconds are those of the stream, whose first second held nothing.
    silent_at_begin = next(at for at in range(0, len(pcm), 320) if any(pcm[at : at + 320])) / 16000
    for ours, theirs in zip(turn.words, heard.words, strict=True):
        assert ours.begin_seconds == pytest.approx(theirs.begin_seconds + 1, abs=silent_at_begin + 0.05)


def test_a_silent_caller_ends_the_turn_without_words() -> None:
    turn = ended(begun().hear(quiet(9)))
    assert (turn.ended, turn.text, turn.confidence, turn.seconds) == (Ending.SILENCE, "", None, 5.0)


def test_the_question_sets_how_long_silence_is_waited_for() -> None:
    patient = Question(kind=AnswerKind.REQUEST, language="it", timeout_seconds=8)
    assert ended(begun(patient).hear(quiet(20))).seconds == 8.0


def test_enough_keys_end_the_turn_at_once() -> None:
    line = begun(NUMBER)
    assert [line.send(key(digit)).turn for digit in "10423"] == [None] * 5
    turn = ended(line.send(key("7")).turn)
    assert (turn.ended, turn.keys, turn.text) == (Ending.KEYS, "104237", "")


def test_the_finishing_key_ends_the_turn_and_is_not_among_its_keys() -> None:
    line = begun(NUMBER)
    line.send(key("4"))
    line.send(key("2"))
    turn = ended(line.send(key("#")).turn)
    assert (turn.ended, turn.keys) == (Ending.KEYS, "42")


def test_the_finishing_key_alone_is_like_saying_nothing() -> None:
    turn = ended(begun(NUMBER).send(key("#")).turn)
    assert (turn.ended, turn.keys) == (Ending.SILENCE, "")


def test_the_finishing_key_ends_a_sentence_without_waiting() -> None:
    line = begun()
    line.hear(spoken(SENTENCE))
    turn = ended(line.send(key("#")).turn)
    assert (turn.ended, turn.text, turn.keys) == (Ending.SPEECH, SAID, "")


def test_keys_that_stop_coming_are_taken_after_the_time_between_keys() -> None:
    line = begun(NUMBER)
    line.hear(quiet(4))
    line.send(key("4"))
    assert line.hear(quiet(4.9)) is None
    line.send(key("2"))
    assert line.hear(quiet(4.9)) is None
    turn = ended(line.hear(quiet(1)))
    assert (turn.ended, turn.keys) == (Ending.KEYS, "42")


def test_zero_for_a_person_counts_even_in_the_middle_of_a_sentence() -> None:
    line = begun()
    line.hear(spoken(SENTENCE)[:32000])
    turn = ended(line.send(key("0")).turn)
    assert (turn.ended, turn.keys, turn.text) == (Ending.KEYS, "0", "")


def test_a_prompt_is_played_and_marked_before_the_waiting_begins() -> None:
    prompt = audio.pcm_to_ulaw(spoken("Come posso aiutarla?"))
    line = begun(prompt_ulaw=prompt)
    played = b"".join(base64.b64decode(each["media"]["payload"]) for each in line.sent if each["event"] == "media")
    assert played.startswith(prompt)
    assert line.sent[-1] == {"event": "mark", "streamSid": STREAM, "mark": {"name": "prompt"}}
    assert line.hear(quiet(audio.seconds_of_ulaw(prompt))) is None
    line.send(mark())
    assert ended(line.hear(quiet(9))).seconds == pytest.approx(audio.seconds_of_ulaw(prompt) + 5.0, abs=0.05)


def test_a_mark_that_never_comes_back_does_not_hold_the_caller_up() -> None:
    line = begun(prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 8000)
    assert ended(line.hear(quiet(60))).seconds == pytest.approx(1 + 2 + 5, abs=0.05)


def test_a_caller_who_talks_over_the_prompt_silences_it_and_is_heard_from_the_first_word() -> None:
    line = begun(prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 80000)
    sentence = spoken(SENTENCE)
    turn = ended(line.hear(quiet(1) + sentence + quiet(5)))
    assert line.sent[-1] == {"event": "clear", "streamSid": STREAM}
    assert turn.interrupted_prompt
    assert (turn.ended, turn.text) == (Ending.SPEECH, SAID)
    assert turn.seconds < 8
    without_prompt = ended(begun().hear(quiet(1) + sentence + quiet(5)))
    assert turn.speech_seconds == pytest.approx(without_prompt.speech_seconds, abs=0.1)


def test_a_prompt_that_must_be_heard_out_is_not_silenced_by_a_voice_but_by_a_key() -> None:
    line = begun(
        Question(kind=AnswerKind.REQUEST, language="it", barge_in=False),
        prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 80000,
    )
    assert line.hear(spoken(SENTENCE)) is None
    assert "clear" not in {each["event"] for each in line.sent}
    turn = ended(line.send(key("0")).turn)
    assert line.sent[-1] == {"event": "clear", "streamSid": STREAM}
    assert (turn.keys, turn.interrupted_prompt) == ("0", True)


def test_a_hang_up_in_the_middle_brings_what_was_heard_so_far() -> None:
    line = begun()
    line.hear(spoken(SENTENCE))
    turn = ended(line.send(STOP).turn)
    assert (turn.ended, turn.text) == (Ending.STOPPED, SAID)


def test_a_stream_that_stands_still_brings_what_was_heard_so_far() -> None:
    line = begun()
    line.hear(spoken(SENTENCE))
    assert line.listening.wait(STALLED_SECONDS - 1).turn is None
    line.hear(quiet(0.02))
    assert line.listening.wait(STALLED_SECONDS - 1).turn is None
    turn = ended(line.listening.wait(1).turn)
    assert (turn.ended, turn.text) == (Ending.STALLED, SAID)


def test_a_socket_that_breaks_brings_what_was_heard_so_far() -> None:
    line = begun()
    line.hear(spoken(SENTENCE))
    assert (line.listening.close().ended, line.listening.close().text) == (Ending.STALLED, SAID)


def test_a_socket_on_which_nothing_ever_came_gives_an_empty_turn() -> None:
    turn = Line().listening.close()
    assert (turn.call_sid, turn.text, turn.keys, turn.seconds) == ("", "", "", 0)


def test_another_codec_ends_the_turn_at_once_with_the_reason() -> None:
    turn = ended(Line().send(start(encoding="audio/x-alaw")).turn)
    assert turn.ended is Ending.REFUSED
    assert "audio/x-alaw" in turn.failure


def test_the_stream_of_another_call_is_refused() -> None:
    turn = ended(Line(call_sid="CA" + "9" * 32).send(start()).turn)
    assert (turn.ended, turn.call_sid) == (Ending.REFUSED, "")
    assert turn.failure == "the stream belongs to another call"


def test_a_second_start_and_rubbish_between_the_frames_change_nothing() -> None:
    line = begun()
    sentence = spoken(SENTENCE)
    line.hear(sentence[:16000])
    rubbish: list[str | bytes] = [start(), start("CA9"), "", "{", b"\xff\x00", '{"event": "media"}', line.media(b"")]
    for message in rubbish:
        assert line.send(message) == Reply()
    turn = ended(line.hear(sentence[16000:] + quiet(5)))
    assert (turn.ended, turn.text, turn.call_sid) == (Ending.SPEECH, SAID, CALL)
    assert turn.refused_messages == len(rubbish)


def test_nothing_but_rubbish_ends_the_turn() -> None:
    line = Line()
    for _ in range(MOST_REFUSED - 1):
        assert line.send("rubbish").turn is None
    turn = ended(line.send("rubbish").turn)
    assert turn.ended is Ending.REFUSED
    assert turn.failure == "100 messages could not be used, the last: not JSON"


def test_audio_before_the_start_or_of_another_stream_is_not_heard() -> None:
    line = Line()
    line.send(line.media(bytes(160)))
    line.send(start(stream_sid="MZother"))
    line.send(line.media(bytes(160)))
    turn = line.listening.close()
    assert (turn.seconds, turn.refused_messages) == (0, 2)


@pytest.mark.parametrize("frame_bytes", [1, 37, 161, 800, 8000])
def test_frames_of_any_size_give_the_same_turn(frame_bytes: int) -> None:
    pcm = quiet(0.5) + spoken(SENTENCE)[:24000] + quiet(2)
    whole = ended(begun().hear(pcm))
    cut = ended(begun().hear(pcm, frame_bytes=frame_bytes))
    assert (cut.ended, cut.text, cut.seconds, cut.speech_pcm) == (
        whole.ended,
        whole.text,
        whole.seconds,
        whole.speech_pcm,
    )


def test_late_messages_are_left_out_and_counted() -> None:
    line = begun()
    line.hear(quiet(0.1))
    line.send(line.media(bytes(160), chunk="2"))
    turn = line.listening.close()
    assert (turn.late_messages, turn.seconds) == (1, 0.1)


def test_what_the_carrier_dropped_is_counted_by_its_time_stamps() -> None:
    line = begun()
    line.hear(quiet(0.1))
    line.milliseconds += 500
    line.hear(quiet(0.1))
    assert line.listening.close().lost_seconds == 0.5


def test_the_agents_side_of_the_call_is_not_taken_for_the_caller() -> None:
    line = begun()
    line.send(line.media(bytes(160), track="outbound"))
    assert line.listening.close().seconds == 0


def test_a_recogniser_that_fails_is_told_and_the_turn_still_ends() -> None:
    turn = ended(begun(script=Fails(reason="out of memory")).hear(spoken(SENTENCE) + quiet(5)))
    assert (turn.ended, turn.text, turn.failure) == (Ending.SPEECH, "", "out of memory")


def test_without_a_model_keys_still_answer() -> None:
    listening = Listening(NUMBER, NoModel(reason="no model for 'it'"))
    listening.accept(start())
    for digit in "104237":
        turn = listening.accept(key(digit)).turn
    assert turn is not None
    assert (turn.keys, turn.failure) == ("104237", "no model for 'it'")


def test_a_turn_that_is_over_stays_as_it_is() -> None:
    line = begun()
    turn = ended(line.send(key("0")).turn)
    assert line.send(key("1")) == Reply(turn=turn)
    assert line.send("rubbish") == Reply(turn=turn)
    assert line.listening.wait(60) == Reply(turn=turn)
    assert line.listening.close() is turn


def test_words_keys_and_voice_do_not_show_when_a_turn_is_printed() -> None:
    spoken_turn = ended(begun().hear(spoken(SENTENCE) + quiet(5)))
    keyed = ended(begun(Question(kind=AnswerKind.DIGITS, language="it", max_keys=1)).send(key("8")).turn)
    assert "ordine" not in repr(spoken_turn)
    assert "speech_pcm" not in repr(spoken_turn)
    assert "'8'" not in repr(keyed)


def _messages() -> Iterator[st.SearchStrategy[str | bytes]]:
    yield st.sampled_from([start(), STOP, mark(), mark("other"), key("0"), key("#"), "", "{}", b"\x00"])
    yield st.binary(min_size=1, max_size=400).map(lambda ulaw: Line().media(ulaw))
    yield st.binary(min_size=1, max_size=400).map(
        lambda ulaw: json.dumps(
            {"event": "media", "streamSid": STREAM, "media": {"payload": base64.b64encode(ulaw).decode()}}
        )
    )
    yield st.text(max_size=30)


@given(st.lists(st.one_of(*_messages()), max_size=30), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_order_of_messages_raises_and_a_turn_always_comes_back(messages: list[str | bytes], barge_in: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    question = Question(kind=AnswerKind.DIGITS, language="it", max_keys=3, barge_in=barge_in)
    line = Line(question, prompt_ulaw=bytes([audio.ULAW_SILENCE]) * 320)
    for message in messages:
        line.send(message)
    turn = line.listening.close()
    assert len(turn.keys) <= 3
    assert turn.seconds >= 0
