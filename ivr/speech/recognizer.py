"""The port of speech recognition: one session hears one turn; a source opens sessions for a language, or says why it cannot.

Implementations: Vosk, Whisper, and the scripted one of tests and trials; `ivr.speech.decoding` puts any of them behind worker
threads and admission. The carrier's own recognition doesn't come through here: its words enter with the webhook.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word and where it was heard, in seconds from the first sound that the session accepted."""

    text: str
    begin_seconds: float
    end_seconds: float
    confidence: float  # the recogniser's own, 0-1, not calibrated


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One way to hear a turn."""

    text: str = field(repr=False)  # "" when no word was recognised
    confidence: float | None  # 0-1; None when there is no word, or the recogniser tells none
    by: str  # "vosk", "vosk restricted", "whisper", "script"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What was said, as far as the recogniser knows."""

    text: str = field(repr=False)  # "" when no word was recognised
    confidence: float | None  # 0-1, mean over the words; None when there is none
    words: tuple[Word, ...] = field(default=(), repr=False)
    # Every reading of the same sound where there was more than one, the chosen one first.
    alternatives: tuple[Reading, ...] = ()
    by: str = ""  # whose reading this is, as in `Reading`; "" where no word was heard


@dataclass(frozen=True, kw_only=True)
class NotHeard:
    """The recogniser failed during the turn: not the caller's silence, but our own fault."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A language's model is in memory, and its sessions open without a wait."""


@dataclass(frozen=True, kw_only=True)
class NoModel:
    """Recognition cannot be had for a language: the keypad and the carrier's recognition remain."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Busy:
    """Recognition could be had, but not now: the machine is at its limit, and lagging would serve nobody."""

    reason: str


Hearsay: TypeAlias = Heard | NotHeard
# Told what a loading model is at, in words for a log.
Progress: TypeAlias = Callable[[str], None]


class Recognizer(Protocol):
    """One session for one turn, used by one thread."""

    def accept(self, pcm: bytes) -> str:
        """Take in 16-bit PCM at the session's rate and give the words so far, which may still change. Never raises."""

    def finish(self) -> Hearsay:
        """End the session and give what was heard. Never raises; nothing may be accepted afterwards."""


class Recognition(Protocol):
    """A source of sessions, shared by all calls and threads of a process."""

    def open(
        self, language: str, *, rate_hz: int, phrases: tuple[str, ...] = (), only_phrases: bool = False
    ) -> Recognizer | NoModel | Busy:
        """Open a session for a language ("it", "en") and the rate of the audio that it will be fed with.

        `phrases` fit the question, the most important first; with `only_phrases` the caller is expected to say just these.
        """

    def load(self, language: str, progress: Progress) -> Loaded | NoModel:
        """Wait until a language's model is in memory, and tell what it is at."""
