"""What a caller makes of a value that was read back: "no, quarantadue, non cinquantadue", "l'ultima cifra è due". Pure.

It takes the value and the words and returns the value as it was meant, and whether that had to be guessed. A yes or a no without
a value is read elsewhere (`ivr.intents.rules`); what the words say of signs comes in as runs.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from ivr.intents.numbers import Run, word_value
from ivr.intents.order_numbers import between


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """A value after the caller's correction."""

    value: str
    guessed: bool = False  # it fits in more than one place, or only a part of it was said


# "non X", "instead of X", "anziché X": what follows is wrong. Up to two words stand between ("non è un cinque").
_NOT = MappingProxyType(
    {
        "it": re.compile(r"\b(?:non|mica|invece d[ei]l?|anziché|piuttosto che|al posto d[ei]l?)\b(?: \S+){0,2}$"),
        "en": re.compile(r"\b(?:not|isn't|wasn't|instead of|rather than|in place of)\b(?: \S+){0,2}$"),
    }
)
# "il cinque È UN quattro": what stands before is wrong, what stands behind is right.
_IS = MappingProxyType(
    {
        "it": re.compile(r"^(?:è|era|dovrebbe essere|deve essere|sarebbe|diventa)(?: (?:un|uno|una|invece))?$"),
        "en": re.compile(r"^(?:is|was|should be|should read|must be|ought to be)(?: (?:a|an|actually))*$"),
    }
)
_ONE = MappingProxyType({"it": re.compile(r"\b(?:il|lo|quel|quello|quella)$"), "en": re.compile(r"\b(?:the|that)$")})
# Ordinals count from the front (0) or from the back (-1); with "ultime due" a stretch of two.
_ORDINALS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "it": {
            "prim": 0,
            "second": 1,
            "terz": 2,
            "quart": 3,
            "quint": 4,
            "sest": 5,
            "ultim": -1,
            "penultim": -2,
            "terzultim": -3,
        },
        "en": {
            "first": 0,
            "second": 1,
            "third": 2,
            "fourth": 3,
            "fifth": 4,
            "sixth": 5,
            "last": -1,
            "final": -1,
            "second last": -2,
            "second to last": -2,
            "last but one": -2,
        },
    }
)
_NOUN = {
    "it": r"(?:cifr[ae]|numer[oi]|letter[ae]|carattere|caratteri|segn[oi])",
    "en": r"(?:digits?|numbers?|letters?|characters?|ones?|figures?)",
}
_COPULA = {"it": r"(?:è|sono|era|erano|dovrebbe essere|non è)", "en": r"(?:is|are|should be|was|were|isn't|is not)"}
_COUNT = {"it": r"(?:due|tre|quattro|cinque)", "en": r"(?:two|three|four|five)"}
_ORDINAL_WORD = {
    "it": r"(?P<ordinal>terzultim|penultim|ultim|prim|second|terz|quart|quint|sest)[aeio]",
    "en": r"(?P<ordinal>second to last|second last|last but one|first|second|third|fourth|fifth|sixth|last|final)",
}
# The noun may be missing where "è" follows, and "è" where the noun stands: "l'ultima è due", "last digit two".
_PLACE = {
    language: re.compile(
        rf"\b{_ORDINAL_WORD[language]}(?: (?P<count>{_COUNT[language]}))?"
        rf"(?: {_NOUN[language]}(?: {_COPULA[language]})?| {_COPULA[language]})\b"
    )
    for language in ("it", "en")
}
_ENDS = {
    "it": re.compile(r"\b(?:finisc[eo]|termina|finale)\b(?: (?:con|per|in))?|\b(?:alla|in) fine\b"),
    "en": re.compile(r"\b(?:ends?|ending|finishes)\b(?: (?:in|with))?|\bat the end\b"),
}
_BEGINS = {
    "it": re.compile(r"\b(?:inizia|comincia)\b(?: (?:con|per))?"),
    "en": re.compile(r"\b(?:starts?|begins?|starting|beginning)\b(?: (?:with|in))?"),
}
_WORDS_TO_VALUE = 4  # between "l'ultima cifra è" and its digits: "the last digit is actually a four"


def correct(words: Sequence[str], language: str, previous: str, runs: Sequence[Run], whole: str) -> Corrected | None:
    """Return the value that a caller's words make of `previous`, None where they hold no value.

    `runs` is what they say of digits and letters, `whole` the value that they would be without anything before ("" for none).
    """
    if language not in _NOT or not runs:
        return None
    return (
        _by_place(words, language, previous, runs)
        or _by_denial(words, language, previous, runs)
        or _whole(previous, runs, whole)
        or _fragment(words, language, previous, runs)
    )


# --- "L'ultima cifra è due", "finisce con quarantadue".


def _by_place(words: Sequence[str], language: str, previous: str, runs: Sequence[Run]) -> Corrected | None:
    value = previous
    for start, count, at_words in _places(words, language):
        run = next(
            (
                one
                for one in runs
                if at_words <= one.start <= at_words + _WORDS_TO_VALUE
                and not _denied(words, language, one, after=at_words - 1)
            ),
            None,
        )
        replaced = _put(value, run.digits, start, count) if run else None
        if replaced is None:
            continue
        value = replaced
    return Corrected(value=value) if value != previous else None


