"""The noises of a caller's end as PCM that is repeated without a seam: hiss, mains hum, and a room of people.

All of it is made from a seed, passes the telephone band (what the carrier's line card lets through) and has its level behind
that band. `ivr.line.transit` adds it to what the caller says.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from ivr.audio import RATE_HZ, loudness_dbfs, telephone_band
from ivr.line.channel import Noise, NoiseKind

# G.711: the loudest sine of mu-law is +3.17 dBm0 and has a peak of 32124 on 16 bits: 0 dBm0 is so much under full scale.
DBM0_TO_DBFS: Final = -6.35
# Long enough that nobody hears the noise begin again.
LOOP_SECONDS: Final = 10
HUM_HZ: Final = 50
# Speakers of a room; from some eight on no single one is followed.
TALKERS: Final = 8
# The syllables of running speech come and go some four times a second (IEC 60268-16 finds most modulation there).
SYLLABLES_HZ: Final = 4.0
# The long-term spectrum of speech (ITU-T P.50) falls by some 10 dB an octave from 500 Hz on.
SPEECH_CORNER_HZ: Final = 500.0
SPEECH_SLOPE: Final = 10 / 6.02

_Samples = npt.NDArray[np.float64]
_COUNT: Final = LOOP_SECONDS * RATE_HZ


@lru_cache(maxsize=32)
def noise_pcm(noise: Noise, seed: int) -> bytes:
    """Give `LOOP_SECONDS` of a noise as 16-bit PCM at 8 kHz; the same bytes for the same noise and seed."""
    source = np.random.default_rng(seed)
    match noise.kind:
        case NoiseKind.HISS:
            samples = source.standard_normal(_COUNT)
        case NoiseKind.HUM:
            samples = _hum()
        case NoiseKind.BABBLE:
            samples = sum((_talker(source) for _ in range(TALKERS)), np.zeros(_COUNT))
    return _levelled(samples, noise.level_dbm0 + DBM0_TO_DBFS)


def _hum() -> _Samples:
    """The mains' harmonics, each as much weaker as it is higher."""
    at = np.arange(_COUNT) / RATE_HZ
    overtones = range(1, 3400 // HUM_HZ + 1)
    return np.asarray(sum((np.sin(2 * np.pi * HUM_HZ * n * at + n * n) / n for n in overtones), np.zeros(_COUNT)))


def _talker(source: np.random.Generator) -> _Samples:
    """One voice without words: a wandering pitch with breath in it, coming and going in the rhythm of syllables."""
    pitch_hz = source.uniform(90, 220) * (1 + 0.15 * _slow(source, 1.0))
    phase = np.cumsum(pitch_hz) / RATE_HZ
    # The jumps of the phase are the pulses of the voice.
    voice = np.diff(np.floor(phase), prepend=0.0) * 12 + 0.5 * source.standard_normal(_COUNT)
    loudness = np.maximum(0.0, _slow(source, SYLLABLES_HZ)) ** 2
    return np.asarray(_speech_like(voice) * loudness)


def _slow(source: np.random.Generator, highest_hz: float) -> _Samples:
    """A random curve of unit power without anything faster than so many hertz; its end meets its beginning."""
    spectrum = np.zeros(_COUNT // 2 + 1, dtype=np.complex128)
    last = round(highest_hz * LOOP_SECONDS)
    spectrum[1 : last + 1] = source.standard_normal(last) + 1j * source.standard_normal(last)
    curve = np.fft.irfft(spectrum, _COUNT)
    return np.asarray(curve / curve.std())


def _speech_like(samples: _Samples) -> _Samples:
    """Give samples the long-term spectrum of speech."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(_COUNT, 1 / RATE_HZ)
    return np.asarray(np.fft.irfft(spectrum / np.maximum(1.0, hertz / SPEECH_CORNER_HZ) ** SPEECH_SLOPE, _COUNT))


def _levelled(samples: _Samples, dbfs: float) -> bytes:
    """Bring samples into the telephone band and to a level."""
    # Thrice, so that the middle one has passed the filter with its own end before it and its own beginning behind it.
    loud = np.tile(samples / np.abs(samples).max() * 16000, 3).astype("<i2").tobytes()
    band = telephone_band(loud, RATE_HZ)[2 * _COUNT : 4 * _COUNT]
    gain = 10 ** ((dbfs - loudness_dbfs(band)) / 20)
    scaled = np.rint(np.frombuffer(band, dtype="<i2") * gain)
    return bytes(np.clip(scaled, -32768, 32767).astype("<i2").tobytes())
