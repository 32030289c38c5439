"""Reads the speech that an encoder is taught with: wide band, a folder for each voice. Says what it left out, and why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr  # type: ignore[import-untyped]  # soxr publishes no types

from biometrics.net_speech import split
from biometrics.samples import ENCODER_RATE_HZ

_SUFFIXES: Final = frozenset({".flac", ".ogg", ".wav"})
# No voice weighs more than four minutes, or the longest recordings would be all that is learnt.
MOST_SECONDS: Final = 240
# With less of a voice the whole says little more than one window of it.
LEAST_SECONDS: Final = 6
# What of the band above 4 kHz is left when speech has once been a telephone's: nothing to learn from (judgement).
_LEAST_ABOVE_DB: Final = -55.0
_NARROW_HZ: Final = 4_000

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a folder gave."""

    voices: Mapping[str, Sound]  # by the name of their folder: net speech at 16 kHz
    left_out: Sequence[str]  # a sentence each


def read_voices(folder: Path, progress: Callable[[int, int], None]) -> Read:
    """Read FOLDER/VOICE/*.wav, flac or ogg. Raises `biometrics.net_speech.NoDetectorError` without the voice detector."""
    places = sorted(one for one in folder.iterdir() if one.is_dir())
    voices: dict[str, Sound] = {}
    left_out: list[str] = []
    for done, place in enumerate(places, start=1):
        speech = _voice(sorted(one for one in place.rglob("*") if one.suffix.lower() in _SUFFIXES), left_out)
        if speech.size < LEAST_SECONDS * ENCODER_RATE_HZ:
            left_out.append(
                f"{place.name}: {speech.size / ENCODER_RATE_HZ:.1f} s of speech, fewer than {LEAST_SECONDS}"
            )
        else:
            voices[place.name] = speech
        progress(done, len(places))
    return Read(voices=voices, left_out=left_out)


def _voice(files: Iterable[Path], left_out: list[str]) -> Sound:
    parts: list[Sound] = []
    for file in files:
        try:
            sound, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
        except (OSError, soundfile.LibsndfileError):
            left_out.append(f"{file}: cannot be read as sound")
            continue
        unfit = _unfit(sound, rate_hz)
        if unfit:
            left_out.append(f"{file}: {unfit}")
            continue
        mono = np.ascontiguousarray(sound.mean(axis=1))
        wide = mono if rate_hz == ENCODER_RATE_HZ else soxr.resample(mono, rate_hz, ENCODER_RATE_HZ)
        parts.append(np.asarray(split(np.asarray(wide, dtype=np.float32), ENCODER_RATE_HZ)[0], dtype=np.float32))
    joined = np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
    return joined[: MOST_SECONDS * ENCODER_RATE_HZ]


def _unfit(sound: npt.NDArray[np.float32], rate_hz: int) -> str:
    if rate_hz < ENCODER_RATE_HZ:
        return f"{rate_hz} Hz is not wide band: 16000 or more are needed"
    if not np.isfinite(sound).all() or not sound.any():
        return "there is nothing to be heard in it"
    power = np.abs(np.fft.rfft(sound.mean(axis=1))) ** 2
    above = power[round(_NARROW_HZ * len(power) * 2 / rate_hz) :].sum()
    if 10 * np.log10(above / power.sum() + 1e-12) < _LEAST_ABOVE_DB:
        return "nothing lies above 4000 Hz: it has been over a telephone already"
    return ""
