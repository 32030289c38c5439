"""A recording for a prompt: what is wrong with its sound, and the same as a telephone plays it: 8 kHz, mono, as loud as the line.

Pure: bytes in, a record or the reason why not out. Reading of files is libsndfile's, resampling soxr's.
"""

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile
import soxr  # type: ignore[import-untyped]  # soxr publishes no types

from ivr.audio import RATE_HZ, loudness_dbfs
from ivr.synthesis import SPEECH_DBFS

SHORTEST_SECONDS: Final = 0.3
# Nobody listens to more; a prompt of the shipped flow takes 19 s at most.
LONGEST_SECONDS: Final = 60.0
_MOST_CHANNELS: Final = 8
# ITU-T P.56 counts speech as silent that lies 16 dB under its level; a telephone's noise lies at about -55 dBFS.
_SILENT_DBFS: Final = -55.0
_FAINT_DBFS: Final = -38.0
# The loudest sixteen-bit value, but for rounding; three of them in a row are no peak of speech.
_FULL: Final = 0.999
_IN_A_ROW: Final = 3
# Of the samples: a few clipped peaks are not heard, one in a hundred is. Judgement.
_CLIPPED, _RUINED = 0.0002, 0.01
# As long before the first word, or after the last, as a pause between two sentences.
_LONG_EDGE_SECONDS: Final = 0.8
_FRAME_SECONDS: Final = 0.02
# Louder by more brings up the room's noise.
_MOST_GAIN_DB: Final = 15.0
_HEADROOM_DB: Final = -1.0


class Refusal(StrEnum):
    """Why a recording is not taken."""

    UNREADABLE = "recording_unreadable"
    TOO_SHORT = "recording_too_short"
    TOO_LONG = "recording_too_long"
    SILENT = "recording_silent"
    CLIPPED = "recording_clipped"


class Remark(StrEnum):
    """What is worth knowing of a recording that is taken."""

    SOMEWHAT_CLIPPED = "somewhat_clipped"
    FAINT = "faint"  # it was made louder, and its noise with it
    SILENCE_BEFORE = "silence_before"
    SILENCE_AFTER = "silence_after"
    NARROW = "narrow"  # recorded below 8 kHz


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A recording as it is kept."""

    wav: bytes  # 8 kHz, 16 bit, mono
    seconds: float
    peak_db: float  # dBFS
    loudness_db: float  # dBFS, of what is not silence
    gain_db: float  # by which it was made louder or fainter
    given_rate_hz: int
    given_channels: int
    given_loudness_db: float
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A recording that is not taken."""

    reason: Refusal


Read: TypeAlias = Sound | Refused
_Samples: TypeAlias = npt.NDArray[np.float64]


def read(content: bytes) -> Read:
    """Read a file (WAV, FLAC, OGG, MP3), judge its sound and bring it to the telephone."""
    try:
        about = soundfile.info(io.BytesIO(content))
    except (soundfile.SoundFileError, OSError, ValueError, TypeError):
        return Refused(reason=Refusal.UNREADABLE)
    # The length is looked at before the sound is read: a small file may say that it is hours long.
    refusal = _of_form(about.channels, about.samplerate, about.frames)
    if refusal is not None:
        return Refused(reason=refusal)
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(content), always_2d=True, dtype="float64")
    except (soundfile.SoundFileError, OSError, ValueError):
        return Refused(reason=Refusal.UNREADABLE)
    if not samples.size or not np.isfinite(samples).all():
        return Refused(reason=Refusal.UNREADABLE)
    return _judged(np.asarray(samples), int(rate_hz), about.channels)


def _of_form(channels: int, rate_hz: int, frames: int) -> Refusal | None:
    if channels > _MOST_CHANNELS or rate_hz <= 0:
        return Refusal.UNREADABLE
    if frames > LONGEST_SECONDS * rate_hz:
        return Refusal.TOO_LONG
    return Refusal.TOO_SHORT if frames < SHORTEST_SECONDS * rate_hz else None


def _judged(samples: _Samples, rate_hz: int, channels: int) -> Read:
    clipped = max(_clipped(samples[:, channel]) for channel in range(channels))
    if clipped > _RUINED:
        return Refused(reason=Refusal.CLIPPED)
    mono = samples.mean(axis=1)
    narrow = mono if rate_hz == RATE_HZ else soxr.resample(mono, rate_hz, RATE_HZ)
    frames = _frames(narrow)
    loud = frames > _SILENT_DBFS
    if not loud.any():
        return Refused(reason=Refusal.SILENT)
    given_db = _loudness(narrow, loud)
    gain_db = _gain(given_db, _peak_db(narrow))
    level = np.clip(narrow * 10 ** (gain_db / 20), -1.0, 1.0)
    return Sound(
        wav=_wav(level),
        seconds=level.size / RATE_HZ,
        peak_db=_peak_db(level),
        loudness_db=given_db + gain_db,
        gain_db=gain_db,
        given_rate_hz=rate_hz,
        given_channels=channels,
        given_loudness_db=given_db,
        remarks=tuple(_remarks(clipped, given_db, loud, rate_hz)),
    )


def _remarks(clipped: float, given_db: float, loud: npt.NDArray[np.bool_], rate_hz: int) -> list[Remark]:
    heard = np.flatnonzero(loud)
    before, after = heard[0] * _FRAME_SECONDS, (loud.size - 1 - heard[-1]) * _FRAME_SECONDS
    found = {
        Remark.SOMEWHAT_CLIPPED: clipped > _CLIPPED,
        Remark.FAINT: given_db < _FAINT_DBFS,
        Remark.SILENCE_BEFORE: before > _LONG_EDGE_SECONDS,
        Remark.SILENCE_AFTER: after > _LONG_EDGE_SECONDS,
        Remark.NARROW: rate_hz < RATE_HZ,
    }
    return [remark for remark, holds in found.items() if holds]


def _clipped(channel: _Samples) -> float:
    """The share of samples that lie at full scale with others beside them."""
    full = np.abs(channel) >= _FULL
    if full.size < _IN_A_ROW:
        return 0.0
    runs = np.convolve(full, np.ones(_IN_A_ROW), mode="valid") >= _IN_A_ROW
    return float(runs.mean())


def _frames(samples: _Samples) -> _Samples:
    """The loudness of each 20 ms, dBFS."""
    size = round(_FRAME_SECONDS * RATE_HZ)
    whole = samples[: samples.size // size * size].reshape(-1, size)
    power = np.maximum(np.mean(np.square(whole), axis=1), 1e-12)
    return np.asarray(10 * np.log10(power))


def _loudness(samples: _Samples, loud: npt.NDArray[np.bool_]) -> float:
    """The loudness of what is not silence, dBFS."""
    size = round(_FRAME_SECONDS * RATE_HZ)
    heard = samples[: loud.size * size].reshape(-1, size)[loud].ravel()
    return loudness_dbfs((np.clip(heard, -1.0, 1.0) * 32767).astype("<i2").tobytes())


def _gain(given_db: float, peak_db: float) -> float:
    """As loud as the line's own voice, but no peak beyond full scale and no room's noise brought up."""
    return min(SPEECH_DBFS - given_db, _HEADROOM_DB - peak_db, _MOST_GAIN_DB)


def _peak_db(samples: _Samples) -> float:
    return float(20 * np.log10(max(float(np.max(np.abs(samples))), 1e-6)))


def _wav(samples: _Samples) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE_HZ, format="WAV", subtype="PCM_16")
    return file.getvalue()
