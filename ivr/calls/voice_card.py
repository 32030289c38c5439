"""The decision card: what is known of a caller's voice, what this call has shown, and what an agent makes of it.

Read from what was kept when the line decided; nothing here compares voices, writes, or waits. Words for the codes are the web's.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy.orm import Session

from biometrics import alerts, enrolment
from biometrics.decision import Liveness, Missing
from biometrics.encoders import NoEncoder
from biometrics.enrolment import NEEDED_SECONDS
from biometrics.risk import Asked, Circumstances, Enough, Number, Proof, Voice, assess
from biometrics.vault import Blocked, Enrolled, KeptDecision, KnownVoice, OtherEncoder, Unreadable
from ivr.calls import call_proofs, store
from ivr.calls.call_proofs import CallProofs
from ivr.calls.company import Company, FlowVersion
from ivr.calls.tables import Call
from ivr.calls.voice_parts import VoiceParts
from ivr.calls.wording import term
from ivr.customers import ledger
from ivr.customers.ledger import VOICE_VERIFICATION, Answer, StandingAnswer
from ivr.flow.definition import ConsentNode
from sealing.columns import if_it_opens

BLOCKED_IN_STORY: Final = "voice_blocked"
_BY_VOICE: Final = "voice"
_SUSPECT: Final = frozenset({Liveness.REPLAYED, Liveness.SYNTHETIC})
_AGAINST: Final = frozenset({Voice.REJECTED, Voice.LOCKED, Voice.BLOCKED})
# What was missing while a voice was heard: it proves nothing, and speaks against nobody.
_HEARD: Final = (Missing.SPEECH, Missing.CERTAINTY)
# What the shipped flow tells without asking more than `low`; whatever else is asked may have to be done.
_ASKED: Final[Mapping[str, Asked]] = MappingProxyType(
    {"order_status": Asked.LOW, "product_question": Asked.LOW, "complaint": Asked.LOW}
)


class VoiceStatus(StrEnum):
    """How it stands with the customer's voice."""

    OFF = "off"  # no voice is looked at here
    NOBODY = "nobody"  # nobody knows yet who calls
    NOT_ASKED = "not_asked"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    COLLECTING = "collecting"
    ENROLLED = "enrolled"
    OLD = "old"  # enrolled, and so long ago that the next accepted calls renew it
    RENEWING = "renewing"  # enrolled, and collected anew on somebody's wish
    OTHER_ENCODER = "other_encoder"  # enrolled in a way that this service no longer compares in
    UNREADABLE = "unreadable"  # what is kept of it does not open
    NO_ENCODER = "no_encoder"  # nothing here can compare voices at this moment
    LOCKED = "locked"
    BLOCKED = "blocked"


class HowSure(StrEnum):
    """What a comparison says, from one voice to another."""

    VERY_SURE = "very_sure"
    SURE = "sure"
    LEANS_TO = "leans_to"
    LEANS_AWAY = "leans_away"
    ANOTHER = "another"
    SURELY_ANOTHER = "surely_another"


class Advice(StrEnum):
    """What the agent does next for what is asked."""

    GO_ON = "go_on"
    ASK_POSTCODE = "ask_postcode"
    ASK_CODE = "ask_code"
    ASK_BOTH = "ask_both"
    HAND_ON = "hand_on"  # nothing that could be asked for would be enough


class VoiceAct(StrEnum):
    """What somebody can do with a voice, on the customer's word."""

    ASK = "ask"  # for the consent, and begin to enrol
    GO_ON = "go_on"  # put what this call has said to what was collected
    RENEW = "renew"
    BLOCK = "block"
    UNBLOCK = "unblock"
    UNLOCK = "unlock"
    ERASE = "erase"


@dataclass(frozen=True, kw_only=True)
class HeardVoice:
    """What the comparison that counts has come to in this call."""

    outcome: str  # accepted, rejected, inconclusive
    reason: str  # in the reader's language, "" where there is nothing to explain
    how_sure: HowSure | None  # None where nothing was compared
    net_speech_seconds: float | None
    voiceprint_age_days: int | None
    at: datetime
    numbers: tuple[
        tuple[str, float], ...
    ]  # by the names of `biometrics.decision.Measured`; empty where nothing was compared


