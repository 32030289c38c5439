"""Measures of verification: against scikit-learn where it has the same, against what they must be where it hasn't."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_curve

from biometrics.measures import (
    Trial,
    cllr,
    det_points,
    equal_error_rate,
    false_accepts_at,
    false_rejects_at,
    false_rejects_below,
    interval_over_speakers,
    min_cllr,
    min_dcf,
    threshold_for,
)

# A grid, so that equal scores on both sides occur often.
SCORES = st.lists(st.integers(-40, 40).map(lambda n: n / 40), min_size=1, max_size=60)
RATES = st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.29, 0.5, 1.0])


@given(SCORES, SCORES)
def test_equal_error_rate_depends_on_the_order_alone(targets: Sequence[float], impostors: Sequence[float]) -> None:
    mapped = equal_error_rate(np.exp(3 * np.array(targets)), np.exp(3 * np.array(impostors)))
    assert mapped == equal_error_rate(targets, impostors)


@given(SCORES, SCORES)
def test_errors_are_shares(targets: Sequence[float], impostors: Sequence[float]) -> None:
    assert 0 <= equal_error_rate(targets, impostors) <= 1
    assert 0 <= min_dcf(targets, impostors) <= 1 + 1e-12
    assert 0 <= min_cllr(targets, impostors) <= 1 + 1e-12


@given(SCORES, SCORES)
def test_both_sides_are_treated_alike(targets: Sequence[float], impostors: Sequence[float]) -> None:
    turned = equal_error_rate([-score for score in impostors], [-score for score in targets])
    assert turned == pytest.approx(equal_error_rate(targets, impostors), abs=1e-12)


@given(SCORES, SCORES)
def test_voices_told_apart_perfectly_have_no_error(targets: Sequence[float], impostors: Sequence[float]) -> None:
    apart = [score + 3 for score in targets]
    assert equal_error_rate(apart, impostors) == 0
    assert min_dcf(apart, impostors) == 0
    assert min_cllr(apart, impostors) == 0
    assert false_rejects_at(apart, impostors, false_accepts=0) == 0


@given(SCORES)
def test_same_scores_on_both_sides_are_a_coin_thrown(scores: Sequence[float]) -> None:
    assert equal_error_rate(scores, scores) == pytest.approx(0.5)
    assert min_dcf(scores, scores) == pytest.approx(1)
    assert min_cllr(scores, scores) == pytest.approx(1)


@given(SCORES, SCORES)
def test_curve_is_that_of_scikit_learn(targets: Sequence[float], impostors: Sequence[float]) -> None:
    curve = det_points(targets, impostors)
    truth = [1] * len(targets) + [0] * len(impostors)
    false_accepts, true_accepts, thresholds = roc_curve(truth, [*targets, *impostors], drop_intermediate=False)
    assert curve.thresholds.tolist() == thresholds[::-1].tolist()
    assert curve.false_accepts == pytest.approx(false_accepts[::-1])
    assert curve.false_rejects == pytest.approx(1 - true_accepts[::-1])


@given(SCORES, SCORES)
def test_equal_error_rate_lies_on_the_curve_of_scikit_learn(
    targets: Sequence[float], impostors: Sequence[float]
) -> None:
    truth = [1] * len(targets) + [0] * len(impostors)
    false_accepts, true_accepts, _ = roc_curve(truth, [*targets, *impostors], drop_intermediate=False)
    # Along the curve, false accepts and the share of targets accepted both rise: x + y tells where on it a point lies.
    along = false_accepts + true_accepts
    rate = equal_error_rate(targets, impostors)
    assert np.interp(1.0, along, false_accepts) == pytest.approx(rate)


@given(SCORES, SCORES, RATES)
def test_promised_false_accepts_are_kept_and_no_threshold_below_keeps_them(
    targets: Sequence[float], impostors: Sequence[float], rate: float
) -> None:
    threshold = threshold_for(impostors, false_accepts=rate)
    assert false_accepts_at(impostors, threshold) <= rate
    if math.isfinite(threshold):
        assert false_accepts_at(impostors, np.nextafter(threshold, -math.inf)) > rate
    assert false_rejects_at(targets, impostors, false_accepts=rate) == false_rejects_below(targets, threshold)


def test_rate_times_count_is_not_lost_by_rounding() -> None:
    impostors = list(range(100))
    for passing in range(101):
        threshold = threshold_for(impostors, false_accepts=passing / 100)
        assert false_accepts_at(impostors, threshold) == pytest.approx(passing / 100)


def test_errors_of_four_trials_are_those_of_paper_and_pencil() -> None:
    targets, impostors = [1.0, 3.0, 4.0, 5.0], [0.0, 0.5, 2.0, 2.5]
    assert equal_error_rate(targets, impostors) == 0.25
    # At a threshold of 3 one target in four is missed and nobody passes: 0.01 * 0.25 over 0.01.
    assert min_dcf(targets, impostors) == pytest.approx(0.25)
    assert false_rejects_at(targets, impostors, false_accepts=0.5) == 0.0
    assert false_rejects_at(targets, impostors, false_accepts=0.49) == 0.25


@given(SCORES, SCORES, st.sampled_from([0.01, 0.5, 0.9]))
def test_lowest_cost_is_that_of_every_threshold_tried(
    targets: Sequence[float], impostors: Sequence[float], prior: float
) -> None:
    costs = [
        prior * false_rejects_below(targets, threshold) + (1 - prior) * false_accepts_at(impostors, threshold)
        for threshold in (*targets, *impostors, math.inf)
    ]
    assert min_dcf(targets, impostors, prior=prior) == pytest.approx(min(costs) / min(prior, 1 - prior))


def test_ratios_that_say_nothing_cost_one_bit() -> None:
    assert cllr([0.0, 0.0], [0.0]) == pytest.approx(1)


def test_ratios_that_are_sure_and_right_cost_nothing_and_sure_and_wrong_much() -> None:
    assert cllr([50.0], [-50.0]) == pytest.approx(0, abs=1e-12)
    assert cllr([-800.0], [800.0]) == pytest.approx(800 / math.log(2))


def test_ratios_of_known_distributions_are_calibrated() -> None:
    # Gauss of variance 2m around m and -m: the score is its own log likelihood ratio (Brummer and du Preez).
    rng = np.random.default_rng(1)
    targets, impostors = rng.normal(2, 2, 20_000), rng.normal(-2, 2, 20_000)
    best = cllr(targets, impostors)
    assert min_cllr(targets, impostors) == pytest.approx(best, abs=0.005)
    assert cllr(2 * targets, 2 * impostors) > best
    assert cllr(targets + 1, impostors + 1) > best


@given(SCORES, SCORES)
def test_best_map_costs_what_scikit_learns_costs(targets: Sequence[float], impostors: Sequence[float]) -> None:
    scores = np.array([*targets, *impostors])
    truth = np.array([1.0] * len(targets) + [0.0] * len(impostors))
    weights = np.where(truth, 0.5 / len(targets), 0.5 / len(impostors))
    probable = IsotonicRegression().fit(scores, truth, sample_weight=weights).predict(scores)
    said = np.where(truth == 1, probable, 1 - probable)
    assert min_cllr(targets, impostors) == pytest.approx(-float(np.sum(weights * np.log2(said))), abs=1e-9)


@given(SCORES, SCORES)
def test_no_map_of_the_scores_costs_less_than_the_best(targets: Sequence[float], impostors: Sequence[float]) -> None:
    assert min_cllr(targets, impostors) <= cllr(targets, impostors) + 1e-9


@pytest.mark.parametrize("scores", [[], [math.nan], [math.inf]])
def test_nothing_and_what_is_not_a_number_are_refused(scores: list[float]) -> None:
    for measure in (equal_error_rate, min_dcf, cllr, min_cllr):
        with pytest.raises(ValueError, match="score"):
            measure(scores, [0.0])
        with pytest.raises(ValueError, match="score"):
            measure([0.0], scores)


@pytest.mark.parametrize("rate", [-0.1, 1.1, math.nan])
def test_rates_and_priors_that_are_none_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        threshold_for([0.0], false_accepts=rate)
    with pytest.raises(ValueError, match="between 0 and 1"):
        min_dcf([0.0], [0.0], prior=rate)


def trials_of(rng: np.random.Generator, *, speakers: int, calls: int, spread: float = 0.0) -> list[Trial]:
    """Trials of everybody against everybody; `spread` is by how much speakers differ in how alike they are to themselves."""
    own = rng.normal(1.5, spread, speakers)
    return [
        Trial(
            score=float(rng.normal(own[enrolled] if enrolled == tested else 0, 1)),
            is_target=enrolled == tested,
            enrolled_speaker=f"s{enrolled}",
            test_speaker=f"s{tested}",
            seconds=5.0,
        )
        for enrolled in range(speakers)
        for tested in range(speakers)
        for _ in range(calls)
    ]


def test_interval_holds_the_measure_and_is_the_same_each_time() -> None:
    trials = trials_of(np.random.default_rng(3), speakers=20, calls=4)
    low, high = interval_over_speakers(trials, equal_error_rate, resamples=200)
    everything = equal_error_rate(
        [t.score for t in trials if t.is_target], [t.score for t in trials if not t.is_target]
    )
    assert low < everything < high
    assert (low, high) == interval_over_speakers(trials, equal_error_rate, resamples=200)
    assert (low, high) != interval_over_speakers(trials, equal_error_rate, resamples=200, seed=1)


def test_speakers_that_differ_widen_the_interval_and_more_calls_of_them_do_not_narrow_it() -> None:
    def width(*, calls: int, spread: float) -> float:
        trials = trials_of(np.random.default_rng(3), speakers=16, calls=calls, spread=spread)
        low, high = interval_over_speakers(trials, equal_error_rate, resamples=300)
        return high - low

    assert width(calls=20, spread=2.0) > 2 * width(calls=20, spread=0.0)
    assert width(calls=20, spread=2.0) > 0.6 * width(calls=5, spread=2.0)


def test_two_speakers_are_enough_to_be_drawn_from() -> None:
    trials = trials_of(np.random.default_rng(3), speakers=2, calls=2)
    low, high = interval_over_speakers(trials, equal_error_rate, resamples=50)
    assert 0 <= low <= high <= 1


def test_trials_without_impostors_have_no_interval() -> None:
    alone = [Trial(score=0.5, is_target=True, enrolled_speaker="a", test_speaker="a", seconds=5.0)]
    with pytest.raises(ValueError, match="impostor"):
        interval_over_speakers(alone, equal_error_rate)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 6))
def test_interval_is_ordered_whoever_speaks(seed: int, speakers: int) -> None:
    trials = trials_of(np.random.default_rng(seed), speakers=speakers, calls=1)
    low, high = interval_over_speakers(trials, min_dcf, resamples=20, seed=seed)
    assert 0 <= low <= high <= 1 + 1e-12


def test_trial_whose_sides_and_truth_disagree_is_refused() -> None:
    with pytest.raises(ValueError, match="same speaker"):
        Trial(score=0.5, is_target=True, enrolled_speaker="a", test_speaker="b", seconds=5.0)
    with pytest.raises(ValueError, match="finite"):
        Trial(score=math.nan, is_target=True, enrolled_speaker="a", test_speaker="a", seconds=5.0)
