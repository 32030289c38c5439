"""The page on routing: admins edit queues and skills, supervisors read them, and a preview says who could take a call."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

from routing import store
from tests.service import desks
from tests.service.desks import ADMIN, AGENT, CALL, SUPERVISOR, Browser, House

PAGE = "/admin/routing"
QUEUE = f"{PAGE}/queues/recovery"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """An admin's browser in a house where nothing that is tried is kept."""
    with desks.open_house(tmp_path_factory.mktemp("untouched")) as opened:
        yield opened.signed_in(ADMIN)
        with opened.sessions() as session:
            assert set(store.queues(session)) == {"general"}
            assert not store.changes(session)


def form_of(**changed: object) -> dict[str, object]:
    """What a browser sends for the queue of customers to win back."""
    fields: dict[str, object] = {
        "version": "0",
        "queue_id": "recovery",
        "name_it": "Recupero",
        "name_en": "Recovery",
        "team": ["recovery", "orders"],
        "order": "best_fit",
        "rings-0-after_seconds": "0",
        "rings-1-after_seconds": "60",
        "rings-1-drops": ["level"],
        "service_seconds": "20",
        "service_percent": "80",
        "overflow_to": "",
        "closed_does": "callback",
        "priority": "2",
        "preferred_seconds": "15",
        "boosts-0-seconds": "240",
        "own_hours": "company",
        "subdivision": "",
    }
    return {name: value for name, value in {**fields, **changed}.items() if value is not None}


def send(browser: Browser, address: str, fields: dict[str, object]) -> tuple[int, str]:
    content = MultiDict(fields)
    content["csrf_token"] = browser.token("/account")
    answer = browser.client.post(address, data=content)
    return answer.status_code, answer.text


def made(house: House, **changed: object) -> Browser:
    browser = house.signed_in(ADMIN)
    status, page = send(browser, f"{PAGE}/queues/new", form_of(**changed))
    assert status == 303, re.findall(r'invalid-feedback d-block">([^<]*)', page)
    return browser


def test_an_admin_makes_a_queue_and_everything_of_it_is_kept(house: House) -> None:
    browser = made(
        house,
        own_hours="own",
        opens_at="09:00",
        closes_at="13:30",
        open_days=["1", "2"],
        subdivision="MI",
        closed_on="24.12.2026\n2026-12-31",
        max_waiting="40",
        overflow_after_seconds="300",
        overflow_to="queue:general",
    )
    with house.sessions() as session:
        queue = store.queues(session)["recovery"]
    assert (queue.names, queue.team) == ({"it": "Recupero", "en": "Recovery"}, ("recovery", "orders"))
    assert [ring.after_seconds for ring in queue.rings] == [0, 60]
    assert (queue.priority, dict(queue.boosts), queue.overflow_to) == (2, {"recovery": 240}, "queue:general")
    assert queue.preferred_seconds == 15
    assert queue.hours is not None
    assert (queue.hours.subdivision, queue.hours.open_days, len(queue.hours.closed_on)) == ("MI", (1, 2), 2)
    page = browser.get(QUEUE).text
    assert 'value="Recupero"' in page
    assert "2026-12-31" in page
    overview = browser.get(PAGE).text
    assert "Recupero" in overview
    assert "Paolo Riva" in overview  # who changed it


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"queue_id": "di notte"}, "Solo lettere"),
        ({"queue_id": "general"}, "già una coda con questo codice."),
        ({"name_it": ""}, "obbligatorio"),
        ({"rings-0-after_seconds": "5"}, "Il primo anello comincia a 0 secondi."),
        ({"rings-1-after_seconds": "0"}, "Ogni anello comincia dopo quello che lo precede."),
        ({"rings-1-after_seconds": "subito"}, "numer"),
        ({"rings-1-drops": ["cortesia"]}, "valid"),
        ({"rings-1-drops": ["skill"], "team": None}, "solo dove la coda ha una squadra"),
        ({"order": "loudest"}, "valid"),
        ({"team": ["telepathy"]}, "valid"),
        ({"service_percent": "0"}, "compreso"),
        ({"max_waiting": "5"}, "Dica dove vanno le chiamate"),
        ({"overflow_to": "queue:nowhere"}, "valid"),
        ({"priority": "11"}, "compreso"),
        ({"preferred_seconds": "-1"}, "compreso"),
        ({"boosts-0-seconds": "9999"}, "compreso"),
        ({"own_hours": "own"}, "Questi orari non vanno"),
        (
            {"own_hours": "own", "opens_at": "09:00", "closes_at": "18:00", "closed_on": "Natale"},
            "I giorni si scrivono",
        ),
        ({"new_skill": "Ordini!"}, "lettere minuscole"),
    ],
)
def test_what_can_t_be_is_refused_beside_its_field_and_nothing_is_kept(
    untouched: Browser, changed: dict[str, object], said: str
) -> None:
    status, page = send(untouched, f"{PAGE}/queues/new", form_of(**changed))
    problems = re.findall(r'invalid-feedback d-block">([^<]*)', page)
    assert status == 422
    assert any(said in problem for problem in problems), problems
    assert "Recovery" in page  # what was typed is still there


