"""Why an utterance got its answer: the rule or phrase that decided, or the examples that pulled and each word's weight.

It asks the same parts in the same order as `Understanding.understand`, and shows what each said.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ivr.intents.classifier import CERTAIN, gaussian
from ivr.intents.features import centred
from ivr.intents.meaning import Doubtful, Intent, Meaning, NotUnderstood
from ivr.intents.rules import small_answer, wants_person
from ivr.intents.understanding import EXPECTED_BOOST, Understanding, training_rows
from ivr.intents.words import normalise, without_fillers

MOST_EXAMPLES = 8
# What is typed is one answer to one question; each word is tried without it.
MOST_WORDS = 40


@dataclass(frozen=True, kw_only=True)
class Example:
    """A phrase that the answer was drawn from."""

    text: str
    language: str
    intent: str
    likeness: float  # the kernel with the utterance; 1.4 for the same words where there is an encoder
    pull: float | None  # what it adds to the answer's score; None where it is not kept (words alone)


@dataclass(frozen=True, kw_only=True)
class WordWeight:
    """What one word does."""

    word: str
    effect: float  # probability of the answer with it, less that without it


@dataclass(frozen=True, kw_only=True)
class Explained:
    """An answer and whence it comes."""

    meaning: Meaning
    words: str  # what was looked at: normalised, without fillers
    decided_by: str  # "nothing said", "person rule", "rule", "phrase", "correction", "slot", "classifier"
    whole_phrase: str  # the example that is the utterance, where a whole phrase decided; else ""
    chances: tuple[tuple[str, float], ...]  # every intent with its calibrated probability, the likeliest first
    boosted: tuple[str, ...]  # intents that the question makes likelier
    refuse_above: float
    ask_below: float
    certain: float
    examples: tuple[Example, ...]
    weights: tuple[WordWeight, ...]


def explain(
    understanding: Understanding,
    text: str,
    language: str,
    *,
    expected: Collection[str] = (),
    slot: str = "",
    previous: str = "",
    today: date | None = None,
) -> Explained:
    """Answer an utterance as `understand` does, and say why. Takes a tenth of a second with the packaged encoder."""
    meaning = understanding.understand(text, language, expected=expected, slot=slot, previous=previous, today=today)
    words = normalise(text)
    bare = without_fillers(words, language)
    decided_by, whole = _decided_by(understanding, meaning, words, language, expected)
    is_looked_at = bool(bare)
    chances = understanding.scores(bare) if is_looked_at else {}
    answer = _answer(understanding, meaning, chances)
    return Explained(
        meaning=meaning,
        words=bare,
        decided_by=decided_by,
        whole_phrase=whole,
        chances=tuple(sorted(_boosted(chances, expected).items(), key=lambda pair: -pair[1])),
        boosted=tuple(name for name in chances if name in expected),
        refuse_above=understanding.classifier.refuse_above,
        ask_below=understanding.classifier.ask_below,
        certain=CERTAIN,
        examples=_examples(understanding, bare, answer) if is_looked_at else (),
        weights=_weights(understanding, bare, answer) if is_looked_at and answer in chances else (),
    )


def _decided_by(
    understanding: Understanding, meaning: Meaning, words: str, language: str, expected: Collection[str]
) -> tuple[str, str]:
    if not words:
        return "nothing said", ""
    if isinstance(meaning, Intent) and meaning.by == "correction":
        return "correction", ""
    wholes = understanding.wholes.get(language, {})
    answer = small_answer(words, language, wholes, expected)
    if answer is not None and isinstance(meaning, Intent) and meaning.by != "classifier":
        if wants_person(words, language):
            return "person rule", ""
        whole = words if words in wholes else without_fillers(words, language)
        return answer.by, whole if answer.by == "phrase" else ""
    if isinstance(meaning, NotUnderstood) and answer is None and meaning.slots and meaning.confidence == 1.0:
        return "slot", ""
    return "classifier", ""


def _boosted(chances: Mapping[str, float], expected: Collection[str]) -> Mapping[str, float]:
    raised = {name: chance * (EXPECTED_BOOST if name in expected else 1.0) for name, chance in chances.items()}
    total = sum(raised.values()) or 1.0
    return {name: chance / total for name, chance in raised.items()}


def _answer(understanding: Understanding, meaning: Meaning, chances: Mapping[str, float]) -> str:
    """Return the class whose score is explained."""
    match meaning:
        case Intent():
            name = meaning.name
        case Doubtful():
            name = meaning.candidates[0]
        case _:
            name = understanding.book.out_of_scope
    return name if name in chances or not chances else max(chances, key=lambda one: chances[one])


def _examples(understanding: Understanding, bare: str, answer: str) -> tuple[Example, ...]:
    """Return the phrases that are likest, with what each adds to the answer or takes from it."""
    classifier = understanding.classifier
    texts, intents, languages = training_rows(understanding.book)
    likeness: NDArray[np.float64] = np.asarray(
        (classifier.features.rows([bare]) @ classifier.features.rows(texts).T).toarray()
    )[0]
    pulls = None
    if classifier.anchors is not None and understanding.encoder is not None:
        near = centred(understanding.encoder.encode([bare]), classifier.anchors.centre)
        if len(classifier.anchors.vectors) == len(texts):
            likeness = likeness + gaussian(near, classifier.anchors.vectors)[0]
            if answer in classifier.names:
                pulls = likeness * classifier.anchors.weights[:, classifier.names.index(answer)]
    order = np.argsort(-likeness)[:MOST_EXAMPLES]
    return tuple(
        Example(
            text=texts[place],
            language=languages[place],
            intent=intents[place],
            likeness=float(likeness[place]),
            pull=None if pulls is None else float(pulls[place]),
        )
        for place in order
    )


def _weights(understanding: Understanding, bare: str, answer: str) -> tuple[WordWeight, ...]:
    """Try the utterance without each of its words."""
    words = bare.split()[:MOST_WORDS]
    if len(words) < 2:  # noqa: PLR2004 - one word cannot be left out
        return ()
    without = [" ".join((*words[:place], *words[place + 1 :])) for place in range(len(words))]
    texts = [" ".join(words), *without]
    vectors = None if understanding.encoder is None else understanding.encoder.encode(texts)
    chances = understanding.classifier.probabilities(texts, vectors)[:, understanding.classifier.names.index(answer)]
    return tuple(
        WordWeight(word=word, effect=float(chances[0] - chance))
        for word, chance in zip(words, chances[1:], strict=True)
    )
