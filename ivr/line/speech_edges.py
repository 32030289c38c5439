"""Where speech begins and ends in telephone sound, by loudness over the room's own noise: pure, fed one frame at a time.

It serves a person at the local line's browser page, as a carrier's recogniser would listen; the service's own end of
speech is another matter and lives elsewhere.
"""

from collections import deque
from enum import StrEnum

from ivr.audio import FRAME_SECONDS, loudness_dbfs, ulaw_to_pcm

# Measured on a laptop's microphone: a quiet room lies near -60, normal speech between -35 and -15.
QUIETEST_SPEECH_DBFS = -45.0
ABOVE_NOISE_DB = 12.0
# The noise floor follows a quieter frame at once and a louder room by 2 dB a second.
FLOOR_RISE_DB = 2.0 * FRAME_SECONDS
FIRST_FLOOR_DBFS = -60.0
# A tenth of a second of sound is a syllable; a click is shorter.
BEGINS_AFTER_FRAMES = 5
# 0.5 s of quiet ends a piece of speech; the gather joins the pieces, as its speechTimeout says.
ENDS_AFTER_FRAMES = 25
# 0.3 s before the beginning belong to the first word.
FRAMES_BEFORE = 15
# Twilio listens for sixty seconds at most.
LONGEST_FRAMES = 3000


class Edge(StrEnum):
    """What a frame brought."""

    NOTHING = "nothing"
    BEGINS = "begins"
    ENDS = "ends"


class SpeechEdges:
    """Finds the pieces of speech in one person's sound and keeps the sound of the piece under way."""

    def __init__(self) -> None:
        self._floor_dbfs = FIRST_FLOOR_DBFS
        self._before: deque[bytes] = deque(maxlen=FRAMES_BEFORE)
        self._piece: list[bytes] = []
        self._loud_frames = 0
        self._quiet_frames = 0

    @property
    def speaking(self) -> bool:
        """Whether a piece of speech is under way."""
        return bool(self._piece)

    @property
    def piece(self) -> bytes:
        """The sound of the piece under way or just ended, mu-law at 8 kHz."""
        return b"".join(self._piece)

    def take(self, frame: bytes) -> Edge:
        """Take the next 20 ms of mu-law; after `ENDS` read `piece` and call `forget`."""
        level = loudness_dbfs(ulaw_to_pcm(frame))
        loud = level > max(QUIETEST_SPEECH_DBFS, self._floor_dbfs + ABOVE_NOISE_DB)
        self._floor_dbfs = min(level, self._floor_dbfs + FLOOR_RISE_DB)
        return self._in_speech(frame, loud=loud) if self._piece else self._in_quiet(frame, loud=loud)

    def take_nothing(self) -> Edge:
        """Take 20 ms in which nothing came, as of a microphone that was switched off in the middle of a word.

        It ends speech as quiet does, and says nothing of the room.
        """
        if not self._piece:
            return Edge.NOTHING
        self._quiet_frames += 1
        return Edge.ENDS if self._quiet_frames >= ENDS_AFTER_FRAMES else Edge.NOTHING

    def forget(self) -> None:
        """Drop the piece and wait for the next one."""
        self._piece.clear()
        self._before.clear()
        self._loud_frames = self._quiet_frames = 0

    def _in_quiet(self, frame: bytes, *, loud: bool) -> Edge:
        self._before.append(frame)
        self._loud_frames = self._loud_frames + 1 if loud else 0
        if self._loud_frames < BEGINS_AFTER_FRAMES:
            return Edge.NOTHING
        self._piece = list(self._before)
        self._quiet_frames = 0
        return Edge.BEGINS

    def _in_speech(self, frame: bytes, *, loud: bool) -> Edge:
        self._piece.append(frame)
        self._quiet_frames = 0 if loud else self._quiet_frames + 1
        ended = self._quiet_frames >= ENDS_AFTER_FRAMES or len(self._piece) >= LONGEST_FRAMES
        return Edge.ENDS if ended else Edge.NOTHING
