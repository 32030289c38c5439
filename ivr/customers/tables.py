"""The tables of customers and of what they have with the company; touched by `ivr.customers.store` alone.

Orders and returns are the built-in connector's: a company that keeps them elsewhere looks them up there.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime

from sealing.columns import SealedBytes, SealedText


class Base(DeclarativeBase):
    """The tables of this package."""


class Customer(Base):
    """A person or company that the company knows."""

    __tablename__ = "customers"

    customer_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name = SealedText("customer_id")
    language: Mapped[str] = mapped_column(String(5), default="it")
    preferred_channel: Mapped[str] = mapped_column(String(20), default="phone")
    email = SealedText("customer_id")


class CustomerNumber(Base):
    """A telephone number on a customer's file; two customers may share one."""

    __tablename__ = "customer_numbers"

    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), primary_key=True, index=True)  # E.164


class Order(Base):
    """What a customer bought."""

    __tablename__ = "orders"

    order_number: Mapped[str] = mapped_column(String(12), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id", ondelete="CASCADE"), index=True)
    items: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))  # preparing, shipped, delivered, cancelled
    placed_on: Mapped[date]
    due_on: Mapped[date]
    promised_on: Mapped[date]  # the day first promised: due later than this is late
    delivered_on: Mapped[date | None]
    carrier: Mapped[str] = mapped_column(String(40), default="")
    postcode: Mapped[str] = mapped_column(String(10))


class Return(Base):
    """Goods on their way back."""

    __tablename__ = "returns"

    return_number: Mapped[str] = mapped_column(String(12), primary_key=True)
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.order_number", ondelete="CASCADE"), unique=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_in_call: Mapped[str] = mapped_column(String(40), default="")


class Case(Base):
    """Work that stays open until somebody closes it, with a due time."""

    __tablename__ = "cases"
    __table_args__ = (UniqueConstraint("opened_in_call", "kind", name="one_case_of_a_kind_per_call"),)

    case_id: Mapped[str] = mapped_column(String(12), primary_key=True)
    customer_id: Mapped[str | None] = mapped_column(
        ForeignKey("customers.customer_id", ondelete="SET NULL"), index=True
    )
    number: Mapped[str] = mapped_column(String(20), default="")  # to call back, E.164; "" where unknown
    kind: Mapped[str] = mapped_column(String(20))  # complaint, question, return, callback, follow-up
    summary = SealedText("case_id")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_in_call: Mapped[str] = mapped_column(String(40))


class Contact(Base):
    """One dealing of a customer with the company, on any channel."""

    __tablename__ = "contacts"
    __table_args__ = (Index("contacts_of_customer", "customer_id", "at"), Index("contacts_by_time", "at"))

    contact_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    channel: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40), default="")
    outcome: Mapped[str] = mapped_column(String(40), default="")
    note = SealedText("customer_id")
    call_id: Mapped[str | None] = mapped_column(String(40), unique=True)


class Consent(Base):
    """A customer's answer for one purpose, with how it was asked; added, never changed: the newest of a purpose counts."""

    __tablename__ = "consents"
    __table_args__ = (Index("consents_of_customer", "customer_id", "purpose", "at"),)

    consent_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(40))
    granted: Mapped[bool]  # whether the answer is a yes
    answer: Mapped[str] = mapped_column(String(10), default="no", server_default="no")  # yes, no, unclear, withdrawn
    asked_by: Mapped[str] = mapped_column(String(10), default="line", server_default="line")  # line, agent, web, admin
    wording: Mapped[str] = mapped_column(String(80))  # prompt key
    wording_version: Mapped[int]
    language: Mapped[str] = mapped_column(String(5))
    channel: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    call_id: Mapped[str] = mapped_column(String(40), default="")
    turn: Mapped[int | None]  # of the call, the one that holds the answer
    # The answer, words or keys. A no's words do not open as a yes's.
    heard = SealedText("customer_id", "purpose", "answer", "call_id")


class Erasure(Base):
    """That something of a customer was erased, without saying whose: so that a restored backup is caught."""

    __tablename__ = "erasures"

    erasure_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    scope: Mapped[str] = mapped_column(String(20))  # voice, audio, notes, person, person_and_orders
    asked_by: Mapped[str] = mapped_column(String(10))  # line, agent, web, admin
    customer_mac: Mapped[str] = mapped_column(String(64))  # HMAC-SHA256 of the customer_id under the key beside it
    key = SealedText("erasure_id")  # for this row alone, hexadecimal


class Message(Base):
    """A text message sent to a customer's number."""

    __tablename__ = "messages"

    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(String(40), index=True)
    to_number: Mapped[str] = mapped_column(String(20))
    text = SealedText("call_id")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(20))  # asked, accepted, failed


class CallAudio(Base):
    """What a caller said in one turn, as sound: kept on their consent alone, and no longer than that allows."""

    __tablename__ = "call_audio"
    __table_args__ = (Index("call_audio_by_end", "kept_until"),)

    call_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Whose consent it rests on: with the customer, or with the consent, it is gone.
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id", ondelete="CASCADE"), index=True)
    kept_until: Mapped[datetime] = mapped_column(UtcDateTime)
    flac = SealedBytes("customer_id", "call_id", "turn")
