"""How a value is spoken, or written, in a language: digits, letters, numbers, amounts, dates, durations.

Wordings are `prompts.catalogue`'s. Languages: it, en. Words of numbers come from num2words, of days and months from Babel.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TypeAlias

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from num2words import num2words

from prompts.alphabets import spelled

Value: TypeAlias = str | int | float | bool | None

# So many digits are said in pairs, others in threes: as Italians and the English read order numbers, plates and telephones.
_IN_PAIRS = 4
_SIGNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "it": {"+": "più", "-": "trattino", "/": "barra"},
        "en": {"+": "plus", "-": "dash", "/": "slash"},
    }
)
_CURRENCY = "EUR"
_UNITS: Mapping[str, tuple[tuple[int, str, str], ...]] = MappingProxyType(
    {
        "it": (
            (86400, "un giorno", "giorni"),
            (3600, "un'ora", "ore"),
            (60, "un minuto", "minuti"),
            (1, "un secondo", "secondi"),
        ),
        "en": (
            (86400, "one day", "days"),
            (3600, "one hour", "hours"),
            (60, "one minute", "minutes"),
            (1, "one second", "seconds"),
        ),
    }
)
# A letter of the alphabet stands in a stretch of letters; all else is said as digits and signs are.
_STRETCHES = re.compile(r"[A-Z]+|[^A-Z]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_AND = MappingProxyType({"it": " e ", "en": " and "})


class NotSpeakableError(ValueError):
    """A value that its placeholder's type cannot speak; the message says which forms it takes."""


def spoken(value: Value, kind: str, language: str) -> str:
    """Speak a value of type `kind` (name, digits, letters, number, money, date, duration, value) in a language (it, en).

    money is in euro, duration in seconds, date ISO 8601; value is whatever a question asks for: a number is money, a text a
    date or letters and digits. Raises NotSpeakableError for a value of another form.
    """
    return _SPOKEN[kind](value, language)


def written(value: Value, kind: str, language: str) -> str:
    """Write a value as one reads it in a text message; types and errors as in `spoken`."""
    match _sort(value) if kind == "value" else kind:
        case "number":
            return str(format_decimal(_number(value), locale=language))
        case "money":
            return str(format_currency(_number(value), _CURRENCY, locale=language))
        case "date":
            return format_date(_date(value), format="long", locale=language)
        case "duration":
            return _duration(value, language)
        case _:
            return str(value)


def _name(value: Value, _language: str) -> str:
    return str(value).strip()


def _digits(value: Value, language: str) -> str:
    """Say digit by digit: "1042" is "uno zero, quattro due"."""
    signs = [sign for sign in str(value) if not sign.isspace()]
    groups: list[list[str]] = [[]]
    width = 2 if sum(sign.isdigit() for sign in signs) == _IN_PAIRS else 3
    for sign in signs:
        if not (sign.isascii() and sign.isdigit()):
            groups.append([_SIGNS[language].get(sign, sign.upper())])
            groups.append([])
        elif len(groups[-1]) == width:
            groups.append([num2words(int(sign), lang=language)])
        else:
            groups[-1].append(num2words(int(sign), lang=language))
    said = ", ".join(" ".join(group) for group in groups if group)
    if not said:
        raise NotSpeakableError("there is nothing in it to be said digit by digit")
    return said


def _letters(value: Value, language: str) -> str:
    """Tell letters by telephone and digits as `_digits`: "AB12" is "A come Ancona, B come Bologna, uno due"."""
    parts: list[str] = []
    for stretch in _STRETCHES.findall("".join(str(value).split()).upper()):
        if stretch.isascii() and stretch.isalpha():
            parts.extend(spelled(letter, language) for letter in stretch)
        else:
            parts.append(_digits(stretch, language))
    if not parts:
        raise NotSpeakableError("there is nothing in it to be spelled")
    return ", ".join(parts)


def _value(value: Value, language: str) -> str:
    return _SPOKEN[_sort(value)](value, language)


def _sort(value: Value) -> str:
    """Return the type that tells a value which a question has asked for."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "money"
    return "date" if _DAY.fullmatch(str(value)) else "letters"


def _count(value: Value, language: str) -> str:
    return str(num2words(_number(value), lang=language))


def _money(value: Value, language: str) -> str:
    amount = _number(value).quantize(Decimal("0.01"))
    euro, cents = divmod(abs(amount), 1)
    whole, hundredths = int(euro), int(cents * 100)
    one = {"it": "un", "en": "one"}[language]
    parts = [
        f"{one if whole == 1 else num2words(whole, lang=language)} {'euro' if language == 'it' or whole == 1 else 'euros'}"
    ]
    if hundredths:
        unit = {"it": ("centesimo", "centesimi"), "en": ("cent", "cents")}[language][hundredths != 1]
        parts.append(f"{one if hundredths == 1 else num2words(hundredths, lang=language)} {unit}")
        if not whole:
            parts.pop(0)
    less = {"it": "meno ", "en": "minus "}[language] if amount < 0 else ""
    return less + _AND[language].join(parts)


def _spoken_date(value: Value, language: str) -> str:
    """Say the day of the week, the day and the month: nobody is told of a delivery in another year."""
    day = _date(value)
    weekday = format_date(day, format="EEEE", locale=language)
    month = format_date(day, format="MMMM", locale=language)
    if language == "it":
        return f"{weekday} {'primo' if day.day == 1 else num2words(day.day, lang='it')} {month}"
    return f"{weekday} the {num2words(day.day, lang='en', to='ordinal')} of {month}"


def _duration(value: Value, language: str) -> str:
    """Say the two largest units: nobody wants the seconds of an hour."""
    seconds = round(_number(value))
    if seconds < 0:
        raise NotSpeakableError("a duration is 0 seconds or more")
    parts: list[str] = []
    for size, one, many in _UNITS[language]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(one if count == 1 else f"{num2words(count, lang=language)} {many}")
    return _AND[language].join(parts[:2]) or f"{num2words(0, lang=language)} {_UNITS[language][-1][2]}"


def _number(value: Value) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise NotSpeakableError(f"{value!r} is not a number") from None
    if isinstance(value, bool) or not number.is_finite():
        raise NotSpeakableError(f"{value!r} is not a number")
    return number


def _date(value: Value) -> date:
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        raise NotSpeakableError(f"{value!r} is not a date such as 2026-11-24") from None


_SPOKEN: Mapping[str, Callable[[Value, str], str]] = MappingProxyType(
    {
        "name": _name,
        "digits": _digits,
        "letters": _letters,
        "value": _value,
        "number": _count,
        "money": _money,
        "date": _spoken_date,
        "duration": _duration,
    }
)
KINDS = frozenset({*_SPOKEN, "choice"})
LANGUAGES = frozenset(_SIGNS)
