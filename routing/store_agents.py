"""Statements about agents: reads as records, and changes as compare-and-swap. Nothing here commits.

An agent's skills carry since when the agent is free, and only while that is so: what finds the free by skill.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from routing import changes, store_history, tables
from routing.agents import KEEPS_IDLE_TIME, AgentEvent, AgentState, Candidate, Presence, states_before, target_of
from routing.skills import Skills, checked_level, checked_skill
from routing.store_statements import FRESH, UNSYNCHRONISED, changed, held


def save_agent(
    session: Session,
    *,
    agent_id: str,
    name: str,
    address: str,
    languages: Sequence[str],
    skills: Skills,
    now: datetime,
    by: str = "",
) -> None:
    """Add an agent, offline, or change one's name, address, languages and skills; raises `ValueError` on a bad level."""
    _checked(skills)
    agent = _locked(session, agent_id)
    if agent is None:
        offline = AgentState.OFFLINE
        agent = tables.Agent(
            agent_id=agent_id, state=offline.value, state_since=now, idle_since=now, away_reason="", languages=[]
        )
        agent.name, agent.address = name, address
        session.add(agent)
        session.flush()
        store_history.note_state(session, agent_id, offline, at=now, idle_since=now, by=by)
    agent.name, agent.address = name, address
    _set_skills(session, agent, skills=skills, languages=languages, basis=None, by=by, now=now)


def save_skills(
    session: Session,
    *,
    agent_id: str,
    skills: Skills,
    basis: Mapping[str, str],
    languages: Sequence[str],
    by: str,
    now: datetime,
) -> bool:
    """Change what an agent can do, and what each level rests on; False for an unknown agent.

    It is kept who did so; the next choice goes by it. Raises `ValueError` on a bad level.
    """
    _checked(skills)
    agent = _locked(session, agent_id)
    if agent is None:
        return False
    before = _skills_as_json(agent)
    _set_skills(session, agent, skills=skills, languages=languages, basis=basis, by=by, now=now)
    after = _skills_as_json(agent)
    if before != after:
        store_history.note_change(session, at=now, by=by, what=f"skills:{agent_id}", before=before, after=after)
    return True


def skills_kept(session: Session, agent_id: str, *, holds: bool = False) -> Mapping[str, Any] | None:
    """An agent's skills, what each rests on, and languages, as the list of changes keeps them; None for an unknown agent.

    With `holds` nobody else changes them before this transaction ends.
    """
    agent = _locked(session, agent_id) if holds else session.get(tables.Agent, agent_id, populate_existing=True)
    return None if agent is None else _skills_as_json(agent)


def presences(session: Session) -> tuple[Presence, ...]:
    """Every agent, by name."""
    rows = session.scalars(select(tables.Agent).order_by(tables.Agent.name), execution_options=FRESH)
    return tuple(_presence(row) for row in rows)


def presence(session: Session, agent_id: str) -> Presence | None:
    """One agent."""
    row = session.get(tables.Agent, agent_id, populate_existing=True)
    return None if row is None else _presence(row)


def candidates(session: Session) -> tuple[Candidate, ...]:
    """Every agent who is signed in."""
    statement = select(tables.Agent).where(tables.Agent.state != AgentState.OFFLINE.value)
    rows = session.scalars(statement, execution_options=FRESH)
    return tuple(
        Candidate(
            agent_id=row.agent_id,
            name=row.name,
            state=AgentState(row.state),
            idle_since=row.idle_since,
            languages=tuple(row.languages),
            skills={skill.skill: skill.level for skill in row.skills},
        )
        for row in rows
    )


def hold_agent(session: Session, agent_id: str) -> bool:
    """Lock an agent who is available, unless somebody else is just taking them.

    Only the chosen one is locked, not every candidate: other processes go on giving calls to the rest meanwhile.
    """
    row = tables.Agent
    return held(session, select(row.agent_id).where(row.agent_id == agent_id, row.state == AgentState.AVAILABLE.value))


