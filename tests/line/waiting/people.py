"""What the stories of waiting have in common: callers who wait, agents who are free or not, customers who are rung back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ivr import database, trial
from ivr.calls import store
from ivr.calls.callbacks_tables import Callback
from ivr.line.legs import Leg
from ivr.line.party import RingReply
from ivr.line.script import Keys, Say, ScriptedParty, Step
from routing import store as routing_store
from routing.agents import AgentEvent
from routing.queues import Queue
from tests.telephone import House, talk

PERSON = talk("aiutarla", Keys("0"), "persona")
ENGLISH_PERSON = talk("can I help you", Keys("0"), "person")
PRESSES_1 = [*PERSON, *talk("prema 1", Keys("1"), "il suo posto resta suo")]
KEEPS_PLACE = [*PRESSES_1, Say("sì"), *talk("non perde il posto")]
YES = talk("parlo con", "sì")


def busy(house: House, agent_id: str = "anna") -> tuple[ScriptedParty, Leg]:
    """An agent in a talk with somebody else."""
    house.agent_phone(f"client:{agent_id}")
    house.sign_in(agent_id)
    caller, leg = house.call(PERSON, from_="+393401110000")
    assert house.run_until(lambda: house.offer_to(agent_id) is not None, 60), caller.heard
    house.accept(agent_id)
    assert house.run_until(lambda: house.record(leg).status == store.TALKING, 30)
    house.wait(3)
    return caller, leg


def ready(house: House, agent_id: str = "anna") -> None:
    house.act(lambda desk, session, now: desk.set_state(session, agent_id=agent_id, event=AgentEvent.READY, now=now))


def away(house: House, agent_id: str = "anna") -> None:
    house.act(
        lambda desk, session, now: desk.set_state(
            session, agent_id=agent_id, event=AgentEvent.STEP_AWAY, reason="pausa", now=now
        )
    )


def frees(house: House, talking: ScriptedParty, agent_id: str = "anna") -> None:
    """The other caller hangs up and the agent is ready for the next one."""
    house.line.run(talking.handset.hang_up)
    house.wait(2)
    ready(house, agent_id)


def waits(house: House, steps: Sequence[Step] = PERSON, from_: str = trial.GIULIA) -> tuple[ScriptedParty, Leg]:
    """A caller in the queue."""
    caller, leg = house.call(steps, from_=from_)
    assert house.run_until(lambda: status(house, leg) == store.WAITING, 60), caller.heard
    return caller, leg


def status(house: House, leg: Leg) -> str:
    """How a call stands; "" before its first webhook."""
    with house.reading() as session:
        call = store.call(session, leg.sid)
        return "" if call is None else call.status


def promised(house: House, steps: Sequence[Step] = KEEPS_PLACE, from_: str = trial.MARIO) -> Leg:
    """A caller who has pressed 1 and has hung up, knowing what will happen."""
    caller, leg = house.call(steps, from_=from_)
    assert house.run_until(lambda: caller.reason is not None, 120), caller.heard
    caller.check()
    house.wait(2)
    return leg


def phone_of(
    house: House, number: str, steps: Sequence[Step] = (), on_ring: RingReply | None = None
) -> list[ScriptedParty]:
    """A customer's telephone; the list grows by a party for each time that it rings."""
    return house.agent_phone(number, on_ring, steps)


def callback(house: House) -> dict[str, Any]:
    (row,) = house.rows("callbacks")
    return row


def happened(house: House, leg: Leg | None = None) -> list[str]:
    return [row["kind"] for row in house.rows("happenings") if leg is None or row["call_id"] == leg.sid]


def queue(house: House, **given: Any) -> None:
    """Save a queue's settings."""
    with database.session_factory(house.engine).begin() as session:
        kept = routing_store.queues(session).get(given["queue_id"], Queue(queue_id=given["queue_id"]))
        version = routing_store.queue_version(session, given["queue_id"])
        routing_store.save_queue(session, replace(kept, **given), by="admin", version=version, now=house.clock.now())


def open_callback(house: House) -> Callback | None:
    with house.reading() as session:
        return session.query(Callback).first()


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
