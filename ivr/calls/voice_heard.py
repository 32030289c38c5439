"""What a call has heard of its caller's voice, and what that says of the customer: decided when asked for, and counted once.

Without a consent that stands nothing is looked at. What the answer allows is `biometrics.risk`'s.
"""

from dataclasses import dataclass, replace
from typing import Final

from biometrics import alerts
from biometrics.decision import Accepted, Decision, Inconclusive, Liveness, Missing, NotTheVoice, Rejected, decide
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.risk import Voice, Why
from biometrics.vault import Blocked, Enrolled, OtherEncoder, Vault
from ivr.calls import voice_evidence
from ivr.calls.voice_parts import VoiceParts
from ivr.calls.work import Work
from ivr.customers import ledger
from sealing.columns import ring_of

BY_VOICE, BY_DIGITS = "voice", "digits"
NOT_LOOKED_AT: Final = "no voice is looked at here"
# What is missing while the voice itself was heard; whatever else is missing, there is nothing to compare.
_HEARD: Final = frozenset({Missing.SPEECH, Missing.CERTAINTY})
_NOT_THE_VOICE: Final = frozenset(reason.value for reason in NotTheVoice)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the voice says."""

    voice: Voice
    reason: str = ""
    decision: Decision | None = None  # None where no voice is looked at, or a person or a lock has ruled it out
    liveness: Liveness = Liveness.UNKNOWN


_BLOCKED: Final = Heard(voice=Voice.BLOCKED, reason=Why.IS_BLOCKED)


def vault_of(work: Work) -> Vault:
    """Where proofs are kept, also where no voice is looked at."""
    parts = work.company.voice
    return parts.vault if parts is not None else Vault(ring_of(work.session.connection()))


def hear(work: Work, *, turn: int | None = None) -> Heard:
    """Say what all that was heard says of the call's customer; with a turn, what that turn alone does, however short it is."""
    parts, customer_id = work.company.voice, work.call.customer_id
    if parts is None or customer_id is None:
        return Heard(voice=Voice.NOT_ENROLLED, reason=NOT_LOOKED_AT)
    # No withdrawal comes between the look at the consent and what is kept of the voice.
    ledger.lock_customer(work.session, customer_id)
    if not voice_evidence.has_consented(work.session, customer_id):
        return _said(Inconclusive(reason=Missing.CONSENT))
    encoder = parts.encoder
    if isinstance(encoder, NoEncoder):
        return _said(Inconclusive(reason=Missing.ENCODER, detail=encoder.reason))
    liveness = alerts.liveness_in(work.session, work.call.call_id)
    known = parts.vault.voiceprint_of(work.session, customer_id, encoder.name)
    is_locked = parts.vault.is_locked(work.session, customer_id)
    if isinstance(known, Blocked) or is_locked:
        return Heard(voice=Voice.LOCKED, reason=Why.IS_LOCKED) if is_locked else _BLOCKED
    if not isinstance(known, Enrolled):
        is_of_another = isinstance(known, OtherEncoder)
        return _said(Inconclusive(reason=Missing.SAME_ENCODER if is_of_another else Missing.VOICEPRINT), liveness)
    return _compared(work, parts, encoder, known, liveness, turn=turn)


def keep(work: Work, heard: Heard, *, way: str) -> Heard:
    """Keep a decision and count it, a rejection once a call; the voice as it stands then: the third rejection in a row locks."""
    parts, decision, customer_id = work.company.voice, heard.decision, work.call.customer_id
    if parts is None or customer_id is None or decision is None or _is_unseen(decision):
        return heard
    call = work.call
    is_new = parts.vault.keep_decision(
        work.session,
        call_id=call.call_id,
        turn=call.turn,
        customer_id=customer_id,
        way=way,
        decision=decision,
        now=work.now,
    )
    if is_new and isinstance(decision, Accepted):
        parts.vault.note_acceptance(work.session, customer_id, work.now)
    if is_new and isinstance(decision, Rejected) and _is_first_rejection(work, parts.vault):
        return _rejected(work, parts, heard, customer_id)
    return heard


def _rejected(work: Work, parts: VoiceParts, heard: Heard, customer_id: str) -> Heard:
    """Count a rejection, and have it looked at beside those of other calls."""
    is_locked = parts.vault.note_rejection(work.session, customer_id, work.now)
    encoder = parts.encoder
    if not isinstance(encoder, NoEncoder):
        scales = voice_evidence.scales_of(work.session, parts, encoder, customer_id)
        alerts.look_at_decision(
            work.session,
            ring=parts.ring,
            call_id=work.call.call_id,
            customer_id=customer_id,
            scales=scales,
            # A claim that was locked before is not decided on any more.
            was_locked=False,
            is_locked=is_locked,
            now=work.now,
            rules=parts.attack_rules,
        )
    if not is_locked:
        return heard
    work.note("voice_locked")
    return replace(heard, voice=Voice.LOCKED)


def _compared(
    work: Work, parts: VoiceParts, encoder: SpeakerEncoder, known: Enrolled, liveness: Liveness, *, turn: int | None
) -> Heard:
    session, name, customer_id = work.session, encoder.name, known.voiceprint.customer_id
    evidence = parts.vault.evidence_of(session, work.call.call_id, customer_id, name, turn=turn)
    scales = voice_evidence.scales_of(session, parts, encoder, customer_id)
    calibration = scales.calibration
    if turn is not None and evidence is not None and calibration is not None:
        seconds = min(evidence.net_speech_seconds, calibration.shortest_net_speech_seconds)
        calibration = replace(calibration, shortest_net_speech_seconds=seconds)
    decision = decide(
        evidence=evidence,
        voiceprint=known.voiceprint,
        calibration=calibration,
        has_consented=True,
        at=work.now,
        background=scales.background,
        liveness=liveness,
        wanted_false_accepts=parts.wanted_false_accepts,
    )
    return _said(decision, liveness)


def _said(decision: Decision, liveness: Liveness = Liveness.UNKNOWN) -> Heard:
    match decision:
        case Accepted():
            return Heard(voice=Voice.ACCEPTED, decision=decision, liveness=liveness)
        case Rejected(reason=reason):
            return Heard(voice=Voice.REJECTED, reason=reason, decision=decision, liveness=liveness)
        case Inconclusive(reason=lacking):
            voice = Voice.INCONCLUSIVE if lacking in _HEARD else Voice.NOT_ENROLLED
            return Heard(voice=voice, reason=lacking, decision=decision, liveness=liveness)


def _is_unseen(decision: Decision) -> bool:
    """Whether nothing of a voice was looked at, so that there is nothing to keep either."""
    return isinstance(decision, Inconclusive) and decision.reason == Missing.CONSENT


def _is_first_rejection(work: Work, vault: Vault) -> bool:
    """Whether the decision kept last is the call's first rejection of the voice since it was accepted."""
    decisions = vault.decisions_of(work.session, work.call.call_id)
    for one in reversed(decisions[:-1]):
        if one.customer_id != work.call.customer_id or one.way not in {BY_VOICE, BY_DIGITS}:
            continue
        if one.outcome == "accepted" or one.reason in _NOT_THE_VOICE:
            return one.outcome == "accepted"
    return True
