"""What a board shows of customers: the names of many at once, and how many cases are past their due time."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.customers.tables import Case, Customer
from sealing.columns import Cell
from sealing.keys import SealBrokenError

_log = logging.getLogger(__name__)


class Names:
    """Names of customers, each opened once for as long as it lies there unchanged."""

    def __init__(self) -> None:
        self._opened: dict[str, tuple[Cell, str | None]] = {}

    def of(self, session: Session, customer_ids: Iterable[str]) -> Mapping[str, str]:
        """Names by identifier; one that does not open is left out, with a line in the log. Nobody else is remembered."""
        wanted = sorted(set(customer_ids))
        kept = session.execute(
            select(Customer.customer_id, Customer.name.column).where(Customer.customer_id.in_(wanted))
        )
        before, self._opened = self._opened, {}
        for customer_id, cell in kept:
            known = before.get(customer_id)
            self._opened[customer_id] = known if known and known[0] == cell else (cell, _opened(customer_id, cell))
        return {customer_id: name for customer_id, (_, name) in self._opened.items() if name is not None}


def _opened(customer_id: str, cell: Cell) -> str | None:
    try:
        return Customer.name.opened(cell, customer_id=customer_id)
    except SealBrokenError as error:
        _log.error("a sealed value does not open: %s", error)
        return None


def overdue_cases(session: Session, now: datetime) -> int:
    """How many open cases are past their due time."""
    open_and_late = select(func.count()).select_from(Case).where(Case.closed_at.is_(None), Case.due_at < now)
    return session.scalar(open_and_late) or 0
