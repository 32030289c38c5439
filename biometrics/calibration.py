"""What comparisons of one encoder mean: learnt from labelled calls, written as JSON, and carried to where it decides. Pure.

A comparison becomes a standard score (`biometrics.scoring`: impostors have mean 0 and deviation 1), and the standard score with
the seconds and the noise of the call becomes a log likelihood ratio by logistic regression (Brümmer and du Preez 2006; duration
and quality as side information: Mandasari et al. 2013).
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

# What exceeds a high quantile of the impostors follows a generalised Pareto distribution (peaks over threshold, Pickands 1975).
TAIL_SHARE: Final = 0.1
# Likeness ends at 1, so its tail is bounded or at most exponential; a half is a triangle's, and fewer exceedances tell no more.
_MOST_SHAPE: Final = 0.5
# Seconds beyond it tell hardly more of a voice than these do (judgement).
MOST_SECONDS: Final = 30.0
_MOST_SNR_DB: Final = 40.0
# Newton's method on four weights: some ten steps. The ridge keeps what does not vary at nothing, and sets of few speakers, that
# a line can part without fault, from making too sure (measured: 14 voices gave a weight of 9 without it).
_RIDGE: Final = 1e-3
_TINY: Final = 1e-10
_MOST_STEPS: Final = 100
_MOST_RATIO: Final = 50.0
_CLOSE_ENOUGH: Final = 1e-8
# Fewer comparisons of either sort, or of fewer people, are no calibration (judgement; NIST's small sets had some hundreds).
LEAST_TARGETS, LEAST_IMPOSTORS, LEAST_SPEAKERS = 30, 300, 8


class CalibrationError(ValueError):
    """What cannot be a calibration, or cannot be made one, and why."""


@dataclass(frozen=True, kw_only=True)
class Tail:
    """How the log likelihood ratios of impostors thin out upwards: what turns wanted false accepts into a threshold."""

    begins_at: float  # a share of TAIL_SHARE lies above
    scale: float
    pairs: int  # how many comparisons of different people it was learnt from
    shape: float = 0.0  # 0 is exponential, without an end; above, the tail ends at scale / shape beyond its beginning

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.begins_at, self.scale, self.shape))) or self.scale <= 0:
            raise CalibrationError("a tail has a finite beginning and a scale above zero")
        if not 0 <= self.shape <= _MOST_SHAPE:
            raise CalibrationError(f"the shape of a tail lies between 0 and {_MOST_SHAPE}")

    @classmethod
    def of(cls, ratios: Sequence[float]) -> Self:
        """Learn it from log likelihood ratios of comparisons between different people. Raises `CalibrationError`."""
        values = np.asarray(ratios, dtype=np.float64)
        if values.size < LEAST_IMPOSTORS or not np.isfinite(values).all():
            raise CalibrationError(
                f"{values.size} comparisons of different people: at least {LEAST_IMPOSTORS} are needed"
            )
        begins_at = float(np.quantile(values, 1 - TAIL_SHARE))
        above = values[values > begins_at]
        if above.size == 0:
            raise CalibrationError("all comparisons of different people gave the same: they cannot be told apart")
        scale, shape = _generalised_pareto(np.sort(above - begins_at))
        return cls(begins_at=begins_at, scale=scale, shape=shape, pairs=int(values.size))

    def threshold(self, false_accepts: float) -> float:
        """Give the log likelihood ratio that this share of impostors reaches, 0 < share <= TAIL_SHARE counts as such."""
        rarer = TAIL_SHARE / min(false_accepts, TAIL_SHARE)
        if self.shape == 0:
            return self.begins_at + self.scale * math.log(rarer)
        return self.begins_at + self.scale / self.shape * (1 - math.pow(rarer, -self.shape))


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One labelled comparison."""

    standard_score: float
    is_target: bool  # of one person with themself
    net_speech_seconds: float  # of the call that was compared
    snr_db: float
    enrolled_speaker: str
    test_speaker: str


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the comparisons of one encoder mean, as learnt from labelled calls."""

    encoder: str
    made_on: str  # the calls it was learnt from, for people
    # Raw cosines of different people, and how they scatter: the standard where a deployment has no cohort of its own.
    impostor_mean: float
    impostor_deviation: float
    # ln LR = intercept + score_weight * standard score + seconds_weight * ln(seconds) + snr_weight * dB / 10
    intercept: float
    score_weight: float
    seconds_weight: float
    snr_weight: float
    tail: Tail
    reject_below: float  # log likelihood ratio; from there up to the threshold the voice alone does not decide
    shortest_net_speech_seconds: float
    # Whether scores are normalised against the deployment's own voices. Measured: with the line encoder that makes AN4's errors
    # half as many again and ASC's more too (tests/bench/voice); `centralino voice report` says what it brings on other calls.
    against_cohort: bool = False

    def __post_init__(self) -> None:
        numbers = [getattr(self, one.name) for one in fields(self) if one.type is float]
        if not all(math.isfinite(number) for number in numbers):
            raise CalibrationError("a calibration holds finite numbers only")
        if self.score_weight <= 0:
            raise CalibrationError("a voice that is more alike must count more: score_weight is above zero")
        if self.impostor_deviation <= 0 or self.shortest_net_speech_seconds <= 0:
            raise CalibrationError("impostor_deviation and shortest_net_speech_seconds are above zero")

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `to_json` wrote. Raises `CalibrationError`."""
        try:
            content: dict[str, Any] = json.loads(text)
            return cls(**{**content, "tail": Tail(**content["tail"])})
        except (ValueError, KeyError, TypeError) as error:
            raise CalibrationError(f"this is no calibration: {error}") from None

    def to_json(self) -> str:
        """Write it for people and machines."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"

    @property
    def digest(self) -> str:
        """What tells it from every other calibration: 16 hexadecimal digits of its SHA-256."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def on_line(self, own: Tail | None) -> Self:
        """Give it as it decides on a deployment whose own impostors have this tail; None while that is not known.

        Scores against a cohort have another scale than those it was learnt from, so a cohort counts only with its own tail.
        """
        return replace(self, against_cohort=False) if own is None else replace(self, tail=own)

    def log_likelihood_ratio(self, *, standard_score: float, net_speech_seconds: float, snr_db: float) -> float:
        """Give the natural logarithm of how much likelier one person is than two."""
        weights = np.array([self.intercept, self.score_weight, self.seconds_weight, self.snr_weight])
        return float(weights @ _features(standard_score, net_speech_seconds, snr_db))


