"""A consult, a supervisor and a warm transfer whose every webhook is delivered again: the same answers, no second effect.

And workers that die between their commit and the carrier: whatever they left undone is found by the ticker.
"""

from sqlalchemy import Engine

from ivr.calls import store
from ivr.calls.talks import ToAgent, ToNumber
from ivr.line.script import Keys, WaitFor
from ivr.line.wire import Outgoing
from tests.line.talks.talking import PERSON, WAREHOUSE, Talking, begin, done
from tests.telephone import House, build_house, heard_once, talk

SARA = "+393391234567"


def whole_story(house: House) -> Talking:
    """Anna asks Luca, a supervisor listens, Luca has the call and passes it to the warehouse, which hangs up."""
    talking = begin(
        house,
        [*PERSON, WaitFor("quanto le è costato", limit_seconds=400), Keys("3")],
        number_steps=talk("Prema 1", Keys("1")),
    )
    talking.phones[SARA] = house.agent_phone(SARA)
    talking.consulting()
    done(
        talking.act(
            lambda talks, session, now: talks.supervise(
                session, agent_id=None, call_id=talking.call_id, mode="whisper", number=SARA, now=now
            )
        )
    )
    house.wait(5)
    done(talking.by_agent("join_all"))
    house.wait(2)
    done(talking.by_agent("complete_transfer"))
    house.wait(4)
    done(talking.by_agent("transfer", agent_id="luca", target=ToNumber(number=WAREHOUSE), note=""))
    assert house.run_until(lambda: "number_answered" in talking.happened(), 60), talking.happened()
    house.wait(8)
    talking.hang_up(talking.phone(WAREHOUSE))
    assert house.run_until(lambda: talking.caller.reason is not None, 120), talking.caller.heard
    talking.caller.check()
    talking.nobody_is_stuck()
    return talking


def is_voice(request: Outgoing) -> bool:
    return request.method == "POST" and "/voice/" in request.url


def test_every_webhook_again_at_once_gives_the_same_answer_and_changes_nothing(house: House) -> None:
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
    parts = {url.rsplit("/", 1)[1] for url in repeated if "/voice/leg/" in url}
    assert {"status", "key"} <= parts


def test_every_webhook_again_at_the_end_in_the_wrong_order_changes_nothing(house: House) -> None:
    whole_story(house)
    before = house.dump()
    for request, reply in reversed(list(house.requests.sent)):
        if is_voice(request):
            assert house.deliver(request).status == reply.status, request.url
    assert house.dump() == before


def dies_after(talking: Talking, name: str, **given: object) -> None:
    """An act whose worker dies between its commit and the carrier."""
    outcome = talking.act(
        lambda talks, session, now: (
            getattr(talks, name)(session, agent_id="anna", call_id=talking.call_id, now=now, **given),
            None,
        )
    )
    done(outcome[0])


def test_consult_whose_worker_died_is_held_and_offered_all_the_same(house: House) -> None:
    talking = begin(house)
    dies_after(talking, "consult", target=ToAgent(agent_id="luca"), note="")
    assert house.run_until(lambda: talking.is_held, 10)
    talking.takes("luca")
    assert house.run_until(lambda: talking.is_in("luca"), 20)


def test_number_whose_ringing_never_began_gives_the_caller_back(house: House) -> None:
    talking = begin(house)
    dies_after(talking, "transfer", target=ToNumber(number=WAREHOUSE), note="")
    assert house.run_until(lambda: house.offer_to("luca") is not None, 120), talking.happened()
    assert house.run_until(lambda: heard_once(talking.caller, "non ha risposto nessuno"), 20), talking.caller.heard
    assert talking.phone("client:anna").reason == "completed"


def test_warm_transfer_whose_worker_died_lets_the_first_one_go_and_the_caller_off_hold(house: House) -> None:
    talking = begin(house)
    talking.consulting()
    dies_after(talking, "complete_transfer")
    house.wait(15)
    assert not talking.is_held
    assert talking.phone("client:anna").reason == "completed"
    assert talking.status == store.TALKING
    assert talking.hears(talking.phone("client:luca"), "eccomi") == {"caller"}


def test_cold_transfer_whose_worker_died_brings_the_caller_to_the_queue(house: House) -> None:
    talking = begin(house)
    dies_after(talking, "transfer", target=ToAgent(agent_id="luca"), note="")
    house.wait(15)
    assert heard_once(talking.caller, "La passo a un collega"), talking.caller.heard
    assert talking.phone("client:anna").reason == "completed"


def test_story_is_the_same_on_both_databases(engine: Engine) -> None:
    house = build_house(engine)
    talking = whole_story(house)
    assert talking.status == store.ENDED
    assert [row["score"] for row in house.rows("effort_scores")] == [3]
    assert {row["state"] for row in house.rows("call_legs")} == {"left"}
    kinds = talking.happened()
    assert [kind for kind in ("consult_asked", "conference", "handed_over", "passed_to_number") if kind in kinds] == [
        "consult_asked",
        "conference",
        "handed_over",
        "passed_to_number",
    ]
    house.close()
