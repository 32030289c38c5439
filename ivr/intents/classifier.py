"""Which request an utterance is, with a calibrated probability, and when to refuse or to ask back: training and use.

A logistic regression over the features; temperature, refusal and margin come from cross-validation over the phrases. It reads and
writes nothing; texts come normalised and vectors ready.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from ivr.intents.encoders import Vectors
from ivr.intents.features import Features, fit_features

Probabilities = NDArray[np.float64]

# Inverse of the regularisation. Measured by five-fold on the shipped phrases: 3 to 30 differ by less than a point (docs/intents.md).
STRENGTH = 10.0
FOLDS = 5
# The share of in-scope phrases that cross-validation may refuse (issue: at most 5% refused).
REFUSED_SHARE = 0.05
# The share of rightly classified phrases that may be asked back.
ASKED_BACK_SHARE = 0.02
# Never asks back where the likelier intent is above this whatever cross-validation says.
CERTAIN = 0.8


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Calibrated probabilities of one utterance over all classes, the out-of-scope class among them."""

    names: tuple[str, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """A trained model as plain arrays."""

    names: tuple[str, ...]
    features: Features
    weights: NDArray[np.float64]  # (classes, features)
    offsets: NDArray[np.float64]  # (classes,)
    temperature: float  # logits are divided by it
    refuse_above: float  # out-of-scope probability from which an utterance is refused
    ask_below: float  # difference of the two likeliest from which down it is doubtful

    def probabilities(self, texts: Sequence[str], vectors: Vectors | None) -> Probabilities:
        """Return calibrated probabilities, shape (len(texts), classes)."""
        return softmax(self.logits(texts, vectors) / self.temperature)

    def logits(self, texts: Sequence[str], vectors: Vectors | None) -> Probabilities:
        """Return raw scores, shape (len(texts), classes)."""
        return np.asarray(self.features.rows(texts, vectors) @ self.weights.T + self.offsets)


def softmax(logits: Probabilities) -> Probabilities:
    """Return rows that sum to one."""
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def _fit(texts: Sequence[str], names: Sequence[str], vectors: Vectors | None) -> Classifier:
    """Train without calibration."""
    features = fit_features(texts, vectors)
    model = LogisticRegression(C=STRENGTH, max_iter=200, tol=1e-3, class_weight="balanced")
    # On a busy machine many threads on small matrices wait for each other: 60 s measured against 4 s with one.
    with threadpool_limits(limits=1):
        model.fit(features.rows(texts, vectors), names)
    weights, offsets = model.coef_, model.intercept_
    if len(weights) == 1:  # two classes: scikit-learn keeps one row
        weights, offsets = np.vstack([-weights[0] / 2, weights[0] / 2]), np.array([-offsets[0] / 2, offsets[0] / 2])
    return Classifier(
        names=tuple(str(name) for name in model.classes_),
        features=features,
        weights=weights,
        offsets=offsets,
        temperature=1.0,
        refuse_above=1.0,
        ask_below=0.0,
    )


def held_out_logits(
    texts: Sequence[str], names: Sequence[str], groups: Sequence[str], vectors: Vectors | None
) -> Probabilities:
    """Return logits of each text by a model that was trained without it, classes in sorted order.

    `groups` (the language) are spread evenly over the folds with the names. Fold order is fixed: the same phrases give the same figures.
    """
    classes = sorted(set(names))
    found = np.zeros((len(texts), len(classes)))
    strata = [f"{group}/{name}" for group, name in zip(groups, names, strict=True)]
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=1).split(texts, strata):
        model = _fit([texts[i] for i in train], [names[i] for i in train], None if vectors is None else vectors[train])
        found[test] = model.logits([texts[i] for i in test], None if vectors is None else vectors[test])
    return found


def _temperature(logits: Probabilities, truth: NDArray[np.int_]) -> float:
    """Return the temperature with the least negative log likelihood (Guo et al. 2017, On Calibration of Modern Neural Networks)."""

    def loss(log_temperature: float) -> float:
        chances = softmax(logits / np.exp(log_temperature))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))


def _refuse_above(chances: Probabilities, outside: int, in_scope: NDArray[np.bool_]) -> float:
    return float(np.quantile(chances[in_scope, outside], 1.0 - REFUSED_SHARE))


def _ask_below(chances: Probabilities, outside: int, truth: NDArray[np.int_]) -> float:
    """Return the margin under which few rightly classified phrases lie."""
    inside = np.delete(chances, outside, axis=1) if outside >= 0 else chances
    ordered = np.sort(inside, axis=1)
    right = (chances.argmax(axis=1) == truth) & (truth != outside)
    if not right.any():
        return 0.0
    return float(np.quantile((ordered[:, -1] - ordered[:, -2])[right], ASKED_BACK_SHARE))


def train(
    texts: Sequence[str], names: Sequence[str], groups: Sequence[str], vectors: Vectors | None, *, out_of_scope: str = ""
) -> Classifier:
    """Train on all phrases and set temperature, refusal and margin by cross-validation.

    Without an out-of-scope class nothing is refused. Every class needs at least FOLDS phrases a group.
    """
    logits = held_out_logits(texts, names, groups, vectors)
    final = _fit(texts, names, vectors)
    place = {name: index for index, name in enumerate(final.names)}
    truth = np.array([place[name] for name in names])
    temperature = _temperature(logits, truth)
    chances = softmax(logits / temperature)
    outside = place.get(out_of_scope, -1)
    return Classifier(
        names=final.names,
        features=final.features,
        weights=final.weights,
        offsets=final.offsets,
        temperature=temperature,
        refuse_above=_refuse_above(chances, outside, truth != outside) if outside >= 0 else 1.0,
        ask_below=_ask_below(chances, outside, truth),
    )
