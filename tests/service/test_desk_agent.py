"""The agent's desk: the offer with its whole story, what an agent can do, the live stream, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, select

from ivr.accounts import store as accounts
from ivr.calls import store as calls
from ivr.customers.tables import Case, Contact
from routing import dispatch, reports
from routing.tables import Agent
from tests.service import desks
from tests.service.desks import CALL, Browser, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
def browser(house: House) -> Browser:
    return house.signed_in()


def state_of(house: House) -> str:
    with house.sessions() as session:
        presence = reports.state_of(session, "giulia")
    assert presence is not None
    return presence.state.value


def they_meet(house: House) -> None:
    """What the carrier's reports would do: the two hear each other."""
    with house.sessions.begin() as session:
        dispatch.connected(session, call_id=CALL, now=house.clock())
        call = calls.call(session, CALL)
        assert call is not None
        call.status, call.conference_id, call.agent_leg = calls.TALKING, "CF" + "1" * 32, "CA" + "2" * 32


def they_part(house: House) -> None:
    with house.sessions.begin() as session:
        dispatch.talk_ended(session, call_id=CALL, now=house.clock())


def accepted(house: House, browser: Browser) -> None:
    offer_id = house.offer()
    assert browser.send(f"/desk/offers/{offer_id}/accept").status_code == 204


def test_the_offer_tells_the_whole_story(house: House, browser: Browser) -> None:
    house.offer()
    page = browser.get("/desk").text
    for wanted in (
        "Chiara Moretti",
        "Probabile",  # how sure the line is
        "numero in archivio",  # and by what
        "Reclamo",
        "voglio fare un reclamo mi avete promesso la consegna di sera",  # the caller's own words, on top
        "la terza volta che chiamo",  # and everything else that was said
        "Ha aperto la pratica C318022",  # what the line did
        "Ordine 1042 in ritardo",
        "Pratica C204117 scaduta",
        "Bollitore elettrico",
        "promessa nuova consegna entro oggi",  # past contacts
        "Perché questa chiamata è arrivata a me",
        "Sara Bruni",  # who else was considered
    ):
        assert wanted in page, wanted


def test_the_offer_s_first_lines_are_who_why_and_what_the_line_did(house: House, browser: Browser) -> None:
    house.offer()
    page = browser.get("/desk").text
    order = [
        page.index(text) for text in ('class="who', 'class="why', "first-words", "La linea ha già fatto", "/accept")
    ]
    assert order == sorted(order)
    on_top = page[page.index("La linea ha già fatto") : page.index("/accept")]
    assert "C318022" in on_top
    assert "proposta" not in on_top.lower().replace("promessa", "")  # routing's own doings are not the line's


def test_an_agent_goes_available_away_and_offline(house: House, browser: Browser) -> None:
    for content, wanted in (
        ({"state": "available"}, "available"),
        ({"state": "away", "reason": "lunch"}, "away"),
        ({"state": "offline"}, "offline"),
    ):
        assert browser.send("/desk/state", content).status_code == 204
        assert state_of(house) == wanted
    assert "Pranzo" not in browser.get("/desk").text.split("<select")[0]


@pytest.mark.parametrize(
    "content", [{}, {"state": "on_call"}, {"state": "away"}, {"state": "away", "reason": "fishing"}]
)
def test_a_state_that_no_agent_can_wish_is_refused(house: House, browser: Browser, content: dict[str, str]) -> None:
    assert browser.send("/desk/state", content).status_code == 400
    assert state_of(house) == "offline"


def test_accepting_rings_the_agent_s_telephone_after_the_commit(house: House, browser: Browser) -> None:
    accepted(house, browser)
    assert state_of(house) == "on_call"
    method, address, content = house.carrier.asked[-1]
    assert (method.upper(), address.rsplit("/", 1)[1]) == ("POST", "Calls.json")
    assert content["To"] == "client:giulia"
    assert 'data-phase="connecting"' in browser.get("/desk").text


def test_accepting_twice_rings_once(house: House, browser: Browser) -> None:
    offer_id = house.offer()
    for _ in range(2):
        assert browser.send(f"/desk/offers/{offer_id}/accept").status_code == 204
    assert len(house.carrier.asked) == 1


