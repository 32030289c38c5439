"""Routing's statements: reads as records, and changes as compare-and-swap. When to make which is left to `dispatch`.

Nothing here commits. Rows are locked in one order everywhere: offer or assignment, then agent, then call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Select, Update, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from routing import changes, tables
from routing.agents import KEEPS_IDLE_TIME, AgentEvent, AgentState, Candidate, Presence, states_before, target_of
from routing.outcomes import OfferState
from routing.receipts import Receipt
from routing.skills import Skills, checked_level, checked_skill, requirements_from_json
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall, WaitingState, ranked_at

# Rows are changed by statements, never by the unit of work: what an earlier read left in the session may be stale.
_FRESH = {"populate_existing": True}
_REFUSED = (OfferState.DECLINED, OfferState.MISSED)


def save_agent(
    session: Session,
    *,
    agent_id: str,
    name: str,
    address: str,
    languages: Sequence[str],
    skills: Skills,
    now: datetime,
) -> None:
    """Add an agent, offline, or change one's name, address, languages and skills; raises `ValueError` on a bad level."""
    rows = [tables.AgentSkill(skill=checked_skill(key), level=checked_level(level)) for key, level in skills.items()]
    agent = session.get(tables.Agent, agent_id, populate_existing=True)
    if agent is None:
        offline = AgentState.OFFLINE.value
        agent = tables.Agent(agent_id=agent_id, state=offline, state_since=now, idle_since=now, away_reason="")
        session.add(agent)
    else:
        agent.skills.clear()
        session.flush()
    agent.name, agent.address, agent.languages = name, address, list(languages)
    agent.skills.extend(rows)
    session.flush()
    changes.mark(session, changes.agent(agent_id), changes.QUEUES)


def presences(session: Session) -> tuple[Presence, ...]:
    """Every agent, by name."""
    rows = session.scalars(select(tables.Agent).order_by(tables.Agent.name), execution_options=_FRESH)
    return tuple(_presence(row) for row in rows)


def presence(session: Session, agent_id: str) -> Presence | None:
    """One agent."""
    row = session.get(tables.Agent, agent_id, populate_existing=True)
    return None if row is None else _presence(row)


def candidates(session: Session) -> tuple[Candidate, ...]:
    """Every agent who is signed in."""
    statement = select(tables.Agent).where(tables.Agent.state != AgentState.OFFLINE.value)
    rows = session.scalars(statement, execution_options=_FRESH)
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


def refusals(session: Session) -> Mapping[str, Mapping[str, datetime]]:
    """When which agent last declined or missed a call that is waiting: call, agent, time."""
    offer, waiting = tables.Offer, tables.Waiting
    statement = (
        select(offer.call_id, offer.agent_id, func.max(offer.closed_at))
        .join(waiting, waiting.call_id == offer.call_id)
        .where(waiting.state == WaitingState.WAITING.value, offer.state.in_([state.value for state in _REFUSED]))
        .group_by(offer.call_id, offer.agent_id)
    )
    found: dict[str, dict[str, datetime]] = {}
    for call_id, agent_id, at in session.execute(statement):
        if at is not None:
            found.setdefault(call_id, {})[agent_id] = at
    return found


def with_refusals(agents: Sequence[Candidate], refused: Mapping[str, datetime]) -> tuple[Candidate, ...]:
    """Add to each candidate when they refused the call in question."""
    return tuple(replace(one, refused_at=refused.get(one.agent_id)) for one in agents)


def add_call(session: Session, call: WaitingCall, rules: Rules = DEFAULT_RULES) -> bool:
    """Put a call in the queue; False when it has been there already."""
    row = tables.Waiting(
        call_id=call.call_id,
        skill=call.requirements.skill,
        requirements=call.requirements.as_json(),
        priority=call.priority,
        boosts=dict(call.boosts),
        enqueued_at=call.enqueued_at,
        ranked_at=ranked_at(call, rules),
        state=WaitingState.WAITING.value,
        ended_reason="",
    )
    try:
        # A savepoint, since the same webhook may be in another worker at this moment.
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    changes.mark(session, changes.QUEUES, changes.call(call.call_id))
    return True


