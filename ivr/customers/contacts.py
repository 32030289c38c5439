"""Contacts as reports ask for them: each with the same matter's contacts before and after it. Reads only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, func, select

from ivr.customers.tables import Contact


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