def test_two_admins_who_edit_the_same_queue_are_told_and_lose_nothing(house: House) -> None:
    browser = made(house)
    assert send(browser, QUEUE, form_of(version="1", name_it="Prima"))[0] == 303
    status, page = send(browser, QUEUE, form_of(version="1", name_it="Seconda", priority="3"))
    assert status == 409
    assert "non è ancora salvato" in page
    assert "Prima / Recovery" in page  # theirs
    assert 'value="Seconda"' in page  # ours
    assert 'name="version" value="2"' in page
    with house.sessions() as session:
        assert store.queues(session)["recovery"].names["it"] == "Prima"
    assert send(browser, QUEUE, form_of(version="2", name_it="Seconda"))[0] == 303
    with house.sessions() as session:
        assert store.queues(session)["recovery"].names["it"] == "Seconda"


def test_a_preview_says_who_could_take_a_call_by_rules_that_are_not_saved(house: House) -> None:
    browser = made(house)
    asked = {"p-skill": "recovery", "p-level": "3", "p-language": "it", "p-agent": "", "p-kept_seconds": "0"}
    # Sara, of level 1, is the only one signed in: she fits once the level is dropped.
    status, page = send(browser, f"{QUEUE}/preview", {**form_of(version="1"), **asked})
    assert status == 200
    assert looks(page) == {"0": "nessuno", "60": "Sara Bruni", "120": "Sara Bruni"}
    assert "Sara Bruni: ha il livello 1, serve almeno 3." in page
    hurried = form_of(version="1", **{"rings-1-after_seconds": "90"})
    status, page = send(browser, f"{QUEUE}/preview", {**hurried, **asked})
    assert looks(page) == {"0": "nessuno", "60": "nessuno", "120": "Sara Bruni"}
    assert "come salvate: Sara Bruni" in page
    assert 'name="rings-1-after_seconds" type="number" value="90"' in page
    with house.sessions() as session:
        assert store.queues(session)["recovery"].rings[1].after_seconds == 60
        assert store.queue_version(session, "recovery") == 1
    status, page = send(browser, f"{QUEUE}/preview", {**form_of(version="1"), **asked, "p-all_free": "y"})
    assert looks(page)["0"] == "Giulia Ferri"


def looks(page: str) -> dict[str, str]:
    found = re.findall(r'data-look="(\d+)".*?text-bg-(?:success|danger)">([^<]*)', page, re.DOTALL)
    return dict(found)


def test_a_preview_of_what_can_t_be_says_why(untouched: Browser) -> None:
    status, page = send(untouched, f"{PAGE}/queues/general/preview", form_of(priority="99"))
    assert status == 422
    assert "compreso" in page
    assert looks(page) == {}


