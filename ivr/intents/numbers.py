"""Spoken and written numbers in normalised words: digits, pairs, thousands, doubles, as runs with their places. Pure.

It finds what digits were said where; which of them is an order number, a date or an amount is decided by its readers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from text_to_num import text2num

_HUNDRED = {"it": frozenset({"cento"}), "en": frozenset({"hundred"})}
_THOUSAND = {"it": frozenset({"mila"}), "en": frozenset({"thousand", "grand"})}
_AND = {"it": "e", "en": "and"}
_ZERO = {"it": frozenset({"zero"}), "en": frozenset({"zero", "oh", "o", "nought", "nil"})}
_TIMES = {
    "it": {"doppio": 2, "doppia": 2, "triplo": 3, "triplice": 3},
    "en": {"double": 2, "triple": 3, "treble": 3},
}
# Said between the digits of one number without ending it.
_INSIDE = {
    "it": frozenset({"eh", "ehm", "mm", "uhm", "ah", "allora", "poi", "ecco", "trattino", "punto", "virgola", "spazio", "barra", "tipo"}),
    "en": frozenset({"eh", "um", "uh", "uhm", "er", "erm", "then", "dash", "point", "dot", "space", "slash", "hyphen", "like"}),
}
# These begin Italian number words, so that "mila" or a name is never offered to the parser.
_ITALIAN_PARTS = (
    ("un", "uno", "due", "tre", "quatt", "cinqu", "sei", "sett", "ott", "nov", "diec", "undic", "dodic", "tredic", "quindic", "sedic")
    + ("dicia", "dicio", "vent", "trent", "quarant", "sessant", "cent", "mille", "dodicimila")
)
_ENGLISH = {
    word: value
    for value, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen")
        + ("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
    )
} | {"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}


@dataclass(frozen=True, kw_only=True)
class Run:
    """Digits said in one breath: `digits` is what they are written as, `groups` how they were said ("10", "42")."""

    start: int  # first word's place
    end: int  # place behind the last word
    groups: tuple[str, ...]

    @property
    def digits(self) -> str:
        """Return all digits in order."""
        return "".join(self.groups)


@lru_cache(maxsize=4096)
def word_value(word: str, language: str) -> int | None:
    """Return the value of one number word ("quarantadue", "ventimilacinquecento", "forty"), None if it is none; articles are none."""
    if word in _ZERO.get(language, ()):
        return 0
    if language == "en":
        return _ENGLISH.get(word)
    if language != "it" or word in {"un", "una", "un'"} or not word.startswith(_ITALIAN_PARTS):
        return None
    try:
        value = int(text2num(word.replace("tré", "tre"), "it"))
    except ValueError:
        return None
    return value


@dataclass
class _Reader:
    """Reads one number after another from a place in the words. Its place is the only thing that changes."""

    words: Sequence[str]
    language: str
    at: int = 0

    def word(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.words[place] if place < len(self.words) else ""

    def value(self, ahead: int = 0) -> int | None:
        return word_value(self.word(ahead), self.language)

    def join(self, limit: int) -> int:
        """Return what follows as a smaller part of the same number ("e quarantadue" behind "mille"), 0 if nothing does."""
        kept = self.at
        if self.word() == _AND[self.language]:
            self.at += 1
        part = self.below(limit)
        if not part:
            self.at = kept
        return part

    def below(self, limit: int) -> int:
        """Return the number that stands here if it is from 1 to limit - 1, 0 otherwise and without moving."""
        kept = self.at
        value = self.value()
        if value is None or not 0 < value < limit:
            # "hundred" may stand alone only in Italian, where `value` knows "cento".
            return 0
        self.at += 1
        value += self._rest(value)
        if limit > 100 and value < 100 and self._is_hundred():  # noqa: PLR2004 - hundreds are what is read
            self.at += 1
            value *= 100
            value += self._rest(value)
        if value >= limit:
            self.at = kept
            return 0
        return value

    def _is_hundred(self) -> bool:
        # In Italian "due cento" is a recogniser's way to write "duecento"; "dieci cento" is two numbers.
        word, value = self.word(), self.value(-1)
        return word in _HUNDRED[self.language] and (self.language == "en" or (value is not None and 1 < value < 10))  # noqa: PLR2004 - a digit

    def _rest(self, value: int) -> int:
        """Return the smaller part behind a round value."""
        if value >= 100 and value % 100 == 0:  # noqa: PLR2004 - hundreds
            return self.join(100)
        if 20 <= value < 100 and value % 10 == 0 and 0 < (self.value() or 0) < 10:  # noqa: PLR2004 - "forty two"
            return self.below(10)
        if value > 100 and value % 10 == 0 and 20 <= value % 100 and 0 < (self.value() or 0) < 10:  # noqa: PLR2004 - "centoquaranta due"
            return self.below(10)
        return 0

    def number(self) -> str:
        """Return the digits of the number that stands here, "" if none does."""
        word = self.word()
        if word.isascii() and word.isdigit():
            self.at += 1
            return word
        times = _TIMES[self.language].get(word)
        if times:
            return self._repeated(times)
        if word == "a" and self.language == "en" and self.word(1) in _THOUSAND["en"] | _HUNDRED["en"]:
            return self._round_article()
        value = self.value()
        if value is None:
            return ""
        if value == 0:
            self.at += 1
            return "0"
        if value >= 1000:  # noqa: PLR2004 - Italian says "mille" and "ventimila" in one word
            self.at += 1
            return str(value + self._thousands_rest(value))
        value = self.below(10_000)
        if value < 1000 and self.word() in _THOUSAND[self.language]:  # noqa: PLR2004 - thousands are counted below a thousand
            self.at += 1
            value *= 1000
            value += self.join(1000)
        return str(value)

    def _thousands_rest(self, value: int) -> int:
        if value % 1000 == 0:
            return self.join(1000)
        return self.join(100) if value % 100 == 0 else self._rest(value)

    def _repeated(self, times: int) -> str:
        value = self.value(1)
        written = self.word(1)
        digit = str(value) if value is not None else written
        if not digit.isdigit() or len(digit) != 1:
            return ""
        self.at += 2
        return digit * times

    def _round_article(self) -> str:
        unit = 1000 if self.word(1) in _THOUSAND["en"] else 100
        self.at += 2
        return str(unit + self.join(unit))


def _is_whole(group: str, words: Sequence[str]) -> bool:
    """Tell whether one group is a number by itself, which nothing behind it continues: "mille quarantadue", "1042"."""
    return len(group) >= 4 and not (len(words) == 1 and words[0].startswith("0"))  # noqa: PLR2004 - a thousand has four digits


def number_runs(words: Sequence[str], language: str) -> tuple[Run, ...]:
    """Return the numbers of normalised words in order; groups that follow each other without a word between make one run."""
    if language not in _AND:
        return ()
    runs: list[Run] = []
    reader = _Reader(words=words, language=language)
    groups: list[str] = []
    start = end = 0
    closed = False
    while reader.at < len(words):
        here = reader.at
        group = reader.number()
        if group:
            if groups and (closed or _is_whole(group, words[here : reader.at])):
                runs.append(Run(start=start, end=end, groups=tuple(groups)))
                groups = []
            start = start if groups else here
            groups.append(group)
            end = reader.at
            closed = _is_whole(group, words[here : reader.at])
            continue
        reader.at = here + 1
        if groups and words[here] not in _INSIDE[language]:
            runs.append(Run(start=start, end=end, groups=tuple(groups)))
            groups, closed = [], False
    if groups:
        runs.append(Run(start=start, end=end, groups=tuple(groups)))
    return tuple(runs)
