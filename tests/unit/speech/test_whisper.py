"""Whisper hears whole utterances: Italian speech with the packaged model, and what is said where it cannot."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ivr.commands import trial_model
from ivr.commands.trial_model import Joined, joined_whisper
from ivr.speech import whisper_hearing
from ivr.speech.recognizer import Heard, Loaded, NoModel
from ivr.speech.whisper_recognizer import WhisperRecognition
from ivr.synthesis import Speaker
from tests.listeners import quiet
from tests.whisper import italian, whisper_folder, whisper_recognition

REQUEST = "vorrei restituire il tappeto che ho comprato"
YES_NO = ("sì", "certo", "esatto", "va bene", "sì grazie", "no", "no grazie", "assolutamente no", "operatore", "ripeta")


def heard(pcm: bytes, *, piece_bytes: int = 320, rate_hz: int = 8000, phrases: tuple[str, ...] = ()) -> Heard:
    session = whisper_recognition().open("it", rate_hz=rate_hz, phrases=phrases, only_phrases=bool(phrases))
    assert not isinstance(session, NoModel)
    for start in range(0, len(pcm), piece_bytes):
        assert session.accept(pcm[start : start + piece_bytes]) == ""
    hearsay = session.finish()
    assert isinstance(hearsay, Heard)
    return hearsay


def test_italian_request_is_heard_with_times_and_confidence() -> None:
    pcm = quiet(0.5) + italian(REQUEST) + quiet(0.5)
    answer = heard(pcm)
    assert "restituire il tappeto che ho comprato" in answer.text
    assert answer.by == "whisper"
    assert " ".join(word.text for word in answer.words) == answer.text
    times = [time for word in answer.words for time in (word.begin_seconds, word.end_seconds)]
    assert times == sorted(times)
    assert times[-1] <= len(pcm) / 16000
    assert answer.confidence is not None
    assert 0 < answer.confidence <= 1
    assert "tappeto" not in repr(answer)


def test_equal_sound_gives_equal_text_however_it_is_cut() -> None:
    pcm = quiet(0.5) + italian(REQUEST) + quiet(0.5)
    assert heard(pcm) == heard(pcm) == heard(pcm, piece_bytes=len(pcm)) == heard(pcm, piece_bytes=1000)


def test_silence_is_nothing_and_noise_is_no_subtitle() -> None:
    assert heard(b"") == Heard(text="", confidence=None)
    assert heard(quiet(3)) == Heard(text="", confidence=None)
    noise = np.random.default_rng(1).normal(0, 300, 8000 * 4).astype("<i2").tobytes()
    assert not whisper_hearing._PHANTOMS.search(heard(noise).text)


@pytest.mark.parametrize(
    "text",
    [
        "Sottotitoli e revisione a cura di QTSS",
        "Sottotitoli creati dalla comunità Amara.org",
        "Thanks for watching!",
        "Grazie per la visione",
    ],
)
def test_known_phantoms_are_told_from_what_callers_say(text: str) -> None:
    assert whisper_hearing._PHANTOMS.search(text)
    assert not whisper_hearing._PHANTOMS.search("grazie, vorrei la revisione della mia macchina")


def test_short_answer_is_heard_as_one_of_the_words_that_fit() -> None:
    low = quiet(0.5) + italian("no", Speaker.CALLER) + quiet(0.5)
    assert heard(low).text.lower().strip(".") != "no"  # what makes the words of the question worth their while
    restricted = heard(low, phrases=YES_NO)
    assert restricted.text == "no"
    assert restricted.by == "whisper restricted"
    assert [reading.by for reading in restricted.alternatives] == ["whisper"]


@pytest.mark.parametrize("text", ["vorrei un operatore", "un attimo per favore", "il pacco non è arrivato"])
def test_who_says_something_else_is_not_pressed_into_the_words_that_fit(text: str) -> None:
    answer = heard(quiet(0.5) + italian(text) + quiet(0.5), phrases=("sì", "certo", "va bene", "no", "no grazie"))
    assert answer.by == "whisper"
    assert text.rsplit(maxsplit=1)[-1] in answer.text.lower()


def test_model_is_loaded_once_and_says_so() -> None:
    told: list[str] = []
    recognition = WhisperRecognition(str(whisper_folder()))
    assert recognition.load("it", told.append) == Loaded()
    assert recognition.load("en", told.append) == Loaded()
    assert "loaded" in told[0]
    assert recognition._loaded() is recognition._loaded()
    assert isinstance(recognition.open("xx", rate_hz=8000), NoModel)


@pytest.mark.parametrize("name", ["", "/nowhere/at/all", "./var/none", "no-such-model-name"])
def test_missing_model_is_a_value_with_its_reason(name: str) -> None:
    pytest.importorskip(
        "faster_whisper", reason="the package faster-whisper is not installed here", exc_type=ImportError
    )
    lacking = WhisperRecognition(name).open("it", rate_hz=8000)
    assert isinstance(lacking, NoModel)
    assert "Whisper model" in lacking.reason
    assert name in lacking.reason or "/" in name


def test_name_that_cannot_be_fetched_says_to_give_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip(
        "faster_whisper", reason="the package faster-whisper is not installed here", exc_type=ImportError
    )
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    lacking = WhisperRecognition("tiny").open("it", rate_hz=8000)
    assert isinstance(lacking, NoModel)
    assert "give a folder where there is no network" in lacking.reason


def test_folder_that_lacks_files_never_asks_the_network(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"0")
    lacking = WhisperRecognition(str(tmp_path)).open("it", rate_hz=8000)
    assert isinstance(lacking, NoModel)
    assert "config.json, tokenizer.json not being there" in lacking.reason


def test_spoilt_model_is_a_value(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).symlink_to((whisper_folder() / name).resolve())
    (tmp_path / "model.bin").write_bytes(b"not a model")
    lacking = WhisperRecognition(str(tmp_path)).open("it", rate_hz=8000)
    assert isinstance(lacking, NoModel)
    assert "cannot be read" in lacking.reason


def test_without_the_package_there_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).touch()
    lacking = WhisperRecognition(str(tmp_path)).open("it", rate_hz=8000)
    assert isinstance(lacking, NoModel)
    assert "faster-whisper cannot be used" in lacking.reason


def test_packaged_halves_are_joined_once_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whisper_folder()
    joined = joined_whisper(tmp_path)
    assert isinstance(joined, Joined)
    made = (joined.folder / "model.bin").stat().st_mtime_ns
    assert joined_whisper(tmp_path) == joined
    assert (joined.folder / "model.bin").stat().st_mtime_ns == made
    assert [one.name for one in tmp_path.iterdir()] == [joined.folder.name]
    monkeypatch.setattr(trial_model, "_SHA256", "0" * 64)
    spoilt = joined_whisper(tmp_path / "other")
    assert isinstance(spoilt, NoModel)
    assert "checksum" in spoilt.reason
    assert list((tmp_path / "other").iterdir()) == []


def test_absent_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_model, "_HALVES", ("no_such_half_one", "no_such_half_two"))
    assert joined_whisper(tmp_path) == NoModel(reason="not installed: no-such-half-one, no-such-half-two")
