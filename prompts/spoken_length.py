"""How long saying a text takes, in seconds, estimated from its syllables and its marks; nothing is spoken for it.

Rates and pauses are fitted to SVOX Pico, the voice that is packaged with the service, over the 140 shipped wordings without
placeholders of each language: half of all texts lie within 10% of what the voice takes (Italian; English 7%), nine of ten within
20% (16%). A person who reads Italian takes much the same: 6.99 syllables a second and English 6.19, without pauses (Pellegrino,
Coupé and Marsico, Language 87:3, 2011). `tests/bench/spoken_length.py` fits anew.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from prompts import syllables
from prompts.markup_pieces import pieces

# Longer than this, callers have forgotten how it began, or talk over it: 30 words, twice what a sentence holds. Judgement.
ADVISED_SECONDS = 12.0
_SENTENCE_MARKS = re.compile(r"[.!?…]+")
_INNER_MARKS = re.compile(r"[,;:]+")


@dataclass(frozen=True, kw_only=True)
class _Pace:
    """What was fitted for one language."""

    syllable_seconds: float
    sentence_seconds: float  # pause at a mark that ends a sentence within the text
    clause_seconds: float  # pause at a comma, semicolon or colon
    text_seconds: float  # before the first and behind the last sound


PACES: Mapping[str, _Pace] = MappingProxyType(
    {
        "it": _Pace(syllable_seconds=0.156, sentence_seconds=1.05, clause_seconds=0.70, text_seconds=0.80),
        "en": _Pace(syllable_seconds=0.180, sentence_seconds=0.45, clause_seconds=0.44, text_seconds=0.40),
    }
)


def seconds(text: str, language: str) -> float:
    """How long a text in it or en takes, its placeholders already filled; its markup counts, 0 for no words."""
    total = 0.0
    for piece in pieces(text, language):
        total += _of_words(piece.text, (piece.language or language)[:2]) / piece.pace + piece.pause_seconds
    return total + (PACES[language].text_seconds if total else 0.0)


def _of_words(text: str, language: str) -> float:
    pace = PACES.get(language, PACES["en"])
    counted = language if language in PACES else "en"
    count = sum(syllables.syllables(word, counted) for word in syllables.words(text, counted))
    body = text.rstrip(".!?…:;, \n")
    ends, inner = len(_SENTENCE_MARKS.findall(body)), len(_INNER_MARKS.findall(body))
    return count * pace.syllable_seconds + ends * pace.sentence_seconds + inner * pace.clause_seconds
