"""The words that fit a question: those of its answer first, and always the way to a person, to once more, to another language."""

import re
from functools import cache

import pytest

from ivr.calls.open_question import OpenQuestion
from ivr.calls.words_wanted import MOST_PHRASES, WordsWanted, digits_wanted, is_restricted
from ivr.intents.numbers import number_runs
from ivr.intents.phrases import load_phrasebook
from ivr.telephony.twiml import LONGEST_HINT, MOST_HINTS
from prompts.documents import HERE

LANGUAGES = ("it", "en")
EXPECTATIONS = ("request", "yes_no", "digits", "letters", "choice")


@cache
def wanted() -> WordsWanted:
    return WordsWanted(load_phrasebook(HERE))


def words_of(question: OpenQuestion, language: str) -> set[str]:
    return {word for phrase in wanted().phrases(question, language) for word in phrase.split()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("expect", EXPECTATIONS)
def test_a_person_once_more_and_another_language_fit_every_question(language: str, expect: str) -> None:
    phrases = wanted().phrases(OpenQuestion(expect=expect), language)
    always = {"it": ("operatore", "ripeta", "inglese"), "en": ("operator", "repeat", "italian")}[language]
    assert set(always) <= set(phrases)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slot", ["order_number", "postcode", "callback_number"])
@pytest.mark.parametrize("said", ["1042", "52012", "90", "7700", "100000", "3318"])
def test_every_number_can_be_said_with_the_words_wanted(language: str, slot: str, said: str) -> None:
    digits = {
        "it": "zero uno due tre quattro cinque sei sette otto nove",
        "en": "zero one two three four five six seven eight nine",
    }[language].split()
    have = words_of(OpenQuestion(expect="digits", slot=slot), language)
    spoken = [digits[int(digit)] for digit in said]
    assert set(spoken) <= have
    assert [run.digits for run in number_runs(" ".join(spoken).split(), language)] == [said]


def test_numbers_are_said_in_pairs_and_thousands_too() -> None:
    have = words_of(OpenQuestion(expect="digits", slot="order_number"), "it")
    assert {"mille", "quarantadue", "duemila", "mila", "cento", "trecento", "novantanove", "doppio"} <= have
    assert {"thousand", "forty", "two", "hundred", "double", "oh"} <= words_of(OpenQuestion(expect="digits"), "en")


def test_a_number_can_be_corrected() -> None:
    assert {"no", "non", "anzi"} <= words_of(OpenQuestion(expect="digits", slot="order_number"), "it")


def test_a_value_read_back_can_be_agreed_to_or_corrected() -> None:
    question = OpenQuestion(expect="yes_no", slot="order_number", previous="1052")
    phrases = wanted().phrases(question, "it")
    assert phrases.index("sì") < phrases.index("quarantadue")
    assert {"no", "non", "anzi", "mille", "zero"} <= set(phrases)
    code = OpenQuestion(expect="yes_no", slot="code", previous="AB12")
    assert {"ancona", "come", "bi"} <= words_of(code, "it")
    assert "ancona" not in phrases


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_are_told_with_words_and_by_their_names_among_digits(language: str) -> None:
    have = words_of(OpenQuestion(expect="letters", slot="code"), language)
    told = {
        "it": ["a come ancona bi cu doppia vu", "emme uno due i greca"],
        "en": ["a for bravo bee double u", "x ray one two zed"],
    }
    assert {word for one in told[language] for word in one.split()} <= have


def test_a_score_wants_no_more_than_its_scale() -> None:
    have = words_of(OpenQuestion(expect="digits", slot="score"), "it")
    assert {"uno", "sette"} <= have
    assert not {"otto", "mille"} & have


def test_yes_and_no_come_first_where_they_are_the_answer() -> None:
    phrases = wanted().phrases(OpenQuestion(expect="yes_no"), "it")
    # Whoever compares only the first of them has both.
    assert phrases[:2] == ("sì", "no")
    assert phrases.index("sì") < phrases.index("operatore")
    assert phrases.index("no") < phrases.index("operatore")


def test_the_node_s_own_words_come_before_all_others_in_small_letters() -> None:
    phrases = wanted().phrases(OpenQuestion(expect="request", words=("Lampada Aurora", "sgabello")), "it")
    assert phrases[:2] == ("lampada aurora", "sgabello")


def test_what_a_choice_offers_is_wanted() -> None:
    phrases = wanted().phrases(OpenQuestion(expect="choice", intents=("return", "order_status")), "it")
    assert any("reso" in phrase for phrase in phrases)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("expect", EXPECTATIONS)
def test_words_are_bounded_each_once_and_the_carrier_can_take_them(language: str, expect: str) -> None:
    many = tuple(f"prodotto {number}" for number in range(600))
    phrases = wanted().phrases(OpenQuestion(expect=expect, slot="order_number", words=many), language)
    assert len(phrases) == len(set(phrases)) == MOST_PHRASES <= MOST_HINTS
    own = wanted().phrases(OpenQuestion(expect=expect, slot="order_number"), language)
    assert max(len(phrase) for phrase in own) <= LONGEST_HINT
    assert all(re.fullmatch(r"[\w' ]+", phrase) for phrase in own), own


def test_an_open_request_is_not_held_to_words() -> None:
    assert [is_restricted(OpenQuestion(expect=one)) for one in EXPECTATIONS] == [False, True, True, True, True]


def test_a_day_and_a_sum_are_told_freely() -> None:
    for slot in ("date", "amount"):
        assert not is_restricted(OpenQuestion(expect="digits", slot=slot))
        assert not is_restricted(OpenQuestion(expect="yes_no", slot=slot, previous="2026-03-03"))


def test_a_number_knows_how_many_digits_it_has_where_it_is_asked_for() -> None:
    assert digits_wanted(OpenQuestion(expect="digits", slot="postcode")) == (5, 5)
    assert digits_wanted(OpenQuestion(expect="digits", slot="order_number")) == (4, 6)
    assert digits_wanted(OpenQuestion(expect="request", slot="order_number")) == (0, 0)
    assert digits_wanted(OpenQuestion(expect="digits")) == (0, 0)
