"""A desk in a talk, without a carrier: the agent has accepted, and the two hear each other."""

from sqlalchemy.orm import Session

from ivr.accounts import store as accounts
from ivr.calls import legs
from ivr.calls import store as calls
from routing import dispatch, reports
from tests.service.desks import CALL, PASSWORD, Browser, House

SARA = "sara@example.it"


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
        comes_in(session, "giulia", house)


def comes_in(session: Session, agent_id: str, house: House) -> None:
    """An agent's telephone is answered, and is in the conference."""
    leg = legs.of_agent(session, CALL, agent_id)
    assert leg is not None
    leg.state, leg.in_at, leg.sid = legs.IN, house.clock(), leg.sid or "CA" + "3" * 32
    leg.due_at = None
    if leg.work_id is not None:
        dispatch.connected(session, call_id=leg.work_id, now=house.clock())


def they_part(house: House) -> None:
    """The talk is over, the agent writes down what it led to."""
    with house.sessions.begin() as session:
        dispatch.talk_ended(session, call_id=CALL, now=house.clock())


def in_talk(house: House, browser: Browser) -> None:
    """From nothing to the talk."""
    accepted(house, browser)
    they_meet(house)


def has_an_account(house: House) -> None:
    """Sara, whom the company knows as an agent who is available, can sign in."""
    with house.sessions.begin() as session:
        accounts.add(
            session, email=SARA, display_name="Sara Bruni", role=accounts.Role.AGENT, password=PASSWORD,
            agent_id="sara", now=house.clock(),
        )  # fmt: skip
        dispatch.heartbeat(session, agent_id="sara", now=house.clock())


def offer_of(house: House, agent_id: str) -> int:
    """The offer that rings an agent."""
    with house.sessions() as session:
        offer = reports.open_offer_of(session, agent_id)
    assert offer is not None
    return offer.offer_id
