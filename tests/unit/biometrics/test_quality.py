"""How well speech was heard: noise, clipping and level are measured near enough, and each gate closes at its own limit."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biometrics.quality import CLIPPED, GATES, NOISY, QUIET, SEVERAL_SPEAKERS, SHORT, gate, measure
from tests.voices import CLEAN, RATE_HZ, noise, speech_like

LINE = "line-ge2e:0123456789ab"


@pytest.mark.parametrize("snr_db", [5.0, 10.0, 20.0, 30.0])
def test_noise_between_the_words_is_measured(snr_db: float) -> None:
    speech = speech_like() + noise(4.0, -25.0 - snr_db)
    quality = measure(speech, RATE_HZ, pauses=noise(1.0, -25.0 - snr_db))
    assert quality.snr_db == pytest.approx(snr_db, abs=1.0)


@pytest.mark.parametrize("snr_db", [5.0, 10.0, 20.0])
def test_without_pauses_the_gaps_in_the_speech_tell_the_noise(snr_db: float) -> None:
    quality = measure(speech_like() + noise(4.0, -25.0 - snr_db), RATE_HZ)
    assert quality.snr_db == pytest.approx(snr_db, abs=2.0)


def test_a_breath_in_the_pauses_is_no_noise_of_the_line() -> None:
    pauses = np.concatenate((noise(1.0, -60.0), speech_like(0.4)))
    assert measure(speech_like(), RATE_HZ, pauses=pauses).snr_db > 30


@pytest.mark.parametrize("dbfs", [-15.0, -40.0, -60.0])
def test_level_is_measured_in_either_kind_of_samples_and_without_what_stands_still(dbfs: float) -> None:
    floats = speech_like(dbfs=dbfs)
    integers = np.round(floats * 32768).astype(np.int16)
    assert measure(floats, RATE_HZ).level_dbfs == pytest.approx(dbfs, abs=0.1)
    assert measure(integers, RATE_HZ).level_dbfs == pytest.approx(dbfs, abs=0.3)
    assert measure(floats + np.float32(0.25), RATE_HZ).level_dbfs == pytest.approx(dbfs, abs=0.1)


def test_clipping_shows_and_loudness_alone_does_not() -> None:
    loud = speech_like(dbfs=-12.0)
    assert measure(loud, RATE_HZ).clipped_share < 0.002
    highest = np.abs(loud).max()
    clipped = np.clip(loud, -highest / 8, highest / 8)
    assert measure(clipped, RATE_HZ).clipped_share > 0.1
    assert gate(measure(clipped, RATE_HZ), 4.0) == CLIPPED


@pytest.mark.parametrize(
    ("changed", "seconds", "reason"),
    [
        ({}, 4.0, ""),
        ({}, GATES.shortest_seconds - 0.01, SHORT),
        ({"snr_db": GATES.least_snr_db - 0.1}, 4.0, NOISY),
        ({"snr_db": float("nan")}, 4.0, NOISY),
        ({"level_dbfs": GATES.quietest_dbfs - 0.1}, 4.0, QUIET),
        ({"clipped_share": GATES.most_clipped + 0.001}, 4.0, CLIPPED),
        ({"halves_alike": 0.68}, 4.0, SEVERAL_SPEAKERS),
        ({"halves_alike": 0.70}, 4.0, ""),
        ({"halves_alike": 0.80}, 9.0, SEVERAL_SPEAKERS),
        ({"halves_alike": float("nan")}, 4.0, SEVERAL_SPEAKERS),
        ({"halves_alike": 0.1}, 2.0, ""),
    ],
)
def test_each_gate_closes_at_its_own_limit(changed: dict[str, float], seconds: float, reason: str) -> None:
    assert gate(replace(CLEAN, **changed), seconds, encoder=LINE) == reason  # type: ignore[arg-type]  # its own fields


def test_an_encoder_that_was_not_measured_compares_no_halves() -> None:
    assert gate(replace(CLEAN, halves_alike=0.1), 4.0, encoder="ecapa:somewhere") == ""


@settings(deadline=None)
@given(
    st.sampled_from([np.int16, np.float32]),
    st.lists(st.floats(-1, 1, width=32), max_size=400),
    st.none() | st.lists(st.floats(-1, 1, width=32), max_size=400),
)
def test_any_finite_sound_has_a_quality(kind: type, speech: list[float], pauses: list[float] | None) -> None:
    def sound(samples: list[float]) -> npt.NDArray[np.float32] | npt.NDArray[np.int16]:
        return (np.array(samples) * (32767 if kind is np.int16 else 1)).astype(kind)

    quality = measure(sound(speech), RATE_HZ, pauses=None if pauses is None else sound(pauses))
    assert np.isfinite((quality.snr_db, quality.level_dbfs)).all()
    assert 0 <= quality.clipped_share <= 1
