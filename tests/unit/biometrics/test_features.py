"""The line encoder's features: the same mels as librosa's, the same windows as Resemblyzer's, one loudness for all speech."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biometrics.features import WINDOW_FRAMES, WINDOW_STEP, at_level, mel_spectrogram, window_starts, windows

# What librosa 0.11 gives for `sweep()`: feature.melspectrogram(y=..., sr=16000, n_fft=400, hop_length=160, n_mels=40).T
LIBROSAS = Path(__file__).with_name("librosa_mels.npy")


def sweep(seconds: float = 0.15) -> np.ndarray:
    at = np.arange(round(16_000 * seconds)) / 16_000
    sweeping = 0.3 * np.sin(2 * np.pi * (100 * at + 20_000 * at**2))
    return (sweeping + 0.05 * np.sin(2 * np.pi * 700 * at)).astype(np.float32)


def test_mels_are_librosas() -> None:
    expected = np.load(LIBROSAS)
    ours = mel_spectrogram(sweep())
    assert ours.dtype == np.float32
    assert ours.shape == expected.shape == (16, 40)
    assert np.abs(ours - expected).max() < 1e-6 * expected.max()


# What Resemblyzer 0.1.4 gives: VoiceEncoder.compute_partial_slices(samples, rate=1.3, min_coverage=0.75).
@pytest.mark.parametrize(
    ("samples", "starts"),
    [
        (1, [0]),
        (1_600, [0]),
        (25_600, [0]),
        (31_519, [0]),
        (31_520, [0, 77]),
        (40_000, [0, 77]),
        (80_000, [0, 77, 154, 231, 308]),
        (81_920, [0, 77, 154, 231, 308, 385]),
        (137_920, [0, 77, 154, 231, 308, 385, 462, 539, 616, 693]),
    ],
)
def test_windows_begin_where_resemblyzers_do(samples: int, starts: list[int]) -> None:
    assert window_starts(samples) == starts


@given(samples=st.integers(1, 3_000_000))
def test_windows_leave_no_more_than_a_quarter_of_one_unheard(samples: int) -> None:
    starts = window_starts(samples)
    assert starts == list(range(0, starts[-1] + 1, WINDOW_STEP))
    heard_until = (starts[-1] + WINDOW_FRAMES) * 160
    assert samples <= heard_until + WINDOW_STEP * 160
    assert len(starts) == 1 or samples >= heard_until - 0.25 * WINDOW_FRAMES * 160


@pytest.mark.parametrize("seconds", [0.1, 1.6, 2.1, 5.0])
def test_each_window_holds_the_mels_of_its_time(seconds: float) -> None:
    speech = sweep(seconds)
    cut = windows(speech)
    starts = window_starts(speech.size)
    assert cut.shape == (len(starts), 160, 40)
    # Frames whose 25 ms lie wholly inside the speech see nothing of what was filled in behind it.
    whole = mel_spectrogram(at_level(speech))[: speech.size // 160 - 1]
    for start, window in zip(starts, cut, strict=True):
        expected = whole[start : start + 160]
        assert np.allclose(window[: len(expected)], expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("loudness", [0.001, 0.03, 1.0])
def test_loud_and_faint_speech_come_to_one_level(loudness: float) -> None:
    levelled = at_level(loudness * sweep())
    assert levelled.dtype == np.float32
    assert 20 * np.log10(np.sqrt(np.mean(levelled.astype(np.float64) ** 2))) == pytest.approx(-30, abs=0.01)
    assert np.allclose(windows(loudness * sweep()), windows(sweep()), rtol=1e-4)
