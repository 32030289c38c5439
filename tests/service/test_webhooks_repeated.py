"""A webhook delivered twice, late, out of order or never: the same answer, no second effect, and the call ends some way."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from ivr import trial
from ivr.calls import store
from ivr.line.faults import Faults, WebhookFault
from ivr.line.script import Keys, Say
from ivr.line.wire import Outgoing
from routing.agents import AgentEvent
from tests.telephone import House, build_house, heard_once, talk

COMPLAINT = "voglio fare un reclamo"


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    built = build_house(sqlite_engine)
    yield built
    built.close()


def whole_story(house: House) -> None:
    """A call with everything: consents, a late order, a complaint, a case, an agent, hold, effort score."""
    house.agent_phone("client:anna")
    house.sign_in("anna")
    way = talk("dalla voce", "sì va bene", "in ritardo?", "sì", "altro", COMPLAINT, "quanto le è costato", Keys("2"))
    caller, leg = house.call(way, from_=trial.GIULIA)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 90), caller.heard
    # The caller hears a round of waiting.
    house.wait(12)
    house.accept("anna")
    assert house.run_until(lambda: house.record(leg).conference_id is not None, 30)
    house.wait(3)
    for on in (True, False):
        house.act(
            lambda desk, session, now, on=on: desk.hold(session, agent_id="anna", call_id=leg.sid, on=on, now=now)
        )
        assert house.run_until(lambda on=on: house.record(leg).on_hold is on, 10)
    house.act(lambda desk, session, _now: desk.hang_up(session, agent_id="anna", call_id=leg.sid))
    assert house.run_until(lambda: caller.reason is not None, 60), caller.heard
    caller.check()
    house.wait(2)


def is_voice(request: Outgoing) -> bool:
    return request.method == "POST" and "/voice/" in request.url


def test_story_ends_the_same_on_both_databases(engine: Engine) -> None:
    house = build_house(engine)
    whole_story(house)
    assert [row["score"] for row in house.rows("effort_scores")] == [2]
    assert [row["kind"] for row in house.rows("cases")] == ["complaint"]
    assert house.only_call.status == store.ENDED
    house.close()


def test_every_webhook_of_a_story_delivered_again_at_once_gives_the_same_answer_and_changes_nothing(
    house: House,
) -> None:
    first = house.requests.send
    repeated: list[str] = []

    def twice(request: Outgoing):  # noqa: ANN202 - the transport's own type
        reply = first(request)
        if is_voice(request):
            before = house.dump()
            again = house.deliver(request)
            assert again.body == reply.body, request.url
            assert house.dump() == before, request.url
            repeated.append(request.url)
        return reply

    house.requests.send = twice  # type: ignore[method-assign] # the line's transport, with a repetition in it
    whole_story(house)
    parts = {url.split("/voice/")[1].split("/")[0] for url in repeated}
    assert {"start", "turn", "wait", "left", "meet", "met", "leg", "status", "conference", "music"} <= parts


def test_every_webhook_of_a_story_delivered_again_at_the_end_changes_nothing(house: House) -> None:
    whole_story(house)
    before = house.dump()
    for request, reply in list(house.requests.sent):
        if is_voice(request):
            again = house.deliver(request)
            assert again.status == reply.status
            if "/turn/" in request.url or request.url.endswith("/start"):
                assert again.body == reply.body, request.url
    assert house.dump() == before


def test_every_webhook_delivered_again_by_the_line_itself_leaves_one_story(sqlite_engine: Engine) -> None:
    house = build_house(sqlite_engine, faults=Faults(webhooks=[WebhookFault(duplicate=True, times=10_000)]))
    whole_story(house)
    assert len(house.rows("cases")) == 1
    assert [row["kind"] for row in house.rows("happenings")].count("agent_answered") == 1
    house.close()


def test_end_counts_even_without_a_number_and_after_later_ones(house: House) -> None:
    caller, leg = house.call(talk("aiutarla"), from_=trial.MARIO)
    assert house.run_until(lambda: caller.done, 30)
    for status, sequence in (("in-progress", "2"), ("ringing", "1"), ("ringing", "1"), ("completed", "")):
        post(house, "status", CallSid=leg.sid, CallStatus=status, **({"SequenceNumber": sequence} if sequence else {}))
    assert house.record(leg).status == store.ENDED
    assert house.record(leg).sequence == 2


def test_call_whose_end_was_never_told_ends_by_itself(house: House) -> None:
    house.line.faults.add(WebhookFault(purpose="callback", url_part="/voice/status", lost=True, times=100))
    caller, leg = house.call(talk("aiutarla"), from_=trial.MARIO)
    assert house.run_until(lambda: caller.done, 30)
    house.line.run(caller.handset.hang_up)
    house.wait(300)
    assert house.record(leg).status == store.IN_LINE
    house.wait(400)
    assert house.record(leg).status == store.ENDED
    assert "given_up" in [row["kind"] for row in house.rows("happenings")]
    assert [row["call_id"] for row in house.rows("contacts") if row["call_id"]] == [leg.sid]


def test_caller_gone_unnoticed_does_not_keep_the_agent(house: House) -> None:
    house.agent_phone("client:anna")
    house.sign_in("anna")
    house.line.faults.add(WebhookFault(purpose="callback", url_part="/voice/status", lost=True, times=100))
    house.line.faults.add(WebhookFault(url_part="/voice/left", lost=True, times=100))
    caller, leg = house.call(talk("aiutarla", Keys("0"), "persona"), from_=trial.MARIO)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 60)
    house.line.run(caller.handset.hang_up)
    house.wait(2)
    house.accept("anna")
    assert house.run_until(lambda: house.record(leg).status == store.ENDED, 30)
    assert house.run_until(lambda: house.agent_state("anna") in {"wrap_up", "available"}, 30)


def test_lost_word_of_the_agents_end_still_leads_to_the_effort_score(house: House) -> None:
    house.agent_phone("client:anna")
    house.sign_in("anna")
    house.line.faults.add(WebhookFault(url_part="/anna/status", lost=True, times=100))
    caller, leg = house.call(
        talk("aiutarla", Keys("0"), "persona", Say("grazie"), "quanto le", Keys("3")), from_=trial.MARIO
    )
    assert house.run_until(lambda: house.offer_to("anna") is not None, 60)
    house.accept("anna")
    assert house.run_until(lambda: house.record(leg).conference_id is not None, 30)
    house.wait(5)
    house.act(lambda desk, session, _now: desk.hang_up(session, agent_id="anna", call_id=leg.sid))
    assert house.run_until(lambda: caller.reason is not None, 60), caller.heard
    assert house.agent_state("anna") == "wrap_up"
    house.act(lambda desk, session, now: desk.set_state(session, agent_id="anna", event=AgentEvent.READY, now=now))


@pytest.mark.parametrize(
    "fault",
    [
        WebhookFault(purpose="action", slow_seconds=20, times=9),
        WebhookFault(purpose="action", status=500, times=9),
        WebhookFault(purpose="action", body=b"<Response><Nonsense/></Response>", times=9),
        WebhookFault(purpose="action", connection_refused=True, times=9),
    ],
    ids=["slow", "failing", "not_twiml", "refused"],
)
def test_service_that_fails_the_carrier_is_answered_for_by_the_fallback(house: House, fault: WebhookFault) -> None:
    rung = house.agent_phone(house.settings.emergency_number)
    house.line.faults.add(fault)
    caller, _ = house.call(talk("aiutarla", Keys("1")), from_=trial.MARIO)
    assert house.run_until(lambda: bool(rung), 60), caller.heard
    assert heard_once(caller, "problema tecnico")


def post(house: House, path: str, **parameters: str) -> int:
    """Send a signed webhook that no line has sent."""
    from ivr.line.wire import signature  # noqa: PLC0415 - used here alone

    url = f"https://service.test/voice/{path}"
    mark = signature(house.settings.auth_token.get_secret_value(), url, parameters)
    client = house.app.test_client()
    return client.post(
        f"/voice/{path}", base_url="https://service.test", data=parameters, headers={"X-Twilio-Signature": mark}
    ).status_code