def test_an_offer_whose_time_is_over_cannot_be_accepted_and_says_so(house: House, browser: Browser) -> None:
    offer_id = house.offer()
    house.clock.forward(21)
    refused = browser.send(f"/desk/offers/{offer_id}/accept")
    assert refused.status_code == 409
    assert refused.get_json()["message"] == "Troppo tardi: il tempo per rispondere è finito."
    assert house.carrier.asked == []


def test_the_offer_of_another_agent_is_none_of_mine(house: House) -> None:
    offer_id = house.offer()
    with house.sessions.begin() as session:
        accounts.add(
            session, email="sara@example.it", display_name="Sara", role=accounts.Role.AGENT,
            password=desks.PASSWORD, agent_id="sara", now=house.clock(),
        )  # fmt: skip
    refused = house.signed_in("sara@example.it").send(f"/desk/offers/{offer_id}/accept")
    assert refused.status_code == 403
    assert state_of(house) == "offered"


def test_declining_gives_the_call_back(house: House, browser: Browser) -> None:
    offer_id = house.offer()
    assert browser.send(f"/desk/offers/{offer_id}/decline").status_code == 204
    assert state_of(house) == "available"
    assert browser.send(f"/desk/offers/{offer_id}/decline").status_code == 204  # a second click changes nothing
    assert browser.send(f"/desk/offers/{offer_id}/accept").status_code == 409


def test_hold_and_hang_up_go_to_the_carrier(house: House, browser: Browser) -> None:
    accepted(house, browser)
    assert browser.send(f"/desk/calls/{CALL}/hold", {"on": "1"}).status_code == 409  # they do not hear each other yet
    they_meet(house)
    assert browser.send(f"/desk/calls/{CALL}/hold", {"on": "1"}).status_code == 204
    assert house.carrier.asked[-1][1].endswith(f"Participants/{CALL}.json")
    assert browser.send(f"/desk/calls/{CALL}/hold", {"on": "maybe"}).status_code == 400
    assert browser.send(f"/desk/calls/{CALL}/hang-up").status_code == 204
    assert house.carrier.asked[-1][1].endswith("Calls/CA" + "2" * 32 + ".json")


def test_what_the_call_led_to_is_kept_as_contact_and_case(house: House, browser: Browser) -> None:
    accepted(house, browser)
    they_meet(house)
    they_part(house)
    assert 'data-phase="wrap_up"' in browser.get("/desk").text
    content = {
        "outcome": "to_follow_up", "note": "Corriere chiamato.", "next_step": "Richiamare dopo la consegna.",
        "due_at": "2026-11-25T18:00",
    }  # fmt: skip
    assert browser.send(f"/desk/calls/{CALL}/finish", content).status_code == 204
    assert state_of(house) == "available"
    with house.sessions() as session:
        contact = session.scalars(select(Contact).where(Contact.call_id == CALL)).one()
        case = session.scalars(select(Case).where(Case.opened_in_call == CALL, Case.kind == "follow-up")).one()
    assert (contact.outcome, contact.note) == ("to_follow_up", "Corriere chiamato.")
    assert case.summary == "Richiamare dopo la consegna."
    assert case.due_at.isoformat() == "2026-11-25T17:00:00+00:00"  # the company's six in the evening


def test_the_next_step_is_due_in_a_day_unless_the_agent_says_otherwise(house: House, browser: Browser) -> None:
    accepted(house, browser)
    assert 'value="2026-11-25T10:30"' in browser.get("/desk").text


@pytest.mark.parametrize(
    "content",
    [
        {"outcome": "to_follow_up", "note": "senza passo"},
        {"outcome": "famous", "note": ""},
        {"note": "senza esito"},
        {"outcome": "solved", "next_step": "senza scadenza"},
        {"outcome": "solved", "next_step": "ieri", "due_at": "2026-11-20T18:00"},
        {"outcome": "solved", "note": "x" * 5000},
    ],
)
def test_a_wrap_up_that_is_incomplete_keeps_nothing(house: House, browser: Browser, content: dict[str, str]) -> None:
    accepted(house, browser)
    they_meet(house)
    they_part(house)
    assert browser.send(f"/desk/calls/{CALL}/finish", content).status_code == 400
    assert state_of(house) == "wrap_up"


