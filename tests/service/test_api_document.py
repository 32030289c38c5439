"""The API keeps its document: schemathesis finds no 500 and no answer that is not told there, whoever asks."""

from collections.abc import Iterator

import pytest

from ivr.accounts.scopes import SCOPES, scopes_of
from ivr.accounts.store import Role
from tests.examined import Examined, examine, token_for
from tests.examined_house import examined_house
from tests.service import desks
from tests.service.desks import House


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with examined_house(tmp_path_factory.mktemp("document")) as opened:
        yield opened


def shown(examined: Examined) -> str:
    return "\n\n".join(dict.fromkeys(examined.failures))


@pytest.mark.timeout(500)
def test_with_every_scope_nothing_breaks_and_nothing_is_answered_that_the_document_does_not_tell(house: House) -> None:
    secret = token_for(house, desks.ADMIN, SCOPES)
    examined = examine(house, secret, examples=3)
    assert not examined.failures, shown(examined)
    alive = house.app.test_client().get("/api/v1/queues", headers={"Authorization": f"Bearer {secret}"})
    assert alive.status_code == 200, "the examination ended its own token: most of it was asked by a stranger"
    assert examined.operations() == operations_told(house)
    for operation, done in BEGUN.items():
        assert done in examined.statuses(operation), f"{operation} was never more than refused"
    reading = {one for one in examined.operations() if one.startswith("GET ")}
    assert {one for one in reading if 200 not in examined.statuses(one)} <= NEVER_FOUND, "these only ever refused"


@pytest.mark.parametrize(
    "few", [("calls:read",), tuple(scopes_of(Role.SUPERVISOR))], ids=["one scope", "a supervisor's"]
)
def test_with_too_small_a_token_the_answers_are_the_told_ones_as_well(house: House, few: tuple[str, ...]) -> None:
    secret = token_for(house, desks.SUPERVISOR, few)
    examined = examine(house, secret, examples=1, phases=("fuzzing",))
    assert not examined.failures, shown(examined)
    assert 403 in {status for _, status in examined.answers}


def operations_told(house: House) -> set[str]:
    paths = house.app.test_client().get("/api/v1/openapi.json").json["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods if method in METHODS}


METHODS = {"get", "post", "put", "patch", "delete"}
# What begins a long work, and what it answers once it has begun it.
BEGUN = {
    "POST /api/v1/scenario-runs": 201,
    "POST /api/v1/versions/{number}/check": 202,
    "POST /api/v1/intents/comparison": 200,
    "POST /api/v1/draft/submission": 201,
}
# Reading operations of things that the house of the test does not have.
NEVER_FOUND: frozenset[str] = frozenset()
