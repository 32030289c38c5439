"""Statements of what-if: the stays, states and skills of a past day, and the runs that people asked for. Nothing here commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from routing import tables
from routing.agents import AgentState
from routing.simulation_day import Shift
from routing.store_statements import FRESH, changed

# Runs that stay to be looked at again.
_KEPT: Final = 60
# A run whose process has not been heard of for so long has died with it.
_SILENT_SECONDS: Final = 60
_THERE: Final = (AgentState.AVAILABLE, AgentState.OFFERED, AgentState.ON_CALL, AgentState.WRAP_UP)
_WORK: Final = ("call", "callback")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that somebody asked for."""

    run_id: str
    at: datetime
    by: str  # an account
    day: str  # ISO date in the company's zone
    asked: Mapping[str, Any]  # the words of the form
    state: str  # "running", "done", "failed"
    done: int
    total: int
    beat_at: datetime
    result: Mapping[str, Any] | None


def stays_between(session: Session, begins_at: datetime, ends_at: datetime, limit: int) -> Sequence[tables.Stay]:
    """The stays that began in that time, at most `limit`, in the order of their coming; consultations are none."""
    row = tables.Stay
    statement = (
        select(row)
        .where(row.enqueued_at >= begins_at, row.enqueued_at < ends_at, row.kind.in_(_WORK), row.left_at.is_not(None))
        .order_by(row.enqueued_at, row.stay_id)
        .limit(limit)
    )
    return session.scalars(statement).all()


def days_with_calls(session: Session, since: datetime) -> Sequence[datetime]:
    """When the hours with any stay began, the newest first: for a choice of days."""
    row = tables.Stay
    statement = select(row.enqueued_at).where(row.enqueued_at >= since, row.left_at.is_not(None))
    return session.scalars(statement.order_by(row.enqueued_at.desc())).all()


def shifts_between(session: Session, begins_at: datetime, ends_at: datetime) -> Mapping[str, tuple[Shift, ...]]:
    """When each agent was there for calls, in seconds from `begins_at`, by the history of their states."""
    row = tables.AgentStateChange
    newest = select(func.max(row.change_id)).where(row.at < begins_at).group_by(row.agent_id).scalar_subquery()
    before = select(row.agent_id, row.state).where(row.change_id.in_(newest))
    since = {agent_id: 0.0 for agent_id, state in session.execute(before) if AgentState(state) in _THERE}
    found: dict[str, list[Shift]] = {}
    moves = select(row.agent_id, row.at, row.state).where(row.at >= begins_at, row.at < ends_at)
    for agent_id, at, state in session.execute(moves.order_by(row.at, row.change_id)):
        seconds = (at - begins_at).total_seconds()
        if AgentState(state) in _THERE:
            since.setdefault(agent_id, seconds)
        else:
            _end(found, since, agent_id, seconds)
    for agent_id in tuple(since):
        _end(found, since, agent_id, (ends_at - begins_at).total_seconds())
    return {agent_id: tuple(shifts) for agent_id, shifts in found.items()}


def skills_at(session: Session, at: datetime) -> Mapping[str, tuple[Mapping[str, int], tuple[str, ...]]]:
    """Each agent's skills and languages in force at a moment; those of the first version for who came later."""
    row = tables.AgentVersion
    found: dict[str, tuple[Mapping[str, int], tuple[str, ...]]] = {}
    versions = select(row.agent_id, row.at, row.skills, row.languages).order_by(row.at, row.version_id)
    for agent_id, since, skills, languages in session.execute(versions):
        if agent_id not in found or since <= at:
            found[agent_id] = (skills, tuple(languages))
    return found


def names(session: Session) -> Mapping[str, str]:
    """The agents' names."""
    row = tables.Agent
    return {one[0]: one[1] for one in session.execute(select(row.agent_id, row.name))}


def add_run(
    session: Session, *, run_id: str, by: str, day: str, asked: Mapping[str, Any], total: int, now: datetime
) -> None:
    """Keep that a run begins; the oldest beyond what is kept go."""
    row = tables.WhatIf
    old = session.scalars(select(row.run_id).order_by(row.at.desc()).offset(_KEPT - 1)).all()
    if old:
        session.execute(delete(row).where(row.run_id.in_(old)))
    session.add(
        row(run_id=run_id, at=now, by=by, day=day, asked=dict(asked), state="running", done=0, total=total, beat_at=now)
    )
    session.flush()


def beat(session: Session, run_id: str, *, done: int, now: datetime) -> bool:
    """Keep how far a run has come; False where it is gone."""
    row = tables.WhatIf
    return changed(session, update(row).where(row.run_id == run_id).values(done=done, beat_at=now))


def end_run(session: Session, run_id: str, *, state: str, result: Mapping[str, Any] | None, now: datetime) -> None:
    """Keep what a run came to."""
    row = tables.WhatIf
    changed(session, update(row).where(row.run_id == run_id).values(state=state, result=result, beat_at=now))


def run(session: Session, run_id: str, now: datetime) -> Run | None:
    """One run."""
    row = session.get(tables.WhatIf, run_id, populate_existing=True)
    return None if row is None else _run(row, now)


def runs(session: Session, now: datetime, limit: int = 12) -> tuple[Run, ...]:
    """The newest runs."""
    row = tables.WhatIf
    found = session.scalars(select(row).order_by(row.at.desc()).limit(limit), execution_options=FRESH)
    return tuple(_run(one, now) for one in found)


def running(session: Session, now: datetime) -> int:
    """How many runs go on now, in whichever process."""
    row = tables.WhatIf
    alive = now - timedelta(seconds=_SILENT_SECONDS)
    found = session.scalar(select(func.count()).where(row.state == "running", row.beat_at >= alive))
    return found or 0


def _run(row: tables.WhatIf, now: datetime) -> Run:
    is_silent = row.state == "running" and row.beat_at < now - timedelta(seconds=_SILENT_SECONDS)
    return Run(
        run_id=row.run_id,
        at=row.at,
        by=row.by,
        day=row.day,
        asked=row.asked,
        state="failed" if is_silent else row.state,
        done=row.done,
        total=row.total,
        beat_at=row.beat_at,
        result=row.result,
    )


def _end(found: dict[str, list[Shift]], since: dict[str, float], agent_id: str, at: float) -> None:
    began = since.pop(agent_id, None)
    if began is not None and began < at:
        found.setdefault(agent_id, []).append(Shift(begins=began, ends=at))
