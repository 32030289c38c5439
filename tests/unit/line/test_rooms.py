"""Dial, conferences and queues."""

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from ivr.line.exchange import Habits
from ivr.line.inprocess import InProcessHttpClient
from ivr.line.party import Busy, Decline, HeardFrom, NoAnswer, RingReply, Words
from ivr.line.script import HangUp, Keys, Say, ScriptedParty, Silence, WaitFor
from ivr.line.server import create_server
from tests.unit.line.line_bench import CALLER, NUMBER, SERVICE, Bench, make_bench

AGENT = "+390299999999"
CONFERENCE = '<Dial action="/after"><Conference {}>room</Conference></Dial>'
EVENTS = f'statusCallback="{SERVICE}/events" statusCallbackEvent="start end join leave mute hold"'


@pytest.fixture
def client(bench: Bench) -> Client:
    return client_of(bench)


def client_of(bench: Bench) -> Client:
    return Client(
        bench.line.account_sid, bench.line.auth_token, http_client=InProcessHttpClient(create_server(bench.line))
    )


def test_dialled_number_is_bridged_and_reported(bench: Bench) -> None:
    bench.service.answers = {
        "/voice": f'<Dial action="/after" callerId="{NUMBER}">{AGENT}</Dial>',
        "/after": "<Say>Grazie</Say>",
    }
    agents = bench.register(AGENT, WaitFor("buongiorno"), Say("un attimo"), HangUp(after_seconds=5))
    _, caller = bench.call([Silence(3), Say("buongiorno"), Silence(30)])
    after = bench.service.of("/after")[0]
    assert after["DialCallStatus"] == "completed"
    assert after["DialBridged"] == "true"
    assert int(after["DialCallDuration"]) >= 5
    assert agents[0].heard == ["buongiorno"]
    assert caller.heard == ["un attimo", "Grazie"]
    child = bench.line.legs[after["DialCallSid"]]
    assert child.direction == "outbound-dial"
    assert child.from_ == NUMBER


@pytest.mark.parametrize(
    ("reply", "status"), [(Busy(), "busy"), (NoAnswer(), "no-answer"), (Decline(), "busy"), (None, "failed")]
)
def test_unanswered_dial_says_why(bench: Bench, reply: RingReply | None, status: str) -> None:
    bench.service.answers = {"/voice": f'<Dial action="/after" timeout="10">{AGENT}</Dial>'}
    if reply is not None:
        bench.register(AGENT, on_ring=reply)
    bench.call()
    assert bench.service.of("/after")[0]["DialCallStatus"] == status


def test_first_to_answer_wins_and_the_others_are_cancelled(bench: Bench) -> None:
    bench.service.answers = {"/voice": "<Dial action='/after'><Client>anna</Client><Client>bruno</Client></Dial>"}
    bench.register("client:anna", on_ring=NoAnswer())
    bench.register("client:bruno", HangUp(after_seconds=3))
    bench.call()
    statuses = {leg.to: leg.status for leg in bench.line.legs.values()}
    assert statuses["client:anna"] == "canceled"
    assert statuses["client:bruno"] == "completed"
    assert bench.service.of("/after")[0]["DialCallStatus"] == "completed"


def test_whisper_may_refuse_the_call(bench: Bench) -> None:
    bench.service.answers = {
        "/voice": f"<Dial action='/after'><Number url='/whisper'>{AGENT}</Number></Dial>",
        "/whisper": "<Gather numDigits='1' action='/pressed'><Say>Premi 1</Say></Gather><Hangup/>",
        "/pressed": "",
    }
    agents = bench.register(AGENT, WaitFor("premi"))
    _, caller = bench.call()
    assert agents[0].heard == ["Premi 1"]
    assert caller.heard == []
    assert bench.service.of("/after")[0]["DialBridged"] == "false"


