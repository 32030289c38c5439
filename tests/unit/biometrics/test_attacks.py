"""The rules that turn comparisons into alerts, at their limits."""

import pytest

from biometrics import attacks
from biometrics.attacks import AlertKind, AttackRules
from biometrics.calibration import Tail
from biometrics.decision import Liveness
from biometrics.fingerprint import Match

RULES = AttackRules()
TAIL = Tail(begins_at=0.0, scale=1.0, pairs=1000)
CLAIMS_LIMIT = TAIL.threshold(RULES.claims_false_alarms)
WATCH_LIMIT = TAIL.threshold(RULES.watch_false_alarms)
SAME = Match(share=0.81234, seconds=2.512, score=30.0, is_same=True)
NOT_SAME = Match(share=0.6, seconds=0.5, score=2.0, is_same=False)


def test_a_replay_is_never_a_living_caller_and_anything_else_proves_nothing() -> None:
    assert attacks.verdict_of_replay(SAME) is Liveness.REPLAYED
    assert attacks.verdict_of_replay(NOT_SAME) is Liveness.UNKNOWN
    assert attacks.verdict_of_replay(None) is Liveness.UNKNOWN


def test_a_replay_says_where_it_was_heard_before() -> None:
    found = attacks.replay("K001", SAME, heard_in="CA1", heard_in_turn=3)
    assert found is not None
    assert found.kind is AlertKind.REPLAY
    assert found.details == {"heard_in": "CA1", "heard_in_turn": 3, "share": 0.812, "seconds": 2.51}
    assert attacks.replay("K001", NOT_SAME, heard_in="CA1", heard_in_turn=3) is None


@pytest.mark.parametrize(
    ("others", "is_told"),
    [
        ({}, False),
        ({"K002": CLAIMS_LIMIT}, False),
        ({"K002": CLAIMS_LIMIT, "K003": CLAIMS_LIMIT - 0.01}, False),
        ({"K002": CLAIMS_LIMIT, "K001": CLAIMS_LIMIT + 9}, False),
        ({"K002": CLAIMS_LIMIT, "K003": CLAIMS_LIMIT}, True),
        ({"K002": float("nan"), "K003": CLAIMS_LIMIT}, False),
    ],
)
def test_one_voice_with_three_claims_is_told_and_with_two_it_is_not(others: dict[str, float], *, is_told: bool) -> None:
    found = attacks.many_claims("K001", others, TAIL, RULES)
    assert (found is not None) == is_told
    if found is not None:
        assert found.details["customers"] == ["K002", "K003"]


def test_three_different_rejected_voices_on_one_claim_are_told() -> None:
    apart = [[9.0, -2.0, -3.0], [-2.0, 9.0, -1.0], [-3.0, -1.0, 9.0]]
    found = attacks.many_voices("K001", apart, RULES)
    assert found is not None
    assert found.details["voices"] == 3


def test_one_stranger_who_tries_five_times_is_not_many_voices() -> None:
    assert attacks.many_voices("K001", [[4.0] * 5 for _ in range(5)], RULES) is None
    assert attacks.many_voices("K001", [], RULES) is None


def test_the_likeliest_of_the_watched_voices_is_named_from_its_limit_on() -> None:
    found = attacks.watched("K001", {"w1": WATCH_LIMIT, "w2": WATCH_LIMIT + 1}, TAIL, RULES)
    assert found is not None
    assert found.details["watch_id"] == "w2"
    assert attacks.watched("K001", {"w1": WATCH_LIMIT - 0.01}, TAIL, RULES) is None
    assert attacks.watched("K001", {"w1": float("nan")}, TAIL, RULES) is None
    assert attacks.watched("K001", {}, TAIL, RULES) is None


def test_a_lock_is_told_when_it_happens_and_not_again() -> None:
    assert attacks.locked("K001", was_locked=False, is_locked=True) is not None
    assert attacks.locked("K001", was_locked=True, is_locked=True) is None
    assert attacks.locked("K001", was_locked=False, is_locked=False) is None


@pytest.mark.parametrize("liveness", list(Liveness))
def test_only_a_calibrated_countermeasure_s_verdict_is_told(liveness: Liveness) -> None:
    found = attacks.synthetic("K001", liveness, score=-3.21, countermeasure="aasist")
    assert (found is not None) == (liveness is Liveness.SYNTHETIC)


def test_a_drift_is_about_nobody() -> None:
    moved = Tail(begins_at=1.0, scale=1.0, pairs=1000)
    found = attacks.drift(moved, TAIL, wanted_false_accepts=0.001, has_drifted=True)
    assert found is not None
    assert found.customer_id == ""
    assert found.details["now"] == pytest.approx(found.details["before"] + 1.0)
    assert attacks.drift(moved, TAIL, wanted_false_accepts=0.001, has_drifted=False) is None


@pytest.mark.parametrize(
    "wrong", [{"claims": 0}, {"fingerprints": 0}, {"claims_false_alarms": 0.0}, {"watch_false_alarms": 1.0}]
)
def test_rules_that_would_tell_of_everybody_cannot_be_made(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="rules count"):
        AttackRules(**wrong)  # type: ignore[arg-type]  # one table of mixed values
