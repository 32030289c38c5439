"""The expected echo: what comes back of the prompt is known by its delay and its share, and a voice is not taken for it."""

import numpy as np
import pytest

from ivr.audio import FRAME_BYTES, RATE_HZ, AudioFormatError
from ivr.speech.echo import BANDS, WINDOW, Echo, Floats, band_powers, samples_of
from tests.unit.speech.talking import talk


def _bands(sound: Floats) -> list[Floats]:
    padded = np.concatenate([np.zeros(WINDOW - FRAME_BYTES), sound])
    return [
        band_powers(padded[start : start + WINDOW]) for start in range(0, sound.size - FRAME_BYTES + 1, FRAME_BYTES)
    ]


def _delayed(sound: Floats, seconds: float) -> Floats:
    return np.concatenate([np.zeros(round(seconds * RATE_HZ)), sound])[: sound.size]


def _excess(prompt: Floats, heard: Floats, *, from_frame: int) -> float:
    """What share of the bands is more than 6 dB above the echo that was expected, where anything was heard."""
    echo = Echo(prompt)
    over = [(bands > 4 * echo.expected(bands) + 1e-6).mean() for bands in _bands(heard)]
    return float(np.mean(over[from_frame:]))


@pytest.mark.parametrize("delay_seconds", [0.0, 0.05, 0.13, 0.4, 0.7])
@pytest.mark.parametrize("below_db", [6, 20])
def test_echo_is_expected_at_every_delay_after_half_a_second(delay_seconds: float, below_db: int) -> None:
    prompt = talk(6.0, seed=1)
    heard = _delayed(prompt, delay_seconds) * 10 ** (-below_db / 20)
    assert _excess(prompt, heard, from_frame=25 + round(delay_seconds * 50)) < 0.05


def test_other_voice_is_not_expected() -> None:
    assert _excess(talk(6.0, seed=1), talk(6.0, seed=2), from_frame=25) > 0.2


def test_voice_over_an_echo_stands_out_of_it() -> None:
    prompt = talk(6.0, seed=1)
    voice = np.concatenate([np.zeros(4 * RATE_HZ), talk(2.0, seed=2)])
    assert _excess(prompt, _delayed(prompt, 0.2) * 0.1 + voice, from_frame=200) > 0.3


def test_after_the_prompt_and_without_one_nothing_is_expected() -> None:
    for prompt in (np.zeros(0), talk(0.1, seed=1)):
        echo = Echo(prompt)
        expected = [echo.expected(bands) for bands in _bands(talk(4.0, seed=3))]
        assert max(float(one.max()) for one in expected[60:]) == 0.0


def test_silence_is_no_echo_and_no_warning() -> None:
    echo = Echo(talk(1.0, seed=1))
    assert all(not echo.expected(np.zeros(BANDS)).any() for _ in range(200))


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(AudioFormatError, match="even"):
        samples_of(b"\x00\x00\x00")


def test_full_scale_tone_has_the_power_of_a_sine_in_its_band_alone() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(WINDOW) / RATE_HZ)
    bands = band_powers(tone)
    assert bands.sum() == pytest.approx(0.5, rel=0.05)
    assert bands.max() > 0.9 * bands.sum()
