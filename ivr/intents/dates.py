"""Days in an utterance, spoken as people do: "ieri", "martedì scorso", "il quattordici marzo", "two days ago".

Pure: today comes in.
"""

import calendar
import re
from collections.abc import Sequence
from datetime import date, timedelta

from ivr.intents.numbers import word_value

_RELATIVE = {
    "it": (
        ("l'altro ieri", -2),
        ("altroieri", -2),
        ("avantieri", -2),
        ("ieri", -1),
        ("dopodomani", 2),
        ("domani", 1),
        ("oggi", 0),
        ("stamattina", 0),
    ),
    "en": (
        ("the day before yesterday", -2),
        ("yesterday", -1),
        ("the day after tomorrow", 2),
        ("tomorrow", 1),
        ("today", 0),
        ("this morning", 0),
    ),
}
_WEEKDAYS = {
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
}
_MONTHS = {
    "it": ("gennaio febbraio marzo aprile maggio giugno", "luglio agosto settembre ottobre novembre dicembre"),
    "en": ("january february march april may june", "july august september october november december"),
}
_NEXT = {"it": re.compile(r"prossimo|che viene"), "en": re.compile(r"next|coming")}
_AGO = {
    "it": re.compile(r"\b(\S+) (giorn[oi]|settiman[ae]) fa\b"),
    "en": re.compile(r"\b(\S+) (days?|weeks?) ago\b"),
}
_ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
)
_MOST_DAYS_IN_MONTH = 31
_LAST_UNIT = 9


def _months(language: str) -> list[str]:
    return " ".join(_MONTHS[language]).split()


def _count(word: str, language: str) -> int | None:
    if word in {"un", "una", "a", "one"}:
        return 1
    return int(word) if word.isascii() and word.isdigit() else word_value(word, language)


def _day_of_month(words: Sequence[str], place: int, language: str) -> int | None:
    """Return the day that the words before a place end with."""
    if place < 1:
        return None
    word = words[place - 1]
    tens = word_value(words[place - 2], language) if place > 1 else None
    day = _ORDINALS.index(word) + 1 if language == "en" and word in _ORDINALS else _count(word, language)
    if day is None and language == "it" and word in {"primo", "1°"}:
        day = 1
    if day is None and (ordinal := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", word)):
        day = int(ordinal[1])
    if language == "en" and day is not None and day <= _LAST_UNIT and tens in {20, 30}:
        day += tens or 0
    return day if day is not None and 1 <= day <= _MOST_DAYS_IN_MONTH else None


def _nearest(day: int, month: int, today: date) -> date | None:
    """Return that day in the year that brings it nearest to today: callers speak of what was and of what soon will be."""
    found = [
        date(year, month, day)
        for year in (today.year - 1, today.year, today.year + 1)
        if day <= calendar.monthrange(year, month)[1]
    ]
    return min(found, key=lambda when: abs((when - today).days)) if found else None


def _named_month(words: Sequence[str], language: str, today: date) -> date | None:
    months = _months(language)
    for place, word in enumerate(words):
        if word not in months:
            continue
        day = _day_of_month(words, place - 1 if place > 1 and words[place - 1] == "of" else place, language)
        if day is None and language == "en":
            # "march the fourteenth", "march twenty first"
            rest = [each for each in words[place + 1 : place + 4] if each != "the"]
            two = _day_of_month(rest, 2, language) if len(rest) > 1 and word_value(rest[0], "en") in {20, 30} else None
            day = two or (_day_of_month(rest, 1, language) if rest else None)
        if day is not None:
            return _nearest(day, months.index(word) + 1, today)
    return None


def _weekday(words: Sequence[str], language: str, today: date) -> date | None:
    for place, word in enumerate(words):
        if word not in _WEEKDAYS[language]:
            continue
        around = " ".join(words[max(0, place - 1) : place + 3])
        back = (today.weekday() - _WEEKDAYS[language].index(word)) % 7
        # "lunedì" said on a Monday is the one a week ago: for today people say "oggi".
        return today + timedelta(days=7 - back) if _NEXT[language].search(around) else today - timedelta(days=back or 7)
    return None


def spoken_date(words: Sequence[str], language: str, today: date) -> date | None:
    """Return the first day spoken of in normalised words, seen from today; None if there is none."""
    if language not in _RELATIVE:
        return None
    text = " ".join(words)
    for name, days in _RELATIVE[language]:
        if re.search(rf"\b{name}\b", text):
            return today + timedelta(days=days)
    ago = _AGO[language].search(text)
    if ago and (count := _count(ago[1], language)) is not None:
        return today - timedelta(days=count * (7 if ago[2].startswith(("sett", "week")) else 1))
    return _named_month(words, language, today) or _weekday(words, language, today)
