"""What an agent does beside the talk: cases closed, messages sent, promises made, and the customer's history as it then reads."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.accounts import store as accounts
from ivr.calls import callbacks, timeline
from ivr.calls import store as calls
from ivr.calls.timeline import Kind, Stands
from ivr.customers.tables import Case, Contact, CustomerNumber, Message, Return
from ivr.web import desk_view
from tests.service import desks
from tests.service.desks import CALL, Browser, House
from tests.service.talking import accepted, in_talk, they_meet, they_part

CASE = "C204117"
CLOSE, SEND, FINISH = (
    f"/desk/calls/{CALL}/cases/{CASE}/close",
    f"/desk/calls/{CALL}/message",
    f"/desk/calls/{CALL}/finish",
)
CALLBACK = f"/desk/calls/{CALL}/callback"
CALL_BACK = {
    "at": "2026-11-25T11:00", "number": "02 1234 5678", "whose": "me", "note": "Esito del corriere", "promised": "0",
}  # fmt: skip
LATE = {"code": "order_late", "sent": "0"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
def browser(house: House) -> Browser:
    return house.signed_in()


def history(house: House) -> tuple[timeline.Moment, ...]:
    with house.sessions() as session:
        return timeline.timeline_of(session, "K0007", but_call="", language="it", now=house.clock())


def story(house: House) -> str:
    """What was done in the call, as whoever reads its story is told."""
    with house.sessions() as session:
        context = desk_view.context_of(session, CALL, language="it", now=house.clock())
    assert context is not None
    return "\n".join(line.text for line in context.done)


def messages(house: House) -> list[Message]:
    with house.sessions() as session:
        return list(session.scalars(select(Message)))


def somebody_else(house: House) -> Browser:
    with house.sessions.begin() as session:
        accounts.add(
            session, email="sara@example.it", display_name="Sara", role=accounts.Role.AGENT,
            password=desks.PASSWORD, agent_id="sara", now=house.clock(),
        )  # fmt: skip
    return house.signed_in("sara@example.it")


# --- Cases


def test_a_case_is_closed_with_what_was_done(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    assert "Chiudi questa pratica" in browser.get("/desk").text
    for _ in range(2):  # a second click changes nothing
        assert browser.send(CLOSE, {"note": "Consegnato di sera."}).status_code == 204
    assert "Pratica C204117 scaduta" not in browser.get("/desk").text
    assert "Giulia Ferri ha chiuso la pratica C204117: Consegnato di sera." in story(house)
    closed = next(one for one in history(house) if one.kind is Kind.CASE_CLOSED)
    assert (closed.number, closed.note, closed.stands) == (CASE, "Consegnato di sera.", Stands.LATE)
    with house.sessions() as session:
        assert calls.times_happened(session, CALL)["case_closed"] == 1


@pytest.mark.parametrize("note", ["", "   ", "x" * 4001])
def test_a_case_is_not_closed_without_a_word(house: House, browser: Browser, note: str) -> None:
    in_talk(house, browser)
    assert browser.send(CLOSE, {"note": note}).status_code == 400
    assert not [one for one in history(house) if one.kind is Kind.CASE_CLOSED]


def test_the_case_of_another_customer_is_not_this_customer_s(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    with house.sessions.begin() as session:
        row = session.get_one(Case, CASE)
        row.customer_id = None
    assert browser.send(CLOSE, {"note": "Fatto."}).status_code == 204  # nobody's, but of the calling number
    with house.sessions.begin() as session:
        row = session.get_one(Case, CASE)
        row.closed_at, row.number = None, "+390299999999"
    refused = browser.send(CLOSE, {"note": "Fatto."})
    assert (refused.status_code, refused.get_json()["message"]) == (404, "Questo cliente non ha una pratica così.")
    assert browser.send(CLOSE.replace(CASE, "C999999"), {"note": "Fatto."}).status_code == 404


def test_a_case_that_somebody_else_has_closed_says_so(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    with house.sessions.begin() as session:
        session.get_one(Case, CASE).closed_at = house.clock()
    refused = browser.send(CLOSE, {"note": "Fatto."})
    assert (refused.status_code, refused.get_json()["message"]) == (409, "Questa pratica è già stata chiusa.")


# --- Messages


def test_a_message_is_filled_sent_recorded_and_told_in_the_story(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    preview = "Bottega Aurora: il suo ordine 1042 arriva il 26 novembre 2026."
    assert preview in browser.get("/desk").text
    assert browser.send(SEND, LATE).status_code == 204
    method, address, content = house.carrier.asked[-1]
    assert (method.upper(), address.rsplit("/", 1)[1], content["To"]) == ("POST", "Messages.json", "+393331234567")
    assert content["Body"].startswith(preview)
    (message,) = messages(house)
    assert (message.status, message.text) == ("accepted", content["Body"])
    assert f"Giulia Ferri ha mandato un SMS al +393331234567: «{preview}" in story(house)
    assert "mandato</span>" in browser.get("/desk").text.replace("\n", "")
    assert [one.channel for one in history(house) if one.kind is Kind.MESSAGE] == ["sms"]


def test_a_message_is_sent_once_a_click_and_again_only_when_it_was_seen_as_sent(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    for _ in range(3):
        assert browser.send(SEND, LATE).status_code == 204
    assert len(messages(house)) == 1
    assert browser.send(SEND, {**LATE, "sent": "1"}).status_code == 204
    assert len(messages(house)) == 2
    refused = browser.send(SEND, LATE)  # a tab that has not looked since
    assert refused.status_code == 409
    assert "Nel frattempo" in refused.get_json()["message"]
    assert len(messages(house)) == 2


@pytest.mark.parametrize(
    ("content", "status"),
    [({}, 400), ({"code": "order_late"}, 400), ({"code": "order_late", "sent": "-1"}, 400),
     ({"code": "order_late", "sent": "one"}, 400), ({"code": "nothing", "sent": "0"}, 404)],
)  # fmt: skip
def test_a_message_that_is_none_is_refused(
    house: House, browser: Browser, content: dict[str, str], status: int
) -> None:
    in_talk(house, browser)
    assert browser.send(SEND, content).status_code == status
    assert messages(house) == []


def test_a_message_goes_to_a_mobile_of_the_customer_s_own_and_nowhere_else(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    with house.sessions.begin() as session:
        for row in session.scalars(select(CustomerNumber)).all():
            session.delete(row)
        session.flush()
        session.add(CustomerNumber(customer_id="K0007", number="+390212345678"))
    # The mobile that calls is on nobody's file: what is personal goes to none that the caller merely names.
    assert "non ha un numero che possa ricevere SMS" in browser.get("/desk").text
    refused = browser.send(SEND, LATE)
    assert (refused.status_code, messages(house)) == (409, [])


def test_a_message_with_a_gap_is_not_sent(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    with house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.customer_id = None
    page = browser.get("/desk").text
    assert "Non si può mandare" in page
    assert browser.send(SEND, LATE).status_code == 409
    assert browser.send(SEND, {"code": "our_number", "sent": "0"}).status_code == 204
    assert messages(house)[0].to_number == "+393331234567"  # of a caller whom nobody knows, the calling mobile


# --- Callbacks


def test_a_callback_is_promised_once_a_click_and_told_in_the_story(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    assert 'value="2026-11-24T12:30"' in browser.get("/desk").text  # two hours on, in Rome
    for _ in range(2):
        assert browser.send(CALLBACK, CALL_BACK).status_code == 204
    with house.sessions() as session:
        (promised,) = callbacks.open_of(session)
    assert (promised.number, promised.agent_id, promised.note) == ("+390212345678", "giulia", "Esito del corriere")
    assert promised.due_at.isoformat() == "2026-11-25T10:00:00+00:00"  # the company's eleven in the morning
    told = "Giulia Ferri ha promesso di richiamare il +390212345678, 25/11 11:00. Esito del corriere"
    assert told in story(house)
    assert browser.send(CALLBACK, {**CALL_BACK, "promised": "1", "whose": "anyone"}).status_code == 204
    with house.sessions() as session:
        assert {one.agent_id for one in callbacks.open_of(session)} == {"giulia", None}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"at": "2026-11-24T08:00"}, "già pass"),
        ({"at": "2026-11-29T11:00"}, "scegli un orario di apertura"),  # a Sunday
        ({"at": "2026-11-25T21:00"}, "scegli un orario di apertura"),
        ({"at": "2026-12-08T11:00"}, "scegli un orario di apertura"),  # a holiday
        ({"at": "2027-03-02T11:00"}, "30 giorni"),
        ({"at": "domani"}, "modulo"),
        ({"number": "12"}, "controllalo"),
        ({"number": "899 123456"}, "sovrapprezzo"),
        ({"whose": "nobody"}, "modulo"),
        ({"promised": ""}, "modulo"),
    ],
)
def test_a_callback_that_cannot_be_kept_is_not_promised(
    house: House, browser: Browser, changed: dict[str, str], told: str
) -> None:
    in_talk(house, browser)
    refused = browser.send(CALLBACK, {**CALL_BACK, **changed})
    assert refused.status_code == 400
    assert told in refused.get_json()["message"]
    with house.sessions() as session:
        assert callbacks.open_of(session) == ()


# --- What was promised, and what is never lost


def test_a_promise_is_a_case_with_its_time_and_shows_as_one(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    they_part(house)
    content = {"outcome": "solved", "next_step": "Richiamo io.", "due_at": "2026-11-25T18:00", "promised": "1"}
    assert browser.send(FINISH, content).status_code == 204
    promised = next(one for one in history(house) if one.kind is Kind.PROMISED)
    assert (promised.note, promised.stands) == ("Richiamo io.", Stands.OPEN)
    house.clock.forward(3 * 86400)
    assert next(one for one in history(house) if one.kind is Kind.PROMISED).stands is Stands.OVERDUE


def test_notes_saved_after_the_time_for_writing_are_kept_and_the_next_call_is_not_touched(
    house: House, browser: Browser
) -> None:
    in_talk(house, browser)
    they_part(house)
    assert browser.send(FINISH, {"outcome": "solved", "note": "Prima."}).status_code == 204
    assert browser.send("/desk/state", {"state": "away", "reason": "lunch"}).status_code == 204
    content = {"outcome": "solved", "note": "Dopo.", "next_step": "Ancora.", "due_at": "2026-11-25T18:00"}
    assert browser.send(FINISH, content).status_code == 204
    assert "Assente" in browser.get("/desk").text
    with house.sessions() as session:
        assert session.scalars(select(Contact).where(Contact.call_id == CALL)).one().note == "Prima.\nDopo."


def test_two_next_steps_of_one_call_are_one_case_with_both(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    they_part(house)
    for step, due in (("Uno.", "2026-11-25T18:00"), ("Due.", "2026-11-25T12:00"), ("Due.", "2026-11-25T12:00")):
        content = {"outcome": "solved", "next_step": step, "due_at": due}
        assert browser.send(FINISH, content).status_code == 204
    with house.sessions() as session:
        case = session.scalars(select(Case).where(Case.opened_in_call == CALL, Case.kind == "follow-up")).one()
        assert (case.summary, case.due_at.isoformat()) == ("Uno.\nDue.", "2026-11-25T11:00:00+00:00")


def test_only_the_agent_who_has_the_call_can_do_any_of_it(house: House, browser: Browser) -> None:
    in_talk(house, browser)
    other = somebody_else(house)
    for address, content in (
        (CLOSE, {"note": "x"}),
        (SEND, LATE),
        (CALLBACK, CALL_BACK),
        (FINISH, {"outcome": "solved"}),
    ):
        refused = other.send(address, content)
        assert (refused.status_code, refused.get_json()["message"]) == (403, "Questa non è la tua chiamata."), address
        assert house.signed_in(desks.SUPERVISOR).send(address, content).status_code == 403
        assert house.browser().send(address, content, page="/sign-in").status_code == 401
        assert browser.client.post(address, data=content).status_code == 400, "without the form's token"
    assert messages(house) == []


def test_before_the_acceptance_nothing_lies_ready(house: House, browser: Browser) -> None:
    house.offer()
    page = browser.get("/desk").text
    assert "snippets-list" not in page
    assert "Chiudi questa pratica" not in page
    assert "Storia" in page


# --- History


def test_the_history_tells_every_channel_newest_first(house: House, browser: Browser) -> None:
    with house.sessions.begin() as session:
        now = house.clock()
        session.add(
            Return(return_number="R000001", order_number="1017", opened_at=now - timedelta(days=20),
                   closed_at=now - timedelta(days=3), opened_in_call="")
        )  # fmt: skip
        calls.record_effort(session, CALL, 2, now)
    accepted(house, browser)
    shown = history(house)
    assert [one.at for one in shown] == sorted((one.at for one in shown), reverse=True)
    assert {one.channel for one in shown} == {"phone", "chat", "web"}
    assert [one.kind for one in shown if one.number == "R000001"] == [Kind.RETURN_CLOSED, Kind.RETURN_OPENED]
    opened = next(one for one in shown if one.kind is Kind.CASE_OPENED)
    assert (opened.number, opened.stands) == (CASE, Stands.OVERDUE)
    page = browser.get("/desk").text
    assert page.count('data-channel="') == len(shown)
    assert 'id="timeline-channel"' in page


def test_the_figures_of_the_day_show_a_dash_where_there_is_nothing(house: House, browser: Browser) -> None:
    page = browser.get("/desk").text
    day = page[page.index('class="day"') : page.index("</dl>", page.index('class="day"'))]
    assert day.count("\N{EN DASH}") >= 3
    accepted(house, browser)
    they_meet(house)
    with house.sessions.begin() as session:
        calls.record_effort(session, CALL, 2, house.clock())
    page = browser.get("/desk").text
    day = page[page.index('class="day"') : page.index("</dl>", page.index('class="day"'))]
    assert "<dd>2,00</dd>" in day.replace("\n", "")


def test_snippets_are_in_the_caller_s_language_and_those_of_the_reason_come_first(
    house: House, browser: Browser
) -> None:
    with house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.language = "en"
    accepted(house, browser)
    page = browser.get("/desk").text
    assert "I am sorry for the delay. Order 1042" in page
    assert page.index("snippet-late_parcel") < page.index("snippet-return_days")
    assert page.index("snippet-data_rights") < page.index("snippet-return_days")
