"""How long the quiet behind an answer may last: from the kind of answer, the words so far and the digits that are wanted. Pure.

A number is read in groups, and who has said "quattro due" of a number of six digits is still reading it; who has said "sì" to a
question for yes or no has said it all. Counting the seconds is left to `end_of_speech`.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ivr.intents.numbers import number_runs
from ivr.intents.rules import UNDERLINING, yes_or_no
from ivr.intents.words import normalise, without_fillers
from ivr.speech.end_of_speech import AnswerKind, Waits
from ivr.speech.turn import Question


class Said(StrEnum):
    """What the words so far show about whether more will come."""

    UNKNOWN = "unknown"  # no word yet: the recogniser is behind the caller, or gives its words only at the end
    WORDS = "words"  # and nothing more is known
    NUMBER = "number"  # they end in a number, which may be whole
    PART = "part"  # they end in a number with fewer digits than are wanted
    WHOLE = "whole"  # all digits are there, or a yes or no that asks for nothing more


# The quiet that ends an answer. Precedent for words: home-assistant's `assist_pipeline/vad.py` takes 0.7 s by default and
# 1.25 s when relaxed; an open request holds pauses for thought. Numbers: of 617 pauses inside AN4's read numbers 99 in 100 are
# under 0.56 s and the longest has 0.78 s, but who looks for the next group on a slip of paper takes more.
AFTER_WORDS_SECONDS: Final[Mapping[AnswerKind, Mapping[Said, float]]] = MappingProxyType(
    {
        AnswerKind.REQUEST: {
            Said.UNKNOWN: 1.25, Said.WORDS: 1.25, Said.NUMBER: 1.5, Said.PART: 2.2, Said.WHOLE: 0.9
        },
        AnswerKind.YES_NO: {Said.UNKNOWN: 0.8, Said.WORDS: 0.9, Said.NUMBER: 1.5, Said.PART: 2.2, Said.WHOLE: 0.5},
        AnswerKind.DIGITS: {Said.UNKNOWN: 1.5, Said.WORDS: 1.5, Said.NUMBER: 1.5, Said.PART: 2.2, Said.WHOLE: 0.7},
        # Letters are told with a word each and the digits among them are not the whole: as long as for a number.
        AnswerKind.LETTERS: {Said.UNKNOWN: 1.5, Said.WORDS: 1.5, Said.NUMBER: 1.5, Said.PART: 2.2, Said.WHOLE: 1.5},
        AnswerKind.CHOICE: {Said.UNKNOWN: 0.8, Said.WORDS: 0.8, Said.NUMBER: 0.8, Said.PART: 0.8, Said.WHOLE: 0.6},
    }
)  # fmt: skip  # the table is read by its columns
# Gather hears at most 60 s; a yes, a choice or a number takes less, and who talks on has not understood the question.
LONGEST_SECONDS: Final[Mapping[AnswerKind, float]] = MappingProxyType(
    {
        AnswerKind.REQUEST: 60.0,
        AnswerKind.YES_NO: 15.0,
        AnswerKind.DIGITS: 30.0,
        AnswerKind.LETTERS: 45.0,  # "A come Ancona" takes thrice as long as a digit
        AnswerKind.CHOICE: 15.0,
    }
)
# Gather's `timeout`, 5 s by default.
NOTHING_YET_SECONDS: Final = 5.0


def said_by(words: str, question: Question) -> Said:
    """Tell from the words so far whether more is likely to come."""
    even = normalise(words)
    if not even:
        return Said.UNKNOWN
    if question.kind is AnswerKind.YES_NO and _is_whole_answer(even, question):
        return Said.WHOLE
    digits = _digits_at_end(even, question.language)
    if not digits:
        return Said.WORDS
    if question.most_digits and digits >= question.most_digits:
        return Said.WHOLE
    return Said.PART if digits < question.least_digits else Said.NUMBER


def waits_for(question: Question, words: str = "") -> Waits:
    """Give the waits of a question, as its words so far have made them.

    The question's own wait stands for words of which nothing more is known; a number in the middle never gets less, and an
    answer that is whole never more.
    """
    said = said_by(words, question)
    after_words = AFTER_WORDS_SECONDS[question.kind][said]
    own = question.after_words_seconds
    if own is not None:
        match said:
            case Said.UNKNOWN | Said.WORDS:
                after_words = own
            case Said.NUMBER | Said.PART:
                after_words = max(own, after_words)
            case Said.WHOLE:
                after_words = min(own, after_words)
    timeout, longest = question.timeout_seconds, question.longest_seconds
    return Waits(
        nothing_yet_seconds=NOTHING_YET_SECONDS if timeout is None else timeout,
        after_words_seconds=after_words,
        longest_seconds=LONGEST_SECONDS[question.kind] if longest is None else longest,
    )


def _is_whole_answer(words: str, question: Question) -> bool:
    """Tell whether a yes or no asks for nothing more; behind a "no" to a value read back, its correction comes with a breath.

    Such a question has a wait of its own (`ivr.flow.walk`), as has any whose author expects more than a word.
    """
    answer = yes_or_no(words, question.language)
    if answer is None or not set(answer.rest.split()) <= UNDERLINING.get(question.language, frozenset()):
        return False
    return answer.name == "yes" or question.after_words_seconds is None


def _digits_at_end(words: str, language: str) -> int:
    """Count the digits of the number with which the words end; 0 if they end in something else."""
    each = words.split()
    runs = number_runs(each, language)
    if not runs:
        return 0
    behind = " ".join(each[runs[-1].end :])
    # A hesitation behind the digits belongs to them: "quattro due ehm".
    return len(runs[-1].digits) if not behind or without_fillers(f"{behind} .", language) == "." else 0
