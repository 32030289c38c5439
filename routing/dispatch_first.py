"""A supervisor puts a waiting call before all others: a boost of its own name in the visible sum, with a trace of who did so."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from routing import store
from routing.agents import Refusal, Refused
from routing.waiting import DEFAULT_RULES, Rules, WaitingState

BOOST: Final = "supervisor"


def put_first(session: Session, *, call_id: str, by: str, now: datetime, rules: Rules = DEFAULT_RULES) -> int | Refused:
    """Let a call go first; how many seconds that took (0: it was first already)."""
    row = store.call_row(session, call_id)
    if row is None:
        return Refused(reason=Refusal.CALL_UNKNOWN)
    if row.state == WaitingState.ENDED.value:
        return Refused(reason=Refusal.CALL_ENDED)
    if row.state != WaitingState.WAITING.value:
        return Refused(reason=Refusal.NOT_IN_THIS_STATE)
    first, *_ = store.calls_in(session, WaitingState.WAITING)
    if first.call_id == call_id:
        return 0
    ahead_seconds = int((row.ranked_at - first.ranked_at).total_seconds()) + 1
    call = store.as_waiting_call(row)
    seconds = call.boosts.get(BOOST, 0) + ahead_seconds
    store.boost_call(session, call, {BOOST: seconds}, rules)
    store.note_change(session, at=now, by=by, what=f"call:{call_id}", before=None, after={BOOST: seconds})
    return ahead_seconds
