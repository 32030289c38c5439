"""The caller of a trial in made time: says, presses and hangs up when told to, and writes down all that is heard."""

from dataclasses import dataclass, field
from typing import Final

from ivr.audio import FRAME_BYTES, FRAME_SECONDS, ULAW_SILENCE, loudness_dbfs, seconds_of_ulaw, ulaw_to_pcm
from ivr.line.clock import Clock
from ivr.line.exchange import SPEECH_CHARACTERS_PER_SECOND, Voice
from ivr.line.party import Ended, Handset, Heard, NoAnswer, RingReply, Words
from ivr.line.script import HeardAt
from ivr.trials.sounding import Sounding

# Typed words were not misheard; a carrier's own results rarely go above this.
TYPED_CONFIDENCE: Final = 0.98
# Fainter than this nobody is heard: a streamed prompt is over when so much sound is no more.
_AUDIBLE_DBFS: Final = -45.0
_US: Final = 1_000_000


@dataclass(kw_only=True)
class CallerParty:
    """The caller's end of the line. `voice` gives words their sound; without it the carrier's recogniser is told them."""

    clock: Clock
    language: str
    voice: Voice | None = None
    understood: bool = True  # whether the carrier's recogniser turns what is said into words
    wants_audio: bool = False
    recognise_audio: bool = False
    sounding: Sounding | None = None  # gives sounds their words
    transcript: list[HeardAt] = field(default_factory=list)
    reason: Ended | None = None
    has_hung_up: bool = False
    quiet_from_seconds: float = 0.0  # when the last prompt was, or will be, over
    handset: Handset = field(init=False)
    _speech: bytes = b""
    _speech_began: int = 0

    def attach(self, handset: Handset) -> None:
        """Take the handset."""
        self.handset = handset

    def ring(self) -> RingReply:
        """Answer nobody: this telephone calls."""
        return NoAnswer()

    def connected(self) -> None:
        """Do nothing: who calls waits for the line to speak."""

    def hear_text(self, heard: Heard) -> None:
        """Write it down."""
        now = self.seconds
        worded = heard if self.sounding is None else self.sounding.words_of(heard, self.handset.sid)
        self.transcript.append(HeardAt(heard=worded, at_seconds=now))
        self.quiet_from_seconds = max(self.quiet_from_seconds, now + heard.seconds)

    def hear_cut(self) -> None:
        """Note that the line is silent."""
        self.quiet_from_seconds = self.seconds

    def hear_frame(self, frame: bytes) -> None:
        """Note whether something is still heard."""
        if loudness_dbfs(ulaw_to_pcm(frame)) > _AUDIBLE_DBFS:
            self.quiet_from_seconds = max(self.quiet_from_seconds, self.seconds)

    def next_frame(self) -> bytes | None:
        """Give the frame that ends at this instant."""
        elapsed = self.clock.microseconds - self._speech_began
        if elapsed <= 0 or not self._speech:
            return None
        start = (elapsed - 1) // round(FRAME_SECONDS * _US) * FRAME_BYTES
        frame = self._speech[start : start + FRAME_BYTES]
        return frame.ljust(FRAME_BYTES, bytes([ULAW_SILENCE])) if frame else None

    def ended(self, reason: Ended) -> None:
        """Keep why."""
        self.reason = reason

    @property
    def seconds(self) -> float:
        """The time on the line's clock."""
        return self.clock.microseconds / _US

    def begin_to_say(self, text: str, sound: bytes = b"") -> float:
        """Begin to say words, or to play a sound of them; the seconds that it takes. `end_saying` ends it."""
        self._speech, self._speech_began = sound or self._sound_of(text), self.clock.microseconds
        self.handset.start_speaking()
        if self._speech:
            return seconds_of_ulaw(self._speech)
        return max(0.4, len(text) / SPEECH_CHARACTERS_PER_SECOND)

    def end_saying(self, text: str) -> None:
        """Have said the words; the carrier's recogniser knows them unless it is down."""
        words = Words(text=text, confidence=TYPED_CONFIDENCE) if self.understood and text else None
        self.handset.finish_speaking(words, language=self.language)

    def _sound_of(self, text: str) -> bytes:
        return b"" if self.voice is None else self.voice(text, self.language)
