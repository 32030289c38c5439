"""In whose voice something is said; and an address of our voice speaks nothing that we did not write ourselves."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.app import make_company
from ivr.calls import speaking
from ivr.calls.company import Company, FlowVersion
from ivr.calls.open_question import Spoken
from tests.telephone import SERVICE, settings_for, understanding

SAID = Spoken(text="Il suo ordine è in viaggio.", language="it", recording="greeting")
BEFORE, AFTER = f"{SERVICE}/voice/spoken/", ".wav"


@pytest.fixture(scope="module")
def company() -> Company:
    made = make_company(settings_for("sqlite:///unused"), understanding())
    return replace(made, spoken_here=frozenset({"it"}))


def version_of(company: Company, **given: object) -> FlowVersion:
    return replace(company.version(company.live_version), **given)  # type: ignore[arg-type] # a test's own words


def signed_of(company: Company, said: Spoken) -> str:
    url = speaking.speak(company, version_of(company), said).recording_url
    assert url.startswith(BEFORE)
    assert url.endswith(AFTER)
    return url.removeprefix(BEFORE).removesuffix(AFTER)


def test_our_own_voice_has_an_address_that_stands_for_its_words(company: Company) -> None:
    read = speaking.read_signed(company, signed_of(company, SAID))
    assert read == Spoken(text=SAID.text, language="it")


def test_a_language_that_is_not_spoken_here_is_the_carriers(company: Company) -> None:
    said = speaking.speak(company, version_of(company), replace(SAID, language="en"))
    assert (said.recording_url, said.text) == ("", SAID.text)
    assert not speaking.can_be_streamed(company, version_of(company), replace(SAID, language="en"))


def test_a_recording_is_played_in_whatever_language(company: Company) -> None:
    recorded = version_of(company, recordings={("greeting", "en"): Path("greeting.flac")})
    said = replace(SAID, language="en")
    assert speaking.speak(company, recorded, said).recording_url == f"{SERVICE}/voice/recording/1/en/greeting.wav"
    assert speaking.can_be_streamed(company, recorded, said)


def test_a_text_too_long_for_an_address_is_the_carriers(company: Company) -> None:
    words = " ".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(60))
    assert speaking.speak(company, version_of(company), Spoken(text=words, language="it")).recording_url == ""


ALTERED: dict[str, Callable[[str], str]] = {
    "nothing": lambda _signed: "",
    "without a signature": lambda signed: signed.rpartition(".")[0],
    "a letter more": lambda signed: signed + "A",
    "another first letter": lambda signed: ("A" if signed[0] != "A" else "B") + signed[1:],
    "without its end": lambda signed: signed[:-1],
    "endless": lambda signed: signed * 50,
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
def test_an_altered_address_stands_for_nothing(company: Company, alter: Callable[[str], str]) -> None:
    assert speaking.read_signed(company, alter(signed_of(company, SAID))) is None


def test_another_installations_address_stands_for_nothing(company: Company) -> None:
    other = replace(company, token_key=b"another key")
    assert speaking.read_signed(company, signed_of(other, SAID)) is None


@given(signed=st.text(max_size=200))
def test_no_address_that_somebody_thinks_of_is_spoken_or_breaks_anything(company: Company, signed: str) -> None:
    assert speaking.read_signed(company, signed) is None
