"""Words that fit the question, with a real model and spoken Korean: heard as such, or freely when something else was said."""

import logging
import shutil
from pathlib import Path

import pytest

from ivr.speech.recognizer import Heard, NoModel, Recognizer
from ivr.speech.vosk_recognizer import VoskRecognition
from tests.listeners import KOREAN, fresh_text, korean_model, korean_recognition, korean_spoken

pytest.importorskip("vosk", exc_type=ImportError)

YES, NO = ("네", "예"), ("아니요", "아니오")
DIGITS = ("영", "공", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")


def opened(phrases: tuple[str, ...], recognition: VoskRecognition | None = None) -> Recognizer:
    session = (recognition or korean_recognition()).open(KOREAN, rate_hz=8000, phrases=phrases, only_phrases=True)
    assert not isinstance(session, NoModel)
    return session


def heard(session: Recognizer, pcm: bytes) -> Heard:
    for start in range(0, len(pcm), 1600):
        session.accept(pcm[start : start + 1600])
    found = session.finish()
    assert isinstance(found, Heard)
    return found


@pytest.mark.parametrize(
    ("said", "phrases", "wanted", "is_sure"),
    [
        ("네", YES + NO, {"네", "예"}, True),
        ("아니요", YES + NO, {"아니요", "아니오"}, False),
        ("일", DIGITS, {"일"}, True),
        ("오", DIGITS, {"오"}, False),
        ("영", DIGITS, {"영"}, True),
        ("일 오", DIGITS, {"일 오"}, True),
    ],
)
def test_yes_no_and_digits_are_heard_as_such(
    said: str, phrases: tuple[str, ...], wanted: set[str], *, is_sure: bool
) -> None:
    found = heard(opened(phrases), korean_spoken(said))
    assert found.text in wanted
    assert found.by == "vosk restricted"
    assert found.confidence is not None
    # Where the phrases were doubtful the sound was heard freely as well, and the phrases were the better reading.
    others = {reading.by for reading in found.alternatives}
    assert others == (set() if is_sure else {"vosk restricted", "vosk"})


def test_free_recognition_does_not_hear_a_yes_that_restricted_recognition_hears() -> None:
    # Why words are restricted at all: a syllable over the telephone is too little for a whole vocabulary.
    assert fresh_text(korean_spoken("네")) != "네"


def test_something_else_goes_back_to_free_recognition_of_the_same_sound() -> None:
    pcm = korean_spoken("주문을 취소하고 싶어요") + korean_spoken("상담원 연결해 주세요")
    found = heard(opened(YES + NO), pcm)
    assert found.by == "vosk"
    assert found.text == fresh_text(pcm) != ""
    assert [reading.by for reading in found.alternatives] == ["vosk", "vosk restricted"]
    assert found.alternatives[0].text == found.text
    assert found.words[0].begin_seconds >= 0.2


def test_a_doubtful_turn_is_heard_freely_while_it_goes_on_so_that_its_end_comes_soon() -> None:
    session = opened(YES + NO)
    pcm = korean_spoken("주문을 취소하고 싶어요") + korean_spoken("상담원 연결해 주세요")
    for start in range(0, len(pcm), 3200):
        session.accept(pcm[start : start + 3200])
    assert session._freely_heard > 0.8 * len(pcm)  # type: ignore[attr-defined] # what is left to be heard
    found = session.finish()
    assert isinstance(found, Heard)
    assert found.text == fresh_text(pcm)


def test_partial_words_are_those_of_the_phrases() -> None:
    session = opened(DIGITS)
    pcm = korean_spoken("일 오")
    partials = [session.accept(pcm[start : start + 3200]) for start in range(0, len(pcm), 3200)]
    session.finish()
    assert set(" ".join(partials).split()) <= set(DIGITS)
    assert any(partials)


def test_phrases_that_the_model_does_not_know_leave_the_turn_unrestricted(caplog: pytest.LogCaptureFixture) -> None:
    recognition = _on_the_shared_model(korean_model())
    with caplog.at_level(logging.WARNING):
        found = [heard(opened(("quarantadue", "sì"), recognition), korean_spoken("오")) for _ in range(2)]
    assert {one.text for one in found} == {fresh_text(korean_spoken("오"))}
    assert caplog.messages == ["the Vosk model for 'ko' knows none of the words of a question"]


def test_a_model_with_a_fixed_graph_hears_freely_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "fixed"
    shutil.copytree(korean_model(), folder, symlinks=True, ignore=shutil.ignore_patterns("graph"))
    (folder / "graph").mkdir()
    recognition = _on_the_shared_model(folder)
    with caplog.at_level(logging.WARNING):
        found = [heard(opened(DIGITS, recognition), korean_spoken("오")) for _ in range(2)]
    assert {one.text for one in found} == {fresh_text(korean_spoken("오"))}
    assert caplog.messages == ["the Vosk model for 'ko' has a fixed graph: answers are not restricted to words"]


def _on_the_shared_model(folder: Path) -> VoskRecognition:
    korean_recognition().load(KOREAN, lambda _message: None)
    recognition = VoskRecognition({KOREAN: folder})
    recognition._loaded.update(korean_recognition()._loaded)
    return recognition