def test_the_call_of_another_agent_cannot_be_touched(browser: Browser) -> None:
    for act, content in (("hold", {"on": "1"}), ("hang-up", {}), ("finish", {"outcome": "solved"})):
        assert browser.send(f"/desk/calls/{CALL}/{act}", content).status_code == 403, act


def test_without_a_script_a_form_leads_back_to_the_desk(house: House, browser: Browser) -> None:
    assert browser.post("/desk/state", {"state": "available"}, page="/desk").location == "/desk"
    assert state_of(house) == "available"


def test_a_get_never_writes(house: House, browser: Browser) -> None:
    house.offer()
    written: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "BEGIN", "PRAGMA", "COMMIT", "ROLLBACK")):
            written.append(statement)

    event.listen(house.engine, "before_cursor_execute", note)
    for address in ("/", "/desk", "/account", "/sign-in", "/health/ready"):
        browser.get(address)
    admin = house.signed_in(desks.ADMIN)
    written.clear()
    for address in ("/admin", f"/admin/calls/{CALL}", "/admin/flows"):
        assert admin.get(address).status_code == 200
    assert written == []


def test_the_live_stream_sends_every_part_at_first_and_then_what_changed(house: House, browser: Browser) -> None:
    stream = browser.get("/desk/events", buffered=False)
    assert stream.mimetype == "text/event-stream"
    chunks = stream.iter_encoded()
    assert next(chunks).startswith(b"retry:")
    first = {json.loads(next(chunks).decode().split("data: ")[1])["region"] for _ in range(7)}
    assert first == {"presence", "work", "story", "voice", "notes", "tools", "figures"}
    house.offer()
    changed = json.loads(next(chunks).decode().split("data: ")[1])
    assert "offered" in changed["html"]
    stream.close()


def test_the_live_stream_ends_with_the_sign_in(house: House, browser: Browser) -> None:
    stream = browser.get("/desk/events", buffered=False)
    chunks = stream.iter_encoded()
    for _ in range(6):
        next(chunks)
    with browser.client.session_transaction() as cookie:
        token = cookie["_user_id"]
    with house.sessions.begin() as session:
        accounts.end_sign_in(session, token=token, now=house.clock())
    rest = [chunk.decode() for chunk in chunks]
    assert rest[-1].startswith("event: gone")


def test_the_live_stream_ends_when_the_agent_is_removed(house: House, browser: Browser) -> None:
    stream = browser.get("/desk/events", buffered=False)
    chunks = stream.iter_encoded()
    for _ in range(5):
        next(chunks)
    with house.sessions.begin() as session:
        session.delete(session.get_one(Agent, "giulia"))
    assert [chunk.decode() for chunk in chunks][-1].startswith("event: gone")
    assert browser.get("/desk").status_code == 404


def test_the_browser_phone_is_framed_only_for_an_agent_who_has_one(browser: Browser, tmp_path: Path) -> None:
    assert 'src="http://127.0.0.1:5050/agent-phone/giulia?answer=auto"' in browser.get("/desk").text
    (tmp_path / "other").mkdir()
    with desks.open_house(tmp_path / "other", line_url="") as off:
        page = off.signed_in().get("/desk")
    assert "<iframe" not in page.text
    assert "frame-src 'none'" in page.headers["Content-Security-Policy"]


def test_what_a_caller_says_cannot_become_a_script(house: House, browser: Browser) -> None:
    with house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.reason = "<script>alert(1)</script>"
    house.offer()
    assert "<script>alert" not in browser.get("/desk").text


def test_an_agent_whose_desk_is_gone_is_not_kept_in_the_queue(house: House, browser: Browser) -> None:
    browser.send("/desk/state", {"state": "available"})
    browser.send("/desk/here", {"desk": "1"})
    with house.sessions.begin() as session:
        house.clock.forward(3600)
        dispatch.tick(session, house.clock())
    assert state_of(house) == "offline"


def test_a_long_talk_does_not_sign_the_agent_out(house: House, browser: Browser) -> None:
    accepted(house, browser)
    for _ in range(3):
        house.clock.forward(1700)
        assert browser.send("/desk/here", {"touched": "0", "desk": "1"}).status_code == 204
    assert browser.get("/desk").status_code == 200
