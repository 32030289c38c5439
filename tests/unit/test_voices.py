"""The encoder loads beside the start and holds up nobody; what is missing or broken is a value and a line in the log."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from biometrics.encoders import NoEncoder, SpeakerEncoder
from ivr import voices
from tests.telephone import settings_for

LIMIT_SECONDS = 20.0


def is_over(loading: voices.LoadingEncoder) -> bool:
    until = time.monotonic() + LIMIT_SECONDS
    while not loading.is_over and time.monotonic() < until:
        time.sleep(0.01)
    return loading.is_over


def test_until_it_is_loaded_there_is_no_encoder_and_nobody_waits_for_it() -> None:
    may_go_on = threading.Event()

    def load() -> NoEncoder:
        assert may_go_on.wait(LIMIT_SECONDS)
        return NoEncoder(reason="its file is gone")

    loading = voices.LoadingEncoder(load)
    assert not loading.is_over
    assert loading() == NoEncoder(reason="the speaker encoder is still loading")
    may_go_on.set()
    assert is_over(loading)
    assert loading() == NoEncoder(reason="its file is gone")


def _breaks() -> SpeakerEncoder:
    raise RuntimeError("a native library fell over")


@pytest.mark.parametrize(
    ("load", "reason"), [(_breaks, "fell over"), (lambda: NoEncoder(reason="its file is gone"), "its file is gone")]
)
def test_an_encoder_that_never_comes_is_told_and_holds_up_nobody(
    load: Callable[[], SpeakerEncoder | NoEncoder], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        loading = voices.LoadingEncoder(load)
        assert is_over(loading)
        found = loading()
        assert isinstance(found, NoEncoder)
        assert reason in found.reason
        until = time.monotonic() + LIMIT_SECONDS
        while "no voice can be looked at" not in caplog.text and time.monotonic() < until:
            time.sleep(0.01)
    assert reason in caplog.text


def test_switched_off_no_encoder_is_loaded_and_there_are_no_parts() -> None:
    off = settings_for("sqlite:///unused", voice="off")
    assert voices.loading_encoder(off) is None
    assert voices.make_voice_parts(off, None) is None


@pytest.mark.parametrize("content", [None, "", "{}", '{"encoder": 1}'], ids=["gone", "empty", "nothing_in_it", "half"])
def test_without_a_calibration_that_can_be_read_nothing_is_decided(
    tmp_path: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "calibration.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    chosen = settings_for("sqlite:///unused", voice="line", voice_calibration=file)
    parts = voices.make_voice_parts(chosen, lambda: NoEncoder(reason="none"))
    assert parts is not None
    assert parts.calibration is None
    assert "no voice can be decided on" in caplog.text


def test_a_countermeasure_that_cannot_be_opened_decides_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = settings_for(
        "sqlite:///unused",
        voice="line",
        countermeasure_model=tmp_path / "gone.onnx",
        countermeasure_calibration=tmp_path / "gone.json",
    )
    parts = voices.make_voice_parts(chosen, lambda: NoEncoder(reason="none"))
    assert parts is not None
    assert parts.countermeasure is None
    assert parts.spoof_calibration is None
    assert "nothing tells made voices" in caplog.text