def move_agent(
    session: Session,
    agent_id: str,
    event: AgentEvent,
    *,
    now: datetime,
    source: AgentState | None = None,
    away_reason: str = "",
    wrap_up_until: datetime | None = None,
    by: str = "",
) -> bool:
    """Compare-and-swap of an agent's state: one UPDATE from the states that allow the event, or from `source` only.

    The history and the skills' `free_since` follow. `wrap_up_until` is for the event that leads to wrap-up.
    """
    target = target_of(event)
    sources = states_before(event) if source is None else (source,)
    values: dict[str, Any] = {
        "state": target.value,
        "state_since": now,
        "away_reason": away_reason,
        "wrap_up_until": wrap_up_until if target is AgentState.WRAP_UP else None,
    }
    if target is AgentState.AVAILABLE and event not in KEEPS_IDLE_TIME:
        values["idle_since"] = now
    row = tables.Agent
    statement = update(row).where(row.agent_id == agent_id, row.state.in_([state.value for state in sources]))
    idle_since = session.execute(
        statement.values(values).returning(row.idle_since), execution_options=UNSYNCHRONISED
    ).scalar_one_or_none()
    if idle_since is None:
        return False
    changes.mark(session, changes.agent(agent_id))
    if target is AgentState.AVAILABLE or AgentState.AVAILABLE in sources:
        _mark_free(session, agent_id, idle_since if target is AgentState.AVAILABLE else None)
    store_history.note_state(session, agent_id, target, at=now, idle_since=idle_since, away_reason=away_reason, by=by)
    return True


def renew_lease(session: Session, agent_id: str, until: datetime) -> bool:
    """Note that the agent's desk is open."""
    row = tables.Agent
    return changed(session, update(row).where(row.agent_id == agent_id).values(lease_until=until))


def agents_with_lapsed_lease(session: Session, now: datetime) -> tuple[str, ...]:
    """Agents whose desk is gone and who are not talking to anybody."""
    row = tables.Agent
    busy = (AgentState.OFFLINE.value, AgentState.ON_CALL.value)
    statement = select(row.agent_id).where(row.lease_until < now, row.state.not_in(busy)).order_by(row.agent_id)
    return tuple(session.scalars(statement))


def agents_whose_wrap_up_is_over(session: Session, now: datetime) -> tuple[str, ...]:
    """Agents whose time to write down what the call led to is over."""
    row = tables.Agent
    statement = select(row.agent_id).where(row.wrap_up_until <= now, row.state == AgentState.WRAP_UP.value)
    return tuple(session.scalars(statement.order_by(row.agent_id)))


def next_change_by_time(session: Session) -> datetime | None:
    """When an agent's lease or wrap-up is over next, if nothing happens before; None where time alone changes nobody."""
    row = tables.Agent
    busy = (AgentState.OFFLINE.value, AgentState.ON_CALL.value)
    lapse = session.scalar(select(func.min(row.lease_until)).where(row.state.not_in(busy)))
    written = session.scalar(select(func.min(row.wrap_up_until)).where(row.state == AgentState.WRAP_UP.value))
    return min((at for at in (lapse, written) if at is not None), default=None)


def _set_skills(
    session: Session,
    agent: tables.Agent,
    *,
    skills: Skills,
    languages: Sequence[str],
    basis: Mapping[str, str] | None,
    by: str,
    now: datetime,
) -> None:
    before = {row.skill: row for row in agent.skills}
    is_same = {key: row.level for key, row in before.items()} == dict(skills) and agent.languages == list(languages)
    reasons = {key: row.basis or "" for key, row in before.items()} if basis is None else basis
    is_known = bool(before) or bool(agent.languages)
    free_since = agent.idle_since if agent.state == AgentState.AVAILABLE.value else None
    agent.skills.clear()
    session.flush()
    agent.languages = list(languages)
    agent.skills.extend(
        tables.AgentSkill(skill=key, level=level, free_since=free_since, basis=reasons.get(key, ""))
        for key, level in sorted(skills.items())
    )
    session.flush()
    changes.mark(session, changes.agent(agent.agent_id), changes.QUEUES)
    if not (is_same and is_known):
        store_history.note_version(session, agent.agent_id, skills=skills, languages=languages, at=now, by=by)


def _locked(session: Session, agent_id: str) -> tables.Agent | None:
    # Whoever moves the agent meanwhile would leave skills behind that say something else of being free.
    return session.get(tables.Agent, agent_id, populate_existing=True, with_for_update=True)


def _checked(skills: Skills) -> None:
    for key, level in skills.items():
        checked_skill(key)
        checked_level(level)


def _mark_free(session: Session, agent_id: str, since: datetime | None) -> None:
    row = tables.AgentSkill
    statement = update(row).where(row.agent_id == agent_id).values(free_since=since)
    session.execute(statement, execution_options=UNSYNCHRONISED)


def _skills_as_json(agent: tables.Agent) -> dict[str, Any]:
    return {
        "skills": {row.skill: row.level for row in agent.skills},
        "basis": {row.skill: row.basis for row in agent.skills if row.basis},
        "languages": list(agent.languages),
    }


def _presence(row: tables.Agent) -> Presence:
    return Presence(
        agent_id=row.agent_id,
        name=row.name,
        address=row.address,
        state=AgentState(row.state),
        since=row.state_since,
        away_reason=row.away_reason,
        languages=tuple(row.languages),
        skills={skill.skill: skill.level for skill in row.skills},
    )
