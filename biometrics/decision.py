"""Decides whether a voice is the enrolled one: pure, and it fails closed. Whatever is missing makes it `Inconclusive`.

Thresholds come with the `Calibration` of the encoder and never from here: measured ones do not carry over from one encoder
or one set of calls to another. What a decision allows the caller to do is left to others.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from biometrics.voiceprint import Evidence, Voiceprint, similarity


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the similarities of one encoder mean, as learnt from labelled calls."""

    encoder: str
    made_on: str  # the calls it was learnt from, for people
    # Log likelihood ratio of a similarity (natural logarithm): slope * similarity + intercept.
    slope: float
    intercept: float
    accept_from: float  # log likelihood ratio, inclusive
    reject_below: float  # log likelihood ratio; between the two the voice alone does not decide
    shortest_net_speech_seconds: float

    def __post_init__(self) -> None:
        numbers = (self.slope, self.intercept, self.accept_from, self.reject_below, self.shortest_net_speech_seconds)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError("a calibration holds finite numbers only")
        if self.slope <= 0:
            raise ValueError("a voice that is more alike must count more: slope is above zero")
        if self.reject_below > self.accept_from:
            raise ValueError("reject_below is at most accept_from")
        if self.shortest_net_speech_seconds <= 0:
            raise ValueError("shortest_net_speech_seconds is above zero")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the decision rests on."""

    similarity: float  # cosine, -1 to 1
    log_likelihood_ratio: float
    net_speech_seconds: float
    channel: str  # of the call
    voiceprint_age_days: float


class NotTheVoice(StrEnum):
    """Why a voice was rejected."""

    UNLIKE = "the voice is unlike the enrolled one"


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
    """It is not the enrolled voice."""

    reason: NotTheVoice
    measured: Measured


@dataclass(frozen=True, kw_only=True)
class Inconclusive:
    """The voice proves nothing, neither way; another proof is needed where the request needs one."""

    reason: Missing
    detail: str = ""
    measured: Measured | None = None


Decision: TypeAlias = Accepted | Rejected | Inconclusive


def decide(
    *,
    evidence: Evidence,
    voiceprint: Voiceprint | None,
    calibration: Calibration | None,
    has_consented: bool,
    at: datetime,
) -> Decision:
    """Compare the voice of a call with the enrolled one, at an aware time."""
    lacking = lacking_before_listening(voiceprint=voiceprint, calibration=calibration, has_consented=has_consented)
    if lacking is not None or voiceprint is None or calibration is None:
        return lacking or Inconclusive(reason=Missing.VOICEPRINT)
    if {evidence.encoder, voiceprint.encoder, calibration.encoder} != {evidence.encoder}:
        detail = f"evidence {evidence.encoder}, voiceprint {voiceprint.encoder}, calibration {calibration.encoder}"
        return Inconclusive(reason=Missing.SAME_ENCODER, detail=detail)
    if len(evidence.embedding) != len(voiceprint.embedding):
        sizes = f"{len(evidence.embedding)} and {len(voiceprint.embedding)} numbers"
        return Inconclusive(reason=Missing.SAME_ENCODER, detail=sizes)
    if evidence.net_speech_seconds < calibration.shortest_net_speech_seconds:
        return too_little_speech(evidence.net_speech_seconds, calibration)
    if at < voiceprint.enrolled_at:
        return Inconclusive(reason=Missing.CLOCK)
    return _judged(evidence, voiceprint, calibration, at=at)


def lacking_before_listening(
    *, voiceprint: Voiceprint | None, calibration: Calibration | None, has_consented: bool
) -> Inconclusive | None:
    """Say what forbids or prevents a decision before any audio is looked at, or None. Consent comes first."""
    if not has_consented:
        return Inconclusive(reason=Missing.CONSENT)
    if voiceprint is None:
        return Inconclusive(reason=Missing.VOICEPRINT)
    if calibration is None:
        return Inconclusive(reason=Missing.CALIBRATION)
    return None


def too_little_speech(net_speech_seconds: float, calibration: Calibration) -> Inconclusive:
    """Say how much speech there is and how much it takes."""
    detail = f"{net_speech_seconds:.1f} of {calibration.shortest_net_speech_seconds:.1f} seconds"
    return Inconclusive(reason=Missing.SPEECH, detail=detail)


def _judged(evidence: Evidence, voiceprint: Voiceprint, calibration: Calibration, *, at: datetime) -> Decision:
    alike = similarity(evidence.embedding, voiceprint.embedding)
    measured = Measured(
        similarity=alike,
        log_likelihood_ratio=calibration.slope * alike + calibration.intercept,
        net_speech_seconds=evidence.net_speech_seconds,
        channel=evidence.channel,
        voiceprint_age_days=(at - voiceprint.enrolled_at).total_seconds() / 86_400,
    )
    if measured.log_likelihood_ratio >= calibration.accept_from:
        return Accepted(measured=measured)
    if measured.log_likelihood_ratio < calibration.reject_below:
        return Rejected(reason=NotTheVoice.UNLIKE, measured=measured)
    return Inconclusive(reason=Missing.CERTAINTY, measured=measured)
