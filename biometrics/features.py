"""What the line encoder sees of speech: windows of a mel spectrogram at one loudness. Plain arithmetic.

The same as Resemblyzer's, which the encoder comes from (hparams.py, audio.py, voice_encoder.py of resemblyzer 0.1.4), without
librosa: its tests hold that both agree. Only the loudness differs: Resemblyzer makes faint speech louder and leaves loud speech
as it is; here all speech is brought to one level, for a telephone line's level says nothing about the voice.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from biometrics.samples import ENCODER_RATE_HZ, Samples

# Resemblyzer's hparams.py: 25 ms every 10 ms, 40 bands, windows of 160 frames (1.6 s), -30 dB below full scale.
FRAME: Final = 400
HOP: Final = 160
BANDS: Final = 40
WINDOW_FRAMES: Final = 160
LEVEL_DBFS: Final = -30.0
# Resemblyzer's embed_utterance: 1.3 windows begin in a second (every 77 frames); the last one counts from 75% of its length.
WINDOW_STEP: Final = round(ENCODER_RATE_HZ / 1.3 / HOP)
_LEAST_COVERAGE: Final = 0.75
_WINDOW_SAMPLES: Final = WINDOW_FRAMES * HOP

# Slaney's mel scale (Auditory Toolbox, 1998; librosa's default): straight to 1000 Hz (15 mels), logarithmic above.
_HZ_IN_A_LOW_MEL: Final = 200 / 3
_BEND_HZ: Final = 1000.0
_BEND_MEL: Final = _BEND_HZ / _HZ_IN_A_LOW_MEL
_LOG_STEP: Final = np.log(6.4) / 27


def windows(samples: Samples) -> Samples:
    """Give all windows of speech at 16 kHz, [windows, 160, 40]: one at least, filled up with silence if it is short."""
    starts = window_starts(samples.size)
    covered = (starts[-1] + WINDOW_FRAMES) * HOP
    levelled: Samples = np.pad(at_level(samples), (0, max(0, covered - samples.size)))
    frames = mel_spectrogram(levelled)
    return np.stack([frames[start : start + WINDOW_FRAMES] for start in starts])


def window_starts(samples_count: int) -> list[int]:
    """Give the first frame of each window over so many samples (Resemblyzer's compute_partial_slices)."""
    frames_count = -(-(samples_count + 1) // HOP)
    starts = list(range(0, max(1, frames_count - WINDOW_FRAMES + WINDOW_STEP + 1), WINDOW_STEP))
    is_covered = samples_count - starts[-1] * HOP >= _LEAST_COVERAGE * _WINDOW_SAMPLES
    return starts if is_covered or len(starts) == 1 else starts[:-1]


def at_level(samples: Samples) -> Samples:
    """Bring speech that is not silent to -30 dBFS, root mean square."""
    root_mean_square = np.sqrt(np.mean(np.square(samples, dtype=np.float64)))
    return np.asarray(samples * (10 ** (LEVEL_DBFS / 20) / root_mean_square), dtype=np.float32)


def mel_spectrogram(samples: Samples) -> Samples:
    """Give the power of 40 mel bands for every 10 ms, [frames, 40], each frame centred on its time, silence beyond both ends.

    Equal to librosa's `feature.melspectrogram(y, sr=16000, n_fft=400, hop_length=160, n_mels=40)`, transposed.
    """
    padded = np.pad(samples, FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    spectrum = np.fft.rfft(frames * _HANN, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(power.astype(np.float32) @ _FILTERS)


def _mels(hz: float) -> float:
    return float(hz / _HZ_IN_A_LOW_MEL if hz < _BEND_HZ else _BEND_MEL + np.log(hz / _BEND_HZ) / _LOG_STEP)


def _hz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mels < _BEND_MEL, mels * _HZ_IN_A_LOW_MEL, _BEND_HZ * np.exp(_LOG_STEP * (mels - _BEND_MEL)))


def _filters() -> Samples:
    """Make triangles over the spectrum's lines, [201, 40], each with the same area (Slaney's)."""
    lines_hz = np.linspace(0, ENCODER_RATE_HZ / 2, FRAME // 2 + 1)
    corners_hz = _hz(np.linspace(_mels(0), _mels(ENCODER_RATE_HZ / 2), BANDS + 2))
    widths = np.diff(corners_hz)
    beyond = lines_hz[:, np.newaxis] - corners_hz
    rising = beyond[:, :-2] / widths[:-1]
    falling = -beyond[:, 2:] / widths[1:]
    heights = 2 / (corners_hz[2:] - corners_hz[:-2])
    return (np.maximum(0, np.minimum(rising, falling)) * heights).astype(np.float32)


_HANN: Final = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
_FILTERS: Final = _filters()
