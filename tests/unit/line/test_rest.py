"""The official client against the line's API, in the process and once over a real socket."""

import base64
import io
import threading
import wave
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Blueprint
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from werkzeug.serving import make_server

from ivr.line.clock import RealClock
from ivr.line.inprocess import InProcessHttpClient
from ivr.line.line import Line
from ivr.line.party import Answer, SilentParty
from ivr.line.script import HangUp, Say, Silence, WaitFor
from ivr.line.server import create_server
from ivr.line.transports import WsgiTransport
from tests.unit.line.line_bench import ACCOUNT, CALLER, NUMBER, SERVICE, TOKEN, Bench


@pytest.fixture
def client(bench: Bench) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=InProcessHttpClient(create_server(bench.line)))


def test_call_is_created_fetched_listed_and_updated(bench: Bench, client: Client) -> None:
    bench.service.answers = {"/out": "<Pause length='60'/>", "/new": "<Say>nuovo</Say>"}
    parties = bench.register("client:anna", Silence(100))
    call = client.calls.create(to="client:anna", from_=NUMBER, url=f"{SERVICE}/out")
    assert (call.status, call.direction, call.to) == ("queued", "outbound-api", "client:anna")
    bench.clock.advance(2)
    assert client.calls(call.sid).fetch().status == "in-progress"
    assert bench.service.of("/out")[0]["CallStatus"] == "in-progress"
    assert bench.service.of("/out")[0]["Direction"] == "outbound-api"
    assert [one.sid for one in client.calls.list(status="in-progress")] == [call.sid]
    client.calls(call.sid).update(url=f"{SERVICE}/new")
    bench.clock.advance(0.1)
    assert parties[0].heard == ["nuovo"]
    client.calls(call.sid).update(twiml="<Response><Say>in linea</Say><Pause/></Response>")
    bench.clock.advance(0.1)
    assert parties[0].heard[-1] == "in linea"
    done = client.calls(call.sid).update(status="completed")
    assert done.status == "completed"
    with pytest.raises(TwilioRestException) as refused:
        client.calls(call.sid).update(status="completed")
    assert (refused.value.status, refused.value.code) == (400, 21220)


def test_cancelled_before_it_rings_reports_nothing(bench: Bench, client: Client) -> None:
    bench.register("client:anna")
    call = client.calls.create(
        to="client:anna", from_=NUMBER, url=f"{SERVICE}/out", status_callback=f"{SERVICE}/progress"
    )
    client.calls(call.sid).update(status="canceled")
    bench.clock.advance(5)
    assert client.calls(call.sid).fetch().status == "canceled"
    assert bench.service.of("/progress") == []


