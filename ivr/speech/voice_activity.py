"""Tells frames with the caller's voice from frames without: by Silero's detector and by how loud this caller is.

The only home of onnxruntime in ivr. The network is small: one thread, one copy for all calls of a process.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from math import log10
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ivr.audio import FRAME_BYTES, RATE_HZ, AudioFormatError

# 16-bit PCM has two bytes for each byte of mu-law.
FRAME_PCM_BYTES: Final = 2 * FRAME_BYTES
# Why Silero: of 1,020 turns of real speech before babble, street, hum and music at 5-20 dB, 12 in 100 end wrongly (cut early, or
# held open by the noise), with WebRTC's best mode 65; a frame costs some 60 us instead of 2. To ask it only where WebRTC hears a
# voice ends as many wrongly and saves a quarter of that at most, for noise is what WebRTC hears (bench hearing, activity).
# What Silero's network takes at 8000 Hz: 256 samples (32 ms), behind the last 32 of those before.
_WINDOW: Final = 256
_BEFORE_WINDOW: Final = 32
_STATE_SHAPE: Final = (2, 1, 128)
# Silero's own thresholds (its `get_speech_timestamps`): a voice begins at 0.5 and ends 0.15 below.
BEGINS_AT: Final = 0.5
ENDS_BELOW: Final = 0.35
# Fainter than this nothing on a telephone line is a voice (speech lies 25 to 40 dB above), and the network is not asked: on a
# quiet line a silent caller costs next to nothing.
QUIETEST_VOICE_DBFS: Final = -60.0
# 50 dB under a telephone's reference level: what an open line hisses.
_HISS_DBFS: Final = -56.0
# How often the first window of a stream is looked at (a third of a second of it).
_FIRST_LOOKS: Final = 10
# A voice so much fainter than the caller's is somebody else's: television, the people at the next table.
FAINTER_DB: Final = 10.0
# How fast the loudness of a frame may fall (15 dB in a second): between two vowels nobody has gone further away.
_FALL_DB: Final = 0.3
# How the caller's loudness is followed, as shares of the difference for each voiced frame: quickly up, slowly down.
_LOUDER_SHARE: Final = 0.1
_FAINTER_SHARE: Final = 0.002
_FULL_SCALE: Final = 32768.0
# Loudness of digital silence: a step of 16 bits would be 90 dB below full scale.
_QUIETEST_DBFS: Final = -96.0


class NoDetectorError(RuntimeError):
    """The network that comes with the package silero-vad is not on this machine: nobody could be listened to."""


class VoiceActivity:
    """One caller's detector: it remembers the sound before and how loud the caller is, so every turn has its own."""

    def __init__(self) -> None:
        """Begin with a stranger. Raises `NoDetectorError`."""
        self._network = _network()
        self._state = _state_of_a_quiet_line()
        self._sound: npt.NDArray[np.float32] = np.zeros(_BEFORE_WINDOW, dtype=np.float32)
        self._is_voice = False
        self._is_first_window = True
        self._dbfs = _QUIETEST_DBFS
        self._caller_dbfs: float | None = None

    def is_voiced(self, frame_pcm: bytes) -> bool:
        """Whether a frame of 20 ms of 16-bit PCM at 8000 Hz (320 bytes) holds a voice. Raises `AudioFormatError`.

        The network looks at 32 ms at a time; a frame in which it has nothing new to say is as the one before.
        """
        if len(frame_pcm) != FRAME_PCM_BYTES:
            raise AudioFormatError(f"a frame has {FRAME_PCM_BYTES} bytes of PCM, this has {len(frame_pcm)}")
        samples = np.frombuffer(frame_pcm, dtype="<i2").astype(np.float32) / np.float32(_FULL_SCALE)
        self._sound = np.concatenate((self._sound, samples))
        if self._sound.size >= _BEFORE_WINDOW + _WINDOW:
            window, self._sound = self._sound[: _BEFORE_WINDOW + _WINDOW], self._sound[_WINDOW:]
            self._is_voice = _dbfs(window) > QUIETEST_VOICE_DBFS and self._is_voice_in(window)
            self._is_first_window = False
        self._dbfs = max(_dbfs(samples), self._dbfs - _FALL_DB)
        return self._is_voice and bool(samples.any()) and self._is_the_callers()

    def _is_voice_in(self, window: npt.NDArray[np.float32]) -> bool:
        if self._is_first_window:
            # A stream that begins with a sound begins on a noisy line: to the network it was always so. Else hum that sets in
            # at once is a voice for 0.2 s (measured on hum, street and music: 13 false beginnings in 40, so 0; of 60 digits
            # that begin with the stream's first sample 6 are missed).
            for _ in range(_FIRST_LOOKS):
                _, self._state = self._network(window, self._state)
        probability, self._state = self._network(window, self._state)
        return probability >= (ENDS_BELOW if self._is_voice else BEGINS_AT)

    def _is_the_callers(self) -> bool:
        if self._caller_dbfs is None:
            self._caller_dbfs = self._dbfs
        share = _LOUDER_SHARE if self._dbfs > self._caller_dbfs else _FAINTER_SHARE
        self._caller_dbfs += share * (self._dbfs - self._caller_dbfs)
        return self._dbfs >= self._caller_dbfs - FAINTER_DB


def _dbfs(samples: npt.NDArray[np.float32]) -> float:
    power = float(np.dot(samples, samples)) / samples.size
    return 10 * log10(power) if power > 0 else _QUIETEST_DBFS


_Network = Callable[[npt.NDArray[np.float32], npt.NDArray[np.float32]], tuple[float, npt.NDArray[np.float32]]]
_loading = Lock()


def _network() -> _Network:
    # Without the lock two first calls at once would load it twice.
    with _loading:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> _Network:
    import onnxruntime  # noqa: PLC0415 - loads a native library, which only a service that listens itself needs

    options = onnxruntime.SessionOptions()
    # A window costs some 0.1 ms: more threads would cost more than they bring, and spin between the windows.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(_model_file(), options, providers=["CPUExecutionProvider"])
    rate = np.array(RATE_HZ, dtype=np.int64)

    def look(sound: npt.NDArray[np.float32], state: npt.NDArray[np.float32]) -> tuple[float, npt.NDArray[np.float32]]:
        voiced, after = session.run(None, {"input": sound[np.newaxis], "state": state, "sr": rate})
        return float(voiced[0, 0]), after

    return look


@lru_cache(maxsize=1)
def _state_of_a_quiet_line() -> npt.NDArray[np.float32]:
    """Return what the network remembers after a second of a line's faint hiss.

    From nothing at all it takes a short word for no voice: of 120 single spoken digits (FSDD in the telephone's band, between
    digital silence) 22 were missed; so begun, 3.
    """
    look, state = _network(), np.zeros(_STATE_SHAPE, dtype=np.float32)
    hiss = np.random.default_rng(1).standard_normal(RATE_HZ) * 10 ** (_HISS_DBFS / 20)
    for at in range(0, RATE_HZ - _BEFORE_WINDOW - _WINDOW, _WINDOW):
        _, state = look(hiss[at : at + _BEFORE_WINDOW + _WINDOW].astype(np.float32), state)
    return state


def _model_file() -> str:
    # The package is not imported: it would load torch, which takes a second and 200 MB and is not needed for this.
    found = find_spec("silero_vad")
    if found is None or found.origin is None:
        raise NoDetectorError("the package silero-vad is not installed; pip install silero-vad")
    return str(Path(found.origin).parent / "data" / "silero_vad.onnx")
