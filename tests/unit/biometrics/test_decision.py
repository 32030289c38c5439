"""Is it the enrolled voice: accepted only with everything in place; whatever is missing proves nothing and accepts nobody."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biometrics.check import check
from biometrics.decision import Accepted, Calibration, Decision, Inconclusive, Missing, NotTheVoice, Rejected, decide
from biometrics.encoders import NoEncoder
from biometrics.scripted import ScriptedEncoder
from biometrics.voiceprint import Evidence, Voiceprint, similarity, unit_length

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALIBRATION = Calibration(
    encoder="scripted",
    made_on="figures chosen for the tests",
    slope=20.0,
    intercept=-10.0,
    accept_from=4.0,
    reject_below=-4.0,
    shortest_net_speech_seconds=3.0,
)
VOICEPRINT = Voiceprint(
    customer_id="c1",
    encoder="scripted",
    embedding=(1.0, 0.0),
    net_speech_seconds=30.0,
    channel="telephone",
    enrolled_at=NOW - timedelta(days=10),
)
SPEECH = np.random.default_rng(1).integers(-3000, 3000, 5 * 8000).astype(np.int16)


def at_cosine(cosine: float) -> tuple[float, float]:
    return (cosine, math.sqrt(1 - cosine**2))


def evidence(cosine: float, **changed: object) -> Evidence:
    plain = Evidence(encoder="scripted", embedding=at_cosine(cosine), net_speech_seconds=5.0, channel="telephone")
    return replace(plain, **changed)  # type: ignore[arg-type]  # the fields are checked by the record itself


def decided(cosine: float = 1.0, **changed: object) -> Decision:
    given_ = {
        "evidence": evidence(cosine),
        "voiceprint": VOICEPRINT,
        "calibration": CALIBRATION,
        "has_consented": True,
        "at": NOW,
    }
    return decide(**(given_ | changed))  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize(
    ("cosine", "expected"),
    [(1.0, Accepted), (0.71, Accepted), (0.69, Inconclusive), (0.31, Inconclusive), (0.29, Rejected), (-1.0, Rejected)],
)
def test_likeness_is_judged_by_the_calibration(cosine: float, expected: type[Decision]) -> None:
    assert isinstance(decided(cosine), expected)


def test_another_calibration_judges_the_same_likeness_otherwise() -> None:
    strict = replace(CALIBRATION, accept_from=9.9)
    assert isinstance(decided(0.9), Accepted)
    assert isinstance(decided(0.9, calibration=strict), Inconclusive)


def test_a_decision_shows_what_it_rests_on() -> None:
    accepted = decided(0.8)
    assert isinstance(accepted, Accepted)
    assert accepted.measured.similarity == pytest.approx(0.8)
    assert accepted.measured.log_likelihood_ratio == pytest.approx(6.0)
    assert accepted.measured.net_speech_seconds == 5.0
    assert accepted.measured.channel == "telephone"
    assert accepted.measured.voiceprint_age_days == pytest.approx(10)


def test_a_rejection_has_its_reason() -> None:
    rejected = decided(-0.5)
    assert isinstance(rejected, Rejected)
    assert rejected.reason is NotTheVoice.UNLIKE


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"has_consented": False}, Missing.CONSENT),
        ({"voiceprint": None}, Missing.VOICEPRINT),
        ({"calibration": None}, Missing.CALIBRATION),
        ({"evidence": evidence(1.0, net_speech_seconds=2.9)}, Missing.SPEECH),
        ({"evidence": evidence(1.0, encoder="other")}, Missing.SAME_ENCODER),
        ({"evidence": evidence(1.0, embedding=(1.0, 0.0, 0.0))}, Missing.SAME_ENCODER),
        ({"voiceprint": replace(VOICEPRINT, encoder="older")}, Missing.SAME_ENCODER),
        ({"calibration": replace(CALIBRATION, encoder="older")}, Missing.SAME_ENCODER),
        ({"at": NOW - timedelta(days=11)}, Missing.CLOCK),
    ],
)
def test_whatever_is_missing_proves_nothing_however_alike_the_voice(
    changed: dict[str, object], reason: Missing
) -> None:
    decision = decided(1.0, **changed)
    assert isinstance(decision, Inconclusive)
    assert decision.reason is reason


def test_consent_is_asked_about_first() -> None:
    decision = decided(1.0, has_consented=False, voiceprint=None, calibration=None)
    assert decision == Inconclusive(reason=Missing.CONSENT)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_voice_more_alike_is_never_judged_worse(one: float, other: float) -> None:
    order = {Rejected: 0, Inconclusive: 1, Accepted: 2}
    low, high = sorted((one, other))
    assert order[type(decided(low))] <= order[type(decided(high))]


@pytest.mark.parametrize(
    ("field", "value"),
    [("slope", 0.0), ("slope", math.nan), ("accept_from", math.inf), ("reject_below", 5.0), ("intercept", math.nan)],
)
def test_a_calibration_that_would_accept_blindly_is_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=r"slope|finite|reject_below"):
        replace(CALIBRATION, **{field: value})  # type: ignore[arg-type]  # the record itself checks


@pytest.mark.parametrize("embedding", [(), (0.0, 0.0), (1.0, 1.0), (math.nan, 1.0), (math.inf, 0.0)])
def test_an_embedding_that_is_no_direction_is_refused(embedding: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="length 1"):
        evidence(1.0, embedding=embedding)


@pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf])
def test_net_speech_that_is_no_duration_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="zero seconds or more"):
        evidence(1.0, net_speech_seconds=seconds)


def test_a_voiceprint_of_an_unclear_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        replace(VOICEPRINT, enrolled_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the naive time is what is refused


def test_a_vector_without_direction_has_no_unit_length() -> None:
    for vector in [(), (0.0,), (math.nan,), (math.inf, 1.0)]:
        with pytest.raises(ValueError, match="no direction"):
            unit_length(vector)


def test_embeddings_of_two_sizes_are_not_compared() -> None:
    with pytest.raises(ValueError, match="do not come from one encoder"):
        similarity((1.0,), (1.0, 0.0))


def test_a_voiceprint_does_not_show_when_it_is_printed() -> None:
    assert "embedding" not in repr(VOICEPRINT)
    assert "embedding" not in repr(evidence(1.0))


def checked(**changed: object) -> Decision:
    given_ = {
        "speech": SPEECH,
        "rate_hz": 8000,
        "channel": "telephone",
        "encoder": ScriptedEncoder([at_cosine(0.9)]),
        "voiceprint": VOICEPRINT,
        "calibration": CALIBRATION,
        "has_consented": True,
        "at": NOW,
    }
    return check(**(given_ | changed))  # type: ignore[arg-type]  # as above


def test_a_voice_like_the_enrolled_one_is_accepted() -> None:
    accepted = checked()
    assert isinstance(accepted, Accepted)
    assert accepted.measured.similarity == pytest.approx(0.9)
    assert accepted.measured.net_speech_seconds == 5.0


def test_another_voice_is_rejected() -> None:
    assert isinstance(checked(encoder=ScriptedEncoder([at_cosine(0.1)])), Rejected)


def test_without_an_encoder_the_voice_proves_nothing_and_the_reason_is_told() -> None:
    decision = checked(encoder=NoEncoder(reason="the weights are not here"))
    assert decision == Inconclusive(reason=Missing.ENCODER, detail="the weights are not here")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"has_consented": False}, Missing.CONSENT),
        ({"voiceprint": None}, Missing.VOICEPRINT),
        ({"calibration": None}, Missing.CALIBRATION),
        ({"speech": SPEECH[: 2 * 8000]}, Missing.SPEECH),
        ({"rate_hz": 0}, Missing.SPEECH),
    ],
)
def test_a_voice_that_may_not_or_cannot_be_judged_is_never_encoded(changed: dict[str, object], reason: Missing) -> None:
    encoder = ScriptedEncoder([at_cosine(1.0)])
    decision = checked(encoder=encoder, **changed)
    assert isinstance(decision, Inconclusive)
    assert decision.reason is reason
    assert encoder.utterances == 0


def test_speech_that_the_encoder_refuses_proves_nothing() -> None:
    decision = checked(speech=np.zeros(5 * 8000, np.int16))
    assert decision == Inconclusive(reason=Missing.SPEECH, detail="speech is digital silence throughout")


def test_how_much_speech_is_missing_is_told() -> None:
    decision = checked(speech=SPEECH[: 2 * 8000])
    assert decision == Inconclusive(reason=Missing.SPEECH, detail="2.0 of 3.0 seconds")
