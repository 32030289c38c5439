"""Cuts a recording into the speech in it and what lies between, by Silero's voice detector: for files and commands.

The sound of a call is cut while it comes, elsewhere; this is for a whole recording at once.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soxr  # type: ignore[import-untyped]  # soxr publishes no types

from biometrics.onnx_session import NoSession, Session, open_session
from biometrics.samples import RATES_HZ

# What Silero's network takes at 8000 Hz: 256 samples (32 ms), behind the last 32 of those before.
_RATE_HZ: Final = 8_000
_WINDOW: Final = 256
_BEFORE_WINDOW: Final = 32
_STATE_SHAPE: Final = (2, 1, 128)
# Silero's own thresholds (its `get_speech_timestamps`): a voice begins at 0.5 and ends 0.15 below.
_BEGINS_AT: Final = 0.5
_ENDS_BELOW: Final = 0.35
# Windows kept before and behind a voice: 32 ms, Silero's own padding is 30 ms.
_PADDING: Final = 1
_FULL_SCALE: Final = 32_768.0


class NoDetectorError(RuntimeError):
    """The network that comes with the package silero-vad cannot be used on this machine."""


def net_speech(samples: npt.NDArray[Any], rate_hz: int) -> npt.NDArray[Any]:
    """Give the speech in int16 or float32 samples at 8000 or 16000 Hz, pauses cut out. Raises `NoDetectorError`.

    What is no sound at all (another rate or form, numbers that are not finite) holds no speech: nothing is left of it.
    """
    return split(samples, rate_hz)[0]


def split(samples: npt.NDArray[Any], rate_hz: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Give the speech and, apart from it, everything else: the sound between the words. Raises `NoDetectorError`."""
    if not _is_sound(samples, rate_hz):
        return samples.reshape(-1)[:0], samples.reshape(-1)[:0]
    step = _WINDOW * rate_hz // _RATE_HZ
    mask = np.repeat(_padded(_voiced(_as_heard(samples, rate_hz))), step)
    mask = np.concatenate((mask, np.zeros(max(0, samples.size - mask.size), dtype=bool)))[: samples.size]
    return samples[mask], samples[~mask]


def _is_sound(samples: npt.NDArray[Any], rate_hz: int) -> bool:
    is_known = samples.dtype in {np.dtype(np.int16), np.dtype(np.float32)}
    return rate_hz in RATES_HZ and samples.ndim == 1 and is_known and bool(np.isfinite(samples).all())


def _as_heard(samples: npt.NDArray[Any], rate_hz: int) -> npt.NDArray[np.float32]:
    sound = samples.astype(np.float32)
    if samples.dtype == np.int16:
        sound /= _FULL_SCALE
    if rate_hz != _RATE_HZ and sound.size:
        sound = np.asarray(soxr.resample(sound, rate_hz, _RATE_HZ), dtype=np.float32)
    return np.clip(sound, -1, 1)


def _voiced(sound: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Say for each whole window of 32 ms whether it holds a voice."""
    network, rate = _network(), np.array(_RATE_HZ, dtype=np.int64)
    sound = np.concatenate((np.zeros(_BEFORE_WINDOW, dtype=np.float32), sound))
    state = np.zeros(_STATE_SHAPE, dtype=np.float32)
    voiced = np.zeros((sound.size - _BEFORE_WINDOW) // _WINDOW, dtype=bool)
    is_voice = False
    for window in range(voiced.size):
        heard = sound[window * _WINDOW : (window + 1) * _WINDOW + _BEFORE_WINDOW]
        probability, state = network.run({"input": heard[np.newaxis], "state": state, "sr": rate})
        is_voice = bool(probability[0, 0] >= (_ENDS_BELOW if is_voice else _BEGINS_AT))
        voiced[window] = is_voice
    return voiced


def _padded(voiced: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    padded = voiced.copy()
    for shift in range(1, min(_PADDING, voiced.size - 1) + 1):
        padded[shift:] |= voiced[:-shift]
        padded[:-shift] |= voiced[shift:]
    return padded


_opening = Lock()


def _network() -> Session:
    # Without the lock two first recordings at once would open it twice.
    with _opening:
        return _opened()


@lru_cache(maxsize=1)
def _opened() -> Session:
    # The package is not imported: it would load torch, which is not needed for this.
    found = find_spec("silero_vad")
    if found is None or found.origin is None:
        raise NoDetectorError("the package silero-vad is not installed; pip install silero-vad")
    opened = open_session(Path(found.origin).parent / "data" / "silero_vad.onnx")
    if isinstance(opened, NoSession):
        raise NoDetectorError(opened.reason)
    return opened
