"""Loads a past day for what-if from what routing keeps: stays, the history of agents' states, the versions of their skills.

Nothing here changes anything.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from routing import store, store_what_if, tables
from routing.outcomes import StayOutcome
from routing.queues import DEFAULT_QUEUE, Queue
from routing.simulation_day import Answering
from routing.skills import requirements_from_json
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall
from routing.what_if_day import DAY_SECONDS, MOST_CALLS, ChangeError, PastAgent, PastCall, PastDay

_DAYS_OFFERED: Final = 60
# Agents who decline more than this are told of, not simulated.
_MOST_DECLINES: Final = 0.5
# What the line itself ended before anybody could be rung is no part of the waiting.
_LEFT_OUT: Final = (StayOutcome.CLOSED.value, StayOutcome.FAILED.value)


def past_day(session: Session, day: date, rules: Rules = DEFAULT_RULES) -> PastDay:
    """Load a day of the company's zone. Raises `ChangeError` for one without calls, or with too many."""
    zone = ZoneInfo(rules.time_zone)
    begins_at = datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))
    ends_at = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(ZoneInfo("UTC"))
    stays = [
        one
        for one in store_what_if.stays_between(session, begins_at, ends_at, MOST_CALLS + 1)
        if one.outcome not in _LEFT_OUT
    ]
    if not stays:
        raise ChangeError("what_if_day_empty", day.isoformat())
    if len(stays) > MOST_CALLS:
        raise ChangeError("what_if_too_many_calls", str(MOST_CALLS))
    return PastDay(
        begins_at=begins_at,
        calls=_calls(stays),
        agents=_agents(session, begins_at, ends_at),
        queues=queues_of(session),
        rules=rules,
        answering=_answering(stays),
        length_seconds=max(DAY_SECONDS, (ends_at - begins_at).total_seconds()),
    )


def days(session: Session, now: datetime, rules: Rules = DEFAULT_RULES) -> tuple[date, ...]:
    """The days that can be run, the newest first."""
    zone = ZoneInfo(rules.time_zone)
    came = store_what_if.days_with_calls(session, now - timedelta(days=_DAYS_OFFERED))
    return tuple(dict.fromkeys(at.astimezone(zone).date() for at in came))


def queues_of(session: Session) -> dict[str, Queue]:
    """Today's queues, with the one that is always there."""
    return {DEFAULT_QUEUE.queue_id: DEFAULT_QUEUE, **store.queues(session)}


def _calls(stays: Sequence[tables.Stay]) -> tuple[PastCall, ...]:
    calls = []
    for one in stays:
        answered = one.outcome == StayOutcome.ANSWERED.value and one.accepted_at is not None
        left_at = one.accepted_at if answered else one.left_at
        talk = wrap_up = None
        if answered and one.accepted_at is not None and one.ended_at is not None:
            talk = (one.ended_at - one.accepted_at).total_seconds()
            wrap_up = 0.0 if one.wrap_up_ended_at is None else (one.wrap_up_ended_at - one.ended_at).total_seconds()
        # Who keeps a place from earlier ranks as if they had come then; they are here only from `enqueued_at` on.
        kept = int((one.enqueued_at - one.came_at).total_seconds())
        boosts = {**one.boosts, **({"kept_place": kept} if kept > 0 else {})}
        calls.append(
            PastCall(
                call=WaitingCall(
                    call_id=f"{one.call_id}/{one.stay_id}",
                    requirements=requirements_from_json(one.requirements),
                    enqueued_at=one.enqueued_at,
                    priority=one.priority,
                    boosts=boosts,
                    queue=one.queue,
                ),
                waited_seconds=0.0 if left_at is None else max(0.0, (left_at - one.enqueued_at).total_seconds()),
                answered_by=(one.agent_id or "") if answered else "",
                ring=one.ring,
                talk_seconds=talk,
                wrap_up_seconds=wrap_up or 0.0,
            )
        )
    return tuple(calls)


def _agents(session: Session, begins_at: datetime, ends_at: datetime) -> tuple[PastAgent, ...]:
    shifts = store_what_if.shifts_between(session, begins_at, ends_at)
    skills = store_what_if.skills_at(session, ends_at)
    names = store_what_if.names(session)
    return tuple(
        PastAgent(
            agent_id=agent_id,
            name=names.get(agent_id, agent_id),
            skills=skills[agent_id][0],
            languages=skills[agent_id][1],
            shifts=its,
        )
        for agent_id, its in sorted(shifts.items())
        if agent_id in skills
    )


def _answering(stays: Sequence[tables.Stay]) -> Answering:
    """How offers were answered that day; the times that agents were marked as missing are in their shifts already."""
    answered = [one for one in stays if one.accepted_at is not None and one.first_offered_at is not None]
    at_first = [
        (one.accepted_at - one.first_offered_at).total_seconds()
        for one in answered
        if one.offers == 1 and one.accepted_at is not None and one.first_offered_at is not None
    ]
    offers = sum(one.offers for one in stays)
    declines = max(0.0, 1.0 - len(answered) / offers) if offers else 0.0
    seconds = sum(at_first) / len(at_first) if at_first else 0.0
    return Answering(seconds=max(0.0, seconds), declines=min(_MOST_DECLINES, declines))
