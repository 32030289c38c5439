"""Tells frames with a voice from frames without one: WebRTC's detector, and nothing about words. The only home of webrtcvad."""

from typing import Final

import webrtcvad

from ivr.audio import FRAME_BYTES, RATE_HZ, AudioFormatError

# WebRTC's modes go from 0 (calls most things a voice) to 3 (the strictest). On a telephone line noise must not keep a turn
# open, and a turn lost costs more than a frame lost: 2, the middle of its two strict modes.
MODE: Final = 2
# 16-bit PCM has two bytes for each byte of mu-law.
FRAME_PCM_BYTES: Final = 2 * FRAME_BYTES


class VoiceActivity:
    """One caller's detector: it adapts to the noise of the line, so every turn of listening has its own."""

    def __init__(self) -> None:
        self._detector = webrtcvad.Vad(MODE)

    def is_voiced(self, frame_pcm: bytes) -> bool:
        """Whether a frame of 20 ms of 16-bit PCM at 8000 Hz (320 bytes) holds a voice. Raises `AudioFormatError`."""
        if len(frame_pcm) != FRAME_PCM_BYTES:
            raise AudioFormatError(f"a frame has {FRAME_PCM_BYTES} bytes of PCM, this has {len(frame_pcm)}")
        return bool(self._detector.is_speech(frame_pcm, RATE_HZ))
