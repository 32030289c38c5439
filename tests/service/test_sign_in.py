"""Signing in and out: who gets in, how often one may err, what the cookie is good for, and where one is sent afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.accounts import store
from ivr.accounts.store import IDLE_LIMIT, LONGEST_SIGN_IN
from routing import reports
from tests.service import desks
from tests.service.desks import AGENT, PASSWORD, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


def test_an_agent_comes_to_the_desk_and_an_admin_to_the_live_calls(house: House) -> None:
    assert house.signed_in().get("/").location == "/desk"
    assert house.signed_in(desks.ADMIN).get("/").location == "/admin"
    assert house.signed_in(desks.SUPERVISOR).get("/").location == "/admin"


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(house: House) -> None:
    wrong = house.browser().sign_in(AGENT, "un ricordo sbagliato")
    unknown = house.browser().sign_in("nobody@example.it", "un ricordo sbagliato")
    assert wrong.status_code == unknown.status_code == 422
    told = "L&#39;indirizzo o la password non sono giusti."
    assert told in wrong.text
    assert told in unknown.text


def test_after_six_wrong_passwords_an_account_has_to_wait(house: House) -> None:
    browser = house.browser()
    for _ in range(6):
        assert browser.sign_in(AGENT, "un ricordo sbagliato").status_code == 422
    refused = browser.sign_in(AGENT, PASSWORD)
    assert refused.status_code == 429
    assert "Retry-After" in refused.headers
    # Another account is not locked by it.
    assert house.browser().sign_in(desks.ADMIN, PASSWORD).status_code == 303


def test_an_address_that_tries_many_accounts_has_to_wait(house: House) -> None:
    browser = house.browser()
    for number in range(20):
        assert browser.sign_in(f"guess{number}@example.it", "un ricordo sbagliato").status_code == 422
    assert browser.sign_in(AGENT, PASSWORD).status_code == 429


def test_right_passwords_do_not_count_as_tries(house: House) -> None:
    for _ in range(8):
        house.signed_in()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path: Path) -> None:
    with desks.open_house(tmp_path, cookies_secure=True) as house:
        answer = house.app.test_client().get("/sign-in", base_url="https://127.0.0.1")
        cookie = answer.headers["Set-Cookie"]
        for wanted in ("__Host-centralino=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"):
            assert wanted in cookie
        assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_signing_in_begins_a_new_session(house: House) -> None:
    browser = house.browser()
    before = browser.token()
    browser.post("/sign-in", {"email": AGENT, "password": PASSWORD}, page="/sign-in")
    with browser.client.session_transaction() as cookie:
        assert cookie["_user_id"]
    refused = browser.client.post("/account/language", data={"csrf_token": before, "language": "en"})
    assert refused.status_code == 400  # a token from before the sign-in is worth nothing after it


def test_a_copied_cookie_is_worth_nothing_after_the_sign_out(house: House) -> None:
    browser, thief = house.signed_in(), house.browser()
    with browser.client.session_transaction() as cookie:
        copied = dict(cookie)
    with thief.client.session_transaction() as cookie:
        cookie.update(copied)
    assert thief.get("/desk").status_code == 200
    assert browser.post("/sign-out").status_code == 303
    assert thief.get("/desk").location == "/sign-in?next=/desk"


def test_a_page_that_nobody_touches_is_signed_out(house: House) -> None:
    browser = house.signed_in()
    house.clock.forward(IDLE_LIMIT.total_seconds() - 1)
    assert browser.send("/desk/here", {"touched": "0"}).status_code == 204
    house.clock.forward(2)
    assert browser.get("/desk").status_code == 302


def test_a_page_that_somebody_touches_stays_until_the_day_is_over(house: House) -> None:
    browser = house.signed_in()
    passed = 0.0
    while passed + 1700 < LONGEST_SIGN_IN.total_seconds():
        house.clock.forward(1700)
        passed += 1700
        assert browser.send("/desk/here", {"touched": "1"}).status_code == 204
    house.clock.forward(1700)
    assert browser.get("/desk").status_code == 302


def test_who_was_sent_to_sign_in_comes_back_to_the_page(house: House) -> None:
    browser = house.browser()
    sent = browser.get("/admin/flows")
    assert sent.location == "/sign-in?next=/admin/flows"
    assert browser.sign_in(desks.ADMIN, PASSWORD, wanted="/admin/flows").location == "/admin/flows"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "evil",
        "javascript:x",
    ],
)
def test_signing_in_sends_nobody_to_another_house(house: House, target: str) -> None:
    assert house.browser().sign_in(AGENT, PASSWORD, wanted=target).location == "/"


def test_a_changed_password_ends_every_other_browser(house: House) -> None:
    here, elsewhere = house.signed_in(), house.signed_in()
    wanted = "una nuova frase lunga"
    assert here.post("/account/password", {"current": PASSWORD, "wanted": wanted}).status_code == 303
    assert here.get("/desk").status_code == 200
    assert elsewhere.get("/desk").status_code == 302
    assert house.browser().sign_in(AGENT, PASSWORD).status_code == 422
    assert house.browser().sign_in(AGENT, wanted).status_code == 303


def test_a_new_password_is_refused_with_the_reason_and_nothing_changes(house: House) -> None:
    browser = house.signed_in()
    short = browser.post("/account/password", {"current": PASSWORD, "wanted": "corta"})
    assert short.status_code == 422
    assert "almeno 12 caratteri" in short.text
    wrong = browser.post("/account/password", {"current": "sbagliata davvero", "wanted": "una nuova frase lunga"})
    assert wrong.status_code == 422
    assert house.browser().sign_in(AGENT, PASSWORD).status_code == 303


def test_the_language_is_the_person_s_own_before_the_browser_s(house: House) -> None:
    asks = {"Accept-Language": "en-GB,en;q=0.9"}
    assert "Sign in" in house.browser().get("/sign-in", headers=asks).text
    assert "Accedi" in house.browser().get("/sign-in", headers={"Accept-Language": "it"}).text
    assert "Accedi" in house.browser().get("/sign-in", headers={"Accept-Language": "de"}).text
    browser = house.signed_in()
    assert '<html lang="it">' in browser.get("/desk", headers=asks).text
    assert browser.post("/account/language", {"language": "en", "next": "/desk"}).location == "/desk"
    assert '<html lang="en">' in browser.get("/desk", headers={"Accept-Language": "it"}).text


def test_a_person_who_was_deactivated_is_out_at_once(house: House) -> None:
    browser = house.signed_in()
    with house.sessions.begin() as session:
        person = store.by_email(session, AGENT)
        assert person is not None
        store.deactivate(session, account_id=person.account_id, now=house.clock())
    assert browser.get("/desk").status_code == 302
    assert house.browser().sign_in(AGENT, PASSWORD).status_code == 422


def test_signing_out_takes_the_agent_off_the_queue(house: House) -> None:
    browser = house.signed_in()
    browser.send("/desk/state", {"state": "available"})
    browser.post("/sign-out")
    with house.sessions() as session:
        presence = reports.state_of(session, "giulia")
    assert presence is not None
    assert presence.state == "offline"


def test_every_answer_carries_the_rules_for_the_browser(house: House) -> None:
    for address in ("/sign-in", "/nothing-here", "/health/live"):
        headers = house.browser().get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-src http://127.0.0.1:5050;" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_an_error_is_a_page_in_the_reader_s_language_without_our_insides(house: House) -> None:
    answer = house.browser().get("/nothing-here", headers={"Accept-Language": "it"})
    assert answer.status_code == 404
    assert "A questo indirizzo non c&#39;è niente" in answer.text or "A questo indirizzo non c'è niente" in answer.text
    assert "Traceback" not in answer.text
