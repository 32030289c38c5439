"""Everything that is kept about one customer, as plain values and files, to be handed to them (GDPR, art. 15 and 20).

Their own data alone: who of the company took part in a call is not told, nor anything of another customer.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from biometrics.vault import Vault
from ivr.calls import forgetting, store
from ivr.calls.tables import Call, Happening, Turn
from ivr.customers import erasure, kept
from ivr.customers import store as customers
from ivr.customers.kept import Sound
from sealing.columns import ring_of

# People of the company in a happening's details.
_PEOPLE = frozenset({"agent", "by"})


@dataclass(frozen=True, kw_only=True)
class Export:
    """What a customer is handed."""

    made_at: datetime
    parts: Mapping[str, Any] = field(repr=False)  # by name, values of JSON
    sounds: tuple[Sound, ...] = field(repr=False)


def export_of(session: Session, customer_id: str, *, now: datetime) -> Export | None:
    """Everything about a customer; None where there is no such one."""
    if customers.customer(session, customer_id) is None:
        return None
    calls = forgetting.calls_of(session, customer_id, erasure.numbers_of(session, customer_id).own)
    parts = {
        **kept.records_of(session, customer_id, calls=calls),
        "calls": _calls(session, calls),
        "voice": Vault(ring_of(session.connection())).export(session, customer_id),
    }
    return Export(made_at=now, parts=parts, sounds=kept.sounds_of(session, customer_id))


def _calls(session: Session, calls: Collection[str]) -> list[Mapping[str, Any]]:
    found = (store.call(session, call_id) for call_id in calls)
    return [_call(session, row) for row in found if row is not None]


def _call(session: Session, row: Call) -> Mapping[str, Any]:
    return {
        "call_id": row.call_id,
        "from_number": row.from_number,
        "to_number": row.to_number,
        "language": row.language,
        "started_at": row.started_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "listened_to_by": row.listening,
        "reason": row.reason,
        "turns": [_turn(turn) for turn in store.turns(session, row.call_id)],
        "happened": [_happening(one) for one in store.happenings(session, row.call_id)],
        "effort_score": store.effort(session, row.call_id),
    }


def _turn(row: Turn) -> Mapping[str, Any]:
    return {
        "turn": row.turn,
        "at": row.at.isoformat(),
        "heard_before": row.heard,
        "keys_before": row.keys,
        "understood_as": row.intent,
        "said": row.prompt,
        "how_it_was_heard": json.loads(row.hearing or "{}"),
        "what_the_line_did": json.loads(row.facts or "[]"),
    }


def _happening(row: Happening) -> Mapping[str, Any]:
    details: dict[str, Any] = json.loads(row.details)
    return {
        "at": row.at.isoformat(),
        "kind": row.kind,
        "details": {name: value for name, value in details.items() if name not in _PEOPLE},
    }
