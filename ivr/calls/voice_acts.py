"""What people do with a customer's voice, on the customer's word: ask for the consent, enrol, renew, block, unlock, erase.

Who may do what is the web's; whether it can be done now is said by the card. Each act is in the call's story with the name of who
did it, and done a second time it changes nothing. Answers are those of `ivr.calls.desk`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from ivr.calls import erasures, store, voice_card, voice_learning, withdrawal
from ivr.calls.company import Company
from ivr.calls.desk import Done, Outcome, Refused
from ivr.calls.tables import Call
from ivr.calls.voice_card import BLOCKED_IN_STORY, VoiceAct, VoiceCard, VoiceStatus
from ivr.calls.voice_parts import VoiceParts
from ivr.calls.work import Work
from ivr.customers import ledger
from ivr.customers.ledger import PHONE, VOICE_VERIFICATION, Answer, Asked, AskedBy

# Why a voice is ruled out, for `ivr.calls.wording`.
BLOCK_REASONS: Final = ("no_wish", "alike", "abuse", "unsuited")

CALL_UNKNOWN: Final = "call_unknown"
VOICE_OFF: Final = "voice_off"
NOBODY_KNOWN: Final = "nobody_known"
CALLER_NOT_SHOWN: Final = "caller_not_shown"
VOICE_BLOCKED: Final = "voice_blocked"
VOICE_LOCKED: Final = "voice_locked"
NOT_NOW: Final = "not_with_this_voice"
_CLOSED: Final[Mapping[VoiceStatus, str]] = MappingProxyType(
    {VoiceStatus.BLOCKED: VOICE_BLOCKED, VoiceStatus.LOCKED: VOICE_LOCKED}
)

_ANY: Final = frozenset(VoiceStatus)
_GONE: Final = frozenset({VoiceStatus.NOT_ASKED, VoiceStatus.REFUSED, VoiceStatus.WITHDRAWN})


@dataclass(frozen=True, kw_only=True)
class Doing:
    """Who acts on the voice of a call's customer, and when; the transaction is open."""

    session: Session
    company: Company
    call_id: str
    by: str  # their name, for the story
    now: datetime


@dataclass(frozen=True, kw_only=True)
class _Held:
    """The call, locked, its customer, and how it stands with the voice."""

    parts: VoiceParts
    call: Call
    customer_id: str
    card: VoiceCard


def ask(doing: Doing, *, said_yes: bool) -> Outcome:
    """Keep what the customer answered to the question that the agent has read aloud; with a yes, enrolment begins."""
    held = _held(doing)
    if isinstance(held, Refused):
        return held
    if _was_answered_here(doing, held, said_yes=said_yes):
        return Done()
    wording = held.card.wording
    if VoiceAct.ASK not in held.card.acts or wording is None:
        return _refused(held.card)
    asked = Asked(
        by=AskedBy.AGENT,
        channel=PHONE,
        wording=wording.prompt,
        wording_version=wording.version,
        language=wording.language,
        call_id=doing.call_id,
    )
    withdrawal.answered(
        doing.session,
        customer_id=held.customer_id,
        purpose=VOICE_VERIFICATION,
        answer=Answer.YES if said_yes else Answer.NO,
        asked=asked,
        now=doing.now,
    )
    _note(doing, "voice_agreed" if said_yes else "voice_declined")
    if said_yes:
        _collect(doing, held)
    return Done()


def go_on(doing: Doing) -> Outcome:
    """Put what this call has said so far to what was collected of the voice."""

    def collect(held: _Held) -> None:
        _collect(doing, held)

    return _act(doing, VoiceAct.GO_ON, collect)


def renew(doing: Doing) -> Outcome:
    """Have the voice enrolled anew; the old one counts until the new one is complete."""

    def begin(held: _Held) -> None:
        held.parts.vault.renew(doing.session, held.customer_id, doing.now)
        _note(doing, "voice_renewed")
        _collect(doing, held)

    return _act(doing, VoiceAct.RENEW, begin, is_done=frozenset({VoiceStatus.RENEWING}))


def block(doing: Doing, *, reason: str) -> Outcome:
    """Let no voice prove this customer, for one of `BLOCK_REASONS`."""

    def shut(held: _Held) -> None:
        held.parts.vault.block(doing.session, held.customer_id, doing.now)
        _note(doing, BLOCKED_IN_STORY, reason=reason)

    return _act(doing, VoiceAct.BLOCK, shut, is_done=frozenset({VoiceStatus.BLOCKED}))


def unblock(doing: Doing) -> Outcome:
    """Let the voice count again."""

    def open_(held: _Held) -> None:
        held.parts.vault.unblock(doing.session, held.customer_id)
        _note(doing, "voice_unblocked")

    return _act(doing, VoiceAct.UNBLOCK, open_, is_done=_ANY)


def unlock(doing: Doing) -> Outcome:
    """Let the voice be compared again, after somebody has looked into the rejections."""

    def open_(held: _Held) -> None:
        held.parts.vault.unlock(doing.session, held.customer_id)
        _note(doing, "voice_unlocked")

    return _act(doing, VoiceAct.UNLOCK, open_, is_done=_ANY)


def erase(doing: Doing) -> Outcome:
    """Erase everything of the customer's voice at once, and withdraw the consents it rests on."""

    def erase_voice(held: _Held) -> None:
        erasures.erase_voice(doing.session, held.customer_id, by=AskedBy.AGENT, channel=PHONE, now=doing.now)
        _note(doing, "voice_erased")

    return _act(doing, VoiceAct.ERASE, erase_voice, is_done=_GONE)


def _act(
    doing: Doing, act: VoiceAct, do: Callable[[_Held], None], *, is_done: frozenset[VoiceStatus] = frozenset()
) -> Outcome:
    """Do what the card allows; what stands already as it should is done, anything else refused."""
    held = _held(doing)
    if isinstance(held, Refused):
        return held
    if act not in held.card.acts:
        return Done() if held.card.status in is_done else _refused(held.card)
    do(held)
    return Done()


def _held(doing: Doing) -> _Held | Refused:
    # Of two clicks at once the second one waits here, and finds what the first one did.
    call = store.call(doing.session, doing.call_id, lock=True)
    parts = doing.company.voice
    if call is None:
        return Refused(reason=CALL_UNKNOWN)
    if parts is None:
        return Refused(reason=VOICE_OFF)
    if call.customer_id is None:
        return Refused(reason=NOBODY_KNOWN)
    ledger.lock_customer(doing.session, call.customer_id)
    card = voice_card.card_of(doing.session, doing.company, call, language=call.language, now=doing.now)
    return _Held(parts=parts, call=call, customer_id=call.customer_id, card=card)


def _refused(card: VoiceCard) -> Refused:
    reason = _CLOSED.get(card.status)
    return Refused(reason=reason or (NOT_NOW if card.is_caller_shown else CALLER_NOT_SHOWN))


def _was_answered_here(doing: Doing, held: _Held, *, said_yes: bool) -> bool:
    standing = ledger.standing_answer(doing.session, held.customer_id, VOICE_VERIFICATION)
    answer = Answer.YES if said_yes else Answer.NO
    return standing is not None and (standing.answer, standing.call_id) == (answer, doing.call_id)


def _collect(doing: Doing, held: _Held) -> None:
    version = doing.company.versions.get(held.call.flow_version)
    if version is not None:
        work = Work(session=doing.session, company=doing.company, version=version, call=held.call, now=doing.now)
        voice_learning.enrol(work)


def _note(doing: Doing, kind: str, **details: str) -> None:
    store.note(doing.session, doing.call_id, kind, {"by": doing.by, **details}, doing.now)
