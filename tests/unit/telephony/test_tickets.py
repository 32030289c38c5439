"""The ticket for an agent's telephone in the browser: signed with the API key, for one identity, for minutes, to be rung."""

from pathlib import Path

import jwt

from ivr.telephony.tickets import TICKET_SECONDS, BrowserPhone

SECRET = "s" * 32
PHONE = BrowserPhone(
    account_sid="AC" + "1" * 32, key_sid="SK" + "2" * 32, key_secret=SECRET, application_sid="", sdk_file=Path("x.js")
)


def read(ticket: str) -> dict[str, object]:
    return dict(jwt.decode(ticket, SECRET, algorithms=["HS256"]))


def test_a_ticket_is_for_one_identity_and_lets_it_be_rung() -> None:
    content = read(PHONE.ticket("giulia"))
    assert (content["iss"], content["sub"]) == (PHONE.key_sid, PHONE.account_sid)
    assert content["grants"] == {"identity": "giulia", "voice": {"incoming": {"allow": True}}}


def test_a_ticket_ends_within_minutes() -> None:
    content = read(PHONE.ticket("giulia"))
    assert int(str(content["exp"])) - int(str(content["nbf"] if "nbf" in content else content["iat"])) == TICKET_SECONDS


def test_an_application_lets_the_browser_begin_calls() -> None:
    app = "AP" + "3" * 32
    phone = BrowserPhone(
        account_sid=PHONE.account_sid, key_sid=PHONE.key_sid, key_secret=SECRET, application_sid=app,
        sdk_file=PHONE.sdk_file,
    )  # fmt: skip
    grants = read(phone.ticket("giulia"))["grants"]
    assert isinstance(grants, dict)
    assert grants["voice"]["outgoing"] == {"application_sid": app}


def test_the_secret_is_in_no_print() -> None:
    assert SECRET not in repr(PHONE)
