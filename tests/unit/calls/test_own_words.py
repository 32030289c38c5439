"""The service's own words are in the prompts, and one that is missing is found at start."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from ivr.app import checked
from ivr.calls.first_language import first_language
from ivr.calls.own_words import OWN_WORDS, problems_of
from ivr.calls.wording import SENTENCES, sentence
from prompts.catalogue import Catalogue
from prompts.version import VersionError, load

LANGUAGES = ("it", "en")


def without(key: str) -> Catalogue:
    catalogue = load().catalogue
    kept = {name: prompt for name, prompt in catalogue.prompts.items() if name != key}
    return replace(catalogue, prompts=MappingProxyType(kept))


def test_shipped_prompts_have_them_all() -> None:
    assert problems_of(load().catalogue, languages=LANGUAGES, file="f") == ()


@pytest.mark.parametrize("key", OWN_WORDS)
def test_missing_one_is_named_with_its_placeholders_and_the_service_does_not_start(key: str) -> None:
    (problem,) = problems_of(without(key), languages=LANGUAGES, file="shop.prompts.yaml")
    assert f"prompt {key}: the service says it itself, and it is missing in it, en" in str(problem)
    with pytest.raises(VersionError, match=key):
        checked(replace(load(), catalogue=without(key)))


def test_placeholder_that_the_service_does_not_give_is_found() -> None:
    catalogue = load().catalogue
    prompts = {**catalogue.prompts, "queue_next": replace(catalogue.prompts["greeting_by_name"], key="queue_next")}
    problems = problems_of(replace(catalogue, prompts=MappingProxyType(prompts)), languages=LANGUAGES, file="f")
    assert "gives it no" in str(problems[0])


def test_every_sentence_of_a_story_is_in_both_languages() -> None:
    assert SENTENCES["it"].keys() == SENTENCES["en"].keys()
    assert sentence("line_lost", {"agent": "Anna", "reason": "failed"}, "en").startswith("The line to Anna was lost")
    assert sentence("machinery", {}, "it") == ""


@pytest.mark.parametrize(
    ("number", "language"),
    [("+447700900123", "en"), ("+12125550100", "en"), ("+353861234567", "en"),
     ("+393331230001", "it"), ("+4930123456", "it"), ("", "it")],
)  # fmt: skip
def test_first_language_is_the_numbers_country_or_the_companys(number: str, language: str) -> None:
    assert first_language(number, spoken=("it", "en"), default="it") == language
    assert first_language(number, spoken=("it",), default="it") == "it"
