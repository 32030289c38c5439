"""Tokens at the page and in use: shown once, counted, slowed, ended; and what the API says when it refuses."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.service import desks
from tests.service.desks import ADMIN, SUPERVISOR, Browser, House

PAGE = "/admin/tokens"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path, api_rate="5 per minute") as opened:
        yield opened


def make(browser: Browser, **changed: object) -> TestResponse:
    content = {"csrf_token": browser.token(), "name": "cassa", "days": "30", "scopes": ["calls:read"], **changed}
    return browser.client.post(PAGE, data=content)


def secret_of(answer: TestResponse) -> str:
    found = re.search(r'value="(ctl_[\w-]+)"', answer.text)
    assert found is not None
    return found[1]


def ask(house: House, secret: str, address: str = "/api/v1/calls", **more: object) -> TestResponse:
    headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}
    return house.app.test_client().open(address, headers=headers, **more)  # type: ignore[arg-type]  # the client's own names


def test_a_token_is_shown_once_and_works_until_it_is_ended(house: House) -> None:
    admin = house.signed_in(ADMIN)
    answer = make(admin)
    assert answer.status_code == 201
    secret = secret_of(answer)
    assert secret not in admin.get(PAGE).text
    assert "Mai usato" in admin.get(PAGE).text
    assert ask(house, secret).status_code == 200
    assert "Ultimo uso 24 nov, 10:30" in admin.get(PAGE).text
    assert admin.post(f"{PAGE}/1/end").status_code == 303
    assert ask(house, secret).status_code == 401
    assert admin.send(f"{PAGE}/1/end").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["everything"]}, {"days": "9999"}, {"name": "x" * 71}]
)
def test_a_form_that_cannot_be_is_shown_again_and_makes_nothing(house: House, wrong: dict[str, object]) -> None:
    admin = house.signed_in(ADMIN)
    answer = make(admin, **wrong)
    assert answer.status_code == 422
    assert "ctl_" not in answer.text
    assert "invalid-feedback" in answer.text or wrong.get("days")


def test_who_asks_too_often_is_told_how_long_to_wait(house: House) -> None:
    admin = house.signed_in(ADMIN)
    secret = secret_of(make(admin))
    other = secret_of(make(admin))
    statuses = [ask(house, secret).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    refused = ask(house, secret)
    assert refused.mimetype == "application/problem+json"
    assert refused.json is not None
    assert refused.json["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) > 0
    # Each token has a count of its own.
    assert ask(house, other).status_code == 200


def test_a_refusal_is_a_problem_in_the_reader_s_language(house: House) -> None:
    secret = secret_of(make(house.signed_in(ADMIN)))
    refused = ask(house, secret, "/api/v1/calls?limit=0&colour=red")
    assert refused.json is not None
    assert refused.json["title"] == "Qualcosa non va"  # the token is of somebody who reads Italian
    places = {tuple(one["place"]) for one in refused.json["errors"]}
    assert places == {("query", "limit"), ("query", "colour")}
    stranger = house.app.test_client().get("/api/v1/calls", headers={"Accept-Language": "en"})
    assert stranger.json is not None
    assert stranger.json["title"] == "Sign in first"
    assert stranger.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"a": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"name": "a\\u0000b", "scopes": ["calls:read"], "days": 1}', "application/json", 422),
        (b'{"name": "\\ud800", "scopes": ["calls:read"], "days": 1}', "application/json", 422),
        (b'{"name": "x", "scopes": ["calls:read"], "days": 1e999}', "application/json", 422),
        (b'{"name": "x", "scopes": ["calls:read"], "days": 9007199254740993}', "application/json", 422),
        (b'{"name": "x", "scopes": ["calls:read"], "days": 1, "more": 1}', "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b" " * 300_000, "application/json", 413),
    ],
)
def test_content_that_cannot_be_kept_is_refused_each_in_its_way(
    house: House, content: bytes, kind: str, status: int
) -> None:
    secret = secret_of(make(house.signed_in(ADMIN), scopes=["tokens:write"]))
    answer = ask(house, secret, "/api/v1/tokens", method="POST", data=content, content_type=kind)
    assert answer.status_code == status, answer.text


def test_a_token_never_has_more_than_its_maker_has_today(house: House) -> None:
    admin = house.signed_in(ADMIN)
    secret = secret_of(make(admin, scopes=["audit:read", "calls:read"]))
    assert ask(house, secret, "/api/v1/audit").status_code == 200
    with house.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE accounts SET role = 'supervisor' WHERE email = '{ADMIN}'")  # noqa: S608 - ours
    assert ask(house, secret, "/api/v1/audit").status_code == 403
    assert ask(house, secret).status_code == 200
    house.clock.forward(timedelta(days=31).total_seconds())
    assert ask(house, secret).status_code == 401


def test_a_supervisor_reads_the_document_and_finds_no_door_to_tokens(house: House) -> None:
    page = house.signed_in(SUPERVISOR).get("/admin/api")
    assert page.status_code == 200
    assert "/api/v1/calls/{call_id}" in page.text
    assert f'href="{PAGE}"' not in page.text


def test_a_contact_of_another_channel_is_in_the_history_that_agents_see(house: House) -> None:
    secret = secret_of(make(house.signed_in(ADMIN), scopes=["contacts:write", "calls:read"]))
    address = "/api/v1/customers/K0007/contacts"
    told = {"at": "2026-11-24T08:00:00Z", "channel": "email", "reason": "complaint", "note": "Ha scritto stamattina."}
    assert ask(house, secret, address, method="POST", json=told).status_code == 201
    listed = ask(house, secret, address).json
    assert listed is not None
    assert listed["contacts"][0]["note"] == "Ha scritto stamattina."
    house.offer()
    assert "Ha scritto stamattina." in house.signed_in().get("/desk").text
    to_come = {**told, "at": "2027-01-01T08:00:00Z"}
    assert ask(house, secret, address, method="POST", json=to_come).json["code"] == "contact_to_come"  # type: ignore[index]  # werkzeug says Any | None
