"""The way of a call through the queues: it comes, waits, moves, is taken out, is passed on. Nothing here commits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy.orm import Session

from routing import store, tables
from routing.agents import AgentEvent, AgentState, Refusal, Refused
from routing.dispatch_agreed import ATTEMPTS, InvariantBrokenError, hold_true, release
from routing.outcomes import MovedCall, OfferState, Overflowed, Queued, Requeued, StayOutcome, Withdrawn, WorkKind
from routing.queues import TO_QUEUE, Queue, on_the_terms_of, queue_of
from routing.skills import Requirements
from routing.store import Placing
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall, WaitingState

# What lets a call that an agent passes on go before those that have just come: as with a lost line, an hour's wait.
TRANSFER_BOOST = "transfer"
LINE_LOST_BOOST = "line_lost"
# One tick moves no more calls than this; the rest is for the next one, a second later.
_OVERFLOWS_AT_ONCE = 200


def enqueue(
    session: Session,
    *,
    call_id: str,
    requirements: Requirements,
    now: datetime,
    priority: int = 0,
    boosts: Mapping[str, int] | None = None,
    again: bool = False,
    rules: Rules = DEFAULT_RULES,
    queue: str | None = None,
    kind: WorkKind = WorkKind.CALL,
    came_at: datetime | None = None,
    not_before: datetime | None = None,
    transferred: bool = False,
) -> Queued | Refused:
    """Put a call in a queue, once; `again` lets one that has ended come back (after a talk, say).

    Without `queue` it is the one of the skill; an unknown one is refused. `came_at` is an earlier time from which a place
    is kept, `not_before` when its turn may come at the earliest.
    """
    place = _queue(session, queue, requirements)
    if place is None:
        return Refused(reason=Refusal.QUEUE_UNKNOWN)
    came = came_at or now
    call = WaitingCall(
        call_id=call_id, requirements=requirements, enqueued_at=came, priority=priority, boosts=boosts or {}
    )
    call = on_the_terms_of(place, call, rules)
    placing = _placing(place, now=now, kind=kind, not_before=not_before, transferred=transferred)
    if store.add_call(session, call, rules, placing):
        return Queued(call_id=call_id, enqueued_at=came, is_repeat=False)
    if again and store.reopen_call(session, call, rules, placing):
        return Queued(call_id=call_id, enqueued_at=came, is_repeat=False)
    row = store.call_row(session, call_id)
    if row is None or row.state == WaitingState.ENDED.value:
        return Refused(reason=Refusal.CALL_ENDED)
    return Queued(call_id=call_id, enqueued_at=row.enqueued_at, is_repeat=True)


def withdraw(
    session: Session,
    *,
    call_id: str,
    reason: str,
    now: datetime,
    outcome: StayOutcome = StayOutcome.ABANDONED,
    rules: Rules = DEFAULT_RULES,
) -> Withdrawn | Refused:
    """Take a call out at whatever point it is: it has hung up, or has left the queue by itself.

    Whoever is being rung is free again at once; so is who accepted but has not met the caller; after a talk wrap-up begins.
    `outcome` is what its stay counts as, unless an agent has talked to it.
    """
    for _ in range(ATTEMPTS):
        row = store.call_row(session, call_id)
        if row is None:
            return Refused(reason=Refusal.CALL_UNKNOWN)
        done = _Leaving(session, call_id, reason=reason, outcome=outcome, now=now, rules=rules).leave(
            WaitingState(row.state)
        )
        if done is not None:
            return done
    raise InvariantBrokenError(f"call {call_id} can't be taken out of the queue: its rows do not agree")


def requeue(
    session: Session,
    *,
    call_id: str,
    requirements: Requirements,
    queue: str | None = None,
    now: datetime,
    goes_first: bool,
    reason: str,
    rules: Rules = DEFAULT_RULES,
) -> Requeued | Refused:
    """Pass a call on to others (a cold transfer): its agent goes to wrap-up, and it waits for somebody else.

    With `goes_first` it is ahead of anybody within an hour's wait.
    """
    assignment = store.last_assignment(session, call_id)
    row = store.call_row(session, call_id)
    if assignment is None or row is None:
        return Refused(reason=Refusal.CALL_UNKNOWN)
    place = _queue(session, queue, requirements)
    if place is None:
        return Refused(reason=Refusal.QUEUE_UNKNOWN)
    if not end_assigned(session, assignment, AgentEvent.TALK_ENDED, reason=reason, now=now, rules=rules):
        return Refused(reason=Refusal.CALL_ENDED)
    if assignment.connected_at is None:
        store.lose_assignment(session, assignment, StayOutcome.MOVED, now)
    boosts = {name: seconds for name, seconds in row.boosts.items() if name != LINE_LOST_BOOST}
    if goes_first:
        boosts[TRANSFER_BOOST] = rules.line_lost_seconds
    call = WaitingCall(
        call_id=call_id, requirements=requirements, enqueued_at=now, priority=row.priority, boosts=boosts
    )
    call = on_the_terms_of(place, call, rules)
    placing = _placing(place, now=now, kind=WorkKind(row.kind), transferred=True)
    hold_true(store.place_call(session, call, WaitingState.ENDED, rules, placing), call_id)
    return Requeued(call_id=call_id, agent_id=assignment.agent_id, goes_first=goes_first)


def move_call_to(
    session: Session,
    *,
    call_id: str,
    queue: str,
    requirements: Requirements | None = None,
    by: str,
    now: datetime,
    rules: Rules = DEFAULT_RULES,
) -> MovedCall | Refused:
    """Put a waiting call into another queue, as a supervisor wishes; it keeps its place. Who is rung for it is free again."""
    place = store.queues(session).get(queue)
    if place is None:
        return Refused(reason=Refusal.QUEUE_UNKNOWN)
    for _ in range(ATTEMPTS):
        row = store.call_row(session, call_id)
        if row is None:
            return Refused(reason=Refusal.CALL_UNKNOWN)
        if row.state not in {WaitingState.WAITING.value, WaitingState.OFFERED.value}:
            ended = row.state == WaitingState.ENDED.value
            return Refused(reason=Refusal.CALL_ENDED if ended else Refusal.NOT_IN_THIS_STATE)
        offer = store.open_offer(session, call_id=call_id) if row.state == WaitingState.OFFERED.value else None
        if offer is not None:
            if not store.close_offer(session, offer.offer_id, OfferState.WITHDRAWN, now=now):
                continue
            release(session, offer, AgentEvent.OFFER_WITHDRAWN, now, by=by)
        before = {"queue": row.queue, "requirements": row.requirements}
        if _move_waiting(session, row, place, requirements, outcome=StayOutcome.MOVED, now=now, rules=rules):
            after = store.call_row(session, call_id)
            hold_true(after is not None, call_id)
            now_in = {"queue": queue, "requirements": after.requirements if after else {}}
            store.note_change(session, at=now, by=by, what=f"call:{call_id}", before=before, after=now_in)
            return MovedCall(
                call_id=call_id,
                queue=queue,
                agent_id=offer.agent_id if offer else None,
                offer_id=offer.offer_id if offer else None,
            )
    raise InvariantBrokenError(f"call {call_id} can't be moved: its rows do not agree")


def overflow(session: Session, now: datetime, rules: Rules = DEFAULT_RULES) -> tuple[Overflowed, ...]:
    """Move the calls that have waited as long as their queue lets them to where it overflows to, with their places.

    What overflows into a callback or a message waits on; the line asks the caller, since somebody has to agree to it.
    """
    rows = store.overflowing(session, now, _OVERFLOWS_AT_ONCE)
    queues = store.queues(session) if rows else {}
    moved = []
    for row in rows:
        source = queues.get(row.queue)
        to = source.overflow_to if source is not None else ""
        target = queues.get(to.removeprefix(TO_QUEUE)) if to.startswith(TO_QUEUE) else None
        done = Overflowed(call_id=row.call_id, queue=row.queue, to=to)
        if target is not None:
            hold_true(
                _move_waiting(session, row, target, None, outcome=StayOutcome.OVERFLOW, now=now, rules=rules),
                row.call_id,
            )
        else:
            store.set_overflow(session, row.call_id, None)
        if target is not None or (to and not to.startswith(TO_QUEUE)):
            moved.append(done)
    return tuple(moved)


def end_assigned(
    session: Session, assignment: tables.Assignment, event: AgentEvent, *, reason: str, now: datetime, rules: Rules
) -> bool:
    """End a live assignment, its agent's part and its call's; False when it has ended already."""
    wraps_up = event is AgentEvent.TALK_ENDED
    if not store.end_assignment(session, assignment.assignment_id, now=now, reason=reason, wraps_up=wraps_up):
        return False
    until = now + timedelta(seconds=rules.wrap_up_seconds) if wraps_up else None
    moved = store.move_agent(session, assignment.agent_id, event, now=now, wrap_up_until=until) and store.move_call(
        session, assignment.call_id, WaitingState.ASSIGNED, WaitingState.ENDED, now=now, reason=reason
    )
    hold_true(moved, assignment.call_id)
    return True


class _Leaving:
    """A call that is taken out, wherever it is."""

    def __init__(
        self, session: Session, call_id: str, *, reason: str, outcome: StayOutcome, now: datetime, rules: Rules
    ) -> None:
        self._session = session
        self._call_id = call_id
        self._reason = reason
        self._outcome = outcome
        self._now = now
        self._rules = rules

    def leave(self, state: WaitingState) -> Withdrawn | Refused | None:
        """Take the call out of this state; None when it has left the state in between."""
        match state:
            case WaitingState.WAITING | WaitingState.CALLING:
                if not self._end(state):
                    return None
                return Withdrawn(call_id=self._call_id, agent_id=None, agent_state=None, offer_id=None)
            case WaitingState.OFFERED:
                return self._withdraw_offer()
            case WaitingState.ASSIGNED:
                return self._withdraw_assigned()
            case WaitingState.ENDED:
                return Refused(reason=Refusal.CALL_ENDED)
            case _:
                assert_never(state)

    def _end(self, source: WaitingState) -> bool:
        if not store.move_call(
            self._session, self._call_id, source, WaitingState.ENDED, now=self._now, reason=self._reason
        ):
            return False
        store.close_stay(self._session, self._call_id, self._outcome, self._now)
        return True

    def _withdraw_offer(self) -> Withdrawn | None:
        offer = store.open_offer(self._session, call_id=self._call_id)
        if offer is None or not store.close_offer(self._session, offer.offer_id, OfferState.WITHDRAWN, now=self._now):
            return None
        moved = store.move_agent(self._session, offer.agent_id, AgentEvent.OFFER_WITHDRAWN, now=self._now)
        hold_true(moved and self._end(WaitingState.OFFERED), self._call_id)
        available = AgentState.AVAILABLE
        return Withdrawn(call_id=self._call_id, agent_id=offer.agent_id, agent_state=available, offer_id=offer.offer_id)

    def _withdraw_assigned(self) -> Withdrawn | None:
        assignment = store.last_assignment(self._session, self._call_id)
        if assignment is None:
            return None
        met = assignment.connected_at is not None
        event = AgentEvent.TALK_ENDED if met else AgentEvent.CALLER_GONE
        if not end_assigned(self._session, assignment, event, reason=self._reason, now=self._now, rules=self._rules):
            return None
        if not met:
            store.lose_assignment(self._session, assignment, self._outcome, self._now)
        state = AgentState.WRAP_UP if met else AgentState.AVAILABLE
        return Withdrawn(call_id=self._call_id, agent_id=assignment.agent_id, agent_state=state, offer_id=None)


def _queue(session: Session, queue_id: str | None, requirements: Requirements) -> Queue | None:
    queues = store.queues(session)
    return queue_of(requirements.skill, queues) if queue_id is None else queues.get(queue_id)


def _placing(
    place: Queue,
    *,
    now: datetime,
    kind: WorkKind,
    not_before: datetime | None = None,
    transferred: bool = False,
) -> Placing:
    # By when it comes here, not by when it came at first: two queues that overflow into each other do so slowly.
    gives_up = place.overflow_after_seconds if place.overflow_to and kind is WorkKind.CALL else None
    return Placing(
        now=now,
        queue=place.queue_id,
        kind=kind,
        not_before=not_before,
        overflow_at=None if gives_up is None else now + timedelta(seconds=gives_up),
        transferred=transferred,
    )


def _move_waiting(
    session: Session,
    row: tables.Waiting,
    place: Queue,
    requirements: Requirements | None,
    *,
    outcome: StayOutcome,
    now: datetime,
    rules: Rules,
) -> bool:
    call = store.as_waiting_call(row)
    call = on_the_terms_of(place, replace(call, requirements=requirements or call.requirements), rules)
    placing = _placing(place, now=now, kind=WorkKind(row.kind), not_before=row.not_before)
    if not store.hold_call(session, row.call_id):
        return False
    store.close_stay(session, row.call_id, outcome, now)
    return store.place_call(session, call, WaitingState.WAITING, rules, placing)
