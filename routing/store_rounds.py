"""What one round of dispatch reads: the baton, the free by skill, calls in their order, agents as candidates.

Nothing here commits. Reads take no locks but the baton; what was chosen by them is locked before it is written.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, Text, and_, cast, collate, func, insert, or_, select, type_coerce
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from routing import tables
from routing.agents import AgentState, Candidate
from routing.outcomes import OfferState
from routing.store_statements import is_sqlite
from routing.waiting import WaitingState

DISPATCH = "dispatch"
_REFUSED = (OfferState.DECLINED.value, OfferState.MISSED.value)


@dataclass(frozen=True, slots=True)
class Queuing:
    """A waiting call as a round reads it; JSON stays text, since most calls ask for the same."""

    call_id: str
    skill: str
    requirements: str
    priority: int
    boosts: str
    enqueued_at: datetime
    ranked_at: datetime
    queue: str
    kind: str
    stay_id: int | None
    explained: str


def take_baton(session: Session, name: str = DISPATCH) -> bool:
    """Be the one who does this work, until the transaction ends; False when somebody else is."""
    if is_sqlite(session):
        return True  # whoever writes is the only one who does
    row = tables.Baton
    statement = select(row.name).where(row.name == name).with_for_update(skip_locked=True)
    if session.scalar(statement) is not None:
        return True
    if session.scalar(select(row.name).where(row.name == name)) is not None:
        return False
    try:
        with session.begin_nested():
            session.execute(insert(row).values(name=name))
    except IntegrityError:
        return False
    return True


def signed_in(session: Session, limit: int) -> tuple[str, ...]:
    """Agents who are not offline, at most `limit`."""
    row = tables.Agent
    states = [state.value for state in AgentState if state is not AgentState.OFFLINE]
    return tuple(session.scalars(select(row.agent_id).where(row.state.in_(states)).limit(limit)))


def free_skills(session: Session) -> set[str]:
    """Skills that somebody free has: one step of the index for each, however many agents there are."""
    row = tables.AgentSkill
    first = select(func.min(row.skill).label("skill")).where(row.free_since.is_not(None)).cte("free", recursive=True)
    following = (
        select(func.min(row.skill)).where(row.free_since.is_not(None), row.skill > first.c.skill).scalar_subquery()
    )
    every = first.union_all(select(following).where(first.c.skill.is_not(None)))
    return set(session.scalars(select(every.c.skill).where(every.c.skill.is_not(None))))


def free_line(
    session: Session, skill: str, level: int, *, after: tuple[datetime, str] | None, limit: int
) -> tuple[tuple[datetime, str], ...]:
    """The next of the free at one level of a skill, the longest idle first: since when, and who."""
    row = tables.AgentSkill
    # Identifiers in the order of their characters, as the matcher compares them, whatever the database's language.
    agent_id: ColumnElement[Any] = (
        type_coerce(row.agent_id, String) if is_sqlite(session) else collate(row.agent_id, "C")
    )
    statement = select(row.free_since, row.agent_id).where(row.skill == skill, row.level == level)
    if after is None:
        statement = statement.where(row.free_since.is_not(None))
    else:
        since, last = after
        later = or_(row.free_since > since, and_(row.free_since == since, agent_id > last))
        statement = statement.where(row.free_since >= since, later)
    found = session.execute(statement.order_by(row.free_since, agent_id).limit(limit))
    return tuple((one.free_since, one.agent_id) for one in found if one.free_since is not None)


def candidates_by_id(
    session: Session, agent_ids: Collection[str], *, calls_since: datetime | None = None
) -> Mapping[str, Candidate]:
    """These agents as the choice sees them; with `calls_since`, also how many calls each has taken since then."""
    if not agent_ids:
        return {}
    skills: dict[str, dict[str, int]] = {}
    skill = tables.AgentSkill
    has = select(skill.agent_id, skill.skill, skill.level).where(skill.agent_id.in_(agent_ids))
    for agent_id, name, level in session.execute(has):
        skills.setdefault(agent_id, {})[name] = level
    taken = _calls_since(session, agent_ids, calls_since)
    row = tables.Agent
    agents = session.execute(
        select(row.agent_id, row.name, row.state, row.idle_since, row.languages).where(row.agent_id.in_(agent_ids))
    )
    return {
        agent_id: Candidate(
            agent_id=agent_id,
            name=name,
            state=AgentState(state),
            idle_since=idle_since,
            languages=tuple(languages),
            skills=skills.get(agent_id, {}),
            calls_today=taken.get(agent_id, 0),
        )
        for agent_id, name, state, idle_since, languages in agents
    }


def busy_with_skill(session: Session, skill: str, limit: int) -> tuple[str, ...]:
    """Some who are signed in, have the skill and are not free: whom a call waits for, the highest levels first."""
    agent, has = tables.Agent, tables.AgentSkill
    statement = (
        select(agent.agent_id)
        .join(has, has.agent_id == agent.agent_id)
        .where(has.skill == skill, has.free_since.is_(None), agent.state != AgentState.OFFLINE.value)
        .order_by(has.level.desc(), agent.agent_id)
        .limit(limit)
    )
    return tuple(session.scalars(statement))


def free_with_skill(session: Session, skill: str, limit: int) -> tuple[str, ...]:
    """Some who have the skill and are free."""
    has = tables.AgentSkill
    statement = select(has.agent_id).where(has.skill == skill, has.free_since.is_not(None))
    return tuple(session.scalars(statement.order_by(has.level, has.free_since).limit(limit)))


def counts(session: Session, skill: str) -> tuple[int, int, int]:
    """How many are signed in, how many of those are free, and how many of the free have a skill."""
    agent, has = tables.Agent, tables.AgentSkill
    here = agent.state != AgentState.OFFLINE.value
    free = agent.state == AgentState.AVAILABLE.value
    able = select(func.count()).select_from(has).where(has.skill == skill, has.free_since.is_not(None))
    found = session.execute(
        select(
            select(func.count()).select_from(agent).where(here).scalar_subquery(),
            select(func.count()).select_from(agent).where(free).scalar_subquery(),
            able.scalar_subquery(),
        )
    ).one()
    return found[0], found[1], found[2]


def waiting_page(
    session: Session,
    *,
    skills: Iterable[str],
    queues: Iterable[str],
    now: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> tuple[Queuing, ...]:
    """The next waiting calls that ask for one of the skills, or wait in one of the queues, or for one agent by name."""
    row = tables.Waiting
    somebody = [row.skill.in_(sorted(skills)), row.only_agent_id.is_not(None)]
    by_team = sorted(queues)
    if by_team:
        somebody.append(row.queue.in_(by_team))
    statement = _queuing().where(row.state == WaitingState.WAITING.value, or_(*somebody))
    statement = statement.where(or_(row.not_before.is_(None), row.not_before <= now))
    if after is not None:
        ranked_at, call_id = after
        later = or_(row.ranked_at > ranked_at, and_(row.ranked_at == ranked_at, row.call_id > call_id))
        statement = statement.where(row.ranked_at >= ranked_at, later)
    found = session.execute(statement.order_by(row.ranked_at, row.call_id).limit(limit))
    return tuple(Queuing(*one) for one in found)


def calling(session: Session) -> tuple[Queuing, ...]:
    """Callbacks that are just being rung, in their order."""
    row = tables.Waiting
    statement = _queuing().where(row.state == WaitingState.CALLING.value).order_by(row.ranked_at, row.call_id)
    return tuple(Queuing(*one) for one in session.execute(statement))


def to_explain(session: Session, now: datetime, limit: int) -> tuple[Queuing, ...]:
    """Waiting calls of which it is time to say why they wait, locked; those that somebody else has are left out."""
    row = tables.Waiting
    statement = _queuing().where(row.state == WaitingState.WAITING.value, row.explain_at <= now)
    statement = statement.where(or_(row.not_before.is_(None), row.not_before <= now))
    statement = statement.order_by(row.explain_at).limit(limit).with_for_update(skip_locked=True)
    return tuple(Queuing(*one) for one in session.execute(statement))


def refusals_of(session: Session, call_ids: Sequence[str]) -> Mapping[str, Mapping[str, datetime]]:
    """When which agent last declined or missed one of these calls: call, agent, time."""
    offer = tables.Offer
    statement = (
        select(offer.call_id, offer.agent_id, func.max(offer.closed_at))
        .where(offer.call_id.in_(call_ids), offer.state.in_(_REFUSED))
        .group_by(offer.call_id, offer.agent_id)
    )
    found: dict[str, dict[str, datetime]] = {}
    for call_id, agent_id, at in session.execute(statement):
        if at is not None:
            found.setdefault(call_id, {})[agent_id] = at
    return found


def _queuing() -> Any:
    row = tables.Waiting
    return select(
        row.call_id,
        row.skill,
        cast(row.requirements, Text),
        row.priority,
        cast(row.boosts, Text),
        row.enqueued_at,
        row.ranked_at,
        row.queue,
        row.kind,
        row.stay_id,
        row.explained,
    )


def _calls_since(session: Session, agent_ids: Collection[str], since: datetime | None) -> Mapping[str, int]:
    if since is None:
        return {}
    row = aliased(tables.Assignment)
    statement = (
        select(row.agent_id, func.count())
        .where(row.agent_id.in_(agent_ids), row.accepted_at >= since)
        .group_by(row.agent_id)
    )
    return {one[0]: one[1] for one in session.execute(statement)}
