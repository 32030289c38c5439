"""A number that an agent types to pass a call to or to call back: whether it can be dialled, and what it is in E.164. Pure.

What exists in a country's numbering plan is `phonenumbers`'.
"""

from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberType

# Numbers that cost whoever dials them more than a call, or whose owner is paid for it: no call of ours is passed there.
_DEAR = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})


class Wrong(StrEnum):
    """Why a number is not dialled: reasons that the pages have sentences for."""

    UNUSABLE = "number_unusable"
    DEAR = "number_dear"


@dataclass(frozen=True, kw_only=True)
class Dialable:
    """A number that can be dialled."""

    number: str  # E.164


def dialable(typed: str, *, country: str) -> Dialable | Wrong:
    """The number that was typed, in E.164; without a prefix it is one of `country` (ISO 3166)."""
    try:
        parsed = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        return Wrong.UNUSABLE
    if parsed.extension or not phonenumbers.is_valid_number(parsed):
        return Wrong.UNUSABLE
    if phonenumbers.number_type(parsed) in _DEAR:
        return Wrong.DEAR
    return Dialable(number=phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
