"""Offers kept in the story of the call that they are about: a call's own, or those of a consultation about it."""

from datetime import datetime

from sqlalchemy.orm import Session

from ivr.calls import legs, store
from routing import dispatch
from routing.outcomes import Missed, Offered
from routing.waiting import Rules


def offer_waiting(session: Session, rules: Rules, now: datetime) -> None:
    """Offer what waits to whoever is free."""
    for offered in dispatch.dispatch(session, now, rules):
        note_offered(session, offered, now)


def note_offered(session: Session, offered: Offered, now: datetime) -> None:
    """An agent is being rung."""
    _note(session, "offered", offered.call_id, offered.agent_id, now)


def note_missed(session: Session, missed: Missed, now: datetime) -> None:
    """An agent did not answer in time."""
    _note(session, "missed", missed.call_id, missed.agent_id, now)


def note_declined(session: Session, work_id: str, agent_id: str, now: datetime) -> None:
    """An agent passed it on."""
    _note(session, "declined", work_id, agent_id, now)


def _note(session: Session, kind: str, work_id: str, agent_id: str, now: datetime) -> None:
    call_id = legs.call_of(session, work_id)
    kind = kind if call_id == work_id else f"consult_{kind}"
    store.note(session, call_id, kind, {"agent": agent_id}, now)
