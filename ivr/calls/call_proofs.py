"""What a call has shown so far of who calls, read from its story: the proofs that count, and the ways that are spent."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from biometrics import alerts
from biometrics.risk import Number, Proof, Way
from biometrics.vault_challenges import MOST_TRIES
from ivr.calls import store
from ivr.customers import store as customers
from sealing.columns import if_it_opens

# Digits that were wrong or said by another voice: after the second time the next proof is asked for.
DIGITS_TRIES: Final = 2
# What is noted when a code cannot be sent.
CODE_NOT_SENT: Final = "code_not_sent"
_PROOF: Final = "proof"
_NEW_CUSTOMER: Final = (Proof.ORDER_AND_POSTCODE.value, "accepted")


@dataclass(frozen=True, kw_only=True)
class CallProofs:
    """What was shown for the customer that the call is now known as."""

    proofs: frozenset[Proof]
    spent: frozenset[Way]  # asked for in vain, or not to be had
    last_voice: tuple[str, str] | None  # outcome and reason that are in the story
    step_ups: Mapping[
        str, tuple[str, str]
    ]  # those that were asked for (digits, code), each with its last outcome and reason


def proofs_of(session: Session, call_id: str) -> CallProofs:
    """Read them; what was shown before the call became another customer's shows nothing for this one."""
    happened: list[tuple[str, dict[str, Any]]] = []
    for row in store.happenings(session, call_id):
        if row.kind not in {_PROOF, CODE_NOT_SENT}:
            continue
        # What does not open shows nothing.
        details = json.loads(if_it_opens(row, "details", "") or "{}")
        if (details.get("proof"), details.get("outcome")) == _NEW_CUSTOMER:
            happened = []
        happened.append((row.kind, details))
    counts = Counter((details.get("proof"), details.get("outcome")) for _, details in happened)
    voices = [(one["outcome"], one.get("reason") or "") for _, one in happened if one.get("proof") == "voice"]
    digits, code = Proof.DIGITS.value, Proof.CODE.value
    step_ups = {
        one["proof"]: (one["outcome"], one.get("reason") or "")
        for _, one in happened
        if one.get("proof") in {digits, code}
    }
    is_spent = {
        Way.DIGITS: counts[digits, "rejected"] >= DIGITS_TRIES or counts[digits, "inconclusive"] > 0,
        Way.CODE: counts[code, "rejected"] >= MOST_TRIES
        or counts[code, "inconclusive"] > 0
        or any(kind == CODE_NOT_SENT for kind, _ in happened),
    }
    return CallProofs(
        proofs=frozenset(proof for proof in Proof if counts[proof.value, "accepted"]),
        spent=frozenset(way for way, spent in is_spent.items() if spent),
        last_voice=voices[-1] if voices else None,
        step_ups=step_ups,
    )


def number_of(session: Session, *, number: str, customer_id: str, now: datetime) -> Number:
    """What the calling number shows for a customer; one that is on two files tells of neither."""
    if not number:
        return Number.HIDDEN
    known = customers.by_number(session, number)
    if [one.customer_id for one in known] != [customer_id]:
        return Number.UNKNOWN
    return Number.ALERTED if alerts.is_alerted(session, customer_id, now) else Number.ON_FILE
