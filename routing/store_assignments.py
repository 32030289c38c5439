"""Statements about assignments, and what they make of the stays that they end. Nothing here commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from routing import changes, store_stays, tables
from routing.outcomes import StayOutcome
from routing.store_statements import FRESH, UNSYNCHRONISED


def add_assignment(session: Session, offer: tables.Offer, skill: str, now: datetime) -> None:
    """Keep who took the call; its stay in the queue is over."""
    stay_id = store_stays.answer_stay(session, offer.call_id, agent_id=offer.agent_id, now=now)
    session.add(
        tables.Assignment(
            call_id=offer.call_id,
            agent_id=offer.agent_id,
            offer_id=offer.offer_id,
            skill=skill,
            accepted_at=now,
            ended_reason="",
            stay_id=stay_id,
        )
    )
    session.flush()


def last_assignment(session: Session, call_id: str) -> tables.Assignment | None:
    """Find the latest assignment of a call, ended or not."""
    row = tables.Assignment
    statement = select(row).where(row.call_id == call_id).order_by(row.assignment_id.desc()).limit(1)
    return session.scalars(statement, execution_options=FRESH).one_or_none()


def live_assignment_of_agent(session: Session, agent_id: str) -> tables.Assignment | None:
    """Find the assignment that keeps an agent busy, in the talk or in the wrap-up."""
    row = tables.Assignment
    statement = select(row).where(row.agent_id == agent_id, row.wrap_up_ended_at.is_(None))
    return session.scalars(statement.order_by(row.assignment_id.desc()).limit(1), execution_options=FRESH).one_or_none()


def unconnected_assignments(session: Session, before: datetime) -> tuple[str, ...]:
    """Calls accepted before a time that are neither connected nor ended."""
    row = tables.Assignment
    statement = select(row.call_id).where(row.accepted_at < before, row.connected_at.is_(None), row.ended_at.is_(None))
    return tuple(session.scalars(statement))


def connect_assignment(session: Session, call_id: str, now: datetime) -> bool:
    """Note that caller and agent hear each other; the first time counts."""
    changes.mark(session, changes.QUEUES, changes.call(call_id))
    row = tables.Assignment
    statement = update(row).where(row.call_id == call_id, row.ended_at.is_(None), row.connected_at.is_(None))
    met = session.execute(
        statement.values(connected_at=now).returning(row.stay_id), execution_options=UNSYNCHRONISED
    ).one_or_none()
    if met is not None and met.stay_id is not None:
        store_stays.connect_stay(session, met.stay_id, now)
    return met is not None


def end_assignment(session: Session, assignment_id: int, *, now: datetime, reason: str, wraps_up: bool) -> bool:
    """Compare-and-swap of a live assignment to an ended one; without wrap-up that ends at the same moment.

    The stay keeps the end of the talk; what becomes of a call whose talk never began is said by the caller of this.
    """
    row = tables.Assignment
    values: dict[str, Any] = {"ended_at": now, "ended_reason": reason}
    if not wraps_up:
        values["wrap_up_ended_at"] = now
    statement = update(row).where(row.assignment_id == assignment_id, row.ended_at.is_(None))
    ended = session.execute(
        statement.values(values).returning(row.stay_id, row.connected_at), execution_options=UNSYNCHRONISED
    ).one_or_none()
    if ended is not None and ended.stay_id is not None and ended.connected_at is not None:
        store_stays.end_talk_of_stay(session, ended.stay_id, now=now, wraps_up=wraps_up)
    return ended is not None


def give_assignment(session: Session, assignment: tables.Assignment, call_id: str) -> None:
    """What an agent was asked about is theirs from now on: the assignment, and its stay, are the call's own."""
    changes.mark(session, changes.QUEUES, changes.call(call_id))
    row = tables.Assignment
    statement = update(row).where(row.assignment_id == assignment.assignment_id).values(call_id=call_id)
    session.execute(statement, execution_options=UNSYNCHRONISED)
    if assignment.stay_id is not None:
        store_stays.give_stay(session, assignment.stay_id, call_id)


def lose_assignment(session: Session, assignment: tables.Assignment, outcome: StayOutcome, now: datetime) -> None:
    """The caller was gone before the two met: the stay was no answer."""
    if assignment.stay_id is not None:
        store_stays.lose_stay(session, assignment.stay_id, outcome, now)


def end_wrap_up(session: Session, agent_id: str, now: datetime) -> None:
    """Note the end of the agent's wrap-up."""
    row = tables.Assignment
    statement = update(row).where(row.agent_id == agent_id, row.ended_at.is_not(None), row.wrap_up_ended_at.is_(None))
    ended = session.scalars(
        statement.values(wrap_up_ended_at=now).returning(row.stay_id), execution_options=UNSYNCHRONISED
    )
    stay_ids = tuple(one for one in ended if one is not None)
    if stay_ids:
        store_stays.end_wrap_up_of_stays(session, stay_ids, now)
