"""What a customer has had with the company, as far back as a person reads it: cases open and closed, returns, messages.

The session comes from outside; nothing here commits.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.customers import store
from ivr.customers.tables import Case, Message, Order, Return
from sealing.columns import if_it_opens

# Who reads a history reads its newest part; a customer with more than these has them in the export.
MOST = 40


def cases_of(session: Session, customer_id: str, *, most: int = MOST) -> Sequence[Case]:
    """The cases of a customer, open and closed, the newest first."""
    query = select(Case).where(Case.customer_id == customer_id).order_by(Case.opened_at.desc(), Case.case_id)
    return session.scalars(query.limit(most)).all()


def case(session: Session, case_id: str, *, lock: bool = False) -> Case | None:
    """One case; `lock` keeps everybody else from closing it meanwhile."""
    query = select(Case).where(Case.case_id == case_id)
    return session.scalar(query.with_for_update() if lock else query)


def returns_of(session: Session, customer_id: str, *, most: int = MOST) -> Sequence[Return]:
    """The returns of a customer, under way and over, the newest first."""
    query = select(Return).join(Order).where(Order.customer_id == customer_id)
    return session.scalars(query.order_by(Return.opened_at.desc()).limit(most)).all()


def messages_of(session: Session, calls: Collection[str], *, most: int = MOST) -> Sequence[Message]:
    """The text messages of these calls, the newest first."""
    query = select(Message).where(Message.call_id.in_(calls)).order_by(Message.asked_at.desc())
    return session.scalars(query.limit(most)).all()


def close_case(row: Case, now: datetime) -> bool:
    """Close a case; False when it was closed before."""
    if row.closed_at is not None:
        return False
    row.closed_at = now
    return True


def extend(session: Session, case_id: str, *, summary: str, due_at: datetime | None) -> None:
    """Add to what a case is about, which is then due at the earlier of the two times."""
    row = case(session, case_id, lock=True)
    before = "" if row is None else if_it_opens(row, "summary", "")
    if row is None or summary in before:
        return
    row.summary = f"{before}\n{summary}".strip()
    row.due_at = min(row.due_at, due_at or row.due_at)


def is_of(row: Case, *, customer_id: str | None, number: str) -> bool:
    """Whether a case is this customer's; one that is nobody's is whoever's number it names."""
    if row.customer_id is not None:
        return row.customer_id == customer_id
    return bool(row.number) and row.number == number


def order_in_question(session: Session, customer_id: str, today: date) -> Order | None:
    """The order that a call is most likely about: the latest of those that are late, else the newest."""
    orders = store.orders_of(session, customer_id)
    late = max(orders, key=lambda order: store.days_late(order, today), default=None)
    if late is not None and store.days_late(late, today):
        return late
    return orders[0] if orders else None
