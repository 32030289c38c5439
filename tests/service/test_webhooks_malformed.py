"""What is signed but cannot be used is refused with 400, what is merely unknown is left alone, and no webhook ends in a 500."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from twilio.request_validator import RequestValidator

from ivr import database
from tests.telephone import SERVICE, House, build_house

CALL = {"CallSid": "CA" + "2" * 32, "From": "+393331230002", "To": "+390210420000", "CallStatus": "in-progress"}


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    built = build_house(sqlite_engine)
    yield built
    built.close()


def send(house: House, path: str, **parameters: str) -> Any:
    token, url = house.settings.auth_token.get_secret_value(), f"{SERVICE}/voice/{path}"
    sent = {**CALL, **parameters}
    mark = RequestValidator(token).compute_signature(url, sent)
    return house.app.test_client().post(
        f"/voice/{path}", base_url=SERVICE, data=sent, headers={"X-Twilio-Signature": mark}
    )


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("start", {"CallSid": ""}),
        ("start", {"CallSid": "'; DROP TABLE calls; --"}),
        ("start", {"CallSid": "CA" + "1" * 400}),
        ("start", {"CallStatus": "singing"}),
        ("turn/1", {"Digits": "12a"}),
        ("turn/1", {"Digits": "1" * 41}),
        ("turn/1", {"Confidence": "high"}),
        ("turn/1", {"Confidence": "nan"}),
        ("status", {"SequenceNumber": "-1"}),
        ("status", {"CallStatus": "completed", "SequenceNumber": "first"}),
        ("leg/1", {"CallSid": "a\x00b"}),
        ("leg/1/status", {"CallStatus": "singing"}),
        ("callback/K1/1/status", {"CallStatus": "completed", "SequenceNumber": "first"}),
        ("conference", {"ConferenceSid": "XX1", "FriendlyName": CALL["CallSid"]}),
        ("conference", {"ConferenceSid": "CF1", "FriendlyName": "a\x00b"}),
    ],
)
def test_rubbish_is_refused(house: House, path: str, parameters: dict[str, str]) -> None:
    before = house.dump()
    assert send(house, path, **parameters).status_code == 400
    assert house.dump() == before


@pytest.mark.parametrize(
    "path", ["turn/-1", "turn/one", "wait/1/x", "met/1/-2", "leg/nobody", "leg/-1/status", "callback/K1/x", "nowhere"]
)
def test_path_without_a_number_leads_nowhere(house: House, path: str) -> None:
    assert send(house, path).status_code in {403, 404}


@pytest.mark.parametrize(
    "path",
    [
        "turn/99999999999999999999",
        "wait/1/99999999999999999999",
        "left/7",
        "met/88888888888/0",
        "meet",
        "leg/99999999999999999999",
        "leg/7/key",
        "callback/%00/1",
        "callback/nobody/99999999999999999999",
    ],
)
def test_number_beyond_anything_asked_changes_nothing(engine: Engine, path: str) -> None:
    house = build_house(engine)
    asked = send(house, "start").text
    before = house.dump()
    answer = send(house, path, SpeechResult="dov'è il mio ordine")
    assert answer.status_code == 200
    assert house.dump() == before
    if path.startswith("turn"):
        assert answer.text == asked
    house.close()


def test_whatever_is_heard_is_kept_soundly(engine: Engine) -> None:
    house = build_house(engine)
    send(house, "start", From="+39\x00333", ForwardedFrom="\x01", NewParameterOfTheCarrier="yes")
    answer = send(house, "turn/1", SpeechResult="aiuto \x00\x07 " + "parola " * 20_000)
    assert answer.status_code == 200
    (heard,) = [row["heard"] for row in house.rows("turns") if row["heard"]]
    assert "\x00" not in heard
    assert len(heard) <= 2000
    house.close()


def test_missing_confidence_is_as_good(house: House) -> None:
    send(house, "start")
    assert "due tre, cinque otto" in send(house, "turn/1", SpeechResult="dov'è il mio ordine").text


def test_answer_to_a_call_that_began_elsewhere_begins_it(house: House) -> None:
    assert "Buongiorno Mario Bianchi" in send(house, "turn/4", SpeechResult="un reso").text


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://nobody@127.0.0.1:9/none", "sqlite:////proc/none/such.db"],
    ids=["postgresql", "sqlite"],
)
def test_database_that_is_down_gives_the_fallback_document_within_2_seconds(
    house: House, url: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(Path, "mkdir", lambda *_args, **_kwargs: None)
    down = database.session_factory(database.make_engine(url))
    wired = house.app.extensions["centralino"]
    object.__setattr__(wired, "sessions", down)
    for path in ("start", "turn/1", "wait/1/0", "left/1", "meet", "met/1/0", "leg/1", "leg/1/key", "callback/K1/1"):
        began = time.monotonic()
        answer = send(house, path)
        assert time.monotonic() - began < 2
        assert answer.status_code == 200
        assert "problema tecnico" in answer.text
        assert house.settings.emergency_number in answer.text
    assert send(house, "status", CallStatus="completed").status_code == 503