def test_skills_are_kept_with_what_they_rest_on_and_who_said_so(house: House) -> None:
    browser = house.signed_in(ADMIN)
    page = browser.get(f"{PAGE}/agents/luca").text
    fields = {
        "seen": seen(page),
        "languages": ["it", "de"],
        "skills-0-skill": "orders",
        "skills-0-level": "5",
        "skills-0-basis": "due anni agli ordini",
        "skills-1-skill": "",
        "skills-1-level": "1",
    }
    assert send(browser, f"{PAGE}/agents/luca", fields)[0] == 303
    with house.sessions() as session:
        kept = store.skills_kept(session, "luca")
    expected = {"skills": {"orders": 5}, "basis": {"orders": "due anni agli ordini"}, "languages": ["it", "de"]}
    assert kept == expected
    page = browser.get(f"{PAGE}/agents/luca").text
    assert "due anni agli ordini" in page
    assert "orders 3, returns 2" in page  # what it was
    status, page = send(browser, f"{PAGE}/agents/luca", {**fields, "skills-0-level": "4"})
    assert status == 409
    assert "non è ancora salvato" in page
    with house.sessions() as session:
        assert store.skills_kept(session, "luca") == expected


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found is not None
    return found[1].replace("&#34;", '"')


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"skills-1-skill": "orders", "skills-1-level": "2"}, "due volte"),
        ({"skills-0-level": "6"}, "valid"),
        ({"skills-0-skill": "Gli Ordini"}, "lettere minuscole"),
        ({"languages": ["klingon"]}, "valid"),
    ],
)
def test_skills_that_can_t_be_are_refused(untouched: Browser, changed: dict[str, object], said: str) -> None:
    page = untouched.get(f"{PAGE}/agents/luca").text
    fields = {"seen": seen(page), "skills-0-skill": "orders", "skills-0-level": "5"}
    status, page = send(untouched, f"{PAGE}/agents/luca", {**fields, **changed})
    problems = re.findall(r'invalid-feedback d-block">([^<]*)', page)
    assert status == 422
    assert any(said in problem for problem in problems), problems


def test_supervisors_read_and_look_ahead_but_change_nothing(house: House) -> None:
    made(house)
    browser = house.signed_in(SUPERVISOR)
    assert browser.get(PAGE).status_code == 200
    page = browser.get(QUEUE).text
    assert "<fieldset disabled" in page
    assert "Salva" not in page
    assert send(browser, QUEUE, form_of(version="1"))[0] == 403
    assert send(browser, f"{PAGE}/agents/luca", {"seen": "", "skills-0-skill": "orders"})[0] == 403
    status, page = send(
        browser, f"{QUEUE}/preview", {"p-skill": "recovery", "p-level": "1", "p-language": "it", "p-agent": ""}
    )
    assert status == 200
    assert looks(page)["0"] == "Sara Bruni"


def test_agents_have_no_business_here(house: House) -> None:
    assert house.signed_in(AGENT).get(PAGE).status_code == 403


@pytest.mark.parametrize(
    "address", [f"{PAGE}/queues/nowhere", f"{PAGE}/agents/nobody", "/admin/calls/CA404/receipts.json"]
)
def test_what_is_not_there_is_not_here(untouched: Browser, address: str) -> None:
    assert untouched.get(address).status_code == 404


def test_the_receipts_of_a_call_are_on_its_story_and_for_programs(house: House) -> None:
    house.offer()
    browser = house.signed_in(SUPERVISOR)
    told = browser.get(f"/admin/calls/{CALL}/receipts.json").get_json()
    (one,) = told["receipts"]
    assert (one["offer"], one["receipt"]["chosen_agent_id"]) == ("open", "giulia")
    assert one["in_words"]["en"][0].startswith("Giulia Ferri is offered the call")
    story = browser.get(f"/admin/calls/{CALL}").text
    assert "Giulia Ferri riceve la chiamata" in story
    assert "Sara Bruni: ha il livello 1, serve almeno 2" in story