def test_nobody_at_the_address_fails_and_nobody_answering_is_no_answer(bench: Bench, client: Client) -> None:
    bench.register("client:slow", on_ring=Answer(after_seconds=90))
    first = client.calls.create(to="client:nobody", from_=NUMBER, url=f"{SERVICE}/out")
    second = client.calls.create(to="client:slow", from_=NUMBER, url=f"{SERVICE}/out", timeout=20)
    bench.clock.advance(30)
    assert client.calls(first.sid).fetch().status == "failed"
    assert client.calls(second.sid).fetch().status == "no-answer"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"to": "", "from_": NUMBER, "url": SERVICE}, 21201),
        ({"to": "client:a", "from_": "", "url": SERVICE}, 21213),
        ({"to": "+39021", "from_": "+39999", "url": SERVICE}, 21210),
        ({"to": "client:a", "from_": NUMBER, "url": "ftp://a"}, 21205),
        ({"to": "client:a", "from_": NUMBER, "twiml": "<Response><Sing/></Response>"}, 12200),
        ({"to": "client:a", "from_": NUMBER, "url": SERVICE, "record": True}, 20501),
    ],
)
def test_wrong_call_is_refused_by_code(client: Client, options: dict[str, Any], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.calls.create(**options)
    assert refused.value.code == code


def test_wrong_token_account_or_resource_is_refused(bench: Bench) -> None:
    http = InProcessHttpClient(create_server(bench.line))
    with pytest.raises(TwilioRestException) as refused:
        Client(ACCOUNT, "wrong", http_client=http).calls("CA1").fetch()
    assert refused.value.status == 401
    with pytest.raises(TwilioRestException) as refused:
        Client("AC" + "1" * 32, TOKEN, http_client=http).calls("CA1").fetch()
    assert refused.value.status == 401
    good = Client(ACCOUNT, TOKEN, http_client=http)
    with pytest.raises(TwilioRestException) as refused:
        good.calls("CA" + "0" * 32).fetch()
    assert refused.value.code == 20404
    with pytest.raises(TwilioRestException) as refused:
        good.addresses("AD" + "0" * 32).fetch()
    assert refused.value.status == 404


def test_message_travels_and_reports(bench: Bench, client: Client) -> None:
    message = client.messages.create(to=CALLER, from_=NUMBER, body="Il suo codice", status_callback=f"{SERVICE}/sms")
    assert message.status == "queued"
    bench.clock.advance(2)
    assert client.messages(message.sid).fetch().status == "delivered"
    assert [event["MessageStatus"] for event in bench.service.of("/sms")] == ["sent", "delivered"]
    assert [one.body for one in client.messages.list(to=CALLER)] == ["Il suo codice"]
    with pytest.raises(TwilioRestException):
        client.messages.create(to=CALLER, from_="+39", body="x")


def test_lists_are_paged(client: Client) -> None:
    for _ in range(5):
        client.messages.create(to=CALLER, from_=NUMBER, body="x")
    assert len(client.messages.list(page_size=2)) == 5
    assert len(client.messages.list(limit=3, page_size=2)) == 3
    assert [number.phone_number for number in client.incoming_phone_numbers.list()] == [NUMBER]


def test_recording_is_kept_and_served(bench: Bench) -> None:
    bench.service.answers = {
        "/voice": '<Say>Dopo il bip</Say><Record timeout="2" action="/kept"/>',
        "/kept": "<Say>grazie</Say>",
    }
    _, party = bench.call([WaitFor("beep"), Say("richiamatemi domani"), WaitFor("grazie")])
    party.check()
    kept = bench.service.of("/kept")[0]
    assert int(kept["RecordingDuration"]) >= 3
    credentials = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    answer = (
        create_server(bench.line)
        .test_client()
        .get(
            f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{kept['RecordingSid']}.wav",
            headers={"Authorization": f"Basic {credentials}"},
        )
    )
    with wave.open(io.BytesIO(answer.data)) as reader:
        assert reader.getframerate() == 8000
        assert reader.getnframes() >= 8000


def test_reject_is_not_answered(bench: Bench) -> None:
    bench.service.answers = {"/voice": '<Reject reason="busy"/>'}
    leg, _ = bench.call()
    assert (leg.status, leg.answered_at) == ("busy", None)


def test_pages_may_stand_beside_the_api(bench: Bench) -> None:
    pages = Blueprint("pages", __name__)
    pages.add_url_rule("/phone", view_func=lambda: "a phone")
    assert create_server(bench.line, blueprints=[pages]).test_client().get("/phone").text == "a phone"


@pytest.fixture
def real_line(bench: Bench) -> Iterator[Line]:
    clock = RealClock()
    clock.start()
    line = Line(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        clock=clock,
        transport=WsgiTransport({SERVICE: bench.service.app}),
        numbers=bench.line.exchange.numbers,
    )
    yield line
    line.close()
    clock.stop()


def test_official_client_over_a_real_socket(bench: Bench, real_line: Line) -> None:
    bench.service.answers = {"/out": "<Pause length='60'/>"}
    answered = threading.Event()

    class Quick(SilentParty):
        def ring(self) -> Answer:
            return Answer(after_seconds=0)

        def connected(self) -> None:
            answered.set()

    real_line.register("client:anna", Quick)
    server = make_server("127.0.0.1", 0, create_server(real_line), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = f"http://127.0.0.1:{server.server_port}"
        call = client.calls.create(to="client:anna", from_=NUMBER, url=f"{SERVICE}/out")
        assert answered.wait(10)
        assert client.calls(call.sid).update(status="completed").status == "completed"
        client.http_client.session.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_call_ends_with_the_verbs_and_the_hang_up_is_the_callers(bench: Bench) -> None:
    bench.service.answers = {"/voice": "<Say>lungo lungo lungo</Say>"}
    leg, party = bench.call([HangUp(after_seconds=0.1)])
    assert leg.status == "completed"
    assert party.done
