"""Two wordings compared: nothing is said of few calls, chance is no difference, and a real one is found and named."""

import pytest

from prompts.arms import Arm
from prompts.experiment import FEWEST_CALLS, Measure, Sample, Verdict, judge, mean, share


def sample(arm: Arm, calls: int, answered: int, *, alone: int = 0, efforts: tuple[int, ...] = ()) -> Sample:
    return Sample(arm=arm, calls=calls, asked=calls, answered=answered, without_person=alone, efforts=efforts)


def test_few_calls_get_no_verdict_however_clear_they_look() -> None:
    found = judge(sample(Arm.A, FEWEST_CALLS - 1, 0), sample(Arm.B, 5000, 5000))
    assert (found.verdict, found.missing_calls, found.differences) == (Verdict.TOO_FEW, 1, ())
    assert found.arms[1].answered.value == 1.0


def test_no_calls_at_all_are_no_error() -> None:
    found = judge(sample(Arm.A, 0, 0), sample(Arm.B, 0, 0))
    assert found.verdict is Verdict.TOO_FEW
    assert found.arms[0].answered.value is None


def test_what_may_be_chance_is_no_difference() -> None:
    found = judge(sample(Arm.A, 200, 120, alone=80), sample(Arm.B, 200, 130, alone=85))
    assert found.verdict is Verdict.NO_DIFFERENCE
    assert all(one.better is None for one in found.differences)


def test_a_clear_difference_is_named_with_its_measure() -> None:
    found = judge(sample(Arm.A, 200, 100, alone=80), sample(Arm.B, 200, 160, alone=85))
    assert found.verdict is Verdict.B_BETTER
    assert [one.measure for one in found.differences if one.better is Arm.B] == [Measure.ANSWERED]


def test_less_effort_is_better() -> None:
    low, high = (1, 2, 2, 3) * 20, (4, 5, 5, 6) * 20
    found = judge(sample(Arm.A, 100, 60, efforts=low), sample(Arm.B, 100, 60, efforts=high))
    assert found.verdict is Verdict.A_BETTER
    few = judge(sample(Arm.A, 100, 60, efforts=low[:9]), sample(Arm.B, 100, 60, efforts=high[:9]))
    assert few.verdict is Verdict.NO_DIFFERENCE


def test_each_better_in_something_is_mixed() -> None:
    found = judge(sample(Arm.A, 300, 250, alone=60), sample(Arm.B, 300, 150, alone=150))
    assert found.verdict is Verdict.MIXED


def test_holm_makes_a_doubtful_difference_none() -> None:
    # Fisher alone gives p = 0.006 for 30 of 100 against 49 of 100; with two questions asked at once it is twice that.
    found = judge(sample(Arm.A, 100, 30, alone=50), sample(Arm.B, 100, 49, alone=51))
    (answered, _) = found.differences
    assert 0.01 < answered.p_value < 0.03
    assert found.verdict is Verdict.NO_DIFFERENCE


def test_intervals_are_those_of_wilson_and_student() -> None:
    # Wilson (1927) for 8 of 10 at 95%: 0.490 to 0.943.
    found = share(8, 10)
    assert found.low == pytest.approx(0.490, abs=0.001)
    assert found.high == pytest.approx(0.943, abs=0.001)
    # Scores 1 to 5: mean 3, standard error 0.7071, Student's 2.776 at four degrees of freedom.
    scores = mean([1, 2, 3, 4, 5])
    assert (scores.value, scores.low) == (3.0, pytest.approx(3 - 2.776 * 0.7071, abs=0.001))
    assert mean([4]).low is None
