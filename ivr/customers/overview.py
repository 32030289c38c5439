"""What a board shows of customers: the names of many at once, and how many cases are past their due time."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.customers.tables import Case, Customer
from sealing.keys import SealBrokenError

_log = logging.getLogger(__name__)


def names_of(session: Session, customer_ids: Iterable[str]) -> Mapping[str, str]:
    """Names by identifier; one that does not open is left out, with a line in the log."""
    wanted = sorted(set(customer_ids))
    names = {}
    for customer_id, kept in session.execute(
        select(Customer.customer_id, Customer.name.column).where(Customer.customer_id.in_(wanted))
    ):
        try:
            names[customer_id] = Customer.name.opened(kept, customer_id=customer_id)
        except SealBrokenError as error:
            _log.error("a sealed value does not open: %s", error)
    return names


def overdue_cases(session: Session, now: datetime) -> int:
    """How many open cases are past their due time."""
    open_and_late = select(func.count()).select_from(Case).where(Case.closed_at.is_(None), Case.due_at < now)
    return session.scalar(open_and_late) or 0
