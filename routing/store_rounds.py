"""What one round of dispatch reads: the baton, the free by skill, calls in their order, agents as candidates.

Nothing here commits. Reads take no locks but the baton; what was chosen by them is locked before it is written.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    collate,
    func,
    insert,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from routing import tables
from routing.agents import AgentState, Candidate
from routing.outcomes import OfferState
from routing.store_statements import is_sqlite
from routing.waiting import WaitingState

DISPATCH = "dispatch"
_REFUSED = (OfferState.DECLINED.value, OfferState.MISSED.value)
# So many lines are read by one statement: each number is a statement of its own, which is made once.
_LINES_AT_ONCE = (1, 8, 40)

_EVER = datetime.min.replace(tzinfo=UTC)

# Made once: making a statement costs more than carrying it out.
_AGENTS, _SKILLS = tables.Agent.__table__, tables.AgentSkill.__table__
_SKILLS_OF = select(_SKILLS.c.agent_id, _SKILLS.c.skill, _SKILLS.c.level).where(
    _SKILLS.c.agent_id.in_(bindparam("agent_ids", expanding=True))
)
_AGENTS_OF = select(
    _AGENTS.c.agent_id, _AGENTS.c.name, _AGENTS.c.state, _AGENTS.c.idle_since, _AGENTS.c.languages
).where(_AGENTS.c.agent_id.in_(bindparam("agent_ids", expanding=True)))


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


@dataclass(frozen=True, slots=True)
class LineWanted:
    """A part of a line of the free: at one level of a skill, behind somebody, so many."""

    skill: str
    level: int
    after: tuple[datetime, str] | None  # since when free and who; none: from the beginning
    limit: int


_NO_LINE = LineWanted("", 0, None, 0)


def free_lines(session: Session, wanted: Sequence[LineWanted]) -> list[list[tuple[datetime, str]]]:
    """For each line that is wanted since when they are free and who, the longest idle first."""
    at_once = next((number for number in _LINES_AT_ONCE if number >= len(wanted)), _LINES_AT_ONCE[-1])
    statement = _lines(at_once, is_sqlite=is_sqlite(session))
    found: list[list[tuple[datetime, str]]] = [[] for _ in wanted]
    for at in range(0, len(wanted), at_once):
        values: dict[str, Any] = {}
        for number in range(at_once):
            one = wanted[at + number] if at + number < len(wanted) else _NO_LINE
            since, last = one.after or (_EVER, "")
            values |= {f"skill{number}": one.skill, f"level{number}": one.level, f"limit{number}": one.limit}
            values |= {f"since{number}": since, f"last{number}": last}
        for number, free_since, agent_id in session.connection().execute(statement, values):
            found[at + number].append((free_since, agent_id))
    for line in found:
        line.sort()
    return found


@cache
def _lines(number: int, *, is_sqlite: bool) -> Any:
    # Identifiers in the order of their characters, as the matcher compares them, whatever the database's language.
    agent_id: ColumnElement[Any] = _SKILLS.c.agent_id if is_sqlite else collate(_SKILLS.c.agent_id, "C")
    since = _SKILLS.c.free_since
    lines = []
    for index in range(number):
        from_since = bindparam(f"since{index}", type_=since.type)
        later = or_(since > from_since, and_(since == from_since, agent_id > bindparam(f"last{index}")))
        line = (
            select(literal_column(str(index)).label("line"), since, _SKILLS.c.agent_id)
            .where(_SKILLS.c.skill == bindparam(f"skill{index}"), _SKILLS.c.level == bindparam(f"level{index}"))
            .where(since.is_not(None), since >= from_since, later)
            .order_by(since, agent_id)
            .limit(bindparam(f"limit{index}", type_=Integer))
        )
        # In a select of its own: an order and a limit of one part of a union.
        lines.append(select(line.subquery()))
    return union_all(*lines)


def candidates_by_id(
    session: Session, agent_ids: Collection[str], *, calls_since: datetime | None = None
) -> Mapping[str, Candidate]:
    """These agents as the choice sees them; with `calls_since`, also how many calls each has taken since then."""
    if not agent_ids:
        return {}
    connection, wanted = session.connection(), {"agent_ids": list(agent_ids)}
    skills: dict[str, dict[str, int]] = {}
    for agent_id, name, level in connection.execute(_SKILLS_OF, wanted):
        skills.setdefault(agent_id, {})[name] = level
    taken = _calls_since(session, agent_ids, calls_since)
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
        for agent_id, name, state, idle_since, languages in connection.execute(_AGENTS_OF, wanted)
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
