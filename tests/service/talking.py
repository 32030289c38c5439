"""A desk in a talk, without a carrier: the agent has accepted, and the two hear each other."""

from ivr.calls import store as calls
from routing import dispatch
from tests.service.desks import CALL, Browser, House


def accepted(house: House, browser: Browser) -> None:
    """The agent takes the call that waits."""
    assert browser.send(f"/desk/offers/{house.offer()}/accept").status_code == 204


def they_meet(house: House) -> None:
    """What the carrier's reports would do: the two hear each other."""
    with house.sessions.begin() as session:
        dispatch.connected(session, call_id=CALL, now=house.clock())
        call = calls.call(session, CALL)
        assert call is not None
        call.status, call.conference_id, call.agent_leg = calls.TALKING, "CF" + "1" * 32, "CA" + "2" * 32


def they_part(house: House) -> None:
    """The talk is over, the agent writes down what it led to."""
    with house.sessions.begin() as session:
        dispatch.talk_ended(session, call_id=CALL, now=house.clock())


def in_talk(house: House, browser: Browser) -> None:
    """From nothing to the talk."""
    accepted(house, browser)
    they_meet(house)