@dataclass(frozen=True, kw_only=True)
class StepUpLine:
    """Digits or a code that were asked for."""

    proof: str  # digits, code
    outcome: str  # accepted, rejected, inconclusive
    reason: str  # in the reader's language


@dataclass(frozen=True, kw_only=True)
class AlertLine:
    """An alert of this call."""

    kind: str  # a value of `biometrics.attacks.AlertKind`
    verdict: str  # "" while nobody has looked at it, attack


@dataclass(frozen=True, kw_only=True)
class BlockedBy:
    """Who ruled a voice out, and why."""

    by: str
    reason: str  # in the reader's language
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The words in which the consent is asked for, in the language of the call."""

    prompt: str
    version: int
    language: str
    text: str


@dataclass(frozen=True, kw_only=True)
class VoiceCard:
    """The voice of a call's customer, for whoever talks with them."""

    status: VoiceStatus
    since: datetime | None = None  # of the status, where that is known
    net_speech_seconds: float | None = None  # collected so far, where a voice is being collected
    seconds_missing: float | None = None
    blocked: BlockedBy | None = None  # None where the call in which it was done is forgotten
    heard: HeardVoice | None = None
    step_ups: tuple[StepUpLine, ...] = ()
    alerts: tuple[AlertLine, ...] = ()
    speaks_against: bool = False  # what was heard of the voice is nothing to rely on
    advice: Advice = Advice.ASK_POSTCODE  # for what this call asks
    advice_by_risk: tuple[tuple[Asked, Advice], ...] = ()
    is_caller_shown: bool = False  # whether something besides the voice shows who calls
    wording: Wording | None = None  # None where the flow asks for no such consent
    acts: frozenset[VoiceAct] = frozenset()


@dataclass(frozen=True, kw_only=True)
class _Known:
    """How it stands with a customer's voice, and what is known besides."""

    status: VoiceStatus
    since: datetime | None = None
    net_speech_seconds: float | None = None
    seconds_missing: float | None = None
    blocked: BlockedBy | None = None


_ENROLLED: Final = frozenset({VoiceStatus.ENROLLED, VoiceStatus.OLD, VoiceStatus.RENEWING})
_UNASKED: Final = frozenset({VoiceStatus.NOT_ASKED, VoiceStatus.REFUSED, VoiceStatus.WITHDRAWN})
_COLLECTED: Final = frozenset({VoiceStatus.COLLECTING, VoiceStatus.RENEWING, VoiceStatus.OTHER_ENCODER})
NUMBERS: Final = ("similarity", "standard_score", "log_likelihood_ratio", "accept_from")
# A voice a hundred times likelier somebody else's is almost certainly that (judgement).
_SURELY_ANOTHER: Final = -math.log(100)
_PLANS: Final = (
    (Advice.ASK_POSTCODE, frozenset({Proof.ORDER_AND_POSTCODE})),
    (Advice.ASK_CODE, frozenset({Proof.CODE})),
    (Advice.ASK_BOTH, frozenset({Proof.ORDER_AND_POSTCODE, Proof.CODE})),
)


def card_of(session: Session, company: Company, call: Call, *, language: str, now: datetime) -> VoiceCard:
    """Put the card of a call together, its reasons in the reader's language (it, en)."""
    if company.voice is None:
        return VoiceCard(status=VoiceStatus.OFF)
    shown = call_proofs.proofs_of(session, call.call_id)
    if call.customer_id is None:
        given = Circumstances(asked=Asked.LOW, number=Number.UNKNOWN, voice=Voice.NOT_ENROLLED, proofs=shown.proofs)
        return VoiceCard(status=VoiceStatus.NOBODY, **_advised(given, call))
    known = _known(session, company.voice, call.customer_id, language=language, now=now)
    decided = _decided(session, company.voice, call, call.customer_id)
    given = Circumstances(
        asked=Asked.LOW,
        number=call_proofs.number_of(session, number=call.from_number, customer_id=call.customer_id, now=now),
        voice=_voice(known.status, decided),
        liveness=alerts.liveness_in(session, call.call_id),
        proofs=shown.proofs,
    )
    is_shown = given.voice not in _AGAINST and (given.number == Number.ON_FILE or bool(shown.proofs))
    wording = wording_of(company.versions.get(call.flow_version), call.language)
    return VoiceCard(
        status=known.status,
        since=known.since,
        net_speech_seconds=known.net_speech_seconds,
        seconds_missing=known.seconds_missing,
        blocked=known.blocked,
        heard=None if decided is None else _heard(decided, language),
        step_ups=_step_ups(shown, language),
        alerts=tuple(AlertLine(kind=one.kind, verdict=one.verdict) for one in alerts.of_call(session, call.call_id)),
        is_caller_shown=is_shown,
        wording=wording,
        acts=_acts(known.status, may_enrol=is_shown, may_ask=wording is not None),
        **_advised(given, call),
    )


