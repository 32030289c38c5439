"""What an admin may set of the company, each value with its reading: from plain JSON to a typed value, or why not. Pure.

A document holds only what has been set; everything else stays as the settings file has it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from types import MappingProxyType
from typing import Any, Final

import phonenumbers

from routing.hours import DayHours, Hours

LANGUAGES: Final = ("it", "en")
LONGEST_LABEL: Final = 60
MOST_NUMBERS: Final = 50
MOST_OWN_DAYS: Final = 400
# A version may be worse than the one before by no more than this, whatever an admin says: beyond it, one intent in ten is lost.
MOST_ACCURACY_LOSS: Final = 0.1


class WrongValueError(ValueError):
    """A value that cannot be; the message is a code for `ivr.web` and the API."""


@dataclass(frozen=True, kw_only=True)
class LineNumber:
    """One of the company's numbers that callers dial."""

    number: str  # E.164
    label: str = ""  # what the number is for, as flows and desks see it
    language: str = ""  # in which a call by it begins; "" leaves it to the caller's number

    def as_json(self) -> dict[str, str]:
        """Return plain JSON."""
        return {"number": self.number, "label": self.label, "language": self.language}


@dataclass(frozen=True, kw_only=True)
class CompanySettings:
    """Everything that an admin may set while the service runs, as it stands."""

    hours: Hours
    numbers: tuple[LineNumber, ...]  # the first is the one that the line calls from
    emergency_number: str  # "" for none
    default_language: str
    words_days: int
    audio_days: int
    voice_days: int
    voiceprint_days: int
    second_person: bool = False  # whether somebody else must approve a version
    accuracy_loss: float = 0.01  # share of held-back phrases by which a version may be worse
    version: int = field(default=0, compare=False)  # 0: nothing has been set yet

    @property
    def line_number(self) -> str:
        """The number that the line calls from, E.164."""
        return self.numbers[0].number

    def by_number(self, number: str) -> LineNumber | None:
        """What is said of a number that was dialled; None for one that nobody has listed."""
        return next((one for one in self.numbers if one.number == number), None)

    @property
    def words(self) -> timedelta:
        """How long the words of calls are kept."""
        return timedelta(days=self.words_days)

    @property
    def audio(self) -> timedelta:
        """How long the sound of a caller who consented is kept."""
        return timedelta(days=self.audio_days)


def applied(defaults: CompanySettings, document: Mapping[str, Any], *, version: int = 0) -> CompanySettings:
    """The settings with what a document sets. Raises `WrongValueError` naming the value, as `NAME: code`."""
    found = replace(defaults, version=version)
    for name, raw in document.items():
        try:
            found = _FIELDS[name].put(found, _FIELDS[name].read(raw))
        except (KeyError, TypeError, ValueError) as error:
            code = str(error) if isinstance(error, WrongValueError) else "unreadable"
            raise WrongValueError(f"{name}: {code}") from None
    return found


def as_document(settings: CompanySettings) -> dict[str, Any]:
    """Every value as plain JSON, by name."""
    return {name: one.take(settings) for name, one in _FIELDS.items()}


