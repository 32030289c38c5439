"""A countermeasure scores, and decides nothing until it is calibrated; whatever is wrong with its file is said as a value."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from biometrics.calibration import CalibrationError
from biometrics.countermeasure import (
    Countermeasure,
    NoCountermeasure,
    NotScored,
    Score,
    SpoofCalibration,
    calibrate,
    liveness_of,
    load,
)
from biometrics.decision import Liveness
from biometrics.onnx_writing import NetworkWriter
from tests.voices import noise, speech_like

SAMPLES = 16_000
DESCRIPTION: dict[str, Any] = {"name": "high-band", "rate_hz": 16_000, "samples": SAMPLES, "bonafide": 1, "spoof": 0}


def high_band_energy(shape: Sequence[int | str], *, numbers: int = 2) -> bytes:
    """A network that takes sound for living where it changes from sample to sample: [0, share of energy in the difference]."""
    pytest.importorskip("onnx")
    writer = NetworkWriter()
    flat = writer.add("Reshape", "sound", writer.weights(np.array([1, SAMPLES])))
    starts, ends = (writer.weights(np.array([at])) for at in (0, SAMPLES - 1))
    first = writer.add("Slice", flat, starts, ends, writer.weights(np.array([1])))
    second = writer.add(
        "Slice", flat, writer.weights(np.array([1])), writer.weights(np.array([SAMPLES])), writer.weights(np.array([1]))
    )
    change = writer.add("Sub", second, first)
    share = writer.add(
        "Div",
        writer.add("ReduceSumSquare", change, axes=[1], keepdims=1),
        writer.add("ReduceSumSquare", flat, axes=[1], keepdims=1),
    )
    zero = writer.add("Sub", share, share)
    scores = writer.add("Concat", *[zero, share][-numbers:], axis=1)
    return writer.finished(takes=("sound", shape), gives=(scores, "scores", [1, numbers]))


def kept(folder: Path, network: bytes, description: object = DESCRIPTION) -> Path:
    """A network and its description in files."""
    (folder / "model.onnx").write_bytes(network)
    (folder / "model.json").write_text(json.dumps(description), encoding="utf-8")
    return folder / "model.onnx"


def loaded(folder: Path, **changes: Any) -> Countermeasure:
    countermeasure = load(kept(folder, high_band_energy([1, SAMPLES]), {**DESCRIPTION, **changes}))
    assert isinstance(countermeasure, Countermeasure), countermeasure
    return countermeasure


def scored(countermeasure: Countermeasure, sound: Any, rate_hz: int = 8000) -> float:
    score = countermeasure.score(sound, rate_hz)
    assert isinstance(score, Score), score
    return score.value


@pytest.mark.parametrize("shape", [[1, SAMPLES], ["n", "t"], [SAMPLES]])
def test_a_network_scores_speech_in_any_of_the_published_forms(tmp_path: Path, shape: list[int | str]) -> None:
    countermeasure = load(kept(tmp_path, high_band_energy(shape)))
    assert isinstance(countermeasure, Countermeasure), countermeasure
    hiss = scored(countermeasure, noise(1.5, -20))
    hum = scored(countermeasure, (0.1 * np.sin(np.arange(12_000) * 0.2)).astype(np.float32))
    assert hiss > hum > 0
    assert countermeasure.name == "high-band"


def test_a_network_with_one_number_is_read_as_it_is(tmp_path: Path) -> None:
    network = high_band_energy([1, SAMPLES], numbers=1)
    countermeasure = load(kept(tmp_path, network, {**DESCRIPTION, "bonafide": 0, "spoof": None}))
    assert isinstance(countermeasure, Countermeasure)
    assert scored(countermeasure, noise(1.0, -20)) == pytest.approx(scored(loaded(tmp_path), noise(1.0, -20)))


def test_what_is_described_the_other_way_round_scores_the_other_way_round(tmp_path: Path) -> None:
    right, wrong = loaded(tmp_path), loaded(tmp_path, bonafide=0, spoof=1)
    assert scored(right, speech_like()) == pytest.approx(-scored(wrong, speech_like()))


def test_short_speech_is_repeated_and_only_the_beginning_of_long_speech_is_looked_at(tmp_path: Path) -> None:
    countermeasure = loaded(tmp_path)
    assert scored(countermeasure, noise(0.4, -20)) == pytest.approx(scored(countermeasure, noise(0.8, -20)), rel=0.2)
    long = np.concatenate((noise(1.5, -20), np.zeros(80_000, np.float32)))
    assert scored(countermeasure, long) == pytest.approx(scored(countermeasure, noise(1.5, -20)), rel=0.01)


@pytest.mark.parametrize(
    ("description", "why"),
    [
        ({**DESCRIPTION, "rate_hz": 8000}, "16000 Hz"),
        ({**DESCRIPTION, "samples": 0}, "16000 Hz"),
        ({**DESCRIPTION, "samples": 10**9}, "16000 Hz"),
        ({**DESCRIPTION, "samples": 5}, "the network failed"),
        ({**DESCRIPTION, "bonafide": 2}, "2 numbers"),
        ({**DESCRIPTION, "bonafide": -1}, "counted from 0"),
        ({**DESCRIPTION, "spoof": 1}, "counted from 0"),
        ({**DESCRIPTION, "name": ""}, "has a name"),
        ({**DESCRIPTION, "samples": "many"}, "cannot be used"),
        ({**DESCRIPTION, "output": "other"}, "lacks the output"),
        ({**DESCRIPTION, "more": 1}, "more"),
        ({"name": "x"}, "cannot be used"),
        ([], "cannot be used"),
    ],
)
def test_a_description_that_does_not_fit_is_told(tmp_path: Path, description: object, why: str) -> None:
    refused = load(kept(tmp_path, high_band_energy([1, SAMPLES]), description))
    assert isinstance(refused, NoCountermeasure)
    assert why in refused.reason


def test_a_file_that_is_missing_or_no_network_is_told(tmp_path: Path) -> None:
    for refused in (load(None), load(tmp_path / "none.onnx"), load(kept(tmp_path, b"rubbish"))):
        assert isinstance(refused, NoCountermeasure)
        assert refused.reason


def test_a_network_that_gives_no_number_is_told(tmp_path: Path) -> None:
    """The difference of sound that never changes, divided by itself."""
    countermeasure = loaded(tmp_path)
    silent = countermeasure.score(np.zeros(8000, np.float32), 8000)
    assert isinstance(silent, NotScored)


def test_without_a_calibration_no_score_decides(tmp_path: Path) -> None:
    score = loaded(tmp_path).score(speech_like(), 8000)
    assert liveness_of(score, None) is Liveness.UNKNOWN
    assert liveness_of(score, calibration_of("another", below=1e9)) is Liveness.UNKNOWN
    assert liveness_of(NotScored(reason="broken"), calibration_of("high-band", below=1e9)) is Liveness.UNKNOWN
    assert liveness_of(None, calibration_of("high-band", below=1e9)) is Liveness.UNKNOWN


def calibration_of(name: str, *, below: float, live_from: float | None = None) -> SpoofCalibration:
    return SpoofCalibration(
        countermeasure=name, made_on="test", callers=300, synthetic_below=below, live_from=live_from
    )


@pytest.mark.parametrize(
    ("value", "live_from", "liveness"),
    [
        (0.99, None, Liveness.SYNTHETIC),
        (1.0, None, Liveness.UNKNOWN),
        (1e9, None, Liveness.UNKNOWN),
        (1.99, 2.0, Liveness.UNKNOWN),
        (2.0, 2.0, Liveness.LIVE),
    ],
)
def test_a_calibrated_score_decides_at_its_limits(value: float, live_from: float | None, liveness: Liveness) -> None:
    score = Score(value=value, countermeasure="high-band")
    assert liveness_of(score, calibration_of("high-band", below=1.0, live_from=live_from)) is liveness


def test_real_callers_are_refused_as_seldom_as_is_wanted() -> None:
    """Calibrated on a thousand calls, tried on a hundred thousand others."""
    chance = np.random.default_rng(1)
    made = calibrate(chance.logistic(3.0, 1.0, 1000).tolist(), countermeasure="aasist", made_on="test")
    others = chance.logistic(3.0, 1.0, 100_000)
    assert 0.0002 < np.mean(others < made.synthetic_below) < 0.003
    assert made.live_from is None
    assert SpoofCalibration.read(made.to_json()) == made


def test_only_attacks_that_were_heard_make_a_caller_live() -> None:
    chance = np.random.default_rng(2)
    made = calibrate(
        chance.normal(3, 1, 500).tolist(),
        countermeasure="aasist",
        made_on="test",
        scores_of_attacks=chance.normal(-3, 1, 500).tolist(),
    )
    assert made.live_from is not None
    assert made.synthetic_below <= made.live_from
    assert np.mean(chance.normal(-3, 1, 50_000) >= made.live_from) < 0.02


@pytest.mark.parametrize("scores", [[], [1.0] * 299, [1.0] * 400, [float("nan")] * 400])
def test_too_few_or_senseless_calls_calibrate_nothing(scores: list[float]) -> None:
    with pytest.raises(CalibrationError):
        calibrate(scores, countermeasure="aasist", made_on="test")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"synthetic_below": 1}', "nonsense"])
def test_what_is_no_calibration_is_refused(text: str) -> None:
    with pytest.raises(CalibrationError):
        SpoofCalibration.read(text)


@pytest.mark.parametrize("wrong", [{"below": float("nan")}, {"below": 1.0, "live_from": 0.5}])
def test_a_calibration_that_decides_blindly_cannot_be_made(wrong: dict[str, float]) -> None:
    with pytest.raises(CalibrationError):
        calibration_of("aasist", **wrong)  # type: ignore[arg-type]  # one table of mixed values


@pytest.fixture(scope="module")
def any_countermeasure(tmp_path_factory: pytest.TempPathFactory) -> Countermeasure:
    return loaded(tmp_path_factory.mktemp("countermeasure"))


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        arrays.arrays(np.float32, st.integers(0, 2000), elements=st.floats(width=32)),
        arrays.arrays(np.int16, st.integers(0, 2000)),
        arrays.arrays(np.float64, st.integers(0, 10)),
    ),
    st.sampled_from([8000, 16_000, 0, 11_025]),
)
def test_nothing_that_is_heard_raises(any_countermeasure: Countermeasure, sound: Any, rate_hz: int) -> None:
    score = any_countermeasure.score(sound, rate_hz)
    assert isinstance(score, NotScored) or np.isfinite(score.value)
