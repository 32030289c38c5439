"""Italian by ear for tests and benches: the packaged Whisper model, joined once, and Italian speech on the telephone."""

from functools import cache
from pathlib import Path

import pytest

from ivr import audio
from ivr.commands.trial_model import joined_whisper
from ivr.speech.recognizer import NoModel
from ivr.speech.whisper_recognizer import WhisperRecognition
from ivr.synthesis import Speaker, installed_voice

MODELS = Path("build/models")


@cache
def whisper_folder() -> Path:
    """The model's folder; skips with the reason where the packages are absent."""
    joined = joined_whisper(MODELS)
    if isinstance(joined, NoModel):
        pytest.skip(joined.reason)
    return joined.folder


@cache
def whisper_recognition() -> WhisperRecognition:
    """Recognition by the packaged model, loaded once for all tests of the process."""
    return WhisperRecognition(str(whisper_folder()))


def italian(text: str, speaker: Speaker = Speaker.LINE) -> bytes:
    """Italian speech as it comes out of a telephone channel: 16-bit PCM at 8000 Hz. Skips where nobody speaks Italian."""
    voice = installed_voice()
    if not voice.name:
        pytest.skip("no synthesiser speaks Italian here")
    return audio.ulaw_to_pcm(voice.speak(text, language="it-IT", speaker=speaker))
