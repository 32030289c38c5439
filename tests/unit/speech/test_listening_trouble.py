"""What can go wrong on a media stream, one by one: the turn comes back as far as it was heard, and nobody waits for ever."""

import pytest

from ivr import audio
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import MOST_REFUSED, MOST_WITHOUT_SOUND, STALLED_SECONDS, Ending, Listening, Question
from ivr.speech.recognizer import Busy, Heard, Hearsay, NotHeard, Word
from ivr.speech.scripted import Hears
from tests.listeners import quiet, spoken
from tests.unit.speech.carrier_side import (
    CALL,
    NUMBER,
    REQUEST,
    SAID,
    SENTENCE,
    STOP,
    Line,
    begun,
    ended,
    key,
    mark,
    start,
)


class Listener:
    """A recogniser that keeps what it was given, to be asked about it."""

    def __init__(self, *words_so_far: str) -> None:
        self.pcm = b""
        self.was_finished = False
        self.words_so_far = words_so_far or ("",)

    def accept(self, pcm: bytes) -> str:
        self.pcm += pcm
        return self.words_so_far[min(len(self.pcm) // 16000, len(self.words_so_far) - 1)]

    def finish(self) -> Hearsay:
        self.was_finished = True
        words = (Word(text="pronto", begin_seconds=0.5, end_seconds=0.9, confidence=1.0),)
        return Heard(text="pronto", confidence=1.0, words=words, by="script")


def heard_by(listener: Listener, question: Question = REQUEST) -> Line:
    line = Line(question)
    line.listening = Listening(question, listener)
    line.send(start())
    return line


def test_a_stream_that_stalls_in_the_middle_of_a_word_is_given_up_with_what_was_heard() -> None:
    line = begun()
    line.hear(quiet(0.5) + spoken(SENTENCE)[:40000])
    turn = ended(line.listening.wait(STALLED_SECONDS).turn)
    assert (turn.ended, turn.text) == (Ending.STALLED, SAID)
    assert turn.speech_seconds > 1


def test_a_socket_that_dies_in_the_middle_of_a_word_brings_what_was_heard_of_it() -> None:
    listener = Listener()
    line = heard_by(listener)
    said = spoken(SENTENCE)[:40000]
    line.hear(said)
    turn = line.listening.close()
    assert (turn.ended, turn.text, turn.heard_by) == (Ending.STALLED, "pronto", "script")
    assert len(listener.pcm) / len(said) > 0.8


def test_nothing_for_a_minute_ends_the_turn_after_three_seconds_of_it() -> None:
    line = begun()
    waited = 0.0
    while line.listening.wait(0.5).turn is None:
        waited += 0.5
    assert waited == STALLED_SECONDS - 0.5
    assert line.listening.wait(60).turn == line.listening.close()


def test_nothing_before_the_start_ends_the_turn_as_well() -> None:
    assert ended(Line().listening.wait(60).turn).ended is Ending.STALLED


def test_messages_without_sound_do_not_keep_a_stream_alive() -> None:
    line = begun()
    line.hear(quiet(0.1))
    for _ in range(MOST_WITHOUT_SOUND):
        assert line.send(mark("another")).turn is None
    assert ended(line.send(mark("another")).turn).ended is Ending.STALLED


def test_the_same_message_again_is_not_heard_again() -> None:
    line = begun()
    message = line.media(bytes(160))
    for _ in range(5):
        line.send(message)
    turn = line.listening.close()
    assert (turn.seconds, turn.late_messages) == (0.02, 4)


def test_messages_out_of_order_are_left_out_and_the_rest_is_heard() -> None:
    line = begun()
    messages = [line.media(b"\x10" * 160) for _ in range(10)]
    for at in (0, 1, 3, 2, 4, 5, 9, 6, 7, 8):
        line.send(messages[at])
    turn = line.listening.close()
    assert (turn.seconds, turn.late_messages) == (0.12, 4)


def test_messages_of_another_stream_in_between_are_not_heard() -> None:
    line = begun()
    for _ in range(20):
        line.hear(quiet(0.02))
        line.send(line.media(b"\x10" * 160).replace("MZ1", "MZ9", 1))
    turn = line.listening.close()
    assert (turn.seconds, turn.refused_messages) == (0.4, 20)


def test_another_codec_after_the_start_is_refused_like_rubbish() -> None:
    line = begun()
    line.hear(spoken(SENTENCE))
    line.send(start(encoding="audio/x-alaw"))
    turn = ended(line.hear(quiet(5)))
    assert (turn.ended, turn.text, turn.refused_messages) == (Ending.SPEECH, SAID, 1)


def test_rubbish_after_some_words_keeps_the_words() -> None:
    line = begun()
    line.hear(spoken(SENTENCE))
    turn = None
    for _ in range(MOST_REFUSED):
        turn = line.send("rubbish").turn
    assert (ended(turn).ended, ended(turn).text) == (Ending.REFUSED, SAID)


def test_a_hang_up_after_the_turn_changes_nothing() -> None:
    line = begun()
    turn = ended(line.hear(spoken(SENTENCE) + quiet(5)))
    assert line.send(STOP).turn is turn


def test_sound_that_comes_too_late_is_not_recognised_but_its_time_passes() -> None:
    listener = Listener()
    line = heard_by(listener)
    turn = ended(line.hear(quiet(1) + spoken(SENTENCE) + quiet(5), late_seconds=2.0))
    in_time = ended(heard_by(Listener()).hear(quiet(1) + spoken(SENTENCE) + quiet(5)))
    assert listener.pcm == b""
    assert (turn.ended, turn.seconds) == (Ending.SPEECH, in_time.seconds)
    assert (turn.late_messages, turn.lost_seconds) == (round(turn.seconds / 0.02), pytest.approx(turn.seconds))
    assert turn.text == ""


def test_what_comes_in_time_again_is_heard_again() -> None:
    listener = Listener()
    line = heard_by(listener)
    sentence = spoken(SENTENCE)
    assert line.hear(sentence[:16000]) is None
    heard_first = len(listener.pcm)
    assert line.hear(sentence[16000:32000], late_seconds=1.5) is None
    assert len(listener.pcm) == heard_first
    turn = ended(line.hear(sentence[32000:] + quiet(5)))
    assert len(listener.pcm) > heard_first
    assert turn.lost_seconds == pytest.approx(1)


def test_a_key_is_taken_however_late_it_comes() -> None:
    line = begun()
    assert ended(line.send(key("0"), late_seconds=30).turn).keys == "0"


def test_a_turn_without_speech_asks_no_recogniser() -> None:
    listener = Listener()
    turn = ended(heard_by(listener).hear(quiet(9)))
    assert (turn.ended, turn.text, turn.recognized_seconds) == (Ending.SILENCE, "", 0)
    assert (listener.pcm, listener.was_finished) == (b"", False)


def test_a_recogniser_is_given_the_speech_and_little_more() -> None:
    listener = Listener()
    sentence = audio.ulaw_to_pcm(audio.pcm_to_ulaw(spoken(SENTENCE)))  # as it comes over the wire
    turn = ended(heard_by(listener).hear(quiet(3) + sentence + quiet(5)))
    assert turn.seconds > 6
    # A sentence fills its last frame seldom.
    assert turn.recognized_seconds <= len(sentence) / 16000 + audio.FRAME_SECONDS
    assert listener.pcm in sentence
    assert turn.first_word_seconds == pytest.approx(3.3, abs=0.3)
    # The one word that it heard began half a second into what it was given.
    assert turn.words[0].begin_seconds == pytest.approx(3.5 + sentence.find(listener.pcm) / 16000, abs=0.02)


def test_who_keys_is_not_kept_waiting_for_words() -> None:
    listener = Listener()
    line = heard_by(listener, NUMBER)
    line.hear(spoken(SENTENCE)[:32000])
    for digit in "104237":
        turn = line.send(key(digit)).turn
    assert (ended(turn).keys, ended(turn).text, listener.was_finished) == ("104237", "", False)


def test_the_words_so_far_are_told_once_each() -> None:
    told: list[str] = []
    line = begun(script=Hears(text="uno due tre"), on_words=told.append)
    ended(line.hear(spoken(SENTENCE) + quiet(5)))
    assert told == ["uno", "uno due", "uno due tre"]


def test_the_words_so_far_decide_how_long_is_waited() -> None:
    question = Question(kind=AnswerKind.DIGITS, language="it", least_digits=4, most_digits=6)
    said = spoken(SENTENCE)
    seconds = [
        ended(heard_by(Listener("", words), question).hear(said + quiet(9))).seconds
        for words in ("quattro due", "quattro due zero sette", "quattro due zero sette uno nove")
    ]
    assert seconds[0] - seconds[1] == pytest.approx(0.7, abs=0.03)
    assert seconds[1] - seconds[2] == pytest.approx(0.8, abs=0.03)


def test_a_machine_at_its_limit_still_takes_keys() -> None:
    listening = Listening(NUMBER, Busy(reason="no thread is free"), call_sid=CALL)
    listening.accept(start())
    listening.accept(key("7"))
    turn = ended(listening.accept(key("#")).turn)
    assert (turn.keys, turn.failure) == ("7", "no thread is free")


class Broken(Listener):
    """A recogniser that fails at the end."""

    def finish(self) -> Hearsay:
        return NotHeard(reason="out of memory")


def test_a_recogniser_that_breaks_ends_no_turn_and_is_told() -> None:
    turn = ended(heard_by(Broken()).hear(spoken(SENTENCE) + quiet(5)))
    assert (turn.ended, turn.text, turn.failure) == (Ending.SPEECH, "", "out of memory")
    assert turn.recognized_seconds > 1
