"""The door to the human on a leg.

What the line tells a person (it rings, this is played, it ended) and what a person gives the line (answers, keys, words,
sound, hangs up), and nothing of how the person is made. A script, a terminal and a browser page each implement `Party`;
the line implements `Handset`. Everything here happens on the line's loop: a live party that lives in another thread
wraps each call of a `Handset` method in `line.post(lambda: handset.press("1"))`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The party picks up."""

    after_seconds: float = 1.0
    # counted from the first ring; beyond the dialler's timeout the leg ends as no-answer


@dataclass(frozen=True, kw_only=True)
class Busy:
    """The party is in another call: the leg ends as busy."""


@dataclass(frozen=True, kw_only=True)
class NoAnswer:
    """Nobody picks up: the leg rings until the dialler's timeout."""


@dataclass(frozen=True, kw_only=True)
class Decline:
    """The party refuses the call; Twilio reports a declined client or SIP leg as busy."""

    after_seconds: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """A live party: it rings until the party itself calls `Handset.answer` or `Handset.decline`, or the time is up."""


RingReply = Answer | Busy | NoAnswer | Decline | Undecided


class HeardFrom(StrEnum):
    """Where what the party hears comes from."""

    SAY = "say"
    PLAY = "play"
    # the text is the played URL
    TONE = "tone"
    # digits that the line plays, and the beep of a recording or a conference
    MUSIC = "music"
    # hold and waiting music of the line itself; the text is empty
    PARTY = "party"
    # the words of another person on the same bridge or conference
    STREAM = "stream"
    # sound that a media socket begins to send; the text is empty


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Something that begins to be played to the party's ear."""

    text: str
    language: str
    # BCP-47 as the TwiML gave it; "" where there is none
    seconds: float
    # how long it will play unless it is cut off; 0.0 where it is not known
    source: HeardFrom


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a carrier's recogniser would make of what the party said."""

    text: str
    # "" is speech in which no word was recognised
    confidence: float | None = 0.9
    # None leaves the parameter out, as Twilio sometimes does


class Ended(StrEnum):
    """Why the leg is over, with Twilio's call status as the value."""

    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"


class Handset(Protocol):
    """The leg as its party holds it. Every method is called on the line's loop and returns at once."""

    @property
    def sid(self) -> str:
        """The leg's CallSid."""

    @property
    def from_(self) -> str:
        """Who calls: a number, `client:name` or `sip:...`."""

    @property
    def to(self) -> str:
        """Who is called."""

    def answer(self) -> None:
        """Pick up a ringing leg; does nothing if it does not ring."""

    def decline(self) -> None:
        """Refuse a ringing leg."""

    def press(self, keys: str) -> None:
        """Press keys, `0-9*#`, one after the other at once; other characters raise ValueError."""

    def start_speaking(self) -> None:
        """Begin to speak: stops a prompt that may be interrupted. Not needed by a party that gives audio."""

    def finish_speaking(self, words: Words | None, *, language: str = "") -> None:
        """End to speak; `words` go to the carrier's recogniser and to the others on the bridge.

        None is speech that nobody can turn into words (noise). A party that types calls this without `start_speaking`.
        """

    def hang_up(self) -> None:
        """Put the receiver down; a leg that still rings is cancelled."""


class Party(Protocol):
    """The human (or the script) on a leg. Every method is called on the line's loop and must return at once."""

    @property
    def wants_audio(self) -> bool:
        """Whether `hear_frame` and `next_frame` are called every 20 ms for as long as the leg is up."""

    @property
    def recognise_audio(self) -> bool:
        """Whether the line's recogniser listens to `next_frame`; False for one who gives `Words` itself."""

    def attach(self, handset: Handset) -> None:
        """Take the handset: called once, before anything else."""

    def ring(self) -> RingReply:
        """Tell what becomes of a call that rings here; called only on a called leg."""

    def connected(self) -> None:
        """Learn that the leg is up, on the caller's or the called side."""

    def hear_text(self, heard: Heard) -> None:
        """Something begins to be played to the party."""

    def hear_cut(self) -> None:
        """Learn that what is being played has been cut off (barge-in, redirect, clear)."""

    def hear_frame(self, frame: bytes) -> None:
        """20 ms of mu-law at 8 kHz (160 bytes) for the party's ear."""

    def next_frame(self) -> bytes | None:
        """Give the party's own next 20 ms of mu-law at 8 kHz (160 bytes), or None for silence.

        Asked every 20 ms while someone listens (a stream, a recording, a bridge), always if `wants_audio`.
        """

    def ended(self, reason: Ended) -> None:
        """Learn that the leg is over; the handset is dead."""


class SilentParty:
    """One who answers at once and neither speaks nor listens: the base that a party of the line can start from."""

    wants_audio = False
    recognise_audio = False
    handset: Handset

    def attach(self, handset: Handset) -> None:
        """Keep the handset."""
        self.handset = handset

    def ring(self) -> RingReply:
        """Answer after one second."""
        return Answer()

    def connected(self) -> None:
        """Do nothing."""

    def hear_text(self, heard: Heard) -> None:
        """Do nothing."""

    def hear_cut(self) -> None:
        """Do nothing."""

    def hear_frame(self, frame: bytes) -> None:
        """Do nothing."""

    def next_frame(self) -> bytes | None:
        """Give silence."""
        return None

    def ended(self, reason: Ended) -> None:
        """Do nothing."""
