"""What a webhook can be answered with, as records: the conductor decides them, `ivr.telephony.twiml` writes them down."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class Speak:
    """Say these words, or play the recording of them."""

    text: str
    language: str  # it, en
    recording_url: str = ""
    markup: str = ""  # the text with its SSML, "" for none


@dataclass(frozen=True, kw_only=True)
class Fork:
    """The caller's sound comes to a socket of ours beside whatever else happens, until the call ends (`<Start><Stream>`)."""

    socket_url: str
    token: str  # binds the socket to this call


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Say, then listen to speech and keys at once; the carrier recognises (`<Gather>`)."""

    prompts: tuple[Speak, ...]
    language: str
    answer_path: str  # where what was heard goes, silence too
    timeout_seconds: int
    most_keys: int  # as many keys end the turn at once
    hints: tuple[str, ...] = ()
    barge_in: bool = True
    after_words_seconds: int | None = None  # quiet that ends an utterance; None leaves it to the carrier
    fork: Fork | None = None  # begins before the prompts


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Say, stream the caller's audio to our own socket until it closes, then ask for the next answer (`<Connect><Stream>`).

    Without prompts the socket says them itself.
    """

    prompts: tuple[Speak, ...]
    socket_url: str
    answer_path: str
    turn: int
    token: str  # binds the socket to this call and turn


@dataclass(frozen=True, kw_only=True)
class WaitInQueue:
    """Say, then wait for a person (`<Enqueue>`)."""

    prompts: tuple[Speak, ...]
    queue: str
    wait_path: str
    left_path: str


@dataclass(frozen=True, kw_only=True)
class WaitingRound:
    """One round of waiting: words, music, and keys that may be pressed; then the next round."""

    prompts: tuple[Speak, ...]
    music_url: str
    round_path: str  # the next round, with Digits where a key was pressed
    language: str


@dataclass(frozen=True, kw_only=True)
class LeaveQueue:
    """Take the caller out of the queue; the queue's `left_path` is asked next."""


@dataclass(frozen=True, kw_only=True)
class Meet:
    """Join the conference of a call (`<Dial><Conference>`)."""

    prompts: tuple[Speak, ...]
    conference: str
    label: str  # of this leg, once in a conference
    ends_with_me: bool
    starts_with_me: bool
    left_path: str  # asked when this party is still there after the conference; "" to hang up
    events_path: str
    wait_path: str  # music while alone
    is_muted: bool = False
    coaches: str = ""  # the CallSid of the only one who hears this party


@dataclass(frozen=True, kw_only=True)
class AskKey:
    """Say, twice at most, until a key is pressed; then the next answer, which is also asked where none was."""

    prompts: tuple[Speak, ...]
    answer_path: str
    timeout_seconds: int


@dataclass(frozen=True, kw_only=True)
class Connect:
    """Say, then dial a telephone number; what comes after is a hang-up."""

    prompts: tuple[Speak, ...]
    number: str


@dataclass(frozen=True, kw_only=True)
class SayAndHangUp:
    """Say, then hang up."""

    prompts: tuple[Speak, ...]


@dataclass(frozen=True, kw_only=True)
class Continue:
    """Wait a moment, then ask for the next answer: something that another webhook is about to tell."""

    pause_seconds: int
    answer_path: str


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """Say and do nothing: the call has been sent elsewhere already."""


Answer: TypeAlias = (
    Listen
    | Stream
    | WaitInQueue
    | WaitingRound
    | LeaveQueue
    | Meet
    | AskKey
    | Connect
    | SayAndHangUp
    | Continue
    | Nothing
)
