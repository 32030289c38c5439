"""Who hears a trial's microphone: the service where it listens, a recogniser in the carrier's place, or nobody, which is said."""

import threading
from pathlib import Path
from typing import Any

from ivr.speech.recognizer import Heard, Loaded, NoModel, Progress
from ivr.trials.hearing import TrialHearing
from tests.telephone import settings_for


class Scripted:
    """A recogniser that hears one text, or has no model."""

    def __init__(self, text: str | None) -> None:
        self._text = text
        self.heard_bytes = 0
        self.loaded = threading.Event()

    def open(self, language: str, **_given: Any) -> Any:
        return NoModel(reason=f"none for {language}") if self._text is None else self

    def load(self, _language: str, _progress: Progress) -> Loaded:
        self.loaded.set()
        return Loaded()

    def accept(self, pcm: bytes) -> str:
        self.heard_bytes += len(pcm)
        return ""

    def finish(self) -> Heard:
        return Heard(text=self._text or "", confidence=0.8)


def hearing(recogniser: Scripted, **settings: Any) -> TrialHearing:
    return TrialHearing(settings_for("sqlite:///unused", **settings), lambda _languages: recogniser)


def test_ways_are_the_installation_s(tmp_path: Path) -> None:
    settings = {"listening": {"it": "stream", "en": "carrier"}, "vosk_models": {"it": tmp_path}}
    assert hearing(Scripted("sì"), **settings).ways() == {"it": "service", "en": ""}
    assert hearing(Scripted("sì"), vosk_models={"it": tmp_path}).ways() == {"it": "here", "en": ""}


def test_nobody_stands_in_where_the_service_listens_or_no_model_is_there(tmp_path: Path) -> None:
    settings = {"listening": {"it": "stream", "en": "carrier"}, "vosk_models": {"it": tmp_path}}
    assert hearing(Scripted("sì"), **settings).ears("it") is None
    assert hearing(Scripted("sì"), **settings).ears("en") is None


def test_ears_in_the_carrier_s_place_hear_as_a_carrier_tells(tmp_path: Path) -> None:
    recogniser = Scripted("vorrei un reso")
    ears = hearing(recogniser, vosk_models={"it": tmp_path}).ears("it")
    assert ears is not None
    assert ears.languages == {"it"}
    assert recogniser.loaded.wait(5)
    assert ears.recognise(b"\xff" * 800, "it-IT") == ("vorrei un reso", 0.8)
    assert recogniser.heard_bytes == 1600


def test_what_nobody_understood_is_nothing(tmp_path: Path) -> None:
    for recogniser in (Scripted(""), Scripted(None)):
        ears = hearing(recogniser, vosk_models={"it": tmp_path}).ears("it")
        assert ears is not None
        assert ears.recognise(b"\xff" * 160, "it-IT") is None