def call_row(session: Session, call_id: str) -> tables.Waiting | None:
    """One call, whatever its state."""
    return session.get(tables.Waiting, call_id, populate_existing=True)


def as_waiting_call(row: tables.Waiting) -> WaitingCall:
    """Read a row as the rules want it."""
    return WaitingCall(
        call_id=row.call_id,
        requirements=requirements_from_json(row.requirements),
        enqueued_at=row.enqueued_at,
        priority=row.priority,
        boosts=row.boosts,
    )


def calls_in(session: Session, *states: WaitingState) -> tuple[tables.Waiting, ...]:
    """Calls in these states, the first to be served first."""
    row = tables.Waiting
    statement = select(row).where(row.state.in_([state.value for state in states])).order_by(row.ranked_at, row.call_id)
    return tuple(session.scalars(statement, execution_options=_FRESH))


def hold_call(session: Session, call_id: str) -> bool:
    """Lock a call that is waiting, unless somebody else is just dealing with it."""
    row = tables.Waiting
    return _held(session, select(row.call_id).where(row.call_id == call_id, row.state == WaitingState.WAITING.value))


def hold_agent(session: Session, agent_id: str) -> bool:
    """Lock an agent who is available, unless somebody else is just taking them.

    Only the chosen one is locked, not every candidate: other processes go on giving calls to the rest meanwhile.
    """
    row = tables.Agent
    return _held(session, select(row.agent_id).where(row.agent_id == agent_id, row.state == AgentState.AVAILABLE.value))


def move_call(
    session: Session, call_id: str, source: WaitingState, target: WaitingState, *, now: datetime, reason: str = ""
) -> bool:
    """Compare-and-swap of a call's state."""
    changes.mark(session, changes.QUEUES, changes.call(call_id))
    row = tables.Waiting
    values: dict[str, Any] = {"state": target.value}
    if target is WaitingState.ENDED:
        values |= {"ended_at": now, "ended_reason": reason}
    return _changed(session, update(row).where(row.call_id == call_id, row.state == source.value).values(values))


def reopen_call(session: Session, call: WaitingCall, rules: Rules = DEFAULT_RULES) -> bool:
    """Put an ended call into the queue again, as new."""
    changes.mark(session, changes.QUEUES, changes.call(call.call_id))
    row = tables.Waiting
    statement = update(row).where(row.call_id == call.call_id, row.state == WaitingState.ENDED.value)
    values = {
        "skill": call.requirements.skill,
        "requirements": call.requirements.as_json(),
        "priority": call.priority,
        "boosts": dict(call.boosts),
        "enqueued_at": call.enqueued_at,
        "ranked_at": ranked_at(call, rules),
        "state": WaitingState.WAITING.value,
        "ended_at": None,
        "ended_reason": "",
    }
    return _changed(session, statement.values(values))


def boost_call(session: Session, call: WaitingCall, boosts: Mapping[str, int], rules: Rules) -> None:
    """Give a call other boosts, and the place that goes with them."""
    changes.mark(session, changes.QUEUES, changes.call(call.call_id))
    boosted = replace(call, boosts={**call.boosts, **boosts})
    row = tables.Waiting
    values = {"boosts": dict(boosted.boosts), "ranked_at": ranked_at(boosted, rules)}
    _changed(session, update(row).where(row.call_id == call.call_id).values(values))


