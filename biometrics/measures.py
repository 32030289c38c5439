"""How good a verification is, from the scores of trials whose truth is known: pure arithmetic, without an encoder or a file.

A score is higher the more alike two voices are. A trial is accepted where its score is at or above the threshold. Where the
scores come from, and what is shown of them, is left to others.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

# NIST 2016 Speaker Recognition Evaluation Plan, table 2: one of its two priors of a target; a miss and a false alarm cost 1 each.
NIST_PRIOR: Final = 0.01
# Hides the rounding of rate * count: 0.29 * 100 is a little less than 29.
_ROUNDING: Final = 1e-9
# A percentile interval of 95%.
_LOW_PERCENT: Final = 2.5
_HIGH_PERCENT: Final = 97.5

Scores: TypeAlias = Sequence[float] | npt.NDArray[np.floating]
Array: TypeAlias = npt.NDArray[np.float64]
# A measure of targets' and impostors' scores.
Measure: TypeAlias = Callable[[Array, Array], float]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One comparison whose truth is known."""

    score: float
    is_target: bool  # the same speaker on both sides
    enrolled_speaker: str
    test_speaker: str
    seconds: float  # net speech of the test side

    def __post_init__(self) -> None:
        if not math.isfinite(self.score):
            raise ValueError(f"a score is a finite number, not {self.score}")
        if self.is_target != (self.enrolled_speaker == self.test_speaker):
            raise ValueError("a trial is a target's exactly where both sides are the same speaker")


@dataclass(frozen=True, kw_only=True)
class DetCurve:
    """False accepts and false rejects (shares, 0-1) at each threshold, thresholds rising; the last one rejects everybody."""

    thresholds: Array
    false_accepts: Array
    false_rejects: Array


def det_points(targets: Scores, impostors: Scores) -> DetCurve:
    """Give the points of a DET curve (ISO/IEC 19795-1), one for each score that occurs, and one beyond them all.

    Raises `ValueError` where a side is empty or not finite, as every measure here.
    """
    right, wrong = _sorted(targets), _sorted(impostors)
    thresholds = np.append(np.unique(np.concatenate((right, wrong))), math.inf)
    return DetCurve(
        thresholds=thresholds,
        false_accepts=1 - np.searchsorted(wrong, thresholds, side="left") / wrong.size,
        false_rejects=np.searchsorted(right, thresholds, side="left") / right.size,
    )


def equal_error_rate(targets: Scores, impostors: Scores) -> float:
    """Give the rate at which false accepts and false rejects are equally frequent, 0-1 (ISO/IEC 19795-1).

    Where no threshold makes them equal, the straight line between the two neighbouring points of the DET curve is crossed with
    the diagonal: no convex hull, which flatters small sets.
    """
    curve = det_points(targets, impostors)
    ahead = curve.false_rejects - curve.false_accepts
    after = int(np.argmax(ahead >= 0))
    if ahead[after] == 0:
        return float(curve.false_rejects[after])
    # The lowest threshold rejects no target and accepts every impostor: it is never the one behind the crossing.
    share = -ahead[after - 1] / (ahead[after] - ahead[after - 1])
    before_rejects, after_rejects = curve.false_rejects[after - 1], curve.false_rejects[after]
    return float(before_rejects + share * (after_rejects - before_rejects))


def min_dcf(targets: Scores, impostors: Scores, *, prior: float = NIST_PRIOR) -> float:
    """Give the lowest detection cost over all thresholds, by the cost of the better of "never" and "always": 0-1.

    NIST 2016 Speaker Recognition Evaluation Plan, 3.1, with costs of 1. `prior` is the share of targets, between 0 and 1.
    """
    if not 0 < prior < 1:
        raise ValueError(f"a prior lies between 0 and 1, this is {prior}")
    curve = det_points(targets, impostors)
    costs = prior * curve.false_rejects + (1 - prior) * curve.false_accepts
    return float(np.min(costs) / min(prior, 1 - prior))


def threshold_for(impostors: Scores, *, false_accepts: float) -> float:
    """Give the lowest threshold at which the share of impostors at or above it is at most `false_accepts` (0-1).

    That share is counted, not interpolated: with fewer than 1 / `false_accepts` impostors it is a threshold above all of them,
    and what it lets through is not known any better than that.
    """
    if not 0 <= false_accepts <= 1:
        raise ValueError(f"a share of false accepts lies between 0 and 1, this is {false_accepts}")
    wrong = _sorted(impostors)
    may_pass = math.floor(false_accepts * wrong.size + _ROUNDING)
    if may_pass >= wrong.size:
        return -math.inf
    return float(np.nextafter(wrong[wrong.size - 1 - may_pass], math.inf))


def false_rejects_at(targets: Scores, impostors: Scores, *, false_accepts: float) -> float:
    """Give the share of targets below the threshold of `threshold_for`, 0-1."""
    return false_rejects_below(targets, threshold_for(impostors, false_accepts=false_accepts))


