"""Our own voice for prompts, as sound: recordings where the catalogue has them, else the synthesiser; a failure is silence.

Whether the carrier or we say a prompt is `ivr.calls.speaking`'s to decide.
"""

import io
import logging
import wave
from pathlib import Path
from typing import Final

import numpy as np

from ivr.audio import RATE_HZ, ulaw_to_pcm
from ivr.calls.company import FlowVersion
from ivr.calls.open_question import Spoken
from ivr.speech.prompt_voice import PromptVoice
from ivr.synthesis import UnreadableRecordingError
from ivr.telephony.twiml import LOCALES

_log = logging.getLogger(__name__)
_PCM_BYTES: Final = 2
# Behind the last sound of a text: half of the pause of read speech at a full stop (`ivr.synthesis`). SVOX Pico leaves 1.2 s, in
# which callers answer already and would be taken to interrupt.
_AFTER_TEXT_SECONDS: Final = 0.25
# Of 16 bits, -50 dBFS: what is fainter behind a word is its breath and the coding's own noise.
_SOUND: Final = 100


class Voicing:
    """Makes the sound of prompts; any thread may use it."""

    def __init__(self, voice: PromptVoice) -> None:
        self._voice = voice
        # No more than the catalogue has, each read once.
        self._recordings: dict[Path, bytes] = {}

    def speaks(self, language: str) -> bool:
        """Whether texts of a language can be said."""
        return self._voice.speaks(LOCALES[language])

    def ulaw(self, version: FlowVersion, said: Spoken) -> bytes:
        """The sound of a prompt, mu-law at 8 kHz: its recording, or its text where that is missing or cannot be read."""
        return self.recorded(version, said) or _ended(self._voice.ulaw(said.text, LOCALES[said.language]))

    def recorded(self, version: FlowVersion, said: Spoken) -> bytes:
        """The recording of a prompt, mu-law at 8 kHz; b"" where there is none that can be read."""
        path = version.recordings.get((said.recording, said.language))
        if path is None:
            return b""
        if path not in self._recordings:
            try:
                self._recordings[path] = self._voice.recording(path)
            except UnreadableRecordingError as error:
                _log.error("a recording is passed over: %s", error)
                self._recordings[path] = b""
        return self._recordings[path]

    def wav(self, version: FlowVersion, said: Spoken) -> bytes:
        """The sound of a prompt as a WAV file of 16 bits at 8 kHz, for the carrier's `<Play>`."""
        file = io.BytesIO()
        with wave.open(file, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(_PCM_BYTES)
            written.setframerate(RATE_HZ)
            written.writeframes(ulaw_to_pcm(self.ulaw(version, said)))
        return file.getvalue()


def _ended(ulaw: bytes) -> bytes:
    """The sound without most of the silence behind it."""
    loudness = np.abs(np.frombuffer(ulaw_to_pcm(ulaw), dtype="<i2").astype(np.int32))
    sounds = np.flatnonzero(loudness > _SOUND)
    return ulaw[: int(sounds[-1]) + 1 + round(_AFTER_TEXT_SECONDS * RATE_HZ)] if sounds.size else ulaw
