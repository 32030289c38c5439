"""The words that fit a question, for whichever recogniser hears the answer: the most fitting first, bounded, by language.

Beside the answer's own words stand those that work at every question: a person, once more, another language. It decides no
meaning, and whether a recogniser is held to the words or only leans to them is the recogniser's.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain, zip_longest
from types import MappingProxyType
from typing import Final

from num2words import num2words

from ivr.calls.open_question import OpenQuestion
from ivr.flow.steps import Expect
from ivr.intents import order_numbers
from ivr.intents.phrases import Phrasebook
from ivr.intents.slots import PHONE_DIGITS, POSTCODE_DIGITS, SCORES, is_code
from prompts.alphabets import AS, NAMES, WORDS

# Gather's bound for hints (Gather page), and more than any recogniser can lean to at once.
MOST_PHRASES: Final = 500
# Wishes that are heard at every question, and how many of their shortest phrases; judgement: the rest is longer speech, which
# free recognition hears as well.
_ALWAYS: Final = ("person", "repeat", "english", "italian")
_MOST_OF_ALWAYS: Final = 12
# Of what answers the question: all phrases of "yes" and of "no" that ship are 48.
_MOST_OF_ANSWER: Final = 50
_YES_NO: Final = ("yes", "no")
# What corrects a number: "no, quarantadue, non cinquantadue".
_MOST_OF_CORRECTION: Final = 6
_CORRECTIONS: Final = {"it": ("no", "non", "anzi", "scusi", "volevo dire"), "en": ("no", "not", "sorry", "i mean")}
# Answers that are one thing out of few: words beyond them are the exception.
_RESTRICTED: Final = frozenset({Expect.YES_NO, Expect.DIGITS, Expect.LETTERS, Expect.CHOICE})
# Numbers that are told in more words than those of numbers: "il tre marzo", "venti euro e mezzo".
_TOLD_FREELY: Final = frozenset({"date", "amount"})
# How many digits make each number that is asked for: least and most.
_DIGITS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType({
    "order_number": (order_numbers.LEAST_DIGITS, order_numbers.MOST_DIGITS),
    "postcode": (POSTCODE_DIGITS, POSTCODE_DIGITS),
    "score": (1, 1),
    "callback_number": (PHONE_DIGITS.start, PHONE_DIGITS.stop - 1),
})  # fmt: skip
# Said among the digits of a number, beside the numbers themselves.
_AMONG_DIGITS: Final = {
    "it": ("mila", "cento", "doppio", "doppia", "triplo", "più", "e"),
    "en": ("hundred", "thousand", "double", "triple", "oh", "nought", "plus", "and"),
}


class WordsWanted:
    """What is drawn from a phrasebook for every question; sorted once, shared by all threads."""

    def __init__(self, book: Phrasebook) -> None:
        drawn: dict[tuple[str, str], list[str]] = {}
        for phrase in book.phrases:
            drawn.setdefault((phrase.language, phrase.intent), []).append(phrase.text)
        # Short phrases are what is said in answer; among equals the file's order is that of its author.
        self._phrases = {key: sorted(texts, key=lambda text: text.count(" ")) for key, texts in drawn.items()}

    def phrases(self, question: OpenQuestion, language: str) -> tuple[str, ...]:
        """The words that fit, the most fitting first, none twice."""
        fitting = chain(
            (word.lower() for word in question.words),
            self._answering(question, language),
            *(self._of(language, wish, _MOST_OF_ALWAYS) for wish in _ALWAYS),
        )
        return tuple(dict.fromkeys(fitting))[:MOST_PHRASES]

    def _answering(self, question: OpenQuestion, language: str) -> Iterable[str]:
        if question.previous:
            # A value is read back: yes and no first, then what corrects it.
            yield from self._by_turns(language, _MOST_OF_ANSWER)
            yield from _CORRECTIONS.get(language, ())
        if question.expect == Expect.LETTERS or (question.previous and is_code(question.slot)):
            yield from _letters(language)
        if question.expect in {Expect.DIGITS, Expect.LETTERS} or question.previous:
            yield from _numbers(language, last=SCORES[-1] if question.slot == "score" else None)
            yield from _CORRECTIONS.get(language, ())
            yield from self._by_turns(language, _MOST_OF_CORRECTION)
        if question.expect == Expect.YES_NO:
            yield from self._by_turns(language, _MOST_OF_ANSWER)
        for intent in question.intents:
            yield from self._of(language, intent, _MOST_OF_ANSWER)

    def _by_turns(self, language: str, most: int) -> Iterable[str]:
        """A yes, a no, and so on: neither is more fitting than the other."""
        pairs = zip_longest(*(self._of(language, answer, most) for answer in _YES_NO))
        return (text for pair in pairs for text in pair if text)

    def _of(self, language: str, intent: str, most: int) -> list[str]:
        return self._phrases.get((language, intent), [])[:most]


def is_restricted(question: OpenQuestion) -> bool:
    """Whether the caller is expected to say just the words that fit."""
    return question.expect in _RESTRICTED and question.slot not in _TOLD_FREELY


def digits_wanted(question: OpenQuestion) -> tuple[int, int]:
    """How many digits the number that is asked for has, least and most; zeros where that is not known."""
    return _DIGITS.get(question.slot, (0, 0)) if question.expect == Expect.DIGITS else (0, 0)


@lru_cache(maxsize=4)
def _letters(language: str) -> tuple[str, ...]:
    """The words that letters are told with: the first that stands for each, their names, then the others that stand for them."""
    if language not in NAMES:
        return ()
    standing = [[word.lower().replace("-", " ") for word in words] for words in WORDS[language].values()]
    names = (letter.lower() for letter in WORDS[language])
    firsts, others = [words[0] for words in standing], [word for words in standing for word in words[1:]]
    return tuple(dict.fromkeys((AS[language], *firsts, *names, *NAMES[language], *others)))


@lru_cache(maxsize=8)
def _numbers(language: str, *, last: int | None) -> tuple[str, ...]:
    """The words that numbers are said with: up to `last`, or all that longer ones are made of."""
    values = range(1, last + 1) if last else (*range(100), *range(100, 1000, 100), *range(1000, 10000, 1000))
    said = (num2words(value, lang=language).replace("-", " ") for value in values)
    # English numbers are phrases of few words; Italian ones are single words, each of its own.
    words = chain.from_iterable(text.split() for text in said) if language == "en" else said
    return tuple(dict.fromkeys((*words, *(() if last else _AMONG_DIGITS.get(language, ())))))
