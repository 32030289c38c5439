"""A call leg: its state, its parameters in webhooks, its status callbacks, and what its party does to it.

A leg is the `Handset` of its party. What it executes is the interpreter's; whom it hears is the room's. Statuses and
parameters are those of Twilio's voice request and status callback pages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from operator import methodcaller
from typing import Protocol

from ivr.line.channel import GOOD, LineQuality
from ivr.line.exchange import Exchange
from ivr.line.party import Ended, Heard, Party, Words
from ivr.line.sound import Sound
from ivr.line.tasks import Later, Task
from ivr.line.wire import Webhook

API_VERSION = "2010-04-01"
LIVE_STATUSES = frozenset({"queued", "initiated", "ringing", "in-progress"})
CALLBACK_EVENT = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
# every other status is reported as the event `completed`


class Listener(Protocol):
    """Who is told of what the party does: a gather, a recording, a stream, a dial."""

    def key(self, key: str) -> None:
        """Take a pressed key."""

    def speech_starts(self) -> None:
        """Learn that the party begins to speak."""

    def speech_ends(self, words: Words | None) -> None:
        """Learn that the party has spoken."""


class Deaf:
    """A listener to nothing, to start from."""

    def key(self, key: str) -> None:
        """Do nothing."""

    def speech_starts(self) -> None:
        """Do nothing."""

    def speech_ends(self, words: Words | None) -> None:
        """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a leg reports its progress."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """Where a leg turns when a document cannot be had."""

    url: str
    method: str = "POST"


@dataclass(kw_only=True)
class Leg:
    """One leg of a call."""

    exchange: Exchange
    sid: str
    from_: str
    to: str
    direction: str
    # inbound, outbound-api, outbound-dial
    party: Party
    parent_sid: str = ""
    progress: Progress | None = None
    fallback: Fallback | None = None
    extra_parameters: Mapping[str, str] = field(default_factory=dict)
    quality: LineQuality = GOOD
    status: str = "queued"
    created_at: datetime = field(init=False)
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    sound: Sound = field(init=False)
    task: Task | None = None
    listeners: list[Listener] = field(default_factory=list)
    on_end: list[Callable[[], None]] = field(default_factory=list)
    verbs_begun: list[str] = field(default_factory=list)
    answered: Later[bool] = field(default_factory=Later)
    # whether a called leg is picked up
    speaking: bool = False
    speech_language: str = ""
    # the language that the recogniser should expect, set by the gather that listens
    leave_bridge: Callable[[], None] | None = None
    # set while another leg's dial holds this one; called when this leg is taken elsewhere
    _speech_began: int = 0
    _sequence_number: int = 0

    def __post_init__(self) -> None:
        self.created_at = self.exchange.clock.now()
        self.sound = Sound(self.exchange.clock, self.party, self.quality.channel, seed=self.sid)
        self.exchange.legs[self.sid] = self
        self.exchange.note(self.sid, "call", f"{self.direction} from {self.from_} to {self.to}")
        self.party.attach(self)

    @property
    def is_live(self) -> bool:
        """Whether the leg is not over."""
        return self.status in LIVE_STATUSES

    @property
    def is_up(self) -> bool:
        """Whether both sides talk."""
        return self.status == "in-progress"

    def duration_seconds(self) -> int:
        """Whole seconds since the answer, up to the end or now; 0 without an answer."""
        if self.answered_at is None:
            return 0
        return round(((self.ended_at or self.exchange.clock.now()) - self.answered_at).total_seconds())

    def parameters(self) -> dict[str, str]:
        """Give what every webhook about this leg carries."""
        country = self.exchange.habits.country
        parameters = {
            "CallSid": self.sid,
            "AccountSid": self.exchange.account_sid,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
            "CallStatus": self.status,
            "ApiVersion": API_VERSION,
            "Direction": self.direction,
        }
        for side in ("From", "To", "Caller", "Called"):
            parameters |= {f"{side}City": "", f"{side}State": "", f"{side}Zip": "", f"{side}Country": country}
        if self.parent_sid:
            parameters["ParentCallSid"] = self.parent_sid
        return {**parameters, **self.extra_parameters, **self.exchange.habits.unknown_parameters}

    def move(self, status: str) -> None:
        """Go on to a live status, and report it."""
        if self.status == status or not self.is_live:
            return
        self.status = status
        self.exchange.note(self.sid, "status", status)
        if status == "in-progress":
            self.answered_at = self.exchange.clock.now()
            self.sound.start()
            self.party.connected()
            self.answered.resolve(True)  # noqa: FBT003  the value of the promise
        self._report()
        fault = self.exchange.faults.hang_up_at_status(status)
        if fault is not None:
            self.exchange.clock.call_later(fault.after_seconds, self.hang_up)

    def end(self, status: str) -> None:
        """Finish the leg with a final status, and report it; a finished leg stays as it is."""
        if not self.is_live:
            return
        was_queued = self.status == "queued"
        self.status = status
        self.ended_at = self.exchange.clock.now()
        self.exchange.note(self.sid, "status", status)
        if self.task is not None:
            self.task.stop()
        for action in list(self.on_end):
            action()
        self.sound.stop()
        self.listeners.clear()
        self.answered.resolve(False)  # noqa: FBT003  the value of the promise
        self.party.ended(Ended(status))
        if not (was_queued and status == "canceled"):
            self._report()

    def answer(self) -> None:
        """Pick up, on a called leg that rings."""
        if self.direction != "inbound" and self.status == "ringing":
            self.move("in-progress")

    def decline(self) -> None:
        """Refuse, on a called leg that rings."""
        if self.direction != "inbound" and self.status == "ringing":
            self.end("busy")

    def press(self, keys: str) -> None:
        """Press keys one after the other."""
        if not set(keys) <= set("0123456789*#"):
            raise ValueError(f"a telephone has the keys 0-9 * #, not {keys!r}")
        for key in keys:
            if self.is_up:
                self.exchange.note(self.sid, "keys", key)
                self._tell(methodcaller("key", key))

    def start_speaking(self) -> None:
        """Begin to speak."""
        if self.is_up and not self.speaking:
            self.speaking = True
            self._speech_began = self.exchange.clock.microseconds
            self._tell(lambda listener: listener.speech_starts())

    def finish_speaking(self, words: Words | None, *, language: str = "") -> None:
        """End to speak, with what a recogniser would make of it."""
        if not self.is_up:
            return
        self.start_speaking()
        self.speaking = False
        seconds = (self.exchange.clock.microseconds - self._speech_began) / 1_000_000
        if words is not None and words.text:
            self.exchange.note(self.sid, "words", words.text)
            if self.sound.room is not None:
                self.sound.room.tell_words(self.sound, words.text, language, seconds)
        self._tell(lambda listener: listener.speech_ends(words))

    def hang_up(self) -> None:
        """Put the receiver down."""
        if self.is_up:
            self.end("completed")
        elif self.is_live:
            self.end("no-answer" if self.direction == "inbound" else "busy")

    def hear(self, heard: Heard) -> None:
        """Tell the party of what begins to play."""
        self.exchange.note(self.sid, "heard", f"{heard.source}: {heard.text}")
        self.party.hear_text(heard)

    def webhook(self, url: str, method: str, purpose: str, extra: Mapping[str, str] | None = None) -> Webhook:
        """Make a webhook about this leg."""
        parameters = {**self.parameters(), **(extra or {})}
        self.exchange.note(self.sid, "webhook", f"{purpose} {method} {url}")
        return Webhook(url=url, method=method, parameters=parameters, purpose=purpose, leg_sid=self.sid)

    def _tell(self, tell: Callable[[Listener], None]) -> None:
        for listener in list(self.listeners):
            tell(listener)

    def _report(self) -> None:
        event = CALLBACK_EVENT.get(self.status, "completed")
        if self.progress is None or event not in self.progress.events:
            return
        extra = {
            "Timestamp": format_datetime(self.exchange.clock.now()),
            "SequenceNumber": str(self._sequence_number),
            "CallbackSource": "call-progress-events",
        }
        if not self.is_live:
            seconds = self.duration_seconds()
            extra |= {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}
        self._sequence_number += 1
        self.exchange.wire.request(self.webhook(self.progress.url, self.progress.method, "callback", extra))


def progress_of(url: str | None, method: str, events: Sequence[str]) -> Progress | None:
    """Give where to report, or None without a URL; no events named means `completed`."""
    if not url:
        return None
    return Progress(url=url, method=method or "POST", events=frozenset(events or ("completed",)))
