"""Contacts of every channel: entered for those without a call, listed, and as reports ask for them: by matter, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, func, select
from sqlalchemy.orm import Session

from ivr.customers.tables import Contact
from sealing.columns import if_it_opens

# The channels without a call (DESIGN 1); a call's contact enters with the call.
CHANNELS = ("web", "email", "chat", "sms", "shop")


@dataclass(frozen=True, kw_only=True)
class KeptContact:
    """A contact as it is kept."""

    contact_id: int
    at: datetime
    channel: str
    reason: str
    outcome: str
    note: str  # "" also where its seal does not open
    call_id: str | None  # of a telephone contact


def add(
    session: Session, *, customer_id: str, at: datetime, channel: str, reason: str, outcome: str, note: str
) -> KeptContact:
    """Keep a contact on a channel other than the telephone."""
    made = Contact(customer_id=customer_id, at=at, channel=channel, reason=reason, outcome=outcome, note=note)
    session.add(made)
    session.flush()
    return _kept(made)


def every_of(session: Session, customer_id: str, *, limit: int, offset: int = 0) -> Sequence[KeptContact]:
    """A customer's contacts, the newest first."""
    newest_first = (Contact.at.desc(), Contact.contact_id.desc())
    query = select(Contact).where(Contact.customer_id == customer_id).order_by(*newest_first)
    return tuple(_kept(one) for one in session.scalars(query.limit(limit).offset(offset)))


def _kept(row: Contact) -> KeptContact:
    return KeptContact(
        contact_id=row.contact_id, at=row.at, channel=row.channel, reason=row.reason, outcome=row.outcome,
        note=if_it_opens(row, "note", ""), call_id=row.call_id,
    )  # fmt: skip


def of_calls(begins_at: datetime, ends_at: datetime) -> Select[Any]:
    """The calls whose contact was kept between two times."""
    return select(Contact.call_id).where(Contact.call_id.is_not(None), Contact.at >= begins_at, Contact.at < ends_at)


def with_neighbours(begins_at: datetime, ends_at: datetime) -> Subquery:
    """Contacts with a known reason between two times, each with its matter's neighbours among them.

    Columns: `call_id` (null on other channels), `at`, `reason`, `outcome`, `before` and `after`: when the same customer came for
    the same reason the last time, and the next; null for never.
    """
    matter: dict[str, Any] = {
        "partition_by": (Contact.customer_id, Contact.reason),
        "order_by": (Contact.at, Contact.contact_id),
    }
    return (
        select(
            Contact.call_id,
            Contact.at,
            Contact.reason,
            Contact.outcome,
            func.lag(Contact.at).over(**matter).label("before"),
            func.lead(Contact.at).over(**matter).label("after"),
        )
        .where(Contact.at >= begins_at, Contact.at < ends_at, Contact.reason != "")
        .subquery()
    )
