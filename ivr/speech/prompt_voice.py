"""The prompts of the service in a voice of our own: texts by the installed synthesiser, recordings from their files.

What is said, and whether it goes over the stream or as a file that the carrier plays, is left to the caller of this module.
"""

import io
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from ivr import audio
from ivr.synthesis import Voice, recording

_PCM_SUBTYPE: Final = "PCM_16"


class PromptVoice:
    """One voice for every prompt of a language. Any thread may call it; what was said once is remembered by the voice."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def speaks(self, language: str) -> bool:
        """Whether a synthesiser knows the language (BCP-47): else prompts belong to the carrier, for here is only silence."""
        return self._voice.speaks(language)

    def ulaw(self, text: str, language: str) -> bytes:
        """Give a text as mu-law at 8 kHz, for the stream; b"" for no text."""
        return self._voice(text, language)

    def wav(self, text: str, language: str) -> bytes:
        """Give a text as a WAV file of 16 bits at 8 kHz, one channel, for the carrier's `<Play>`."""
        samples = np.frombuffer(audio.ulaw_to_pcm(self.ulaw(text, language)), dtype="<i2")
        file = io.BytesIO()
        soundfile.write(file, samples, audio.RATE_HZ, format="WAV", subtype=_PCM_SUBTYPE)
        return file.getvalue()

    def recording(self, path: Path) -> bytes:
        """Give a recorded prompt as mu-law at 8 kHz, for the stream. Raises `ivr.synthesis.UnreadableRecordingError`."""
        return recording(path)
