"""Voices for tests of what is kept and learnt of them: directions in a space of sixteen numbers, each with its own scatter;
and sounds that are like speech, or not."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from biometrics.decision import Accepted, Measured
from biometrics.voiceprint import Embedding, Quality, Sample, unit_length

NUMBERS = 16
RATE_HZ = 8000
CLEAN = Quality(snr_db=30.0, level_dbfs=-25.0, clipped_share=0.0, halves_alike=None)


def voice_of(speaker: int) -> Embedding:
    """The direction of a speaker: those of different speakers are at right angles."""
    return tuple(float(number == speaker) for number in range(NUMBERS))


def at_cosine(centre: Sequence[float], cosine: float, *, towards: int) -> Embedding:
    """A direction at this cosine of another one, on the side of a speaker who is not in it."""
    side = np.array(voice_of(towards))
    side = side - np.dot(side, centre) * np.array(centre)
    return unit_length((cosine * np.array(centre) + math.sqrt(1 - cosine**2) * side / np.linalg.norm(side)).tolist())


def sample(embedding: Sequence[float], seconds: float = 4.0, *, halves_alike: float | None = None) -> Sample:
    """A sample as good as can be."""
    return Sample(
        embedding=unit_length(embedding), net_speech_seconds=seconds, quality=replace(CLEAN, halves_alike=halves_alike)
    )


def utterances(speaker: int, count: int, *, seconds: float = 4.0, seed: int = 0) -> list[Sample]:
    """Utterances of one speaker, no two of them equal, each within a cosine of 0.98 of the speaker's direction."""
    chance = np.random.default_rng((speaker, seed))
    scatter = chance.normal(size=(count, NUMBERS)) * 0.04
    return [sample((np.array(voice_of(speaker)) + one).tolist(), seconds) for one in scatter]


def accepted(*, surely: bool = True) -> Accepted:
    """An acceptance, much surer than was asked, or only just."""
    measured = Measured(
        similarity=0.95,
        standard_score=5.0,
        log_likelihood_ratio=12.0 if surely else 7.0,
        accept_from=6.9,
        surely_from=9.2,
        net_speech_seconds=6.0,
        channel="telephone",
        voiceprint_age_days=30.0,
    )
    return Accepted(measured=measured)


def speech_like(seconds: float = 4.0, *, dbfs: float = -25.0, seed: int = 0) -> npt.NDArray[np.float32]:
    """Noise that comes and goes four times a second, as syllables do, with gaps between them."""
    chance = np.random.default_rng(seed)
    count = round(seconds * RATE_HZ)
    loudness = np.maximum(0.0, np.sin(2 * np.pi * 4 * np.arange(count) / RATE_HZ))
    sound = chance.normal(size=count) * loudness
    return (sound / np.sqrt(np.mean(sound**2)) * 10 ** (dbfs / 20)).astype(np.float32)


def noise(seconds: float, dbfs: float) -> npt.NDArray[np.float32]:
    """Noise of this loudness throughout."""
    return (np.random.default_rng(9).normal(size=round(seconds * RATE_HZ)) * 10 ** (dbfs / 20)).astype(np.float32)
