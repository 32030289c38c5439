"""Brings a stretch of speech into the one form that encoders take: 32-bit floats, one channel, 16 kHz."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import soxr  # type: ignore[import-untyped]  # soxr publishes no types

# The telephone's rate, and the rate that speaker encoders are taught at.
RATES_HZ: Final = (8_000, 16_000)
ENCODER_RATE_HZ: Final = 16_000
# A tenth of a second: some four of an encoder's windows; with less there is nothing to average over.
SHORTEST_SECONDS: Final = 0.1
_INT16_SCALE: Final = 32_768.0
# Full scale is 1. What went through filters may reach beyond it, but not to twice that: such numbers have another unit.
_LARGEST: Final = 2.0
# Two steps of 16 bits: silence with the dither of a converter in it.
_SILENT_RANGE: Final = 2 / _INT16_SCALE
_SILENT: Final = "speech is digital silence throughout"

Samples: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class NotEncoded:
    """Speech from which no embedding can be made, and why."""

    reason: str


def encoder_samples(speech: npt.NDArray[Any], *, rate_hz: int) -> Samples | NotEncoded:
    """Check int16, or float32 from -1 to 1, of one channel and bring it to 16 kHz."""
    unfit = _unfit_form(speech, rate_hz=rate_hz)
    if unfit:
        return NotEncoded(reason=unfit)
    samples = speech.astype(np.float32)
    if speech.dtype == np.int16:
        samples /= _INT16_SCALE
    unfit = _unfit_numbers(samples)
    if unfit:
        return NotEncoded(reason=unfit)
    if rate_hz == ENCODER_RATE_HZ:
        return samples
    resampled = np.asarray(soxr.resample(samples, rate_hz, ENCODER_RATE_HZ), dtype=np.float32)
    # A tone at the very edge of the band is lost on the way.
    return NotEncoded(reason=_SILENT) if _is_silent(resampled) else resampled


def _unfit_form(speech: npt.NDArray[Any], *, rate_hz: int) -> str:
    """Say what is wrong with rate, shape, type or length; "" for nothing."""
    if rate_hz not in RATES_HZ:
        return f"speech at {rate_hz} Hz: only 8000 and 16000 Hz are known"
    if speech.ndim != 1:
        return f"speech has one channel, this has the shape {speech.shape}"
    if speech.dtype not in {np.dtype(np.int16), np.dtype(np.float32)}:
        return f"speech is int16 or float32, not {speech.dtype}"
    if speech.size < SHORTEST_SECONDS * rate_hz:
        return f"{speech.size / rate_hz:.2f} seconds of speech: fewer than {SHORTEST_SECONDS}"
    return ""


def _unfit_numbers(samples: Samples) -> str:
    """Say why these samples hold no sound; "" if they do."""
    lowest, highest = float(samples.min()), float(samples.max())
    if not np.isfinite((lowest, highest)).all():
        return "speech holds numbers that are not finite"
    if max(-lowest, highest) > _LARGEST:
        return f"speech reaches {max(-lowest, highest):.3g}: float32 goes from -1 to 1"
    return _SILENT if _is_silent(samples) else ""


def _is_silent(samples: Samples) -> bool:
    return float(samples.max()) - float(samples.min()) <= _SILENT_RANGE
