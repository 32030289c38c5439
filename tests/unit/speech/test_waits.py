"""How long the quiet behind an answer may last: tables of what was said to what is waited for."""

import pytest

from ivr.speech.end_of_speech import AnswerKind, Ended, Hearing, Reason, hear
from ivr.speech.turn import Question
from ivr.speech.waits import AFTER_WORDS_SECONDS, LONGEST_SECONDS, NOTHING_YET_SECONDS, Said, said_by, waits_for

REQUEST = Question(kind=AnswerKind.REQUEST, language="it")
YES_NO = Question(kind=AnswerKind.YES_NO, language="it")
SIX_DIGITS = Question(kind=AnswerKind.DIGITS, language="it", least_digits=4, most_digits=6)
ANY_DIGITS = Question(kind=AnswerKind.DIGITS, language="it")
READ_BACK = Question(kind=AnswerKind.YES_NO, language="it", after_words_seconds=1.0)
ENGLISH_YES_NO = Question(kind=AnswerKind.YES_NO, language="en")
ENGLISH_DIGITS = Question(kind=AnswerKind.DIGITS, language="en", least_digits=5, most_digits=5)
KOREAN = Question(kind=AnswerKind.DIGITS, language="ko", least_digits=4, most_digits=6)


@pytest.mark.parametrize(
    ("question", "words", "said"),
    [
        (REQUEST, "", Said.UNKNOWN),
        (REQUEST, "vorrei sapere", Said.WORDS),
        (REQUEST, "no", Said.WORDS),  # the beginning of a sentence where no yes or no is asked for
        (REQUEST, "il mio ordine è il mille", Said.NUMBER),
        (REQUEST, "il quarantadue non è arrivato", Said.WORDS),  # the number stands behind the caller already
        (YES_NO, "sì", Said.WHOLE),
        (YES_NO, "Sì, proprio quello!", Said.WHOLE),
        (YES_NO, "ehm no grazie", Said.WHOLE),
        (YES_NO, "sì ma vorrei", Said.WORDS),
        (READ_BACK, "sì", Said.WHOLE),
        (READ_BACK, "no", Said.WORDS),  # "no, quarantadue, non cinquantadue" is said with a breath
        (READ_BACK, "no quarantadue", Said.NUMBER),
        (YES_NO, "dunque", Said.WORDS),
        (SIX_DIGITS, "quattro due", Said.PART),
        (SIX_DIGITS, "quattro due ehm", Said.PART),
        (SIX_DIGITS, "quattro due zero sette", Said.NUMBER),  # four may be all, six may come
        (SIX_DIGITS, "quattro due zero sette uno nove", Said.WHOLE),
        (SIX_DIGITS, "dieci quarantadue", Said.NUMBER),
        (SIX_DIGITS, "non lo trovo", Said.WORDS),
        (ANY_DIGITS, "tre", Said.NUMBER),
        (ENGLISH_YES_NO, "yes that's right", Said.WHOLE),
        (ENGLISH_YES_NO, "no I want", Said.WORDS),
        (ENGLISH_DIGITS, "double oh seven", Said.PART),
        (ENGLISH_DIGITS, "double oh seven forty two", Said.WHOLE),
        (KOREAN, "하나 둘", Said.WORDS),  # a language whose numbers are not known is waited for as for words
    ],
)
def test_the_words_so_far_tell_whether_more_will_come(question: Question, words: str, said: Said) -> None:
    assert said_by(words, question) is said


@pytest.mark.parametrize("kind", list(AnswerKind))
def test_each_kind_of_answer_has_waits_that_leave_time_to_answer(kind: AnswerKind) -> None:
    assert set(AFTER_WORDS_SECONDS[kind]) == set(Said)
    for after_words in AFTER_WORDS_SECONDS[kind].values():
        assert 0.5 <= after_words < NOTHING_YET_SECONDS < LONGEST_SECONDS[kind] <= 60


@pytest.mark.parametrize("kind", [AnswerKind.REQUEST, AnswerKind.DIGITS, AnswerKind.YES_NO])
def test_a_number_with_digits_missing_waits_longest_and_a_whole_answer_shortest(kind: AnswerKind) -> None:
    waits = AFTER_WORDS_SECONDS[kind]
    assert waits[Said.PART] > waits[Said.NUMBER] >= waits[Said.WORDS] > waits[Said.WHOLE]


@pytest.mark.parametrize(
    ("words", "own_seconds", "after_words_seconds"),
    [
        ("vorrei sapere", 3.0, 3.0),
        ("", 0.6, 0.6),
        ("quattro due", 0.6, 2.2),  # a number in the middle never gets less
        ("quattro due", 3.0, 3.0),
        ("quattro due zero sette uno nove", 3.0, 0.7),  # a whole one never more
        ("quattro due zero sette uno nove", 0.4, 0.4),
    ],
)
def test_a_question_sets_its_own_wait_but_numbers_keep_their_rights(
    words: str, own_seconds: float, after_words_seconds: float
) -> None:
    question = Question(
        kind=AnswerKind.DIGITS, language="it", least_digits=4, most_digits=6, after_words_seconds=own_seconds
    )
    assert waits_for(question, words).after_words_seconds == after_words_seconds


def test_a_question_sets_its_first_and_its_longest_time() -> None:
    question = Question(kind=AnswerKind.REQUEST, language="it", timeout_seconds=8, longest_seconds=20)
    waits = waits_for(question, "vorrei")
    assert (waits.nothing_yet_seconds, waits.longest_seconds) == (8, 20)
    assert (waits_for(REQUEST).nothing_yet_seconds, waits_for(REQUEST).longest_seconds) == (5, 60)


def second_of_end(question: Question, *said: tuple[float, str]) -> float:
    """Say groups of words, each followed by so much quiet, and give the second in which the turn ended; 0 for never."""
    hearing, frames, words = Hearing(), 0, ""
    for quiet_seconds, group in said:
        words = f"{words} {group}".strip()
        for voiced in [True] * 25 + [False] * round(quiet_seconds / 0.02):
            frames += 1
            hearing, verdict = hear(hearing, waits_for(question, words), seconds=0.02, voiced=voiced)
            if isinstance(verdict, Ended):
                assert verdict.reason is Reason.SPEECH
                return round(frames * 0.02, 2)
    return 0.0


def test_a_number_read_in_groups_is_waited_for_until_it_is_whole() -> None:
    assert second_of_end(SIX_DIGITS, (2.0, "quattro due"), (1.4, "zero sette"), (9, "uno nove")) == 5.6
    assert second_of_end(SIX_DIGITS, (2.0, "quattro due"), (9, "zero sette")) == 4.5  # four are enough after a while
    assert second_of_end(SIX_DIGITS, (9, "quattro due")) == 2.7


def test_a_number_dictated_to_an_open_question_is_waited_for_like_one_that_was_asked_for() -> None:
    order = Question(kind=AnswerKind.REQUEST, language="it", least_digits=4)
    assert second_of_end(order, (2.0, "il mio ordine è il dieci"), (9, "quarantadue")) == 4.5
    assert second_of_end(order, (9, "dov'è il mio ordine")) == 1.76  # the first whole frame after 1.25 s


def test_a_yes_is_taken_sooner_than_a_yes_with_more_behind_it() -> None:
    assert second_of_end(YES_NO, (9, "sì")) == 1.0
    assert second_of_end(YES_NO, (9, "sì ma vorrei")) == 1.4
