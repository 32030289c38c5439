"""Makes the labelled calls that the shipped calibration was learnt from: `python -m tests.bench.voice.calls_to_calibrate FOLDER`.

Voices that the encoder was not taught with, and none of AN4 or ASC: FSDD's six men, the women of three of Debian's packages of
telephone prompts (unpacked below build/bench/speech), six made voices of SVOX Pico. Three calls each, with more or less noise.
Then: `centralino voice calibrate FOLDER/calls.csv --same-gender --as-telephone --to biometrics/line_encoder/calibration.json`.
"""

import csv
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import py_nanotts
import soundfile
import soxr

from tests.bench.voice.speech import NARROW_HZ
from tests.bench.voice.teach_shipped import UNPACKED
from tests.listeners import SHARED

PROMPTS: Final = ("asterisk-prompt-es-co", "asterisk-prompt-fr-armelle", "asterisk-prompt-it-menardi-wav")
MADE: Final = ("it-IT", "en-US", "en-GB", "de-DE", "es-ES", "fr-FR")
# Signal to noise in dB of the three calls, at least and at most.
NOISE_DB: Final = (("a", 22, 40), ("b", 12, 22), ("c", 22, 40))
MOST_SECONDS: Final = 150
_PICO_HZ: Final = 16_000
_MOST_FILES: Final = 200
_SENTENCES: Final = 45

Sound = npt.NDArray[np.float32]


def main() -> int:
    """Write the calls and their table."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "calls.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("file", "speaker", "call", "gender"))
        for speaker, gender, sounds in voices():
            table.writerows((name, speaker, call, gender) for call, name in _calls(folder, speaker, list(sounds)))
    return 0


def voices() -> Iterator[tuple[str, str, Iterator[Sound]]]:
    """Each voice with what it says, at 8 kHz."""
    for place in sorted(one for one in (SHARED / "fsdd").iterdir() if one.is_dir()):
        yield f"fsdd-{place.name}", "m", map(_read, _shuffled(place.glob("*.flac"), place.name))
    for package in PROMPTS:
        files = [one for one in UNPACKED.glob(f"**/{package}/**/*") if one.suffix in {".gsm", ".wav"}]
        yield package, "f", map(_read, _shuffled(files, package)[:_MOST_FILES])
    sentences = json.dumps(
        json.loads((SHARED / "intents" / "watson-it" / "test_virtual_assistant.json").read_text(encoding="utf-8")),
        ensure_ascii=False,
    )
    said = re.findall(r'"text": "([^"]{25,90})"', sentences)[:_SENTENCES]
    for voice in MADE:
        yield f"pico-{voice}", "f", (_spoken(text, voice) for text in said)


def _calls(folder: Path, speaker: str, sounds: Sequence[Sound]) -> Iterator[tuple[str, str]]:
    rng = np.random.default_rng(sum(map(ord, speaker)))
    everything = np.concatenate([one for one in sounds if one.size > NARROW_HZ // 10])[: MOST_SECONDS * NARROW_HZ]
    half = everything.size // 2
    parts = (everything[:half], everything[half : half + half // 2], everything[half + half // 2 :])
    for (call, least_db, most_db), sound in zip(NOISE_DB, parts, strict=True):
        noise = (
            rng.standard_normal(sound.size) * np.sqrt(np.mean(sound**2)) * 10 ** (-rng.uniform(least_db, most_db) / 20)
        )
        noisy = sound + noise
        name = f"{speaker}-{call}.wav"
        soundfile.write(folder / name, noisy * min(1.0, 0.9 / np.abs(noisy).max()), NARROW_HZ, subtype="PCM_16")
        yield call, name


def _shuffled(files: Iterator[Path] | Sequence[Path], seed: str) -> list[Path]:
    shuffled = sorted(files)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - the same order each time
    return shuffled


def _read(file: Path) -> Sound:
    if file.suffix == ".gsm":
        decode = ["sox", "-t", "gsm", "-r", "8000", "-c", "1", str(file), "-t", "s16", "-"]
        return (
            np.frombuffer(subprocess.run(decode, capture_output=True, check=True).stdout, "<i2").astype(np.float32)
            / 32768
        )
    sound, rate_hz = soundfile.read(file, dtype="float32")
    return np.asarray(soxr.resample(sound, rate_hz, NARROW_HZ), dtype=np.float32)


def _spoken(text: str, voice: str) -> Sound:
    wide = np.frombuffer(bytes(py_nanotts.NanoTTS().speak(text, voice=voice)), "<i2").astype(np.float32) / 32768
    return np.asarray(soxr.resample(wide, _PICO_HZ, NARROW_HZ), dtype=np.float32)


if __name__ == "__main__":
    sys.exit(main())
