"""The prompts of the service in a voice of our own: texts by the installed synthesiser, recordings from their files.

What is said, and whether it goes over the stream or as a file that the carrier plays, is left to the caller of this module.
"""

import io
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from ivr import audio
from ivr.synthesis import Voice, base_language, recording, silence
from prompts.markup_pieces import Piece, pieces

_PCM_SUBTYPE: Final = "PCM_16"
# Of 16 bits, -50 dBFS: what is fainter behind a word is its breath and the coding's own noise.
_SOUND: Final = 100
# Between two pieces of a sentence there is no more than between two words; judgement.
_BETWEEN_PIECES_SECONDS: Final = 0.06


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

    def ulaw_of_markup(self, markup: str, language: str) -> bytes:
        """Give a text with SSML as mu-law at 8 kHz: paces, loudness, pauses and languages are followed, pitches are not."""
        said = [self._piece(piece, language) for piece in pieces(markup, base_language(language))]
        return b"".join(said)

    def _piece(self, piece: Piece, language: str) -> bytes:
        spoken = self._voice.speak(piece.text, language=piece.language or language, pace=piece.pace)
        if spoken and piece.gain_db:
            spoken = audio.pcm_to_ulaw(audio.louder(audio.ulaw_to_pcm(spoken), piece.gain_db))
        return without_long_end(spoken, _BETWEEN_PIECES_SECONDS) + silence(piece.pause_seconds)

    def wav(self, text: str, language: str) -> bytes:
        """Give a text as a WAV file of 16 bits at 8 kHz, one channel, for the carrier's `<Play>`."""
        samples = np.frombuffer(audio.ulaw_to_pcm(self.ulaw(text, language)), dtype="<i2")
        file = io.BytesIO()
        soundfile.write(file, samples, audio.RATE_HZ, format="WAV", subtype=_PCM_SUBTYPE)
        return file.getvalue()

    def recording(self, path: Path) -> bytes:
        """Give a recorded prompt as mu-law at 8 kHz, for the stream. Raises `ivr.synthesis.UnreadableRecordingError`."""
        return recording(path)


def without_long_end(ulaw: bytes, seconds: float) -> bytes:
    """Mu-law with no more than some seconds of the silence behind its last sound."""
    loudness = np.abs(np.frombuffer(audio.ulaw_to_pcm(ulaw), dtype="<i2").astype(np.int32))
    sounds = np.flatnonzero(loudness > _SOUND)
    return ulaw[: int(sounds[-1]) + 1 + round(seconds * audio.RATE_HZ)] if sounds.size else ulaw
