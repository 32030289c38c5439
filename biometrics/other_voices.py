"""Compares the voice of an utterance with those of other claims and with the watched ones, and rejected voices with each other.

A part of `biometrics.alerts`: what a comparison is worth is decided by `biometrics.attacks`. The session comes from outside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from biometrics import attacks, watchlist
from biometrics.attacks import Alert, AttackRules
from biometrics.background import Background
from biometrics.calibration import Calibration
from biometrics.countermeasure import SpoofCalibration
from biometrics.decision import NotTheVoice
from biometrics.scoring import standard_score
from biometrics.seals import Unreadable, open_samples
from biometrics.tables import CallVoice, VoiceDecision
from biometrics.vault_calls import CallVoices, about_turn
from biometrics.voiceprint import Embedding, Sample, similarity, together
from sealing.keys import KeyRing

# A log likelihood ratio takes some tenths of a millisecond with a background: only the nearest voices get one.
_NEAREST: Final = 10
# Rejected calls of one claim that are compared with each other: their pairs grow with the square.
_REJECTED_CALLS: Final = 10


@dataclass(frozen=True, kw_only=True)
class VoiceScales:
    """What comparisons of voices are read by: without a calibration of the encoder none is made."""

    encoder: str
    calibration: Calibration | None
    background: Background | None = None
    spoof_calibration: SpoofCalibration | None = None

    @property
    def of_encoder(self) -> Calibration | None:
        """The calibration, if it is this encoder's."""
        is_its = self.calibration is not None and self.calibration.encoder == self.encoder
        return self.calibration if is_its else None


def alerts_of(
    session: Session,
    ring: KeyRing,
    sample: Sample,
    *,
    customer_id: str,
    scales: VoiceScales,
    now: datetime,
    rules: AttackRules,
) -> list[Alert | None]:
    """What an utterance that is long enough says beside its claim: claimed by others lately, or watched."""
    calibration = scales.of_encoder
    if calibration is None or sample.net_speech_seconds < calibration.shortest_net_speech_seconds:
        return []
    tail = calibration.tail
    others = _claimed_lately(session, ring, customer_id, scales.encoder, now=now, rules=rules)
    wanted = watchlist.embeddings(session, ring, scales.encoder, now)
    return [
        attacks.many_claims(customer_id, _ratios(sample, others, calibration, scales.background), tail, rules),
        attacks.watched(customer_id, _ratios(sample, wanted, calibration, scales.background), tail, rules),
    ]


def many_voices(
    session: Session, ring: KeyRing, customer_id: str, *, scales: VoiceScales, now: datetime, rules: AttackRules
) -> Alert | None:
    """Whether the voices that were rejected for a customer lately are several people's."""
    calibration, row = scales.of_encoder, VoiceDecision
    if calibration is None:
        return None
    rejected = select(row.call_id).where(
        row.customer_id == customer_id,
        row.outcome == "rejected",
        row.reason == NotTheVoice.UNLIKE,
        row.at > now - rules.voices_within,
    )
    newest = rejected.group_by(row.call_id).order_by(func.max(row.at).desc()).limit(_REJECTED_CALLS)
    calls = CallVoices(ring)
    found = [calls.evidence_of(session, one, customer_id, scales.encoder) for one in session.scalars(newest).all()]
    voices = [evidence.samples for evidence in found if evidence is not None]
    ratios = [[_ratio(one, together(other), calibration, scales.background) for other in voices] for one in voices]
    return attacks.many_voices(customer_id, ratios, rules)


def _claimed_lately(
    session: Session, ring: KeyRing, customer_id: str, encoder: str, *, now: datetime, rules: AttackRules
) -> Mapping[str, Embedding]:
    """The newest voice of each other customer who was claimed lately; what does not open is like nobody."""
    row = CallVoice
    query = select(row).where(
        row.customer_id != customer_id,
        row.refused == "",
        row.encoder == encoder,
        row.at > now - rules.claims_within,
    )
    found: dict[str, Embedding] = {}
    for one in session.scalars(query.order_by(row.at.desc()).limit(rules.voices_compared)):
        if one.customer_id in found:
            continue
        bound_to = about_turn(one.customer_id, one.call_id, one.turn)
        kept = open_samples(ring, one.sealed, bound_to=bound_to, encoder=one.encoder, channel=one.channel)
        if not isinstance(kept, Unreadable) and kept.samples:
            found[one.customer_id] = together(kept.samples)
    return found


def _ratios(
    sample: Sample, voices: Mapping[str, Embedding], calibration: Calibration, background: Background | None
) -> Mapping[str, float]:
    """The log likelihood ratios of a sample with the nearest of the voices."""
    comparable = {name: voice for name, voice in voices.items() if len(voice) == len(sample.embedding)}
    near = {name: similarity(sample.embedding, voice) for name, voice in comparable.items()}
    nearest = sorted(near, key=lambda name: near[name], reverse=True)[:_NEAREST]
    return {name: _ratio((sample,), comparable[name], calibration, background) for name in nearest}


def _ratio(
    samples: Sequence[Sample], voice: Embedding, calibration: Calibration, background: Background | None
) -> float:
    """The log likelihood ratio that one person speaks in both."""
    return calibration.log_likelihood_ratio(
        standard_score=standard_score(together(samples), voice, calibration=calibration, background=background),
        net_speech_seconds=sum(sample.net_speech_seconds for sample in samples),
        snr_db=fmean(sample.quality.snr_db for sample in samples),
    )
