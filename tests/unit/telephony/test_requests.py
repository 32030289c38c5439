"""What webhooks say, read into records; and documents written for the carrier."""

from xml.etree import ElementTree as ET

import pytest

from ivr.telephony import requests, twiml
from ivr.telephony.answers import (
    Connect,
    Continue,
    LeaveQueue,
    Listen,
    Meet,
    Nothing,
    SayAndHangUp,
    Speak,
    Stream,
    WaitingRound,
    WaitInQueue,
)  # fmt: skip
from ivr.telephony.requests import Malformed, voice_request
from ivr.telephony.sounds import music_wav

TO = "https://service.test/"
SID = "CA" + "0" * 32
HELLO = (Speak(text="Buongiorno & <benvenuti>", language="it"),)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("+393331230001", "+393331230001"),
        ("+39 333 123 0001", "+393331230001"),
        ("anonymous", ""), ("Anonymous", ""), ("+266696687", ""), ("", ""), (" ", ""), ("RESTRICTED", ""),
        ("client:anna", "client:anna"), ("sip:anna@example.test", "sip:anna@example.test"), ("x" * 99, "x" * 60),
    ],
)  # fmt: skip
def test_numbers_are_read_and_hidden_ones_are_none(given: str, read: str) -> None:
    assert requests.number(given) == read


@pytest.mark.parametrize(
    ("given", "country", "number"),
    [
        ("3331234567", "IT", "+393331234567"), ("0212345678", "IT", "+390212345678"), ("02079460000", "GB", "+442079460000"),
        ("+442079460000", "IT", "+442079460000"), ("123", "IT", ""), ("", "IT", ""), ("client:anna", "IT", ""),
    ],
)  # fmt: skip
def test_said_number_is_dialled_as_in_its_country(given: str, country: str, number: str) -> None:
    assert requests.dialled(given, country) == number


@pytest.mark.parametrize(
    ("given", "country"),
    [("+39333", "IT"), ("+447700900123", "GB"), ("+12125550100", "US"), ("", ""), ("client:a", "")],
)
def test_country_of_a_number(given: str, country: str) -> None:
    assert requests.country_of(given) == country


def test_only_mobiles_get_messages() -> None:
    assert requests.can_receive_messages("+393331234567")
    assert not requests.can_receive_messages("+390212345678")
    assert not requests.can_receive_messages("client:anna")


def test_unknown_parameters_are_left_alone_and_the_rest_read() -> None:
    read = voice_request(
        {"CallSid": SID, "From": "+393331230001", "SpeechResult": " ciao ", "Confidence": "1.4", "New": "x"},
        token="IT1",
    )
    assert not isinstance(read, Malformed)
    assert (read.speech, read.confidence, read.token, read.status) == ("ciao", 1.0, "IT1", "in-progress")


@pytest.mark.parametrize(
    ("answer", "verbs"),
    [
        (Nothing(), []),
        (LeaveQueue(), ["Leave"]),
        (Continue(pause_seconds=1, answer_path=TO), ["Pause", "Redirect"]),
        (SayAndHangUp(prompts=HELLO), ["Say", "Hangup"]),
        (Connect(prompts=HELLO, number="+390210420099"), ["Say", "Dial", "Hangup"]),
        (Listen(prompts=HELLO, language="it", answer_path=TO, timeout_seconds=5, most_keys=1),
         ["Gather", "Redirect"]),
        (Stream(prompts=HELLO, socket_url="wss://s.test/m", answer_path=TO, turn=1, token="t"),
         ["Gather", "Connect", "Redirect"]),
        (WaitInQueue(prompts=HELLO, queue="q", wait_path=TO, left_path=TO), ["Say", "Enqueue"]),
        (WaitingRound(prompts=HELLO, music_url=TO, round_path=TO, language="it"),
         ["Gather", "Redirect"]),
        (
            Meet(prompts=(), conference="c", label="agent", ends_with_me=True, starts_with_me=True, left_path="",
                events_path=TO, wait_path=TO),
            ["Dial", "Hangup"],
        ),
    ],
)  # fmt: skip
def test_every_answer_is_a_document_of_its_verbs(answer, verbs: list[str]) -> None:  # noqa: ANN001 - the union of them all
    document = twiml.write(answer)
    root = ET.fromstring(document)  # noqa: S314 - our own document
    assert root.tag == "Response"
    assert [child.tag for child in root] == verbs
    if any(verb in {"Say", "Gather"} for verb in verbs):
        assert [say.text for say in root.iter("Say")] == ["Buongiorno & <benvenuti>"]


def test_music_is_twenty_seconds_that_any_carrier_plays() -> None:
    import io  # noqa: PLC0415 - used here alone
    import wave  # noqa: PLC0415 - used here alone

    with wave.open(io.BytesIO(music_wav())) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.getnframes() / 8000 == 20
