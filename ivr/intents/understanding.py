"""The door of intents: an utterance in, one `Meaning` out.

Rules and whole phrases first, then the classifier; slots beside both.
Made once a process by `load_understanding` and shared by all threads: nothing in it changes after construction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ivr.intents import cache
from ivr.intents.classifier import CERTAIN, Classifier, train
from ivr.intents.encoders import TextEncoder, Vectors
from ivr.intents.meaning import Doubtful, Intent, Meaning, NotUnderstood, SlotValue, Why
from ivr.intents.phrases import Phrasebook, load_phrasebook
from ivr.intents.rules import SMALL, UNDERLINING, Answer, small_answer, wants_person
from ivr.intents.slots import read_slots
from ivr.intents.words import normalise, without_fillers

# What is decided by words alone and never offered to the classifier as a class.
BY_WORDS_ALONE = frozenset({"yes", "no", "repeat", "english", "italian", "nothing_else"})
# Whole phrases and rules are exact: what is left is that the recogniser misheard.
SURE = 0.99
# Words behind "no" from which on they are looked at as a request of their own: "no vorrei fare un reso".
REQUEST_WORDS = 3
# The yes or no was said and the request behind it only guessed: it counts where it is likelier than all else together.
REQUEST_CONFIDENCE = 0.5
# An expected intent's probability is multiplied by this before the choice: a question changes what is likely.
EXPECTED_BOOST = 2.0


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """Everything needed to understand utterances. Thread-safe."""

    book: Phrasebook
    classifier: Classifier
    encoder: TextEncoder | None
    wholes: Mapping[str, Mapping[str, str]]  # language -> whole phrase -> small intent

    def understand(
        self,
        text: str,
        language: str,
        *,
        expected: Collection[str] = (),
        slot: str = "",
        previous: str = "",
        today: date | None = None,
    ) -> Meaning:
        """Return what an utterance means.

        `expected` are the intents that answer the question asked, `slot` the slot that it asks for; both make their
        answer easier and forbid none. `previous` is the slot's value that was just read back: a correction of it is a "no"
        whose slot holds the value as it was meant, beside `guessed` where that was not certain; the same value again is a "yes".
        `today` (the caller's day) resolves "ieri". Takes some 30 ms with the packaged encoder, less than 1 ms where
        rules decide.
        """
        words = normalise(text)
        if not words:
            return NotUnderstood(reason=Why.EMPTY)
        slots = read_slots(words, language, expected=slot, previous=previous, today=today)
        if previous and slot in slots and not wants_person(words, language):
            name = "yes" if str(slots[slot]) == previous else "no"
            return Intent(name=name, confidence=SURE, slots=slots, by="correction")
        answer = small_answer(words, language, self.wholes.get(language, {}), expected)
        if answer is not None:
            return self._answered(answer, language, slots)
        # Recognisers that write numbers with digits leave no word that a request could be read from.
        if slot and slot in slots and (not expected or words.replace(" ", "").isdigit()):
            return NotUnderstood(reason=Why.UNEXPECTED, slots=slots)
        return self._classified(words, language, expected, slots)

    def _answered(self, answer: Answer, language: str, slots: Mapping[str, SlotValue]) -> Meaning:
        """Return the small answer, or the request that stands behind a leading yes or no."""
        underlining = UNDERLINING.get(language, frozenset())
        if sum(word not in underlining for word in answer.rest.split()) >= REQUEST_WORDS:
            behind = self._classified(answer.rest, language, (), slots)
            if isinstance(behind, Intent) and behind.name not in SMALL and behind.confidence > REQUEST_CONFIDENCE:
                return behind
        return Intent(name=answer.name, confidence=SURE, slots=slots, by=answer.by)

    def scores(self, words: str) -> dict[str, float]:
        """Return the calibrated probability of every class for normalised words."""
        vectors = None if self.encoder is None else self.encoder.encode([words])
        chances = self.classifier.probabilities([words], vectors)[0]
        return dict(zip(self.classifier.names, (float(chance) for chance in chances), strict=True))

    def _classified(
        self, words: str, language: str, expected: Collection[str], slots: Mapping[str, SlotValue]
    ) -> Meaning:
        return self.choose(self.scores(without_fillers(words, language)), slots=slots, expected=expected)

    def choose(
        self,
        scores: Mapping[str, float],
        *,
        slots: Mapping[str, SlotValue] | None = None,
        expected: Collection[str] = (),
    ) -> Meaning:
        """Return intent, doubt or refusal for probabilities over all classes."""
        slots = slots or {}
        boosted = {name: score * (EXPECTED_BOOST if name in expected else 1.0) for name, score in scores.items()}
        total = sum(boosted.values())
        outside = boosted.pop(self.book.out_of_scope, 0.0) / total
        if outside > self.classifier.refuse_above:
            return NotUnderstood(reason=Why.OUT_OF_SCOPE, confidence=outside, slots=slots)
        (first, best), (second, next_best) = sorted(
            ((name, score / total) for name, score in boosted.items()), key=lambda pair: pair[1], reverse=True
        )[:2]
        if best - next_best < self.classifier.ask_below and best < CERTAIN:
            return Doubtful(candidates=(first, second), confidences=(best, next_best), slots=slots)
        return Intent(name=first, confidence=best, slots=slots)


def training_rows(book: Phrasebook) -> tuple[list[str], list[str], list[str]]:
    """Return texts, names and languages of the phrases that the classifier learns: all but those decided by words alone."""
    chosen = [phrase for phrase in book.phrases if phrase.intent not in BY_WORDS_ALONE]
    return (
        [without_fillers(phrase.text, phrase.language) for phrase in chosen],
        [phrase.intent for phrase in chosen],
        [phrase.language for phrase in chosen],
    )


def load_understanding(
    folder: Path,
    encoder: TextEncoder | None,
    *,
    cache_folder: Path | None = None,
    progress: cache.Progress | None = None,
) -> Understanding:
    """Read the phrases under a folder and train, or take the trained model from the cache.

    Vectors that stand beside the phrases (`folder/intents`) are used too. Raises PhrasesError.
    """
    return understanding_of(
        load_phrasebook(folder),
        encoder,
        cache_folder=cache_folder,
        vectors_folder=folder / "intents",
        progress=progress,
    )


def understanding_of(
    book: Phrasebook,
    encoder: TextEncoder | None,
    *,
    cache_folder: Path | None = None,
    vectors_folder: Path | None = None,
    progress: cache.Progress | None = None,
) -> Understanding:
    """Train on a phrasebook, or take the model that was trained on it from the cache.

    With a warm cache some 100 ms; cold, about 20 ms a new phrase for the packaged encoder (`progress` is told), and some
    seconds for the rest. `vectors_folder` has more vectors of known phrases, and is only read.
    """
    name = encoder.name if encoder else "none"
    kept = cache.classifier_file(cache_folder, book.digest, name) if cache_folder else None
    classifier = cache.read_classifier(kept) if kept else None
    if kept and classifier is not None:
        cache.used(kept)
    if classifier is None:
        texts, names, _ = training_rows(book)
        vectors = encoded(texts, encoder, cache_folder, vectors_folder, progress)
        classifier = train(texts, names, vectors, out_of_scope=book.out_of_scope)
        if kept:
            cache.write_classifier(kept, classifier)
    wholes = {language: book.whole(language, SMALL) for language in book.languages}
    return Understanding(book=book, classifier=classifier, encoder=encoder, wholes=wholes)


def encoded(
    texts: Sequence[str],
    encoder: TextEncoder | None,
    cache_folder: Path | None,
    vectors_folder: Path | None = None,
    progress: cache.Progress | None = None,
) -> Vectors | None:
    """Return one vector a text, known ones from the folders, new ones kept in the cache's; None without an encoder."""
    if encoder is None:
        return None
    folders = [folder for folder in (cache_folder, vectors_folder) if folder]
    return cache.encode_phrases(texts, encoder, folders, progress, keeps=cache_folder is not None)
