"""What comparisons mean: learnt from labelled ones, written and read, and honest about too little to learn from."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biometrics.background import LEAST_VOICES, Background, has_drifted, tail_of_pairs
from biometrics.calibration import Calibration, CalibrationError, Scored, Tail, fit_calibration
from biometrics.decision import WANTED_FALSE_ACCEPTS
from biometrics.encoders import NoEncoder
from biometrics.line_encoder import SHIPPED, load
from biometrics.scoring import normalised, standard_score
from biometrics.voiceprint import unit_length


def labelled(*, apart: float = 4.0, targets: int = 200, impostors: int = 2000, seed: int = 1) -> list[Scored]:
    """Impostors are normal with mean 0 and deviation 1; targets lie higher, and the higher the longer they are heard."""
    rng = np.random.default_rng(seed)
    scored = []
    for number in range(targets + impostors):
        is_target = number < targets
        seconds = float(rng.uniform(2, 12))
        mean = apart + math.log(seconds) if is_target else 0.0
        speaker = f"s{number % 20}"
        scored.append(
            Scored(
                standard_score=float(rng.normal(mean, 1)),
                is_target=is_target,
                net_speech_seconds=seconds,
                snr_db=25.0,
                enrolled_speaker=speaker,
                test_speaker=speaker if is_target else f"s{(number + 1) % 20}",
            )
        )
    return scored


def fitted(scored: list[Scored]) -> Calibration:
    return fit_calibration(scored, encoder="e", made_on="made up", impostor_mean=0.1, impostor_deviation=0.2)


def ratio(calibration: Calibration, score: float, seconds: float = 5.0) -> float:
    return calibration.log_likelihood_ratio(standard_score=score, net_speech_seconds=seconds, snr_db=25.0)


def test_the_ratio_is_that_of_the_distributions_it_was_learnt_from() -> None:
    # Two normal distributions with one deviation: ln LR = d * (x - d / 2) with d the distance of their means.
    scored = [replace(one, net_speech_seconds=5.0) for one in labelled(targets=3000, impostors=6000)]
    plain = [
        replace(one, standard_score=float(rng)) for one, rng in zip(
            scored, np.random.default_rng(2).normal([3.0 if one.is_target else 0.0 for one in scored], 1.0), strict=True
        )
    ]  # fmt: skip
    calibration = fitted(plain)
    assert ratio(calibration, 1.5) == pytest.approx(0.0, abs=0.25)
    assert calibration.score_weight == pytest.approx(3.0, rel=0.1)


def test_the_threshold_lets_about_the_wanted_share_of_impostors_pass() -> None:
    calibration = fitted(labelled())
    new = [one for one in labelled(seed=3, targets=30, impostors=20_000) if not one.is_target]
    ratios = np.array([ratio(calibration, one.standard_score, one.net_speech_seconds) for one in new])
    for wanted in (0.01, 0.001):
        share = float(np.mean(ratios >= calibration.tail.threshold(wanted)))
        assert wanted / 4 < share < wanted * 3


def test_the_same_likeness_heard_for_longer_asks_for_more_where_true_callers_gain_by_it() -> None:
    calibration = fitted(labelled())
    assert calibration.seconds_weight < 0
    assert ratio(calibration, 3.0, seconds=10.0) < ratio(calibration, 3.0, seconds=3.0)


def test_seconds_and_noise_that_never_vary_get_no_weight() -> None:
    calibration = fitted([replace(one, net_speech_seconds=5.0) for one in labelled()])
    shared = calibration.intercept + calibration.seconds_weight * math.log(5) + calibration.snr_weight * 2.5
    assert math.isfinite(shared)
    assert abs(calibration.snr_weight) < 0.5


def test_noise_never_makes_a_voice_count_for_more() -> None:
    noisy = [replace(one, snr_db=10.0 if one.is_target else 30.0) for one in labelled()]
    calibration = fitted(noisy)
    assert calibration.snr_weight == 0
    assert fitted([replace(one, snr_db=40.0 - one.snr_db) for one in noisy]).snr_weight > 0


def test_a_true_caller_falls_below_rejection_one_time_in_a_hundred_at_most() -> None:
    scored = labelled(apart=1.0)
    calibration = fitted(scored)
    ratios = [ratio(calibration, one.standard_score, one.net_speech_seconds) for one in scored if one.is_target]
    assert np.mean(np.array(ratios) < calibration.reject_below) <= 0.011
    assert calibration.reject_below <= 0


def test_what_is_written_is_read_again() -> None:
    calibration = fitted(labelled())
    assert Calibration.read(calibration.to_json()) == calibration


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"tail": 1}', "NaN"])
def test_what_is_no_calibration_is_refused(text: str) -> None:
    with pytest.raises(CalibrationError, match="no calibration"):
        Calibration.read(text)


@pytest.mark.parametrize(
    "broken",
    [
        {"score_weight": 0.0},
        {"score_weight": -1.0},
        {"intercept": math.nan},
        {"impostor_deviation": 0.0},
        {"shortest_net_speech_seconds": 0.0},
        {"reject_below": math.inf},
    ],
)
def test_a_calibration_that_would_accept_blindly_cannot_be_made(broken: dict[str, Any]) -> None:
    with pytest.raises(CalibrationError):
        replace(fitted(labelled()), **broken)


@pytest.mark.parametrize(("targets", "impostors"), [(0, 2000), (200, 0), (10, 2000), (200, 100)])
def test_too_few_comparisons_are_refused_with_how_many_it_takes(targets: int, impostors: int) -> None:
    with pytest.raises(CalibrationError, match="are needed"):
        fitted(labelled(targets=targets, impostors=impostors))


@pytest.mark.parametrize(
    "broken", [{"scale": 0.0}, {"scale": -1.0}, {"begins_at": math.nan}, {"shape": -0.1}, {"shape": 0.6}]
)
def test_a_tail_that_rises_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(CalibrationError):
        replace(Tail(begins_at=0.0, scale=1.0, pairs=500), **broken)


def test_a_tail_that_ends_gives_no_threshold_beyond_its_end() -> None:
    rng = np.random.default_rng(5)
    ratios = 1 - np.sqrt(rng.uniform(size=3000))  # thins out like a triangle, and ends at 1
    tail = Tail.of([float(one) for one in ratios])
    assert 0.95 < tail.threshold(0.001) < 1.0
    assert tail.threshold(1e-9) < 1.05


def test_impostors_that_are_all_alike_make_no_tail() -> None:
    with pytest.raises(CalibrationError, match="told apart"):
        Tail.of([1.0] * 1000)


@given(low=st.floats(1e-6, 0.1), high=st.floats(1e-6, 0.1))
def test_fewer_wanted_false_accepts_never_lower_the_threshold(low: float, high: float) -> None:
    low, high = sorted((low, high))
    tail = Tail(begins_at=0.0, scale=1.5, pairs=1000)
    assert tail.threshold(low) >= tail.threshold(high)


# --- The deployment's own voices


def voices(count: int, *, shift: float = 0.0, seed: int = 1) -> dict[str, tuple[float, ...]]:
    """Voices around a common direction, as a telephone line gives them."""
    rng = np.random.default_rng(seed)
    return {f"k{n}": unit_length([2.0 + shift, *rng.normal(0, 1, 15)]) for n in range(count)}


def test_few_voices_are_no_background() -> None:
    assert Background.of("e", voices(LEAST_VOICES - 1)) is None
    assert Background.of("e", voices(LEAST_VOICES)) is not None


def test_a_background_takes_away_what_all_voices_of_the_line_share() -> None:
    own = Background.of("e", voices(40))
    assert own is not None
    one, other = voices(2, seed=9).values()
    calibration = replace(fitted(labelled()), impostor_mean=0.0, impostor_deviation=0.1, against_cohort=True)
    raw = standard_score(one, other, calibration=calibration, background=None)
    with_own = standard_score(one, other, calibration=calibration, background=own)
    assert raw > 2
    assert with_own < raw


def test_a_background_of_another_encoder_is_not_used() -> None:
    own = Background.of("another", voices(40))
    one, other = voices(2, seed=9).values()
    calibration = replace(fitted(labelled()), against_cohort=True)
    alone = standard_score(one, other, calibration=calibration, background=None)
    assert standard_score(one, other, calibration=calibration, background=own) == alone


def test_normalisation_is_symmetric() -> None:
    own = Background.of("e", voices(40))
    assert own is not None
    one, other = (np.array(voice) for voice in voices(2, seed=9).values())
    assert normalised(one, other, own) == pytest.approx(normalised(other, one, own))


def test_a_cohort_counts_only_where_the_calibration_says_so() -> None:
    own = Background.of("e", voices(40))
    one, other = voices(2, seed=9).values()
    without = fitted(labelled())
    assert not without.against_cohort
    scores = [standard_score(one, other, calibration=without, background=known) for known in (None, own)]
    assert scores[0] == scores[1]


def test_a_deployments_own_threshold_goes_before_the_calibrations_and_a_cohort_counts_only_with_it() -> None:
    calibration = replace(fitted(labelled()), against_cohort=True)
    own = replace(calibration.tail, begins_at=7.0)
    assert calibration.on_line(own) == replace(calibration, tail=own)
    assert calibration.on_line(None) == replace(calibration, against_cohort=False)


def test_calibrations_are_told_apart() -> None:
    calibration = fitted(labelled())
    assert calibration.digest == Calibration.read(calibration.to_json()).digest
    assert calibration.digest != replace(calibration, intercept=0.1).digest


def test_a_tail_of_own_calls_waits_for_enough_of_them() -> None:
    assert tail_of_pairs([0.1] * 10) is None
    assert tail_of_pairs(list(np.random.default_rng(1).normal(size=500))) is not None


def test_a_threshold_that_moves_is_told() -> None:
    before = Tail(begins_at=0.0, scale=1.0, pairs=1000)
    assert not has_drifted(replace(before, begins_at=0.3), before, wanted_false_accepts=0.001)
    assert has_drifted(replace(before, begins_at=1.5), before, wanted_false_accepts=0.001)
    assert has_drifted(replace(before, scale=1.5), before, wanted_false_accepts=0.001)


# --- The one that is shipped


@pytest.mark.parametrize("seconds", [3.0, 5.0, 10.0])
def test_the_shipped_calibration_can_accept_a_voice_and_surely(seconds: float) -> None:
    """Likeness ends at 1: a threshold beyond what that is worth would accept nobody, and let no voiceprint follow its voice."""
    shipped = Calibration.read(SHIPPED.with_name("calibration.json").read_text(encoding="utf-8"))
    highest = (1 - shipped.impostor_mean) / shipped.impostor_deviation
    assert ratio(shipped, highest, seconds) > shipped.tail.threshold(WANTED_FALSE_ACCEPTS / 10)


def test_the_shipped_calibration_is_the_shipped_encoders() -> None:
    encoder = load()
    assert not isinstance(encoder, NoEncoder)
    shipped = Calibration.read(SHIPPED.with_name("calibration.json").read_text(encoding="utf-8"))
    assert shipped.encoder == encoder.name
