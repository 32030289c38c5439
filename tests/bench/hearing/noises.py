"""Noise that stands behind callers: other people, a street, mains hum and music; made here or of other speakers, always the same.

Everything is 8000 Hz floating point at the root mean square of one; what it is mixed with decides its level.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ivr.audio import RATE_HZ

Sound = npt.NDArray[np.float64]

_MAINS_HZ: Final = 50
# A minor, F, C, G in the middle of the keyboard: four chords that a radio plays all day.
_CHORDS_HZ: Final = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (261.6, 329.6, 392.0), (196.0, 246.9, 293.7))
_MELODY_HZ: Final = (440.0, 523.3, 659.3, 587.3, 523.3, 493.9, 440.0, 392.0)


def level(sound: Sound) -> Sound:
    """Bring a sound to the root mean square of one."""
    return sound / (float(np.sqrt(np.mean(np.square(sound)))) or 1.0)


def babble(seconds: float, seed: int, speakers: Sequence[Sound], *, voices: int = 6) -> Sound:
    """Several other people who talk at once: each one reads one utterance after another."""
    chance = np.random.default_rng(seed)
    size = round(seconds * RATE_HZ)
    total = np.zeros(size)
    for _ in range(voices):
        said = np.zeros(0)
        while said.size < size:
            said = np.concatenate([said, level(speakers[int(chance.integers(len(speakers)))])])
        total += said[:size]
    return level(total)


def street(seconds: float, seed: int) -> Sound:
    """Traffic: a rumble without end, cars that pass, and now and then a horn."""
    chance = np.random.default_rng(seed)
    size = round(seconds * RATE_HZ)
    at = np.arange(size) / RATE_HZ
    total = _coloured(chance.normal(size=size), slope=1.0)
    for _ in range(max(1, round(seconds / 3))):
        middle, width = chance.uniform(0, seconds), chance.uniform(0.4, 1.2)
        total += 3 * np.exp(-np.square((at - middle) / width)) * _coloured(chance.normal(size=size), slope=0.5)
    for _ in range(round(seconds / 8)):
        begin, length = chance.uniform(0, seconds), chance.uniform(0.2, 0.6)
        sounding = (at > begin) & (at < begin + length)
        total += 2 * sounding * (np.sin(2 * np.pi * 420 * at) + np.sin(2 * np.pi * 525 * at))
    return level(total)


def hum(seconds: float, seed: int) -> Sound:
    """Mains hum as a telephone passes it: the harmonics of 50 Hz from the seventh on, and a little hiss."""
    chance = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    total = 0.05 * chance.normal(size=at.size)
    for harmonic in range(7, 40, 2):
        total += np.sin(2 * np.pi * _MAINS_HZ * harmonic * at + chance.uniform(0, 6.3)) / harmonic
    return level(total)


def music(seconds: float, seed: int) -> Sound:
    """A band on the radio: chords, a melody that swells and dies with every note, and a drum on the beat."""
    chance = np.random.default_rng(seed)
    size = round(seconds * RATE_HZ)
    at = np.arange(size) / RATE_HZ + chance.uniform(0, 8)
    beat_seconds = 0.5
    chord = (at / (4 * beat_seconds)).astype(int) % len(_CHORDS_HZ)
    note = (at / beat_seconds).astype(int) % len(_MELODY_HZ)
    since_beat = at % beat_seconds
    total = np.zeros(size)
    for tone in range(3):
        pitch = np.array([one[tone] for one in _CHORDS_HZ])[chord]
        total += 0.4 * sum(np.sin(2 * np.pi * over * pitch * at) / over for over in range(1, 6))
    sung = np.array(_MELODY_HZ)[note]
    total += np.exp(-3 * since_beat) * sum(np.sin(2 * np.pi * over * sung * at) / over for over in range(1, 5))
    total += 1.5 * np.exp(-40 * since_beat) * chance.normal(size=size)
    return level(total)


def noises(speakers: Sequence[Sound]) -> dict[str, Callable[[float, int], Sound]]:
    """All kinds by name; `speakers` are the utterances of which babble is made."""
    return {
        "babble": lambda seconds, seed: babble(seconds, seed, speakers),
        "street": street,
        "hum": hum,
        "music": music,
    }


def _coloured(white: Sound, *, slope: float) -> Sound:
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.arange(1, spectrum.size) ** (slope / 2)
    return level(np.fft.irfft(spectrum, white.size))
