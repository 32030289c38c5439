"""Questions about the queue and its agents; nothing here changes anything.

What to do with the answers is left to the desks.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from routing import store, store_past, store_rounds, tables
from routing.agents import Presence
from routing.estimate_query import estimate_of
from routing.matching import could_ever_take, match
from routing.outcomes import Assigned, Offered, Position, WaitingLine
from routing.queues import DEFAULT_QUEUE, Queue, queue_of
from routing.receipts import Receipt, receipt_from_json
from routing.skills import Requirements
from routing.waiting import DEFAULT_RULES, Rules, WaitingState, rank_of, ring_at

_QUEUED = (WaitingState.WAITING, WaitingState.OFFERED)

# A page that is closed says so, and keeps its lease no longer than a page that is only loaded again needs to tell of itself.
DESK_LEAVES_SECONDS = 15


def position(session: Session, call_id: str, now: datetime, rules: Rules = DEFAULT_RULES) -> Position | None:
    """Return where the call stands among those that ask for the same skill; None when it is not waiting."""
    rows = store.calls_in(session, *_QUEUED)
    asked = next((store.as_waiting_call(row).requirements for row in rows if row.call_id == call_id), None)
    if asked is None:
        return None
    same = [row.call_id for row in rows if row.skill == asked.skill]
    place = same.index(call_id) + 1
    said = estimate_of(session, call_id, now, rules, rows)
    return Position(
        place=place, waiting=len(same), estimate_seconds=None if said is None else round(said.seconds), estimate=said
    )


def anybody_for(session: Session, requirements: Requirements, queue: Queue | None = None) -> bool:
    """Whether any agent who meets what is never dropped is signed in, whatever they are doing.

    Without `queue` it is the one of the skill.
    """
    place = queue_of(requirements.skill, store.queues(session)) if queue is None else queue
    return any(could_ever_take(requirements, agent, place) for agent in store.candidates(session))


def open_offer_of(session: Session, agent_id: str) -> Offered | None:
    """Find the call for which the agent is being rung."""
    row = store.open_offer(session, agent_id=agent_id)
    if row is None:
        return None
    return Offered(
        offer_id=row.offer_id,
        call_id=row.call_id,
        agent_id=row.agent_id,
        offered_at=row.offered_at,
        expires_at=row.expires_at,
        receipt=receipt_from_json(row.receipt),
    )


def state_of(session: Session, agent_id: str) -> Presence | None:
    """Return what the agent is doing; None for an unknown one."""
    return store.presence(session, agent_id)


def assignment_of(session: Session, call_id: str) -> Assigned | None:
    """Return who took the call last, with its times."""
    row = store.last_assignment(session, call_id)
    return None if row is None else _assigned(session, row)


def current_assignment_of(session: Session, agent_id: str) -> Assigned | None:
    """Return the call that keeps the agent busy, in the talk or in the wrap-up."""
    row = store.live_assignment_of_agent(session, agent_id)
    return None if row is None else _assigned(session, row)


def receipt_of(session: Session, call_id: str, agent_id: str) -> Receipt | None:
    """Return why the agent was offered the call, the last time; None when they never were."""
    row = store.last_offer(session, call_id=call_id, agent_id=agent_id)
    return None if row is None else receipt_from_json(row.receipt)


def receipt_at(session: Session, call_id: str, at: datetime, rules: Rules = DEFAULT_RULES) -> Receipt | None:
    """Compute from the history who was considered for a call at a moment, everybody by name; None for an unknown call.

    At the moment of an offer that is the whole receipt of its decision, also where a large site kept a short one.
    """
    call = store_past.call_at(session, call_id, at)
    if call is None:
        return None
    offer = store_past.offer_at(session, call_id, at)
    before = None if offer is None else store_past.change_of(session, offer)
    agents = store_past.agents_at(session, at, before)
    known = store.with_refusals(agents, store_past.refusals_at(session, call_id, at))
    return match(call, known, at, rules, store_past.queue_at(session, call.queue, at))


def never_connected(session: Session, before: datetime) -> tuple[str, ...]:
    """Return the calls that were accepted before a time and whose agent's leg has neither answered nor failed since."""
    return store.unconnected_assignments(session, before)


def explain(session: Session, call_id: str, now: datetime, rules: Rules = DEFAULT_RULES) -> Receipt | None:
    """Return who could take the call at this moment and why the others could not; None when it is not waiting."""
    row = store.call_row(session, call_id)
    if row is None or WaitingState(row.state) not in _QUEUED:
        return None
    refused = store_rounds.refusals_of(session, [call_id]).get(call_id, {})
    agents = store.with_refusals(store.candidates(session), refused)
    queue = store.queues(session).get(row.queue, DEFAULT_QUEUE)
    return match(store.as_waiting_call(row), agents, now, rules, queue)


def waiting_calls(session: Session, now: datetime, rules: Rules = DEFAULT_RULES) -> tuple[WaitingLine, ...]:
    """Return the queue, the first to be served first."""
    lines = []
    queues = store.queues(session)
    for row in store.calls_in(session, *_QUEUED):
        call = store.as_waiting_call(row)
        lines.append(
            WaitingLine(
                call_id=call.call_id,
                queue=row.queue,
                skill=row.skill,
                priority=call.priority,
                is_offered=row.state == WaitingState.OFFERED.value,
                enqueued_at=call.enqueued_at,
                rank_seconds=rank_of(call, now, rules).total_seconds,
                ring=ring_at(call, now, queues.get(row.queue, DEFAULT_QUEUE).rings),
            )
        )
    return tuple(lines)


def agents(session: Session) -> tuple[Presence, ...]:
    """Return every agent, by name."""
    return store.presences(session)


def _assigned(session: Session, row: tables.Assignment) -> Assigned:
    agent = store.presence(session, row.agent_id)
    return Assigned(
        call_id=row.call_id,
        agent_id=row.agent_id,
        address="" if agent is None else agent.address,
        accepted_at=row.accepted_at,
        connected_at=row.connected_at,
        ended_at=row.ended_at,
        wrap_up_ended_at=row.wrap_up_ended_at,
    )


def has_desk(session: Session, agent_id: str, now: datetime) -> bool:
    """Whether the agent's desk is open; True for an agent without one. A desk that is closing counts as gone."""
    agent = session.get(tables.Agent, agent_id, populate_existing=True)
    if agent is None or agent.lease_until is None:
        return True
    return bool(agent.lease_until > now + timedelta(seconds=DESK_LEAVES_SECONDS))
