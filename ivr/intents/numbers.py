"""Spoken and written numbers in normalised words: digits, pairs, thousands, doubles, as runs with their places. Pure.

It finds what digits were said where; which of them is an order number, a date or an amount is decided by its readers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from num2words import num2words

# The places of a number, by which its parts are told from each other.
_TEN, _TWENTY, _HUNDRED_VALUE, _THOUSAND_VALUE = 10, 20, 100, 1000
_THOUSANDS_DIGITS = 4

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
    "it": frozenset(
        {
            "eh",
            "ehm",
            "mm",
            "uhm",
            "ah",
            "allora",
            "poi",
            "ecco",
            "trattino",
            "punto",
            "virgola",
            "spazio",
            "barra",
            "tipo",
        }
    ),
    "en": frozenset(
        {"eh", "um", "uh", "uhm", "er", "erm", "then", "dash", "point", "dot", "space", "slash", "hyphen", "like"}
    ),
}
_ENGLISH = {
    word: value
    for value, word in enumerate(
        (
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        )
    )
} | {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}


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
    """Return the value of one number word ("quarantadue", "ventimilacinquecento", "forty"), None if it is none."""
    if word in _ZERO.get(language, ()):
        return 0
    if language == "en":
        return _ENGLISH.get(word)
    return _italian_value(_without_accents(word)) if language == "it" and word not in {"un", "una", "un'"} else None


def _without_accents(word: str) -> str:
    return word.replace("é", "e").replace("è", "e")


@lru_cache(maxsize=1)
def _italian_below_thousand() -> dict[str, int]:
    """Return every Italian number word from 1 to 999, with and without its elisions ("centottanta", "centoottanta", "ventun")."""
    table: dict[str, int] = {}
    for value in range(1, _THOUSAND_VALUE):
        hundreds, rest = value - value % _HUNDRED_VALUE, value % _HUNDRED_VALUE
        word = _without_accents(str(num2words(value, lang="it")))
        forms = {word}
        if hundreds and rest:
            head, tail = str(num2words(hundreds, lang="it")), _without_accents(str(num2words(rest, lang="it")))
            forms |= {head + tail} | ({head[:-1] + tail} if tail.startswith(("o", "u")) else set())
        forms |= {form.removesuffix("o") for form in forms if value > _TWENTY and form.endswith("uno")}
        table |= dict.fromkeys(forms, value)
    return table


def _italian_value(word: str) -> int | None:
    """Return the value of an Italian number word below a million; text2num does not know the elided hundreds ("centottanta")."""
    table = _italian_below_thousand()
    if word in table:
        return table[word]
    for unit in ("mille", "mila"):
        head, found, tail = word.partition(unit)
        if found:
            thousands = 1 if unit == "mille" and not head else table.get(head, 0) if unit == "mila" else 0
            rest = table.get(tail, -1) if tail else 0
            return thousands * _THOUSAND_VALUE + rest if thousands and rest >= 0 else None
    return None


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
        spelled = self._three_digits() if limit == _THOUSAND_VALUE else 0
        if spelled:
            return spelled
        if self.word() == _AND[self.language] or (self.value() == 0 and limit == _THOUSAND_VALUE):
            # "mille e quarantadue", and "mille zero quarantadue" too.
            self.at += 1
        part = self.below(limit)
        if not part:
            self.at = kept
        return part

    def _three_digits(self) -> int:
        """Return what "cinque sette sette" adds to "ventimila"; 0 where no three digits follow."""
        digits = [self.value(ahead) for ahead in range(3)]
        if any(digit is None or digit >= _TEN for digit in digits) or (self.value(3) or _TEN) < _TEN:
            return 0
        self.at += 3
        return int("".join(str(digit) for digit in digits))

    def below(self, limit: int) -> int:
        """Return the number that stands here if it is from 1 to limit - 1, 0 otherwise and without moving."""
        kept = self.at
        value = self.value()
        if value is None or not 0 < value < limit:
            # "hundred" may stand alone only in Italian, where `value` knows "cento".
            return 0
        self.at += 1
        value += self._rest(value)
        if limit > _HUNDRED_VALUE > value and self._is_hundred():
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
        return word in _HUNDRED[self.language] and (self.language == "en" or (value is not None and 1 < value < _TEN))

    def _rest(self, value: int) -> int:
        """Return the smaller part behind a round value."""
        if value >= _HUNDRED_VALUE and value % _HUNDRED_VALUE == 0:
            return self.join(100)
        if _is_open(value) and 0 < (self.value() or 0) < _TEN:
            return self.below(10)
        return 0

    def number(self) -> str:  # noqa: PLR0911 - one way out for each way of saying a number
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
        if value >= _THOUSAND_VALUE:
            self.at += 1
            return str(value + self._thousands_rest(value))
        value = self.below(10_000)
        if value < _THOUSAND_VALUE and self.word() in _THOUSAND[self.language]:
            self.at += 1
            value *= 1000
            value += self.join(1000)
        return str(value)

    def _thousands_rest(self, value: int) -> int:
        if value % 1000 == 0:
            return self.join(1000)
        return self.join(100) if value % _HUNDRED_VALUE == 0 else self._rest(value)

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


def _is_open(value: int) -> bool:
    """Tell whether a unit may still follow: "forty", "centoquaranta"."""
    return value % _TEN == 0 and value % _HUNDRED_VALUE >= _TWENTY


def _is_whole(group: str, words: Sequence[str]) -> bool:
    """Tell whether one group is a number by itself, which nothing behind it continues: "mille quarantadue", "1042"."""
    return len(group) >= _THOUSANDS_DIGITS and not (len(words) == 1 and words[0].startswith("0"))


def read_number(words: Sequence[str], start: int, language: str) -> tuple[str, int]:
    """Return the digits of the number that stands at a place and the place behind it; "" where none does."""
    if language not in _AND or start >= len(words):
        return "", start
    reader = _Reader(words=words, language=language, at=start)
    digits = reader.number()
    return digits, reader.at if digits else start


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
