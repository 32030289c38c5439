"""Routing's tables: agents and their skills, waiting calls, offers, assignments, queues; and the history of each.

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


def _index_where(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of some rows only, which both databases know."""
    return Index(name, *columns, unique=unique, postgresql_where=text(where), sqlite_where=text(where))


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
    # When the wrap-up ends by itself; not null exactly in `wrap_up`.
    wrap_up_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    languages: Mapped[list[str]] = mapped_column(JSON)
    skills: Mapped[list["AgentSkill"]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    __table_args__ = (
        Index("ix_routing_agents_state", "state", "idle_since"),
        Index("ix_routing_agents_lease", "lease_until"),
        _index_where("ix_routing_agents_wrap_up", "wrap_up_until", where="wrap_up_until IS NOT NULL"),
    )


class AgentSkill(Base):
    """A skill of an agent, with its level."""

    __tablename__ = "routing_agent_skills"

    agent_id: Mapped[str] = mapped_column(ForeignKey("routing_agents.agent_id", ondelete="CASCADE"), primary_key=True)
    skill: Mapped[str] = mapped_column(_ID, primary_key=True)
    level: Mapped[int] = mapped_column(Integer)
    # The agent's `idle_since`, not null exactly while the agent is available: what finds the longest idle of a level.
    free_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    basis: Mapped[str] = mapped_column(String(500), default="", server_default="")  # what the level rests on

    __table_args__ = (
        Index("ix_routing_agent_skills_skill", "skill", "level"),
        _index_where(
            "ix_routing_agent_skills_free",
            "skill",
            "level",
            "free_since",
            "agent_id",
            where="free_since IS NOT NULL",
        ),
    )


class Waiting(Base):
    """A piece of work on its way to a person: a call, a callback, a consultation; the row stays when it has ended.

    A call's own row has the call's id; a consultation has an id of its own.
    """

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
    queue: Mapped[str] = mapped_column(_ID, default="general", server_default="general")
    kind: Mapped[str] = mapped_column(_CODE, default="call", server_default="call")  # outcomes.WorkKind
    only_agent_id: Mapped[str | None] = mapped_column(_ID)  # whom it is for, if for one agent alone
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)  # it is not its turn before
    # The lease of whoever rings the customer of a callback; null while nobody has taken that on.
    calling_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    overflow_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its queue gives it up, if it does
    # When a receipt of a non-decision is due next, and what the last one said: its ring and its reason.
    explain_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    explained: Mapped[str] = mapped_column(String(100), default="", server_default="")
    stay_id: Mapped[int | None] = mapped_column(Integer)  # the stay that is open, or was the last

    __table_args__ = (
        Index("ix_routing_waiting_order", "state", "ranked_at", "call_id"),
        Index("ix_routing_waiting_skill", "state", "skill", "ranked_at", "call_id"),
        _index_where("ix_routing_waiting_overflow", "overflow_at", where="state = 'waiting'"),
        _index_where("ix_routing_waiting_explain", "explain_at", where="state = 'waiting'"),
    )


