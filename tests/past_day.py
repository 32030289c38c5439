"""A simulated day written into routing's tables as if it had happened: for what-if's tests and pictures."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from routing import tables
from routing.simulation import simulate
from routing.simulation_day import Day, Ending, SimulatedAgent
from routing.simulation_days import Town, draw_day

DAY = date(2026, 11, 23)
# The company's midnight, in Rome.
MIDNIGHT = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
OPENING = MIDNIGHT + timedelta(hours=8)


def write_day(session: Session, town: Town, seed: int = 1) -> Day:
    """Draw a day, let it happen, and keep stays, agents, their states and versions."""
    day = draw_day(town, OPENING, np.random.default_rng(seed))
    for agent in day.agents:
        _write_agent(session, agent)
    stays = simulate(day, np.random.default_rng((seed, 1)))
    pace = {agent.agent_id: agent.pace for agent in day.agents}
    rows = []
    for stay, one in zip(stays, day.calls, strict=True):
        came = one.call.enqueued_at
        left = came + timedelta(seconds=stay.waited_seconds)
        answered = stay.ending is Ending.ANSWERED
        lasts = pace.get(stay.agent_id, 1.0)
        ended = left + timedelta(seconds=one.talk_seconds * lasts)
        rows.append(
            {
                "call_id": one.call.call_id, "queue": one.call.queue, "skill": stay.skill, "level": one.call.requirements.level,
                "kind": "call", "language": "it", "requirements": one.call.requirements.as_json(),
                "priority": one.call.priority, "boosts": {}, "transferred": False, "enqueued_at": came, "came_at": came,
                "first_offered_at": left - timedelta(seconds=stay.answered_in_seconds) if stay.offers else None,
                "offers": stay.offers, "ring": stay.ring, "left_at": left,
                "outcome": "answered" if answered else "abandoned", "agent_id": stay.agent_id if answered else None,
                "accepted_at": left if answered else None, "connected_at": left if answered else None,
                "ended_at": ended if answered else None,
                "wrap_up_ended_at": ended + timedelta(seconds=one.wrap_up_seconds * lasts) if answered else None,
                "held_seconds": 0,
            }
        )  # fmt: skip
    session.execute(insert(tables.Stay), rows)
    return day


def _write_agent(session: Session, agent: SimulatedAgent) -> None:
    name = f"Persona {agent.agent_id[-3:]}"
    values = {"address": "", "state": "offline", "state_since": MIDNIGHT, "idle_since": MIDNIGHT, "away_reason": ""}
    session.add(tables.Agent(agent_id=agent.agent_id, name=name, languages=list(agent.languages), **values))
    session.add(
        tables.AgentVersion(
            agent_id=agent.agent_id, at=MIDNIGHT, skills=dict(agent.skills), languages=list(agent.languages), by=""
        )
    )
    for shift in agent.shifts:
        for seconds, state in ((shift.begins, "available"), (shift.ends, "offline")):
            at = OPENING + timedelta(seconds=seconds)
            session.add(
                tables.AgentStateChange(
                    agent_id=agent.agent_id, at=at, state=state, idle_since=at, away_reason="", by=""
                )
            )
    session.flush()
