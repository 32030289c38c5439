"""Coverage by the API and on its page: the same figures, to those who may see them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.contracts.test_coverage import keep_call
from tests.service import desks
from tests.service.desks import AGENT, START, SUPERVISOR, House

API = "/api/v1/coverage"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("coverage")) as opened:
        with opened.sessions.begin() as session:
            for number in range(20):
                told = [("person", "ask_request")] if number < 5 else []
                at = START - timedelta(minutes=number)
                keep_call(session, f"CA{number}", ["greet_known", "ask_request"], at=at, traces=told, score=2)
            keep_call(session, "CAold", ["greet_known", "gone_node"], at=START - timedelta(days=20), version=7)
        yield opened


def nodes(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["node"]: node for node in found["nodes"]}


def test_this_weeks_calls_are_told_by_node_with_intervals(house: House) -> None:
    answer = house.signed_in(SUPERVISOR).get(API)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    assert (found["first"], found["last"], found["version"]) == ("2026-11-23", "2026-11-24", None)
    person = nodes(found)["ask_request"]["person"]
    assert (person["part"], person["whole"], person["value"]) == (5, 20, 0.25)
    assert person["low"] == pytest.approx(0.1119, abs=1e-3)
    assert person["high"] == pytest.approx(0.4687, abs=1e-3)
    assert nodes(found)["ask_request"]["effort"]["value"] == 2.0
    assert {"from_node": "greet_known", "to_node": "ask_request", "calls": 20} in found["ways"]


def test_nodes_that_no_call_passed_are_told_with_zeros_and_without_shares(house: House) -> None:
    found = nodes(house.signed_in(SUPERVISOR).get(API).json)
    silent = [node for node in found.values() if node["kind"] and not node["passed"]]
    assert silent
    assert silent[0]["stopped"] == {"part": 0, "whole": 0, "value": None, "low": None, "high": None}


def test_a_version_of_its_own_is_told_with_its_nodes_that_are_gone(house: House) -> None:
    query = {"first": "2026-11-01", "last": "2026-11-24", "version": "7"}
    found = house.signed_in(SUPERVISOR).get(API, query_string=query).json
    assert found["calls"] == 1
    assert nodes(found)["gone_node"]["kind"] == ""
    assert {"number": 7, "calls": 1} in found["versions"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"first": "yesterday"}, 400),
        ({"first": "2026-11-24", "last": "2026-11-01"}, 400),
        ({"version": "one"}, 422),
        ({"version": "99999999999"}, 422),
        ({"sort": "x"}, 422),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(house: House, query: dict[str, str], status: int) -> None:
    answer = house.signed_in(SUPERVISOR).get(API, query_string=query)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_agents_are_not_told(house: House) -> None:
    assert house.signed_in(AGENT).get(API).status_code == 403


def test_the_page_tells_the_same_in_a_table_and_refuses_days_that_make_no_sense(house: House) -> None:
    supervisor = house.signed_in(SUPERVISOR)
    page = supervisor.get("/admin/coverage").text
    assert "ask_request" in page
    assert "25%" in page
    assert "11%" in page
    assert "47%" in page
    assert supervisor.get("/admin/coverage", query_string={"first": "x"}).status_code == 400
    assert supervisor.get("/admin/coverage", query_string={"version": "abc"}).status_code == 200
    assert house.signed_in(AGENT).get("/admin/coverage").status_code == 403
