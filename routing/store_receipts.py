"""Statements about receipts: those of a call's offers, and those of when nobody could take it. Nothing here commits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from routing import tables
from routing.outcomes import OfferState
from routing.receipts import Receipt, receipt_from_json


@dataclass(frozen=True, kw_only=True)
class KeptReceipt:
    """A receipt as it was kept, and what became of the offer if there was one."""

    at: datetime
    receipt: Receipt
    offer: OfferState | None  # none: nobody was offered the call


def receipts_of(session: Session, call_id: str) -> tuple[KeptReceipt, ...]:
    """Every receipt of a call, the oldest first."""
    offer, nobody = tables.Offer, tables.NonDecision
    offered = select(offer.offered_at, offer.receipt, offer.state).where(offer.call_id == call_id)
    alone = select(nobody.at, nobody.content).where(nobody.call_id == call_id)
    kept = [
        KeptReceipt(at=at, receipt=receipt_from_json(content), offer=OfferState(state))
        for at, content, state in session.execute(offered.order_by(offer.offer_id))
    ]
    kept += [
        KeptReceipt(at=at, receipt=receipt_from_json(content), offer=None)
        for at, content in session.execute(alone.order_by(nobody.receipt_id))
    ]
    return tuple(sorted(kept, key=lambda one: (one.at, one.offer is not None)))
