"""Chooses which of a turn's sound is recognised: the stretches with speech and what stands around them, without a break inside.

Pure, fed with frames in order. What is a voice and when an answer has begun is decided by others.
"""

from typing import Final

from ivr.audio import FRAME_SECONDS
from ivr.speech.voice_activity import FRAME_PCM_BYTES

BEFORE_SECONDS: Final = 0.5
AFTER_SECONDS: Final = 0.3
# Who talks while a prompt must be heard out is heard from the beginning, if that is not longer ago.
_KEPT_SECONDS: Final = 10.0
_SILENT_FRAME: Final = bytes(FRAME_PCM_BYTES)


def _frames(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)


class SpeechStretches:
    """The sound of one turn on its way to the recogniser. What it gives back, joined, is one unbroken stretch."""

    def __init__(self, *, before_seconds: float = BEFORE_SECONDS, after_seconds: float = AFTER_SECONDS) -> None:
        """Take how much sound from before the speech is wanted, and how much behind every stretch of it."""
        self._before_frames = _frames(before_seconds)
        self._after_frames = _frames(after_seconds)
        self._waiting: list[bytes] = []  # before the speech: what came last; in it: the quiet that is held back
        self._has_begun = False
        self._quiet_frames = 0

    def begin(self, spoken_seconds: float) -> bytes:
        """Take in that speech began so long ago; give its sound so far and what stood before it."""
        self._has_begun = True
        kept = self._waiting[-(_frames(spoken_seconds) + self._before_frames) :]
        self._waiting = []
        # Digital silence before the first sound has nothing in it, and costs as much as noise.
        first = next((at for at, frame in enumerate(kept) if frame != _SILENT_FRAME), len(kept))
        return b"".join(kept[first:])

    def hear(self, frame_pcm: bytes, *, voiced: bool) -> bytes:
        """Take in one frame and give what is to be recognised now: nothing, it, or it with the quiet before it."""
        if not self._has_begun:
            self._waiting.append(frame_pcm)
            del self._waiting[: -_frames(_KEPT_SECONDS)]
            return b""
        self._quiet_frames = 0 if voiced else self._quiet_frames + 1
        self._waiting.append(frame_pcm)
        is_held = self._quiet_frames > self._after_frames or (not voiced and frame_pcm == _SILENT_FRAME)
        if is_held or (not voiced and len(self._waiting) > 1):
            return b""
        given = b"".join(self._waiting)
        self._waiting = []
        return given

    def rest(self) -> bytes:
        """Give what is still held back, without the digital silence at its end."""
        if not self._has_begun:
            return b""
        held, self._waiting = self._waiting, []
        while held and held[-1] == _SILENT_FRAME:
            held.pop()
        return b"".join(held)
