"""A caller or an agent as a script: what one says, presses and waits for, and a transcript of all that one heard.

For the carrier's recogniser the script stands for a perfect one: its words are the script's own text, unless `heard_as`
says what a worse one would have made of them. The sound is the injected voice's, or silence of the text's length.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import assert_never

from ivr.audio import FRAME_BYTES, FRAME_SECONDS, ULAW_SILENCE, seconds_of_ulaw
from ivr.line.clock import Clock
from ivr.line.exchange import SPEECH_CHARACTERS_PER_SECOND, Voice
from ivr.line.party import Answer, Ended, Handset, Heard, HeardFrom, RingReply, Words
from ivr.line.tasks import Later, Task, sleep
from ivr.synthesis import recording

SPOKEN = frozenset({HeardFrom.SAY, HeardFrom.PARTY})


@dataclass(frozen=True, kw_only=True)
class HeardAt:
    """One line of a script's transcript."""

    heard: Heard
    at_seconds: float
    # on the line's clock


Transcript = Sequence[HeardAt]


@dataclass(frozen=True)
class Say:
    """Say a text, `after_seconds` after the step before, or play a recording of it."""

    text: str
    wav: Path | None = None
    after_seconds: float = 0.5
    heard_as: str | None = None
    # what the carrier's recogniser makes of it; None is the text itself, "" nothing
    confidence: float | None = 0.9
    language: str = ""
    # the script's own language where ""


@dataclass(frozen=True)
class PlayWav:
    """Play a recording (WAV, FLAC) in the telephone band; `words` is what the carrier's recogniser makes of it (None: noise)."""

    path: Path
    words: str | None = None
    after_seconds: float = 0.5


@dataclass(frozen=True)
class Keys:
    """Press keys, one after the other."""

    keys: str
    after_seconds: float = 0.5
    gap_seconds: float = 0.2


@dataclass(frozen=True)
class Silence:
    """Say nothing for so long."""

    seconds: float


@dataclass(frozen=True)
class HangUp:
    """Put the receiver down."""

    after_seconds: float = 0.5


@dataclass(frozen=True)
class WaitFor:
    """Wait until something is heard: a part of a text (upper and lower case alike) or a predicate over the transcript.

    Only what is heard after the step before counts for a text. With `to_the_end` the prompt is heard out first.
    """

    what: str | Callable[[Transcript], bool]
    limit_seconds: float = 120.0
    to_the_end: bool = True


Step = Say | PlayWav | Keys | Silence | HangUp | WaitFor


class ScriptFailedError(AssertionError):
    """A script waited in vain, or the call was over before its steps were done."""


