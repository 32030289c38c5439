"""How a call comes to its proofs of who calls: the voice, digits said after us, a code by text message.

Reads what was kept of the voice and decides within milliseconds; nothing here encodes, waits, or asks the caller anything. What
the voice says is `ivr.calls.voice_heard`'s, what is enough is `biometrics.risk`'s; the flow asks for the next proof.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from biometrics.decision import Inconclusive
from biometrics.risk import Asked, Assessment, Circumstances, Enough, Proof, StepUp, Voice, Way, assess
from biometrics.vault import OpenChallenge, Settled, Unreadable
from ivr.calls import call_proofs, voice_heard
from ivr.calls.call_proofs import CODE_NOT_SENT
from ivr.calls.effects import SendMessage
from ivr.calls.voice_heard import BY_DIGITS, BY_VOICE, Heard, vault_of
from ivr.calls.work import Work
from ivr.customers import erasure
from ivr.customers import store as customers
from ivr.flow.events import Done, Value
from ivr.telephony.requests import can_receive_messages

# Six digits are some two seconds of speech, enough to tell a voice by, and a number that people keep in mind (Miller 1956).
DIGITS: Final = 6
# A code is good for as long as a text message and a look at it take; NIST SP 800-63B 5.1.3.2 allows ten minutes at most.
CODE_DIGITS: Final = 6
CODE_HOLDS: Final = timedelta(minutes=5)
_WITHHELD: Final = "•" * CODE_DIGITS

_ACCEPTED, _REJECTED, _INCONCLUSIVE = "accepted", "rejected", "inconclusive"
# What no decision on a voice says, and the agent reads.
_NOBODY: Final = "nobody is known whose voice it could be"
_WRONG_DIGITS: Final = "the digits are wrong"
_NOT_HEARD: Final = "no voice was heard saying them"
_TOO_OLD: Final = "the code is too old"
_WHY: Final[Mapping[Settled, str]] = MappingProxyType(
    {
        Settled.NONE: "nothing was asked for",
        Settled.UNREADABLE: "nothing was asked for",
        Settled.USED_UP: "too many tries",
        Settled.EXPIRED: _TOO_OLD,
    }
)
# Every reason here, for whoever words them.
REASONS: Final = (_NOBODY, _WRONG_DIGITS, _NOT_HEARD, *_WHY.values())


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What a proof that was asked for has come to."""

    outcome: str  # accepted, rejected, inconclusive
    reason: str = ""


def verify(work: Work, values: Mapping[str, Value]) -> Done:
    """Say whether it is shown that the call's customer calls, enough for what is asked."""
    asked = Asked(str(values.get("asks") or Asked.MEDIUM))
    if work.call.customer_id is None:
        lacking: dict[str, Value] = {"reason": _NOBODY, "step_up": Way.PERSON.value, "voice": Voice.NOT_ENROLLED.value}
        return Done(outcome=_INCONCLUSIVE, values=lacking)
    match values.get("what"):
        case Way.DIGITS.value:
            return _by_answer(work, asked, Proof.DIGITS, _digits_said(work, str(values.get("spoken_digits", ""))))
        case Way.CODE.value:
            return _by_answer(work, asked, Proof.CODE, _code_given(work, str(values.get("code_digits", ""))))
        case _:
            return _by_voice(work, asked)


def challenge(work: Work, values: Mapping[str, Value]) -> Done:
    """Prepare a proof: digits to be said after us, or a code that is sent to the number on file."""
    if values.get("what") == Way.DIGITS.value:
        return _draw_digits(work)
    return _send_code(work, str(values.get("prompt", "")))


def _by_voice(work: Work, asked: Asked) -> Done:
    heard = voice_heard.keep(work, voice_heard.hear(work), way=BY_VOICE)
    if work.company.voice is not None:
        _note_voice(work, heard)
    assessment = _assess(work, asked, heard)
    outcomes = {Voice.LOCKED: "locked", Voice.REJECTED: _REJECTED, Voice.ACCEPTED: "step_up"}
    outcome = _ACCEPTED if isinstance(assessment, Enough) else outcomes.get(heard.voice, _INCONCLUSIVE)
    return _done(outcome, heard, assessment)


def _by_answer(work: Work, asked: Asked, proof: Proof, shown: _Shown) -> Done:
    work.note("proof", proof=proof.value, outcome=shown.outcome, reason=shown.reason)
    if shown.outcome == _ACCEPTED and work.call.customer_id is not None:
        # Whoever proves who they are was not the impostor of the calls before.
        vault_of(work).note_acceptance(work.session, work.call.customer_id, work.now)
    heard = voice_heard.hear(work)
    assessment = _assess(work, asked, heard)
    is_short = shown.outcome == _ACCEPTED and isinstance(assessment, StepUp)
    return _done(_INCONCLUSIVE if is_short else shown.outcome, heard, assessment)


def _assess(work: Work, asked: Asked, heard: Heard) -> Assessment:
    call, shown = work.call, call_proofs.proofs_of(work.session, work.call.call_id)
    customer_id = str(call.customer_id)
    number = call_proofs.number_of(work.session, number=call.from_number, customer_id=customer_id, now=work.now)
    given = Circumstances(
        asked=asked,
        number=number,
        voice=heard.voice,
        liveness=heard.liveness,
        proofs=shown.proofs,
        spent=shown.spent,
    )
    assessment = assess(given)
    if isinstance(assessment, StepUp) and asked != Asked.LOW:
        work.note("step_up", to=assessment.to.value, why=assessment.why.value)
    return assessment


def _done(outcome: str, heard: Heard, assessment: Assessment) -> Done:
    step_up = assessment.to.value if isinstance(assessment, StepUp) else ""
    voice = Voice.LOCKED if heard.voice == Voice.BLOCKED else heard.voice
    return Done(outcome=outcome, values={"reason": assessment.why.value, "step_up": step_up, "voice": voice.value})


