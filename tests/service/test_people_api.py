"""People by the API: what a token may do with accounts, and what it never may."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ivr.accounts.tables import Account
from tests.examined import token_for
from tests.service import desks
from tests.service.desks import ADMIN, SUPERVISOR, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


def ask(house: House, method: str, address: str, content: Any = None) -> Any:
    secret = token_for(house, ADMIN, ("company:read", "company:write"))
    headers = {"Authorization": f"Bearer {secret}"}
    return house.app.test_client().open(f"/api/v1{address}", method=method, json=content, headers=headers)


def account_id(house: House, email: str) -> int:
    with house.sessions() as session:
        return session.scalars(select(Account.account_id).where(Account.email == email)).one()


def test_a_token_adds_an_agent_who_chooses_a_password_by_the_link(house: House) -> None:
    new = {"email": "nuova@example.it", "name": "Nuova", "role": "agent", "language": "it", "agent": "luca"}
    made = ask(house, "POST", "/accounts", new)
    assert made.status_code == 201
    path = made.json["link"][made.json["link"].index("/welcome/") :]
    assert house.browser().get(path).status_code == 200
    assert ask(house, "POST", "/accounts", new).status_code == 409
    assert ask(house, "POST", "/accounts", {**new, "email": "x@example.it", "agent": "nobody"}).status_code == 404


def test_a_token_neither_makes_nor_touches_an_admin(house: House) -> None:
    told = {"name": "Marta Conti", "role": "admin", "language": "it"}
    admin, other = account_id(house, ADMIN), account_id(house, SUPERVISOR)
    answers = [
        ask(house, "POST", "/accounts", {**told, "email": "nuova@example.it"}),
        ask(house, "PUT", f"/accounts/{other}", told),
        ask(house, "PUT", f"/accounts/{admin}", {**told, "role": "agent"}),
        ask(house, "POST", f"/accounts/{admin}/link"),
        ask(house, "POST", f"/accounts/{admin}/close"),
    ]
    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(403, "scope_not_yours")] * 5


def test_settings_change_all_together_or_not_at_all(house: House) -> None:
    wrong = ask(house, "PATCH", "/company/settings", {"values": {"words_days": 90, "audio_days": 0, "colour": "red"}})
    assert wrong.status_code == 422
    changed = ask(house, "PATCH", "/company/settings", {"version": 0, "values": {"words_days": 90}})
    assert (changed.json["version"], changed.json["values"]["words_days"], changed.json["is_set"]) == (
        1,
        90,
        ["words_days"],
    )
    late = ask(house, "PATCH", "/company/settings", {"version": 0, "values": {"words_days": 30}})
    assert (late.status_code, late.json["code"]) == (409, "company_changed")
    back = ask(house, "PATCH", "/company/settings", {"values": {"words_days": None}})
    assert (back.json["values"]["words_days"], back.json["is_set"]) == (365, [])


def test_an_import_is_looked_at_and_refused_whole(house: House) -> None:
    content = {"csv": "codice;nome;telefono\nK1;Sara;12\nK2;Anna;3331230000\n"}
    looked = ask(house, "POST", "/imports/customers", {**content, "dry_run": True})
    assert (looked.json["taken_over"], looked.json["new"], looked.json["wrong"]) == (False, 1, 1)
    refused = ask(house, "POST", "/imports/customers", content)
    assert (refused.json["taken_over"], refused.json["faults"][0]["code"]) == (False, "bad_number")
    assert ask(house, "POST", "/imports/customers", {**content, "mode": "good"}).json["taken_over"]