def _places(words: Sequence[str], language: str) -> list[tuple[int, int, int]]:
    """Return place in the value, number of signs (0: as many as are said) and the word behind, for each place named."""
    text = " ".join(words)
    found: list[tuple[int, int, int]] = []
    for match in _PLACE[language].finditer(text):
        count = word_value(match["count"], language) if match["count"] else 1
        behind = len(text[: match.end()].split())
        found.append((_ORDINALS[language][match["ordinal"]], count or 1, behind))
    for pattern, start in ((_ENDS[language], -1), (_BEGINS[language], 0)):
        found.extend((start, 0, len(text[: match.end()].split())) for match in pattern.finditer(text))
    return found


def _put(value: str, signs: str, start: int, count: int) -> str | None:
    """Return the value with these signs at a place; None where they are not as many as they should be."""
    size = count or len(signs)
    if len(signs) != size or size > len(value):
        return None
    # A stretch from the back ends with the last sign; a single place is counted.
    first = start if start >= 0 else len(value) + start - (size - 1 if start == -1 else 0)
    if first < 0 or first + size > len(value):
        return None
    return value[:first] + signs + value[first + size :]


# --- "Quarantadue, non cinquantadue", "non 52, 42", "il cinque è un quattro", "42 instead of 52".


def _denied(words: Sequence[str], language: str, run: Run, *, after: int = 0) -> bool:
    return bool(_NOT[language].search(between(words, max(after, run.start - 4), run.start)))


def _told(words: Sequence[str], language: str, runs: Sequence[Run]) -> list[Run]:
    """Return the runs that were not denied; "non 22 ma 23" denies only the first."""
    ends = [0, *(run.end for run in runs)]
    return [run for run, end in zip(runs, ends, strict=False) if not _denied(words, language, run, after=end)]


def _by_denial(words: Sequence[str], language: str, previous: str, runs: Sequence[Run]) -> Corrected | None:
    pairs = _pairs(words, language, previous, runs)
    for wrong, right in pairs:
        if len(right) >= len(previous):
            return Corrected(value=right)
        times = sum(previous.startswith(wrong, place) for place in range(len(previous)))
        if times:
            place = previous.rfind(wrong)
            value = previous[:place] + right + previous[place + len(wrong) :]
            return Corrected(value=value, guessed=times > 1 or len(wrong) != len(right))
    return None


def _pairs(words: Sequence[str], language: str, previous: str, runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Return what was said to be wrong with what was said to be right in its place."""
    found: list[tuple[str, str]] = []
    told = _told(words, language, runs)
    for place, run in enumerate(runs):
        before = runs[place - 1] if place else None
        if run not in told:
            split = _split(run, previous)
            if split:
                found.append(split)
            elif told:
                said_before = [one for one in told if one.end <= run.start]
                right = said_before[-1] if said_before else told[0]
                found.append((run.digits, right.digits))
        elif (
            before
            and _IS[language].match(between(words, before.end, run.start))
            and (_ONE[language].search(between(words, before.start - 1, before.start)))
        ):
            found.append((before.digits, run.digits))
    return found


def _split(run: Run, previous: str) -> tuple[str, str] | None:
    """Return wrong and right of "non 52 42", said in one breath; halves first."""
    cuts = [("".join(run.groups[:count]), "".join(run.groups[count:])) for count in range(1, len(run.groups))]
    cuts = [cut for cut in cuts if cut[0] in previous]
    return next((cut for cut in cuts if len(cut[0]) == len(cut[1])), None)


# --- The whole value again, or a part of it that must be placed.


def _whole(previous: str, runs: Sequence[Run], whole: str) -> Corrected | None:
    if not whole or len(whole) < len(previous):
        return None
    said = max(len(run.digits) for run in runs)
    return Corrected(value=whole, guessed=whole != previous and said < len(whole))


def _fragment(words: Sequence[str], language: str, previous: str, runs: Sequence[Run]) -> Corrected | None:
    """Place a part where it differs least from what was read back, at the end if there is a choice; a guess in any case."""
    told = _told(words, language, runs)
    if not told or len(told[-1].digits) >= len(previous):
        return None
    signs = told[-1].digits
    places = range(len(previous) - len(signs) + 1)
    differences = {place: sum(a != b for a, b in zip(signs, previous[place:], strict=False)) for place in places}
    tail = len(previous) - len(signs)
    best = min(places, key=lambda place: (differences[place] or len(previous), place != tail, -place))
    if not differences[best]:
        return None
    return Corrected(value=previous[:best] + signs + previous[best + len(signs) :], guessed=True)


# --- Days and amounts.


def correct_date(words: Sequence[str], language: str, previous: str, fresh: str, runs: Sequence[Run]) -> str:
    """Return the day that was meant, ISO 8601: another day said in full, or another day of the same month; "" for none."""
    if fresh not in {"", previous}:
        return fresh
    told = _told(words, language, runs)
    if fresh == previous and (len(told) == len(runs) or not told):
        return fresh
    try:
        return date.fromisoformat(previous).replace(day=int(told[-1].digits)).isoformat() if told else ""
    except ValueError:
        return ""


def correct_amount(words: Sequence[str], language: str, fresh: float | None, runs: Sequence[Run]) -> float | None:
    """Return the amount that was meant: one said in full, or a bare number in its place; None for none."""
    told = _told(words, language, runs)
    # "Quaranta, non trenta euro": the sum said in full may be the one that was denied.
    if not told or (fresh is not None and len(told) == len(runs)):
        return fresh
    return float(told[0].digits)
