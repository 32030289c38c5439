import pytest
from flask import Response, request
from twilio.request_validator import RequestValidator

from ivr.line.faults import HangUpAt, WebhookFault
from ivr.line.interpreter import APOLOGY
from ivr.line.script import Keys, Silence
from ivr.line.twiml import Refused
from ivr.line.wire import overrides_of, signature
from tests.unit.line.line_bench import CALLER, NUMBER, SERVICE, TOKEN, Bench, make_bench

VECTOR_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


def test_signature_of_the_published_vector() -> None:
    parameters = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    assert signature("12345", VECTOR_URL, parameters) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_signature_of_repeated_keys_counts_each_value_once() -> None:
    parameters = {"Sid": "CA123", "SidAccount": "AC123", "Digits": ["5678", "1234", "1234"]}
    assert signature("12345", VECTOR_URL, parameters) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="


def test_official_validator_accepts_every_webhook(bench: Bench) -> None:
    validator = RequestValidator(TOKEN)
    bench.service.answers = {
        "/voice": '<Say>ciao</Say><Redirect method="GET">/second?flow=a&amp;node=b</Redirect>',
        "/second": "<Hangup/>",
    }
    seen = []

    @bench.service.app.before_request
    def check() -> None:
        seen.append(validator.validate(request.url, request.form, request.headers["X-Twilio-Signature"]))

    bench.call()
    assert seen == [True, True, True]


def test_forged_signature_is_refused_by_the_official_validator(bench: Bench) -> None:
    validator = RequestValidator(TOKEN)
    bench.line.faults.add(WebhookFault(purpose="document", forged_signature=True))
    bench.call()
    path, _, parameters, headers = bench.service.requests[0]
    assert not validator.validate(SERVICE + path, parameters, headers["X-Twilio-Signature"])


def test_failed_document_goes_to_the_fallback_with_code_and_url() -> None:
    bench = make_bench(fallback_url=f"{SERVICE}/fallback")
    bench.service.answers = {"/voice": ("down", 500), "/fallback": "<Say>Ci scusiamo</Say>"}
    _, party = bench.call()
    fallback = bench.service.of("/fallback")[0]
    assert (fallback["ErrorCode"], fallback["ErrorUrl"]) == ("11200", f"{SERVICE}/voice")
    assert party.heard == ["Ci scusiamo"]


@pytest.mark.parametrize(
    ("body", "code"), [("<Say>", "12100"), ("<Response><Sing>la</Sing></Response>", "12200"), ("<Say/>", "12100")]
)
def test_invalid_document_goes_to_the_fallback(body: str, code: str) -> None:
    bench = make_bench(fallback_url=f"{SERVICE}/fallback")
    bench.line.faults.add(WebhookFault(purpose="document", body=body.encode()))
    bench.call()
    assert bench.service.of("/fallback")[0]["ErrorCode"] == code


def test_without_fallback_the_carrier_apologises_and_hangs_up(bench: Bench) -> None:
    bench.service.answers = {"/voice": ("down", 503)}
    leg, party = bench.call()
    assert party.heard == [APOLOGY]
    assert leg.status == "completed"


def test_answer_slower_than_fifteen_seconds_is_no_answer() -> None:
    bench = make_bench(fallback_url=f"{SERVICE}/fallback")
    bench.slow_seconds["/voice"] = 16
    bench.call()
    assert bench.service.of("/fallback")[0]["ErrorCode"] == "11205"


def test_slow_answer_within_the_budget_takes_its_time(bench: Bench) -> None:
    bench.slow_seconds["/voice"] = 9
    leg, _ = bench.call()
    assert (leg.ended_at - leg.created_at).total_seconds() == 9


def test_retry_on_server_error_carries_the_same_token(bench: Bench) -> None:
    config = bench.line.exchange.numbers[NUMBER]
    bench.line.exchange.numbers[NUMBER] = type(config)(voice_url=f"{SERVICE}/voice#rc=2&rp=5xx")
    answers = [("down", 500), ("down", 500), "<Say>infine</Say>"]
    bench.service.answers = {"/voice": lambda _: answers.pop(0)}
    _, party = bench.call()
    tokens = {headers["I-Twilio-Idempotency-Token"] for _, _, _, headers in bench.service.requests}
    assert party.heard == ["infine"]
    assert len(tokens) == 1


def test_refused_connection_is_tried_once_more_by_default(bench: Bench) -> None:
    bench.line.faults.add(WebhookFault(purpose="document", connection_refused=True))
    bench.service.answers = {"/voice": "<Say>eccomi</Say>"}
    _, party = bench.call()
    assert party.heard == ["eccomi"]


def test_unknown_override_is_refused_by_name() -> None:
    assert isinstance(overrides_of("xx=1"), Refused)
    assert isinstance(overrides_of("rc=9"), Refused)


def test_redirected_action_loses_what_was_gathered(bench: Bench) -> None:
    bench.service.answers = {
        "/voice": '<Gather numDigits="1" action="/moved"/>',
        "/moved": lambda _: (redirect_to("/target"), 302),
        "/target": "<Hangup/>",
    }
    bench.call([Keys("7")])
    assert bench.service.of("/moved")[0]["Digits"] == "7"
    assert "Digits" not in bench.service.of("/target")[0]
    assert "CallSid" in bench.service.of("/target")[0]


def redirect_to(path: str) -> Response:
    return Response("", 302, {"Location": path})


def test_duplicate_webhook_arrives_twice_with_one_token(bench: Bench) -> None:
    bench.line.faults.add(WebhookFault(purpose="document", duplicate=True))
    bench.call()
    assert len(bench.service.of("/voice")) == 2
    assert (
        len(
            {
                headers["I-Twilio-Idempotency-Token"]
                for path, _, _, headers in bench.service.requests
                if path == "/voice"
            }
        )
        == 1
    )


def test_late_and_lost_callbacks(bench: Bench) -> None:
    bench.line.faults.add(WebhookFault(purpose="callback", lost=True))
    bench.call()
    assert bench.service.of("/status") == []
    bench.line.faults.add(WebhookFault(purpose="callback", late_seconds=30, skip=0))
    bench.line.faults.webhooks.pop(0)
    bench.call()
    assert bench.service.of("/status") == []
    bench.clock.advance(31)
    assert len(bench.service.of("/status")) == 1


def test_party_hangs_up_at_a_named_state_or_verb(bench: Bench) -> None:
    bench.service.answers = {"/voice": "<Say>uno</Say><Say>due</Say><Say>tre</Say>"}
    bench.line.faults.add(HangUpAt(verb="Say", count=2, after_seconds=0.1))
    _, party = bench.call([Silence(100)])
    assert party.heard == ["uno", "due"]
    bench.line.faults.hang_ups[:] = [HangUpAt(status="ringing")]
    leg, _ = bench.call()
    assert leg.status == "no-answer"


def test_unknown_number_fails(bench: Bench) -> None:
    leg = bench.line.call(CALLER, "+3900", bench.party())
    bench.clock.advance(1)
    assert leg.status == "failed"
