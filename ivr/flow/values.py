"""What can be the value that a question asks for, from words and from keys, and whether it was heard well enough. Pure.

The slot's name tells its sort: `date` is a day (ISO 8601), `amount` a sum of money; any other is digits, or letters and digits
where the question expects letters.
"""

from datetime import date
from typing import Final

from ivr.flow.definition import AskNode
from ivr.flow.events import Doubtful, NotUnderstood, Understood, Value
from ivr.flow.steps import Expect

# Below it a value that was heard is read back where its question says `unsure`. Precedent: VoiceXML 2.0 (6.3.2) throws away
# what is below 0.5 by default, and platforms that ask back do so in the band above it, up to 0.7-0.85. The confidences of Vosk,
# of Whisper and of a carrier are not calibrated and differ from each other: this is no probability of being right.
UNSURE_BELOW: Final = 0.75
# Beside a corrected value (`ivr.intents.slots.GUESSED`): which part of the old one was meant had to be guessed.
GUESSED: Final = "guessed"
DATE, AMOUNT = "date", "amount"
_KEYED_DATE = 8  # day, month and year: 14032026
_COMMA = "*"  # between euros and cents on a keypad


def is_unsure(event: Understood | Doubtful | NotUnderstood) -> bool:
    """Whether a value in this utterance may be wrong; a carrier that gives no confidence is taken to be sure."""
    low = event.heard_confidence is not None and event.heard_confidence < UNSURE_BELOW
    return low or event.slots.get(GUESSED) is True


def from_words(node: AskNode, value: Value, text: str = "") -> Value:
    """Return what was understood as the question's value, or else the utterance's own digits; None if it cannot be one."""
    if node.slot == DATE:
        return _day(str(value)) if value else None
    if node.slot == AMOUNT:
        return value if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
    signs = "".join(text.split()) if value in {None, ""} else str(value)
    if node.expect != Expect.LETTERS:
        return signs if _are_digits(signs) and len(signs) >= node.min_keys else None
    longest = node.max_keys if node.max_keys > 1 else len(signs)
    return signs if signs.isascii() and signs.isalnum() and node.min_keys <= len(signs) <= longest else None


def from_keys(node: AskNode, keys: str) -> Value:
    """Return the keys as the question's value, None if they cannot be one; letters have no keys."""
    if node.expect == Expect.LETTERS:
        return None
    if node.slot == DATE:
        return _day(f"{keys[4:]}-{keys[2:4]}-{keys[:2]}") if _are_digits(keys) and len(keys) == _KEYED_DATE else None
    if node.slot == AMOUNT:
        whole, comma, cents = keys.partition(_COMMA)
        if not _are_digits(whole) or (comma and not (_are_digits(cents) and len(cents) <= 2)):  # noqa: PLR2004 - a hundred cents
            return None
        return float(f"{whole}.{cents}") if comma else int(whole)
    return keys if _are_digits(keys) and len(keys) >= node.min_keys else None


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
