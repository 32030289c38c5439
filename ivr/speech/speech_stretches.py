"""Chooses which of a turn's sound is recognised: the stretches with speech and what stands around them, without a break inside.

Pure, fed with frames in order. What is a voice and when an answer has begun is decided by others.
"""

from typing import Final

from ivr.audio import FRAME_SECONDS

# Measured with the packaged Korean model at 8 kHz on AN4's and Asterisk's Italian recordings: how often a turn's text is, to the
# letter, what Vosk makes of the whole file in one pass. With 0.5 s before the speech 6 files in 70 differed, nearly all for more
# quiet than that at their beginning; with 1 s (and 1 s behind) 1 in 100. Quiet costs a third of speech.
BEFORE_SECONDS: Final = 1.0
# Quiet behind the speech is recognised while it is waited for, which delays nothing; what is longer is a pause for thought,
# held back until the voice returns, and not recognised where it does not. With 0.3 s or 0.5 s the last word of 1 file in 50
# changed: it lacked the file's own quiet.
AFTER_SECONDS: Final = 1.0
# Who talks while a prompt must be heard out is heard from the beginning, if that is not longer ago.
_KEPT_SECONDS: Final = 10.0


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
        # Frames of digital silence before the first sound have nothing in them, and cost as much as noise.
        first = next((at for at, frame in enumerate(kept) if any(frame)), len(kept))
        return self._without_silent_end(b"".join(kept[first:]))

    def hear(self, frame_pcm: bytes, *, voiced: bool) -> bytes:
        """Take in one frame and give what is to be recognised now: nothing, it, or it with the quiet before it."""
        self._waiting.append(frame_pcm)
        if not self._has_begun:
            del self._waiting[: -_frames(_KEPT_SECONDS)]
            return b""
        self._quiet_frames = 0 if voiced else self._quiet_frames + 1
        if not voiced and self._quiet_frames > self._after_frames:
            return b""
        given = b"".join(self._waiting)
        self._waiting = []
        return self._without_silent_end(given)

    def _without_silent_end(self, pcm: bytes) -> bytes:
        """Hold back digital silence until sound comes behind it: a line that has nothing to say sends just that."""
        until = _sound_bytes(pcm)
        if until < len(pcm):
            self._waiting.append(pcm[until:])
        return pcm[:until]


def _sound_bytes(pcm: bytes) -> int:
    """Return how many bytes go as far as the last sample that is not zero."""
    sounding = len(pcm.rstrip(b"\0"))
    return sounding + sounding % 2
