"""The one context that travels with a call: what an agent reads first. Records only; `ivr.calls.story` fills them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One way in which the caller showed who they are."""

    kind: str  # "number_on_file", "order_and_postcode", "voice", "digits", "code"
    outcome: str  # "accepted", "rejected", "inconclusive"
    detail: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Who:
    """Who is calling, and how sure the line is of it."""

    customer_id: str | None
    name: str | None
    number: str  # as the carrier gave it; "" when hidden
    certainty: str  # "none", "claimed", "likely", "proved"
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, kw_only=True)
class HeardWord:
    """A word as it was heard."""

    text: str
    confidence: float | None  # the recogniser's, 0-1; None where it tells none
    is_sure: bool


@dataclass(frozen=True, kw_only=True)
class OtherReading:
    """Another way in which the same sound was heard."""

    text: str
    confidence: float | None
    by: str


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """How a turn was heard, as far as that is known: what explains what the line made of it."""

    by: str  # "vosk", "vosk restricted", "whisper", "carrier", "keys"; "" for unknown
    confidence: float | None  # the recogniser's in the words, 0-1; another thing than what is made of their meaning
    is_sure: bool | None  # None where there is no confidence
    words: tuple[HeardWord, ...]
    alternatives: tuple[OtherReading, ...]  # that read other words
    seconds: float | None  # sound that was listened to
    speech_seconds: float | None  # of it with a voice
    first_word_seconds: float | None  # from the beginning of the listening; None where nobody spoke
    ended: str  # a value of `ivr.speech.turn.Ending`, "not_admitted", "hang-up"; "" for unknown
    interrupted_prompt: bool
    late_messages: int
    lost_seconds: float
    refused_messages: int
    failure: str  # why nothing could be heard, "" if all went well

    @property
    def is_damaged(self) -> bool:
        """Whether something was lost on the line."""
        return bool(self.late_messages or self.lost_seconds or self.refused_messages)


@dataclass(frozen=True, kw_only=True)
class TurnLine:
    """One turn: one prompt and what came back."""

    turn: int
    at: datetime
    node: str
    prompt: str  # the words spoken to the caller
    heard: str  # the caller's words, "" if none
    keys: str
    intent: str  # "" if none
    confidence: float | None
    ended: str  # "speech", "keys", "silence", "hang-up", "" while open
    hearing: Hearing | None  # None while open, and for turns of before it was kept
    has_audio: bool  # whether the caller's voice is kept, on their consent


@dataclass(frozen=True, kw_only=True)
class DoneLine:
    """Something the line did or decided, and why, in plain words of the reader's language."""

    at: datetime
    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """An order of the customer."""

    number: str
    placed_on: str
    status: str
    due_on: str
    is_late: bool
    items: str
    postcode: str  # to hold against the one that a caller gives


@dataclass(frozen=True, kw_only=True)
class CaseLine:
    """Work that stays open."""

    case_id: str
    kind: str
    opened_at: datetime
    due_at: datetime
    is_overdue: bool
    summary: str


@dataclass(frozen=True, kw_only=True)
class ContactLine:
    """A past dealing with the company, on any channel."""

    at: datetime
    channel: str
    reason: str
    outcome: str
    note: str


@dataclass(frozen=True, kw_only=True)
class CallContext:
    """The whole story of a call, live or ended."""

    call_id: str
    status: str  # "in the line", "waiting", "with an agent", "ended"
    started_at: datetime
    ended_at: datetime | None
    language: str
    to_number: str
    flow: str
    flow_version: int
    node: str
    who: Who
    reason: str  # the intent that brought the call where it is, "" if none yet
    route_reason: str  # why it goes to a person, "" if it does not
    said: tuple[TurnLine, ...]
    words_so_far: str  # of the turn that is being spoken, "" between turns
    done: tuple[DoneLine, ...]
    orders: tuple[OrderLine, ...]
    cases: tuple[CaseLine, ...]
    contacts: tuple[ContactLine, ...]
    agent_id: str | None
    on_hold: bool
