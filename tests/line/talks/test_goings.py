"""Each party goes at each moment: the table of `ivr.calls.talks_table` (docs/talks.md), walked by telephone.

Every webhook comes twice, and what is told of legs and conferences comes late, so that others overtake it; or never at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from ivr.calls import store
from ivr.calls.talks import ToAgent, ToNumber
from ivr.calls.talks_table import TABLE, Going, Moment, Then
from ivr.line.faults import WebhookFault
from ivr.line.party import Answer, NoAnswer
from ivr.line.script import Silence
from tests.line.talks.talking import PERSON, WAREHOUSE, Talking, begin, done
from tests.telephone import House, heard_once

SARA = "+393391234567"
# The caller answers nothing once the talk is over: what they hear then is what is looked at.
STEPS = [*PERSON, Silence(100_000)]


def in_line(house: House) -> Talking:
    caller, leg = house.call([], from_="+393401112225")
    house.wait(3)
    return Talking(house=house, caller=caller, leg=leg, phones={})


def queued(house: House) -> Talking:
    talking = talking_with_anna(house)
    caller, leg = house.call(STEPS, from_="+393401112225")
    assert house.run_until(lambda: heard_once(caller, "La sua è la prossima"), 60), caller.heard
    return replace(talking, caller=caller, leg=leg)


def ringing(house: House) -> Talking:
    phones = {
        "client:anna": house.agent_phone("client:anna", Answer(after_seconds=15)),
        "client:luca": house.agent_phone("client:luca"),
    }
    house.sign_in("anna")
    caller, leg = house.call(STEPS, from_="+393401112225")
    talking = Talking(house=house, caller=caller, leg=leg, phones=phones)
    talking.takes("anna")
    house.wait(3)
    house.sign_in("luca")
    return talking


def talking_with_anna(house: House) -> Talking:
    return begin(house, STEPS, others=())


def luca_comes(house: House) -> Talking:
    talking = begin(house, STEPS)
    house.agent_phone("client:luca", NoAnswer())
    done(talking.consult(ToAgent(agent_id="luca")))
    talking.takes("luca")
    house.wait(4)
    return talking


def consulting(house: House) -> Talking:
    talking = begin(house, STEPS)
    talking.consulting()
    return talking


def conference(house: House) -> Talking:
    talking = begin(house, STEPS)
    talking.in_conference()
    return talking


def passing(house: House) -> Talking:
    talking = begin(house, STEPS, number=NoAnswer())
    done(talking.transfer(ToNumber(number=WAREHOUSE)))
    house.wait(6)
    return talking


def alone(house: House) -> Talking:
    talking = talking_with_anna(house)
    house.line.faults.add(WebhookFault(url_part="/voice/met", lost=True, times=100))
    talking.hang_up(talking.phone("client:anna"))
    return talking


MOMENTS: Mapping[Moment, Callable[[House], Talking]] = {
    Moment.IN_LINE: in_line,
    Moment.QUEUED: queued,
    Moment.RINGING: ringing,
    Moment.TALKING: talking_with_anna,
    Moment.CONSULT_COMING: luca_comes,
    Moment.CONSULTING: consulting,
    Moment.CONFERENCE: conference,
    Moment.PASSING: passing,
    Moment.ALONE: alone,
}


def first_address(talking: Talking) -> str:
    return next(leg.address for leg in talking.legs() if leg.role == "agent")


def goes(talking: Talking, moment: Moment, going: Going) -> None:
    """Let a party go, as it goes in life."""
    house = talking.house
    match going:
        case Going.CALLER:
            talking.hang_up(talking.caller)
        case Going.FIRST_LOST:
            talking.cut(first_address(talking))
        case Going.FIRST_LEFT if moment in {Moment.RINGING, Moment.PASSING}:
            # Nobody picks up.
            house.line.run(talking.phone(first_address(talking)).handset.decline)
        case Going.FIRST_LEFT:
            talking.hang_up(talking.phone("client:anna"))
        case Going.SECOND if moment is Moment.CONSULT_COMING:
            house.line.run(house_party(talking).handset.decline)
        case Going.SECOND:
            talking.hang_up(talking.phone("client:luca"))
        case Going.SUPERVISOR:
            talking.phones[SARA] = house.agent_phone(SARA)
            done(
                talking.act(
                    lambda talks, session, now: talks.supervise(
                        session, agent_id=None, call_id=talking.call_id, mode="whisper", number=SARA, now=now
                    )
                )
            )
            house.wait(5)
            talking.hang_up(talking.phone(SARA))
    house.wait(6)


def house_party(talking: Talking) -> object:
    """Whoever's telephone rings now."""
    return [leg for leg in talking.house.line.legs.values() if leg.status == "ringing"][-1].party


