"""The admin's pages: the live calls, the story of one, the flow that is live; and health for machines."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr import database
from ivr.calls import store as calls
from tests.service import desks
from tests.service.desks import ADMIN, CALL, SUPERVISOR, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("email", [ADMIN, SUPERVISOR])
def test_a_live_call_is_listed_with_flow_and_node_and_leads_to_its_story(house: House, email: str) -> None:
    house.offer()
    browser = house.signed_in(email)
    page = browser.get("/admin").text
    for wanted in ("Chiara Moretti", "Reclamo", "to_recovery", "shop v1", f"/admin/calls/{CALL}"):
        assert wanted in page
    story = browser.get(f"/admin/calls/{CALL}").text
    for wanted in ("la terza volta che chiamo", "Ha aperto la pratica C318022", "Buongiorno, Chiara", "Bollitore"):
        assert wanted in story


def test_an_ended_call_leaves_the_list_but_keeps_its_story(house: House) -> None:
    with house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.status, call.ended_at = calls.ENDED, house.clock()
    browser = house.signed_in(ADMIN)
    assert "Nessuna chiamata al momento" in browser.get("/admin").text
    story = browser.get(f"/admin/calls/{CALL}").text
    assert "Chiara Moretti" in story
    assert "data-events" not in story


def test_the_list_goes_on_live(house: House) -> None:
    stream = house.signed_in(ADMIN).get("/admin/events", buffered=False)
    chunks = stream.iter_encoded()
    next(chunks)
    assert "Chiara Moretti" in json.loads(next(chunks).decode().split("data: ")[1])["html"]
    with house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.status = calls.ENDED
    assert "Chiara Moretti" not in json.loads(next(chunks).decode().split("data: ")[1])["html"]
    stream.close()


def test_an_unknown_call_is_not_here(house: House) -> None:
    assert house.signed_in(ADMIN).get("/admin/calls/CA404").status_code == 404


def test_the_live_version_of_the_flow_can_be_read(house: House) -> None:
    page = house.signed_in(ADMIN).get("/admin/flows").text
    assert "versione 1" in page
    for node in house.app.extensions["centralino"].doors.company.version(1).flow.nodes:
        assert f"<code>{node}</code>" in page


def test_an_admin_who_takes_no_calls_has_no_desk(house: House) -> None:
    assert house.signed_in(ADMIN).get("/desk").status_code == 403


def test_health_says_that_we_live_and_that_we_are_ready(house: House) -> None:
    browser = house.browser()
    assert browser.get("/health/live").get_json() == {"status": "ok"}
    ready = browser.get("/health/ready")
    assert ready.status_code == 200
    assert {"database", "migrations"} <= {name for name, is_good in ready.get_json()["checks"].items() if is_good}


def test_a_database_without_our_tables_is_not_ready(house: House) -> None:
    database.downgrade(house.engine, "base")
    answer = house.browser().get("/health/ready")
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["migrations"] is False


def test_a_database_that_is_gone_is_a_page_and_not_a_traceback(house: House) -> None:
    browser = house.signed_in(ADMIN)
    database.downgrade(house.engine, "base")
    answer = browser.get("/admin")
    assert answer.status_code == 503
    assert "Traceback" not in answer.text