@dataclass(kw_only=True)
class ScriptedParty:
    """A party that follows steps from the moment its leg is up; hangs up at their end only if told to."""

    clock: Clock
    steps: Sequence[Step] = ()
    language: str = "it-IT"
    voice: Voice | None = None
    on_ring: RingReply = field(default_factory=Answer)
    wants_audio: bool = False
    recognise_audio: bool = False
    transcript: list[HeardAt] = field(default_factory=list)
    audio_heard: bytearray = field(default_factory=bytearray)
    # mu-law, only if `wants_audio`
    reason: Ended | None = None
    failure: str = ""
    # why the script could not go on; "" while all is well
    done: bool = False
    # all steps were taken
    _handset: Handset | None = None
    _task: Task | None = None
    _speech: bytes = b""
    _speech_began: int = 0
    _arrival: Later[None] = field(default_factory=Later)
    _read: int = 0
    # how much of the transcript the steps have used
    _at_last_step: bool = False

    @property
    def handset(self) -> Handset:
        """The handset; RuntimeError before the leg is made."""
        if self._handset is None:
            raise RuntimeError("this party has no leg yet")
        return self._handset

    @property
    def heard(self) -> list[str]:
        """The texts that were said to the party, in order."""
        return [line.heard.text for line in self.transcript if line.heard.source in SPOKEN]

    def check(self) -> None:
        """Raise ScriptFailedError if the script could not go on."""
        if self.failure:
            raise ScriptFailedError(f"{self.failure}; heard: {self.heard}")

    def attach(self, handset: Handset) -> None:
        """Take the handset."""
        self._handset = handset

    def ring(self) -> RingReply:
        """Reply as the script says."""
        return self.on_ring

    def connected(self) -> None:
        """Begin with the steps."""
        self._task = Task(self.clock, self._follow())

    def hear_text(self, heard: Heard) -> None:
        """Write it down."""
        self.transcript.append(HeardAt(heard=heard, at_seconds=self.clock.microseconds / 1_000_000))
        arrival, self._arrival = self._arrival, Later()
        arrival.resolve(None)

    def hear_cut(self) -> None:
        """Do nothing: what was begun counts as heard."""

    def hear_frame(self, frame: bytes) -> None:
        """Keep the sound."""
        self.audio_heard += frame

    def next_frame(self) -> bytes | None:
        """Give the frame that ends at this instant: speech that began before the tick is never cut at its head."""
        elapsed = self.clock.microseconds - self._speech_began
        if elapsed <= 0:
            return None
        start = (elapsed - 1) // round(FRAME_SECONDS * 1_000_000) * FRAME_BYTES
        frame = self._speech[start : start + FRAME_BYTES]
        return frame.ljust(FRAME_BYTES, bytes([ULAW_SILENCE])) if frame else None

    def ended(self, reason: Ended) -> None:
        """Stop; steps that were not taken are a failure, unless the call was not to last."""
        self.reason = reason
        if self.done:
            return
        if self._task is not None:
            self._task.stop()
            self.failure = self.failure or "the call was over before the script"
        elif self.steps:
            self.failure = "the call was never answered"

    async def _follow(self) -> None:
        for count, step in enumerate(self.steps, start=1):
            self._at_last_step = count == len(self.steps)
            await self._take(step)
            if self.failure:
                return
        self.done = True

    async def _take(self, step: Step) -> None:
        match step:
            case Say():
                await self._say(step)
            case PlayWav():
                await sleep(self.clock, step.after_seconds)
                words = None if step.words is None else Words(text=step.words)
                await self._speak(recording(step.path), words, 0.0)
            case Keys():
                await self._press(step)
            case Silence():
                await sleep(self.clock, step.seconds)
            case HangUp():
                await sleep(self.clock, step.after_seconds)
                self.done = True
                self.handset.hang_up()
            case WaitFor():
                await self._wait_for(step)
            case _:
                assert_never(step)

    async def _say(self, step: Say) -> None:
        await sleep(self.clock, step.after_seconds)
        language = step.language or self.language
        audio = b""
        if step.wav is not None:
            audio = recording(step.wav)
        elif self.voice is not None:
            audio = self.voice(step.text, language)
        text = step.text if step.heard_as is None else step.heard_as
        words = Words(text=text, confidence=step.confidence) if text else None
        await self._speak(audio, words, max(0.4, len(step.text) / SPEECH_CHARACTERS_PER_SECOND), language)

    async def _speak(self, audio: bytes, words: Words | None, seconds: float, language: str = "") -> None:
        self._speech, self._speech_began = audio, self.clock.microseconds
        self.handset.start_speaking()
        await sleep(self.clock, seconds_of_ulaw(audio) if audio else seconds)
        self.handset.finish_speaking(words, language=language)

    async def _press(self, step: Keys) -> None:
        await sleep(self.clock, step.after_seconds)
        for key in step.keys:
            self.handset.press(key)
            await sleep(self.clock, step.gap_seconds)

    async def _wait_for(self, step: WaitFor) -> None:
        limit = self.clock.microseconds + round(step.limit_seconds * 1_000_000)
        while True:
            found = self._find(step.what)
            if found is not None:
                break
            if self.clock.microseconds >= limit:
                self.failure = f"waited {step.limit_seconds:g} s in vain for {step.what!r}"
                return
            arrival = self._arrival
            timer = self.clock.call_later((limit - self.clock.microseconds) / 1_000_000, partial(arrival.resolve, None))
            await arrival
            timer.cancel()
        self._read = found + 1
        if self._at_last_step:
            # Nothing is left to do that the end of the call could cut off.
            self.done = True
        if step.to_the_end and found >= 0:
            line = self.transcript[found]
            await sleep(self.clock, line.at_seconds + line.heard.seconds - self.clock.microseconds / 1_000_000)

    def _find(self, what: str | Callable[[Transcript], bool]) -> int | None:
        if not isinstance(what, str):
            return len(self.transcript) - 1 if what(self.transcript) else None
        for index in range(self._read, len(self.transcript)):
            if what.lower() in self.transcript[index].heard.text.lower():
                return index
        return None