def move_agent(
    session: Session,
    agent_id: str,
    event: AgentEvent,
    *,
    now: datetime,
    source: AgentState | None = None,
    away_reason: str = "",
) -> bool:
    """Compare-and-swap of an agent's state: one UPDATE from the states that allow the event, or from `source` only."""
    changes.mark(session, changes.agent(agent_id))
    target = target_of(event)
    sources = states_before(event) if source is None else (source,)
    values: dict[str, Any] = {"state": target.value, "state_since": now, "away_reason": away_reason}
    if target is AgentState.AVAILABLE and event not in KEEPS_IDLE_TIME:
        values["idle_since"] = now
    row = tables.Agent
    statement = update(row).where(row.agent_id == agent_id, row.state.in_([state.value for state in sources]))
    return _changed(session, statement.values(values))


def renew_lease(session: Session, agent_id: str, until: datetime) -> bool:
    """Note that the agent's desk is open."""
    row = tables.Agent
    return _changed(session, update(row).where(row.agent_id == agent_id).values(lease_until=until))


def agents_with_lapsed_lease(session: Session, now: datetime) -> tuple[str, ...]:
    """Agents whose desk is gone and who are not talking to anybody."""
    row = tables.Agent
    busy = (AgentState.OFFLINE.value, AgentState.ON_CALL.value)
    statement = select(row.agent_id).where(row.lease_until < now, row.state.not_in(busy)).order_by(row.agent_id)
    return tuple(session.scalars(statement))


def agents_in_wrap_up_since(session: Session, before: datetime) -> tuple[str, ...]:
    """Agents whose wrap-up began at `before` or earlier."""
    row = tables.Agent
    statement = select(row.agent_id).where(row.state == AgentState.WRAP_UP.value, row.state_since <= before)
    return tuple(session.scalars(statement.order_by(row.agent_id)))


def add_offer(session: Session, receipt: Receipt, agent_id: str, expires_at: datetime) -> int:
    """Keep an open offer with its receipt; returns its id."""
    row = tables.Offer(
        call_id=receipt.call_id,
        agent_id=agent_id,
        offered_at=receipt.at,
        expires_at=expires_at,
        state=OfferState.OPEN.value,
        receipt=receipt.as_json(),
    )
    session.add(row)
    session.flush()
    return row.offer_id


def offer_row(session: Session, offer_id: int) -> tables.Offer | None:
    """One offer."""
    return session.get(tables.Offer, offer_id, populate_existing=True)


def open_offer(session: Session, *, call_id: str | None = None, agent_id: str | None = None) -> tables.Offer | None:
    """Find the open offer of a call or of an agent."""
    row = tables.Offer
    statement = select(row).where(row.state == OfferState.OPEN.value)
    statement = statement if call_id is None else statement.where(row.call_id == call_id)
    statement = statement if agent_id is None else statement.where(row.agent_id == agent_id)
    return session.scalars(statement, execution_options=_FRESH).one_or_none()


def due_offers(session: Session, now: datetime) -> tuple[tables.Offer, ...]:
    """Open offers whose time is over, locked; those that somebody else is just closing are left out."""
    row = tables.Offer
    statement = select(row).where(row.state == OfferState.OPEN.value, row.expires_at <= now).order_by(row.offer_id)
    return tuple(session.scalars(statement.with_for_update(skip_locked=True), execution_options=_FRESH))


def close_offer(
    session: Session, offer_id: int, target: OfferState, *, now: datetime, source: OfferState = OfferState.OPEN
) -> bool:
    """Compare-and-swap of an offer's state; acceptance is only for an offer whose time is not over."""
    row = tables.Offer
    statement = update(row).where(row.offer_id == offer_id, row.state == source.value)
    if target is OfferState.ACCEPTED:
        statement = statement.where(row.expires_at > now)
    return _changed(session, statement.values(state=target.value, closed_at=now))


def add_assignment(session: Session, offer: tables.Offer, skill: str, now: datetime) -> None:
    """Keep who took the call."""
    session.add(
        tables.Assignment(
            call_id=offer.call_id,
            agent_id=offer.agent_id,
            offer_id=offer.offer_id,
            skill=skill,
            accepted_at=now,
            ended_reason="",
        )
    )
    session.flush()


