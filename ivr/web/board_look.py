"""What the supervisor's board shows at one moment, as records that are compared with the last ones: nothing in them ticks.

A look costs the same few statements whoever and however many watch; sharing it is left to `ivr.web.board_shared`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from biometrics import alerts
from ivr.calls import callbacks
from ivr.calls import overview as calls
from ivr.calls.overview import CallNow
from ivr.calls.store import IN_LINE
from ivr.customers import overview as customers
from ivr.customers.overview import Names
from routing import live
from routing.agents import AgentState
from routing.figures_defined import Terms, service_level
from routing.figures_records import Counts
from routing.live import AgentNow, WorkNow
from routing.queues import Queue, queue_of
from routing.waiting import WaitingState

FREE = frozenset({AgentState.AVAILABLE})
BUSY = frozenset({AgentState.OFFERED, AgentState.ON_CALL, AgentState.WRAP_UP})
AWAY = frozenset({AgentState.AWAY, AgentState.MISSED})
CALLBACK = "callback"


@dataclass(frozen=True, kw_only=True)
class QueueCard:
    """One queue."""

    queue_id: str
    names: tuple[tuple[str, str], ...]  # by language
    waiting: int
    oldest_at: datetime | None  # since when the one who waits longest does
    estimate_seconds: int | None  # of who would come now; none while it is not known
    service_level: float | None  # today, 0 to 1; none while nothing has ended
    service_share: float  # the goal
    service_seconds: int
    answered: int  # today
    abandoned: int  # today
    callbacks: int
    free: int
    busy: int
    away: int
    is_open: bool
    is_late: bool  # somebody has waited beyond the service level's seconds


@dataclass(frozen=True, kw_only=True)
class WaitingRow:
    """Somebody who waits."""

    call_id: str
    queue: str
    kind: str
    who: str  # a customer's name, else the number, "" when hidden
    skill: str
    level: int
    languages: tuple[str, ...]
    priority: int
    boosts: tuple[str, ...]
    since: datetime
    due_at: datetime | None  # of a callback
    ring: int
    offered_to: str  # an agent's name, "" for nobody
    why: tuple[str, str, str]  # why nobody takes it: a code and its values
    is_late: bool


@dataclass(frozen=True, kw_only=True)
class AgentRow:
    """An agent."""

    agent_id: str
    name: str
    state: str
    since: datetime
    away_reason: str
    languages: tuple[str, ...]
    skills: tuple[tuple[str, int], ...]
    call_id: str
    who: str  # the caller in hand
    reason: str
    is_held: bool
    call_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """A call in the line."""

    call_id: str
    who: str
    language: str
    node: str
    reason: str
    since: datetime
    words_so_far: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something that needs an act."""

    kind: str
    number: int = 0
    queue: str = ""
    names: tuple[tuple[str, str], ...] = ()
    queues: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()  # id and names of each, where it concerns several


