"""Warm recognisers with a real model: the words of a fresh one, nothing of the former caller, and one model for everybody."""

import gc
import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest

from ivr.speech.recognizer import Heard, NoModel, NotHeard, Recognizer
from ivr.speech.vosk_recognizer import RECOGNIZER_MIB, VoskRecognition
from tests.listeners import KOREAN, fresh_text, korean_model, korean_recognition, quiet, shared_speech, spoken

pytest.importorskip("vosk", exc_type=ImportError)

RATE_HZ = 8000
TURNS = 500
THREADS = 3


def pooled(recognizers: int = THREADS) -> VoskRecognition:
    """A pool of its own on the model that all tests share."""
    recognition = VoskRecognition({KOREAN: korean_model()}, memory_mb=recognizers * RECOGNIZER_MIB)
    korean_recognition().load(KOREAN, lambda _message: None)
    recognition._loaded.update(korean_recognition()._loaded)
    return recognition


def opened(recognition: VoskRecognition) -> Recognizer:
    session = recognition.open(KOREAN, rate_hz=RATE_HZ)
    assert not isinstance(session, NoModel)
    return session


def heard(session: Recognizer, pcm: bytes, piece_bytes: int = 1600) -> Heard:
    for start in range(0, len(pcm), piece_bytes):
        session.accept(pcm[start : start + piece_bytes])
    found = session.finish()
    assert isinstance(found, Heard)
    return found


def test_set() -> list[bytes]:
    """Short speech: real where it is to be had (AN4, Asterisk's Italian prompts), made by the machine elsewhere and besides."""
    made = [
        spoken(text) for text in ("uno", "quattro", "sette", "vorrei un rimborso", "no grazie", "ordine quarantadue")
    ]
    return made + shared_speech("an4", shortest=12) + shared_speech("asterisk-it", shortest=12)


test_set.__test__ = False  # type: ignore[attr-defined] # it is the set, not a test


@pytest.mark.timeout(600)
def test_pooled_text_is_fresh_text_in_any_order_on_several_threads_and_no_word_strays_into_another_call() -> None:
    speech = test_set()
    fresh = [fresh_text(pcm) for pcm in speech]
    assert len(set(fresh)) > len(speech) / 2, "the set does not tell the calls apart"
    recognition = pooled()
    order = random.Random(7)  # noqa: S311 - a shuffled order, no secret
    turns = [order.randrange(len(speech)) for _ in range(TURNS)]
    with ThreadPoolExecutor(THREADS) as threads:
        texts = list(threads.map(lambda at: heard(opened(recognition), speech[at]).text, turns))
    assert [(at, text) for at, text in zip(turns, texts, strict=True) if text != fresh[at]] == []
    assert recognition.figures().made <= THREADS


def test_nothing_of_the_former_caller_can_be_had_from_a_recogniser_that_is_given_out() -> None:
    recognition = pooled(1)
    assert heard(opened(recognition), spoken("vorrei un rimborso")).text
    (warm,) = recognition._pool._idle
    for answer in (warm.native.PartialResult(), warm.native.Result(), warm.native.FinalResult()):
        assert not any(json.loads(answer).values()), answer
    following = opened(recognition)
    assert following.accept(quiet(0.4)) == ""
    assert following.finish() == Heard(text="", confidence=None)


def test_a_recogniser_that_still_tells_something_is_let_go() -> None:
    recognition = pooled(1)
    opened(recognition).finish()
    session = opened(recognition)
    session.accept(spoken("uno"))
    (warm,) = recognition._pool._taken
    warm.native = Leaky(warm.native)
    session._hearer._native = warm.native  # type: ignore[attr-defined] # put in its place
    assert isinstance(session.finish(), Heard)
    figures = recognition.figures()
    assert (figures.idle, figures.taken, figures.dropped) == (0, 0, 1)


class Leaky:
    """A real recogniser that goes on telling its last words."""

    def __init__(self, native: Any) -> None:
        self._native = native

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)

    def PartialResult(self) -> str:  # noqa: N802 - Vosk's name
        return '{"partial": "what the caller said"}'


def test_word_times_count_from_the_turn_and_not_from_the_recognisers_first_turn() -> None:
    recognition = pooled(1)
    pcm = spoken("vorrei un rimborso") + quiet(0.3)
    first = heard(opened(recognition), pcm)
    heard(opened(recognition), spoken("ordine quarantadue"))
    again = heard(opened(recognition), pcm)
    assert first.words
    assert [word.text for word in again.words] == [word.text for word in first.words]
    for word, once in zip(again.words, first.words, strict=True):
        assert word.begin_seconds == pytest.approx(once.begin_seconds, abs=0.002)
        assert word.end_seconds == pytest.approx(once.end_seconds, abs=0.002)


def test_a_turn_that_never_speaks_takes_no_recogniser() -> None:
    recognition = pooled(1)
    sessions = [opened(recognition) for _ in range(20)]
    assert all(session.finish() == Heard(text="", confidence=None) for session in sessions)
    assert recognition.figures().made == 0


def test_a_caller_beyond_the_memory_is_heard_when_another_has_finished() -> None:
    recognition = pooled(1)
    pcm = spoken("no grazie")
    first, second = opened(recognition), opened(recognition)
    first.accept(pcm)
    assert second.accept(pcm) == ""
    assert recognition.figures().taken == 1
    ending = Thread(target=first.finish)
    ending.start()
    found = second.finish()
    ending.join()
    assert isinstance(found, Heard)
    assert found.text == fresh_text(pcm)


def test_a_caller_beyond_the_memory_whom_nobody_makes_room_for_is_told_why() -> None:
    recognition = pooled(1)
    first, second = opened(recognition), opened(recognition)
    first.accept(spoken("uno"))
    second.accept(spoken("uno"))
    assert second.finish() == NotHeard(reason="Vosk: memory allows no more recognisers at once (speech_memory_mb)")


def test_a_turn_whose_holder_died_does_not_keep_its_recogniser() -> None:
    recognition = pooled(1)
    session = opened(recognition)
    session.accept(spoken("uno"))
    assert recognition.figures().taken == 1
    del session
    gc.collect()
    assert recognition.figures().taken == 0


def test_recognisers_are_made_warm_when_their_model_is_loaded() -> None:
    recognition = VoskRecognition({KOREAN: korean_model()}, warm=2)
    recognition._loaded.update(pooled()._loaded)
    told: list[str] = []
    recognition.load(KOREAN, told.append)
    figures = recognition.figures()
    assert (figures.idle, figures.made) == (2, 2)
    assert [re.sub(r"[0-9.]+ s", "N s", message) for message in told] == [
        "the Vosk model for 'ko' is being loaded",
        "the Vosk model for 'ko' was loaded in N s",
        "2 recognisers for 'ko' were warm after N s",
    ]
    assert opened(recognition).finish() == Heard(text="", confidence=None)
