"""What is done with a caller's voice: looked at only with consent, measured, checked against what was heard before, and kept.

Nothing here decides who somebody is. The sound is gone with the look; what is kept of it lies sealed in `biometrics`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from biometrics.encoders import NoEncoder
from biometrics.evidence import sample_of
from ivr.audio import RATE_HZ
from ivr.calls.tables import Call
from ivr.calls.voice_parts import VoiceParts
from ivr.customers import ledger
from ivr.speech.net_speech import HeardSpeech

CHANNEL: Final = "telephone"


def has_consented(session: Session, customer_id: str) -> bool:
    """Whether the customer's consent that their voice be looked at stands at this moment."""
    return ledger.consents_of(session, customer_id).get(ledger.VOICE_VERIFICATION, False)


def customer_to_hear(session: Session, call_id: str) -> str | None:
    """The customer of a call whose voice may be looked at now; None where nobody is known, or they have not consented."""
    customer_id = session.scalar(select(Call.customer_id).where(Call.call_id == call_id))
    return customer_id if customer_id is not None and has_consented(session, customer_id) else None


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
        if parts is None:
            return
        with self._reading_sessions() as session:
            customer_id = customer_to_hear(session, call_id)
        encoder = parts.encoder
        if customer_id is None or isinstance(encoder, NoEncoder):
            return
        sample = sample_of(
            np.frombuffer(heard.speech_pcm, dtype="<i2"),
            rate_hz=RATE_HZ,
            encoder=encoder,
            pauses=np.frombuffer(heard.pauses_pcm, dtype="<i2"),
        )
        with self._sessions.begin() as session:
            # A withdrawal waits for this lock, or has come before it: nothing is kept behind its back.
            ledger.lock_customer(session, customer_id)
            if customer_to_hear(session, call_id) != customer_id:
                return
            parts.vault.keep_sample(
                session,
                call_id=call_id,
                turn=turn,
                customer_id=customer_id,
                sample=sample,
                encoder=encoder.name,
                channel=CHANNEL,
                now=self._clock(),
            )
