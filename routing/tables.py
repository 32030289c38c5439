"""Routing's tables: agents and their skills, waiting calls, offers, assignments.

What may happen to them is left to `dispatch`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy_utc import UtcDateTime

# Wide enough for a carrier's call sid (34 characters) and any identifier of ours.
_ID = String(64)
_CODE = String(32)


class Base(DeclarativeBase):
    """Routing's own tables."""


class Agent(Base):
    """Somebody who takes calls."""

    __tablename__ = "routing_agents"

    agent_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(200))  # "client:anna", "+39...", "sip:..."
    state: Mapped[str] = mapped_column(_CODE)
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    idle_since: Mapped[datetime] = mapped_column(UtcDateTime)
    away_reason: Mapped[str] = mapped_column(String(200), default="")
    # Until when the agent's desk is known to be open; none for an agent without a desk.
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    languages: Mapped[list[str]] = mapped_column(JSON)
    skills: Mapped[list["AgentSkill"]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    __table_args__ = (
        Index("ix_routing_agents_state", "state", "idle_since"),
        Index("ix_routing_agents_lease", "lease_until"),
    )


class AgentSkill(Base):
    """A skill of an agent, with its level."""

    __tablename__ = "routing_agent_skills"

    agent_id: Mapped[str] = mapped_column(ForeignKey("routing_agents.agent_id", ondelete="CASCADE"), primary_key=True)
    skill: Mapped[str] = mapped_column(_ID, primary_key=True)
    level: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_routing_agent_skills_skill", "skill", "level"),)


class Waiting(Base):
    """A call on its way to a person; the row stays when the call has ended."""

    __tablename__ = "routing_waiting"

    call_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    skill: Mapped[str] = mapped_column(_ID)
    requirements: Mapped[dict[str, Any]] = mapped_column(JSON)
    priority: Mapped[int] = mapped_column(Integer)
    boosts: Mapped[dict[str, int]] = mapped_column(JSON)
    enqueued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ranked_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the order: waiting.ranked_at
    state: Mapped[str] = mapped_column(_CODE)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_reason: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index("ix_routing_waiting_order", "state", "ranked_at", "call_id"),)


class Offer(Base):
    """An agent being rung for a call, or that it happened."""

    __tablename__ = "routing_offers"

    offer_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    call_id: Mapped[str] = mapped_column(_ID)
    agent_id: Mapped[str] = mapped_column(_ID)
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(_CODE)  # store.OfferState
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (
        # The last defence behind the compare-and-swap: no call rings two agents, no agent is rung for two calls.
        Index(
            "uq_routing_offers_open_call",
            "call_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index(
            "uq_routing_offers_open_agent",
            "agent_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index("ix_routing_offers_call", "call_id", "agent_id"),
        Index("ix_routing_offers_due", "state", "expires_at"),
    )


class Assignment(Base):
    """An agent who took a call, from the acceptance to the end of the wrap-up."""

    __tablename__ = "routing_assignments"

    assignment_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    call_id: Mapped[str] = mapped_column(_ID)
    agent_id: Mapped[str] = mapped_column(_ID)
    offer_id: Mapped[int] = mapped_column(ForeignKey("routing_offers.offer_id"), unique=True)
    skill: Mapped[str] = mapped_column(_ID)
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    connected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_reason: Mapped[str] = mapped_column(String(200), default="")
    wrap_up_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_routing_assignments_live_call",
            "call_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_routing_assignments_live_agent",
            "agent_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index("ix_routing_assignments_skill", "skill", "ended_at"),
    )