def wording_of(version: FlowVersion | None, language: str) -> Wording | None:
    """The words in which a flow asks whether the voice may be used; None where it does not ask, or not in this language."""
    if version is None:
        return None
    nodes = (node for node in version.flow.nodes.values() if isinstance(node, ConsentNode))
    key = next((node.prompt for node in nodes if node.purpose == VOICE_VERIFICATION), "")
    prompt = version.catalogue.prompts.get(key)
    if prompt is None or language not in prompt.wordings:
        return None
    text = version.catalogue.template(key, language=language)
    return Wording(prompt=key, version=version.number, language=language, text=text)


# --- How it stands with the customer's voice


def _known(session: Session, parts: VoiceParts, customer_id: str, *, language: str, now: datetime) -> _Known:
    encoder = parts.encoder
    name = "" if isinstance(encoder, NoEncoder) else encoder.name
    voice = parts.vault.voiceprint_of(session, customer_id, name)
    answer = ledger.standing_answer(session, customer_id, VOICE_VERIFICATION)
    if isinstance(voice, Blocked):
        blocked = _blocked(session, customer_id, language)
        return _Known(status=VoiceStatus.BLOCKED, since=None if blocked is None else blocked.at, blocked=blocked)
    if parts.vault.is_locked(session, customer_id):
        return _Known(status=VoiceStatus.LOCKED, since=voice.locked_at if isinstance(voice, Enrolled) else None)
    if answer is None or answer.answer != Answer.YES:
        return _not_consented(answer)
    if not name:
        return _Known(status=VoiceStatus.NO_ENCODER)
    collected = parts.vault.collected_of(session, customer_id, name)
    return _consented(voice, collected, answer, now=now)


def _not_consented(answer: StandingAnswer | None) -> _Known:
    if answer is None:
        return _Known(status=VoiceStatus.NOT_ASKED)
    is_withdrawn = answer.answer == Answer.WITHDRAWN
    return _Known(status=VoiceStatus.WITHDRAWN if is_withdrawn else VoiceStatus.REFUSED, since=answer.at)


def _consented(
    voice: KnownVoice | None, collected: enrolment.Progress | None, answer: StandingAnswer, *, now: datetime
) -> _Known:
    match voice:
        case Unreadable():
            return _Known(status=VoiceStatus.UNREADABLE)
        case OtherEncoder():
            return _collecting(VoiceStatus.OTHER_ENCODER, collected, since=None)
        case Enrolled(voiceprint=voiceprint) if collected is not None:
            return _collecting(VoiceStatus.RENEWING, collected, since=voiceprint.enrolled_at)
        case Enrolled(voiceprint=voiceprint):
            is_old = enrolment.needs_renewal(voiceprint, now)
            return _Known(status=VoiceStatus.OLD if is_old else VoiceStatus.ENROLLED, since=voiceprint.enrolled_at)
        case _:
            return _collecting(VoiceStatus.COLLECTING, collected, since=answer.at)


def _collecting(status: VoiceStatus, progress: enrolment.Progress | None, *, since: datetime | None) -> _Known:
    so_far = 0.0 if progress is None else progress.net_seconds
    missing = NEEDED_SECONDS if progress is None else progress.seconds_missing
    return _Known(status=status, since=since, net_speech_seconds=so_far, seconds_missing=missing)


def _blocked(session: Session, customer_id: str, language: str) -> BlockedBy | None:
    row = store.last_of_customer(session, customer_id, BLOCKED_IN_STORY)
    details = {} if row is None else json.loads(if_it_opens(row, "details", "") or "{}")
    if row is None or not details:
        return None
    return BlockedBy(by=details["by"], reason=term(details["reason"], language), at=row.at)


