"""What is done with a caller's voice: looked at only with consent, measured, checked against what was heard before, and kept.

Nothing here decides who somebody is. The sound is gone with the look; what is kept of it lies sealed in `biometrics`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from biometrics import alerts
from biometrics.attacks import REPLAYED
from biometrics.countermeasure import NotScored, Score
from biometrics.decision import Liveness
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.evidence import NotASample, sample_of
from biometrics.fingerprint import Fingerprint, TooShort, fingerprint
from biometrics.other_voices import VoiceScales
from biometrics.voiceprint import Sample
from ivr.audio import RATE_HZ
from ivr.calls.tables import Call
from ivr.calls.voice_parts import VoiceParts
from ivr.customers import ledger
from ivr.speech.net_speech import HeardSpeech

CHANNEL: Final = "telephone"
# Why a turn that is still spoken is not compared with other voices yet.
_UNFINISHED: Final = "unfinished"


def has_consented(session: Session, customer_id: str) -> bool:
    """Whether the customer's consent that their voice be looked at stands at this moment."""
    return ledger.consents_of(session, customer_id).get(ledger.VOICE_VERIFICATION, False)


def customer_to_hear(session: Session, call_id: str) -> str | None:
    """The customer of a call whose voice may be looked at now; None where nobody is known, or they have not consented."""
    customer_id = session.scalar(select(Call.customer_id).where(Call.call_id == call_id))
    return customer_id if customer_id is not None and has_consented(session, customer_id) else None


def scales_of(session: Session, parts: VoiceParts, encoder: SpeakerEncoder, customer_id: str) -> VoiceScales:
    """What comparisons with a customer's voice are read by on this line."""
    scales = VoiceScales(encoder=encoder.name, calibration=None, spoof_calibration=parts.spoof_calibration)
    if parts.calibration is None:
        return scales
    calibration = parts.vault.on_line(session, parts.calibration)
    background = parts.vault.line_background(session, calibration, leave_out=customer_id)
    return replace(scales, calibration=calibration, background=background)


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What the sound of a turn so far has come to; the sound itself is gone."""

    heard_seconds: float
    is_whole: bool
    sample: Sample | NotASample
    fingerprint: Fingerprint | TooShort
    score: Score | NotScored | None  # None without a countermeasure


class VoiceLook:
    """Looks at the net speech of turns, for the threads of `ivr.web.voice_work`. Safe to share between them."""

    def __init__(
        self,
        parts: VoiceParts | None,
        sessions: sessionmaker[Session],
        reading_sessions: sessionmaker[Session],
        clock: Callable[[], datetime],
    ) -> None:
        """Take what voices are known with, None for nothing at all; sessions that write, that read, and what tells the time."""
        self._parts = parts
        self._sessions = sessions
        self._reading_sessions = reading_sessions
        self._clock = clock

    def __call__(self, call_id: str, turn: int, heard: HeardSpeech) -> None:
        """Keep what the speech of a turn so far says of its voice, in place of what it said before; unseen without a consent."""
        parts = self._parts
        encoder = NoEncoder(reason="") if parts is None else parts.encoder
        if parts is None or isinstance(encoder, NoEncoder):
            return
        with self._reading_sessions() as session:
            customer_id = customer_to_hear(session, call_id)
            if customer_id is None:
                return
            scales = scales_of(session, parts, encoder, customer_id)
        seen = _see(parts, encoder, heard)
        with self._sessions.begin() as session:
            # A withdrawal waits for this lock, or has come before it: nothing is kept behind its back.
            ledger.lock_customer(session, customer_id)
            if customer_to_hear(session, call_id) == customer_id:
                _keep(
                    session, parts, scales, seen, call_id=call_id, turn=turn, customer_id=customer_id, now=self._clock()
                )


def _see(parts: VoiceParts, encoder: SpeakerEncoder, heard: HeardSpeech) -> _Seen:
    speech, pauses = (np.frombuffer(pcm, dtype="<i2") for pcm in (heard.speech_pcm, heard.pauses_pcm))
    return _Seen(
        heard_seconds=heard.seconds,
        is_whole=heard.is_whole,
        sample=sample_of(speech, rate_hz=RATE_HZ, encoder=encoder, pauses=pauses),
        fingerprint=fingerprint(speech, RATE_HZ),
        score=None if parts.countermeasure is None else parts.countermeasure.score(speech, RATE_HZ),
    )


def _keep(
    session: Session,
    parts: VoiceParts,
    scales: VoiceScales,
    seen: _Seen,
    *,
    call_id: str,
    turn: int,
    customer_id: str,
    now: datetime,
) -> None:
    looked = alerts.look_at(
        session,
        ring=parts.ring,
        call_id=call_id,
        turn=turn,
        customer_id=customer_id,
        fingerprint=seen.fingerprint,
        sample=seen.sample if seen.is_whole else NotASample(reason=_UNFINISHED),
        score=seen.score,
        scales=scales,
        now=now,
        rules=parts.attack_rules,
    )
    # What was found to be a recording stays one, whatever is said behind it in the same turn.
    was_replayed = (turn, REPLAYED) in parts.vault.refusals_of(session, call_id, customer_id)
    liveness = Liveness.REPLAYED if was_replayed else looked.liveness
    is_living = liveness not in {Liveness.REPLAYED, Liveness.SYNTHETIC}
    parts.vault.keep_sample(
        session,
        call_id=call_id,
        turn=turn,
        customer_id=customer_id,
        sample=seen.sample if is_living else NotASample(reason=liveness, net_speech_seconds=seen.heard_seconds),
        encoder=scales.encoder,
        channel=CHANNEL,
        now=now,
    )
