"""What callers said as sound: kept only on their consent, listened to only with a trace, erased when its time is over.

The consent is the customer's, so what is kept lies with their records (`ivr.customers.store`), which erase it when they withdraw.
"""

import io
from datetime import datetime, timedelta

import numpy as np
import soundfile
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.audio import RATE_HZ
from ivr.calls import store
from ivr.calls.tables import Call
from ivr.customers import store as customers

MIMETYPE = "audio/flac"  # RFC 9639, 11


def keep(session: Session, *, call_id: str, turn: int, pcm: bytes, now: datetime, days: int) -> bool:
    """Keep what was said in a turn, 16-bit at 8000 Hz, if the call's customer has consented, for `days` from that on.

    False, and nothing kept, without a customer, without their consent, after it, or where nothing was said.
    """
    longest = timedelta(days=days)
    customer_id = session.scalar(select(Call.customer_id).where(Call.call_id == call_id))
    if customer_id is None or not pcm or customers.audio_kept_until(session, customer_id, longest=longest) is None:
        return False
    return customers.keep_audio(
        session, customer_id=customer_id, call_id=call_id, turn=turn, flac=flac_of(pcm), now=now, longest=longest
    )


def listen(session: Session, *, call_id: str, turn: int, by: str, now: datetime) -> bytes | None:
    """What was said in a turn (FLAC), and the trace of who listened to it; None, and no trace, where nothing is kept."""
    if store.call(session, call_id) is None:
        return None
    flac = customers.audio_of(session, call_id=call_id, turn=turn, now=now)
    if flac is not None:
        store.note(session, call_id, store.LISTENED, {"by": by, "turn": turn}, now)
    return flac


def erase_what_is_over(session: Session, now: datetime, *, longest: timedelta | None = None) -> int:
    """Erase what nobody may listen to any more: its time is over, its consent withdrawn, or its call gone; of how many turns.

    `longest` is how long after its consent anything is kept at all, also what was once meant to be kept for longer.
    """
    return customers.erase_audio_that_is_over(session, now, longest=longest) + customers.erase_audio_but_of(
        session, select(Call.call_id)
    )


def flac_of(pcm: bytes) -> bytes:
    """16-bit PCM at 8000 Hz as a FLAC file: nothing of it is lost, and it takes about half."""
    file = io.BytesIO()
    soundfile.write(file, np.frombuffer(pcm, dtype="<i2"), RATE_HZ, format="FLAC", subtype="PCM_16")
    return file.getvalue()
