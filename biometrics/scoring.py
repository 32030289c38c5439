"""Compares the voice of a call with an enrolled one: cosine, standard score, log likelihood ratio. Pure.

The standard score is how far a comparison lies above those of impostors, in their deviations: the calibration's or, where it says
so and the deployment has a cohort of its own, those of adaptive symmetric normalisation (Matejka et al. 2017) after the cohort's
mean is taken away.
"""

import statistics
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from biometrics.background import Background
from biometrics.calibration import Calibration
from biometrics.voiceprint import Embedding, Evidence, Voiceprint, similarity, together

# The nearest part of the cohort stands for impostors: those who might be mistaken, mostly of the caller's own sex.
COHORT_SHARE: Final = 0.5
_LEAST_DEVIATION: Final = 1e-3


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What a comparison gave."""

    similarity: float  # cosine of the raw embeddings, -1 to 1
    standard_score: float
    log_likelihood_ratio: float  # natural logarithm


def compare(
    evidence: Evidence, voiceprint: Voiceprint, *, calibration: Calibration, background: Background | None
) -> Compared:
    """Compare evidence and voiceprint of one encoder. Raises `ValueError` where their embeddings have different sizes."""
    test, enrolled = together(evidence.samples), together(voiceprint.samples)
    cosine = similarity(test, enrolled)
    score = standard_score(test, enrolled, calibration=calibration, background=background)
    ratio = calibration.log_likelihood_ratio(
        standard_score=score,
        net_speech_seconds=evidence.net_speech_seconds,
        snr_db=statistics.fmean(sample.quality.snr_db for sample in evidence.samples),
    )
    return Compared(similarity=cosine, standard_score=score, log_likelihood_ratio=ratio)


def standard_score(
    test: Embedding, enrolled: Embedding, *, calibration: Calibration, background: Background | None
) -> float:
    """Give how far two embeddings are more alike than two people's: 0 is an impostor's mean, 1 their deviation."""
    if background is None or not calibration.against_cohort or background.encoder != calibration.encoder:
        return (similarity(test, enrolled) - calibration.impostor_mean) / calibration.impostor_deviation
    return normalised(np.array(test), np.array(enrolled), background)


def normalised(test: npt.NDArray[np.float64], enrolled: npt.NDArray[np.float64], background: Background) -> float:
    """Give the adaptive symmetric normalisation of a cosine by a background, its mean taken away first."""
    mean = background.mean
    one, other, cohort = _centred(test, mean), _centred(enrolled, mean), _centred(background.voices, mean)
    score = float(one @ other)
    return float(np.mean([_standardised(score, cohort @ side) for side in (one, other)]))


def _centred(vectors: npt.NDArray[np.float64], mean: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    apart = vectors - mean
    return np.asarray(apart / np.maximum(np.linalg.norm(apart, axis=-1, keepdims=True), _LEAST_DEVIATION))


def _standardised(score: float, against_cohort: npt.NDArray[np.float64]) -> float:
    nearest = np.sort(against_cohort)[-max(2, round(len(against_cohort) * COHORT_SHARE)) :]
    return (score - float(nearest.mean())) / max(float(nearest.std()), _LEAST_DEVIATION)
