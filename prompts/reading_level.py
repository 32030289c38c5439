"""How easy a text is to follow: Gulpease for Italian, Flesch reading ease for English, each with a band in plain words.

Gulpease: Lucisano and Piemontese, "GULPEASE: una formula per la predizione della difficoltà dei testi in lingua italiana", Scuola
e città 3 (1988): 89 + (300 sentences - 10 letters) / words. Flesch: "A new readability yardstick", Journal of Applied Psychology
32:3 (1948): 206.835 - 1.015 words / sentences - 84.6 syllables / words. Both were made for passages of a hundred words; of a
short prompt they give a hint.
"""

from dataclasses import dataclass
from enum import StrEnum

from prompts import syllables


class Band(StrEnum):
    """How easy a text is, in four steps that both formulas share."""

    EASY = "easy"  # followed by everybody
    PLAIN = "plain"  # followed by most
    HARD = "hard"  # followed with effort
    VERY_HARD = "very_hard"  # lost on most


FORMULAS = {"it": "Gulpease", "en": "Flesch"}
# Gulpease (1988): below 80 hard for who left school at eleven, below 60 at fourteen, below 40 with a diploma. Flesch (1948): from
# 70 on fairly easy, from 60 plain, below 50 fairly difficult, which is not for the ear.
_FROM = {
    "it": ((80.0, Band.EASY), (60.0, Band.PLAIN), (40.0, Band.HARD)),
    "en": ((70.0, Band.EASY), (60.0, Band.PLAIN), (50.0, Band.HARD)),
}
_LOWEST, _HIGHEST = 0.0, 100.0
# Below so many words a single long one moves the score by a band.
FEW_WORDS = 12


@dataclass(frozen=True, kw_only=True)
class ReadingLevel:
    """How easy one text is."""

    formula: str  # Gulpease or Flesch
    score: float  # 0 (hardest) to 100 (easiest)
    band: Band
    is_hint: bool  # the text is so short that the score is no more than a hint


def reading_level(text: str, language: str) -> ReadingLevel | None:
    """The level of a text in it or en, as it is said; None for a text without words."""
    said = syllables.words(text, language)
    if not said:
        return None
    sentences = syllables.sentences(text)
    exact = gulpease(said, sentences) if language == "it" else flesch(said, sentences)
    score = min(_HIGHEST, max(_LOWEST, exact))
    band = next((band for least, band in _FROM[language] if score >= least), Band.VERY_HARD)
    return ReadingLevel(formula=FORMULAS[language], score=score, band=band, is_hint=len(said) < FEW_WORDS)


def gulpease(words: tuple[str, ...], sentences: int) -> float:
    """The index of Lucisano and Piemontese, not yet held to 0-100."""
    return 89 + (300 * sentences - 10 * syllables.letters(words)) / len(words)


def flesch(words: tuple[str, ...], sentences: int) -> float:
    """The reading ease of Flesch, not yet held to 0-100."""
    count = sum(syllables.syllables(word, "en") for word in words)
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * count / len(words)
