"""Italian voices that packages bring, as they sound on the telephone: who is installed speaks, and is named."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from ivr import audio
from ivr.synthesis import Espeak, Pico, Speaker

# Text in, PCM and its rate out.
Voice = Callable[[str], tuple[bytes, int]]
_LOUDNESS_DBFS = -20.0
_FESTIVAL = {"festvox lp": "voice_lp_diphone", "festvox pc": "voice_pc_diphone"}
_FESTIVAL_VOICES = Path("/usr/share/festival/voices/italian")


def italian_voices() -> tuple[Mapping[str, Voice], list[str]]:
    """The voices that can be had, and a sentence for each that cannot."""
    voices: dict[str, Voice] = {}
    absent: list[str] = []
    for name, make in (("SVOX Pico", Pico), ("eSpeak NG", Espeak)):
        try:
            engine = make()
        except (ImportError, OSError, AttributeError) as error:
            absent.append(f"{name} is not installed ({type(error).__name__})")
            continue
        voices[name] = partial(engine.pcm, language="it", speaker=Speaker.LINE)
        if name == "SVOX Pico":
            voices["SVOX Pico, low"] = partial(engine.pcm, language="it", speaker=Speaker.CALLER)
    for name, scheme in _FESTIVAL.items():
        if shutil.which("text2wave") and (_FESTIVAL_VOICES / scheme.removeprefix("voice_")).is_dir():
            voices[name] = partial(_festival, scheme)
        else:
            absent.append(f"{name} is not installed (Debian: festvox-italp16k, festvox-itapc16k)")
    return voices, absent


def _festival(scheme: str, text: str) -> tuple[bytes, int]:
    with tempfile.TemporaryDirectory() as folder:
        written, spoken = Path(folder) / "text", Path(folder) / "sound.wav"
        # Festival's Italian reads Latin-1.
        written.write_text(text, encoding="latin-1", errors="replace")
        subprocess.run(
            ["text2wave", "-eval", f"({scheme})", str(written), "-o", str(spoken)],  # noqa: S607 - found just before
            check=True,
            capture_output=True,
        )
        samples, rate_hz = soundfile.read(spoken, dtype="int16")
        return samples.tobytes(), int(rate_hz)


def telephone(pcm: bytes, rate_hz: int) -> bytes:
    """Bring speech through the telephone channel: its band, one loudness, mu-law at 8 kHz."""
    narrow = audio.telephone_band(audio.resample(pcm, rate_hz, audio.RATE_HZ), audio.RATE_HZ)
    gain = 10 ** ((_LOUDNESS_DBFS - audio.loudness_dbfs(narrow)) / 20)
    louder = np.clip(np.frombuffer(narrow, dtype="<i2") * gain, -32768, 32767).astype("<i2").tobytes()
    return audio.pcm_to_ulaw(louder)
