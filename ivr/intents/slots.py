"""The slots of an utterance: order number, postcode, score, telephone number, code, amount, date; and corrections of a value.

Pure; what a number is, is told by words around. Numbers come from `ivr.intents.numbers`, order numbers with the corrections
inside one utterance from `ivr.intents.order_numbers`, letters from `ivr.intents.spelling`, and what a caller makes of a value
that was read back from `ivr.intents.corrections`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from ivr.intents.corrections import Corrected, correct, correct_amount, correct_date
from ivr.intents.dates import spoken_date
from ivr.intents.meaning import SlotValue
from ivr.intents.numbers import Run, number_runs
from ivr.intents.order_numbers import between, order_number, replace_part
from ivr.intents.rules import yes_or_no
from ivr.intents.spelling import code, spelled_runs

POSTCODE_DIGITS = 5  # Italian CAP
CENTS_DIGITS = 2  # a euro has a hundred cents; \"30 50\" are two groups of two digits at most
CENTS_WORDS = 2  # \"euro e\" between the euros and the cents
SCORES = range(1, 8)  # the Customer Effort Score, 1-7
# The shortest number that can be called back, as the flow's question has it; E.164 allows 15 digits, 00 before it two more.
PHONE_DIGITS = range(6, 18)
# Slots that are read whether they are asked for or not; any other that is asked for is a plain number.
_KNOWN = frozenset({"", "order_number", "postcode", "callback_number", "score", "amount", "date"})
# Beside a corrected value: it had to be guessed which part of the old one was meant.
GUESSED = "guessed"

_POSTCODE_BEFORE = re.compile(
    r"\b(?:cap|codice postale|codice di avviamento|postcode|post code|zip|zip code|postal code)\b(?: \S+){0,4}$"
)
_PHONE_BEFORE = re.compile(
    r"\b(?:telefono|cellulare|telefonino|fisso|chiamate\w*|richiam\w+|phone|mobile|cell|call me"
    r"|ring me|reach me|landline)\b(?: \S+){0,5}$"
)
_PLUS_BEFORE = re.compile(r"\b(?:più|plus)$")
_MONEY = re.compile(r"^(?:euro|eurini|euros|pounds?|quid|dollars?|bucks)\b(?: (?:e|and) )?")
_SCALE = re.compile(r"\b(?:da|from) \S+ (?:a|to) \S+\b")
_OUT_OF = re.compile(r"^(?:su|out of|over)\b")
_CORRECTION = re.compile(r"\b(?:no|anzi|scusi|scusa|sorry|actually|i mean|volevo dire)\b")


def _corrected(runs: Sequence[Run], words: Sequence[str]) -> list[str]:
    """Return the digits of the runs, a correction taken into the run before it."""
    found: list[str] = []
    for place, run in enumerate(runs):
        if place and found and _CORRECTION.search(between(words, runs[place - 1].end, run.start)):
            found[-1] = replace_part(Run(start=0, end=0, groups=(found[-1],)), run)
        else:
            found.append(run.digits)
    return found


def postcode(words: Sequence[str], runs: Sequence[Run], *, expected: bool) -> str:
    """Return a postcode of five digits, "" if none was said; where it was not asked for, only with its name before it."""
    named = [run.digits for run in runs if _POSTCODE_BEFORE.search(between(words, run.start - 6, run.start))]
    offered = named + (_corrected(runs, words) if expected else [])
    if expected:
        offered.append("".join(run.digits for run in runs))
    return next((digits for digits in reversed(offered[:-1]) if len(digits) == POSTCODE_DIGITS), "") or (
        offered[-1] if offered and len(offered[-1]) == POSTCODE_DIGITS else ""
    )


def score(words: Sequence[str], language: str) -> int | None:
    """Return a score from 1 to 7 for a question that asks for one; the scale itself ("da uno a sette") is not the answer."""
    bare = _SCALE.sub(" ", " ".join(words)).split()
    runs = number_runs(bare, language)
    said = [
        run
        for place, run in enumerate(runs)
        if not (place and _OUT_OF.match(between(bare, runs[place - 1].end, run.start)))
    ]
    values = [int(run.digits) for run in said if len(run.digits) == 1]
    return values[-1] if values and values[-1] in SCORES else None


def telephone(words: Sequence[str], runs: Sequence[Run], *, expected: bool) -> str:
    """Return the digits of a telephone number, "00" for a spoken plus; unasked only with its name before it."""
    for run in runs:
        before = between(words, run.start - 6, run.start)
        if len(run.digits) in PHONE_DIGITS and (
            expected or (_PHONE_BEFORE.search(before) and len(run.digits) > PHONE_DIGITS.start)
        ):
            return ("00" if _PLUS_BEFORE.search(before) else "") + run.digits
    joined = "".join(run.digits for run in runs)
    return joined if expected and len(joined) in PHONE_DIGITS else ""


def amount(words: Sequence[str], runs: Sequence[Run]) -> float | None:
    """Return an amount of money: "trenta euro e cinquanta" is 30.5. The currency is not kept: a shop has one."""
    for place, run in enumerate(runs):
        money = _MONEY.match(between(words, run.end, run.end + 2) + " ")
        if not money:
            continue
        # "30 50 euro" is what is left of "30,50 euro" without punctuation.
        whole = float(run.groups[0]) if len(run.groups) == len(run.groups[-1]) == CENTS_DIGITS else float(run.digits)
        cents = int(run.groups[1]) if len(run.groups) == len(run.groups[-1]) == CENTS_DIGITS else 0
        follower = runs[place + 1] if place + 1 < len(runs) else None
        if follower and follower.start - run.end <= CENTS_WORDS and len(follower.digits) <= CENTS_DIGITS:
            cents = int(follower.digits)
        return whole + cents / 100
    return None


def is_code(slot: str) -> bool:
    """Whether a slot holds letters and digits: `code`, or a name that ends so (`plate_code`)."""
    return slot == "code" or slot.endswith("_code")


def read_slots(
    words: str, language: str, *, expected: str = "", previous: str = "", today: date | None = None
) -> Mapping[str, SlotValue]:
    """Return the slots heard in normalised words. `expected` is the slot asked for, which is then read from bare numbers too.

    Order number, postcode and `callback_number` are digits, `score` a number, `amount` in the shop's currency, `date` ISO 8601,
    codes letters in upper case and digits. `previous` is the value of `expected` that was read back and that the words may
    correct: then the slot is the value as it was meant, and `guessed` is true where that was not certain.
    """
    said = words.split()
    runs = number_runs(said, language)
    found: dict[str, SlotValue] = {
        "order_number": order_number(said, language, expected=expected == "order_number")
        if expected in {"", "order_number"}
        else "",
        "postcode": postcode(said, runs, expected=expected == "postcode"),
        "callback_number": telephone(said, runs, expected=expected == "callback_number"),
        "score": score(said, language) if expected == "score" else None,
        "amount": amount(said, runs),
    }
    day = spoken_date(said, language, today) if today else None
    found["date"] = day.isoformat() if day else None
    if is_code(expected):
        found[expected] = code(said, language)
    elif expected not in _KNOWN:
        found[expected] = "".join(_corrected(runs, said))
    if previous:
        found.update(_corrected_value(said, language, expected, previous, found))
    return {name: value for name, value in found.items() if value not in {None, ""}}


def _corrected_value(
    said: Sequence[str], language: str, slot: str, previous: str, found: Mapping[str, SlotValue]
) -> Mapping[str, SlotValue]:
    """Return the slot as the caller meant it after `previous` was read back; empty where the words hold no value."""
    fresh = found.get(slot)
    runs = spelled_runs(said, language) if is_code(slot) else number_runs(said, language)
    if slot == "date":
        value: SlotValue = correct_date(said, language, previous, str(fresh or ""), runs)
        return {slot: value}
    if slot == "amount":
        return {slot: correct_amount(said, language, fresh if isinstance(fresh, float) else None, runs)}
    answer = yes_or_no(" ".join(said), language)
    agreed = answer is not None and answer.name == "yes"
    if agreed and len(runs) == 1 and runs[0].digits in previous:
        # "Sì, quarantadue": a part said again is no correction.
        return {slot: previous}
    corrected: Corrected | None = correct(said, language, previous, runs, str(fresh or ""))
    if corrected is None:
        return {slot: ""}
    return {slot: corrected.value, **({GUESSED: True} if corrected.guessed or agreed else {})}
