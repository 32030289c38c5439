"""How a phrasebook answers phrases that it has not seen: each of its own, held back from a model of all the others, and others'.

Five models of four fifths each; which fifth a phrase lies in hangs on its words alone, so that two phrasebooks hold back what
they share alike, and their difference is theirs and not the lot's. Pure.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivr.intents.classifier import FOLDS, softmax
from ivr.intents.encoders import Vectors
from ivr.intents.meaning import Doubtful, Intent
from ivr.intents.phrases import Phrasebook
from ivr.intents.understanding import BY_WORDS_ALONE, Understanding
from ivr.intents.words import without_fillers

# What stands in place of an intent where the caller would be asked which of two was meant.
ASKED_BACK: Final = "?"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One phrase, what it means, and how it was answered by a model that had not seen it."""

    language: str
    text: str
    truth: str
    answered: str  # an intent, the name for out of scope where it was refused, or ASKED_BACK
    chance: float  # of the answer; of the likelier one where it was asked back

    @property
    def is_right(self) -> bool:
        """Whether it was answered rightly at once."""
        return self.answered == self.truth


def rows_of(book: Phrasebook) -> tuple[tuple[str, str, str], ...]:
    """Return language, text and intent of the phrases that the classifier learns, in the order of `training_rows`."""
    return tuple((one.language, one.text, one.intent) for one in book.phrases if one.intent not in BY_WORDS_ALONE)


def folds_of(book: Phrasebook) -> tuple[int, ...]:
    """Return the fold of each of `rows_of`."""
    return tuple(fold_of(text) for _, text, _ in rows_of(book))


def fold_of(text: str) -> int:
    """Return the fold that a phrase is held back in."""
    return hashlib.sha256(text.encode()).digest()[0] % FOLDS


def judged(understanding: Understanding, scores: NDArray[np.float64]) -> tuple[Judged, ...]:
    """Return how each of a phrasebook's own phrases was answered while it was held back; `scores` by `rows_of`."""
    return _judged(understanding, rows_of(understanding.book), scores)


def judged_others(
    understanding: Understanding, rows: Sequence[tuple[str, str, str]], vectors: Vectors | None
) -> tuple[Judged, ...]:
    """Return how phrases are answered that the phrasebook does not have: language, text, intent; vectors of `bare`."""
    if not rows:
        return ()
    return _judged(understanding, rows, understanding.classifier.scores(bare(rows), vectors))


def bare(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return the texts as the classifier is given them."""
    return [without_fillers(text, language) for language, text, _ in rows]


def _judged(
    understanding: Understanding, rows: Sequence[tuple[str, str, str]], scores: NDArray[np.float64]
) -> tuple[Judged, ...]:
    classifier = understanding.classifier
    chances = softmax(scores / classifier.temperature)
    found = []
    for (language, text, truth), row in zip(rows, chances, strict=True):
        answered, chance = _answer(understanding, dict(zip(classifier.names, map(float, row), strict=True)))
        found.append(Judged(language=language, text=text, truth=truth, answered=answered, chance=chance))
    return tuple(found)


def _answer(understanding: Understanding, chances: Mapping[str, float]) -> tuple[str, float]:
    meaning = understanding.choose(chances)
    match meaning:
        case Intent():
            return meaning.name, meaning.confidence
        case Doubtful():
            return ASKED_BACK, meaning.confidences[0]
        case _:
            return understanding.book.out_of_scope, meaning.confidence