def problems(defaults: CompanySettings, document: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a document, by name: codes."""
    found = {}
    for name, raw in document.items():
        try:
            applied(defaults, {name: raw})
        except WrongValueError as error:
            found[name] = str(error).partition(": ")[2]
    if not found:
        found = _problems_together(defaults, document)
    return found


def normal_number(raw: Any) -> str:
    """A telephone number of any country with its code, as E.164. Raises `WrongValueError`."""
    try:
        parsed = phonenumbers.parse(str(raw), None)
    except phonenumbers.NumberParseException:
        raise WrongValueError("not_a_number") from None
    if not phonenumbers.is_possible_number(parsed):
        raise WrongValueError("not_a_number")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _problems_together(defaults: CompanySettings, document: Mapping[str, Any]) -> dict[str, str]:
    try:
        found = applied(defaults, document)
    except WrongValueError as error:
        name, _, code = str(error).partition(": ")
        return {name: code}
    both = set(found.hours.closed_on) & set(found.hours.open_on)
    return {"open_on": "open_and_closed"} if both else {}


@dataclass(frozen=True, kw_only=True)
class _Field:
    read: Callable[[Any], Any]
    put: Callable[[CompanySettings, Any], CompanySettings]
    take: Callable[[CompanySettings], Any]


def _plain(name: str, read: Callable[[Any], Any], take: Callable[[Any], Any] = lambda value: value) -> _Field:
    def put(settings: CompanySettings, value: Any) -> CompanySettings:
        changed: dict[str, Any] = {name: value}
        return replace(settings, **changed)

    return _Field(read=read, put=put, take=lambda settings: take(getattr(settings, name)))


def _of_hours(name: str, read: Callable[[Any], Any], take: Callable[[Any], Any]) -> _Field:
    def put(settings: CompanySettings, value: Any) -> CompanySettings:
        changed: dict[str, Any] = {name: value}
        try:
            return replace(settings, hours=replace(settings.hours, **changed))
        except ValueError:
            raise WrongValueError("no_holidays_known" if name in {"country", "subdivision"} else "unreadable") from None

    return _Field(read=read, put=put, take=lambda settings: take(getattr(settings.hours, name)))


def _clock(raw: Any) -> time:
    value = time.fromisoformat(str(raw))
    if value.tzinfo is not None:
        raise WrongValueError("unreadable")
    return value.replace(second=0, microsecond=0)


def _weekdays(raw: Any) -> tuple[int, ...]:
    days = tuple(sorted({_whole(one, 1, 7) for one in _listed(raw, most=7)}))
    if not days:
        raise WrongValueError("never_open")
    return days


def _days(raw: Any) -> tuple[date, ...]:
    return tuple(sorted({date.fromisoformat(str(one)) for one in _listed(raw, most=MOST_OWN_DAYS)}))


def _by_day(raw: Any) -> tuple[DayHours, ...]:
    if not isinstance(raw, Mapping):
        raise WrongValueError("unreadable")
    lines = []
    for day, clocks in raw.items():
        opens, closes = _listed(clocks, most=2)
        lines.append(DayHours(day=_whole(int(day), 1, 7), opens_at=_clock(opens), closes_at=_clock(closes)))
    return tuple(sorted(lines, key=lambda line: line.day))


def _numbers(raw: Any) -> tuple[LineNumber, ...]:
    lines = []
    for one in _listed(raw, most=MOST_NUMBERS):
        if not isinstance(one, Mapping) or not set(one) <= {"number", "label", "language"}:
            raise WrongValueError("unreadable")
        label, language = str(one.get("label", "")).strip(), str(one.get("language", ""))
        if len(label) > LONGEST_LABEL or language not in {"", *LANGUAGES}:
            raise WrongValueError("unreadable")
        lines.append(LineNumber(number=normal_number(one.get("number", "")), label=label, language=language))
    if not lines:
        raise WrongValueError("no_numbers")
    if len({line.number for line in lines}) < len(lines):
        raise WrongValueError("number_twice")
    return tuple(lines)


def _listed(raw: Any, *, most: int) -> list[Any]:
    if not isinstance(raw, list | tuple):
        raise WrongValueError("unreadable")
    if len(raw) > most:
        raise WrongValueError("too_many")
    return list(raw)


def _whole(raw: Any, least: int, most: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise WrongValueError("not_whole")
    if not least <= raw <= most:
        raise WrongValueError("out_of_range")
    return raw


def _between(least: int, most: int) -> Callable[[Any], int]:
    return lambda raw: _whole(raw, least, most)


def _share(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise WrongValueError("unreadable")
    if not 0 <= raw <= MOST_ACCURACY_LOSS:
        raise WrongValueError("out_of_range")
    return float(raw)


def _yes_or_no(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise WrongValueError("unreadable")
    return raw


def _language(raw: Any) -> str:
    if raw not in LANGUAGES:
        raise WrongValueError("unreadable")
    return str(raw)


def _letters(raw: Any) -> str:
    longest = 10
    text = str(raw).strip().upper()
    if len(text) > longest or not all(sign.isalnum() or sign == "-" for sign in text):
        raise WrongValueError("unreadable")
    return text


def _clock_text(value: time) -> str:
    return value.isoformat("minutes")


def _iso(days: tuple[date, ...]) -> list[str]:
    return [day.isoformat() for day in days]


# The bounds of days are those of `ivr.settings`, where the same values have their defaults.
_FIELDS: Final[Mapping[str, _Field]] = MappingProxyType({
    "opens_at": _of_hours("opens_at", _clock, _clock_text),
    "closes_at": _of_hours("closes_at", _clock, _clock_text),
    "open_days": _of_hours("open_days", _weekdays, list),
    "hours_by_day": _of_hours(
        "by_day", _by_day,
        lambda lines: {str(line.day): [_clock_text(line.opens_at), _clock_text(line.closes_at)] for line in lines},
    ),
    "country": _of_hours("country", _letters, str),
    "subdivision": _of_hours("subdivision", _letters, str),
    "closed_on": _of_hours("closed_on", _days, _iso),
    "open_on": _of_hours("open_on", _days, _iso),
    "numbers": _plain("numbers", _numbers, lambda lines: [line.as_json() for line in lines]),
    "emergency_number": _plain("emergency_number", lambda raw: normal_number(raw) if raw else ""),
    "default_language": _plain("default_language", _language),
    "words_days": _plain("words_days", _between(1, 3650)),
    "audio_days": _plain("audio_days", _between(1, 3650)),
    "voice_days": _plain("voice_days", _between(1, 365)),
    "voiceprint_days": _plain("voiceprint_days", _between(30, 3650)),
    "second_person": _plain("second_person", _yes_or_no),
    "accuracy_loss": _plain("accuracy_loss", _share),
})  # fmt: skip

NAMES: Final = tuple(_FIELDS)
RETENTION: Final = ("words_days", "audio_days", "voice_days", "voiceprint_days")
