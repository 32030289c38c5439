"""What the history says of an afternoon: how each call ended, who was rung twice, who is stuck, who was overtaken."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from routing import tables
from routing.agents import TRANSITIONS, AgentState

# A call is seen by others when its transaction commits: with many processes on few cores, and a database that comes back.
SEEN_AFTER = timedelta(seconds=3)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The counts of an afternoon."""

    calls: int
    outcomes: dict[str, int]  # what became of each call, one outcome each
    offers: int
    double_offers: int
    stuck_agents: int
    lost_calls: int
    overtaken: int

    @property
    def holds(self) -> bool:
        """Whether everybody had what they should."""
        return not (self.double_offers or self.stuck_agents or self.lost_calls or self.overtaken)


def prove(engine: Engine, calls: int) -> Proof:
    """Read the whole history; `calls` should have come."""
    with Session(engine) as session:
        outcomes, lost = _outcomes(session, calls)
        return Proof(
            calls=calls - lost,
            outcomes=outcomes,
            offers=session.scalar(select(func.count()).select_from(tables.Offer)) or 0,
            double_offers=_double_offers(session),
            stuck_agents=_stuck(session),
            lost_calls=lost,
            overtaken=_overtaken(session),
        )


def _outcomes(session: Session, calls: int) -> tuple[dict[str, int], int]:
    """The last stay says what became of a call; before it there may be talks that broke, and nothing else."""
    stays = defaultdict(list)
    for stay in session.scalars(select(tables.Stay).order_by(tables.Stay.stay_id)):
        stays[stay.call_id].append(stay)
    ended = set(session.scalars(select(tables.Waiting.call_id).where(tables.Waiting.state == "ended")))
    whole = {
        call_id: mine[-1].outcome
        for call_id, mine in stays.items()
        if call_id in ended
        and mine[-1].outcome
        and all(stay.outcome == "answered" and stay.connected_at is not None for stay in mine[:-1])
    }
    return dict(Counter(whole.values())), calls - len(whole)


def _double_offers(session: Session) -> int:
    """Agents who came into a state that the one before does not lead to, and calls with two offers or agents at once.

    History is numbered under the lock of the row that it is about, so its order is that of the changes, whatever clocks say.
    """
    allowed = {(before.value, after.value) for (before, _), after in TRANSITIONS.items()}
    wrong = 0
    before: dict[str, str] = {}
    row = tables.AgentStateChange
    for agent_id, state in session.execute(select(row.agent_id, row.state).order_by(row.change_id)):
        wrong += agent_id in before and (before[agent_id], state) not in allowed
        before[agent_id] = state
    offer, talk = tables.Offer, tables.Assignment
    accepted = Counter(session.scalars(select(offer.call_id).where(offer.offer_id.in_(select(talk.offer_id)))))
    talks = Counter(session.scalars(select(talk.call_id)))
    broken = Counter(session.scalars(select(talk.call_id).where(talk.ended_reason == "the agent's leg failed")))
    wrong += sum(talks[call_id] - broken[call_id] > 1 or accepted[call_id] != talks[call_id] for call_id in talks)
    return wrong + (session.scalar(select(func.count()).where(offer.state == "open")) or 0)


def _stuck(session: Session) -> int:
    """Agents who are rung or in a talk or write down something, when there is nothing any more."""
    at_rest = [one.value for one in (AgentState.AVAILABLE, AgentState.AWAY, AgentState.OFFLINE, AgentState.MISSED)]
    row, has = tables.Agent, tables.AgentSkill
    busy = session.scalar(select(func.count()).where(row.state.not_in(at_rest))) or 0
    # Who is available stands in the index of the free, as long as they are; nobody else does.
    free = set(session.scalars(select(has.agent_id).where(has.free_since.is_not(None))))
    return busy + len(free ^ set(session.scalars(select(row.agent_id).where(row.state == "available"))))


def _overtaken(session: Session) -> int:
    """Calls offered for the first time after one that asks the same, with the same priority, and came clearly later."""
    stay = tables.Stay
    first = (
        select(tables.Offer.call_id, func.min(tables.Offer.offer_id).label("number")).group_by(tables.Offer.call_id)
    ).subquery()
    statement = (
        select(stay.skill, stay.priority, stay.enqueued_at)
        .join(first, first.c.call_id == stay.call_id)
        .where(stay.stay_id.in_(select(func.min(stay.stay_id)).group_by(stay.call_id)))
        .order_by(first.c.number)
    )
    overtaken = 0
    latest: dict[tuple[str, int], datetime] = {}
    for skill, priority, came_at in session.execute(statement):
        newest = latest.get((skill, priority))
        if newest is not None and came_at < newest - SEEN_AFTER:
            overtaken += 1
        latest[skill, priority] = came_at if newest is None else max(newest, came_at)
    return overtaken
