"""Features of an utterance: words and characters by TF-IDF beside the encoder's vector. What they mean is the classifier's affair."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from ivr.intents.encoders import Vectors

# Weight of the TF-IDF block against the encoder's vector of length one. Measured by five-fold on the shipped phrases (docs/intents.md).
TFIDF_WEIGHT = 0.5


def _vectorizer(kind: str, **fixed: Any) -> TfidfVectorizer:
    """Return the word (1-2) or character (2-5, inside words) vectorizer."""
    if kind == "word":
        return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+", lowercase=False, **fixed)
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, lowercase=False, **fixed)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """One fitted TF-IDF: terms with their inverse document frequencies, as plain arrays that a cache can hold without pickle."""

    kind: str  # "word" or "character"
    vocabulary: NDArray[np.str_]
    rarity: NDArray[np.float64]

    @cached_property
    def vectorizer(self) -> TfidfVectorizer:
        """Return a vectorizer that is ready to transform."""
        made = _vectorizer(self.kind, vocabulary={str(term): place for place, term in enumerate(self.vocabulary)})
        made.idf_ = self.rarity
        return made


def fit_terms(texts: Sequence[str], kind: str) -> Terms:
    """Learn the terms of normalised texts; character terms must stand in two of them."""
    made = _vectorizer(kind, min_df=1 if kind == "word" else 2)
    made.fit(texts)
    return Terms(kind=kind, vocabulary=np.asarray(made.get_feature_names_out(), dtype=np.str_), rarity=np.asarray(made.idf_))


@dataclass(frozen=True, kw_only=True)
class Features:
    """Turns texts, with the encoder's vectors where there is an encoder, into one sparse row each."""

    word: Terms
    character: Terms
    centre: Vectors | None  # mean vector of the training phrases, taken away since E5's vectors all point one way; None without encoder
    tfidf_weight: float = field(default=TFIDF_WEIGHT)

    def rows(self, texts: Sequence[str], vectors: Vectors | None) -> scipy.sparse.csr_matrix:
        """Return shape (len(texts), features). Raises ValueError where vectors and training disagree."""
        blocks = [self.tfidf_weight * terms.vectorizer.transform(texts) for terms in (self.word, self.character)]
        if (vectors is None) != (self.centre is None):
            raise ValueError("vectors are wanted if and only if the features were fitted with an encoder")
        if vectors is not None and self.centre is not None:
            blocks.insert(0, scipy.sparse.csr_matrix(centred(vectors, self.centre)))
        return scipy.sparse.hstack(blocks).tocsr()


def centred(vectors: Vectors, centre: Vectors) -> Vectors:
    """Return vectors without the common part, at length one again."""
    moved = vectors - centre
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-9), dtype=np.float32)


def fit_features(texts: Sequence[str], vectors: Vectors | None) -> Features:
    """Learn terms and centre from training texts."""
    return Features(
        word=fit_terms(texts, "word"),
        character=fit_terms(texts, "character"),
        centre=None if vectors is None else np.asarray(vectors.mean(axis=0), dtype=np.float32),
        # Alone, TF-IDF needs no weight against anything.
        tfidf_weight=1.0 if vectors is None else TFIDF_WEIGHT,
    )
