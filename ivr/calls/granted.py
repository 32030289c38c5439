"""What a customer's past grants the call: the agent they know, and a better place after bad experiences. Nothing here writes.

From the second bad experience on the caller goes ahead, and to an agent skilled in recovery where one is as good otherwise; an
overdue case goes ahead by itself (DESIGN.md 1). What each is worth in a queue is the queue's own; these are the usual seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.calls import store
from ivr.customers import store as customers
from routing import store as routing_store
from routing.outcomes import StayOutcome
from routing.queues import Queue
from routing.skills import Requirements, SkillWanted

RECOVERY = "recovery"  # the boost, and the skill
OVERDUE_CASE = "overdue_case"
# Five minutes and three of waiting: ahead of whoever has just come, behind whoever has waited long; judgement.
RECOVERY_SECONDS = 300
OVERDUE_CASE_SECONDS = 180

_FROM_THE_SECOND = 2
_BAD_EFFORT = 5  # DESIGN.md 1: an effort score of 5 or more is a bad experience
_TRANSFERRED_TWICE = 2
# Further back people remember the company, no longer the call; judgement.
_REMEMBERED = timedelta(days=90)
# A repeat within 7 days is about the same matter (DESIGN.md 1, the trade's usual figure).
_SAME_MATTER = timedelta(days=7)
_CALLS = 10
# Why the flow handed a call on when the line itself had failed.
_SELF_SERVICE_FAILED = frozenset({"not understood three times", "the line could not finish"})


@dataclass(frozen=True, kw_only=True)
class Past:
    """What counts of a customer's past."""

    last_agent_id: str | None  # of a call in the last days
    bad_experiences: int
    overdue_cases: int


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What the call asks for and goes by, its customer's past included."""

    requirements: Requirements
    boosts: Mapping[str, int]


def past_of(session: Session, customer_id: str, *, now: datetime, but_call_id: str = "") -> Past:
    """Look at the last calls and the open cases of a customer."""
    newest = store.calls_of_customer(session, customer_id, most=_CALLS + 1)
    calls = [one for one in newest if one.call_id != but_call_id and one.started_at > now - _REMEMBERED]
    ids = [one.call_id for one in calls]
    stays = routing_store.stays_of_calls(session, ids)
    bad = {call_id for call_id, score in store.efforts_of(session, ids).items() if score >= _BAD_EFFORT}
    bad |= {stay.call_id for stay in stays if stay.outcome == StayOutcome.ABANDONED.value}
    transfers = [stay.call_id for stay in stays if stay.transferred]
    bad |= {call_id for call_id in transfers if transfers.count(call_id) >= _TRANSFERRED_TWICE}
    bad |= {one.call_id for one in calls if one.route_reason in _SELF_SERVICE_FAILED}
    overdue = sum(case.due_at < now for case in customers.open_cases_of(session, customer_id))
    recent = (one.agent_id for one in calls if one.agent_id and one.started_at > now - _SAME_MATTER)
    return Past(last_agent_id=next(recent, None), bad_experiences=len(bad) + overdue, overdue_cases=overdue)


def granted(past: Past, asked: Requirements, queue: Queue) -> Granted:
    """Add to what a call asks for what its customer's past grants it."""
    boosts: dict[str, int] = {}
    if past.overdue_cases:
        boosts[OVERDUE_CASE] = OVERDUE_CASE_SECONDS
    if past.bad_experiences >= _FROM_THE_SECOND:
        boosts[RECOVERY] = RECOVERY_SECONDS
        if RECOVERY not in {asked.skill, *(one.skill for one in asked.also)}:
            asked = replace(asked, also=(*asked.also, SkillWanted(skill=RECOVERY, is_must=False)))
    if past.last_agent_id is not None and asked.preferred_agent_id is None:
        asked = replace(asked, preferred_agent_id=past.last_agent_id, preferred_seconds=queue.preferred_seconds)
    return Granted(requirements=asked, boosts=boosts)
