"""What routing's history says of a moment: agents, a call, a queue as they were. Nothing here changes anything."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from routing import tables
from routing.agents import AgentState, Candidate
from routing.outcomes import OfferState
from routing.queues import DEFAULT_QUEUE, Queue, queue_from_json
from routing.skills import requirements_from_json
from routing.waiting import WaitingCall

_REFUSED = (OfferState.DECLINED.value, OfferState.MISSED.value)


def offer_at(session: Session, call_id: str, at: datetime) -> tables.Offer | None:
    """The offer of a call that was made at exactly this moment."""
    row = tables.Offer
    return session.scalar(select(row).where(row.call_id == call_id, row.offered_at == at).limit(1))


def change_of(session: Session, offer: tables.Offer) -> int | None:
    """The number of the change in the agents' history that an offer made: everything before it was known to the choice."""
    row = tables.AgentStateChange
    rung = row.state == AgentState.OFFERED.value
    return session.scalar(
        select(row.change_id).where(row.agent_id == offer.agent_id, row.at == offer.offered_at, rung).limit(1)
    )


def agents_at(session: Session, at: datetime, before_change: int | None = None) -> tuple[Candidate, ...]:
    """Who was signed in, and with which skills; `before_change` tells changes of the same moment apart."""
    state, version = tables.AgentStateChange, tables.AgentVersion
    known = select(func.max(state.change_id)).where(state.at <= at).group_by(state.agent_id)
    if before_change is not None:
        known = known.where(state.change_id < before_change)
    able = select(func.max(version.version_id)).where(version.at <= at).group_by(version.agent_id)
    skills = {row.agent_id: row for row in session.scalars(select(version).where(version.version_id.in_(able)))}
    names = {row[0]: row[1] for row in session.execute(select(tables.Agent.agent_id, tables.Agent.name))}
    rows = session.scalars(select(state).where(state.change_id.in_(known), state.state != AgentState.OFFLINE.value))
    return tuple(
        Candidate(
            agent_id=row.agent_id,
            name=names.get(row.agent_id, row.agent_id),
            state=AgentState(row.state),
            idle_since=row.idle_since,
            languages=tuple(skills[row.agent_id].languages) if row.agent_id in skills else (),
            skills=skills[row.agent_id].skills if row.agent_id in skills else {},
        )
        for row in rows
    )


def call_at(session: Session, call_id: str, at: datetime) -> WaitingCall | None:
    """What a call asked for, in the stay that it was in."""
    row = tables.Stay
    stay = session.scalar(
        select(row).where(row.call_id == call_id, row.enqueued_at <= at).order_by(row.stay_id.desc()).limit(1)
    )
    if stay is None:
        return None
    return WaitingCall(
        call_id=call_id,
        requirements=requirements_from_json(stay.requirements),
        enqueued_at=stay.came_at,
        priority=stay.priority,
        boosts=stay.boosts,
        queue=stay.queue,
    )


def refusals_at(session: Session, call_id: str, at: datetime) -> Mapping[str, datetime]:
    """Who had declined or missed the call by then, and when last."""
    row = tables.Offer
    statement = (
        select(row.agent_id, func.max(row.closed_at))
        .where(row.call_id == call_id, row.state.in_(_REFUSED), row.closed_at <= at, row.offered_at < at)
        .group_by(row.agent_id)
    )
    return {agent_id: closed_at for agent_id, closed_at in session.execute(statement) if closed_at is not None}


def queue_at(session: Session, queue_id: str, at: datetime) -> Queue:
    """A queue's settings as they were."""
    row = tables.Change
    mine = select(row).where(row.what == f"queue:{queue_id}")
    before = session.scalar(mine.where(row.at <= at).order_by(row.change_id.desc()).limit(1))
    if before is not None:
        return queue_from_json(before.after)
    after = session.scalar(mine.order_by(row.change_id).limit(1))
    if after is not None:
        return queue_from_json(after.before) if after.before else DEFAULT_QUEUE
    kept = session.get(tables.Queue, queue_id)
    return DEFAULT_QUEUE if kept is None else queue_from_json(kept.content)
