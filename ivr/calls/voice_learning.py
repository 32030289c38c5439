"""Learns a customer's voice from what is said in calls anyway: enrolment over as many as it takes, adaptation, when to offer it.

Nothing is learnt without the consent, nor in a call in which only the voice itself would say whose it is.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.risk import Number, Voice
from biometrics.vault import Collected, Enrolled, WhyNotCollected
from biometrics.voiceprint import together
from ivr.calls import call_proofs, voice_evidence, voice_heard
from ivr.calls.voice_parts import VoiceParts
from ivr.calls.work import Work
from ivr.customers import ledger
from ivr.customers import store as customers
from ivr.customers.ledger import PHONE, VOICE_VERIFICATION
from ivr.flow.events import Done, Value

# Of customers who have never said yes or no, one in so many calls is asked (judgement: never pressed, and not forgotten).
CALLS_BETWEEN_OFFERS: Final = 3
# Seconds are told in steps of five: nobody counts them (judgement).
_STEP_SECONDS: Final = 5
# What a flow knows of a voice that was never enrolled, or is gone.
NOTHING_KNOWN: Final[Mapping[str, Value]] = MappingProxyType(
    {"voice": Voice.NOT_ENROLLED.value, "voice_enrolled": False, "voice_offer": False}
)


def what_is_known(work: Work, *, first_call: bool) -> Mapping[str, Value]:
    """Say whether the customer's voice is enrolled, and whether enrolment may be offered in this call."""
    parts, customer_id = work.company.voice, work.call.customer_id
    if parts is None or customer_id is None or isinstance(parts.encoder, NoEncoder):
        return NOTHING_KNOWN
    consent = ledger.consents_of(work.session, customer_id).get(VOICE_VERIFICATION)
    known = parts.vault.voiceprint_of(work.session, customer_id, parts.encoder.name) if consent else None
    is_due = consent is None and not first_call and _calls_since_asked(work, customer_id) >= CALLS_BETWEEN_OFFERS
    return {**NOTHING_KNOWN, "voice_enrolled": isinstance(known, Enrolled), "voice_offer": is_due}


def enrol(work: Work) -> Done:
    """Learn what this call has said of its customer's voice, and say how far that has come."""
    parts, customer_id = work.company.voice, work.call.customer_id
    if parts is None or customer_id is None:
        return Done(outcome="unavailable")
    # No withdrawal comes between the look at the consent and what is kept of the voice.
    ledger.lock_customer(work.session, customer_id)
    if not voice_evidence.has_consented(work.session, customer_id):
        return Done(outcome="declined")
    encoder = parts.encoder
    if isinstance(encoder, NoEncoder) or not _may_learn(work, customer_id):
        return Done(outcome="unavailable")
    return _collected(work, parts, encoder, customer_id)


def learn_at_end(work: Work) -> None:
    """When the call is over, learn what is left: for an enrolment, or for a voiceprint that follows its voice."""
    parts, customer_id = work.company.voice, work.call.customer_id
    if parts is None or customer_id is None:
        return
    heard = voice_heard.hear(work)
    if heard.voice == Voice.ACCEPTED and heard.decision is not None:
        parts.vault.adapt(work.session, work.call.call_id, customer_id, heard.decision, work.now)
    enrol(work)


def _collected(work: Work, parts: VoiceParts, encoder: SpeakerEncoder, customer_id: str) -> Done:
    known = parts.vault.voiceprint_of(work.session, customer_id, encoder.name)
    so_far = parts.vault.collected_of(work.session, customer_id, encoder.name)
    before = 0.0 if so_far is None else so_far.net_seconds
    collected = parts.vault.collect(work.session, work.call.call_id, customer_id, work.now)
    if not isinstance(collected, Collected):
        is_enrolled = collected.reason in {WhyNotCollected.ENROLLED, WhyNotCollected.NOT_PROVED}
        return _enrolled(is_new=False) if is_enrolled else Done(outcome="unavailable")
    progress = collected.progress
    if collected.is_enrolled:
        parts.vault.keep_background(work.session, customer_id, encoder.name, together(progress.samples), work.now)
        work.note("voice_learnt")
        return _enrolled(is_new=not isinstance(known, Enrolled))
    if progress.net_seconds <= before:
        return Done(outcome="unavailable")
    seconds_missing = math.ceil(progress.seconds_missing / _STEP_SECONDS) * _STEP_SECONDS
    work.note("voice_being_learnt", seconds_missing=seconds_missing)
    return Done(outcome="more_needed", values={"seconds_missing": seconds_missing})


def _enrolled(*, is_new: bool) -> Done:
    return Done(outcome="enrolled", values={"newly_enrolled": is_new, "voice_enrolled": True})


def _may_learn(work: Work, customer_id: str) -> bool:
    """Whether something other than the voice shows who speaks, and the voice speaks against nothing."""
    call = work.call
    if voice_heard.hear(work).voice in {Voice.REJECTED, Voice.LOCKED, Voice.BLOCKED}:
        return False
    number = call_proofs.number_of(work.session, number=call.from_number, customer_id=customer_id, now=work.now)
    return number == Number.ON_FILE or bool(call_proofs.proofs_of(work.session, call.call_id).proofs)


def _calls_since_asked(work: Work, customer_id: str) -> int:
    """How many calls of the customer there have been since they were last asked, as far as that matters."""
    asked = [line.at for line in ledger.ledger_of(work.session, customer_id) if line.purpose == VOICE_VERIFICATION]
    calls = [one.at for one in customers.contacts_of(work.session, customer_id) if one.channel == PHONE]
    return sum(not asked or at > max(asked) for at in calls)
