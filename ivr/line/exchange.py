"""What the parts of the line share: time, wire, numbers, registries and the log of what happened.

It holds and hands out; it decides nothing. `ivr.line.line.Line` makes one and is the door for everybody else.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ivr.line.channel import GOOD, LineQuality
from ivr.line.clock import Clock
from ivr.line.faults import Faults
from ivr.line.party import Party
from ivr.line.sockets import SocketOpener
from ivr.line.wire import Wire

if TYPE_CHECKING:
    from ivr.line.conference import Conference
    from ivr.line.legs import Leg
    from ivr.line.messages import Message
    from ivr.line.queues import Queue

Voice = Callable[[str, str], bytes]
# text and language -> mu-law at 8 kHz
Recognise = Callable[[bytes, str], "tuple[str, float] | None"]
# mu-law at 8 kHz and language -> text and confidence
PartyFactory = Callable[[], Party]

SPEECH_CHARACTERS_PER_SECOND = 15.0
# some 150 words a minute of six characters: the pace of a read prompt; used only where no voice is injected
LOG_LIMIT = 20_000
# entries; a line that stays up for a day of trial calls keeps the last ones


@dataclass(frozen=True, kw_only=True)
class NumberConfig:
    """What a number of the account does with a call; as on Twilio's console."""

    voice_url: str
    voice_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    friendly_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What Twilio's documentation leaves open or says may happen, so that a test can have it either way."""

    unknown_parameters: Mapping[str, str] = field(default_factory=dict)
    # added to every webhook of a leg: Twilio adds parameters without notice
    country: str = "IT"
    # FromCountry and its three sisters; city, state and zip are empty
    dial_action_after_hang_up: bool = False
    # whether <Dial action> is requested although the caller has hung up
    wait_document_repeats: bool = True
    # whether a queue's wait document without <Redirect> is requested again (else silence follows)
    carrier_end_of_speech_seconds: float = 1.0
    # what speechTimeout="auto" waits; Twilio does not publish it


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """Something that happened on the line."""

    at: datetime
    who: str
    # the sid of the leg, conference, message or stream
    what: str
    # call, status, webhook, refused, verb, heard, words, keys, stream, conference, queue, message, warning, error
    detail: str


class Sids:
    """Twilio's identifiers: two letters and 32 hexadecimal digits; repeatable from a seed, else random."""

    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed) if seed is not None else random.SystemRandom()  # noqa: S311  names, not secrets

    def new(self, prefix: str) -> str:
        """Give a new identifier."""
        return f"{prefix}{self._random.getrandbits(128):032x}"


@dataclass(kw_only=True)
class Exchange:
    """Everything that the legs and verbs reach."""

    account_sid: str
    auth_token: str
    clock: Clock
    wire: Wire
    sids: Sids
    sockets: SocketOpener | None
    voice: Voice | None
    recognise: Recognise | None
    habits: Habits
    faults: Faults
    api_base_url: str
    quality: LineQuality = GOOD
    # of every telephone that says nothing else; agents' browsers (client:, sip:) are in a good place
    numbers: dict[str, NumberConfig] = field(default_factory=dict)
    addresses: dict[str, PartyFactory] = field(default_factory=dict)
    legs: dict[str, "Leg"] = field(default_factory=dict)
    queues: dict[str, "Queue"] = field(default_factory=dict)
    conferences: dict[str, "Conference"] = field(default_factory=dict)
    messages: dict[str, "Message"] = field(default_factory=dict)
    recordings: dict[str, bytes] = field(default_factory=dict)
    # mu-law by RecordingSid
    log: list[LogEntry] = field(default_factory=list)
    watchers: list[Callable[[LogEntry], None]] = field(default_factory=list)

    def note(self, who: str, what: str, detail: str) -> None:
        """Add to the log and tell those who watch."""
        entry = LogEntry(at=self.clock.now(), who=who, what=what, detail=detail)
        self.log.append(entry)
        del self.log[:-LOG_LIMIT]
        for watcher in list(self.watchers):
            watcher(entry)

    def seconds_of_speech(self, text: str) -> float:
        """Guess how long a text takes to say when no voice says it."""
        return max(0.4, len(text) / SPEECH_CHARACTERS_PER_SECOND)
