"""The sound of one leg: what plays into its ear, who listens to it, and whose sound it hears on a bridge.

A pump ticks every 20 ms, and only while somebody needs sound: a party that wants audio, a stream, a recording. Without a
listener a call is made of texts and lengths alone. Which legs hear each other is decided by the room that they are in.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from ivr.audio import FRAME_BYTES, FRAME_SECONDS, mix_ulaw
from ivr.line.channel import Channel
from ivr.line.clock import Clock, Timer
from ivr.line.party import Heard, HeardFrom, Party
from ivr.line.transit import SILENCE, Passage

LATE_FRAMES_LIMIT = 5
# 100 ms of another leg's sound wait at most, so that two pumps out of step never drift apart

Tap = Callable[[bytes, bytes], None]
# the leg's own frame and the frame that its party hears


class Room:
    """Legs that hear each other: a bridge of two, or a conference."""

    def __init__(self) -> None:
        self.members: list[Sound] = []

    def hears(self, listener: "Sound", speaker: "Sound") -> bool:
        """Whether one member hears another."""
        return listener is not speaker

    def join(self, sound: "Sound") -> None:
        """Let a leg in."""
        self.members.append(sound)
        sound.room = self
        self.refresh()

    def leave(self, sound: "Sound") -> None:
        """Let a leg out."""
        if sound in self.members:
            self.members.remove(sound)
            sound.room = None
            sound.forget_others()
        self.refresh()

    def refresh(self) -> None:
        """Start the pumps that are needed now."""
        for member in self.members:
            member.refresh()

    def tell_words(self, speaker: "Sound", text: str, language: str, seconds: float) -> None:
        """Let the others hear what one says."""
        heard = Heard(text=text, language=language, seconds=seconds, source=HeardFrom.PARTY)
        for member in list(self.members):
            if self.hears(member, speaker):
                member.party.hear_text(heard)


class _Mark(Protocol):
    def __call__(self) -> None: ...


class Sound:
    """One leg's ear and mouth."""

    def __init__(self, clock: Clock, party: Party, channel: Channel | None = None, *, seed: str = "") -> None:
        self._clock = clock
        self.party = party
        # Everybody but the party itself hears it through its channel; the party hears through the other way of it.
        self._mouth = Passage(channel or Channel(), f"{seed} mouth")
        self._ear = Passage(channel or Channel(), f"{seed} ear", noisy=False)
        self.room: Room | None = None
        self.up = False
        self._taps: list[Tap] = []
        self._hearing_taps = 0
        self._playing: deque[bytes | _Mark] = deque()
        self._others: dict[int, deque[bytes]] = {}
        self._timer: Timer | None = None
        self._next_due = 0

    def start(self) -> None:
        """The leg is up."""
        self.up = True
        self.refresh()

    def stop(self) -> None:
        """The leg is over."""
        self.up = False
        self._taps.clear()
        self._playing.clear()
        if self.room is not None:
            self.room.leave(self)

    @property
    def listens(self) -> bool:
        """Whether somebody takes the frames that play into this leg's ear."""
        return self.up and (self.party.wants_audio or self._hearing_taps > 0)

    @property
    def needed(self) -> bool:
        """Whether the pump must tick."""
        if not self.up:
            return False
        if self.party.wants_audio or self._taps:
            return True
        room = self.room
        return room is not None and any(other.listens and room.hears(other, self) for other in room.members)

    @property
    def pumping(self) -> bool:
        """Whether the pump ticks."""
        return self._timer is not None

    def refresh(self) -> None:
        """Start the pump if it is needed; it stops by itself."""
        if self.needed and self._timer is None:
            self._next_due = self._clock.microseconds
            self._schedule()

    def add_tap(self, tap: Tap, *, hears: bool = False) -> None:
        """Let somebody listen, from the next tick on; `hears` if what the party hears is wanted too."""
        self._taps.append(tap)
        self._hearing_taps += hears
        self.refresh()
        if self.room is not None:
            self.room.refresh()

    def remove_tap(self, tap: Tap, *, hears: bool = False) -> None:
        """Let somebody stop to listen."""
        if tap in self._taps:
            self._taps.remove(tap)
            self._hearing_taps -= hears

    def play(self, audio: bytes) -> None:
        """Append mu-law of any length to what plays."""
        for start in range(0, len(audio), FRAME_BYTES):
            self._playing.append(audio[start : start + FRAME_BYTES].ljust(FRAME_BYTES, SILENCE[:1]))

    def mark(self, action: _Mark) -> None:
        """Call the action when everything that was played so far is over; at once if nothing plays."""
        if self._playing:
            self._playing.append(action)
        else:
            action()

    def clear(self) -> None:
        """Drop what plays; the marks in it are called."""
        dropped, self._playing = self._playing, deque()
        for item in dropped:
            if not isinstance(item, bytes):
                item()

    @property
    def playing_seconds(self) -> float:
        """How much is still to be played."""
        return sum(FRAME_SECONDS for item in self._playing if isinstance(item, bytes))

    def take_from(self, speaker: "Sound", frame: bytes) -> None:
        """Take a frame of another leg's sound."""
        self._others.setdefault(id(speaker), deque(maxlen=LATE_FRAMES_LIMIT)).append(frame)

    def forget_others(self) -> None:
        """Drop what others said."""
        self._others.clear()

    def _schedule(self) -> None:
        self._next_due += round(FRAME_SECONDS * 1_000_000)
        self._timer = self._clock.call_later((self._next_due - self._clock.microseconds) / 1_000_000, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if not self.needed:
            return
        spoken = self._mouth.take(self.party.next_frame() or SILENCE)
        heard = self._next_heard()
        if self.room is not None:
            for other in self.room.members:
                if other.listens and self.room.hears(other, self):
                    other.take_from(self, spoken)
        self._schedule()
        if self.party.wants_audio:
            self.party.hear_frame(self._ear.take(heard))
        for tap in list(self._taps):
            tap(spoken, heard)

    def _next_heard(self) -> bytes:
        frames = [others.popleft() for others in self._others.values() if others]
        self._call_marks()
        if self._playing:
            frame = self._playing.popleft()
            if isinstance(frame, bytes):
                frames.append(frame)
            self._call_marks()
        if not frames:
            return SILENCE
        return frames[0] if len(frames) == 1 else mix_ulaw(frames)

    def _call_marks(self) -> None:
        while self._playing and not isinstance(self._playing[0], bytes):
            mark = self._playing.popleft()
            if not isinstance(mark, bytes):
                mark()
