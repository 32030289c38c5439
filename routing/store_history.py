"""What routing keeps of its own past: moves of agents, what agents could do, and what people changed. Rows are only added.

Nothing here commits.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from routing import tables
from routing.agents import AgentState
from routing.skills import Skills


def note_state(
    session: Session,
    agent_id: str,
    state: AgentState,
    *,
    at: datetime,
    idle_since: datetime,
    away_reason: str = "",
    by: str = "",
) -> None:
    """Keep that the agent came into a state."""
    values = {
        "agent_id": agent_id,
        "at": at,
        "state": state.value,
        "idle_since": idle_since,
        "away_reason": away_reason,
        "by": by,
    }
    session.execute(insert(tables.AgentStateChange).values(values))


def note_version(
    session: Session, agent_id: str, *, skills: Skills, languages: Sequence[str], at: datetime, by: str
) -> None:
    """Keep what the agent can do from now on."""
    values = {"agent_id": agent_id, "at": at, "skills": dict(skills), "languages": list(languages), "by": by}
    session.execute(insert(tables.AgentVersion).values(values))


def note_change(
    session: Session, *, at: datetime, by: str, what: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """Keep what a person changed: who, when, what it was and what it is."""
    values = {
        "at": at,
        "by": by,
        "what": what,
        "before": None if before is None else dict(before),
        "after": dict(after),
    }
    session.execute(insert(tables.Change).values(values))


def changes(session: Session, *, what: str | None = None, limit: int = 100) -> tuple[tables.Change, ...]:
    """What people changed, the newest first; `what` names one thing, such as "queue:orders"."""
    row = tables.Change
    statement = select(row).order_by(row.change_id.desc()).limit(limit)
    return tuple(session.scalars(statement if what is None else statement.where(row.what == what)))
