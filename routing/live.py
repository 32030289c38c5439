"""What stands at this moment, in a few statements whatever the size of the house: agents, what waits, why nobody takes it.

Nothing here changes anything. How it is shown is left to whoever shows it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from routing import tables
from routing.agents import AgentState
from routing.outcomes import OfferState
from routing.queues import DEFAULT_QUEUE, Queue
from routing.receipts import Receipt, receipt_from_json
from routing.skills import requirements_from_json
from routing.waiting import WaitingCall, WaitingState, ring_at

CALL = "call"


@dataclass(frozen=True, kw_only=True)
class AgentNow:
    """An agent, and what they have in hand."""

    agent_id: str
    name: str
    state: AgentState
    since: datetime
    away_reason: str
    languages: tuple[str, ...]
    skills: tuple[tuple[str, int], ...]  # by name
    call_id: str  # that rings, is talked in or wrapped up; "" for none


@dataclass(frozen=True, kw_only=True)
class WorkNow:
    """A piece of work that waits for an agent, or rings one."""

    call_id: str
    queue: str
    kind: str  # call, callback, consult
    skill: str
    level: int
    languages: tuple[str, ...]
    priority: int
    boosts: tuple[str, ...]
    enqueued_at: datetime
    not_before: datetime | None
    ring: int
    state: WaitingState
    offered_to: str  # an agent's id, "" for none


def agents_now(session: Session) -> tuple[AgentNow, ...]:
    """Every agent, by name."""
    one, skill = tables.Agent, tables.AgentSkill
    skills: dict[str, list[tuple[str, int]]] = {}
    for agent_id, name, level in session.execute(
        select(skill.agent_id, skill.skill, skill.level).order_by(skill.skill)
    ):
        skills.setdefault(agent_id, []).append((name, level))
    calls = _calls_in_hand(session)
    columns = (one.agent_id, one.name, one.state, one.state_since, one.away_reason, one.languages)
    return tuple(
        AgentNow(
            agent_id=agent_id,
            name=name,
            state=AgentState(state),
            since=since,
            away_reason=away_reason,
            languages=tuple(languages),
            skills=tuple(skills.get(agent_id, ())),
            call_id=calls.get(agent_id, ""),
        )
        for agent_id, name, state, since, away_reason, languages in session.execute(
            select(*columns).order_by(one.name, one.agent_id)
        )
    )


def basis_of(session: Session, agent_id: str) -> Mapping[str, str]:
    """What each level of an agent rests on, by skill."""
    row = tables.AgentSkill
    kept = session.execute(select(row.skill, row.basis).where(row.agent_id == agent_id))
    return {skill: basis for skill, basis in kept}  # noqa: C416  # rows


def work_now(session: Session, queues: Mapping[str, Queue], now: datetime) -> tuple[WorkNow, ...]:
    """Everything that waits or is being offered, the first to be served first."""
    row = tables.Waiting
    states = [state.value for state in WaitingState if state not in {WaitingState.ASSIGNED, WaitingState.ENDED}]
    columns = (
        row.call_id, row.queue, row.kind, row.requirements, row.priority, row.boosts, row.enqueued_at, row.not_before,
        row.state,
    )  # fmt: skip
    rows = session.execute(select(*columns).where(row.state.in_(states)).order_by(row.ranked_at, row.call_id))
    offer = tables.Offer
    rung = session.execute(select(offer.call_id, offer.agent_id).where(offer.state == OfferState.OPEN.value))
    offered: dict[str, str] = {call_id: agent_id for call_id, agent_id in rung}  # noqa: C416  # rows
    return tuple(_work(one, offered, queues, now) for one in rows)


def newest_receipts(session: Session, call_ids: Iterable[str]) -> Mapping[str, int]:
    """The newest receipt of why nobody takes each of these calls, by its number."""
    row = tables.NonDecision
    of_calls = select(row.call_id, func.max(row.receipt_id)).where(row.call_id.in_(tuple(call_ids)))
    return {call_id: number for call_id, number in session.execute(of_calls.group_by(row.call_id))}  # noqa: C416  # rows


def receipts(session: Session, numbers: Iterable[int]) -> Mapping[int, Receipt]:
    """Receipts of non-decisions by number."""
    row = tables.NonDecision
    kept = session.execute(select(row.receipt_id, row.content).where(row.receipt_id.in_(tuple(numbers))))
    return {number: receipt_from_json(content) for number, content in kept}


def _calls_in_hand(session: Session) -> dict[str, str]:
    offer, assignment = tables.Offer, tables.Assignment
    rung = session.execute(select(offer.agent_id, offer.call_id).where(offer.state == OfferState.OPEN.value))
    taken = session.execute(
        select(assignment.agent_id, assignment.call_id)
        .where(assignment.wrap_up_ended_at.is_(None))
        .order_by(assignment.assignment_id)
    )
    return {agent_id: call_id for found in (rung, taken) for agent_id, call_id in found}


def _work(row: Row[Any], offered: Mapping[str, str], queues: Mapping[str, Queue], now: datetime) -> WorkNow:
    asked = requirements_from_json(row.requirements)
    call = WaitingCall(
        call_id=row.call_id,
        requirements=asked,
        enqueued_at=row.enqueued_at,
        priority=row.priority,
        boosts=row.boosts,
    )
    return WorkNow(
        call_id=row.call_id,
        queue=row.queue,
        kind=row.kind,
        skill=asked.skill,
        level=asked.level,
        languages=tuple(asked.languages),
        priority=row.priority,
        boosts=tuple(sorted(row.boosts)),
        enqueued_at=row.enqueued_at,
        not_before=row.not_before,
        ring=ring_at(call, now, queues.get(row.queue, DEFAULT_QUEUE).rings),
        state=WaitingState(row.state),
        offered_to=offered.get(row.call_id, ""),
    )
