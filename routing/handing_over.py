"""A call that goes from the agent who has it to the one who was asked about it, in one transaction.

The first agent's assignment ends and wrap-up begins; the consulted agent's own becomes the call's.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from routing import dispatch, store
from routing.waiting import DEFAULT_RULES, Rules, WaitingState


def hand_over(session: Session, *, call_id: str, work_id: str, now: datetime, rules: Rules = DEFAULT_RULES) -> bool:
    """Give the call to whoever is assigned the consultation `work_id`; False, and nothing changed, where nobody is."""
    consulted = store.last_assignment(session, work_id)
    if consulted is None or consulted.ended_at is not None:
        return False
    dispatch.talk_ended(session, call_id=call_id, now=now, reason="handed over", rules=rules)
    store.give_assignment(session, consulted, call_id)
    store.move_call(session, work_id, WaitingState.ASSIGNED, WaitingState.ENDED, now=now, reason="handed over")
    store.move_call(session, call_id, WaitingState.ENDED, WaitingState.ASSIGNED, now=now)
    return True
