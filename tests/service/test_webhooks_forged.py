"""Only what the carrier signed for our public address is let in: everything else is refused, counted, and leaves nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from ivr.telephony.signatures import is_signed
from tests.telephone import SERVICE, House, build_house

PARAMETERS = {
    "CallSid": "CA" + "1" * 32,
    "From": "+393331230002",
    "To": "+390210420000",
    "CallStatus": "ringing",
    "Digits": "",
}
PATHS = (
    "start", "turn/1", "wait/1/0", "left/1", "meet", "met/1/0", "leg/1", "leg/1/key", "leg/1/status", "status", "conference",
    "music", "fallback",
)  # fmt: skip


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    built = build_house(sqlite_engine)
    yield built
    built.close()


def signed(house: House, url: str, parameters: dict[str, str]) -> str:
    token = house.settings.auth_token.get_secret_value()
    return str(RequestValidator(token).compute_signature(url, parameters))


def post(house: House, path: str, parameters: Any, signature: str | None, **given: Any) -> Any:
    headers = {**given.pop("headers", {}), **({} if signature is None else {"X-Twilio-Signature": signature})}
    return house.app.test_client().post(
        path, base_url=given.pop("base_url", SERVICE), data=parameters, headers=headers, **given
    )


def test_official_signature_is_accepted(house: House) -> None:
    answer = post(house, "/voice/start", PARAMETERS, signed(house, f"{SERVICE}/voice/start", PARAMETERS))
    assert answer.status_code == 200
    assert "Buongiorno Mario Bianchi" in answer.text


@pytest.mark.parametrize("changed", [*PARAMETERS, "SpeechResult"])
def test_every_altered_or_added_parameter_is_refused_and_nothing_stored(house: House, changed: str) -> None:
    before = house.dump()
    signature = signed(house, f"{SERVICE}/voice/start", PARAMETERS)
    answer = post(house, "/voice/start", {**PARAMETERS, changed: PARAMETERS.get(changed, "") + "1"}, signature)
    assert answer.status_code == 403
    assert house.voice.forged.value == 1
    assert house.dump() == before


@pytest.mark.parametrize("left_out", PARAMETERS)
def test_every_parameter_left_out_is_refused(house: House, left_out: str) -> None:
    signature = signed(house, f"{SERVICE}/voice/start", PARAMETERS)
    fewer = {key: value for key, value in PARAMETERS.items() if key != left_out}
    assert post(house, "/voice/start", fewer, signature).status_code == 403


@pytest.mark.parametrize("path", PATHS)
def test_every_webhook_refuses_what_is_not_signed_for_it(house: House, path: str) -> None:
    before = house.dump()
    elsewhere = signed(house, f"{SERVICE}/voice/elsewhere", PARAMETERS)
    other_token = RequestValidator("another token").compute_signature(f"{SERVICE}/voice/{path}", PARAMETERS)
    for signature in (None, "", "rubbish", elsewhere, other_token):
        assert post(house, f"/voice/{path}", PARAMETERS, signature).status_code == 403
    assert house.voice.forged.value == 5
    assert house.dump() == before


def test_behind_a_proxy_the_public_address_counts_and_never_what_headers_say(house: House) -> None:
    signature = signed(house, f"{SERVICE}/voice/start", PARAMETERS)
    inside = {
        "base_url": "http://10.0.0.7:5000",
        "headers": {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "service.test"},
    }
    assert post(house, "/voice/start", PARAMETERS, signature, **inside).status_code == 200
    forged = signed(house, "https://evil.test/voice/start", PARAMETERS)
    evil = {"base_url": "https://evil.test", "headers": {"X-Forwarded-Host": "evil.test"}}
    assert post(house, "/voice/start", PARAMETERS, forged, **evil).status_code == 403


def test_query_string_is_part_of_what_is_signed(house: House) -> None:
    signature = signed(house, f"{SERVICE}/voice/start?line=1&b=2", PARAMETERS)
    assert post(house, "/voice/start?line=1&b=2", PARAMETERS, signature).status_code == 200
    assert post(house, "/voice/start?line=2&b=2", PARAMETERS, signature).status_code == 403
    assert post(house, "/voice/start", PARAMETERS, signature).status_code == 403


@pytest.mark.parametrize(
    ("parameters", "signature"),
    [
        (
            {
                "CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
                "To": "+18005551212",
            },
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
    ],
)  # fmt: skip
def test_the_carriers_own_vectors_are_accepted(parameters: Any, signature: str) -> None:
    address = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert is_signed("12345", address, MultiDict(parameters), signature)
    assert not is_signed("12346", address, MultiDict(parameters), signature)
    assert not is_signed("12345", address + "3", MultiDict(parameters), signature)


def test_forged_handshake_of_the_media_socket_is_a_plain_403(house: House) -> None:
    answer = house.app.test_client().get(
        "/voice/media",
        base_url=SERVICE,
        headers={"Connection": "Upgrade", "Upgrade": "websocket", "X-Twilio-Signature": "rubbish"},
    )
    assert answer.status_code == 403
    assert house.voice.forged.value == 1


def test_path_counts_as_it_came_over_the_wire(house: House) -> None:
    path = "/voice/leg/%31"
    answer = post(house, path, PARAMETERS, signed(house, SERVICE + path, PARAMETERS))
    assert answer.status_code == 200
    assert "non è più in linea" in answer.text
