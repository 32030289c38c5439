"""Brings a stretch of speech into the one form that encoders take: 32-bit floats, one channel, 16 kHz."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soxr  # type: ignore[import-untyped]  # soxr publishes no types

# The telephone's rate, and the rate that speaker encoders are taught at.
RATES_HZ: Final = (8_000, 16_000)
ENCODER_RATE_HZ: Final = 16_000
# A tenth of a second: some four of an encoder's windows; with less there is nothing to average over.
SHORTEST_SECONDS: Final = 0.1
_INT16_SCALE: Final = 32_768.0


@dataclass(frozen=True, kw_only=True)
class NotEncoded:
    """Speech from which no embedding can be made, and why."""

    reason: str


def encoder_samples(speech: npt.NDArray[Any], *, rate_hz: int) -> npt.NDArray[np.float32] | NotEncoded:
    """Check int16, or float32 from -1 to 1, of one channel and bring it to 16 kHz."""
    unfit = _unfit_form(speech, rate_hz=rate_hz)
    if unfit:
        return NotEncoded(reason=unfit)
    samples = speech.astype(np.float32)
    if speech.dtype == np.int16:
        samples /= _INT16_SCALE
    if not np.isfinite(samples).all():
        return NotEncoded(reason="speech holds numbers that are not finite")
    if not samples.any():
        return NotEncoded(reason="speech is digital silence throughout")
    if rate_hz == ENCODER_RATE_HZ:
        return samples
    return np.asarray(soxr.resample(samples, rate_hz, ENCODER_RATE_HZ), dtype=np.float32)


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