def test_whisper_accepts_with_a_key(bench: Bench) -> None:
    bench.service.answers = {
        "/voice": f"<Dial action='/after'><Number url='/whisper'>{AGENT}</Number></Dial>",
        "/whisper": "<Gather numDigits='1' action='/pressed'><Say>Premi 1</Say></Gather><Hangup/>",
        "/pressed": "",
    }
    bench.register(AGENT, WaitFor("premi"), Keys("1"), Silence(2), HangUp())
    bench.call()
    assert bench.service.of("/pressed")[0]["Digits"] == "1"
    assert bench.service.of("/whisper")[0]["ParentCallSid"] == bench.service.of("/voice")[0]["CallSid"]
    assert bench.service.of("/after")[0]["DialBridged"] == "true"


def test_answer_on_bridge_keeps_the_caller_ringing(bench: Bench) -> None:
    bench.service.answers = {"/voice": f"<Dial answerOnBridge='true' timeout='5' action='/after'>{AGENT}</Dial>"}
    bench.register(AGENT, on_ring=NoAnswer())
    bench.call()
    assert bench.service.of("/after")[0]["CallStatus"] == "ringing"


def test_caller_and_agent_meet_in_a_conference(bench: Bench, client: Client) -> None:
    bench.service.answers = {
        "/voice": CONFERENCE.format(f'endConferenceOnExit="false" participantLabel="caller" {EVENTS}'),
        "/agent": CONFERENCE.format('endConferenceOnExit="true" participantLabel="agent"'),
        "/after": "<Say>Un voto da uno a sette</Say>",
    }
    agents = bench.register("client:anna", Say("buongiorno sono Anna", after_seconds=2), Silence(4), HangUp())
    party = bench.party(WaitFor("sono Anna"), Say("salve"), WaitFor("voto"))
    leg = bench.line.call(CALLER, NUMBER, party)
    bench.clock.advance(5)
    assert party.transcript[0].heard.source is HeardFrom.MUSIC
    call = client.calls.create(
        to="client:anna",
        from_=NUMBER,
        url=f"{SERVICE}/agent",
        status_callback=f"{SERVICE}/progress",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    assert call.status == "queued"
    bench.clock.run_until(lambda: not leg.is_live, 60)
    bench.clock.advance(1)
    assert "salve" in agents[0].heard
    assert party.heard == ["buongiorno sono Anna", "Un voto da uno a sette"]
    assert bench.service.of("/after")[0]["DialCallStatus"] == "answered"
    events = bench.service.of("/events")
    assert [event["StatusCallbackEvent"] for event in events] == [
        "participant-join", "conference-start", "participant-join", "participant-leave", "participant-leave", "conference-end",
    ]  # fmt: skip
    assert [event["SequenceNumber"] for event in events] == [str(number) for number in range(6)]
    assert events[-1]["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
    assert events[3]["ReasonParticipantLeft"] == "participant_hung_up"
    assert events[4]["ReasonParticipantLeft"] == "moderator_ended_conference"
    progress = bench.service.of("/progress")
    assert [event["CallStatus"] for event in progress] == ["initiated", "ringing", "in-progress", "completed"]
    assert [event["SequenceNumber"] for event in progress] == ["0", "1", "2", "3"]
    assert progress[-1]["CallbackSource"] == "call-progress-events"
    assert int(progress[-1]["CallDuration"]) > 0
    assert progress[-1]["Duration"] == "1"


def meet(bench: Bench) -> tuple[str, ScriptedParty, ScriptedParty]:
    bench.service.answers |= {"/voice": CONFERENCE.format(EVENTS), "/agent": CONFERENCE.format("")}
    agents = bench.register("client:anna", Silence(600))
    party = bench.party(Silence(600))
    bench.line.call(CALLER, NUMBER, party)
    bench.clock.advance(1)
    client_of(bench).calls.create(to="client:anna", from_=NUMBER, url=f"{SERVICE}/agent")
    bench.clock.advance(3)
    return next(iter(bench.line.exchange.conferences)), party, agents[0]


def test_caller_on_hold_hears_the_hold_document_and_nobody_else(bench: Bench, client: Client) -> None:
    bench.service.answers["/hold"] = "<Say>Resti in linea</Say><Redirect method='GET'>/hold</Redirect>"
    sid, caller, agent = meet(bench)
    participant = client.conferences(sid).participants(caller.handset.sid)
    participant.update(hold=True, hold_url=f"{SERVICE}/hold")
    bench.clock.advance(2)
    agent.handset.finish_speaking(words("segreto"))
    assert set(caller.heard) == {"Resti in linea"}
    assert bench.service.requests[-1][1] == "GET"
    participant.update(hold=False)
    bench.clock.advance(1)
    agent.handset.finish_speaking(words("eccomi"))
    assert caller.heard[-1] == "eccomi"
    assert [e["StatusCallbackEvent"] for e in bench.service.of("/events")][-2:] == [
        "participant-hold",
        "participant-unhold",
    ]


def words(text: str) -> Words:
    return Words(text=text)


def test_muted_is_not_heard_and_a_coach_is_heard_by_one(bench: Bench, client: Client) -> None:
    sid, caller, agent = meet(bench)
    supervisors = bench.register("client:capo", Silence(600))
    client.conferences(sid).participants.create(
        from_=NUMBER, to="client:capo", label="coach", coaching=True, call_sid_to_coach=agent.handset.sid
    )
    bench.clock.advance(3)
    supervisors[0].handset.finish_speaking(words("offra lo sconto"))
    assert agent.heard[-1] == "offra lo sconto"
    assert "offra lo sconto" not in caller.heard
    client.conferences(sid).participants(agent.handset.sid).update(muted=True)
    agent.handset.finish_speaking(words("zitto"))
    assert "zitto" not in caller.heard
    listed = client.conferences(sid).participants.list()
    assert [one.label for one in listed] == [None, None, "coach"]
    with pytest.raises(TwilioRestException) as refused:
        client.conferences(sid).participants.create(from_=NUMBER, to="client:capo", label="coach")
    assert refused.value.code == 16025


def test_kicked_participant_goes_on_with_its_document(bench: Bench, client: Client) -> None:
    bench.service.answers["/after"] = "<Say>fuori</Say>"
    sid, caller, _ = meet(bench)
    client.conferences(sid).participants(caller.handset.sid).delete()
    bench.clock.advance(1)
    assert caller.heard == ["fuori"]
    client.conferences(sid).update(status="completed")
    bench.clock.advance(5)
    assert client.conferences(sid).fetch().status == "completed"
    assert client.conferences.list(status="in-progress") == []


QUEUE = '<Enqueue waitUrl="/wait" action="/left">sales</Enqueue><Say>dopo</Say>'
WAIT = "<Say>Attenda</Say><Gather numDigits='1' timeout='5' action='/key'/><Redirect>/wait</Redirect>"


def test_waiting_caller_is_told_where_it_stands(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUEUE, "/wait": WAIT}
    bench.line.call(CALLER, NUMBER, bench.party(Silence(60), HangUp()))
    bench.clock.advance(1)
    second = bench.line.call("+39", NUMBER, bench.party())
    bench.clock.advance(30)
    waits = [p for p in bench.service.of("/wait") if p["CallSid"] == second.sid]
    assert waits[0]["QueuePosition"] == "2"
    assert waits[0]["CurrentQueueSize"] == "2"
    assert waits[-1]["QueueSid"].startswith("QU")
    assert int(waits[-1]["QueueTime"]) > 20
    bench.clock.advance(60)
    assert bench.service.of("/left")[0]["QueueResult"] == "hangup"


def test_caller_who_leaves_goes_on(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUEUE, "/wait": WAIT, "/key": "<Leave/>", "/left": ""}
    bench.call([WaitFor("attenda"), Keys("1")])
    assert bench.service.of("/left")[0]["QueueResult"] == "leave"


def test_leaving_without_action_goes_on_behind_the_enqueue(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUEUE.replace('action="/left"', ""), "/wait": "<Leave/>"}
    _, caller = bench.call()
    assert caller.heard == ["dopo"]


def test_redirected_caller_leaves_the_queue(bench: Bench, client: Client) -> None:
    bench.service.answers = {"/voice": QUEUE, "/wait": WAIT, "/elsewhere": "<Say>altrove</Say>"}
    caller = bench.party()
    leg = bench.line.call(CALLER, NUMBER, caller)
    bench.clock.advance(5)
    client.calls(leg.sid).update(url=f"{SERVICE}/elsewhere")
    bench.clock.advance(5)
    assert bench.service.of("/left")[0]["QueueResult"] == "redirected"
    assert caller.heard[-1] == "altrove"
    assert client.queues.list()[0].current_size == 0


def test_member_is_taken_by_the_rest_api(bench: Bench, client: Client) -> None:
    bench.service.answers = {"/voice": QUEUE, "/wait": WAIT, "/elsewhere": "<Say>altrove</Say>"}
    caller = bench.party()
    leg = bench.line.call(CALLER, NUMBER, caller)
    bench.clock.advance(5)
    queue = client.queues.list()[0]
    assert [member.call_sid for member in client.queues(queue.sid).members.list()] == [leg.sid]
    client.queues(queue.sid).members("Front").update(url=f"{SERVICE}/elsewhere", method="POST")
    bench.clock.advance(3)
    assert caller.heard[-1] == "altrove"


def test_agent_takes_the_first_caller_out_of_the_queue(bench: Bench, client: Client) -> None:
    bench.service.answers = {
        "/voice": QUEUE,
        "/wait": WAIT,
        "/agent": "<Dial action='/after'><Queue url='/about'>sales</Queue></Dial>",
        "/about": "<Say>La passo ora</Say>",
        "/left": "<Say>Arrivederci</Say>",
    }
    agents = bench.register("client:anna", Silence(4), Say("buongiorno"), Silence(2), HangUp())
    caller = bench.party()
    leg = bench.line.call(CALLER, NUMBER, caller)
    bench.clock.advance(8)
    client.calls.create(to="client:anna", from_=NUMBER, url=f"{SERVICE}/agent")
    bench.clock.run_until(lambda: not leg.is_live, 60)
    about = bench.service.of("/about")[0]
    assert about["CallSid"] == leg.sid
    assert about["DequeingCallSid"] == agents[0].handset.sid
    assert caller.heard[-3:] == ["La passo ora", "buongiorno", "Arrivederci"]
    assert bench.service.of("/left")[0]["QueueResult"] == "bridged"


def test_agent_waits_for_a_caller_and_an_unknown_queue_fails(bench: Bench, client: Client) -> None:
    bench.service.answers = {"/agent": "<Dial action='/after' timeout='5'><Queue>nowhere</Queue></Dial>"}
    bench.register("client:anna")
    client.calls.create(to="client:anna", from_=NUMBER, url=f"{SERVICE}/agent")
    bench.clock.advance(10)
    assert bench.service.of("/after")[0]["DialCallStatus"] == "failed"


def test_full_queue_says_so(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUEUE.replace("action", 'maxQueueSize="1" action'), "/wait": WAIT}
    bench.line.call(CALLER, NUMBER, bench.party())
    bench.clock.advance(1)
    bench.call()
    assert bench.service.of("/left")[0]["QueueResult"] == "queue-full"


def test_wait_document_knows_no_dial(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUEUE, "/wait": "<Dial>1</Dial>"}
    bench.call()
    assert any("<Dial> is not allowed in a wait document" in error for error in bench.errors())
    assert bench.service.of("/left")[0]["QueueResult"] == "error"


def test_dial_action_after_hang_up_is_a_habit() -> None:
    bench = make_bench(habits=Habits(dial_action_after_hang_up=True))
    bench.service.answers = {"/voice": f"<Dial action='/after'>{AGENT}</Dial>"}
    bench.register(AGENT)
    bench.call([Silence(3), HangUp()])
    assert bench.service.of("/after")[0]["CallStatus"] == "completed"
