"""The table of callbacks: whom the line is to ring back, when, and how far that has come."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime

from ivr.calls.tables import Base
from sealing.columns import SealedText


class Callback(Base):
    """Somebody to be rung back; its place among the waiting calls is routing's, under the same id."""

    __tablename__ = "callbacks"
    __table_args__ = (
        Index("callbacks_by_state", "state", "due_at"),
        Index("callbacks_of_call", "call_id"),
        Index("callbacks_of_customer", "customer_id", "state"),
    )

    callback_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    call_id: Mapped[str | None] = mapped_column(String(40))  # the call whose story goes on
    customer_id: Mapped[str | None] = mapped_column(String(40))
    number = SealedText("callback_id")  # E.164
    note = SealedText("callback_id")
    language: Mapped[str] = mapped_column(String(5))
    keeps_place: Mapped[bool]  # the caller asked for it while waiting; else an agent, or the line at closed hours
    agent_id: Mapped[str | None] = mapped_column(String(64))  # who should take it
    state: Mapped[str] = mapped_column(String(12))  # `ivr.calls.callbacks`: waiting, ringing, answered, ...
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)  # not rung before
    tries: Mapped[int] = mapped_column(default=0)  # rings that did not reach the person
    # Which ring it is: only the last one's reports count, so that a ring of a process that died changes nothing later.
    ring: Mapped[int] = mapped_column(default=0)
    leg: Mapped[str | None] = mapped_column(
        String(40), index=True
    )  # CallSid of that ring, once the carrier has told it
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
