"""Which request an utterance is, with a calibrated probability, and when to refuse or to ask back: training and use.

Kernel ridge regression against each class, its kernel the sum of a Gaussian of the encoder's vectors and of TF-IDF
products; temperature, refusal and margin come from leaving each phrase out. It reads and writes nothing; texts come
normalised and vectors ready.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from ivr.intents.encoders import Vectors
from ivr.intents.features import Features, centred, fit_terms

Probabilities = NDArray[np.float64]

# All four measured by five-fold on the shipped phrases; each may be halved or doubled for less than a point (docs/intents.md).
SHARPNESS = 0.8  # of the Gaussian
TERMS_WEIGHT = 0.2  # of words and of characters each, beside the Gaussian
RIDGE = 0.2
BALANCE = 0.5  # 0: each phrase counts alike, 1: each class does
# Without an encoder the terms are the whole kernel.
TERMS_WEIGHT_ALONE = 0.5
FOLDS = 5
# The share of in-scope phrases that cross-validation may refuse (issue: at most 5% refused).
REFUSED_SHARE = 0.05
# Refusal is set on phrases of so many words, sentences as an open question gets; fragments ("too small") are refused more
# readily, and asking once more after a fragment costs the caller least.
SENTENCE_WORDS = 5
# The share of rightly classified phrases that may be asked back.
ASKED_BACK_SHARE = 0.01
# Never asks back where the likelier intent is above this whatever cross-validation says.
CERTAIN = 0.8


@dataclass(frozen=True, kw_only=True)
class Anchors:
    """The encoder's side of the kernel: the training phrases' centred vectors and each class's weight on them."""

    centre: Vectors  # (dimensions,)
    vectors: Vectors  # (phrases, dimensions)
    weights: NDArray[np.float64]  # (phrases, classes)


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """A trained model as plain arrays."""

    names: tuple[str, ...]
    features: Features
    weights: NDArray[np.float64]  # (terms, classes)
    anchors: Anchors | None  # None without an encoder
    temperature: float  # scores are divided by it
    refuse_above: float  # out-of-scope probability from which an utterance is refused
    ask_below: float  # difference of the two likeliest from which down it is doubtful

    def probabilities(self, texts: Sequence[str], vectors: Vectors | None) -> Probabilities:
        """Return calibrated probabilities, shape (len(texts), classes).

        Raises ValueError where vectors and training disagree.
        """
        return softmax(self.scores(texts, vectors) / self.temperature)

    def scores(self, texts: Sequence[str], vectors: Vectors | None) -> Probabilities:
        """Return raw scores, about -1 to 1, shape (len(texts), classes)."""
        if (vectors is None) != (self.anchors is None):
            raise ValueError("vectors are wanted if and only if the classifier was trained with an encoder")
        found = np.asarray(self.features.rows(texts) @ self.weights)
        if vectors is not None and self.anchors is not None:
            near = gaussian(centred(vectors, self.anchors.centre), self.anchors.vectors)
            found = found + near @ self.anchors.weights
        return found


def gaussian(left: Vectors, right: Vectors) -> NDArray[np.float64]:
    """Return the Gaussian kernel of vectors of length one, shape (left, right)."""
    return np.asarray(np.exp(-SHARPNESS * (2.0 - 2.0 * (left @ right.T))), dtype=np.float64)


def softmax(scores: Probabilities) -> Probabilities:
    """Return rows that sum to one."""
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def _fit(
    texts: Sequence[str], truth: NDArray[np.int_], names: Sequence[str], vectors: Vectors | None
) -> tuple[Classifier, Probabilities]:
    """Train without calibration; `truth` are places in `names`.

    The second is what each text would score had it been left out: exact for a fixed kernel, and nearer to the whole
    model than folds are (Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, 5.12).
    """
    weight = TERMS_WEIGHT_ALONE if vectors is None else TERMS_WEIGHT
    features = Features(
        word=fit_terms(texts, "word"),
        character=fit_terms(texts, "character"),
        word_weight=weight,
        character_weight=weight,
    )
    rows = features.rows(texts)
    kernel = np.asarray((rows @ rows.T).toarray(), dtype=np.float64)
    centre = near = None
    if vectors is not None:
        centre = np.asarray(vectors.mean(axis=0), dtype=np.float32)
        near = centred(vectors, centre)
        kernel += gaussian(near, near)
    counts = np.bincount(truth, minlength=len(names))
    importance = (1.0 / np.maximum(counts, 1))[truth] ** BALANCE
    wanted = np.where(truth[:, None] == np.arange(len(names))[None, :], 1.0, -1.0)
    kernel[np.diag_indices_from(kernel)] += RIDGE * importance.mean() / importance
    inverse = np.linalg.inv(kernel)
    weights = np.asarray(inverse @ wanted, dtype=np.float64)
    fitted = Classifier(
        names=tuple(names),
        features=features,
        weights=np.asarray(rows.T @ weights),
        anchors=None if near is None or centre is None else Anchors(centre=centre, vectors=near, weights=weights),
        temperature=1.0,
        refuse_above=1.0,
        ask_below=0.0,
    )
    return fitted, wanted - weights / np.diag(inverse)[:, None]


