"""One round of dispatch: waiting calls, first come by rank, are offered to the agents who fit. Nothing here commits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from routing import store
from routing.agents import AgentEvent, AgentState, Candidate
from routing.dispatch_agreed import hold_true
from routing.matching import match
from routing.outcomes import Offered, WorkKind
from routing.queues import DEFAULT_QUEUE, Queue
from routing.receipts import Receipt
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall, WaitingState


def dispatch(session: Session, now: datetime, rules: Rules = DEFAULT_RULES) -> tuple[Offered, ...]:
    """Offer waiting calls, first come by rank, to agents who fit; any number of processes may do so at once."""
    calls = store.calls_in(session, WaitingState.WAITING)
    if not calls:
        return ()
    agents = {one.agent_id: one for one in store.candidates(session)}
    refused = store.refusals(session)
    queues = store.queues(session)
    offers = []
    for row in calls:
        if not any(one.state is AgentState.AVAILABLE for one in agents.values()):
            break
        if row.not_before is not None and row.not_before > now:
            continue
        call = store.as_waiting_call(row)
        queue = queues.get(row.queue, DEFAULT_QUEUE)
        if row.kind == WorkKind.CALLBACK.value:
            _call_back(session, call, queue, agents, now=now, rules=rules)
            continue
        offered = _offer(
            session, call, queue=queue, agents=agents, refused=refused.get(call.call_id, {}), now=now, rules=rules
        )
        if offered is not None:
            offers.append(offered)
    return tuple(offers)


def _call_back(
    session: Session, call: WaitingCall, queue: Queue, agents: dict[str, Candidate], *, now: datetime, rules: Rules
) -> None:
    if match(call, agents.values(), now, rules, queue).chosen_agent_id is not None:
        store.move_call(session, call.call_id, WaitingState.WAITING, WaitingState.CALLING, now=now)


def _offer(
    session: Session,
    call: WaitingCall,
    *,
    queue: Queue,
    agents: dict[str, Candidate],
    refused: Mapping[str, datetime],
    now: datetime,
    rules: Rules,
) -> Offered | None:
    while True:
        receipt = match(call, store.with_refusals(tuple(agents.values()), refused), now, rules, queue)
        chosen = receipt.chosen_agent_id
        if chosen is None or not store.hold_call(session, call.call_id):
            return None
        taken = store.hold_agent(session, chosen) and store.move_agent(session, chosen, AgentEvent.OFFERED, now=now)
        agents[chosen] = replace(agents[chosen], state=AgentState.OFFERED)
        if taken:
            return _open_offer(session, receipt, chosen, now, rules)


def _open_offer(session: Session, receipt: Receipt, agent_id: str, now: datetime, rules: Rules) -> Offered:
    call_id = receipt.call_id
    hold_true(store.move_call(session, call_id, WaitingState.WAITING, WaitingState.OFFERED, now=now), call_id)
    expires_at = now + timedelta(seconds=rules.offer_seconds)
    offer_id = store.add_offer(session, receipt, agent_id, expires_at)
    store.note_offer(session, call_id, ring=receipt.ring, now=now)
    return Offered(
        offer_id=offer_id,
        call_id=call_id,
        agent_id=agent_id,
        offered_at=now,
        expires_at=expires_at,
        receipt=receipt,
    )