def fit_calibration(
    scored: Sequence[Scored],
    *,
    encoder: str,
    made_on: str,
    impostor_mean: float,
    impostor_deviation: float,
    shortest_net_speech_seconds: float = 3.0,  # DESIGN 6
) -> Calibration:
    """Learn a calibration from labelled comparisons. Raises `CalibrationError` where they are too few to learn from."""
    _check_enough(scored)
    is_target = np.array([one.is_target for one in scored])
    features = np.array([_features(one.standard_score, one.net_speech_seconds, one.snr_db) for one in scored])
    weights = _logistic(features, is_target)
    if weights[-1] < 0:
        # Noise must never make a voice count for more, whatever a set of calls says: an impostor can add it.
        weights = np.append(_logistic(features[:, :-1], is_target), 0.0)
    ratios = features @ weights
    # One true caller in a hundred falls below it by chance; never more than an even ratio, which speaks for nobody.
    reject_below = min(float(np.quantile(ratios[is_target], 0.01)), 0.0)
    return Calibration(
        encoder=encoder,
        made_on=made_on,
        impostor_mean=impostor_mean,
        impostor_deviation=impostor_deviation,
        intercept=float(weights[0]),
        score_weight=float(weights[1]),
        seconds_weight=float(weights[2]),
        snr_weight=float(weights[3]),
        tail=Tail.of([float(ratio) for ratio in ratios[~is_target]]),
        reject_below=reject_below,
        shortest_net_speech_seconds=shortest_net_speech_seconds,
    )


def _generalised_pareto(excess: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Fit scale and shape to sorted excesses by probability-weighted moments (Hosking and Wallis 1987)."""
    mean = float(excess.mean())
    weights = np.arange(excess.size - 1, -1, -1) / max(excess.size - 1, 1)
    weighted = float(np.mean(weights * excess))
    shape = mean / (mean - 2 * weighted) - 2 if mean > 2 * weighted else 0.0
    shape = min(max(shape, 0.0), _MOST_SHAPE)
    return mean * (1 + shape), shape


def _check_enough(scored: Sequence[Scored]) -> None:
    targets = sum(one.is_target for one in scored)
    speakers = {one.enrolled_speaker for one in scored if one.is_target}
    if targets < LEAST_TARGETS or len(scored) - targets < LEAST_IMPOSTORS or len(speakers) < LEAST_SPEAKERS:
        raise CalibrationError(
            f"{targets} comparisons of one person, {len(scored) - targets} of two, {len(speakers)} people with two calls: "
            f"at least {LEAST_TARGETS}, {LEAST_IMPOSTORS} and {LEAST_SPEAKERS} are needed"
        )


def _features(standard_score: float, net_speech_seconds: float, snr_db: float) -> npt.NDArray[np.float64]:
    seconds = min(max(net_speech_seconds, 0.1), MOST_SECONDS)
    return np.array([1.0, standard_score, math.log(seconds), min(max(snr_db, 0.0), _MOST_SNR_DB) / 10])


def _logistic(features: npt.NDArray[np.float64], is_target: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Weights of a logistic regression in which both sorts weigh the same, so that the result is a likelihood ratio.

    Newton's method with a little ridge on everything but the intercept: seconds or noise that do not vary get no weight.
    """
    weight = np.where(is_target, 0.5 / max(is_target.sum(), 1), 0.5 / max((~is_target).sum(), 1))
    ridge = np.diag([0.0, *[_RIDGE] * (features.shape[1] - 1)])
    weights = np.zeros(features.shape[1])
    for _ in range(_MOST_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(features @ weights, -_MOST_RATIO, _MOST_RATIO)))
        gradient = features.T @ (weight * (probability - is_target)) + ridge @ weights
        curvature = (features * (weight * probability * (1 - probability))[:, None]).T @ features + ridge
        step = np.linalg.solve(curvature + _TINY * np.eye(len(weights)), gradient)
        weights = weights - step
        if float(np.abs(step).max()) < _CLOSE_ENOUGH:
            break
    return weights
