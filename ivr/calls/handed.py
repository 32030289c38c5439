"""Who asks an agent about a call, or has passed it to them, and with what note: read from what happened to the call."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ivr.calls import store
from sealing.columns import if_it_opens

ASKED = "consult_asked"
# A call that was taken off its agent, or moved while it waited, comes from a supervisor, whose name stands there as it is.
PASSED, HANDED_OVER, BY_SUPERVISOR = "transferred", "handed_over", frozenset({"taken_off", "moved"})


@dataclass(frozen=True, kw_only=True)
class Handed:
    """Who hands the call over, or asks, and what they say about it."""

    by: str  # name
    note: str
    is_question: bool  # asked first, the caller hears music; else passed on


def handed_to(
    session: Session, call_id: str, *, agent_id: str, is_question: bool, names: Mapping[str, str]
) -> Handed | None:
    """Who turned to this agent with a call last; none where the line brought it."""
    asked: tuple[str, str] | None = None
    passed: tuple[str, str] | None = None
    for row in store.happenings(session, call_id):
        details = json.loads(if_it_opens(row, "details", "") or "{}")
        who, note = details.get("agent") or "", details.get("note") or ""
        if row.kind == ASKED:
            asked = (who, note)
        elif row.kind == PASSED:
            passed = (who, note)
        elif row.kind in BY_SUPERVISOR:
            passed = (details.get("by") or "", "")
        elif row.kind == HANDED_OVER:
            # What was said when the receiver was asked is what they were handed it with.
            passed = (who, asked[1] if asked is not None else "")
    turned = asked if is_question else passed
    if turned is None or turned[0] == agent_id:
        return None
    return Handed(by=names.get(turned[0], turned[0]), note=turned[1], is_question=is_question)
