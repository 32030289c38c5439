"""Sounds made for the tests of barge-in: a voice that says syllables, a closed mouth, a cough, a click; full scale is one."""

import numpy as np

from ivr.audio import RATE_HZ
from ivr.speech.echo import Floats

# Centres of the first three formants of Italian vowels, in Hz: a, e, i, o, u.
_VOWELS_HZ = ((750, 1300, 2500), (500, 1850, 2500), (300, 2200, 2900), (500, 900, 2400), (320, 750, 2300))


def talk(seconds: float, *, seed: int, dbfs: float = -20.0) -> Floats:
    """Syllables, six in a second: a pitch that moves, vowels that change, and a hiss before some of them."""
    chance = np.random.default_rng(seed)
    total = np.zeros(round(seconds * RATE_HZ))
    at = 0
    while at < total.size:
        size = int(chance.integers(900, 1700))
        vowel = _vowel(
            size, pitch_hz=chance.uniform(100, 220), formants_hz=_VOWELS_HZ[int(chance.integers(5))], chance=chance
        )
        # A consonant: the mouth closes, with or without a hiss.
        closed = int(chance.integers(200, 600))
        vowel[:closed] = chance.choice([0.0, 0.05]) * np.abs(vowel).max() * np.diff(chance.normal(size=closed + 1))
        part = vowel[: total.size - at]
        total[at : at + part.size] = part
        at += size + (int(chance.integers(1000, 3000)) if chance.random() < 0.1 else 0)
    return total * 10 ** (dbfs / 20) / np.sqrt(np.mean(np.square(total)))


def murmur(seconds: float, *, pitch_hz: float = 130.0, dbfs: float = -20.0) -> Floats:
    """A "mmh": one nasal sound with the mouth closed, at a pitch that hardly moves."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * pitch_hz * at * (1 - 0.05 * at / at[-1])
    total = sum((np.sin(over * phase) / over**1.5 for over in range(1, 12)), np.zeros(at.size))
    total *= np.minimum(np.minimum(at / 0.08, (at[-1] - at) / 0.1), 1.0)
    return np.asarray(total * 10 ** (dbfs / 20) / np.sqrt(np.mean(np.square(total))))


def cough(*, seed: int, dbfs: float = -20.0) -> Floats:
    """Two bursts of breath through an open throat, 0.3 s each."""
    chance = np.random.default_rng(seed)
    at = np.arange(round(0.3 * RATE_HZ)) / RATE_HZ
    burst = chance.normal(size=at.size) * np.exp(-at / 0.1)
    total = np.concatenate([burst, np.zeros(1600), burst[::-1][::-1] * 0.7])
    return total * 10 ** (dbfs / 20) / np.sqrt(np.mean(np.square(total)))


def _vowel(size: int, *, pitch_hz: float, formants_hz: tuple[int, ...], chance: np.random.Generator) -> Floats:
    at = np.arange(size) / RATE_HZ
    pitch = pitch_hz * (1 + chance.uniform(-0.2, 0.2) * at / at[-1])
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    total = np.zeros(size)
    for over in range(1, int(3400 / pitch.max())):
        hertz = over * pitch_hz
        loud = sum(
            1 / (1 + ((hertz - formant) / 90) ** 2) / (1 + 2 * number) for number, formant in enumerate(formants_hz)
        )
        total += (loud + 0.003) * np.sin(over * phase)
    return np.asarray(
        total * np.minimum(np.minimum(at / 0.03, (at[-1] - at) / 0.05), 1.0) + 1e-4 * chance.normal(size=size)
    )
