"""Puts phrases together that say much the same: by the encoder's vectors, or by their words where there is none. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering

from ivr.intents.encoders import Vectors
from ivr.intents.features import centred, fit_terms

# Average cosine distance within a group. Judgement on the shipped phrases: with more, intents run together; with less, each
# phrase stands alone.
FARTHEST = 0.55
FARTHEST_BY_WORDS = 0.8
# The tree takes memory with the square of the phrases.
MOST = 1500
_FEWEST_TO_FIT = 2


@dataclass(frozen=True, kw_only=True)
class Group:
    """Phrases that are alike: places in what was given, the most typical first."""

    members: tuple[int, ...]


def grouped(texts: Sequence[str], vectors: Vectors | None) -> tuple[Group, ...]:
    """Group normalised texts (at most `MOST`), the largest group first; each text is in one group."""
    if len(texts) < _FEWEST_TO_FIT:
        return tuple(Group(members=(place,)) for place in range(len(texts)))
    near = _likeness(texts, vectors)
    farthest = FARTHEST_BY_WORDS if vectors is None else FARTHEST
    labels = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=farthest
    ).fit_predict(np.clip(1.0 - near, 0.0, 2.0))
    groups = [np.flatnonzero(labels == label) for label in sorted(set(labels.tolist()))]
    made = [Group(members=_typical_first(places, near)) for places in groups]
    return tuple(sorted(made, key=lambda group: (-len(group.members), group.members[0])))


def _likeness(texts: Sequence[str], vectors: Vectors | None) -> NDArray[np.float64]:
    if vectors is not None:
        even = centred(vectors, np.asarray(vectors.mean(axis=0), dtype=np.float32))
        return np.asarray(even @ even.T, dtype=np.float64)
    rows = fit_terms(texts, "word").vectorizer.transform(texts)
    return np.asarray((rows @ rows.T).toarray(), dtype=np.float64)


def _typical_first(places: NDArray[np.int_], near: NDArray[np.float64]) -> tuple[int, ...]:
    within = near[np.ix_(places, places)].mean(axis=1)
    return tuple(int(places[place]) for place in np.argsort(-within, kind="stable"))
