"""Reads what callers said and the line did not understand: the words of turns that were asked again, given up or in doubt.

Words are read only as far as they are still kept, and never of a customer who does not want that what they say is remembered.
Whoever shows them redacts them first (`ivr.intents.redaction`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ivr.calls.coverage_store import NOTHING
from ivr.calls.tables import Call, Turn
from ivr.customers import ledger
from ivr.customers import store as customers
from ivr.flow.traces import Trace
from routing.figures_periods import Period
from sealing.columns import if_it_opens

# How many turns are looked at, the newest; a thousand are grouped in a second.
MOST_TURNS: Final = 1500
SPEECH: Final = "speech"
# Why a phrase is told.
NOT_UNDERSTOOD, DOUBTED, THEN_PERSON = "not_understood", "doubted", "then_person"
_NOT_UNDERSTOOD: Final = frozenset({Trace.REPEATED.value, Trace.MISSED.value, Trace.HANDED.value})


@dataclass(frozen=True, kw_only=True)
class Unheard:
    """Words that were not understood."""

    call_id: str
    at: datetime
    language: str
    node: str
    words: str  # as heard, not redacted
    why: str  # NOT_UNDERSTOOD, DOUBTED or THEN_PERSON
    is_consented: bool  # the customer wants what they say to be remembered; False: nobody known has said either
    names: tuple[str, ...]  # of the customer, where one is known


def not_understood(session: Session, period: Period) -> Sequence[Unheard]:
    """What was not understood in the calls that began in a period, the newest first."""
    query = (
        select(Turn, Call.language, Call.customer_id)
        .join(Call, Call.call_id == Turn.call_id)
        .where(Call.started_at >= period.begins_at, Call.started_at < period.ends_at)
        .where(Turn.traces != NOTHING, or_(Turn.ended == SPEECH, Turn.intent == "person"))
        .order_by(Call.started_at.desc(), Turn.turn)
        .limit(MOST_TURNS)
    )
    rows = session.execute(query).all()
    wants = ledger.who_consents(session, ledger.CONTACT_HISTORY)
    names = {row.customer_id: _name(session, row.customer_id) for row in rows if row.customer_id}
    found = []
    for turn, language, customer_id in rows:
        told = _told(session, turn)
        if told is None or (customer_id and customer_id not in wants):
            continue
        said, node, why = told
        words = if_it_opens(said, "heard", "")
        if words:
            found.append(
                Unheard(
                    call_id=turn.call_id,
                    at=said.at,
                    language=language,
                    node=node,
                    words=words,
                    why=why,
                    is_consented=bool(customer_id),
                    names=(names[customer_id],) if customer_id else (),
                )
            )
    return found


def _told(session: Session, turn: Turn) -> tuple[Turn, str, str] | None:
    """The turn whose words were not understood, where, and why it counts; None where it does not."""
    traces = _traces(turn.traces)
    for kind, node in traces:
        if kind in _NOT_UNDERSTOOD and turn.ended == SPEECH:
            return turn, node, NOT_UNDERSTOOD
        if kind == Trace.DOUBTED and turn.ended == SPEECH:
            return turn, node, DOUBTED
    if any(kind == Trace.PERSON for kind, _ in traces):
        before = session.get(Turn, (turn.call_id, turn.turn - 1))
        # Who was understood and asked for a person all the same may have been understood wrongly.
        if before is not None and before.ended == SPEECH and before.intent not in {"", "person"}:
            return before, before.node, THEN_PERSON
    return None


def _traces(text: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((str(kind), str(node)) for kind, node in json.loads(text))
    except (ValueError, TypeError):
        return ()


def _name(session: Session, customer_id: str) -> str:
    row = customers.customer(session, customer_id)
    return "" if row is None else if_it_opens(row, "name", "")
