"""Features of an utterance: words and characters by TF-IDF beside the encoder's vector.

What they mean is the classifier's affair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from ivr.intents.encoders import Vectors

# A word is whatever spaces bound: the texts are normalised.
_WORD = r"\S+"


def _vectorizer(kind: str, **fixed: Any) -> TfidfVectorizer:
    """Return the word (1-2) or character (2-5, inside words) vectorizer."""
    if kind == "word":
        return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD, lowercase=False, **fixed)
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
    return Terms(
        kind=kind, vocabulary=np.asarray(made.get_feature_names_out(), dtype=np.str_), rarity=np.asarray(made.idf_)
    )


@dataclass(frozen=True, kw_only=True)
class Features:
    """What was learnt about terms, and the weight of each block in the kernel."""

    word: Terms
    character: Terms
    word_weight: float
    character_weight: float

    def rows(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        """Return shape (len(texts), terms); the product of two rows is the TF-IDF part of the kernel."""
        weighted = ((self.word_weight, self.word), (self.character_weight, self.character))
        return scipy.sparse.hstack(
            [weight**0.5 * terms.vectorizer.transform(texts) for weight, terms in weighted]
        ).tocsr()


def centred(vectors: Vectors, centre: Vectors) -> Vectors:
    """Return vectors without the common part (E5's all point one way), at length one again."""
    moved = vectors - centre
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-9), dtype=np.float32)
