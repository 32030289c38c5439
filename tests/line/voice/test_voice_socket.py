"""The socket that brings a call's sound for its voice alone must speak for its call, and is closed where nobody may listen."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import simple_websocket

from ivr import trial
from ivr.audio import frames_of_ulaw
from ivr.calls.asking import socket_token
from ivr.calls.voice_fork import fork_token
from ivr.web.voice_socket import overhear
from tests.line.voice.callers import CountingEncoder, consents, customer, encoder, rows_of_voices
from tests.telephone import House, talk

Houses = Callable[..., House]
MARIO = "K002"
STREAM = "MZ" + "1" * 32


class Wire:
    """The server's end of a socket on which somebody sends what they like, and then leaves."""

    def __init__(self, *messages: Any) -> None:
        self.messages = list(messages)
        self.sent: list[str] = []
        self.is_closed = False

    def receive(self, timeout: float | None = None) -> Any:
        if not self.messages:
            raise simple_websocket.ConnectionClosed(1006, f"gone after {timeout}")
        return self.messages.pop(0)

    def send(self, message: str) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def house(new_house: Houses) -> House:
    """A call of a customer who has consented, heard by the carrier, that stands at its first question."""
    made = new_house(voice="line", encoder=CountingEncoder(encoder()))
    consents(made, MARIO)
    caller, _ = made.call(talk("aiutarla"), from_=trial.MARIO)
    assert made.run_until(lambda: caller.done, 30)
    return made


def token(house: House) -> str:
    return fork_token(house.voice.company.token_key, house.only_call.call_id)


def start(house: House, shown: str) -> str:
    stream = {
        "accountSid": house.settings.account_sid, "streamSid": STREAM, "callSid": house.only_call.call_id,
        "tracks": ["inbound"], "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": shown},
    }  # fmt: skip
    return json.dumps({"event": "start", "sequenceNumber": "1", "start": stream, "streamSid": STREAM})


def media() -> list[str]:
    """A turn of the customer's."""
    return [
        json.dumps(
            {
                "event": "media",
                "streamSid": STREAM,
                "media": {"track": "inbound", "chunk": str(count), "payload": base64.b64encode(frame).decode()},
            }
        )
        for count, frame in enumerate(frames_of_ulaw(customer().later[0]), start=1)
    ]


def listened(house: House, *messages: Any) -> Wire:
    wire = Wire(*messages)
    # The call's own fork may be open beside it.
    open_before = house.voice.forks.value
    with house.app.app_context():
        overhear(wire)
    assert house.voice.forks.value == open_before
    assert wire.sent == [], "the stream is one way"
    return wire


def test_what_is_said_on_it_is_kept_for_the_turn_that_stands(house: House) -> None:
    listened(house, '{"event":"connected"}', start(house, token(house)), *media())
    (row,) = house.rows("call_voices")
    assert (row["call_id"], row["turn"], row["customer_id"]) == (house.only_call.call_id, 1, MARIO)
    assert row["net_speech_seconds"] > 3


@pytest.mark.parametrize("shown", ["", "0" * 64, "of the turn"])
def test_who_does_not_show_the_call_s_token_is_not_listened_to(house: House, shown: str) -> None:
    if shown == "of the turn":
        # What binds a turn's own socket to its call is no leave to listen to all of it.
        shown = socket_token(house.voice.company.token_key, house.only_call.call_id, 1)
    wire = listened(house, start(house, shown), *media())
    assert wire.is_closed
    assert house.voice.forged.value == 1
    assert rows_of_voices(house)["call_voices"] == 0


@pytest.mark.parametrize(
    "messages",
    [(), ("rubbish",), (b"\x00\xff",), ("[]", "{}", '{"event":"start"}'), ("rubbish",) * 500],
    ids=["nothing", "text", "bytes", "half_a_start", "a_flood"],
)
def test_rubbish_leaves_nothing(house: House, messages: tuple[Any, ...]) -> None:
    listened(house, *messages)
    listened(house, start(house, token(house)), *messages)
    assert rows_of_voices(house)["call_voices"] == 0


def test_it_is_closed_at_once_when_the_consent_is_taken_back(house: House) -> None:
    consents(house, MARIO, granted=False)
    messages = media()
    wire = listened(house, start(house, token(house)), *messages)
    assert wire.is_closed
    assert len(wire.messages) > len(messages) / 4, "what came behind the withdrawal was not taken in"
    assert rows_of_voices(house)["call_voices"] == 0


def test_a_fork_begins_once_in_a_call_and_only_where_somebody_would_listen(house: House) -> None:
    documents = [reply.body.decode() for _, reply in house.requests.sent]
    assert sum("<Start>" in document for document in documents) == 1
    assert documents[0].index("<Start>") < documents[0].index("<Gather")


def test_without_a_consent_no_fork_is_asked_for(new_house: Houses) -> None:
    house = new_house(voice="line", encoder=encoder())
    house.whole_call(talk("aiutarla", "dov'è il mio ordine", "altro", "no grazie", "da 1", "due"), from_=trial.MARIO)
    assert all(b"<Start>" not in reply.body for _, reply in house.requests.sent)
