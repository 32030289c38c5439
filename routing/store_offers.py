"""Statements about offers, and of who refused which call. Nothing here commits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from routing import tables
from routing.agents import Candidate
from routing.outcomes import OfferState
from routing.receipts import Receipt
from routing.store_statements import FRESH, changed
from routing.waiting import WaitingState

_REFUSED = (OfferState.DECLINED, OfferState.MISSED)


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
    return session.scalars(statement, execution_options=FRESH).one_or_none()


def last_offer(session: Session, *, call_id: str, agent_id: str) -> tables.Offer | None:
    """The offer of a call to an agent, the newest."""
    row = tables.Offer
    statement = (
        select(row).where(row.call_id == call_id, row.agent_id == agent_id).order_by(row.offer_id.desc()).limit(1)
    )
    return session.scalar(statement, execution_options=FRESH)


def due_offers(session: Session, now: datetime) -> tuple[tables.Offer, ...]:
    """Open offers whose time is over, locked; those that somebody else is just closing are left out."""
    row = tables.Offer
    statement = select(row).where(row.state == OfferState.OPEN.value, row.expires_at <= now).order_by(row.offer_id)
    return tuple(session.scalars(statement.with_for_update(skip_locked=True), execution_options=FRESH))


def close_offer(
    session: Session, offer_id: int, target: OfferState, *, now: datetime, source: OfferState = OfferState.OPEN
) -> bool:
    """Compare-and-swap of an offer's state; acceptance is only for an offer whose time is not over."""
    row = tables.Offer
    statement = update(row).where(row.offer_id == offer_id, row.state == source.value)
    if target is OfferState.ACCEPTED:
        statement = statement.where(row.expires_at > now)
    return changed(session, statement.values(state=target.value, closed_at=now))
