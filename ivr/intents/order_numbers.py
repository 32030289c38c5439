"""Which of the numbers said is the order number, after the caller's own corrections. Pure.

An order number has four to six digits. Years, amounts, hours, ages, quantities and telephone numbers beside it are
told by the words around.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.intents.numbers import Run, number_runs

LEAST_DIGITS, MOST_DIGITS = 4, 6

# Words that say: what comes now replaces what was said.
_CORRECTION = {
    "it": re.compile(
        r"\b(?:no|anzi|scusi|scusa|scusate|pardon|correggo|confus[oa]|errore|sbagliato|sbaglio|sbagliavo|volevo dire"
        r"|voglio dire|intendevo|ah no|cioè)\b"
    ),
    "en": re.compile(
        r"\b(?:no|sorry|actually|rather|i mean|i meant|correction|scratch that|make that|pardon|wrong|oops|mistake)\b"
    ),
}
_NEGATION = {"it": re.compile(r"\b(?:non|mica)\b(?: \S+){0,2}$"), "en": re.compile(r"\bnot\b(?: \S+){0,2}$")}
_REPETITION = {
    "it": re.compile(r"\b(?:ripeto|ovvero|ossia|di nuovo|ridico)\b"),
    "en": re.compile(r"\b(?:repeat|again|that's|that is|so)\b"),
}
# A correction stands within so many words of what it corrects; measured on the phrases of the tests.
_CORRECTION_WORDS = 9

_ORDER_BEFORE = {
    "it": re.compile(
        r"\b(?:ordin[ei]|numero|codice|numer|pratica|spedizione|acquisto|riferimento|cifre|il|è|sarebbe"
        r"|hashtag|cancelletto)\b(?: \S+){0,4}$"
    ),
    "en": re.compile(
        r"\b(?:order|orders|number|reference|ref|code|hash|it's|is|shipment|purchase|digits|one)\b(?: \S+){0,4}$"
    ),
}
_ORDER_STRONG = {
    "it": re.compile(r"\b(?:ordin[ei]|numero d'ordine|codice|riferimento)\b(?: \S+){0,4}$"),
    "en": re.compile(r"\b(?:order|orders|reference|ref)\b(?: \S+){0,4}$"),
}
_OTHER_BEFORE = {
    "it": re.compile(
        r"(?:\b(?:alle|alla|ore|dalle|euro|cap|codice postale|via|viale|piazza|corso|civico|anno|dal|nel"
        r"|gennaio|febbraio|marzo|aprile|maggio|giugno"
        r"|luglio|agosto|settembre|ottobre|novembre|dicembre|telefono|cellulare|telefonino|pagato|costa"
        r"|costato|speso|taglia|numero di scarpa|fattura|scontrino|pin|targa|bancomat|nato nel|nata nel|interno|cliente"
        r"|iban|carta|sconto|modello|misura)"
        r"(?: numero| è| il| di| al| del| a| circa| mio| che| finisce| con| per| tipo| nel| mi| lo| sono"
        r"| postale)*|\bcellulare \S+|\bchiam\w+ (?:al|allo))$"
    ),
    "en": re.compile(
        r"(?:\b(?:at|around|pounds|dollars|euros|postcode|post code|zip|zip code|street|road|flat|year"
        r"|since|back in|january|february|march|april|may|june|july"
        r"|august|september|october|november|december|phone|mobile|cell|telephone|paid|cost|costs|spent"
        r"|born in|extension|size|shoe size|invoice|receipt|pin|plate|account|customer|card|model)"
        r"(?: number| is| it's| about| for| of| around| my| the| almost| nearly| ending| in| was| me)*"
        r"|\b(?:call|ring|reach) me (?:on|at)|\bin)$"
    ),
}
_OTHER_AFTER = {
    "it": re.compile(
        r"^(?:virgola \S+ )?(?:euro|eurini|centesimi|dollari|anni|giorni|settimane|mesi|ore|minuti|volte"
        r"|pezzi|magliette|paia|scarpe|persone|chiamate|telefonate|articoli|prodotti|chilometri|pagine|foto|grazie"
        r"|scuse|problemi|mail|clienti|gradi|chili|kg|grammi"
        r"|centimetri|cm|metri|pollici|litri|watt|per cento|percento|punti|gennaio|febbraio|marzo|aprile"
        r"|maggio|giugno|luglio|agosto|settembre"
        r"|ottobre|novembre|dicembre|di pomeriggio|del mattino|di mattina)\b"
    ),
    "en": re.compile(
        r"^(?:point \S+ )?(?:euros?|pounds?|quid|dollars?|bucks|pence|cents?|years?|days?|weeks?|months?"
        r"|hours?|minutes?|times|pieces|pairs?|shirts|people|calls|items|products|miles|pages|photos|thanks"
        r"|apologies|problems|emails|customers|degrees"
        r"|kilos?|kg|grams|centimetres|cm|metres|inch|inches|litres|watts?|percent|per cent|points|am|pm"
        r"|a m|p m|o'clock|in the (?:morning|afternoon)"
        r"|january|february|march|april|may|june|july|august|september|october|november|december)\b"
    ),
}
# A code of something else, whatever stands before it.
_OTHER_CODE = re.compile(
    r"(?:\bcodice (?:cliente|sconto|articolo|prodotto|fiscale|tessera|promozionale|postale)"
    r"|\bnumero (?:cliente|di telefono|di carta)"
    r"|\b(?:customer|discount|promo|product|item|card|phone|account) (?:number|code))\b(?: (?!ordin|order)\S+){0,3}$"
)
_YEARS = range(1900, 2100)
# A shop's orders are spoken of in these years: "duemilaventicinque" in a sentence is one, unless the order is named.
_RECENT_YEARS = range(2010, 2036)
_BARE_WORDS = 2
_DICTATED_GROUPS = 3  # so many numbers in one breath are a dictation, which may be broken off and go on
_ROUND = 1000  # "mille", "a thousand": a way of saying many
_YEAR_BEFORE = re.compile(r"\b(?:nel|del|dal|dell'anno|anno|in|of|from|since|year)$")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Digits that may be the order number."""

    digits: str
    score: int  # higher is likelier
    start: int  # place of its first word


