"""Every REST call that the service makes fits the carrier's own OpenAPI document, as a mock that checks them says.

The same calls go to the local line in tests/line; here the question is only whether the real carrier would understand them.
"""

import inspect
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

from ivr.telephony.carrier import Carrier, Failed, Made
from tests.contracts.prism import PrismMissingError, checking_mock, parameters_of

SHARED_VARIABLE = "CENTRALINO_SHARED_DATA"
REPOSITORY = Path(__file__).parents[2]

ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "1" * 32
CONFERENCE = "CF" + "2" * 32
SHOP = "+390612345678"
URL = "https://line.example/voice/agent?offer=7"

_RING = {"from_number": SHOP, "url": URL, "status_url": "https://line.example/voice/status", "ring_seconds": 20}

# What each method of `Carrier` is called with, in every form that the service gives it. A method without a row here is
# a call that nobody has checked, and fails the first test.
EXAMPLES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "call_agent": (
        {"address": "+393331234567", **_RING},
        {"address": "client:anna", **_RING},
        {"address": "sip:anna@shop.example", **_RING},
    ),
    "redirect": ({"call_id": CALL, "url": URL},),
    "hang_up": ({"call_id": CALL},),
    "hold": (
        {"conference_id": CONFERENCE, "call_id": CALL, "on": True, "music_url": "https://line.example/voice/music"},
        {"conference_id": CONFERENCE, "call_id": CALL, "on": False, "music_url": "https://line.example/voice/music"},
    ),
    "take_part": (
        {"conference_id": CONFERENCE, "call_id": CALL, "muted": True},
        {"conference_id": CONFERENCE, "call_id": CALL, "ends": False},
        {"conference_id": CONFERENCE, "call_id": CALL, "muted": False, "coaches": "CA" + "3" * 32},
        {"conference_id": CONFERENCE, "call_id": CALL, "muted": True, "coaches": ""},
    ),
    "send_message": ({"from_number": SHOP, "to_number": "+393331234567", "text": "Il suo reso è aperto: 10 € 👍"},),
}


class Recorder(TwilioHttpClient):
    """The official client's own transport, which also notes what it sends."""

    def __init__(self) -> None:
        super().__init__(timeout=30)
        self.sent: list[tuple[str, str, Mapping[str, Any]]] = []

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        named = inspect.signature(TwilioHttpClient.request).bind(self, method, url, *args, **kwargs).arguments
        self.sent.append((method, urlsplit(url).path, named.get("data") or {}))
        return super().request(method, url, *args, **kwargs)


@pytest.fixture(scope="module")
def document() -> Path:
    shared = Path(os.environ.get(SHARED_VARIABLE) or REPOSITORY.parent / "shared" / "data")
    found = shared / "twilio" / "twilio_api_v2010.json"
    if not found.exists():
        pytest.skip(f"the carrier's OpenAPI document is not there: {SHARED_VARIABLE} names the folder of shared data")
    return found


@pytest.fixture(scope="module")
def mock_url(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with checking_mock(document, tmp_path_factory.mktemp("prism")) as url:
            yield url
    except PrismMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    made = Recorder()
    yield made
    made.session.close()


def carrier_at(url: str, recorder: Recorder) -> Carrier:
    return Carrier(account_sid=ACCOUNT, auth_token="secret", api_url=url, http_client=recorder)


def test_every_call_that_the_service_can_make_is_checked_here() -> None:
    methods = {name for name, _ in inspect.getmembers(Carrier, inspect.isfunction) if not name.startswith("_")}
    assert methods == set(EXAMPLES)


@pytest.mark.parametrize(
    ("method", "arguments"), [(method, one) for method, examples in EXAMPLES.items() for one in examples]
)
def test_the_carrier_understands(
    document: Path, mock_url: str, recorder: Recorder, method: str, arguments: Mapping[str, Any]
) -> None:
    outcome = getattr(carrier_at(mock_url, recorder), method)(**arguments)
    assert isinstance(outcome, Made), outcome
    assert outcome.sid
    assert recorder.sent, "nothing was sent"
    for http_method, path, parameters in recorder.sent:
        # What the document does not know would be ignored in silence, by the mock and by the carrier.
        assert set(parameters) <= parameters_of(document, http_method, path)


def test_a_refusal_is_an_outcome_and_not_an_exception(mock_url: str, recorder: Recorder) -> None:
    assert isinstance(carrier_at(mock_url, recorder).hang_up(call_id="not a call"), Failed)


class TestTheMockRefuses:
    """The mock is worth something only if it refuses what is wrong."""

    @pytest.mark.parametrize(
        ("path", "parameters", "status"),
        [
            ("Calls.json", {"From": SHOP, "Url": URL}, 422),  # To is missing
            ("Calls.json", {"To": SHOP, "From": SHOP, "Timeout": "soon"}, 422),
            ("Calls.json", {"To": SHOP, "From": SHOP, "Method": "SHOUT"}, 422),
            (f"Calls/{CALL}.json", {"Status": "finished"}, 422),
            ("Calls/CA1.json", {"Status": "completed"}, 422),
            (f"Conferences/{CONFERENCE}/Participants/{CALL}.json", {"Hold": "perhaps"}, 422),
            ("Messages.json", {"Body": "ciao"}, 422),
            ("Telegrams.json", {"To": SHOP}, 404),
        ],
    )
    def test_a_request_that_is_wrong(
        self, mock_url: str, path: str, parameters: Mapping[str, str], status: int
    ) -> None:
        url = f"{mock_url}/2010-04-01/Accounts/{ACCOUNT}/{path}"
        answer = requests.post(url, data=parameters, auth=(ACCOUNT, "secret"), timeout=30)
        assert answer.status_code == status, answer.text

    def test_a_request_without_credentials(self, mock_url: str) -> None:
        answer = requests.post(f"{mock_url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json", data={"To": SHOP}, timeout=30)
        assert answer.status_code == 401

    def test_a_misspelt_parameter_is_caught_by_the_document(self, document: Path) -> None:
        known = parameters_of(document, "POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
        assert {"To", "From", "StatusCallbackEvent"} <= known
        assert "StatusCallbackEvents" not in known

    def test_a_path_that_does_not_exist_is_caught_by_the_document(self, document: Path) -> None:
        with pytest.raises(LookupError, match="Telegrams"):
            parameters_of(document, "POST", f"/2010-04-01/Accounts/{ACCOUNT}/Telegrams.json")
