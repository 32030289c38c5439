"""Letters and digits spelled one by one: "A come Ancona, uno, due", "erre emme", "B for Bravo", "double u". Pure.

A code is what was spelled, letters in upper case and digits, without spaces. The names of letters are also common words ("di",
"e", "are"), so that codes are read only where one was asked for.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from ivr.intents.numbers import Run, read_number, word_value
from prompts.alphabets import NAMES, WORDS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What leads from a letter to its word: "B come Bologna", "B di Bologna", "B as in boy".
_AS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "it": (("come",), ("di",), ("per",), ("tipo",)),
        "en": (("as", "in"), ("like", "in"), ("for",), ("as",), ("like",)),
    }
)
# Said between the signs of one code without ending it.
_INSIDE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "it": _words(
            "poi eh ehm mm uhm ah allora ecco trattino punto barra spazio maiuscola maiuscolo minuscola minuscolo lettera "
            "lettere numero numeri cifra cifre ancora"
        ),
        "en": _words(
            "then eh um uh uhm er erm dash hyphen point dot slash space capital lower case letter number numbers and"
        ),
    }
)
# Words of one to three letters that are not spelled letters run together ("ab", "fx" are).
_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "it": _words(
            "il lo la le gli un una uno del al dal nel sul con non per che chi mi si sì se ma ha ho hai no da in su è più ok "
            "mia mio sua suo poi era qui qua già sta so do va va' tre sei due tra fra"
        ),
        "en": _words(
            "the is it its it's my an and or to of in on at no not yes ok so for was has had his her our one two six ten as "
            "we he she be by up do go me us am pm this if new old um uh er oh all any can car got i'm"
        ),
    }
)
# Among letters "o" is a letter; beside a digit it is the English nought.
_NOUGHTS = frozenset({"o", "oh"})
_DOUBLES = {"it": frozenset({"doppia", "doppio"}), "en": frozenset({"double"})}
# Letters that few words of the language begin with: "kappa come casa" is a K, though "casa" is not.
_FOREIGN = frozenset("JKWXY")
_TOGETHER = 3
_LEAST_WORD = 3  # letters of a word that stands for a letter: "di di dado", but not "a di ti"


@lru_cache(maxsize=4)
def _standing(language: str) -> Mapping[str, str]:
    """Return every word that stands for a letter by itself, "x ray" without its hyphen too."""
    return {word.lower().replace("-", " "): letter for letter, words in WORDS[language].items() for word in words}


@dataclass
class _Speller:
    """Reads one sign, or one number, after another. Its place and what it has read are all that changes."""

    words: Sequence[str]
    language: str
    at: int = 0
    groups: list[str] = field(default_factory=list)  # of the run that is being read

    def word(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.words[place] if 0 <= place < len(self.words) else ""

    def sign(self) -> str:
        """Return the letters or digits that stand here and move behind them; "" without moving where none do."""
        explained = self._explained()
        if explained:
            return explained
        doubled = self._doubled()
        if doubled:
            return doubled
        if self.word() in _NOUGHTS and self.language == "en":
            return self._nought()
        digits, end = read_number(self.words, self.at, self.language)
        if digits:
            self.at = end
            return digits
        return self._standing() or self._named() or self._together()

    def _named(self) -> str:
        for length in (2, 1):
            name = " ".join(self.words[self.at : self.at + length])
            letter = NAMES[self.language].get(name, "")
            if not letter and length == 1 and len(name) == 1 and name.isascii() and name.isalpha():
                letter = name.upper()
            if letter:
                self.at += length
                return letter
        return ""

    def _standing(self) -> str:
        for length in (2, 1):
            letter = _standing(self.language).get(" ".join(self.words[self.at : self.at + length]), "")
            if letter:
                self.at += length
                return letter
        return ""

    def _explained(self) -> str:
        """Return the letter of "B come Bologna": what the word begins with, for short names of letters sound alike."""
        kept = self.at
        letter = self._named()
        for bridge in _AS[self.language]:
            if tuple(self.words[self.at : self.at + len(bridge)]) != bridge:
                continue
            behind = self.at + len(bridge)
            pair = _standing(self.language).get(" ".join(self.words[behind : behind + 2]), "")
            if pair:
                self.at = behind + 2
                return pair
            word = self.word(len(bridge))
            if self._stands_for(word, letter, known_only=bridge in {("di",), ("for",), ("per",), ("as",)}):
                self.at = behind + 1
                return letter if letter in _FOREIGN else _initial(word, self.language)
        known = _standing(self.language)
        for length in (2, 1):
            # "k kilo": no word between, and both say the same.
            if letter and known.get(" ".join(self.words[self.at : self.at + length])) == letter:
                self.at += length
                return letter
        self.at = kept
        return ""

    def _stands_for(self, word: str, letter: str, *, known_only: bool) -> bool:
        if len(word) < _LEAST_WORD or not word[0].isascii() or not word[0].isalpha():
            return False
        if word in _standing(self.language):
            return True
        # "di" and "for" are common words as well: what follows them must begin with the letter that was named.
        is_sign = word in NAMES[self.language] or word_value(word, self.language) is not None
        return bool(letter) and not is_sign and (not known_only or word[0].upper() == letter)

    def _doubled(self) -> str:
        if (
            self.word() not in _DOUBLES[self.language]
            or " ".join(self.words[self.at : self.at + 2]) in NAMES[self.language]
        ):
            return ""
        kept = self.at
        self.at += 1
        nought = self.language == "en" and self.word() in _NOUGHTS
        letter = self._nought() if nought else self._explained() or self._named()
        if not letter:
            self.at = kept
        return letter * 2

    def _nought(self) -> str:
        self.at += 1
        before = self.groups[-1][-1:] if self.groups else ""
        after, _ = read_number(self.words, self.at, self.language) if self.word() not in _NOUGHTS else ("0", 0)
        return "0" if before.isdigit() or after else "O"

    def _together(self) -> str:
        """Return "ab" and "ab123cd" as they were written down; a word of the language is none of them."""
        word = self.word()
        if not word.isascii() or not word.isalnum() or word in _WORDS[self.language]:
            return ""
        if not any(sign.isdigit() for sign in word) and (
            len(word) > _TOGETHER or not (self.groups or self._digit_next())
        ):
            return ""
        self.at += 1
        return word.upper()

    def _digit_next(self) -> bool:
        return bool(read_number(self.words, self.at + 1, self.language)[0])


def _initial(word: str, language: str) -> str:
    return _standing(language).get(word, word[0].upper())


def spelled_runs(words: Sequence[str], language: str) -> tuple[Run, ...]:
    """Return what was spelled in normalised words, in order; groups hold letters or digits as they were said."""
    if language not in NAMES:
        return ()
    speller = _Speller(words=words, language=language)
    explains = any(bridge[0] in words for bridge in (("come",), ("as",), ("for",)))
    runs: list[Run] = []
    start = end = 0
    while speller.at < len(words):
        here = speller.at
        is_and = _is_and(speller, explains=explains)
        sign = "" if is_and else speller.sign()
        if sign:
            start = start if speller.groups else here
            speller.groups.append(sign)
            end = speller.at
            continue
        speller.at = here + 1
        if speller.groups and not is_and and words[here] not in _INSIDE[language]:
            runs.append(Run(start=start, end=end, groups=tuple(speller.groups)))
            speller.groups = []
    if speller.groups:
        runs.append(Run(start=start, end=end, groups=tuple(speller.groups)))
    return tuple(runs)


def _is_and(speller: _Speller, *, explains: bool) -> bool:
    """Tell whether an Italian "e" joins and is no letter: before "poi", and where letters are told with their words."""
    if speller.language != "it" or speller.word() != "e":
        return False
    following = speller.word(1)
    if following in {"come", "di"}:
        return False
    return following in _INSIDE["it"] or explains


_CORRECTION = re.compile(r"\b(?:no|anzi|scusi|scusa|sorry|actually|i mean|volevo dire|rather)\b")


def code(words: Sequence[str], language: str) -> str:
    """Return the code that was spelled, "" if none was: the longest of what was said, with the caller's corrections."""
    found: list[str] = []
    last_end = 0
    for run in spelled_runs(words, language):
        gap = " ".join(words[last_end : run.start])
        if found and _CORRECTION.search(gap):
            found[-1] = _replace(found[-1], run)
        elif not _is_stray(run, words):
            found.append(run.digits)
        last_end = run.end
    return max(found, key=len, default="")


def _is_stray(run: Run, words: Sequence[str]) -> bool:
    """Tell whether a lone letter is a word of the sentence: "la targa della macchina a noleggio"."""
    return len(run.digits) == 1 and run.end - run.start == 1 and len(words) > _TOGETHER


def _replace(said: str, new: Run) -> str:
    """Return a code after a correction: all of it, or as much of its end as the first thing said again, and what follows."""
    if len(new.digits) >= len(said):
        return new.digits
    return said[: -len(new.groups[0])] + new.digits
