"""The tables of calls: the state that any worker can go on from, turns, legs, what happened besides, and the effort scores.

What a caller may have said, and what was said to them, lies sealed; who called, when, and where the call stands is looked for.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime

from sealing.columns import SealedText


class Base(DeclarativeBase):
    """The tables of this package."""


class Call(Base):
    """One call of a caller, from its first webhook on."""

    __tablename__ = "calls"
    __table_args__ = (
        Index("calls_by_status", "status", "started_at"),
        Index("calls_by_number", "from_number", "started_at"),
        Index("calls_by_time", "started_at"),
    )

    call_id: Mapped[str] = mapped_column(String(40), primary_key=True)  # the carrier's CallSid
    # As the carrier gave it; "" when hidden; of a callback, the one rung.
    from_number: Mapped[str] = mapped_column(String(60))
    to_number: Mapped[str] = mapped_column(String(60))
    flow: Mapped[str] = mapped_column(String(40))
    flow_version: Mapped[int]
    # carrier, stream, or given_up: ours failed, the carrier to the end
    listening: Mapped[str] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(5))
    status: Mapped[str] = mapped_column(String(12))  # in_line, waiting, talking, ended
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    turn: Mapped[int] = mapped_column(default=0)  # the last prompt that was issued; its answer is the next one
    node: Mapped[str] = mapped_column(String(60), default="")
    state = SealedText("call_id")  # the flow's own state, JSON
    expecting = SealedText("call_id")  # what the open question waits for, JSON
    heard = SealedText("call_id")  # what the media socket heard for the open question, JSON
    # What the caller has said so far of the turn that is being spoken; "" once it is over.
    words_so_far = SealedText("call_id")
    customer_id: Mapped[str | None] = mapped_column(String(40), index=True)
    reason: Mapped[str] = mapped_column(String(40), default="")
    route_reason: Mapped[str] = mapped_column(String(80), default="")
    # Who has the call, and the CallSid of their leg; an outside number that has it is a leg without an agent.
    agent_id: Mapped[str | None] = mapped_column(String(40))
    agent_leg: Mapped[str | None] = mapped_column(String(40))
    conference_id: Mapped[str | None] = mapped_column(String(40))
    on_hold: Mapped[bool] = mapped_column(default=False)  # as the carrier reports it
    hold_wanted: Mapped[bool] = mapped_column(default=False)  # as it was last asked of the carrier
    hold_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sequence: Mapped[int] = mapped_column(default=-1)  # the last status callback that counted
    # The call whose story goes on in this one: its line dropped, or it was to be rung back.
    continues_id: Mapped[str | None] = mapped_column(String(40))


class CallLeg(Base):
    """A leg of a call beyond the caller's: an agent's, a consulted one's, a number's that a call goes to, a supervisor's."""

    __tablename__ = "call_legs"
    __table_args__ = (
        Index("call_legs_of_call", "call_id", "leg_id"),
        Index("call_legs_by_state", "state", "due_at"),
        Index("call_legs_by_agent", "agent_id", "state"),
    )

    leg_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(12))  # agent, consulted, supervisor
    mode: Mapped[str] = mapped_column(String(8))  # talk, listen, whisper
    state: Mapped[str] = mapped_column(String(8))  # wanted, ringing, in, leaving, left, failed
    agent_id: Mapped[str | None] = mapped_column(String(64))  # none for a number
    address: Mapped[str] = mapped_column(String(200))  # what is rung, "" while it is not known who takes it
    name: Mapped[str] = mapped_column(String(200))  # of whom it is, for people
    work_id: Mapped[str | None] = mapped_column(
        String(64), unique=True
    )  # routing's piece of work, if it is not the call's own
    sid: Mapped[str | None] = mapped_column(String(40))  # the carrier's CallSid
    asked_by: Mapped[str] = mapped_column(String(64))  # agent or account; "" for the line
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by then it must have come in, or have left
    in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # since when caller and this leg can hear each other
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(60), default="")  # why it failed or left
    muted: Mapped[bool] = mapped_column(default=False)
    ends: Mapped[bool] = mapped_column(default=False)  # the conference ends when this leg leaves it


class Turn(Base):
    """A prompt, and what had come back to the one before it; the answer stands here to be given again."""

    __tablename__ = "turns"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    # What came back to turn - 1.
    heard = SealedText("call_id", "turn")
    keys = SealedText("call_id", "turn")
    intent: Mapped[str] = mapped_column(String(40), default="")
    confidence: Mapped[float | None]
    ended: Mapped[str] = mapped_column(String(12), default="")  # how turn - 1 ended: speech, keys, silence, hang-up
    # How it was heard, JSON: by, confidence, words, alternatives, times, why it ended, what was lost (`ivr.calls.explained`).
    hearing = SealedText("call_id", "turn")
    # What this turn says, and why.
    node: Mapped[str] = mapped_column(String(60))
    prompt = SealedText("call_id", "turn")
    facts = SealedText("call_id", "turn")  # JSON list of {kind, values}
    answer = SealedText("call_id", "turn")  # the document given to the carrier
    # The nodes entered on the way to it, JSON list; open, since a node's name is nobody's data.
    path: Mapped[str] = mapped_column(Text, default="[]")
    # What happened at which node, JSON list of [trace, node] (`ivr.flow.traces`).
    traces: Mapped[str] = mapped_column(Text, default="[]")


class Happening(Base):
    """Something that happened to a call outside its turns: proofs, offers, meeting, hold, the end."""

    __tablename__ = "happenings"
    __table_args__ = (Index("happenings_of_call", "call_id", "happening_id"),)

    happening_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(40))
    details = SealedText("call_id")  # JSON object


class Effort(Base):
    """A customer effort score (1 very easy - 7 very hard); the steps that it judges are the call's turns."""

    __tablename__ = "effort_scores"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True)
    score: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class WordingHeard(Base):
    """Which of two wordings that are tried a call heard of a prompt, the first time that it heard it."""

    __tablename__ = "wordings_heard"
    __table_args__ = (Index("wordings_by_trial", "trial", "language"),)

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    language: Mapped[str] = mapped_column(String(5))
    arm: Mapped[str] = mapped_column(String(1))  # a: the prompt's own text, b: its alternative
    trial: Mapped[str] = mapped_column(String(16))  # the two texts (`ivr.calls.wording_arms.trial_of`)
    flow_version: Mapped[int]
    turn: Mapped[int]
    node: Mapped[str] = mapped_column(String(60))  # where the turn stood after it
    asked: Mapped[bool]  # the turn was a question
    at: Mapped[datetime] = mapped_column(UtcDateTime)
