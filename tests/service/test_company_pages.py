"""The admin's pages on the company: people, hours, numbers, retention, settings, consents; noted, and counting at once."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ivr.accounts.tables import Account, SignInLink
from ivr.audit import store as audit
from ivr.customers import ledger
from ivr.customers.ledger import VOICE_VERIFICATION
from tests.service import desks
from tests.service.desks import ADMIN, AGENT, SUPERVISOR, Browser, House

ROOT = "/admin/company"
PAGES = ("", "/people", "/hours", "/numbers", "/retention", "/settings", "/consents", "/import", "/connectors",
         "/connectors/orders", "/connectors/customers")  # fmt: skip
HOURS = {
    "version": "0", "opens_at": "08:00", "closes_at": "20:00", "open_days": ["1", "2", "3", "4", "5", "6"], "country": "IT",
    "subdivision": "", "closed_on": "", "open_on": "",
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


def send(browser: Browser, address: str, fields: Mapping[str, Any]) -> Any:
    return browser.client.post(f"{ROOT}{address}", data={**fields, "csrf_token": browser.token("/account")})


def acts(house: House) -> list[str]:
    with house.sessions() as session:
        assert isinstance(audit.verify(session), audit.Verified)
        noted = [entry.act for entry in reversed(audit.entries(session))]
    # The installation's files become the first version by themselves, whenever somebody first asks for it.
    return [act for act in noted if act != "version.made"]


def account_id(house: House, email: str) -> int:
    with house.sessions() as session:
        return session.scalars(select(Account.account_id).where(Account.email == email)).one()


def own(house: House) -> Any:
    return house.app.extensions["centralino"].doors.company.own.now()


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_page_opens_in_both_languages(house: House, language: str) -> None:
    browser = house.signed_in(ADMIN)
    browser.post("/account/language", {"language": language})
    for page in PAGES:
        answer = browser.get(ROOT + page)
        assert answer.status_code == 200, page
        assert f'<html lang="{language}">' in answer.text


def test_new_hours_count_at_once_and_are_noted(house: House) -> None:
    browser = house.signed_in(ADMIN)
    assert own(house).hours.is_open(house.clock())
    changed = {**HOURS, "opens_at": "14:00", "from_6": "09:00", "to_6": "13:00", "closed_on": "24.12.2026 2026-12-31"}
    assert send(browser, "/hours", changed).status_code == 303
    hours = own(house).hours
    assert not hours.is_open(house.clock())
    assert [day.isoformat() for day in hours.closed_on] == ["2026-12-24", "2026-12-31"]
    assert hours.clocks_of(6)[1].hour == 13
    with house.sessions() as session:
        (entry,) = audit.entries(session, act="company")
    assert (entry.act, entry.by.name, entry.before["opens_at"], entry.after["opens_at"]) == (
        "company.changed", "Paolo Riva", "08:00", "14:00",
    )  # fmt: skip


def test_the_closed_days_are_shown_before_anything_is_saved(house: House) -> None:
    browser = house.signed_in(ADMIN)
    shown = send(browser, "/hours", {**HOURS, "closed_on": "2026-12-24", "act": "preview"})
    assert shown.status_code == 200
    assert "own closed day" in shown.text or "chiusura propria" in shown.text
    assert own(house).hours.closed_on == ()
    assert acts(house) == []


@pytest.mark.parametrize(
    "change",
    [{"country": "XX"}, {"closed_on": "tomorrow"}, {"open_days": []}, {"opens_at": "25:00"}, {"from_6": "09:00"}],
)
def test_wrong_hours_are_told_and_kept_in_the_form(house: House, change: Mapping[str, Any]) -> None:
    answer = send(house.signed_in(ADMIN), "/hours", {**HOURS, **change})
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text or "alert-warning" in answer.text
    assert own(house).version == 0


def test_two_admins_who_change_at_once_lose_nothing(house: House) -> None:
    browser = house.signed_in(ADMIN)
    assert send(browser, "/hours", {**HOURS, "opens_at": "09:00"}).status_code == 303
    late = send(browser, "/hours", {**HOURS, "opens_at": "10:00"})
    assert late.status_code == 409
    assert 'value="10:00"' in late.text
    again = {**HOURS, "opens_at": "10:00", "version": re.findall(r'name="version"[^>]*value="(\d+)"', late.text)[0]}
    assert send(browser, "/hours", again).status_code == 303
    assert own(house).hours.opens_at.hour == 10


def test_numbers_are_kept_as_they_are_dialled(house: House) -> None:
    browser = house.signed_in(ADMIN)
    wanted = {
        "version": "0", "number_0": "+39 02 1042 0000", "number_1": "+39 02 1042 0001", "label_1": "Resi",
        "language_1": "en", "emergency_number": "+39 02 1042 0099",
    }  # fmt: skip
    assert send(browser, "/numbers", wanted).status_code == 303
    assert [one.number for one in own(house).numbers] == ["+390210420000", "+390210420001"]
    assert (own(house).numbers[1].label, own(house).emergency_number) == ("Resi", "+390210420099")
    assert send(browser, "/numbers", {**wanted, "version": "1", "number_1": "12"}).status_code == 422


def test_shorter_times_show_what_they_erase_and_wait_for_a_second_yes(house: House) -> None:
    browser = house.signed_in(ADMIN)
    times = {"version": "0", "words_days": "10", "audio_days": "30", "voice_days": "30", "voiceprint_days": "730"}
    asked = send(browser, "/retention", times)
    assert asked.status_code == 200
    assert 'id="erased"' in asked.text
    assert own(house).words_days == 365
    seal = re.findall(r'name="confirmed"[^>]*value="([^"]+)"', asked.text)[0]
    # A yes to other times than those that were shown is none.
    assert send(browser, "/retention", {**times, "words_days": "1", "confirmed": seal}).status_code == 200
    assert send(browser, "/retention", {**times, "confirmed": seal}).status_code == 303
    assert own(house).words_days == 10


def test_settings_say_what_counts_at_once_and_what_needs_a_restart(house: House) -> None:
    browser = house.signed_in(ADMIN)
    wanted = {"version": "0", "default_language": "en", "second_person": "y", "accuracy_loss": "2.5"}
    assert send(browser, "/settings", wanted).status_code == 303
    assert (own(house).default_language, own(house).second_person, own(house).accuracy_loss) == ("en", True, 0.025)
    page = browser.get(f"{ROOT}/settings").text
    assert "database_url" in page
    assert "needs a restart" in page or "riavvio" in page
    assert "k" * 40 not in page


def test_somebody_new_comes_by_a_link_that_holds_once(house: House) -> None:
    browser = house.signed_in(ADMIN)
    new = {
        "email": "nuova@example.it",
        "display_name": "Nuova Persona",
        "role": "agent",
        "language": "it",
        "agent_id": "luca",
    }
    shown = send(browser, "/people", new)
    link = re.findall(r'value="[^"]*(/welcome/[^"]+)"', shown.text)[0]
    theirs = house.browser()
    assert theirs.get(link).status_code == 200
    short = theirs.client.post(link, data={"password": "corta", "csrf_token": theirs.token()})
    assert short.status_code == 422
    chosen = theirs.client.post(link, data={"password": "una frase tutta nuova", "csrf_token": theirs.token()})
    assert chosen.status_code == 303
    assert theirs.get("/desk").status_code == 200
    assert house.browser().get(link).status_code == 404
    assert house.browser().sign_in("nuova@example.it", "una frase tutta nuova").status_code == 303
    assert "account.added" in acts(house)


def test_a_link_is_over_after_three_days(house: House) -> None:
    browser = house.signed_in(ADMIN)
    shown = send(browser, f"/people/{account_id(house, AGENT)}/link", {})
    link = re.findall(r'value="[^"]*(/welcome/[^"]+)"', shown.text)[0]
    house.clock.forward(3 * 24 * 3600 + 1)
    assert house.browser().get(link).status_code == 404


def test_a_new_link_takes_the_password_and_the_open_pages_away(house: House) -> None:
    agent, admin = house.signed_in(AGENT), house.signed_in(ADMIN)
    for _ in range(2):
        assert send(admin, f"/people/{account_id(house, AGENT)}/link", {}).status_code == 200
    assert agent.get("/desk").status_code == 302
    assert house.browser().sign_in(AGENT, desks.PASSWORD).status_code == 422
    with house.sessions() as session:
        now = house.clock()
        assert sum(one.ends_at > now for one in session.scalars(select(SignInLink))) == 1
    assert acts(house) == ["account.password_reset"] * 2


def test_a_closed_account_is_out_at_once_and_can_be_opened_again(house: House) -> None:
    supervisor, admin = house.signed_in(SUPERVISOR), house.signed_in(ADMIN)
    theirs = f"/people/{account_id(house, SUPERVISOR)}"
    assert send(admin, f"{theirs}/close", {}).status_code == 303
    assert supervisor.get("/admin/board").status_code == 302
    assert house.browser().sign_in(SUPERVISOR, desks.PASSWORD).status_code == 422
    assert send(admin, f"{theirs}/open", {}).status_code == 303
    assert house.browser().sign_in(SUPERVISOR, desks.PASSWORD).status_code == 303
    assert acts(house) == ["account.closed", "account.opened"]


def test_another_role_counts_from_the_next_sign_in_on(house: House) -> None:
    supervisor, admin = house.signed_in(SUPERVISOR), house.signed_in(ADMIN)
    theirs = f"/people/{account_id(house, SUPERVISOR)}"
    fields = {"display_name": "Marta Conti", "role": "agent", "language": "it", "agent_id": "sara"}
    assert send(admin, theirs, fields).status_code == 303
    assert supervisor.get("/admin/board").status_code == 302
    assert house.signed_in(SUPERVISOR).get("/admin/board").status_code == 403
    assert acts(house) == ["account.role_changed"]


def test_one_admin_always_remains_and_nobody_lowers_themselves(house: House) -> None:
    admin = house.signed_in(ADMIN)
    mine = f"/people/{account_id(house, ADMIN)}"
    lowered = {"display_name": "Paolo Riva", "role": "agent", "language": "it", "agent_id": ""}
    assert send(admin, mine, lowered).status_code == 409
    assert send(admin, f"{mine}/close", {}).status_code == 409
    raised = {"display_name": "Marta Conti", "role": "admin", "language": "it", "agent_id": ""}
    assert send(admin, f"/people/{account_id(house, SUPERVISOR)}", raised).status_code == 303
    # Even of two admins, neither takes the role from themselves.
    assert send(admin, mine, lowered).status_code == 409
    other = house.signed_in(SUPERVISOR)
    assert send(other, mine, lowered).status_code == 303
    assert send(other, f"/people/{account_id(house, SUPERVISOR)}", {**raised, "role": "agent"}).status_code == 409


def test_an_agent_is_one_account_s_alone(house: House) -> None:
    admin = house.signed_in(ADMIN)
    fields = {"display_name": "Marta Conti", "role": "supervisor", "language": "it", "agent_id": "giulia"}
    assert send(admin, f"/people/{account_id(house, SUPERVISOR)}", fields).status_code == 422
    assert send(admin, "/people/999", fields).status_code == 404


def test_consents_are_counted_by_the_wording_that_was_asked(house: House) -> None:
    with house.sessions.begin() as session:
        for version, granted in ((1, True), (1, False), (2, True)):
            ledger.record_consent(
                session, customer_id="K0007", purpose=VOICE_VERIFICATION, granted=granted, wording="consent_voice",
                wording_version=version, language="it", call_id="CA1", now=house.clock(),
            )  # fmt: skip
    page = house.signed_in(ADMIN).get(f"{ROOT}/consents").text
    cells = [
        re.sub(r"<[^>]+>", " ", row).split()
        for row in re.findall(r"<tr><th scope=\"row\">(consent_voice.*?)</tr>", page, re.DOTALL)
    ]
    assert cells == [["consent_voice", "2", "it", "1", "0", "0", "0"], ["consent_voice", "1", "it", "1", "1", "0", "0"]]


def test_a_supervisor_opens_none_of_these(house: House) -> None:
    browser = house.signed_in(SUPERVISOR)
    assert [browser.get(ROOT + page).status_code for page in PAGES] == [403] * len(PAGES)