def came_to(talking: Talking, moment: Moment, then: Then) -> None:
    """What became of the call, as caller and agents meet it."""
    house, caller = talking.house, talking.caller
    match then:
        case Then.ENDS:
            assert talking.status == store.ENDED
            assert not any(leg.role != "caller" for leg in talking.legs())
        case Then.FLOW:
            assert house.run_until(lambda: heard_once(caller, "quanto le è costato"), 30), caller.heard
            assert house.agent_state("anna") == "wrap_up"
        case Then.FIRST_OF_ALL:
            assert heard_once(caller, "passa davanti a tutte"), caller.heard
            assert talking.status == store.WAITING
            if moment in {Moment.CONSULT_COMING, Moment.PASSING}:
                assert not heard_once(caller, "quanto le è costato")
        case Then.SAME_PLACE:
            assert talking.status == store.WAITING
            assert house.agent_state("anna") == "missed"
            assert house.run_until(lambda: house.offer_to("luca") is not None, 30)
        case Then.SECOND_HAS_IT:
            assert talking.agent_id == "luca"
            assert talking.hears(talking.phone("client:luca"), "ci penso io") == {"caller"}
            assert house.agent_state("anna") == "wrap_up"
        case Then.BACK_TO_FIRST:
            assert talking.hears(talking.phone("client:anna"), "eccomi") == {"caller"}
        case Then.GOES_ON:
            assert "caller" in talking.hears(talking.phone("client:anna"), "eccoci") or talking.is_held
            assert talking.status == store.TALKING
        case Then.NOTHING:
            raise AssertionError("the table holds nothing that comes to nothing")


@pytest.mark.parametrize(("moment", "going"), TABLE, ids=[f"{moment}-{going}" for moment, going in TABLE])
def test_each_party_goes_at_each_moment(house: House, moment: Moment, going: Going) -> None:
    house.line.faults.add(
        WebhookFault(purpose="callback", url_part="/voice/leg", duplicate=True, late_seconds=2.5, times=10_000),
        WebhookFault(purpose="conference", duplicate=True, late_seconds=0.7, times=10_000),
        WebhookFault(duplicate=True, times=10_000),
    )
    talking = MOMENTS[moment](house)
    goes(talking, moment, going)
    came_to(talking, moment, TABLE[moment, going])
    talking.nobody_is_stuck()


@pytest.mark.parametrize(
    ("moment", "going"),
    [
        (Moment.TALKING, Going.FIRST_LEFT),
        (Moment.CONSULTING, Going.FIRST_LEFT),
        (Moment.CONSULTING, Going.SECOND),
        (Moment.CONFERENCE, Going.FIRST_LEFT),
        (Moment.CONFERENCE, Going.SECOND),
    ],
    ids=str,
)
def test_leg_whose_end_is_never_told_leaves_nobody_behind(house: House, moment: Moment, going: Going) -> None:
    talking = MOMENTS[moment](house)
    house.line.faults.add(WebhookFault(purpose="callback", url_part="/voice/leg", lost=True, times=10_000))
    goes(talking, moment, going)
    house.wait(6)
    came_to(talking, moment, TABLE[moment, going])


def test_every_moment_of_the_table_is_walked() -> None:
    assert {moment for moment, _ in TABLE} == set(MOMENTS)
    assert {going for _, going in TABLE} == set(Going)
    assert set(TABLE.values()) == set(Then) - {Then.NOTHING}
