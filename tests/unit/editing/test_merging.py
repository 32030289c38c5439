"""Two changes of one thing: both where both can stand, and never a guess where they cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.editing.merging import NO_MERGE, merged, words_of

BASE = "Buongiorno, è in linea con Bottega Aurora. Mi dica {name:name}."


def test_changes_of_different_words_both_stand() -> None:
    theirs, yours = BASE.replace("Buongiorno", "Salve"), BASE.replace("Mi dica", "Prego")
    assert merged(BASE, theirs, yours) == "Salve, è in linea con Bottega Aurora. Prego {name:name}."


def test_changes_of_the_same_words_are_for_people() -> None:
    assert merged(BASE, BASE.replace("Buongiorno", "Salve"), BASE.replace("Buongiorno", "Pronto")) is NO_MERGE


def test_a_placeholder_is_one_word() -> None:
    assert "{name:name}" in words_of(BASE)
    theirs, yours = BASE.replace("{name:name}", "{customer:name}"), BASE.replace("{name:name}", "{name:letters}")
    assert merged(BASE, theirs, yours) is NO_MERGE


def test_the_same_change_twice_is_one_change() -> None:
    assert merged(BASE, "Salve.", "Salve.") == "Salve."


@pytest.mark.parametrize(
    ("theirs", "yours", "both"),
    [
        (["dove è il pacco", "pacco", "spedizione"], ["dove è il pacco", "pacco", "il corriere"],
         ["dove è il pacco", "pacco", "spedizione", "il corriere"]),
        (["pacco"], ["dove è il pacco", "pacco", "il corriere"], ["pacco", "il corriere"]),
    ],
)  # fmt: skip
def test_phrases_that_both_added_and_one_took_away_stand_together(
    theirs: list[str], yours: list[str], both: list[str]
) -> None:
    assert merged(["dove è il pacco", "pacco"], theirs, yours) == both


def test_different_keys_of_one_prompt_both_stand_and_a_removal_counts() -> None:
    base = {"it": {"text": "Sì?", "recording": "a.wav"}, "en": {"text": "Yes?"}}
    theirs = {"it": {"text": "Sì?"}, "en": {"text": "Yes?"}}
    yours = {"it": {"text": "Sì?", "recording": "a.wav"}, "en": {"text": "Hello?"}}
    assert merged(base, theirs, yours) == {"it": {"text": "Sì?"}, "en": {"text": "Hello?"}}


WORDS = st.lists(st.sampled_from(["uno ", "due ", "tre ", "quattro ", "."]), max_size=8).map("".join)


@given(base=WORDS, theirs=WORDS, yours=WORDS)
def test_a_merge_is_the_same_from_both_sides_and_nobody_who_changed_nothing_wins(
    base: str, theirs: str, yours: str
) -> None:
    assert merged(base, theirs, yours) == merged(base, yours, theirs)
    assert merged(base, base, yours) == yours
    assert merged(base, theirs, base) == theirs
