"""The page on which the draft is called: what is wanted is checked first, and only an admin's own page gets a telephone."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import pytest
import simple_websocket

from ivr.accounts import store as accounts
from ivr.trials.house import MOST_PAGES
from ivr.web.editing import trial_socket, trial_ticket
from tests import telephone
from tests.service import desks
from tests.service.desks import Browser, House

ORIGIN = "http://localhost"
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket"}


class PageSocket:
    """The service's end of a page's socket, whose messages a test writes beforehand."""

    def __init__(self, *messages: str | Callable[[], str]) -> None:
        self._messages: SimpleQueue[str | Callable[[], str]] = SimpleQueue()
        for message in messages:
            self._messages.put(message)
        self.sent: list[dict[str, Any]] = []
        self.sounds = 0
        self.on_sent: Callable[[dict[str, Any]], None] = lambda _message: None

    def say(self, message: dict[str, Any]) -> None:
        self._messages.put(json.dumps(message))

    def leave(self) -> None:
        def gone() -> str:
            raise simple_websocket.ConnectionClosed(1000)

        self._messages.put(gone)

    def receive(self, timeout: float | None = None) -> str | None:
        try:
            message = self._messages.get(timeout=timeout)
        except Empty:
            return None
        return message if isinstance(message, str) else message()

    def send(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            self.sounds += 1
            return
        self.sent.append(json.loads(data))
        self.on_sent(self.sent[-1])

    def close(self, *_: object) -> None:
        """The other side has closed."""

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.sent if one["type"] == kind]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("trial"), understanding=telephone.understanding()) as opened:
        yield opened


@pytest.fixture(scope="module")
def admin(house: House) -> Browser:
    return house.signed_in(desks.ADMIN)


def asked(browser: Browser, content: Any) -> Any:
    headers = {"X-CSRFToken": browser.token("/account"), "X-Centralino-Script": "1"}
    return browser.client.post("/admin/trial/ticket", json=content, headers=headers)


def ticket_of(browser: Browser, **setting: Any) -> str:
    answer = asked(browser, {"version": "draft", "setting": {"caller": {"kind": "stranger"}, **setting}})
    assert answer.status_code == 200, answer.text
    return str(answer.json["ticket"])


def converse(house: House, browser: Browser, socket: PageSocket) -> None:
    """Serve a socket in the admin's own session."""
    cookie = browser.client.get_cookie(house.app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    headers = {"Cookie": f"{cookie.key}={cookie.value}", "Origin": ORIGIN}
    with house.app.test_request_context(trial_socket.PATH, headers=headers):
        trial_socket.converse(socket)


def test_page_offers_versions_callers_and_faults(admin: Browser) -> None:
    page = admin.get("/admin/trial")
    assert page.status_code == 200
    assert page.headers["Permissions-Policy"].startswith("microphone=(self)")
    for shown in ('value="draft"', 'value="1"', "Chiara Moretti", 'value="vanish"', 'value="webhook_lost"'):
        assert shown in page.text, shown


def test_page_says_plainly_that_the_microphone_is_not_heard_without_a_recogniser(admin: Browser) -> None:
    page = admin.client.get("/admin/trial", headers={"Accept-Language": "en"})
    assert "riconoscitore" in page.text or "No recogniser is installed" in page.text
    assert "data-hears-it" not in page.text


def test_sound_scripts_are_the_line_s_own_and_no_other_file(admin: Browser) -> None:
    with admin.get("/admin/trial/sound/sound.js") as answer:
        assert "openMicrophone" in answer.text
    assert admin.get("/admin/trial/sound/phone.js").status_code == 404
    assert admin.get("/admin/trial/sound/..%2fphone.js").status_code == 404


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("no object", 400),
        ({"version": "99", "setting": {}}, 404),
        ({"version": "-1", "setting": {}}, 404),
        ({"version": "9" * 30, "setting": {}}, 404),
        ({"version": "draft"}, 422),
        ({"version": "draft", "setting": {"agents": "asleep"}}, 422),
        ({"version": "draft", "setting": {"at": "soon"}}, 422),
        ({"version": "draft", "setting": {"caller": {"kind": "known", "customer_id": "K999"}}}, 422),
        ({"version": "draft", "setting": {"caller": {"kind": "known", "customer_id": "+39000"}}}, 422),
        ({"version": "draft", "setting": {"faults": ["earthquake"]}}, 422),
    ],
)
def test_what_cannot_be_tried_is_refused_with_a_sentence(admin: Browser, content: Any, status: int) -> None:
    answer = asked(admin, content)
    assert (answer.status_code, bool(answer.json["message"])) == (status, True)


