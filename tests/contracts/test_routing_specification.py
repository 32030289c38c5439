"""The table of decisions, carried out by dispatch on SQLite and on PostgreSQL: what comes out is what the pure matcher says.

Every row is a transaction that is rolled back, so that all rows share one database.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from routing import dispatch, reports, store, tables
from routing.agents import AgentState, Candidate
from routing.matching import match
from routing.outcomes import OfferState, Queued
from routing.queues import DEFAULT_QUEUE
from routing.receipts import Receipt, compact
from tests.databases import DATABASES, PostgresqlServer, sqlite_database
from tests.routing_specification import CALL, NOW, Row, rows, told

YESTERDAY = NOW - timedelta(days=1)


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.postgresql] * (name == "postgresql")) for name in DATABASES],
)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("specification")
        with sqlite_database(folder) as made:
            tables.Base.metadata.create_all(made)
            yield made
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    with server.fresh_database() as made:
        tables.Base.metadata.create_all(made)
        yield made


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.says)
def test_dispatch_decides_as_the_table_says(shared: Engine, row: Row) -> None:
    with Session(shared) as session:
        for agent in row.agents:
            hire(session, agent, calls_yesterday=row.calls_yesterday[agent.agent_id])
        wait(session, row)
        session.flush()
        offers = dispatch.dispatch(session, NOW)
        receipt = offers[0].receipt if offers else reports.explain(session, CALL, NOW)
        kept = [one.receipt for one in store.receipts_of(session, CALL) if one.at == NOW]
        session.rollback()
    assert receipt is not None
    assert kept == [compact(receipt)], "what is kept is what was decided, and why nobody was chosen is kept too"
    assert told(receipt)["fails"] == of_the_present(row), "each rule that each agent fails"
    assert {**told(receipt), "fails": {}} == {**row.expected, "fails": {}}
    assert as_said(receipt) == as_said(match(row.call, present(row), NOW, queue=row.queue))


def as_said(receipt: Receipt) -> tuple[str, ...]:
    return receipt.in_words("it")


def present(row: Row) -> list[Candidate]:
    """Whoever is not signed in is no candidate, unless the call names them: a receipt says why those don't get it."""
    asked = row.call.requirements
    named = {asked.preferred_agent_id, asked.only_agent_id}
    return [one for one in row.agents if one.state is not AgentState.OFFLINE or one.agent_id in named]


def of_the_present(row: Row) -> dict[str, list[str]]:
    here = {one.agent_id for one in present(row)}
    return {agent_id: failed for agent_id, failed in row.expected["fails"].items() if agent_id in here}


def hire(session: Session, agent: Candidate, *, calls_yesterday: int) -> None:
    is_free = agent.state is AgentState.AVAILABLE
    session.add(
        tables.Agent(
            agent_id=agent.agent_id,
            name=agent.name,
            address=f"client:{agent.agent_id}",
            state=agent.state.value,
            state_since=agent.idle_since,
            idle_since=agent.idle_since,
            away_reason="",
            languages=list(agent.languages),
            skills=[
                tables.AgentSkill(skill=skill, level=level, free_since=agent.idle_since if is_free else None)
                for skill, level in agent.skills.items()
            ],
        )
    )
    session.flush()
    for number in range(agent.calls_today):
        talk(session, agent.agent_id, f"today{number}", NOW - timedelta(hours=1, minutes=number))
    for number in range(calls_yesterday):
        talk(session, agent.agent_id, f"yesterday{number}", YESTERDAY)
    if agent.refused_at is not None:
        refuse(session, agent.agent_id, agent.refused_at)


def talk(session: Session, agent_id: str, call: str, at: datetime) -> None:
    """A call that the agent has taken, and that is long over."""
    call_id = f"{call}-{agent_id}"
    offer = tables.Offer(
        call_id=call_id,
        agent_id=agent_id,
        offered_at=at,
        expires_at=at + timedelta(seconds=20),
        state=OfferState.ACCEPTED.value,
        closed_at=at,
        receipt={},
    )
    session.add(offer)
    session.flush()
    session.add(
        tables.Assignment(
            call_id=call_id,
            agent_id=agent_id,
            offer_id=offer.offer_id,
            skill="orders",
            accepted_at=at,
            connected_at=at,
            ended_at=at + timedelta(seconds=60),
            wrap_up_ended_at=at + timedelta(seconds=90),
            ended_reason="talk ended",
        )
    )


def refuse(session: Session, agent_id: str, at: datetime) -> None:
    """An offer of this very call that the agent has declined."""
    receipt = match(rows()[0].call, [], at).as_json()
    session.add(
        tables.Offer(
            call_id=CALL,
            agent_id=agent_id,
            offered_at=at,
            expires_at=at + timedelta(seconds=20),
            state=OfferState.DECLINED.value,
            closed_at=at,
            receipt=receipt,
        )
    )


def wait(session: Session, row: Row) -> None:
    """The call came as long ago as it has waited."""
    if row.queue is not DEFAULT_QUEUE:
        store.save_queue(session, row.queue, by="", version=0, now=row.call.enqueued_at)
    outcome = dispatch.enqueue(
        session,
        call_id=CALL,
        requirements=row.call.requirements,
        now=row.call.enqueued_at,
        queue=row.queue.queue_id,
    )
    assert isinstance(outcome, Queued), outcome
