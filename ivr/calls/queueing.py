"""Puts a call into the queue, by the queue's own data: whether it is open, whether it takes anybody more, and what else there is.

A caller who has kept a place takes it again. What the caller hears of all this is the flow's.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from sqlalchemy.orm import Session

from ivr.calls import callbacks, offering, resuming, store
from ivr.calls.callback_tries import reached
from ivr.calls.callbacks import Place
from ivr.calls.company import Company
from ivr.calls.granted import granted, past_of
from ivr.calls.tables import Call
from ivr.calls.work import Work
from ivr.flow.events import Done, Value
from ivr.flow.steps import Route
from routing import dispatch, reports
from routing import store as routing_store
from routing.calling_back import CALLED_BACK_BOOST
from routing.outcomes import Queued
from routing.queues import CALLBACK, MESSAGE, TO_QUEUE, Enters, Full, Queue, Shut, entry, queue_of
from routing.skills import Requirements
from routing.waiting import WaitingState

# How routing knows that a caller has left the queue for a callback or a message (`ivr.calls.waiting_rounds`).
_LEFT_BY_KEY = frozenset({"left", "message"})
_WAITING = (WaitingState.WAITING, WaitingState.OFFERED)


@dataclass(frozen=True, kw_only=True)
class _Elsewhere:
    """The queue does not take the call, and what the caller is offered instead."""

    outcome: str  # closed or overflow
    instead: str  # callback or message


def enter(work: Work, route: Route) -> Done | None:
    """Let the call wait; what the flow must hear of instead, or None when it waits."""
    session, call = work.session, work.call
    place = _place(work, route)
    queues = routing_store.queues(session)
    queue = queues.get(place.queue) if place.queue else None
    queue = queue or queue_of(place.requirements.skill, queues)
    # What an act needs that promises a callback to whoever does not wait.
    wanted: dict[str, Value] = {
        "wanted_skill": place.requirements.skill,
        "wanted_level": place.requirements.level,
        "wanted_queue": queue.queue_id,
    }
    found = _open_queue(session, work.company, queue, work.now, has_place=place.came_at < work.now)
    if isinstance(found, _Elsewhere):
        return Done(outcome=found.outcome, values={**wanted, "instead": found.instead})
    if not reports.anybody_for(session, place.requirements, found):
        return Done(outcome="nobody", values=wanted)
    place = _with_the_past(work, place, found)
    queued = dispatch.enqueue(
        session,
        call_id=call.call_id,
        requirements=place.requirements,
        priority=place.priority,
        boosts=place.boosts,
        queue=found.queue_id,
        came_at=place.came_at,
        now=work.now,
        again=True,
        rules=work.company.routing_rules,
    )
    if not isinstance(queued, Queued):
        return Done(outcome="failed", values=wanted)
    call.status, call.route_reason = store.WAITING, route.reason or call.route_reason
    skill = place.requirements
    work.note("queued", skill=skill.skill, level=skill.level, reason=call.route_reason, queue=found.queue_id)
    offering.offer_waiting(session, work.company.routing_rules, work.now)
    return None


def is_open(session: Session, company: Company, call: Call, now: datetime) -> bool:
    """Whether the queue that a waiting call is in is open."""
    row = routing_store.call_row(session, call.call_id)
    queue = None if row is None else routing_store.queues(session).get(row.queue)
    hours = company.hours if queue is None or queue.hours is None else queue.hours
    return hours.is_open(now)


def _place(work: Work, route: Route) -> Place:
    """The place that the caller has kept, or a new one as the flow says."""
    promised = callbacks.of_call(work.session, work.call.call_id)
    if promised is not None:
        # Who would rather wait after all takes back the place that was kept for the callback.
        kept = callbacks.place_of(work.session, promised.callback_id)
        callbacks.close(work.session, promised.callback_id, callbacks.TAKEN, work.now)
        if kept is not None:
            return replace(kept, came_at=min(kept.came_at, work.now))
    rung = callbacks.of_leg(work.session, work.call.call_id)
    if rung is not None and rung.state == callbacks.ANSWERED:
        # Whoever picked up asks for a person by key before saying who they are: somebody is there, and is let through.
        reached(work.session, rung, work.now)
    if rung is not None and rung.state == callbacks.CONNECTED and not route.place:
        kept = callbacks.place_of(work.session, rung.callback_id)
    elif route.place:
        kept = resuming.place(work, route.place)
    else:
        kept = _left_place(work, route)
    if kept is None:
        return _new_place(work, route)
    boosts = {**kept.boosts, CALLED_BACK_BOOST: work.company.routing_rules.line_lost_seconds} if rung else kept.boosts
    return replace(kept, boosts=boosts, came_at=min(kept.came_at, work.now))


def _new_place(work: Work, route: Route) -> Place:
    return Place(
        requirements=Requirements(skill=route.skill, level=route.level, languages=(work.call.language,)),
        queue=route.queue or None,
        came_at=work.now,
        priority=route.priority,
    )


def _with_the_past(work: Work, place: Place, queue: Queue) -> Place:
    """A new place with what the customer's past grants; a kept one has had that already."""
    if work.call.customer_id is None or place.came_at < work.now:
        return place
    past = past_of(work.session, work.call.customer_id, now=work.now, but_call_id=work.call.call_id)
    more = granted(past, place.requirements, queue)
    return replace(place, requirements=more.requirements, boosts={**more.boosts, **place.boosts})


def _left_place(work: Work, route: Route) -> Place | None:
    """The place that the caller has left by a key in this very call: it was not lost."""
    row = routing_store.call_row(work.session, work.call.call_id)
    if row is None or row.ended_reason not in _LEFT_BY_KEY:
        return None
    had = callbacks.place_of(work.session, work.call.call_id)
    if had is None or route.kept:
        return had
    return replace(_new_place(work, route), came_at=had.came_at, boosts=had.boosts)


def _open_queue(
    session: Session, company: Company, queue: Queue, now: datetime, *, has_place: bool
) -> Queue | _Elsewhere:
    """The queue, or the one that it leads to, that takes a call now."""
    queues = routing_store.queues(session)
    passed = {queue.queue_id}
    while True:
        # Whoever has a place in it already is none more.
        waiting = 0 if has_place or queue.max_waiting is None else _waiting_in(session, queue)
        match entry(queue, waiting=waiting, now=now, company=company.hours):
            case Enters():
                return queue
            case Shut(does=to):
                outcome = "closed"
            case Full(to=to):
                outcome = "overflow"
            case other:
                assert_never(other)
        following = queues.get(to.removeprefix(TO_QUEUE)) if to.startswith(TO_QUEUE) else None
        if following is None or following.queue_id in passed:
            return _Elsewhere(outcome=outcome, instead=MESSAGE if to == MESSAGE else CALLBACK)
        queue = following
        passed.add(queue.queue_id)


def _waiting_in(session: Session, queue: Queue) -> int:
    return sum(row.queue == queue.queue_id for row in routing_store.calls_in(session, *_WAITING))