# --- What this call has shown


def _decided(session: Session, parts: VoiceParts, call: Call, customer_id: str) -> KeptDecision | None:
    """The decision on the voice that counts: the last one about the customer that the call is known as."""
    kept = parts.vault.decisions_of(session, call.call_id)
    of_voice = [one for one in kept if one.way == _BY_VOICE and one.customer_id == customer_id]
    return of_voice[-1] if of_voice else None


def _heard(decided: KeptDecision, language: str) -> HeardVoice:
    measured = decided.measured
    age = measured.get("voiceprint_age_days")
    reason, _, _ = decided.reason.partition(": ")
    return HeardVoice(
        outcome=decided.outcome,
        reason=term(reason, language),
        how_sure=how_sure(decided.outcome, measured),
        net_speech_seconds=measured.get("net_speech_seconds"),
        voiceprint_age_days=None if age is None else int(age),
        at=decided.at,
        numbers=tuple((name, measured[name]) for name in NUMBERS if name in measured),
    )


def how_sure(outcome: str, measured: Mapping[str, Any]) -> HowSure | None:
    """Say how sure a comparison is."""
    if "log_likelihood_ratio" not in measured:
        return None
    ratio = measured["log_likelihood_ratio"]
    if outcome == "accepted":
        return HowSure.VERY_SURE if ratio >= measured["surely_from"] else HowSure.SURE
    if outcome == "rejected":
        return HowSure.SURELY_ANOTHER if ratio <= _SURELY_ANOTHER else HowSure.ANOTHER
    return HowSure.LEANS_TO if ratio >= 0 else HowSure.LEANS_AWAY


def _step_ups(shown: CallProofs, language: str) -> tuple[StepUpLine, ...]:
    return tuple(
        StepUpLine(proof=proof, outcome=outcome, reason=term(reason, language))
        for proof, (outcome, reason) in shown.step_ups.items()
    )


# --- What to make of it


def _voice(status: VoiceStatus, decided: KeptDecision | None) -> Voice:
    if status in {VoiceStatus.LOCKED, VoiceStatus.BLOCKED}:
        return Voice[status.name]
    if status not in _ENROLLED:
        return Voice.NOT_ENROLLED
    if decided is not None and decided.outcome in {Voice.ACCEPTED, Voice.REJECTED}:
        return Voice(decided.outcome)
    was_heard = decided is None or decided.reason.startswith(_HEARD)
    return Voice.INCONCLUSIVE if was_heard else Voice.NOT_ENROLLED


def _advised(given: Circumstances, call: Call) -> dict[str, Any]:
    by_risk = tuple((asked, _advice(replace(given, asked=asked))) for asked in Asked)
    asked = _ASKED.get(call.reason, Asked.MEDIUM)
    is_suspect = given.liveness in _SUSPECT
    return {
        "speaks_against": given.voice in _AGAINST or is_suspect,
        "advice": dict(by_risk)[asked],
        "advice_by_risk": by_risk,
    }


def _advice(given: Circumstances) -> Advice:
    if isinstance(assess(given), Enough):
        return Advice.GO_ON
    for advice, proofs in _PLANS:
        if isinstance(assess(replace(given, proofs=given.proofs | proofs)), Enough):
            return advice
    return Advice.HAND_ON


def _acts(status: VoiceStatus, *, may_enrol: bool, may_ask: bool) -> frozenset[VoiceAct]:
    return frozenset(
        act
        for act, is_possible in (
            (VoiceAct.ASK, status in _UNASKED and may_enrol and may_ask),
            (VoiceAct.GO_ON, status in _COLLECTED and may_enrol),
            (VoiceAct.RENEW, status in {VoiceStatus.ENROLLED, VoiceStatus.OLD}),
            (VoiceAct.BLOCK, status != VoiceStatus.BLOCKED),
            (VoiceAct.UNBLOCK, status == VoiceStatus.BLOCKED),
            (VoiceAct.UNLOCK, status == VoiceStatus.LOCKED),
            (VoiceAct.ERASE, status not in _UNASKED),
        )
        if is_possible
    )