def false_accepts_at(impostors: Scores, threshold: float) -> float:
    """Give the share of impostors that a threshold accepts, 0-1."""
    wrong = _sorted(impostors)
    return 1 - float(np.searchsorted(wrong, threshold, side="left")) / wrong.size


def false_rejects_below(targets: Scores, threshold: float) -> float:
    """Give the share of targets that a threshold rejects, 0-1."""
    right = _sorted(targets)
    return float(np.searchsorted(right, threshold, side="left")) / right.size


def cllr(target_llrs: Scores, impostor_llrs: Scores) -> float:
    """Give the cost of log likelihood ratios (natural logarithm) in bits: 0 is perfect, 1 is what knowing nothing costs.

    N. Brummer and J. du Preez, "Application-independent evaluation of speaker detection", Computer Speech & Language 20 (2006).
    """
    missed = float(np.mean(np.logaddexp(0, -_sorted(target_llrs))))
    passed = float(np.mean(np.logaddexp(0, _sorted(impostor_llrs))))
    return (missed + passed) / (2 * math.log(2))


def min_cllr(targets: Scores, impostors: Scores) -> float:
    """Give the `cllr` that the best rising map of the scores would have: what is lost in telling voices apart, in bits.

    The best map is isotonic regression (pool adjacent violators), as Brummer and du Preez have it; the rest of `cllr` is lost in
    calibration.
    """
    right, wrong = _sorted(targets), _sorted(impostors)
    scores = np.concatenate((right, wrong))
    values, where = np.unique(scores, return_inverse=True)
    # One point for each score that occurs: equal scores get equal ratios. Both sides weigh one half.
    of_targets = np.bincount(where[: right.size], minlength=values.size) / right.size
    of_impostors = np.bincount(where[right.size :], minlength=values.size) / wrong.size
    weights = of_targets + of_impostors
    probable = np.asarray(isotonic_regression(of_targets / weights, weights=weights).x)
    missed, passed = of_targets > 0, of_impostors > 0
    bits = -float(np.sum(of_targets[missed] * np.log2(probable[missed])))
    bits -= float(np.sum(of_impostors[passed] * np.log2(1 - probable[passed])))
    return max(0.0, bits / 2)


def interval_over_speakers(
    trials: Sequence[Trial], measure: Measure, *, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Give the 95% interval of `measure(target scores, impostor scores)`, by drawing speakers anew, not trials.

    Trials that share a speaker are not independent: each resample draws as many speakers as there are, with repetition, and a
    trial counts as often as its enrolled speaker was drawn times as often as its test speaker was (a target's: as often as its
    one speaker was). R. Bolle, N. Ratha and S. Pankanti, "Error analysis of pattern recognition systems: the subsets
    bootstrap", Computer Vision and Image Understanding 93 (2004); percentiles 2.5 and 97.5. A resample without a target's or
    without an impostor's trial says nothing and is drawn again. Raises `ValueError` where a side is empty.
    """
    sides = _Sides(trials)
    rng = np.random.default_rng(seed)
    measured: list[float] = []
    while len(measured) < resamples:
        drawn = rng.integers(sides.speakers, size=sides.speakers)
        targets, impostors = sides.scores(np.bincount(drawn, minlength=sides.speakers))
        if targets.size and impostors.size:
            measured.append(measure(targets, impostors))
    low, high = np.percentile(measured, (_LOW_PERCENT, _HIGH_PERCENT))
    return float(low), float(high)


class _Sides:
    """The trials as arrays: scores, and which speakers stand on their two sides."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        names = sorted({name for trial in trials for name in (trial.enrolled_speaker, trial.test_speaker)})
        number = {name: index for index, name in enumerate(names)}
        self.speakers = len(names)
        targets = [trial for trial in trials if trial.is_target]
        impostors = [trial for trial in trials if not trial.is_target]
        if not targets or not impostors:
            raise ValueError("without a target's and an impostor's trial there is nothing to measure")
        self._targets, self._speaker, _ = _arrays(targets, number)
        self._impostors, self._enrolled, self._tested = _arrays(impostors, number)

    def scores(self, times: npt.NDArray[np.int_]) -> tuple[Array, Array]:
        """Give the scores of both sides where each speaker was drawn so many times."""
        targets = np.repeat(self._targets, times[self._speaker])
        return targets, np.repeat(self._impostors, times[self._enrolled] * times[self._tested])


def _arrays(
    trials: Sequence[Trial], number: Mapping[str, int]
) -> tuple[Array, npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    return (
        np.array([trial.score for trial in trials], dtype=np.float64),
        np.array([number[trial.enrolled_speaker] for trial in trials], dtype=np.int_),
        np.array([number[trial.test_speaker] for trial in trials], dtype=np.int_),
    )


def _sorted(scores: Scores) -> Array:
    numbers = np.sort(np.asarray(scores, dtype=np.float64))
    if numbers.size == 0:
        raise ValueError("a measure takes one score at least on each side")
    if not np.isfinite(numbers).all():
        raise ValueError("a measure takes finite scores only")
    return numbers