@dataclass(frozen=True, kw_only=True)
class BoardLook:
    """The whole board."""

    queues: tuple[QueueCard, ...]
    waiting: tuple[WaitingRow, ...]
    agents: tuple[AgentRow, ...]
    line: tuple[LineRow, ...]
    alerts: tuple[Alert, ...]
    talking: int
    states: tuple[tuple[str, int], ...]  # agents by state


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the last looks have found out and what need not be asked again each time."""

    queues: Mapping[str, Queue]
    open_queues: frozenset[str]
    today: Mapping[str, Counts]
    estimates: Mapping[str, int | None]  # seconds by queue
    whys: Mapping[str, tuple[str, str, str]]  # by call
    names: Names


def look(session: Session, known: Known, work: Sequence[WorkNow], now: datetime) -> BoardLook:
    """The board as it is now; `work` is what waits (`live.work_now`)."""
    agents = live.agents_now(session)
    going_on = calls.calls_now(session)
    # Callbacks wait under ids of their own; nobody of them is on the telephone.
    to_ring = callbacks.open_of(session) if any(one.kind == CALLBACK for one in work) else ()
    wanted = [one.customer_id for one in going_on] + [one.customer_id for one in to_ring]
    customer_names = known.names.of(session, filter(None, wanted))
    by_id = {one.call_id: one for one in going_on}
    who = {one.call_id: customer_names.get(one.customer_id or "", one.from_number) for one in going_on}
    who |= {one.callback_id: customer_names.get(one.customer_id or "", one.number) for one in to_ring}
    names = {one.agent_id: one.name for one in agents}
    waiting = tuple(_waiting(one, who, names, known, now) for one in work)
    cards = _queues(known, waiting, agents)
    return BoardLook(
        queues=cards,
        waiting=waiting,
        agents=tuple(_agent(one, by_id.get(one.call_id), who) for one in agents),
        line=tuple(_line(one, who) for one in going_on if one.status == IN_LINE),
        alerts=tuple(_alerts(session, cards, waiting, now)),
        talking=sum(one.state is AgentState.ON_CALL for one in agents),
        states=tuple(sorted(Counter(one.state.value for one in agents).items())),
    )


def _waiting(one: WorkNow, who: Mapping[str, str], names: Mapping[str, str], known: Known, now: datetime) -> WaitingRow:
    queue = known.queues.get(one.queue)
    patience = timedelta(seconds=queue.service_seconds if queue is not None else 20)
    return WaitingRow(
        call_id=one.call_id,
        queue=one.queue,
        kind=one.kind,
        who=who.get(one.call_id, ""),
        skill=one.skill,
        level=one.level,
        languages=one.languages,
        priority=one.priority,
        boosts=one.boosts,
        since=one.enqueued_at,
        due_at=one.not_before,
        ring=one.ring,
        offered_to=names.get(one.offered_to, ""),
        why=known.whys.get(one.call_id, ("", "", "")) if one.state is WaitingState.WAITING else ("", "", ""),
        is_late=one.kind != CALLBACK and now - one.enqueued_at > patience,
    )


def _agent(one: AgentNow, call: CallNow | None, who: Mapping[str, str]) -> AgentRow:
    return AgentRow(
        agent_id=one.agent_id,
        name=one.name,
        state=one.state.value,
        since=one.since,
        away_reason=one.away_reason,
        languages=one.languages,
        skills=one.skills,
        call_id=one.call_id,
        who=who.get(one.call_id, ""),
        reason=call.reason if call is not None else "",
        is_held=call is not None and call.on_hold,
        call_since=call.started_at if call is not None else None,
    )


def _line(one: CallNow, who: Mapping[str, str]) -> LineRow:
    return LineRow(
        call_id=one.call_id,
        who=who[one.call_id],
        language=one.language,
        node=one.node,
        reason=one.reason,
        since=one.started_at,
        words_so_far=one.words_so_far,
    )


def _queues(known: Known, waiting: Sequence[WaitingRow], agents: Sequence[AgentNow]) -> tuple[QueueCard, ...]:
    by_queue: dict[str, list[WaitingRow]] = {}
    for one in waiting:
        by_queue.setdefault(one.queue, []).append(one)
    staff = _staff(agents, known.queues)
    shown = sorted({*known.queues, *known.today, *by_queue} - {""})
    return tuple(_card(queue, known, by_queue.get(queue, []), staff.get(queue, {})) for queue in shown)


def _card(
    queue_id: str,
    known: Known,
    waiting: Sequence[WaitingRow],
    staff: Mapping[AgentState, int],
) -> QueueCard:
    queue = known.queues.get(queue_id, Queue(queue_id=queue_id))
    today = known.today.get(queue_id, Counts())
    callers = [one for one in waiting if one.kind != CALLBACK]
    return QueueCard(
        queue_id=queue_id,
        names=tuple(sorted(queue.names.items())),
        waiting=len(callers),
        oldest_at=min((one.since for one in callers), default=None),
        estimate_seconds=known.estimates.get(queue_id),
        service_level=service_level(today, Terms(service_seconds=queue.service_seconds)).value,
        service_share=queue.service_share,
        service_seconds=queue.service_seconds,
        answered=today.answered,
        abandoned=today.abandoned,
        callbacks=len(waiting) - len(callers),
        free=_count(staff, FREE),
        busy=_count(staff, BUSY),
        away=_count(staff, AWAY),
        is_open=queue_id in known.open_queues,
        is_late=any(one.is_late for one in callers),
    )


def _staff(agents: Iterable[AgentNow], queues: Mapping[str, Queue]) -> Mapping[str, Counter[AgentState]]:
    """Agents by state for each queue: whoever has one of its skills."""
    serves: dict[str, set[str]] = {}
    staff: dict[str, Counter[AgentState]] = {}
    for one in agents:
        queues_of = {queue for skill, _ in one.skills for queue in _served(skill, queues, serves)}
        for queue in queues_of:
            staff.setdefault(queue, Counter())[one.state] += 1
    return staff


def _served(skill: str, queues: Mapping[str, Queue], known: dict[str, set[str]]) -> set[str]:
    if skill not in known:
        teams = {queue_id for queue_id, queue in queues.items() if skill in queue.team}
        known[skill] = teams | {queue_of(skill, queues).queue_id}
    return known[skill]


def _count(staff: Mapping[AgentState, int], states: frozenset[AgentState]) -> int:
    return sum(number for state, number in staff.items() if state in states)


def _alerts(
    session: Session, cards: Sequence[QueueCard], waiting: Iterable[WaitingRow], now: datetime
) -> Iterable[Alert]:
    if number := alerts.count_open(session):
        yield Alert(kind="voice", number=number)
    for card in cards:
        if card.waiting and not card.free and not card.busy:
            yield Alert(kind="no_agents", number=card.waiting, queue=card.queue_id, names=card.names)
    late = tuple((card.queue_id, card.names) for card in cards if card.is_late and (card.free or card.busy))
    if late:
        yield Alert(kind="late", queues=late)
    if number := sum(one.due_at is not None and one.due_at < now for one in waiting if one.kind == CALLBACK):
        yield Alert(kind="callbacks", number=number)
    if number := customers.overdue_cases(session, now):
        yield Alert(kind="cases", number=number)
