"""The carrier's telephone in the browser: a ticket for the signed-in agent alone, the script from the company's own disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jwt
import pytest

from ivr.accounts import store as accounts
from tests.service import desks
from tests.service.desks import House

SECRET = "s" * 32
TICKET, SDK = "/desk/phone/ticket", "/desk/phone/sdk.js"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "twilio.min.js").write_text("window.Twilio = {};", encoding="utf-8")
    given: dict[str, Any] = {
        "api_key_sid": "SK" + "2" * 32,
        "api_key_secret": cast("Any", SECRET),
        "voice_sdk": tmp_path / "twilio.min.js",
        "line_url": "",
    }
    with desks.open_house(tmp_path, **given) as opened:
        yield opened


def test_the_ticket_is_the_agent_s_own(house: House) -> None:
    giulia = house.signed_in()
    given = giulia.send(TICKET, {"identity": "sara", "agent": "sara"})
    assert given.headers["Cache-Control"] == "no-store"
    content = jwt.decode(given.get_json()["ticket"], SECRET, algorithms=["HS256"])
    assert content["grants"]["identity"] == "giulia"  # whatever was asked for


def test_who_has_another_telephone_or_none_gets_no_ticket(house: House) -> None:
    with house.sessions.begin() as session:
        accounts.add(
            session, email="sara@example.it", display_name="Sara", role=accounts.Role.AGENT,
            password=desks.PASSWORD, agent_id="sara", now=house.clock(),
        )  # fmt: skip
    sara = house.signed_in("sara@example.it")  # whose telephone is sip:
    assert sara.send(TICKET).status_code == 409
    assert "browser-phone" not in sara.get("/desk").text
    assert house.signed_in(desks.SUPERVISOR).send(TICKET).status_code == 403
    assert house.browser().send(TICKET, page="/sign-in").status_code == 401
    assert house.signed_in().client.post(TICKET).status_code == 400, "without the form's token"


def test_the_page_may_reach_the_carrier_and_loads_nothing_from_it(house: House) -> None:
    giulia = house.signed_in()
    page = giulia.get("/desk")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self' https://*.twilio.com wss://*.twilio.com;" in policy
    assert "microphone=(self)" in page.headers["Permissions-Policy"]
    assert f'src="{SDK}"' in page.text
    with giulia.get(SDK) as script:
        assert (script.text, script.mimetype) == ("window.Twilio = {};", "text/javascript")
    assert house.browser().get(SDK).status_code in {302, 303, 401}


def test_without_it_nothing_changes(tmp_path: Path) -> None:
    with desks.open_house(tmp_path, line_url="") as off:
        giulia = off.signed_in()
        page = giulia.get("/desk")
        assert "browser-phone" not in page.text
        assert "connect-src 'self';" in page.headers["Content-Security-Policy"]
        assert "microphone=()" in page.headers["Permissions-Policy"]
        assert giulia.send(TICKET).status_code == giulia.get(SDK).status_code == 404
