"""Our own voice for prompts, as sound: recordings where the catalogue has them, else the synthesiser; a failure is silence.

Whether the carrier or we say a prompt is `ivr.calls.speaking`'s to decide.
"""

import io
import logging
import wave
from pathlib import Path
from typing import Final

from ivr.audio import RATE_HZ, ulaw_to_pcm
from ivr.calls.company import FlowVersion
from ivr.calls.open_question import Spoken
from ivr.speech.prompt_voice import PromptVoice, without_long_end
from ivr.synthesis import UnreadableRecordingError
from ivr.telephony.twiml import LOCALES

_log = logging.getLogger(__name__)
_PCM_BYTES: Final = 2
# Behind the last sound of a text: half of the pause of read speech at a full stop (`ivr.synthesis`). SVOX Pico leaves 1.2 s, in
# which callers answer already and would be taken to interrupt.
_AFTER_TEXT_SECONDS: Final = 0.25


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
        return self.recorded(version, said) or self.spoken(said)

    def spoken(self, said: Spoken) -> bytes:
        """The sound of a prompt in our own voice, mu-law at 8 kHz, whether it has a recording or not."""
        locale = LOCALES[said.language]
        sound = self._voice.ulaw_of_markup(said.markup, locale) if said.markup else self._voice.ulaw(said.text, locale)
        return without_long_end(sound, _AFTER_TEXT_SECONDS)

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
        return wav_of(self.ulaw(version, said))


def wav_of(ulaw: bytes) -> bytes:
    """Mu-law at 8 kHz as a WAV file of 16 bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(_PCM_BYTES)
        written.setframerate(RATE_HZ)
        written.writeframes(ulaw_to_pcm(ulaw))
    return file.getvalue()