def between(words: Sequence[str], start: int, end: int) -> str:
    """Return the words of a stretch as text."""
    return " ".join(words[max(start, 0) : end])


def without_counted(run: Run, words: Sequence[str], language: str) -> Run:
    """Return a run without a last group that counts the noun behind it: "uno zero quattro due due magliette"."""
    counts_next = bool(_OTHER_AFTER[language].match(between(words, run.end, run.end + 3)))
    if counts_next and len(run.groups) > 1 and len(run.digits) - len(run.groups[-1]) >= LEAST_DIGITS:
        return Run(start=run.start, end=run.end - 1, groups=run.groups[:-1])
    return run


def is_other(run: Run, words: Sequence[str], language: str, *, expected: bool = False) -> bool:
    """Tell whether the words around a run say that it is no order number: an hour, an amount, a year, a telephone number."""
    before, after = between(words, run.start - 5, run.start), between(words, run.end, run.end + 3)
    # A number and hardly a word beside it is an answer, whatever it looks like.
    talked = len(words) - (run.end - run.start) > _BARE_WORDS
    if _OTHER_CODE.search(before):
        return True
    if _ORDER_STRONG[language].search(between(words, run.start - 3, run.start)) and not _OTHER_AFTER[language].match(
        after
    ):
        return False
    if _OTHER_AFTER[language].match(after) or _OTHER_BEFORE[language].search(before):
        return True
    if (
        len(run.groups) == 1
        and (int(run.digits) == _ROUND or int(run.digits) in _RECENT_YEARS)
        and not expected
        and talked
    ):
        return not _ORDER_BEFORE[language].search(before)
    return int(run.digits) in _YEARS and bool(_YEAR_BEFORE.search(before))


def replace_part(said: Run, new: Run) -> str:
    """Return the digits after a correction: all of them, or the last part where less was said again."""
    old, digits = said.digits, new.digits
    if len(digits) >= LEAST_DIGITS or len(digits) >= len(old):
        return digits
    if len(old) >= LEAST_DIGITS:
        return old[: -len(digits)] + digits
    # Still in the middle: the first thing said replaces as much as itself, the rest goes on ("uno zero cinque, no,
    # quattro due").
    first = len(new.groups[0])
    return old[:-first] + digits


