"""An agent's acts in the talk, at the desk: mute, ask, bring together, pass on; and what the receiver's desk shows of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.calls import legs
from ivr.calls import store as calls
from ivr.customers.tables import Contact
from routing import dispatch, reports
from tests.service import desks
from tests.service.desks import CALL, Browser, House
from tests.service.talking import SARA, accepted, comes_in, has_an_account, in_talk, offer_of

TALK = f"/desk/calls/{CALL}"
NOTE = "Vuole la consegna di sera: si può?"
ASK = {"to": "agent:sara", "note_to_receiver": NOTE}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        has_an_account(opened)
        yield opened


@pytest.fixture
def giulia(house: House) -> Browser:
    return house.signed_in()


@pytest.fixture
def sara(house: House) -> Browser:
    return house.signed_in(SARA)


def said(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["message"]  # type: ignore[attr-defined] # a test client's response


def roles(house: House) -> list[tuple[str, str]]:
    with house.sessions() as session:
        return [(leg.role, leg.state) for leg in legs.views(session, CALL)]


def sara_is_asked(house: House, giulia: Browser, sara: Browser) -> None:
    """Giulia asks, Sara accepts and her telephone is answered: the caller hears music."""
    in_talk(house, giulia)
    assert giulia.send(f"{TALK}/consult", ASK).status_code == 204
    assert sara.send(f"/desk/offers/{offer_of(house, 'sara')}/accept").status_code == 204
    with house.sessions.begin() as session:
        comes_in(session, "sara", house)
        call = calls.call(session, CALL)
        assert call is not None
        call.on_hold = True


def test_mute_goes_to_the_carrier_for_the_agent_s_own_leg(house: House, giulia: Browser) -> None:
    accepted(house, giulia)
    assert giulia.send(f"{TALK}/mute", {"on": "1"}).status_code == 409  # they do not hear each other yet
    with house.sessions.begin() as session:
        comes_in(session, "giulia", house)
        call = calls.call(session, CALL)
        assert call is not None
        call.status, call.conference_id = calls.TALKING, "CF" + "1" * 32
    assert giulia.send(f"{TALK}/mute", {"on": "1"}).status_code == 204
    _, address, content = house.carrier.asked[-1]
    assert "/Participants/" in address
    assert CALL not in address.rsplit("/", 1)[1]
    assert str(content["Muted"]).lower() == "true"
    assert giulia.send(f"{TALK}/mute", {"on": "perhaps"}).status_code == 400


def test_who_is_asked_sees_who_asks_the_note_and_the_whole_story(house: House, giulia: Browser, sara: Browser) -> None:
    in_talk(house, giulia)
    assert giulia.send(f"{TALK}/consult", ASK).status_code == 204
    page = sara.get("/desk").text
    for wanted in ("Giulia Ferri ti chiede un parere", NOTE, "Chiara Moretti", "la terza volta che chiamo", "C204117"):
        assert wanted in page, wanted
    asking = giulia.get("/desk").text
    assert "Torna al cliente" in asking
    assert "Passa la chiamata" not in asking  # nobody to pass it to yet
    assert f"{TALK}/transfer" not in asking  # one is asked at a time
    assert 'data-leg="consulted"' in asking


def test_the_three_ways_out_of_asking_stand_there_once_the_other_is_on_the_line(
    house: House, giulia: Browser, sara: Browser
) -> None:
    sara_is_asked(house, giulia, sara)
    asking = giulia.get("/desk").text
    for wanted in ("Torna al cliente", "Tutti e tre", "Passa la chiamata", "sente la musica", "Sara Bruni"):
        assert wanted in asking, wanted
    asked = sara.get("/desk").text
    assert "Un collega ti chiede un parere" in asked
    assert "Passa la chiamata" not in asked
    assert f"{TALK}/hold" not in asked  # the caller is not hers to hold
    assert f"{TALK}/hang-up" in asked  # which is to leave


def test_the_call_is_passed_and_the_other_has_it_with_the_note(house: House, giulia: Browser, sara: Browser) -> None:
    sara_is_asked(house, giulia, sara)
    assert giulia.send(f"{TALK}/consult/pass").status_code == 204
    with house.sessions() as session:
        call = calls.call(session, CALL)
        presence = reports.state_of(session, "giulia")
        assert call is not None
        assert presence is not None
        assert (call.agent_id, presence.state.value) == ("sara", "wrap_up")
    page = sara.get("/desk").text
    assert f"<strong>Giulia Ferri</strong>: {NOTE}" in page
    assert f"{TALK}/hang-up" in page
    assert 'data-phase="wrap_up"' in giulia.get("/desk").text
    # Who passed it on writes down hers; what came of the call is told by who had it last.
    assert giulia.send(f"{TALK}/finish", {"outcome": "passed_on", "note": "A Sara."}).status_code == 204


def test_joining_and_coming_back_are_acts_of_who_asked(house: House, giulia: Browser, sara: Browser) -> None:
    sara_is_asked(house, giulia, sara)
    for act in ("consult/join", "consult/pass", "consult/cancel"):
        assert sara.send(f"{TALK}/{act}").status_code in {403, 409}, act
    assert giulia.send(f"{TALK}/consult/join").status_code == 204
    assert giulia.send(f"{TALK}/consult/cancel").status_code == 204
    assert roles(house)[1][0] == "agent"


def test_a_call_passed_on_at_once_shows_by_whom_and_why(house: House, giulia: Browser, sara: Browser) -> None:
    in_talk(house, giulia)
    assert giulia.send(f"{TALK}/transfer", ASK).status_code == 204
    page = sara.get("/desk").text
    assert "Giulia Ferri ti passa una chiamata" in page
    assert NOTE in page
    assert 'data-phase="wrap_up"' in giulia.get("/desk").text


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({}, 400),
        ({"to": ""}, 400),
        ({"to": "sara"}, 400),
        ({"to": "number"}, 400),
        ({"to": "number", "number": "12"}, 400),
        ({"to": "number", "number": "899 123456"}, 400),
        ({"to": "agent:giulia"}, 400),  # oneself
        ({"to": "agent:nobody"}, 404),
        ({"to": "agent:luca"}, 409),  # not there
        ({"to": "skill:juggling"}, 409),
        ({"to": "agent:sara", "note_to_receiver": "x" * 501}, 400),
    ],
)
def test_nobody_is_asked_or_given_a_call_by_a_form_that_means_nobody(
    house: House, giulia: Browser, content: dict[str, str], status: int
) -> None:
    in_talk(house, giulia)
    for act in ("consult", "transfer"):
        refused = giulia.send(f"{TALK}/{act}", content)
        assert refused.status_code == status, (act, refused.get_json())
        assert refused.get_json()["message"]
    assert len(roles(house)) == 2


def test_a_second_click_and_a_stale_button_change_nothing_and_say_why(
    house: House, giulia: Browser, sara: Browser
) -> None:
    in_talk(house, giulia)
    assert giulia.send(f"{TALK}/consult", ASK).status_code == 204
    before = roles(house)
    assert said(giulia.send(f"{TALK}/consult", ASK))[0] == 409
    assert said(giulia.send(f"{TALK}/consult/pass"))[0] == 409  # she does not answer yet
    assert roles(house) == before
    assert giulia.send(f"{TALK}/consult/cancel").status_code == 204
    assert said(giulia.send(f"{TALK}/consult/cancel"))[0] == 409
    assert "nel frattempo" in said(giulia.send(f"{TALK}/consult/join"))[1].lower()
    assert 'data-phase="idle"' in sara.get("/desk").text


def test_no_one_else_can_act_in_the_talk(house: House, giulia: Browser, sara: Browser) -> None:
    in_talk(house, giulia)
    for act, content in (
        ("mute", {"on": "1"}), ("consult", {"to": "skill:recovery"}), ("transfer", {"to": "skill:recovery"}),
        ("consult/cancel", {}), ("consult/join", {}), ("consult/pass", {}),
    ):  # fmt: skip
        assert sara.send(f"{TALK}/{act}", content).status_code == 403, act
        assert house.browser().send(f"{TALK}/{act}", content, page="/sign-in").status_code == 401, act
        assert giulia.client.post(f"{TALK}/{act}", data=content).status_code == 400, "without the form's token"
    assert len(roles(house)) == 2


def test_who_was_asked_writes_down_theirs_and_is_free_again(house: House, giulia: Browser, sara: Browser) -> None:
    sara_is_asked(house, giulia, sara)
    with house.sessions.begin() as session:
        leg = legs.of_agent(session, CALL, "sara")
        assert leg is not None
        assert leg.work_id is not None
        dispatch.talk_ended(session, call_id=leg.work_id, now=house.clock())
    assert 'data-phase="wrap_up"' in sara.get("/desk").text
    assert sara.send(f"{TALK}/finish", {"outcome": "solved", "note": "Ho detto di sì."}).status_code == 204
    with house.sessions() as session:
        presence = reports.state_of(session, "sara")
        contact = session.scalars(select(Contact).where(Contact.call_id == CALL)).one()
        assert presence is not None
        assert (presence.state.value, contact.note) == ("available", "Ho detto di sì.")
        assert contact.outcome == ""  # what came of the call is told by who has it
