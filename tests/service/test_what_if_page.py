"""The page of what-if as a supervisor uses it: a day, a change, progress, and the answer."""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from ivr.web import what_if_runs
from routing import store_what_if, tables
from routing.simulation_days import Town
from tests.past_day import DAY, write_day
from tests.service import desks
from tests.service.desks import AGENT, SUPERVISOR, Browser, Clock, House

PAGE = "/admin/what-if"
ASKED: Mapping[str, str] = {
    "day": DAY.isoformat(), "replications": "2", "agent": "agent-001", "agent_skills": "orders=5 billing=2", "added": "2",
    "added_skills": "orders=3", "added_from": "08:00", "added_until": "18:00", "removed": "agent-002", "queue": "general",
    "rings": "0; 20: level; 60: level, languages", "order": "longest_idle",
}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("what-if"), Clock()) as opened:
        with opened.sessions.begin() as session:
            write_day(session, Town(calls=160, agents=5, hours=3))
        yield opened


@pytest.fixture
def supervisor(house: House) -> Browser:
    return house.signed_in(SUPERVISOR)


def finished(house: House, address: str) -> store_what_if.Run:
    run_id = address.rsplit("/", 1)[1]
    for _ in range(600):
        with house.sessions() as session:
            found = store_what_if.run(session, run_id, house.clock())
        assert found is not None
        if found.state != "running":
            return found
        time.sleep(0.05)
    raise AssertionError("the run does not end")


def test_a_day_is_run_beside_the_request_and_its_answer_stands_on_its_page(house: House, supervisor: Browser) -> None:
    begun = supervisor.post(PAGE, ASKED)
    assert begun.status_code == 303, begun.text
    address = begun.headers["Location"]
    done = finished(house, address)
    assert (done.state, done.done, done.total) == ("done", 2, 2)
    shown = supervisor.get(address)
    assert shown.status_code == 200
    assert "data-events" not in shown.text
    assert re.search(r"agent-001.*orders=5 billing=2", shown.text, re.DOTALL)
    assert "Marta Conti" in shown.text
    assert supervisor.get(f"{address}/plot.png").data.startswith(b"\x89PNG")
    table = supervisor.get(f"{address}/figures.csv")
    assert table.mimetype == "text/csv"
    assert table.text.startswith("figure,really,before")
    assert address in supervisor.get(PAGE).text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"day": "2020-01-01"}, "manca qualcosa"),
        ({"replications": "5000"}, "manca qualcosa"),
        ({"replications": "many"}, "manca qualcosa"),
        ({"added": "-3"}, "manca qualcosa"),
        ({"agent": "nobody"}, "manca qualcosa"),
        ({"agent_skills": "orders"}, "competenza con il suo livello: orders"),
        ({"agent_skills": ""}, "almeno una competenza"),
        ({"agent_skills": "orders=8"}, "da 1 a 5"),
        ({"agent": "luca"}, "quel giorno non c&#39;era: luca"),
        ({"added_skills": ""}, "almeno una competenza"),
        ({"added_from": "18:00", "added_until": "08:00"}, "finisce prima di cominciare"),
        ({"added_from": ""}, "finisce prima di cominciare"),
        ({"rings": "30: level"}, "non sono anelli"),
        ({"rings": "soon"}, "non sono anelli, da 0 in poi e crescenti: soon"),
        ({"order": "alphabet"}, "manca qualcosa"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(
    house: House, supervisor: Browser, change: Mapping[str, str], said: str
) -> None:
    refused = supervisor.post(PAGE, {**ASKED, **change})
    assert refused.status_code == 422
    assert said in refused.text
    with house.sessions() as session:
        assert not store_what_if.running(session, house.clock())


def test_the_error_of_what_callers_were_told_is_shown_by_queue(house: House, supervisor: Browser) -> None:
    assert "Nessuno di chi ha sentito una stima" in supervisor.get(PAGE).text
    with house.sessions.begin() as session:
        stay = session.scalars(select(tables.Stay).where(tables.Stay.outcome == "answered").limit(1)).one()
        assert stay.accepted_at is not None
        stay.estimate_seconds, stay.estimate_low_seconds, stay.estimate_high_seconds = 100, 30, 200
        stay.estimated_at = stay.accepted_at - timedelta(seconds=60)
    page = supervisor.get(PAGE).text
    assert "Nessuno di chi ha sentito una stima" not in page
    assert re.search(r"Detto in più in media:</span>\s*40 s", page)


def test_two_runs_at_once_are_enough(house: House, supervisor: Browser) -> None:
    def add(run_id: str) -> None:
        with house.sessions.begin() as session:
            store_what_if.add_run(
                session, run_id=run_id, by="", day=DAY.isoformat(), asked={}, total=3, now=house.clock()
            )

    for number in range(what_if_runs.MOST_AT_ONCE):
        add(f"busy{number}")
    refused = supervisor.post(PAGE, ASKED)
    assert refused.status_code == 422
    assert "già in corso" in refused.text
    # Their process has died: after a minute they are told broken off, and there is room again.
    house.clock.forward(120)
    assert "interrotta" in supervisor.get(f"{PAGE}/busy0").text
    begun = supervisor.post(PAGE, {"day": DAY.isoformat(), "replications": "2"})
    assert begun.status_code == 303
    assert finished(house, begun.headers["Location"]).state == "done"


def test_a_run_that_fails_says_so_and_its_thread_ends(house: House) -> None:
    with house.sessions.begin() as session:
        store_what_if.add_run(
            session, run_id="broken", by="", day=DAY.isoformat(), asked={}, total=3, now=house.clock()
        )
    nothing = object()
    thread = what_if_runs.start("broken", nothing, house.sessions, house.clock)  # type: ignore[arg-type]
    thread.join(timeout=20)
    assert finished(house, "x/broken").state == "failed"


def test_runs_and_pictures_that_are_not_there_are_404(supervisor: Browser) -> None:
    for address in ("nothing", "nothing/plot.png", "nothing/figures.csv", "broken/plot.png"):
        assert supervisor.get(f"{PAGE}/{address}").status_code == 404


def test_agents_do_not_come_in(house: House) -> None:
    agent = house.signed_in(AGENT)
    assert agent.get(PAGE).status_code == 403
    assert agent.post(PAGE, ASKED).status_code == 403


def test_a_house_without_a_past_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    with desks.open_house(tmp_path_factory.mktemp("new"), Clock()) as new:
        page = new.signed_in(SUPERVISOR).get(PAGE)
        assert page.status_code == 200
        assert "Ancora nessun giorno" in page.text
