"""A large house at its busiest: 500 agents, 200 callers who wait, 60 in the line; for the board's bench and pictures.

`python -m tests.large_house FOLDER` serves it on 127.0.0.1:5998 (marta@example.it, the desks' password).
"""

import logging
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.orm import Session

from ivr.accounts import store as accounts
from ivr.accounts.store import Role
from ivr.calls import store as calls
from ivr.calls.tables import Call
from ivr.customers.tables import Customer
from routing import dispatch, store, tables
from routing.agents import AgentEvent
from routing.outcomes import Offered
from routing.queues import Queue
from routing.skills import Requirements
from routing.waiting import WaitingCall
from tests.service import desks

AGENTS, WAITING, IN_LINE = 500, 200, 60
SUPERVISOR = desks.SUPERVISOR
SKILLS = ("orders", "returns", "product", "recovery")
NAMES = {"orders": "Ordini", "returns": "Resi", "product": "Prodotti", "recovery": "Reclami"}
FIRST, LAST = (
    words.split()
    for words in (
        "Anna Luca Giulia Marco Sara Paolo Elena Davide Chiara Matteo Irene Fabio Marta Nicola Silvia Andrea",
        "Ricci Ferri Conti Bianchi Moretti Gallo Costa Greco Bruno Marino Rizzo Lombardi Barbieri Fontana Serra",
    )
)


def queues(session: Session, now: datetime) -> None:
    """The queues."""
    for queue_id, name in NAMES.items():
        queue = Queue(queue_id=queue_id, names={"it": name, "en": queue_id.capitalize()}, team=(queue_id,))
        store.save_queue(session, queue, by="bench", version=0, now=now)


def supervisor(session: Session, now: datetime) -> None:
    """Who looks at the board."""
    accounts.add(
        session, email=SUPERVISOR, display_name="Marta Fontana", role=Role.SUPERVISOR, password=desks.PASSWORD,
        now=now, agent_id=None, language="it",
    )  # fmt: skip


def hire(session: Session, now: datetime, count: int = AGENTS) -> None:
    """The agents, all off."""
    for number in range(count):
        name = f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]} {number:03}"
        skills = {SKILLS[number % 4]: 1 + number % 5, SKILLS[(number + 1) % 4]: 1 + number % 3}
        store.save_agent(
            session, agent_id=f"a{number:03}", name=name, address=f"client:a{number:03}",
            languages=("it", "en") if number % 3 == 0 else ("it",), skills=skills, now=now,
        )  # fmt: skip


def a_call(session: Session, number: int, status: str, now: datetime) -> str:
    """A call with its customer."""
    call_id, customer_id = f"CA{number:032}", f"K{number:05}"
    session.add(
        Customer(
            customer_id=customer_id, name=f"{FIRST[number % 16]} {LAST[number % 15]}", language="it",
            preferred_channel="phone", email="",
        )
    )  # fmt: skip
    session.flush()
    calls.add(
        session,
        Call(
            call_id=call_id, from_number=f"+39333{number:07}", to_number="+390210420000", flow="shop", flow_version=1,
            listening="carrier", language="it", status=status, started_at=now - timedelta(seconds=number % 90),
            customer_id=customer_id, reason=("order_status", "return", "complaint")[number % 3], node="ask_reason",
            turn=3,
        ),
    )  # fmt: skip
    return call_id


def wait(session: Session, call_id: str, number: int, came_at: datetime) -> None:
    """A call asks for a person."""
    asked = Requirements(skill=SKILLS[number % 4], level=1 + number % 3, languages=("en" if number % 7 == 0 else "it",))
    dispatch.enqueue(session, call_id=call_id, requirements=asked, queue=SKILLS[number % 4], now=came_at)


def take(session: Session, offer: Offered, now: datetime) -> None:
    """An agent takes what rings."""
    dispatch.accept(session, offer_id=offer.offer_id, agent_id=offer.agent_id, now=now)
    call = calls.call(session, offer.call_id)
    if call is not None:
        call.agent_id, call.status = offer.agent_id, calls.TALKING
    dispatch.connected(session, call_id=offer.call_id, now=now)


def talk(session: Session, number: int, since: datetime, now: datetime) -> None:
    """An agent and a caller in their talk, as the rows of such a talk are."""
    agent_id, call_id = f"a{number:03}", a_call(session, number, calls.TALKING, now)
    session.execute(update(Call).where(Call.call_id == call_id).values(agent_id=agent_id))
    is_agent = tables.Agent.agent_id == agent_id
    lease = now + timedelta(hours=1)
    session.execute(update(tables.Agent).where(is_agent).values(state="on_call", state_since=since, lease_until=lease))
    asked = Requirements(skill=SKILLS[number % 4], level=1 + number % 5)
    call = WaitingCall(call_id=call_id, requirements=asked, enqueued_at=since, queue=asked.skill)
    store.add_call(session, call)
    session.execute(update(tables.Waiting).where(tables.Waiting.call_id == call_id).values(state="assigned"))
    offer = tables.Offer(
        call_id=call_id, agent_id=agent_id, offered_at=since, expires_at=since, state="accepted", receipt={}
    )
    session.add(offer)
    session.flush()
    stay_id = store.answer_stay(session, call_id, agent_id=agent_id, now=since)
    assignment = tables.Assignment(
        call_id=call_id, agent_id=agent_id, offer_id=offer.offer_id, skill=asked.skill, accepted_at=since,
        connected_at=since, ended_reason="", stay_id=stay_id,
    )  # fmt: skip
    session.add(assignment)


def be_busy(session: Session, now: datetime) -> None:
    """Four of five agents talk, the others are away or off; 200 wait, 60 are in the line."""
    chance = random.Random(5)  # noqa: S311  # a house for the eye
    for number in range(AGENTS):
        since = now - timedelta(seconds=chance.randrange(20, 600))
        agent_id = f"a{number:03}"
        if number % 10 < 8:
            talk(session, number, since, now)
        elif number % 10 == 8:
            dispatch.heartbeat(session, agent_id=agent_id, now=now + timedelta(hours=1))
            event = AgentEvent.STEP_AWAY
            dispatch.set_state(session, agent_id=agent_id, event=event, now=since, away_reason="break")
    for number in range(AGENTS, AGENTS + WAITING):
        wait(session, a_call(session, number, calls.WAITING, now), number, now - timedelta(seconds=number % 240))
    for number in range(2000, 2000 + IN_LINE):
        call_id = a_call(session, number, calls.IN_LINE, now)
        if number % 4 == 0:
            calls.keep_words_so_far(session, call_id=call_id, turn=3, words="vorrei sapere quando arriva il mio ordine")


if __name__ == "__main__":
    logging.disable(logging.INFO)
    with desks.open_house(Path(sys.argv[1]), clock=lambda: datetime.now(UTC)) as house:
        with house.sessions.begin() as filling:
            queues(filling, house.clock())
            hire(filling, house.clock())
            be_busy(filling, house.clock())
        house.app.run(port=5998, threaded=True)