class Stay(Base):
    """One stay of a call in a queue, from its coming to what became of it: what reports and what-if rest on."""

    __tablename__ = "routing_stays"

    stay_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    call_id: Mapped[str] = mapped_column(_ID)
    queue: Mapped[str] = mapped_column(_ID)
    skill: Mapped[str] = mapped_column(_ID)
    level: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(_CODE)
    language: Mapped[str] = mapped_column(_CODE, default="")  # the first that was asked for; "" for any
    requirements: Mapped[dict[str, Any]] = mapped_column(JSON)
    priority: Mapped[int] = mapped_column(Integer)
    boosts: Mapped[dict[str, int]] = mapped_column(JSON)
    transferred: Mapped[bool] = mapped_column(default=False)  # it came from another agent, not from the line
    enqueued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    came_at: Mapped[datetime] = mapped_column(
        UtcDateTime
    )  # since when it counts as waiting: earlier where a place is kept
    estimate_seconds: Mapped[int | None] = mapped_column(Integer)  # what the caller was told first
    estimate_low_seconds: Mapped[int | None] = mapped_column(Integer)  # its range
    estimate_high_seconds: Mapped[int | None] = mapped_column(Integer)
    estimated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it was told: it counts from there
    first_offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    offers: Mapped[int] = mapped_column(Integer, default=0)
    ring: Mapped[int] = mapped_column(Integer, default=0)  # of the last offer
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the acceptance, or the end of the waiting
    outcome: Mapped[str] = mapped_column(_CODE, default="")  # outcomes.StayOutcome; "" while it waits
    agent_id: Mapped[str | None] = mapped_column(_ID)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    connected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the talk
    wrap_up_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_seconds: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (
        _index_where("uq_routing_stays_open_call", "call_id", where="outcome = ''", unique=True),
        Index("ix_routing_stays_call", "call_id"),
        Index("ix_routing_stays_enqueued", "enqueued_at"),
        Index("ix_routing_stays_queue", "queue", "enqueued_at"),
        Index("ix_routing_stays_skill", "skill", "ended_at"),
        Index("ix_routing_stays_agent", "agent_id", "accepted_at"),
    )


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
    stay_id: Mapped[int | None] = mapped_column(Integer)

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
        Index("ix_routing_assignments_call", "call_id"),
        _index_where("ix_routing_assignments_wrap_up", "agent_id", where="wrap_up_ended_at IS NULL"),
    )


class AgentStateChange(Base):
    """A move of an agent from one state to another: the agents' history."""

    __tablename__ = "routing_agent_states"

    change_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    agent_id: Mapped[str] = mapped_column(_ID)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(_CODE)
    idle_since: Mapped[datetime] = mapped_column(UtcDateTime)
    away_reason: Mapped[str] = mapped_column(String(200), default="")
    by: Mapped[str] = mapped_column(_ID, default="")  # the account of who forced it; "" for the agent or the line

    __table_args__ = (
        Index("ix_routing_agent_states_agent", "agent_id", "at"),
        Index("ix_routing_agent_states_at", "at"),
    )


class AgentVersion(Base):
    """What an agent could do from a moment on: what receipts of the past and what-if are computed from."""

    __tablename__ = "routing_agent_versions"

    version_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    agent_id: Mapped[str] = mapped_column(_ID)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    skills: Mapped[dict[str, int]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    by: Mapped[str] = mapped_column(_ID, default="")

    __table_args__ = (Index("ix_routing_agent_versions_agent", "agent_id", "at"),)


class Queue(Base):
    """A queue's settings, as people edit them."""

    __tablename__ = "routing_queues"

    queue_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)  # routing.queues.Queue
    version: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(_ID, default="")


class Change(Base):
    """What a person changed in routing: written once, never updated."""

    __tablename__ = "routing_changes"

    change_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(_ID)
    what: Mapped[str] = mapped_column(String(100))  # "queue:orders", "skills:anna", "state:anna", "call:CA1"
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_routing_changes_what", "what", "at"), Index("ix_routing_changes_at", "at"))


class NonDecision(Base):
    """The receipt of why nobody was offered a call; that of a decision stands with its offer."""

    __tablename__ = "routing_receipts"

    receipt_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    call_id: Mapped[str] = mapped_column(_ID)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    ring: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_routing_receipts_call", "call_id", "at"),)


class Baton(Base):
    """A row to lock for work that one process does at a time; it is free again the moment its process dies."""

    __tablename__ = "routing_batons"

    name: Mapped[str] = mapped_column(_CODE, primary_key=True)


class WhatIf(Base):
    """A run of a past day against a change, as somebody asked for it, and what it came to."""

    __tablename__ = "routing_what_ifs"

    run_id: Mapped[str] = mapped_column(_CODE, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(_ID)
    day: Mapped[str] = mapped_column(_CODE)  # ISO date in the company's zone
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(_CODE)  # "running", "done", "failed"
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when its process was heard of last
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # routing.what_if.WhatIf

    __table_args__ = (Index("ix_routing_what_ifs_at", "at"),)
