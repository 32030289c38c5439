"""Decides whether a voice is the enrolled one: pure, and it fails closed. Whatever is missing makes it `Inconclusive`.

Thresholds come with the `Calibration` of the encoder, which may have learnt its own from the deployment's calls, and never from
here: measured ones do not carry over from one encoder or one set of calls to another. What a decision allows the caller to do is
left to others.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from biometrics.background import Background
from biometrics.calibration import Calibration
from biometrics.scoring import compare
from biometrics.voiceprint import Evidence, Voiceprint

# DESIGN 6, and the default: one impostor in a thousand is taken for the customer.
WANTED_FALSE_ACCEPTS: Final = 0.001
# Whoever is accepted though ten times fewer impostors were wanted is accepted surely.
_SURELY: Final = 10
_SECONDS_A_DAY: Final = 86_400
# Voices age: over two years errors nearly double (Khoury, RSA Conference 2017, 122 speakers; as reported). With scores that
# scatter normally that takes a tenth of what a likeness proves for each year; what it disproves stays. An estimate.
_LESS_A_YEAR: Final = 0.1
_LEAST_LEFT: Final = 0.5
_DAYS_A_YEAR: Final = 365.25


class Liveness(StrEnum):
    """What is known of whether a living caller speaks, beside whose voice it is."""

    LIVE = "live"  # a calibrated countermeasure says so
    UNKNOWN = "unknown"
    REPLAYED = "replayed"  # this very sound was heard before
    SYNTHETIC = "synthetic"  # a calibrated countermeasure says so


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the decision rests on."""

    similarity: float  # cosine of the raw embeddings, -1 to 1
    standard_score: float  # how far above impostors: they have mean 0 and deviation 1
    log_likelihood_ratio: float  # natural logarithm
    accept_from: float  # the log likelihood ratio that the wanted false accepts ask for
    surely_from: float  # that a tenth of them would ask for
    net_speech_seconds: float
    channel: str  # of the call
    voiceprint_age_days: float


class NotTheVoice(StrEnum):
    """Why a voice was rejected."""

    UNLIKE = "the voice is unlike the enrolled one"
    REPLAYED = "this recording has been heard before"
    SYNTHETIC = "the speech is played or made by a machine"


class Missing(StrEnum):
    """Why a voice could not be decided on."""

    CONSENT = "the customer has not consented to voice verification"
    VOICEPRINT = "no voice is enrolled"
    ENCODER = "no encoder can be had"
    CALIBRATION = "the encoder has no calibration"
    SPEECH = "too little speech"
    SAME_ENCODER = "voiceprint, evidence and calibration come from different encoders"
    CERTAINTY = "the likeness is neither clear nor clearly absent"
    CLOCK = "the voiceprint is dated after the call"


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """It is the enrolled voice."""

    measured: Measured


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """It is not the enrolled voice, or not a living one."""

    reason: NotTheVoice
    measured: Measured | None


@dataclass(frozen=True, kw_only=True)
class Inconclusive:
    """The voice proves nothing, neither way; another proof is needed where the request needs one."""

    reason: Missing
    detail: str = ""
    measured: Measured | None = None


Decision: TypeAlias = Accepted | Rejected | Inconclusive


def decide(
    *,
    evidence: Evidence | None,
    voiceprint: Voiceprint | None,
    calibration: Calibration | None,
    has_consented: bool,
    at: datetime,
    background: Background | None = None,
    liveness: Liveness = Liveness.UNKNOWN,
    wanted_false_accepts: float = WANTED_FALSE_ACCEPTS,
) -> Decision:
    """Compare the voice of a call, None for none that counts, with the enrolled one, at an aware time.

    `background` are the deployment's own voices without this customer's, None for none: only a calibration that is used against
    a cohort needs them. Raises `ValueError` for
    wanted false accepts outside 0-1.
    """
    if not 0 < wanted_false_accepts < 1:
        raise ValueError(f"wanted_false_accepts lies between 0 and 1, not at {wanted_false_accepts}")
    if not has_consented:
        return Inconclusive(reason=Missing.CONSENT)
    if liveness in {Liveness.REPLAYED, Liveness.SYNTHETIC}:
        return Rejected(reason=NotTheVoice[liveness.name], measured=None)
    if voiceprint is None:
        return Inconclusive(reason=Missing.VOICEPRINT)
    if calibration is None:
        return Inconclusive(reason=Missing.CALIBRATION)
    lacking = _lacking(evidence, voiceprint, calibration, at=at)
    if lacking is not None or evidence is None:
        return lacking or Inconclusive(reason=Missing.SPEECH)
    return _judged(evidence, voiceprint, calibration, background, at=at, wanted=wanted_false_accepts)


def _lacking(
    evidence: Evidence | None, voiceprint: Voiceprint, calibration: Calibration, *, at: datetime
) -> Inconclusive | None:
    """Say what prevents the comparison, or None."""
    if at < voiceprint.enrolled_at:
        return Inconclusive(reason=Missing.CLOCK)
    mixed = _mixed(evidence, voiceprint, calibration)
    if mixed:
        return Inconclusive(reason=Missing.SAME_ENCODER, detail=mixed)
    seconds = evidence.net_speech_seconds if evidence is not None else 0.0
    if evidence is None or seconds < calibration.shortest_net_speech_seconds:
        detail = f"{seconds:.1f} of {calibration.shortest_net_speech_seconds:.1f} seconds"
        return Inconclusive(reason=Missing.SPEECH, detail=detail)
    return None


def _mixed(evidence: Evidence | None, voiceprint: Voiceprint, calibration: Calibration) -> str:
    """Say which encoders would be mixed; "" where they are one."""
    if voiceprint.encoder != calibration.encoder:
        return f"voiceprint {voiceprint.encoder}, calibration {calibration.encoder}"
    if evidence is None:
        return ""
    if evidence.encoder != voiceprint.encoder:
        return f"evidence {evidence.encoder}, voiceprint {voiceprint.encoder}"
    sizes = {len(sample.embedding) for sample in (*evidence.samples, *voiceprint.samples)}
    return f"embeddings of {sorted(sizes)} numbers" if len(sizes) != 1 else ""


def _judged(
    evidence: Evidence,
    voiceprint: Voiceprint,
    calibration: Calibration,
    background: Background | None,
    *,
    at: datetime,
    wanted: float,
) -> Decision:
    compared = compare(evidence, voiceprint, calibration=calibration, background=background)
    age_days = (at - voiceprint.enrolled_at).total_seconds() / _SECONDS_A_DAY
    measured = Measured(
        similarity=compared.similarity,
        standard_score=compared.standard_score,
        log_likelihood_ratio=_aged(compared.log_likelihood_ratio, age_days),
        accept_from=calibration.tail.threshold(wanted),
        surely_from=calibration.tail.threshold(wanted / _SURELY),
        net_speech_seconds=evidence.net_speech_seconds,
        channel=evidence.channel,
        voiceprint_age_days=age_days,
    )
    if measured.log_likelihood_ratio >= measured.accept_from:
        return Accepted(measured=measured)
    if measured.log_likelihood_ratio < calibration.reject_below:
        return Rejected(reason=NotTheVoice.UNLIKE, measured=measured)
    return Inconclusive(reason=Missing.CERTAINTY, measured=measured)


def _aged(ratio: float, age_days: float) -> float:
    """Give what a log likelihood ratio is worth against a voiceprint of this age."""
    return ratio * max(_LEAST_LEFT, 1 - _LESS_A_YEAR * age_days / _DAYS_A_YEAR) if ratio > 0 else ratio