def _places(names: Sequence[str]) -> tuple[list[str], NDArray[np.int_]]:
    classes = sorted(set(names))
    place = {name: index for index, name in enumerate(classes)}
    return classes, np.array([place[name] for name in names])


def held_out_scores(
    texts: Sequence[str],
    names: Sequence[str],
    groups: Sequence[str],
    vectors: Vectors | None,
    *,
    folds: Sequence[int] | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Probabilities:
    """Return scores of each text by a model that was trained without it, classes in sorted order.

    `groups` (the language) are spread evenly over the folds with the names, unless `folds` says each text's own. Fold order
    is fixed: the same phrases give the same figures. `done` is told after each fold.
    """
    classes, truth = _places(names)
    found = np.zeros((len(texts), len(classes)))
    strata = [f"{group}/{name}" for group, name in zip(groups, names, strict=True)]
    # On a busy machine many threads on small matrices wait for each other: minutes were measured against seconds with one.
    with threadpool_limits(limits=1):
        if folds is None:
            splits = list(StratifiedKFold(FOLDS, shuffle=True, random_state=1).split(texts, strata))
        else:
            own = np.array(folds)
            splits = [(np.flatnonzero(own != fold), np.flatnonzero(own == fold)) for fold in sorted(set(folds))]
        for count, (train_at, test_at) in enumerate(splits, start=1):
            model, _ = _fit(
                [texts[i] for i in train_at], truth[train_at], classes, None if vectors is None else vectors[train_at]
            )
            found[test_at] = model.scores([texts[i] for i in test_at], None if vectors is None else vectors[test_at])
            if done:
                done(count, len(splits))
    return found


def _temperature(scores: Probabilities, truth: NDArray[np.int_]) -> float:
    """Return the temperature with the least negative log likelihood (Guo et al. 2017, calibration of neural networks)."""

    def loss(log_temperature: float) -> float:
        chances = softmax(scores / np.exp(log_temperature))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-5.0, 2.0), method="bounded").x))


def _ask_below(chances: Probabilities, outside: int, truth: NDArray[np.int_]) -> float:
    """Return the margin under which few rightly classified phrases lie."""
    inside = np.delete(chances, outside, axis=1) if outside >= 0 else chances
    ordered = np.sort(inside, axis=1)
    right = (chances.argmax(axis=1) == truth) & (truth != outside)
    if not right.any():
        return 0.0
    return float(np.quantile((ordered[:, -1] - ordered[:, -2])[right], ASKED_BACK_SHARE))


def train(
    texts: Sequence[str],
    names: Sequence[str],
    vectors: Vectors | None,
    *,
    out_of_scope: str = "",
) -> Classifier:
    """Train on all phrases and set temperature, refusal and margin by leaving each phrase out.

    Without an out-of-scope class nothing is refused.
    """
    classes, truth = _places(names)
    with threadpool_limits(limits=1):
        final, scores = _fit(texts, truth, classes, vectors)
    temperature = _temperature(scores, truth)
    chances = softmax(scores / temperature)
    outside = classes.index(out_of_scope) if out_of_scope in classes else -1
    refuse_above = 1.0
    if outside >= 0:
        whole = np.array([len(text.split()) >= SENTENCE_WORDS for text in texts])
        inside = truth != outside
        chosen = inside & whole if (inside & whole).any() else inside
        refuse_above = float(np.quantile(chances[chosen, outside], 1.0 - REFUSED_SHARE))
    return replace(
        final, temperature=temperature, refuse_above=refuse_above, ask_below=_ask_below(chances, outside, truth)
    )