def deny(said: str, run: Run) -> str:
    """Return the digits after "non X Y" (X denied, Y right) with what was said before; `said` where only a denial came."""
    groups = run.groups
    for count in range(1, len(groups)):
        denied, right = "".join(groups[:count]), "".join(groups[count:])
        if said and denied in said:
            place = said.rfind(denied)
            return said[:place] + right + said[place + len(denied) :]
        if not said and len(denied) == len(right):
            return right
    return said


@dataclass
class _Telling:
    """What has been said of the order number so far, run by run."""

    words: Sequence[str]
    language: str
    expected: bool
    candidates: list[Candidate]
    last: Run | None = None
    denied: str = ""

    def take(self, run: Run) -> None:
        gap = between(self.words, self.last.end if self.last else max(0, run.start - _CORRECTION_WORDS), run.start)
        if _NEGATION[self.language].search(gap):
            self._take_denial(run)
        elif self.denied and (self.candidates or len(run.digits) >= len(self.denied)):
            self._take_right(run)
        elif (
            self.last
            and self.candidates
            and len(gap.split()) <= _CORRECTION_WORDS
            and _CORRECTION[self.language].search(gap)
        ):
            self._correct(run)
        elif (
            self.last and self.candidates and _REPETITION[self.language].search(gap) and len(run.digits) < LEAST_DIGITS
        ):
            return
        else:
            self._add(run.digits, run, is_other(run, self.words, self.language, expected=self.expected))
        self.last = run

    def _add(self, digits: str, run: Run, other: bool, bonus: int = 0) -> None:  # noqa: FBT001 - private
        before = between(self.words, run.start - 6, run.start)
        score = (
            bonus
            + 2 * bool(_ORDER_STRONG[self.language].search(before))
            + bool(_ORDER_BEFORE[self.language].search(before))
        )
        self.candidates.append(Candidate(digits=digits, score=-10 if other else score, start=run.start))

    def _take_denial(self, run: Run) -> None:
        said = self.candidates[-1].digits if self.candidates else ""
        right = deny(said, run)
        self.denied = "" if right != said else run.digits
        self._replace(right, run)

    def _take_right(self, run: Run) -> None:
        said = self.candidates[-1].digits if self.candidates else ""
        place = said.rfind(self.denied)
        right = said[:place] + run.digits + said[place + len(self.denied) :] if place >= 0 else run.digits
        self.denied = ""
        if place < 0 and said:
            self._add(run.digits, run, is_other(run, self.words, self.language, expected=self.expected))
        else:
            self._replace(right, run)

    def _correct(self, run: Run) -> None:
        old = self.candidates[-1]
        if is_other(run, self.words, self.language, expected=self.expected) or old.score < 0:
            self._add(run.digits, run, is_other(run, self.words, self.language, expected=self.expected))
        elif self.last:
            self._replace(replace_part(Run(start=0, end=0, groups=(old.digits,)), run), run)

    def _replace(self, digits: str, run: Run) -> None:
        old = self.candidates.pop() if self.candidates else None
        if not digits:
            return
        self._add(digits, run, other=False, bonus=max(1, old.score if old else 1))


def _valid(digits: str, *, cued: bool) -> bool:
    return LEAST_DIGITS <= len(digits) <= MOST_DIGITS and (cued or not digits.startswith("0"))


def order_number(words: Sequence[str], language: str, *, expected: bool = False) -> str:
    """Return the order number in normalised words, "" if none was said. `expected`: the caller was just asked for it."""
    if language not in _CORRECTION:
        return ""
    runs = [without_counted(run, words, language) for run in number_runs(words, language)]
    telling = _Telling(words=words, language=language, expected=expected, candidates=[])
    for run in runs:
        telling.take(run)
    valid = [one for one in telling.candidates if one.score >= 0 and _valid(one.digits, cued=expected or one.score > 1)]
    if valid:
        return max(valid, key=lambda one: (one.score, one.start)).digits
    dictated = any(len(run.groups) >= _DICTATED_GROUPS for run in runs)
    if expected or dictated or any(one.score > 1 for one in telling.candidates):
        # Asked for a number, or naming it, and giving its parts with words between: "ordine uno zero, aspetti, quattro due".
        joined = "".join(one.digits for one in telling.candidates if one.score >= 0)
        return joined if _valid(joined, cued=False) else ""
    return ""
