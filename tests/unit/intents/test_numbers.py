"""Numbers in every spoken style come back as digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from ivr.intents.numbers import number_runs
from ivr.intents.order_numbers import order_number
from ivr.intents.words import normalise

ORDERS = st.integers(1000, 99_999)
LANGUAGES = st.sampled_from(["it", "en"])
DIGITS = {
    "it": ["zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"],
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
}


def spoken(number: int, language: str) -> str:
    return normalise(num2words(number, lang=language))


def read(words: str, language: str) -> str:
    return order_number(words.split(), language, expected=True)


@given(ORDERS, LANGUAGES)
def test_every_order_number_said_digit_by_digit_comes_back(number: int, language: str) -> None:
    assert read(" ".join(DIGITS[language][int(digit)] for digit in str(number)), language) == str(number)


@given(ORDERS, LANGUAGES)
def test_every_order_number_said_in_thousands_comes_back(number: int, language: str) -> None:
    assert read(spoken(number, language), language) == str(number)


@given(ORDERS)
def test_italian_thousands_said_apart_come_back(number: int) -> None:
    thousands, rest = divmod(number, 1000)
    words = "mille" if thousands == 1 else f"{spoken(thousands, 'it')} mila"
    assert read(f"{words} {spoken(rest, 'it')}" if rest else words, "it") == str(number)


@given(st.integers(10, 99), st.integers(10, 99), LANGUAGES)
def test_every_order_number_said_in_pairs_comes_back(left: int, right: int, language: str) -> None:
    assert read(f"{spoken(left, language)} {spoken(right, language)}", language) == f"{left}{right}"


@given(st.integers(10, 99), st.integers(1, 9), LANGUAGES)
def test_pairs_with_a_zero_come_back(left: int, unit: int, language: str) -> None:
    zero = {"it": "zero", "en": "oh"}[language]
    assert read(f"{spoken(left, language)} {zero} {spoken(unit, language)}", language) == f"{left}0{unit}"


@given(ORDERS, LANGUAGES)
def test_every_order_number_written_in_digits_comes_back(number: int, language: str) -> None:
    assert read(str(number), language) == str(number)


@given(ORDERS, ORDERS)
def test_the_number_after_a_correction_is_the_order_number(wrong: int, right: int) -> None:
    assert read(f"{spoken(wrong, 'it')} no scusi {spoken(right, 'it')}", "it") == str(right)
    assert read(f"{spoken(wrong, 'en')} sorry i mean {spoken(right, 'en')}", "en") == str(right)


@given(st.text(max_size=80), st.sampled_from(["it", "en", "de"]))
def test_no_text_breaks_the_reader_and_runs_stay_in_order(text: str, language: str) -> None:
    words = normalise(text).split()
    runs = number_runs(words, language)
    assert all(run.start < run.end <= len(words) and run.digits.isdigit() for run in runs)
    assert [run.start for run in runs] == sorted(run.start for run in runs)


@pytest.mark.parametrize(
    ("language", "said", "groups"),
    [
        ("it", "doppio due zero uno", ("22", "0", "1")),
        ("en", "double two oh one", ("22", "0", "1")),
        ("it", "venti mila cinque cento settanta sette", ("20577",)),
        ("en", "twenty five hundred and twelve", ("2512",)),
        ("it", "centouno", ("101",)),
    ],
)
def test_groups_are_kept_as_they_were_said(language: str, said: str, groups: tuple[str, ...]) -> None:
    assert [run.groups for run in number_runs(said.split(), language)] == [groups]
