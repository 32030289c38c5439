"""A customer's answers to consents, and what follows at once: a row in the ledger, and what rested on the consent is gone.

Everything happens in the caller's transaction; a tombstone is left for each erasure, so that a backup cannot bring it back.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from sqlalchemy.orm import Session

from biometrics.vault import Vault
from ivr.customers import erasure, ledger, tombstones
from ivr.customers.ledger import CALL_AUDIO, CONTACT_HISTORY, VOICE_VERIFICATION, Answer, Asked, AskedBy
from ivr.customers.tombstones import Scope
from sealing.columns import ring_of

# The purpose by which a caller takes back everything.
ALL = "all"
# What a caller who takes back everything has answered with that, where nothing was asked before.
_ANSWERED_BY_ALL = (VOICE_VERIFICATION, CONTACT_HISTORY)

SCOPES = {VOICE_VERIFICATION: Scope.VOICE, CALL_AUDIO: Scope.AUDIO, CONTACT_HISTORY: Scope.NOTES}
PURPOSES = {scope: purpose for purpose, scope in SCOPES.items()}


def answered(session: Session, *, customer_id: str, purpose: str, answer: Answer, asked: Asked, now: datetime) -> None:
    """Keep what a customer answered, or took back ("all" for everything), with all that follows."""
    if purpose != ALL:
        _keep(session, customer_id=customer_id, purpose=purpose, answer=answer, asked=asked, now=now)
        return
    for one in _everything(session, customer_id):
        _keep(session, customer_id=customer_id, purpose=one, answer=Answer.WITHDRAWN, asked=asked, now=now)


def withdraw(
    session: Session,
    customer_id: str,
    purpose: str,
    *,
    by: AskedBy,
    channel: str,
    now: datetime,
    call_id: str = "",
    heard: str = "",
) -> None:
    """Take a consent back ("all" for every one) for a customer who says so anywhere but in the line's own flow."""
    asked = Asked(by=by, channel=channel, call_id=call_id, heard=heard)
    answered(session, customer_id=customer_id, purpose=purpose, answer=Answer.WITHDRAWN, asked=asked, now=now)


def erase(session: Session, customer_id: str, scope: Scope) -> None:
    """Erase what rests on one consent."""
    match scope:
        case Scope.VOICE:
            Vault(ring_of(session.connection())).erase(session, customer_id)
        case Scope.AUDIO:
            ledger.erase_audio(session, customer_id)
        case Scope.NOTES:
            erasure.forget_notes(session, customer_id)
        case Scope.PERSON | Scope.PERSON_AND_ORDERS:
            raise ValueError(f"{scope} rests on no consent: `ivr.calls.erasures` erases it")
        case _:
            assert_never(scope)


def _keep(session: Session, *, customer_id: str, purpose: str, answer: Answer, asked: Asked, now: datetime) -> None:
    rested_on_it = ledger.was_ever_granted(session, customer_id, purpose)
    ledger.record_answer(session, customer_id=customer_id, purpose=purpose, answer=answer, asked=asked, now=now)
    scope = SCOPES.get(purpose)
    if scope is None or answer in {Answer.YES, Answer.UNCLEAR}:
        return
    erase(session, customer_id, scope)
    if rested_on_it:
        tombstones.record(session, customer_id=customer_id, scope=scope, asked_by=asked.by, now=now)


def _everything(session: Session, customer_id: str) -> Iterable[str]:
    return tuple(ledger.consents_of(session, customer_id)) or _ANSWERED_BY_ALL