def _note_voice(work: Work, heard: Heard) -> None:
    """Keep what the voice says in the story, where it says something else than before."""
    outcomes = {Voice.ACCEPTED: _ACCEPTED, Voice.REJECTED: _REJECTED}
    is_rejected = heard.decision is not None and heard.voice == Voice.LOCKED
    outcome = _REJECTED if is_rejected else outcomes.get(heard.voice, _INCONCLUSIVE)
    if call_proofs.proofs_of(work.session, work.call.call_id).last_voice != (outcome, heard.reason):
        work.note("proof", proof=BY_VOICE, outcome=outcome, reason=str(heard.reason))


# --- Digits said after us


def _draw_digits(work: Work) -> Done:
    heard = voice_heard.hear(work)
    if work.call.customer_id is None or heard.voice not in {Voice.ACCEPTED, Voice.REJECTED, Voice.INCONCLUSIVE}:
        return Done(outcome="unavailable")
    drawn = work.company.draw_digits(DIGITS)
    vault_of(work).keep_challenge(
        work.session,
        call_id=work.call.call_id,
        way=BY_DIGITS,
        customer_id=work.call.customer_id,
        secret=drawn,
        now=work.now,
    )
    return Done(outcome="ready", values={"challenge_digits": drawn})


def _digits_said(work: Work, said: str) -> _Shown:
    """Hold what was said against what was asked, and the voice of this very turn against the enrolled one."""
    call, vault = work.call, vault_of(work)
    settled = vault.settle_challenge(
        work.session, call.call_id, BY_DIGITS, str(call.customer_id), said=said, now=work.now
    )
    if settled in _WHY:
        return _Shown(outcome=_INCONCLUSIVE, reason=_WHY[settled])
    heard = voice_heard.keep(work, voice_heard.hear(work, turn=call.turn), way=BY_DIGITS)
    if settled != Settled.PASSED:
        return _Shown(outcome=_REJECTED, reason=_WRONG_DIGITS)
    return _said_by(heard)


def _said_by(heard: Heard) -> _Shown:
    """Two seconds of speech seldom accept a voice: it is enough that they speak for it and not against it."""
    match heard.voice:
        case Voice.ACCEPTED:
            return _Shown(outcome=_ACCEPTED)
        case Voice.REJECTED | Voice.LOCKED:
            return _Shown(outcome=_REJECTED, reason=heard.reason)
        case Voice.INCONCLUSIVE if isinstance(heard.decision, Inconclusive) and heard.decision.measured is not None:
            speaks_for_it = heard.decision.measured.log_likelihood_ratio >= 0
            return _Shown(outcome=_ACCEPTED) if speaks_for_it else _Shown(outcome=_REJECTED, reason=heard.reason)
        case _:
            return _Shown(outcome=_INCONCLUSIVE, reason=_NOT_HEARD)


# --- A code by text message


def _send_code(work: Work, prompt: str) -> Done:
    call, number = work.call, _number_on_file(work)
    if call.customer_id is None or not number:
        work.note(CODE_NOT_SENT)
        return Done(outcome="no_number")
    vault = vault_of(work)
    if _holds(work, vault.challenge_of(work.session, call.call_id, Way.CODE.value, call.customer_id)):
        return Done(outcome="sent")
    code = work.company.draw_digits(CODE_DIGITS)
    vault.keep_challenge(
        work.session,
        call_id=call.call_id,
        way=Way.CODE.value,
        customer_id=call.customer_id,
        secret=code,
        now=work.now,
    )
    wording = work.version.catalogue.wording(prompt, language=call.language, values={"code": code})
    row = customers.record_message(
        work.session,
        call_id=call.call_id,
        to_number=number,
        text_=wording.replace(code, _WITHHELD),
        now=work.now,
    )
    work.effects.append(SendMessage(message_id=row.message_id, to_number=number, text=wording))
    work.note("code_sent")
    return Done(outcome="sent")


def _number_on_file(work: Work) -> str:
    """The customer's own number that a text message can reach, the calling one first; "" for none, or one that others share."""
    if work.call.customer_id is None:
        return ""
    own = erasure.numbers_of(work.session, work.call.customer_id).own
    reachable = sorted(number for number in own if can_receive_messages(number))
    calling = [number for number in reachable if number == work.call.from_number]
    return next(iter([*calling, *reachable]), "")


def _code_given(work: Work, said: str) -> _Shown:
    call, vault, way = work.call, vault_of(work), Way.CODE.value
    customer_id = str(call.customer_id)
    sent = vault.challenge_of(work.session, call.call_id, way, customer_id)
    if isinstance(sent, OpenChallenge) and not _holds(work, sent):
        return _Shown(outcome=_INCONCLUSIVE, reason=_TOO_OLD if sent.tries_left else _WHY[Settled.USED_UP])
    settled = vault.settle_challenge(work.session, call.call_id, way, customer_id, said=said, now=work.now)
    if settled in _WHY:
        return _Shown(outcome=_INCONCLUSIVE, reason=_WHY[settled])
    vault.keep_decision(
        work.session,
        call_id=call.call_id,
        turn=call.turn,
        customer_id=customer_id,
        way=way,
        decision=settled,
        now=work.now,
    )
    return _Shown(outcome=_ACCEPTED if settled == Settled.PASSED else _REJECTED)


def _holds(work: Work, sent: OpenChallenge | Unreadable | None) -> bool:
    """Whether a code may still be given."""
    return isinstance(sent, OpenChallenge) and sent.tries_left > 0 and work.now - sent.at <= CODE_HOLDS
