"""Cuts a caller's net speech out of what is heard, and hands it over while the caller still speaks. Pure, fed with frames.

What is a voice is decided by others (`ivr.speech.voice_activity`); whose voice it is, is `biometrics`'.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ivr.audio import FRAME_SECONDS, RATE_HZ
from ivr.speech.voice_activity import FRAME_PCM_BYTES

# A voice is compared from 3 s on (DESIGN.md 6): one that is looked at every two is known at the end of most sentences.
HAND_OVER_SECONDS: Final = 2.0
# The detector looks at 32 ms at a time, so a word begins and ends up to so much beside the frames that it calls voiced.
PADDING_FRAMES: Final = 2
# More quiet than this tells nothing more about the noise between words; judgement.
_PAUSES_SECONDS: Final = 5.0
_PAUSES_BYTES: Final = round(_PAUSES_SECONDS / FRAME_SECONDS) * FRAME_PCM_BYTES
_BYTES_A_SECOND: Final = 2 * RATE_HZ


@dataclass(frozen=True, kw_only=True)
class HeardSpeech:
    """The net speech of one turn so far, 16-bit PCM at 8000 Hz. Printed, it shows no sound."""

    speech_pcm: bytes = field(repr=False)  # without the pauses
    pauses_pcm: bytes = field(repr=False)  # what was heard between the words, the last seconds of it
    is_whole: bool  # the turn is over

    @property
    def seconds(self) -> float:
        """How much net speech there is."""
        return len(self.speech_pcm) / _BYTES_A_SECOND


class NetSpeech:
    """The net speech of one turn, which is all that is kept of its sound."""

    def __init__(
        self, on_speech: Callable[[HeardSpeech], None] | None = None, *, hand_over_seconds: float = HAND_OVER_SECONDS
    ) -> None:
        """Take who is told of the speech so far, whenever so much more has come; None for nobody."""
        self._on_speech = on_speech
        self._hand_over_bytes = round(hand_over_seconds * _BYTES_A_SECOND)
        self._speech = bytearray()
        self._pauses = bytearray()
        self._quiet: list[bytes] = []  # the last frames without a voice, which may stand before the next word
        self._padding_left = 0
        self._voiced_bytes = 0
        self._handed_bytes = 0

    @property
    def speech_pcm(self) -> bytes:
        """The net speech so far: the frames with a voice and a few around them."""
        return bytes(self._speech)

    @property
    def voiced_seconds(self) -> float:
        """How long a voice was heard, without what stands around it."""
        return self._voiced_bytes / _BYTES_A_SECOND

    def hear(self, frame_pcm: bytes, *, voiced: bool) -> None:
        """Take in one frame."""
        if voiced:
            self._speech += b"".join(self._quiet)
            self._quiet = []
            self._padding_left = PADDING_FRAMES
            self.add(frame_pcm)
        elif self._padding_left:
            self._padding_left -= 1
            self._speech += frame_pcm
        else:
            self._quiet.append(frame_pcm)
            if len(self._quiet) > PADDING_FRAMES:
                self._pauses += self._quiet.pop(0)
                del self._pauses[:-_PAUSES_BYTES]

    def add(self, pcm: bytes) -> None:
        """Take in sound that is speech as a whole."""
        self._speech += pcm
        self._voiced_bytes += len(pcm)
        if len(self._speech) - self._handed_bytes >= self._hand_over_bytes:
            self._hand_over(is_whole=False)

    def end(self) -> None:
        """Hand over the whole of it, if anything was said."""
        if self._speech:
            self._hand_over(is_whole=True)

    def _hand_over(self, *, is_whole: bool) -> None:
        self._handed_bytes = len(self._speech)
        if self._on_speech is not None:
            self._on_speech(HeardSpeech(speech_pcm=self.speech_pcm, pauses_pcm=bytes(self._pauses), is_whole=is_whole))