def test_whole_call_by_keyboard_over_the_socket(house: House, admin: Browser) -> None:
    socket = PageSocket(json.dumps({"ticket": ticket_of(admin)}))

    def react(message: dict[str, Any]) -> None:
        if message["type"] == "heard" and len(socket.told("heard")) == 1:
            socket.say({"type": "press", "keys": "0"})
        if message["type"] == "heard" and message["source"] == "party":
            socket.say({"type": "hang_up"})

    socket.on_sent = react
    converse(house, admin, socket)
    assert [one["state"] for one in socket.told("state")] == ["idle", "dialling", "connected", "ended"]
    told = socket.told("story")[-1]
    assert {"ask_request", "route_person"} <= set(told["story"]["path"])
    assert told["story"]["routed"][0]["agent"] == "Anna"
    assert told["scenario"]["steps"][0]["press"] == "0"
    assert told["scenario"]["ends"]["outcome"] == "agent"
    assert socket.sounds > 50
    assert_all_places_are_free(house)


def test_page_that_is_closed_ends_its_house(house: House, admin: Browser) -> None:
    socket = PageSocket(json.dumps({"ticket": ticket_of(admin)}))
    socket.on_sent = lambda message: socket.leave() if message["type"] == "heard" else None
    converse(house, admin, socket)
    assert not [thread.name for thread in threading.enumerate() if thread.name == "line-loop"]
    assert_all_places_are_free(house)


def test_ticket_is_good_once_for_one_person_and_not_for_long(
    house: House, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = ticket_of(admin)
    with house.app.test_request_context():
        person = _account(house, desks.ADMIN)
        assert trial_ticket.wanted_by(ticket, _account(house, desks.SUPERVISOR)) is None
        assert trial_ticket.wanted_by(ticket + "x", person) is None
        assert trial_ticket.wanted_by(ticket, person) is not None
        assert trial_ticket.wanted_by(ticket, person) is None
        monkeypatch.setattr(trial_ticket, "TICKET_SECONDS", -1)
        assert trial_ticket.wanted_by(ticket_of(admin), person) is None


@pytest.mark.parametrize("first", ["{}", "no json", "[]", json.dumps({"ticket": "made up"})])
def test_socket_without_a_ticket_is_closed(house: House, admin: Browser, first: str) -> None:
    socket = PageSocket(first)
    converse(house, admin, socket)
    assert [one["reason"] for one in socket.told("refused")] in ([], ["ticket"])
    assert not socket.told("state")


def test_so_many_pages_at_once_and_no_more(house: House, admin: Browser) -> None:
    places = house.app.extensions["centralino"].doors.trials.places
    for _ in range(MOST_PAGES):
        assert places.acquire(blocking=False)
    try:
        socket = PageSocket(json.dumps({"ticket": ticket_of(admin)}))
        converse(house, admin, socket)
        assert [one["reason"] for one in socket.told("refused")] == ["places"]
    finally:
        for _ in range(MOST_PAGES):
            places.release()


@pytest.mark.parametrize("origin", ["https://evil.example", "", "null", "http://localhost.evil.example"])
def test_foreign_page_gets_no_socket(admin: Browser, origin: str) -> None:
    assert admin.client.get(trial_socket.PATH, headers={**UPGRADE, "Origin": origin}).status_code == 403


@pytest.mark.parametrize("email", [desks.AGENT, desks.SUPERVISOR])
def test_only_admins_call_the_draft(house: House, email: str) -> None:
    browser = house.signed_in(email)
    assert browser.get("/admin/trial").status_code == 403
    assert browser.client.get(trial_socket.PATH, headers={**UPGRADE, "Origin": ORIGIN}).status_code == 403


def assert_all_places_are_free(house: House) -> None:
    places = house.app.extensions["centralino"].doors.trials.places
    taken = 0
    with suppress(AssertionError):
        while places.acquire(blocking=False):
            taken += 1
    for _ in range(taken):
        places.release()
    assert taken == MOST_PAGES


def _account(house: House, email: str) -> int:
    with house.sessions() as session:
        person = accounts.by_email(session, email)
        assert isinstance(person, accounts.Person)
        return person.account_id
