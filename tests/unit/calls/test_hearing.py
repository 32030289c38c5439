"""What came back to a question: words and keys as they were heard, silence, or a listening of our own that brought nothing."""

import json
from datetime import date
from typing import Any

import pytest

from ivr.app import make_company
from ivr.calls.company import Company
from ivr.calls.hearing import Heard, Unheard, event_of, heard_in
from ivr.calls.open_question import OpenQuestion, Spoken
from ivr.flow.events import NotUnderstood, Understood
from ivr.telephony.requests import VoiceRequest, voice_request
from tests.telephone import settings_for, understanding

QUESTION = Spoken(text="Mi dica.", language="it")
BY_CARRIER_SAID = OpenQuestion(listened_by="stream", prompts=(QUESTION,))
BY_US_SAID = OpenQuestion(listened_by="stream", prompts=(QUESTION,), streams_prompts=True)


def request(**given: str) -> VoiceRequest:
    read = voice_request({"CallSid": "CA" + "1" * 32, "From": "+393331230002", "To": "+390210420000", **given})
    assert isinstance(read, VoiceRequest)
    return read


def heard(kept: dict[str, Any] | None, question: OpenQuestion = BY_CARRIER_SAID, **given: str) -> Heard | Unheard:
    stored = "" if kept is None else json.dumps({"turn": 3, **kept})
    return heard_in(request(**given), stored, 3, question, streamed=question.listened_by == "stream")


def test_what_the_socket_heard_is_taken_with_how_it_was_heard() -> None:
    kept = {"text": "sì", "keys": "", "confidence": 0.8, "by": "vosk", "words": [], "seconds": 2.0, "failure": ""}
    found = heard(kept)
    assert isinstance(found, Heard)
    assert (found.text, found.confidence, found.ended) == ("sì", 0.8, "speech")
    assert found.hearing == {name: kept[name] for name in ("confidence", "by", "words", "seconds", "failure")}


def test_what_the_carrier_heard_names_the_carrier() -> None:
    found = heard(None, OpenQuestion(), SpeechResult="sì", Confidence="0.7")
    assert isinstance(found, Heard)
    assert found.hearing == {"by": "carrier", "confidence": 0.7, "ended": "speech"}


def test_keys_beside_a_stream_that_heard_nothing_are_an_answer() -> None:
    found = heard({"ended": "not_admitted", "failure": "full"}, Digits="5")
    assert isinstance(found, Heard)
    assert found.keys == "5"


def test_who_says_nothing_is_silent_however_it_ended() -> None:
    for ended in ("silence", "stalled", "stopped"):
        found = heard({"text": "", "keys": "", "ended": ended, "failure": ""})
        assert isinstance(found, Heard)
        assert found.ended == "silence"


def test_another_turn_s_words_are_nobody_s_answer() -> None:
    assert isinstance(
        heard_in(request(), json.dumps({"turn": 2, "text": "sì"}), 3, BY_CARRIER_SAID, streamed=True), Unheard
    )
    found = heard_in(request(), json.dumps({"turn": 2, "text": "sì"}), 3, OpenQuestion(), streamed=False)
    assert isinstance(found, Heard)
    assert found.ended == "silence"


@pytest.mark.parametrize(
    ("kept", "question", "is_failure", "was_asked"),
    [
        (None, BY_CARRIER_SAID, True, True),
        (None, BY_US_SAID, True, False),
        ({"ended": "not_admitted", "failure": "full"}, BY_CARRIER_SAID, False, True),
        ({"ended": "not_admitted", "failure": "full"}, BY_US_SAID, False, False),
        ({"ended": "refused", "failure": "opus", "seconds": 0, "speech_seconds": 0}, BY_US_SAID, True, False),
        ({"ended": "silence", "failure": "broke", "seconds": 9.0, "speech_seconds": 0}, BY_US_SAID, True, True),
        ({"ended": "speech", "failure": "broke", "seconds": 9.0, "speech_seconds": 1.2}, BY_US_SAID, True, False),
        ({"ended": "speech", "failure": "broke", "seconds": 3.0, "speech_seconds": 1.2}, BY_CARRIER_SAID, True, False),
    ],
    ids=[
        "no stream",
        "no stream, nothing said",
        "busy",
        "busy, nothing said",
        "another codec",
        "broken in silence",
        "broken after words",
        "broken after words to the carrier's prompt",
    ],
)
def test_listening_of_our_own_that_brought_nothing_says_whether_it_is_broken_and_whether_the_question_was_heard(
    kept: dict[str, Any] | None, question: OpenQuestion, *, is_failure: bool, was_asked: bool
) -> None:
    found = heard(kept, question)
    assert isinstance(found, Unheard)
    assert (found.is_failure, found.was_asked) == (is_failure, was_asked)


def test_a_question_that_the_carrier_hears_is_never_given_away_again() -> None:
    given_away = OpenQuestion(listened_by="carrier", attempt=1, lost="full")
    found = heard({"ended": "not_admitted", "failure": "full"}, given_away)
    assert isinstance(found, Heard)
    assert found.hearing["failure"] == "full"


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(settings_for("sqlite:///unused"), understanding())


@pytest.mark.parametrize(
    "words",
    [
        "zero otto nove nove tre sei",  # taken for a wish for a person or a product
        "nove otto otto nove zero otto",
        "quattro sette uno nove zero due",
    ],
)
def test_number_alone_is_the_answer_that_was_asked_for_whatever_a_classifier_makes_of_it(
    company: Company, words: str
) -> None:
    question = OpenQuestion(expect="digits", slot="spoken_digits", intents=("person", "repeat"), min_keys=6, max_keys=6)
    event = event_of(
        company.understanding, Heard(text=words), language="it", question=question, today=date(2026, 11, 23)
    )
    assert isinstance(event, NotUnderstood)
    assert len(str(event.slots["spoken_digits"])) == 6


def test_person_is_a_person_where_a_number_was_asked_for(company: Company) -> None:
    question = OpenQuestion(expect="digits", slot="spoken_digits", intents=("person", "repeat"), min_keys=6, max_keys=6)
    event = event_of(
        company.understanding,
        Heard(text="un operatore per favore"),
        language="it",
        question=question,
        today=date(2026, 11, 23),
    )
    assert isinstance(event, Understood)
    assert event.intent == "person"
