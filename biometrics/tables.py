"""The tables of voices; touched by this package's stores alone (`vault` and `alerts`, with what stands below them).

What could tell a voice (embeddings, fingerprints) or what was said of one lies sealed (`sealing`), bound to its row's customer:
each `sealed` column is opened with `about` = "TABLE/CUSTOMER_ID/REST OF THE KEY". No foreign key leaves this package.
"""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utc import UtcDateTime


class Base(DeclarativeBase):
    """The tables of this package."""


class VoiceprintRow(Base):
    """The voice of a customer, enrolled or not yet, and what was made of it: who deals with the voice locks this row first."""

    __tablename__ = "voiceprints"

    customer_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    status: Mapped[str] = mapped_column(String(12))  # collecting, enrolled, blocked (no voice proves this customer)
    # The columns of the enrolled voice stay empty until there is one.
    encoder: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(20))
    net_speech_seconds: Mapped[float]
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    enrolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when a sample was added last
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when it was enrolled or proved somebody last
    rejections: Mapped[int] = mapped_column(default=0)  # in a row, since the last acceptance or unlocking
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # the samples


class CollectedVoice(Base):
    """Samples of a customer on their way to a voiceprint: the first one, or a new one while the old one still serves."""

    __tablename__ = "collected_voices"

    customer_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    encoder: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(20))
    net_speech_seconds: Mapped[float]
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when a sample was added last
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # the samples


class CallVoice(Base):
    """What one turn of a call says about the voice of its caller; gone some days after the call."""

    __tablename__ = "call_voices"
    __table_args__ = (Index("call_voices_by_time", "at"), Index("call_voices_of_customer", "customer_id", "at"))

    call_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    encoder: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(20))
    net_speech_seconds: Mapped[float]
    refused: Mapped[str] = mapped_column(String(40), default="")  # the gate of quality that it failed; "" if none
    # "", or what it became part of (collected, voiceprint): a voice is no proof of the voiceprint that was made of it.
    went_into: Mapped[str] = mapped_column(String(12), default="")
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # the sample, where there is one


class VoiceDecision(Base):
    """Every decision on a voice, for the agent's card, for whoever asks why, and for the watch over drift."""

    __tablename__ = "voice_decisions"
    __table_args__ = (UniqueConstraint("call_id", "turn", "way"), Index("voice_decisions_by_time", "at"))

    decision_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(String(40))
    turn: Mapped[int]
    customer_id: Mapped[str] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    way: Mapped[str] = mapped_column(String(12))  # voice, digits, code
    outcome: Mapped[str] = mapped_column(String(14))  # accepted, rejected, inconclusive
    reason: Mapped[str] = mapped_column(String(120), default="")
    measured: Mapped[str] = mapped_column(Text, default="{}")  # JSON: the numbers of `biometrics.decision.Measured`


class Challenge(Base):
    """A step-up that waits for its answer: random digits to be said, or a one-time code that was sent."""

    __tablename__ = "voice_challenges"

    call_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    way: Mapped[str] = mapped_column(String(12), primary_key=True)  # digits, code
    customer_id: Mapped[str] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    settled: Mapped[bool] = mapped_column(default=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # the digits


class BackgroundVoice(Base):
    """One embedding of a consenting customer: together they are the deployment's own mean and cohort."""

    __tablename__ = "background_voices"
    __table_args__ = (Index("background_voices_by_encoder", "encoder", "at"),)

    customer_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    encoder: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class OwnTail(Base):
    """How comparisons of this deployment's own customers thin out upwards (`biometrics.calibration.Tail`): its threshold.

    Of one calibration, whose scale its numbers have.
    """

    __tablename__ = "own_tails"

    calibration: Mapped[str] = mapped_column(String(16), primary_key=True)  # its digest
    role: Mapped[str] = mapped_column(String(8), primary_key=True)  # now, or told: what supervisors have heard of last
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    begins_at: Mapped[float]
    scale: Mapped[float]
    shape: Mapped[float]
    pairs: Mapped[int]


class HeardFingerprint(Base):
    """The fingerprint of one heard utterance, so that the same recording is known when it comes again."""

    __tablename__ = "heard_fingerprints"
    __table_args__ = (Index("heard_fingerprints_of_customer", "customer_id", "at"),)

    call_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class WatchedVoice(Base):
    """A voice that a supervisor wants to hear of when it calls again; sealed about "watched_voices//WATCH_ID"."""

    __tablename__ = "watched_voices"

    watch_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    added_by: Mapped[str] = mapped_column(String(40))
    from_call: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    encoder: Mapped[str] = mapped_column(String(80))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # the samples, and the words that say why


class VoiceAlert(Base):
    """Something about a voice that a supervisor should look at."""

    __tablename__ = "voice_alerts"
    __table_args__ = (Index("voice_alerts_by_time", "at"),)

    alert_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(40))
    call_id: Mapped[str] = mapped_column(String(40), default="")
    customer_id: Mapped[str] = mapped_column(String(40), default="", index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    details: Mapped[str] = mapped_column(Text, default="{}")  # JSON of numbers and identifiers, no words and no names
    seen_by: Mapped[str] = mapped_column(String(40), default="")
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verdict: Mapped[str] = mapped_column(String(20), default="")  # "", attack, harmless