def last_assignment(session: Session, call_id: str) -> tables.Assignment | None:
    """Find the latest assignment of a call, ended or not."""
    row = tables.Assignment
    statement = select(row).where(row.call_id == call_id).order_by(row.assignment_id.desc()).limit(1)
    return session.scalars(statement, execution_options=_FRESH).one_or_none()


def live_assignment_of_agent(session: Session, agent_id: str) -> tables.Assignment | None:
    """Find the assignment that keeps an agent busy, in the talk or in the wrap-up."""
    row = tables.Assignment
    statement = select(row).where(row.agent_id == agent_id, row.wrap_up_ended_at.is_(None))
    return session.scalars(
        statement.order_by(row.assignment_id.desc()).limit(1), execution_options=_FRESH
    ).one_or_none()


def connect_assignment(session: Session, call_id: str, now: datetime) -> bool:
    """Note that caller and agent hear each other; the first time counts."""
    changes.mark(session, changes.QUEUES, changes.call(call_id))
    row = tables.Assignment
    statement = update(row).where(row.call_id == call_id, row.ended_at.is_(None), row.connected_at.is_(None))
    return _changed(session, statement.values(connected_at=now))


def end_assignment(session: Session, assignment_id: int, *, now: datetime, reason: str, wraps_up: bool) -> bool:
    """Compare-and-swap of a live assignment to an ended one; without wrap-up that ends at the same moment."""
    row = tables.Assignment
    values: dict[str, Any] = {"ended_at": now, "ended_reason": reason}
    if not wraps_up:
        values["wrap_up_ended_at"] = now
    return _changed(
        session, update(row).where(row.assignment_id == assignment_id, row.ended_at.is_(None)).values(values)
    )


def end_wrap_up(session: Session, agent_id: str, now: datetime) -> None:
    """Note the end of the agent's wrap-up."""
    row = tables.Assignment
    statement = update(row).where(row.agent_id == agent_id, row.ended_at.is_not(None), row.wrap_up_ended_at.is_(None))
    session.execute(statement.values(wrap_up_ended_at=now), execution_options={"synchronize_session": False})


def handling_seconds(session: Session, skill: str, since: datetime, limit: int) -> tuple[float, ...]:
    """How long each of the last `limit` talks of a skill since then kept its agent, wrap-up included."""
    row = tables.Assignment
    statement = (
        select(row.accepted_at, row.wrap_up_ended_at)
        .where(row.skill == skill, row.connected_at.is_not(None), row.wrap_up_ended_at.is_not(None))
        .where(row.ended_at >= since)
        .order_by(row.ended_at.desc())
        .limit(limit)
    )
    spans = session.execute(statement)
    return tuple((ended_at - accepted_at).total_seconds() for accepted_at, ended_at in spans if ended_at is not None)


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


def _held(session: Session, statement: Select[Any]) -> bool:
    # SQLite knows no row locks and leaves the clause out: its one writer at a time is lock enough.
    return session.scalar(statement.with_for_update(skip_locked=True)) is not None


def _changed(session: Session, statement: Update) -> bool:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], result).rowcount == 1


def last_offer(session: Session, *, call_id: str, agent_id: str) -> tables.Offer | None:
    """The offer of a call to an agent, the newest."""
    row = tables.Offer
    statement = (
        select(row).where(row.call_id == call_id, row.agent_id == agent_id).order_by(row.offer_id.desc()).limit(1)
    )
    return session.scalar(statement, execution_options=_FRESH)


def unconnected_assignments(session: Session, before: datetime) -> tuple[str, ...]:
    """Calls accepted before a time that are neither connected nor ended."""
    row = tables.Assignment
    statement = select(row.call_id).where(row.accepted_at < before, row.connected_at.is_(None), row.ended_at.is_(None))
    return tuple(session.scalars(statement))
