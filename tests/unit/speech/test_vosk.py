"""Vosk, with a real model: its words are Vosk's own, a model is loaded once, and what is missing is said and not raised."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ivr.speech.recognizer import Heard, NoModel, NotHeard
from ivr.speech.vosk_recognizer import VoskRecognition
from ivr.speech.vosk_turn import Hearer, VoskTurn
from tests.listeners import KOREAN, korean_model, korean_recognition, quiet, spoken

vosk = pytest.importorskip("vosk", exc_type=ImportError)


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize(
    ("text", "voice"),
    [("uno due tre quattro", "it-IT"), ("I would like to speak to a person please, now.", "en-GB")],
)
def test_a_turn_fed_in_frames_has_the_words_of_one_pass_over_the_whole_file(
    text: str, voice: str, rate_hz: int
) -> None:
    pcm = spoken(text, voice, rate_hz=rate_hz) + quiet(0.3, rate_hz=rate_hz)
    recognition = korean_recognition()
    session = recognition.open(KOREAN, rate_hz=rate_hz)
    assert not isinstance(session, NoModel)
    frame_bytes = rate_hz // 50 * 2
    for start in range(0, len(pcm), frame_bytes):
        session.accept(pcm[start : start + frame_bytes])
    heard = session.finish()

    whole = vosk.KaldiRecognizer(recognition._loaded[KOREAN], rate_hz)
    whole.AcceptWaveform(pcm)
    assert isinstance(heard, Heard)
    assert heard.text == json.loads(whole.FinalResult())["text"] != ""


def test_a_model_is_loaded_once_for_all_sessions_and_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = vosk.Model

    def counted(path: str) -> Any:
        loaded.append(path)
        return load(path)

    monkeypatch.setattr(vosk, "Model", counted)
    recognition = VoskRecognition({KOREAN: korean_model()})
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: recognition.open(KOREAN, rate_hz=8000), range(8)))
    assert all(isinstance(session, VoskTurn) for session in opened)
    assert loaded == [str(korean_model())]


def test_nothing_is_loaded_before_the_first_session() -> None:
    assert VoskRecognition({"it": Path("/nowhere")})._loaded == {}


def _reason(models: dict[str, Path], language: str = "it") -> str:
    lacking = VoskRecognition(models).open(language, rate_hz=8000)
    assert isinstance(lacking, NoModel)
    return lacking.reason


def test_a_language_without_a_setting_names_the_setting() -> None:
    assert _reason({}) == "the setting vosk_models names no Vosk model for 'it'"


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert _reason({"it": missing}) == f"the folder of the Vosk model for 'it' does not exist: {missing}"


def test_a_folder_with_rubbish_in_it_is_named(tmp_path: Path) -> None:
    for name in ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("rubbish" if name.endswith("mdl") else "", encoding="utf-8")
    reason = _reason({"it": tmp_path})
    assert reason.startswith("the folder for 'it' holds no Vosk model that can be loaded")
    assert reason.endswith(str(tmp_path))


def test_a_model_put_in_place_later_is_found_at_the_next_call(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    recognition = VoskRecognition({KOREAN: folder})
    assert isinstance(recognition.open(KOREAN, rate_hz=8000), NoModel)
    folder.symlink_to(korean_model())
    assert isinstance(recognition.open(KOREAN, rate_hz=8000), VoskTurn)


class BrokenNative:
    """A native recogniser that gives up: it cannot be brought about with a sound model."""

    def AcceptWaveform(self, _pcm: bytes) -> int:  # noqa: N802 - Vosk's name
        raise Exception("Failed to process waveform")  # noqa: TRY002 - what Vosk raises


class OneHearer:
    """Gives the recogniser that it was made with, and keeps whether that was clean when it was let go."""

    are_restricted = False

    def __init__(self, native: Any) -> None:
        self.native = native
        self.were_clean: list[bool] = []

    def free(self, *, wait_seconds: float) -> Hearer:
        assert wait_seconds >= 0
        return Hearer(self.native, rate_hz=8000, let_go=lambda _fed, is_clean: self.were_clean.append(is_clean))

    def restricted(self) -> Hearer:
        raise AssertionError("this turn is not restricted")


def test_a_session_that_breaks_is_told_at_the_end_of_the_turn_and_its_recogniser_is_not_used_again() -> None:
    hearers = OneHearer(BrokenNative())
    session = VoskTurn(hearers, rate_hz=8000)
    assert session.accept(quiet(1)) == ""
    assert session.accept(quiet(1)) == ""
    assert session.finish() == NotHeard(reason="Vosk failed: Failed to process waveform")
    assert hearers.were_clean == [False]
