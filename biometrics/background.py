"""The deployment's own voices: their mean and the cohort, and what its own calls say of the threshold. Pure.

Nobody's name is needed for it: calls of different customers are pairs of different people, all but surely.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from biometrics.calibration import LEAST_IMPOSTORS, Tail
from biometrics.voiceprint import Embedding

# With fewer voices their mean and scatter say more of these few people than of the line (judgement).
LEAST_VOICES: Final = 12
# A drift of the threshold by more than this, in log likelihood ratio, about halves or doubles the false accepts (judgement).
TELLING_DRIFT: Final = 0.7


@dataclass(frozen=True, kw_only=True)
class Background:
    """Voices of a deployment's customers, one embedding each, made by one encoder."""

    encoder: str
    voices: npt.NDArray[np.float64] = field(repr=False)  # [voices, numbers], each of length 1

    @classmethod
    def of(cls, encoder: str, voices: Mapping[str, Embedding]) -> Self | None:
        """Make one of the embeddings by customer, or None where they are too few to be one."""
        if len(voices) < LEAST_VOICES:
            return None
        return cls(encoder=encoder, voices=np.array(list(voices.values()), dtype=np.float64))

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """What all voices of this line have in common: the line, mostly."""
        return np.asarray(self.voices.mean(axis=0), dtype=np.float64)


def tail_of_pairs(ratios: Sequence[float]) -> Tail | None:
    """Learn where impostors of this deployment end from comparisons between different customers; None for too few."""
    return Tail.of(ratios) if len(ratios) >= LEAST_IMPOSTORS else None


def has_drifted(now: Tail, before: Tail, *, wanted_false_accepts: float) -> bool:
    """Whether the threshold for the wanted false accepts has moved so far that somebody should know."""
    return abs(now.threshold(wanted_false_accepts) - before.threshold(wanted_false_accepts)) > TELLING_DRIFT
