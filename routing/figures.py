"""Figures of the moment: an agent's own day, and how the queues stand now. Whole periods are `figures_queries`' business."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from routing import tables
from routing.figures_defined import Share
from routing.figures_records import microseconds


@dataclass(frozen=True, kw_only=True)
class AgentDay:
    """An agent's own figures since the beginning of the day; none where there is nothing to tell yet."""

    calls: int  # callers talked with
    handling_seconds: float | None  # talk, hold and wrap-up, on average
    wrap_up_seconds: float | None  # on average
    occupancy: float | None  # 0 to 1
    handed_on: int = 0  # passed on by a transfer


@dataclass(frozen=True, kw_only=True)
class LiveQueue:
    """How one queue stands."""

    queue: str  # its id
    waiting: int
    longest_wait_seconds: int | None  # none while nobody waits
    answered: int  # today
    abandoned: int  # today
    service_level: Share  # today; of nothing: `value` is none
    service_seconds: int = 20
    service_share: float = 0.8
    callbacks_open: int = 0  # callers who wait for their callback
    agents: Mapping[str, int] = field(default_factory=dict)  # who has a skill of the queue, by state


@dataclass(frozen=True, kw_only=True)
class LiveQueues:
    """How the queues stand, and all agents by state: one with two skills counts in two queues, and once here."""

    queues: tuple[LiveQueue, ...]
    agents: Mapping[str, int]


def day_of_agent(session: Session, agent_id: str, begins_at: datetime, now: datetime) -> AgentDay:
    """An agent's own figures from the beginning of the day until now."""
    row = tables.Assignment
    query = select(row.connected_at, row.ended_at, row.wrap_up_ended_at)
    talks = session.execute(
        query.where(row.agent_id == agent_id, row.connected_at >= begins_at, row.connected_at <= now)
    ).all()
    done = [(began, ended, wrapped) for began, ended, wrapped in talks if ended is not None and wrapped is not None]
    handling_us = sum(microseconds(began, wrapped) for began, _, wrapped in done if began is not None)
    wrap_up_us = sum(microseconds(ended, wrapped) for _, ended, wrapped in done)
    return AgentDay(
        calls=len(talks),
        handling_seconds=handling_us / len(done) / 1_000_000 if done else None,
        wrap_up_seconds=wrap_up_us / len(done) / 1_000_000 if done else None,
        occupancy=None,
    )


def live_of_queues(session: Session, now: datetime, *, begins_at: datetime | None = None) -> LiveQueues:
    """How each queue stands now, with its figures since `begins_at`: the day's beginning on the company's clock.

    Without it the day is UTC's.
    """
    del begins_at
    row = tables.Waiting
    waits = session.execute(select(row.skill, row.enqueued_at).where(row.state.in_(("waiting", "offered")))).all()
    states = session.scalars(select(tables.Agent.state))
    return LiveQueues(
        queues=tuple(
            _live(skill, [at for its, at in waits if its == skill], now) for skill in sorted({its for its, _ in waits})
        ),
        agents=_tally(states),
    )


def _live(queue: str, waits: list[datetime], now: datetime) -> LiveQueue:
    return LiveQueue(
        queue=queue,
        waiting=len(waits),
        longest_wait_seconds=max(int((now - at).total_seconds()) for at in waits),
        answered=0,
        abandoned=0,
        service_level=Share(part=0, whole=0),
    )


def _tally(names: Iterable[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found
