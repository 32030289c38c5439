"""Statements that the estimate of the wait is made from and held against: the newest stays, and the agents of this moment.

Columns are read, not rows: a caller is waiting for the answer. Nothing here changes or commits anything but what was told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from routing import tables
from routing.agents import AgentState
from routing.estimate import AgentNow, Estimate
from routing.outcomes import OfferState, StayOutcome
from routing.store_statements import changed


@dataclass(frozen=True, kw_only=True)
class Talk:
    """How long a talk and its wrap-up kept an agent, in seconds."""

    skill: str
    talk_seconds: float  # from the acceptance: the agent is taken from then on
    wrap_up_seconds: float
    answer_seconds: float | None  # from the first ring; none where several agents were rung


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a caller was told, and what came of it."""

    queue: str
    at: datetime
    said: Estimate
    waited_seconds: float


def newest_talks(session: Session, *, since: datetime, per_skill: int) -> tuple[Talk, ...]:
    """The last talks of each skill that have ended, wrap-up included."""
    row = tables.Stay
    number = func.row_number().over(partition_by=row.skill, order_by=row.ended_at.desc()).label("number")
    newest = (
        select(row.skill, row.first_offered_at, row.accepted_at, row.ended_at, row.wrap_up_ended_at, row.offers, number)
        .where(row.ended_at >= since, row.connected_at.is_not(None), row.wrap_up_ended_at.is_not(None))
        .subquery()
    )
    found = session.execute(select(newest).where(newest.c.number <= per_skill))
    return tuple(
        Talk(
            skill=one.skill,
            talk_seconds=_seconds(one.accepted_at, one.ended_at),
            wrap_up_seconds=_seconds(one.ended_at, one.wrap_up_ended_at),
            answer_seconds=_seconds(one.first_offered_at, one.accepted_at)
            if one.offers == 1 and one.first_offered_at is not None
            else None,
        )
        for one in found
    )


def newest_waits(session: Session, *, since: datetime, limit: int) -> tuple[tuple[float, bool], ...]:
    """How long the last callers waited, in seconds, and whether each gave up."""
    row = tables.Stay
    statement = (
        select(row.enqueued_at, row.left_at, row.outcome)
        .where(row.enqueued_at >= since, row.left_at.is_not(None), row.kind == "call")
        .order_by(row.enqueued_at.desc())
        .limit(limit)
    )
    return tuple(
        (_seconds(came, left), outcome == StayOutcome.ABANDONED.value)
        for came, left, outcome in session.execute(statement)
    )


def agents_now(session: Session, now: datetime) -> tuple[AgentNow, ...]:
    """Every agent who is signed in, with what they can do and which skill they talk about."""
    agent = tables.Agent
    signed_in = agent.state != AgentState.OFFLINE.value
    skills: dict[str, dict[str, int]] = {}
    of_agents = select(tables.AgentSkill.agent_id, tables.AgentSkill.skill, tables.AgentSkill.level)
    for agent_id, skill, level in session.execute(of_agents.join(agent).where(signed_in)):
        skills.setdefault(agent_id, {})[skill] = level
    talks = _talks_about(session)
    found = session.execute(select(agent.agent_id, agent.state, agent.state_since, agent.languages).where(signed_in))
    return tuple(
        AgentNow(
            agent_id=agent_id,
            state=AgentState(state),
            seconds=max(0.0, _seconds(since, now)),
            skills=skills.get(agent_id, {}),
            languages=tuple(languages),
            talks_about=talks.get(agent_id, ""),
        )
        for agent_id, state, since, languages in found
    )


def keep_told(session: Session, call_id: str, said: Estimate, now: datetime) -> bool:
    """Keep what a caller was told, with its range and when; the first time counts."""
    row = tables.Stay
    statement = update(row).where(row.call_id == call_id, row.outcome == "", row.estimate_seconds.is_(None))
    values = {
        "estimate_seconds": round(said.seconds),
        "estimate_low_seconds": round(said.low_seconds),
        "estimate_high_seconds": round(said.high_seconds),
        "estimated_at": now,
    }
    return changed(session, statement.values(values))


def told(session: Session, since: datetime, until: datetime) -> Iterator[Told]:
    """Estimates told from `since` to `until` to callers who were then answered; what others would have waited nobody knows."""
    row = tables.Stay
    statement = select(
        row.queue,
        row.estimated_at,
        row.estimate_seconds,
        row.estimate_low_seconds,
        row.estimate_high_seconds,
        row.accepted_at,
    ).where(
        row.enqueued_at >= since,
        row.enqueued_at < until,
        row.estimate_seconds.is_not(None),
        row.estimated_at.is_not(None),
        row.accepted_at.is_not(None),
    )
    for queue, at, middle, low, high, accepted_at in session.execute(statement):
        if middle is None or at is None:
            continue  # the statement has left these out
        said = Estimate(
            seconds=middle,
            low_seconds=middle if low is None else low,
            high_seconds=middle if high is None else high,
        )
        yield Told(queue=queue, at=at, said=said, waited_seconds=_seconds(at, accepted_at))


def _talks_about(session: Session) -> Mapping[str, str]:
    talk, offer, call = tables.Assignment, tables.Offer, tables.Waiting
    busy = select(talk.agent_id, talk.skill).where(talk.wrap_up_ended_at.is_(None))
    rung = select(offer.agent_id, call.skill).join(call, call.call_id == offer.call_id)
    pairs = [*session.execute(busy), *session.execute(rung.where(offer.state == OfferState.OPEN.value))]
    return {one[0]: one[1] for one in pairs}


def _seconds(begin: datetime | None, end: datetime | None) -> float:
    if begin is None or end is None:
        raise ValueError("a stay that has ended has its times")
    return (end - begin).total_seconds()
