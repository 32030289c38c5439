"""Is it the enrolled voice: accepted only with everything in place; whatever is missing proves nothing and accepts nobody."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biometrics.calibration import Calibration, Tail
from biometrics.decision import Accepted, Decision, Inconclusive, Liveness, Missing, NotTheVoice, Rejected, decide
from biometrics.voiceprint import Evidence, Quality, Sample, Voiceprint, similarity, together, unit_length

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLEAN = Quality(snr_db=30.0, level_dbfs=-25.0, clipped_share=0.0, halves_alike=None)
# The log likelihood ratio is 20 times the cosine less 10; one in a thousand is accepted from 4 on.
CALIBRATION = Calibration(
    encoder="scripted",
    made_on="figures chosen for the tests",
    impostor_mean=0.0,
    impostor_deviation=1.0,
    intercept=-10.0,
    score_weight=20.0,
    seconds_weight=0.0,
    snr_weight=0.0,
    tail=Tail(begins_at=4.0 - math.log(100), scale=1.0, pairs=1000),
    reject_below=-4.0,
    shortest_net_speech_seconds=3.0,
)


def sample(embedding: tuple[float, ...], seconds: float = 5.0) -> Sample:
    return Sample(embedding=embedding, net_speech_seconds=seconds, quality=CLEAN)


VOICEPRINT = Voiceprint(
    customer_id="c1",
    encoder="scripted",
    samples=(sample((1.0, 0.0), 30.0),),
    channel="telephone",
    enrolled_at=NOW - timedelta(days=10),
    heard_at=NOW - timedelta(days=1),
)


def at_cosine(cosine: float) -> tuple[float, float]:
    return (cosine, math.sqrt(1 - cosine**2))


def evidence(cosine: float, seconds: float = 5.0) -> Evidence:
    return Evidence(encoder="scripted", samples=(sample(at_cosine(cosine), seconds),), channel="telephone")


def decided(cosine: float = 1.0, **changed: Any) -> Decision:
    given_: dict[str, Any] = {
        "evidence": evidence(cosine),
        "voiceprint": VOICEPRINT,
        "calibration": CALIBRATION,
        "has_consented": True,
        "at": NOW,
    }
    return decide(**(given_ | changed))


@pytest.mark.parametrize(
    ("cosine", "expected"),
    [(1.0, Accepted), (0.72, Accepted), (0.69, Inconclusive), (0.31, Inconclusive), (0.29, Rejected), (-1.0, Rejected)],
)
def test_likeness_is_judged_by_the_calibration(cosine: float, expected: type[Decision]) -> None:
    assert isinstance(decided(cosine), expected)


def test_fewer_wanted_false_accepts_ask_for_more_likeness() -> None:
    assert isinstance(decided(0.75), Accepted)
    assert isinstance(decided(0.75, wanted_false_accepts=0.00001), Inconclusive)


@pytest.mark.parametrize("wanted", [0, 1, -0.1, 1.5])
def test_wanted_false_accepts_that_are_no_share_are_refused(wanted: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        decided(wanted_false_accepts=wanted)


def test_a_decision_shows_what_it_rests_on() -> None:
    accepted = decided(0.8)
    assert isinstance(accepted, Accepted)
    assert accepted.measured.similarity == pytest.approx(0.8)
    assert accepted.measured.log_likelihood_ratio == pytest.approx(6.0, rel=0.01)
    assert accepted.measured.accept_from == pytest.approx(4.0)
    assert accepted.measured.net_speech_seconds == 5.0
    assert accepted.measured.channel == "telephone"
    assert accepted.measured.voiceprint_age_days == pytest.approx(10)


def test_an_old_voiceprint_proves_less_and_disproves_as_much() -> None:
    old = replace(VOICEPRINT, enrolled_at=NOW - timedelta(days=3 * 365))
    proves, disproves = decided(0.75, voiceprint=old), decided(0.1, voiceprint=old)
    assert isinstance(decided(0.75), Accepted)
    assert isinstance(proves, Inconclusive)
    assert isinstance(disproves, Rejected)
    assert disproves.measured is not None
    assert disproves.measured.log_likelihood_ratio == pytest.approx(-8.0)


def test_a_decision_says_from_where_on_it_would_be_sure() -> None:
    measured = decided(0.8).measured
    assert measured is not None
    assert measured.surely_from == pytest.approx(4.0 + math.log(10))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"has_consented": False}, Missing.CONSENT),
        ({"voiceprint": None}, Missing.VOICEPRINT),
        ({"calibration": None}, Missing.CALIBRATION),
        ({"evidence": None}, Missing.SPEECH),
        ({"evidence": evidence(1.0, seconds=2.9)}, Missing.SPEECH),
        ({"evidence": replace(evidence(1.0), encoder="another")}, Missing.SAME_ENCODER),
        ({"voiceprint": replace(VOICEPRINT, encoder="another")}, Missing.SAME_ENCODER),
        ({"calibration": replace(CALIBRATION, encoder="another")}, Missing.SAME_ENCODER),
        ({"voiceprint": replace(VOICEPRINT, samples=(sample((1.0, 0.0, 0.0)),))}, Missing.SAME_ENCODER),
        ({"at": NOW - timedelta(days=11)}, Missing.CLOCK),
    ],
)
def test_whatever_is_missing_proves_nothing(changed: dict[str, Any], reason: Missing) -> None:
    answer = decided(1.0, **changed)
    assert isinstance(answer, Inconclusive)
    assert answer.reason is reason


@pytest.mark.parametrize(
    ("liveness", "reason"),
    [(Liveness.REPLAYED, NotTheVoice.REPLAYED), (Liveness.SYNTHETIC, NotTheVoice.SYNTHETIC)],
)
def test_the_right_voice_from_a_loudspeaker_is_rejected(liveness: Liveness, reason: NotTheVoice) -> None:
    answer = decided(1.0, liveness=liveness)
    assert isinstance(answer, Rejected)
    assert answer.reason is reason


def test_consent_comes_before_everything_else() -> None:
    answer = decided(has_consented=False, liveness=Liveness.REPLAYED, voiceprint=None, calibration=None, evidence=None)
    assert isinstance(answer, Inconclusive)
    assert answer.reason is Missing.CONSENT


@given(cosine=st.floats(-1, 1), seconds=st.floats(0, 100), consent=st.booleans(), other=st.booleans())
def test_nobody_is_accepted_without_consent_enough_speech_and_one_encoder(
    cosine: float,
    seconds: float,
    consent: bool,  # noqa: FBT001 - hypothesis passes them by name
    other: bool,  # noqa: FBT001 - as above
) -> None:
    heard = replace(evidence(cosine, seconds), encoder="another" if other else "scripted")
    answer = decided(evidence=heard, has_consented=consent)
    if isinstance(answer, Accepted):
        assert consent
        assert not other
        assert seconds >= 3.0
        assert cosine >= 0.7 - 1e-9


@given(lower=st.floats(-1, 1), higher=st.floats(-1, 1))
def test_more_likeness_never_counts_for_less(lower: float, higher: float) -> None:
    lower, higher = sorted((lower, higher))
    less, more = decided(lower).measured, decided(higher).measured
    assert less is not None
    assert more is not None
    assert less.log_likelihood_ratio <= more.log_likelihood_ratio + 1e-9


def test_the_numbers_of_a_voice_do_not_show_when_it_is_printed() -> None:
    assert "1.0, 0.0" not in repr(VOICEPRINT)
    assert "(1.0," not in repr(evidence(1.0))


def test_samples_of_a_voice_count_by_their_seconds() -> None:
    joined = together((sample((1.0, 0.0), 9.0), sample((0.0, 1.0), 1.0)))
    assert similarity(joined, (1.0, 0.0)) > similarity(joined, (0.0, 1.0))
    assert math.hypot(*joined) == pytest.approx(1)


@pytest.mark.parametrize("samples", [(), (sample((1.0, 0.0)), sample((1.0, 0.0, 0.0)))])
def test_no_voice_is_made_of_nothing_nor_of_two_encoders(samples: tuple[Sample, ...]) -> None:
    with pytest.raises(ValueError, match=r"voice|samples"):
        Evidence(encoder="scripted", samples=samples, channel="telephone")


@pytest.mark.parametrize("vector", [(), (0.0, 0.0), (2.0, 0.0), (math.nan, 1.0), (math.inf, 0.0)])
def test_an_embedding_without_length_one_is_refused(vector: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="length 1"):
        sample(vector)


@pytest.mark.parametrize("seconds", [-0.1, math.inf, math.nan])
def test_net_speech_that_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="net speech"):
        sample((1.0, 0.0), seconds)


def test_a_voiceprint_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(VOICEPRINT, enrolled_at=datetime(2026, 1, 1))  # noqa: DTZ001 - what the record refuses


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_unit_length_gives_length_one_or_says_why_not(numbers: list[float]) -> None:
    try:
        vector = unit_length(numbers)
    except ValueError:
        assert math.hypot(*numbers) == 0
    else:
        assert math.hypot(*vector) == pytest.approx(1)


def test_similarity_of_different_sizes_is_an_error() -> None:
    with pytest.raises(ValueError, match="one encoder"):
        similarity((1.0,), (1.0, 0.0))
