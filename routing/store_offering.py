"""What one round of dispatch locks and writes: the agents and calls that it chose, their offers, stays and history.

A few statements a round, however many offers. Nothing here commits.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from routing import changes, tables
from routing.agents import AgentState
from routing.outcomes import OfferState
from routing.store_statements import UNSYNCHRONISED, is_sqlite
from routing.waiting import WaitingState


@dataclass(frozen=True, kw_only=True, slots=True)
class ToOffer:
    """A call and the agent who is to be rung for it."""

    call_id: str
    stay_id: int | None
    agent_id: str
    idle_since: datetime
    ring: int
    receipt: Mapping[str, Any]  # as JSON


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why a call is still waiting, when it is to be looked at again, and a receipt where there is something new to say."""

    call_id: str
    ring: int
    explained: str
    explain_at: datetime
    receipt: Mapping[str, Any] | None


def lock_calls(session: Session, call_ids: Collection[str]) -> set[str]:
    """Lock those of the calls that still wait and that nobody else is dealing with."""
    if is_sqlite(session):
        return set(call_ids)
    row = tables.Waiting
    statement = select(row.call_id).where(row.call_id.in_(call_ids), row.state == WaitingState.WAITING.value)
    return set(session.scalars(statement.with_for_update(skip_locked=True)))


def lock_agents(session: Session, idle_since: Mapping[str, datetime]) -> set[str]:
    """Lock those of the agents who are still available as they were, and whom nobody else is just moving."""
    if is_sqlite(session):
        return set(idle_since)
    row = tables.Agent
    statement = select(row.agent_id, row.idle_since).where(
        row.agent_id.in_(idle_since), row.state == AgentState.AVAILABLE.value
    )
    found = session.execute(statement.with_for_update(skip_locked=True))
    return {agent_id for agent_id, since in found if since == idle_since[agent_id]}


def open_offers(session: Session, offers: Sequence[ToOffer], *, now: datetime, expires_at: datetime) -> list[int]:
    """Ring these agents for these calls, all of them locked; returns the offers' ids in the order given."""
    agent_ids = [one.agent_id for one in offers]
    call_ids = [one.call_id for one in offers]
    agent, skill, waiting = tables.Agent, tables.AgentSkill, tables.Waiting
    rung = {"state": AgentState.OFFERED.value, "state_since": now, "away_reason": "", "wrap_up_until": None}
    for statement in (
        update(agent).where(agent.agent_id.in_(agent_ids)).values(rung),
        update(skill).where(skill.agent_id.in_(agent_ids)).values(free_since=None),
        update(waiting).where(waiting.call_id.in_(call_ids)).values(state=WaitingState.OFFERED.value),
    ):
        session.execute(statement, execution_options=UNSYNCHRONISED)
    connection = session.connection()
    connection.execute(
        insert(_table(tables.AgentStateChange)),
        [
            {
                "agent_id": one.agent_id,
                "at": now,
                "state": AgentState.OFFERED.value,
                "idle_since": one.idle_since,
                "away_reason": "",
                "by": "",
            }
            for one in offers
        ],
    )
    _note_offers(session, offers, now)
    changes.mark(session, changes.QUEUES)
    changes.mark(session, *(changes.agent(one) for one in agent_ids), *(changes.call(one) for one in call_ids))
    row = _table(tables.Offer)
    ids = connection.scalars(
        insert(row).returning(row.c.offer_id, sort_by_parameter_order=True),
        [
            {
                "call_id": one.call_id,
                "agent_id": one.agent_id,
                "offered_at": now,
                "expires_at": expires_at,
                "state": OfferState.OPEN.value,
                "receipt": one.receipt,
            }
            for one in offers
        ],
    )
    return list(ids)


def begin_calling(session: Session, call_ids: Sequence[str]) -> None:
    """The turn of these callbacks has come, all of them locked: the line is to ring their customers."""
    row = tables.Waiting
    values = {"state": WaitingState.CALLING.value, "calling_until": None}
    session.execute(update(row).where(row.call_id.in_(call_ids)).values(values), execution_options=UNSYNCHRONISED)
    changes.mark(session, changes.QUEUES, *(changes.call(one) for one in call_ids))


def explain(session: Session, explanations: Sequence[Explanation], now: datetime) -> None:
    """Keep why these calls wait, and when each is to be looked at again."""
    if not explanations:
        return
    new = [
        {"call_id": one.call_id, "at": now, "ring": one.ring, "content": one.receipt}
        for one in explanations
        if one.receipt is not None
    ]
    if new:
        session.execute(insert(tables.NonDecision), new)
        changes.mark(session, *(changes.call(one.call_id) for one in explanations if one.receipt is not None))
    row = _table(tables.Waiting)
    statement = (
        update(row)
        .where(row.c.call_id == bindparam("the_call"))
        .values(explain_at=bindparam("next_at"), explained=bindparam("said"))
    )
    session.connection().execute(
        statement,
        [{"the_call": one.call_id, "next_at": one.explain_at, "said": one.explained} for one in explanations],
    )


def _table(mapped: type[tables.Base]) -> Table:
    # Many rows at once go past the unit of work, which would look at each.
    return cast(Table, mapped.__table__)


def _note_offers(session: Session, offers: Sequence[ToOffer], now: datetime) -> None:
    row = tables.Stay
    for ring in {one.ring for one in offers}:
        stay_ids = [one.stay_id for one in offers if one.ring == ring and one.stay_id is not None]
        values: dict[Any, Any] = {
            row.offers: row.offers + 1,
            row.ring: ring,
            row.first_offered_at: func.coalesce(row.first_offered_at, now, type_=row.first_offered_at.type),
        }
        statement = update(row).where(row.stay_id.in_(stay_ids)).values(values)
        session.execute(statement, execution_options=UNSYNCHRONISED)
