"""A recording is cut into its speech and the rest by Silero's detector, and nothing of it is lost or invented."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from biometrics.net_speech import net_speech, split

RECORDINGS = Path(__file__).parents[4] / "shared" / "data" / "an4" / "marh"


def said(rate_hz: int) -> npt.NDArray[np.float32]:
    """A second of silence, somebody's words, a second of silence."""
    files = sorted(RECORDINGS.glob("*.flac"))
    if not files:
        pytest.skip("the recordings of AN4 are not on this machine (../shared/data)")
    words, recorded_hz = soundfile.read(files[0], dtype="float32")
    resampled = soxr.resample(words, recorded_hz, rate_hz).astype(np.float32)
    quiet = np.zeros(rate_hz, dtype=np.float32)
    return np.concatenate((quiet, resampled, quiet))


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_words_are_kept_and_the_silence_around_them_is_not(rate_hz: int, kind: type) -> None:
    recording = said(rate_hz)
    if kind is np.int16:
        recording = np.round(recording * 32767).astype(np.int16)
    speech, pauses = split(recording, rate_hz)
    assert speech.dtype == pauses.dtype == recording.dtype
    assert speech.size + pauses.size == recording.size
    assert 2.4 < speech.size / rate_hz < 3.4
    assert np.mean(np.abs(speech.astype(float))) > 10 * np.mean(np.abs(pauses.astype(float)))


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, dtype=np.int16),
        np.zeros(10, dtype=np.float32),
        np.zeros(8000, dtype=np.int16),
        np.full(8000, np.nan, dtype=np.float32),
        np.zeros((2, 8000), dtype=np.int16),
        np.zeros(8000, dtype=np.float64),
    ],
)
def test_what_is_no_sound_or_silent_holds_no_speech(samples: npt.NDArray[Any]) -> None:
    assert net_speech(samples, 8000).size == 0


def test_another_rate_holds_no_speech() -> None:
    assert net_speech(np.ones(44100, dtype=np.int16), 44100).size == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3000), st.sampled_from([8000, 16000]), st.floats(0, 1e30))
def test_however_long_and_loud_nothing_is_lost(count: int, rate_hz: int, loudness: float) -> None:
    sound = (np.random.default_rng(count).normal(size=count) * loudness).astype(np.float32)
    speech, pauses = split(sound, rate_hz)
    assert speech.size + pauses.size == count
