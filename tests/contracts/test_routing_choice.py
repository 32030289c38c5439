"""Whoever the round finds by its index is whom the pure matcher would choose among everybody, whatever is asked."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from routing import dispatch, dispatch_round, reports, store, tables
from routing.agents import AgentEvent, AgentState, Candidate
from routing.matching import match
from routing.queues import AgentOrder, Queue
from routing.skills import Droppable, Requirements, SkillWanted
from routing.waiting import DEFAULT_RULES, Ring, WaitingCall
from tests.contracts.routing_company import OPENING, Company, company_on

SKILLS = ("orders", "returns", "billing")
LANGUAGES = ("it", "en", "de")
RINGS = (
    Ring(after_seconds=0),
    Ring(after_seconds=30, drops=frozenset({Droppable.LEVEL, Droppable.PREFERRED_SKILLS})),
    Ring(after_seconds=60, drops=frozenset({Droppable.LANGUAGES})),
    Ring(after_seconds=90, drops=frozenset({Droppable.SKILL})),
)
QUEUES = tuple(Queue(queue_id=order.value, team=SKILLS, rings=RINGS, order=order) for order in AgentOrder)
AGENTS = 40
CALLS = 25


@pytest.fixture
def company(engine: Engine) -> Iterator[Company]:
    made = company_on(engine)
    yield made
    made.assert_sound()


@pytest.fixture
def large_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a few agents are read by the index, a few at a time."""
    monkeypatch.setattr(dispatch_round, "SMALL_SITE", 0)


def hire(company: Company, chance: random.Random, number: int) -> None:
    agent_id = f"{chance.choice('abAB')}{number}"
    with company.transaction() as session:
        store.save_agent(
            session,
            agent_id=agent_id,
            name=agent_id,
            address="",
            languages=chance.sample(LANGUAGES, chance.randint(1, 2)),
            skills={skill: chance.randint(1, 5) for skill in chance.sample(SKILLS, chance.randint(1, 3))},
            now=company.now,
        )
        # Some have been idle equally long.
        company.now = OPENING + timedelta(seconds=chance.randrange(12))
        dispatch.set_state(session, agent_id=agent_id, event=AgentEvent.READY, now=company.now)
        if chance.random() < 0.2:
            dispatch.set_state(session, agent_id=agent_id, event=AgentEvent.STEP_AWAY, now=company.now)
    company.agents.append(agent_id)


def requirements(company: Company, chance: random.Random) -> Requirements:
    also = tuple(
        SkillWanted(skill=chance.choice(SKILLS), level=chance.randint(1, 4), is_must=chance.random() < 0.4)
        for _ in range(chance.choice((0, 0, 1, 2)))
    )
    return Requirements(
        skill=chance.choice(SKILLS),
        level=chance.randint(1, 4),
        also=also,
        languages=tuple(chance.sample(LANGUAGES, chance.randint(0, 2))),
        preferred_agent_id=chance.choice((None, None, chance.choice(company.agents))),
        preferred_seconds=chance.choice((0, 45)),
        only_agent_id=chance.choice((*[None] * 9, chance.choice(company.agents))),
        excluded_agent_ids=tuple(chance.sample(company.agents, chance.choice((0, 0, 3)))),
        never_dropped=chance.choice((frozenset(), frozenset({Droppable.LANGUAGES}))),
    )


def expected(
    calls: list[WaitingCall],
    agents: dict[str, Candidate],
    refused: Mapping[str, Mapping[str, datetime]],
    queues: Mapping[str, Queue],
    now: datetime,
) -> dict[str, str]:
    """What the pure matcher decides, one call after the other, each time among everybody."""
    chosen = {}
    for call in sorted(calls, key=lambda one: (one.enqueued_at, one.call_id)):
        seen = store.with_refusals(tuple(agents.values()), refused.get(call.call_id, {}))
        agent_id = match(call, seen, now, DEFAULT_RULES, queues[call.queue]).chosen_agent_id
        if agent_id is not None:
            chosen[call.call_id] = agent_id
            agents[agent_id] = replace(agents[agent_id], state=AgentState.OFFERED)
    return chosen


@pytest.mark.usefixtures("large_site")
@pytest.mark.parametrize("seed", range(6))
def test_the_choice_by_index_is_the_choice_among_everybody(company: Company, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test's dice, the same every run
    with company.transaction() as session:
        for queue in QUEUES:
            assert store.save_queue(session, queue, by="admin", version=0, now=OPENING) == 1
    for number in range(AGENTS):
        hire(company, chance, number)
    calls = []
    for number in range(CALLS):
        company.now = OPENING + timedelta(seconds=chance.randrange(20, 140))
        wanted, queue = requirements(company, chance), chance.choice(QUEUES)
        with company.transaction() as session:
            dispatch.enqueue(session, call_id=f"CA{number}", requirements=wanted, now=company.now, queue=queue.queue_id)
        calls.append(
            WaitingCall(call_id=f"CA{number}", requirements=wanted, enqueued_at=company.now, queue=queue.queue_id)
        )
    company.now = OPENING + timedelta(seconds=141)
    for _ in range(3):
        # Some decline, and the next round goes by that.
        with company.transaction() as session:
            waiting = set(session.scalars(select(tables.Waiting.call_id).where(tables.Waiting.state == "waiting")))
            agents = {one.agent_id: one for one in store.candidates(session)}
            refused = store.refusals(session)
            queues = store.queues(session)
        left = [call for call in calls if call.call_id in waiting]
        assert company.dispatch() == expected(left, agents, refused, queues, company.now)
        for agent_id in company.agents:
            with company.transaction() as session:
                offer = reports.open_offer_of(session, agent_id)
                if offer is not None and chance.random() < 0.6:
                    dispatch.decline(session, offer_id=offer.offer_id, agent_id=agent_id, now=company.now)
        company.later(chance.choice((3, 12)))


@pytest.mark.usefixtures("large_site")
def test_agents_who_became_free_at_the_same_moment_go_by_their_identifiers(company: Company) -> None:
    for agent_id in ("b", "a", "B", "é", "z"):
        company.hire(agent_id)
    for number in range(5):
        company.calls(f"CA{number}")
    assert list(company.dispatch().values()) == ["B", "a", "b", "z", "é"]


@pytest.mark.usefixtures("large_site")
def test_a_receipt_of_a_large_site_names_who_was_chosen_and_who_came_next(company: Company) -> None:
    for number in range(12):
        company.hire(f"agent{number:02}")
        company.later(1)
    company.calls("CA1")
    assert company.dispatch() == {"CA1": "agent00"}
    receipt = company.offer_to("agent00").receipt
    assert [one.agent_id for one in receipt.considered] == ["agent00", "agent01"]
    assert receipt.is_partial
    assert receipt.in_words("it")[-1] == "Chi non è in elenco viene dopo queste persone."
