"""Whether one of two wordings does better: what each arm's calls came to, with intervals, and a plain verdict or none.

Shares have Wilson's interval (Wilson, JASA 22, 1927) and are compared by Fisher's exact test; effort scores are steps and no
measure, so their means have Student's interval for the eye and are compared by Mann and Whitney's test of ranks (Annals of
Mathematical Statistics 18, 1947). Three questions are asked at once and looked at again and again, so that Holm's correction is
applied (Scandinavian Journal of Statistics 6, 1979) and a difference counts from p < 0.01 on. Below `FEWEST_CALLS` ended calls in
each arm nothing is said at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scipy import stats

from prompts.arms import Arm

# With a hundred calls an arm a difference of 20 points of a share is seen four times in five (power of Fisher's test at 50%, 1%
# level: 0.7); smaller ones take more.
FEWEST_CALLS = 100
# Fewer scores than this tell nothing of ranks; judgement.
FEWEST_SCORES = 30
SIGNIFICANT = 0.01
_CONFIDENCE = 0.95
_TWO = 2


class Measure(StrEnum):
    """What an arm is judged by."""

    ANSWERED = "answered"  # the question was answered at the first time of asking
    WITHOUT_PERSON = "without_person"  # the call ended without a person
    EFFORT = "effort"  # the callers' scores, 1 (easy) to 7


class Verdict(StrEnum):
    """What can be said."""

    TOO_FEW = "too_few"
    NO_DIFFERENCE = "no_difference"
    A_BETTER = "a_better"
    B_BETTER = "b_better"
    MIXED = "mixed"  # each is better in something


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the ended calls of one arm came to."""

    arm: Arm
    calls: int
    asked: int  # of them, where the prompt led to a question
    answered: int  # of these, answered at the first time
    without_person: int
    efforts: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A share or a mean with its 95% interval; None where there is nothing to count."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class ArmResult:
    """One arm's figures."""

    arm: Arm
    calls: int
    answered: Figure
    without_person: Figure
    effort: Figure
    scores: int


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One comparison of the two arms."""

    measure: Measure
    p_value: float  # after Holm's correction
    better: Arm | None  # None while it may be chance


@dataclass(frozen=True, kw_only=True)
class Result:
    """Both arms, and what can be said."""

    arms: tuple[ArmResult, ...]
    verdict: Verdict
    missing_calls: int  # until something can be said, of the arm that has fewer
    differences: tuple[Difference, ...] = ()


def judge(a: Sample, b: Sample) -> Result:
    """Compare two arms."""
    arms = (_figures(a), _figures(b))
    missing = max(0, FEWEST_CALLS - min(a.calls, b.calls))
    if missing:
        return Result(arms=arms, verdict=Verdict.TOO_FEW, missing_calls=missing)
    differences = _corrected(
        [
            _shares(Measure.ANSWERED, a.answered, a.asked, b.answered, b.asked),
            _shares(Measure.WITHOUT_PERSON, a.without_person, a.calls, b.without_person, b.calls),
            _ranks(a.efforts, b.efforts),
        ]
    )
    better = {one.better for one in differences if one.better is not None}
    verdict = Verdict.NO_DIFFERENCE
    if better:
        verdict = Verdict.MIXED if len(better) == _TWO else Verdict.A_BETTER if Arm.A in better else Verdict.B_BETTER
    return Result(arms=arms, verdict=verdict, missing_calls=0, differences=differences)


def share(count: int, of: int) -> Figure:
    """A share with Wilson's interval."""
    if not of:
        return Figure(value=None)
    interval = stats.binomtest(count, of).proportion_ci(confidence_level=_CONFIDENCE, method="wilson")
    return Figure(value=count / of, low=float(interval.low), high=float(interval.high))


def mean(scores: Sequence[int]) -> Figure:
    """A mean with Student's interval; without one below two scores, or where all are the same."""
    if not scores:
        return Figure(value=None)
    value = sum(scores) / len(scores)
    if len(set(scores)) < _TWO:
        return Figure(value=value)
    low, high = stats.t.interval(_CONFIDENCE, len(scores) - 1, loc=value, scale=stats.sem(scores))
    return Figure(value=value, low=max(1.0, float(low)), high=min(7.0, float(high)))


def _figures(sample: Sample) -> ArmResult:
    return ArmResult(
        arm=sample.arm,
        calls=sample.calls,
        answered=share(sample.answered, sample.asked),
        without_person=share(sample.without_person, sample.calls),
        effort=mean(sample.efforts),
        scores=len(sample.efforts),
    )


def _shares(measure: Measure, a: int, of_a: int, b: int, of_b: int) -> Difference | None:
    if not of_a or not of_b:
        return None
    p_value = float(stats.fisher_exact([[a, of_a - a], [b, of_b - b]]).pvalue)
    return Difference(measure=measure, p_value=p_value, better=Arm.A if a / of_a > b / of_b else Arm.B)


def _ranks(a: Sequence[int], b: Sequence[int]) -> Difference | None:
    if min(len(a), len(b)) < FEWEST_SCORES or len({*a, *b}) < _TWO:
        return None
    found = stats.mannwhitneyu(a, b, alternative="two-sided", method="asymptotic")
    # A low score is little effort: the arm whose scores win fewer pairs is the better one.
    return Difference(
        measure=Measure.EFFORT,
        p_value=float(found.pvalue),
        better=Arm.A if found.statistic < len(a) * len(b) / 2 else Arm.B,
    )


def _corrected(found: Sequence[Difference | None]) -> tuple[Difference, ...]:
    """Holm: the k-th smallest of n counts n - k + 1 times, and none less than the one before it."""
    known = [one for one in found if one is not None]
    floor, corrected = 0.0, {}
    for place, one in enumerate(sorted(known, key=lambda each: each.p_value)):
        floor = max(floor, min(1.0, one.p_value * (len(known) - place)))
        corrected[one.measure] = floor
    return tuple(
        Difference(
            measure=one.measure,
            p_value=corrected[one.measure],
            better=one.better if corrected[one.measure] < SIGNIFICANT else None,
        )
        for one in known
    )
