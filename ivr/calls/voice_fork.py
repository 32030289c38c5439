"""Whether a call that the carrier listens to sends its sound to us as well, for the voice alone, and what shows that it may.

Only where something would be done with it: a customer is known, their consent stands, and there is an encoder.
"""

import hashlib
import hmac
from datetime import datetime

from sqlalchemy.orm import Session

from biometrics.encoders import NoEncoder
from ivr.calls import store, voice_evidence
from ivr.calls.company import Company
from ivr.calls.tables import Call
from ivr.telephony.answers import Fork

# It happened to the call once: the fork lives on beside all its questions.
FORKED = "voice_forked"


def fork_of(session: Session, company: Company, call: Call, now: datetime) -> Fork | None:
    """The fork of a call's sound that is to begin now; None where it has begun, or where nobody may look at it."""
    if company.voice is None or isinstance(company.voice.encoder, NoEncoder) or call.customer_id is None:
        return None
    if not voice_evidence.has_consented(session, call.customer_id):
        return None
    if store.times_happened(session, call.call_id).get(FORKED):
        return None
    store.note(session, call.call_id, FORKED, {}, now)
    return Fork(socket_url=company.addresses.voice_socket, token=fork_token(company.token_key, call.call_id))


def fork_token(key: bytes, call_id: str) -> str:
    """What a socket must show to bring a call's voice: HMAC-SHA256, hexadecimal; no token of a turn is one."""
    return hmac.new(key, f"{call_id}/voice".encode(), hashlib.sha256).hexdigest()
