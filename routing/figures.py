"""Figures of the moment: an agent's own day, and how the queues stand now. Whole periods are `figures_queries`' business."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import distinct, exists, func, select
from sqlalchemy.orm import Session, aliased

from routing import figures_queries, store, tables
from routing.figures_counted import GroupBy, Question
from routing.figures_defined import Share, Terms, mean_seconds, service_level
from routing.figures_periods import Period
from routing.figures_records import CALL_KIND, CALLBACK_KIND, CONSULT_KIND, NONE_YET, Counts, microseconds
from routing.queues import Queue

_QUEUED = ("waiting", "offered")
_CALLBACK_OPEN = (*_QUEUED, "calling", "assigned")


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
    """An agent's own figures from the beginning of the day until now; calls that were taken before it are left out."""
    row, later = tables.Stay, aliased(tables.Stay)
    was_passed_on = exists().where(
        later.call_id == row.call_id, later.stay_id > row.stay_id, later.transferred.is_(True)
    )
    talks = session.execute(
        select(row.connected_at, row.ended_at, row.wrap_up_ended_at, was_passed_on).where(
            row.agent_id == agent_id, row.accepted_at >= begins_at, row.accepted_at <= now,
            row.connected_at.is_not(None), row.kind != CONSULT_KIND,
        )
    ).all()  # fmt: skip
    done = [(met, ended, wrapped) for met, ended, wrapped, _ in talks if met and ended and wrapped]
    period = Period(begins_at=begins_at, ends_at=max(now, begins_at))
    spent = figures_queries.states(session, Question(period=period, zone=UTC, now=now, agent_id=agent_id)).get(
        "", NONE_YET
    )
    return AgentDay(
        calls=len(talks),
        handling_seconds=mean_seconds(sum(microseconds(met, wrapped) for met, _, wrapped in done), len(done)),
        wrap_up_seconds=mean_seconds(sum(microseconds(ended, wrapped) for _, ended, wrapped in done), len(done)),
        occupancy=spent.busy_us / spent.staffed_us if spent.staffed_us else None,
        handed_on=sum(passed_on for *_, passed_on in talks),
    )


def today_of_queues(session: Session, begins_at: datetime, now: datetime) -> Mapping[str, Counts]:
    """What each queue has counted since `begins_at`. It reads the whole day: a page that lives on may keep it for a while."""
    period = Period(begins_at=begins_at, ends_at=max(now, begins_at))
    return figures_queries.counted(session, Question(period=period, zone=UTC, now=now, by=GroupBy.QUEUE))


def live_of_queues(
    session: Session,
    now: datetime,
    *,
    begins_at: datetime | None = None,
    today: Mapping[str, Counts] | None = None,
) -> LiveQueues:
    """How each queue stands now, with its figures since `begins_at`: the day's beginning on the company's clock.

    Without it the day is UTC's. `today` is what `today_of_queues` said, for whoever keeps it between two looks.
    """
    if today is None:
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        today = today_of_queues(session, begins_at or midnight, now)
    waits, callbacks = _waits(session)
    settings = store.queues(session)
    state, many = tables.Agent.state, func.count()
    return LiveQueues(
        queues=tuple(
            _live(
                settings.get(queue, Queue(queue_id=queue)),
                waits.get(queue, ()),
                now,
                counts=today.get(queue, NONE_YET),
                callbacks_open=callbacks.get(queue, 0),
                agents=_agents_of(session, settings.get(queue, Queue(queue_id=queue))),
            )
            for queue in sorted({*settings, *waits, *callbacks, *today} - {""})
        ),
        agents=_numbers(session.execute(select(state, many).group_by(state))),
    )


def _live(
    queue: Queue,
    waits: Iterable[datetime],
    now: datetime,
    *,
    counts: Counts,
    callbacks_open: int,
    agents: Mapping[str, int],
) -> LiveQueue:
    since = sorted(waits)
    return LiveQueue(
        queue=queue.queue_id,
        waiting=len(since),
        longest_wait_seconds=microseconds(since[0], now) // 1_000_000 if since else None,
        answered=counts.answered,
        abandoned=counts.abandoned,
        service_level=service_level(counts, Terms(service_seconds=queue.service_seconds)),
        service_seconds=queue.service_seconds,
        service_share=queue.service_share,
        callbacks_open=callbacks_open,
        agents=agents,
    )


def _waits(session: Session) -> tuple[Mapping[str, list[datetime]], Mapping[str, int]]:
    """Since when callers wait in each queue, and how many callbacks are open."""
    row = tables.Waiting
    calls = session.execute(select(row.queue, row.enqueued_at).where(row.state.in_(_QUEUED), row.kind == CALL_KIND))
    waits: dict[str, list[datetime]] = defaultdict(list)
    for queue, enqueued_at in calls:
        waits[queue].append(enqueued_at)
    many = func.count()
    open_ = select(row.queue, many).where(row.state.in_(_CALLBACK_OPEN), row.kind == CALLBACK_KIND).group_by(row.queue)
    return waits, _numbers(session.execute(open_))


def _agents_of(session: Session, queue: Queue) -> Mapping[str, int]:
    """Agents with a skill of the queue by state, each once; without a team, those who have the skill of its name."""
    agent, skill = tables.Agent, tables.AgentSkill
    query = select(agent.state, func.count(distinct(agent.agent_id))).join(skill, skill.agent_id == agent.agent_id)
    team = query.where(skill.skill.in_(queue.team or (queue.queue_id,))).group_by(agent.state)
    return _numbers(session.execute(team))


def _numbers(rows: Iterable[Any]) -> Mapping[str, int]:
    return {name: int(many) for name, many in rows}
