"""When a waiting caller is told the place and the estimate again, and with which words. Pure; the time comes in.

The rule behind it: what was told is a promise. It is told again when it has got clearly better, or when it has not held, and then
the caller hears that first: nothing that was promised becomes less without a word.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

# Nobody wants to hear a place twice within this, unless a promise does not hold; judgement.
LEAST_SECONDS: Final = 40
# After so long without a word a caller doubts that anybody is there; judgement.
LONGEST_SECONDS: Final = 150
# Below this, the wait is told as a minute: seconds would promise what no estimate can keep.
SHORTEST_TOLD_SECONDS: Final = 60
# An estimate is broken when what is left exceeds what was promised by this and this share of it; judgement, near the mean error
# of the estimate itself.
SLACK_SECONDS: Final = 60
SLACK_SHARE: Final = 0.25
# The last places are told one by one, those before when a quarter of them has gone.
_ONE_BY_ONE: Final = 3
_WORTH_TELLING: Final = 0.75


class Word(StrEnum):
    """What is told."""

    FIRST = "first"  # the first time
    BETTER = "better"
    STILL = "still"  # nothing new, after a long silence
    OVERTAKEN = "overtaken"  # a place that got worse
    LONGER = "longer"  # a wait that takes longer than promised


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a caller was told last."""

    at: datetime
    place: int
    wait_seconds: int | None  # None where no estimate was told


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What is to be told now."""

    word: Word
    place: int
    wait_seconds: int | None  # whole minutes; None to tell none


def rounded(seconds: int | None) -> int | None:
    """An estimate as it is told: in whole minutes, a minute at least, rounded up."""
    return None if seconds is None else max(SHORTEST_TOLD_SECONDS, -(-seconds // 60) * 60)


def telling(last: Told | None, place: int, estimate_seconds: int | None, now: datetime) -> Telling | None:
    """What to tell a caller who stands at `place`; None where nothing has changed enough."""
    wait = rounded(estimate_seconds)
    word = Word.FIRST if last is None else _word(last, place, estimate_seconds, (now - last.at).total_seconds())
    if word is None:
        return None
    if word is Word.STILL and last is not None and last.wait_seconds is None:
        wait = None  # who was told no estimate is not surprised by one in the middle of the wait
    return Telling(word=word, place=place, wait_seconds=wait)


def _word(last: Told, place: int, estimate_seconds: int | None, passed: float) -> Word | None:
    if place > last.place:
        return Word.OVERTAKEN
    if estimate_seconds is not None and last.wait_seconds is not None:
        promised = max(last.wait_seconds - passed, 0)
        if estimate_seconds > promised + max(SLACK_SECONDS, SLACK_SHARE * last.wait_seconds):
            return Word.LONGER
    if passed < LEAST_SECONDS:
        return None
    if place < last.place and (place <= _ONE_BY_ONE or place <= last.place * _WORTH_TELLING):
        return Word.BETTER
    return Word.STILL if passed >= LONGEST_SECONDS else None
