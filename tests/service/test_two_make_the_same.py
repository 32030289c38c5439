"""Two who make the same thing at the same moment: one has it, the other is told so, whenever the database notices."""

from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from ivr.accounts import tokens
from ivr.customers.tables import Customer
from tests.service import desks
from tests.service.desks import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("same")) as opened:
        yield opened


def asked(house: House, meanwhile: Callable[[Session], None]) -> TestResponse:
    """A token is made while `meanwhile` happens to the session of the request."""
    browser = house.signed_in(desks.ADMIN)
    made = tokens.make

    def make(session: Session, **given: object) -> object:
        meanwhile(session)
        return made(session, **given)  # type: ignore[arg-type]  # what the route gave goes on as it is

    content = {"name": "shop", "scopes": ["calls:read"], "days": 30}
    headers = {"X-CSRFToken": browser.token()}
    with patch.object(tokens, "make", make):
        return browser.client.post("/api/v1/tokens", json=content, headers=headers)


def made_again(session: Session) -> None:
    session.add(Customer(customer_id="K0007", name="Chiara", language="it"))


def at_commit(meanwhile: Callable[[Session], None]) -> Callable[[Session], None]:
    """The same, seen by the database only when everything else is written."""

    def later(session: Session) -> None:
        commit = session.commit

        def late() -> None:
            meanwhile(session)
            commit()

        session.commit = late  # type: ignore[method-assign]  # the collision is made at the commit

    return later


@pytest.mark.parametrize("when", [made_again, at_commit(made_again)], ids=["while it is written", "at the commit"])
def test_who_comes_second_is_told_that_somebody_was_first(house: House, when: Callable[[Session], None]) -> None:
    before = kept(house)
    answer = asked(house, when)
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "changed_meanwhile"
    assert kept(house) == before, "nothing of a request that failed stands"


def test_a_fault_of_our_own_stays_one(house: House) -> None:
    def nameless(session: Session) -> None:
        session.execute(text("INSERT INTO accounts (email) VALUES ('x')"))

    assert asked(house, at_commit(nameless)).status_code == 500


def test_a_database_that_is_away_at_the_commit_is_no_fault_of_the_request(house: House) -> None:
    def away(_session: Session) -> None:
        raise OperationalError("COMMIT", {}, Exception("database is locked"))

    assert asked(house, at_commit(away)).status_code == 503


def test_every_writing_operation_tells_of_it(house: House) -> None:
    paths = house.app.test_client().get("/api/v1/openapi.json").json["paths"]
    writing = [
        paths[path][method] for path in paths for method in ("post", "put", "patch", "delete") if method in paths[path]
    ]
    assert writing
    assert all("changed_meanwhile" in one["responses"]["409"]["description"] for one in writing)


def kept(house: House) -> int:
    with house.engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM api_tokens")).scalar_one()
