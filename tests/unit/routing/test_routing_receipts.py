"""What a receipt says, and that receipts of every age can be read."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from routing.agents import AgentState, Candidate
from routing.matching import could_ever_take, match
from routing.queues import AgentOrder, Queue
from routing.receipts import Receipt, Rest, Rule, TieBreak, compact, receipt_from_json
from routing.receipts_words import WORDS
from routing.skills import Droppable, Requirements, SkillWanted
from routing.waiting import Ring, WaitingCall

NOW = datetime(2026, 11, 23, 8, 10, tzinfo=UTC)


def agent(agent_id: str, *, skills: dict[str, int] | None = None, idle: int = 60, **values: Any) -> Candidate:
    values = {"state": AgentState.AVAILABLE, "languages": ("it",), **values}
    idle_since = NOW - timedelta(seconds=idle)
    return Candidate(
        agent_id=agent_id, name=agent_id.capitalize(), idle_since=idle_since, skills=skills or {"orders": 3}, **values
    )


def decide(*agents: Candidate, waited: int = 12, queue: Queue | None = None, **asked: Any) -> Receipt:
    call = WaitingCall(
        call_id="CA1",
        requirements=Requirements(**{"skill": "orders", "level": 3, "languages": ("it",), **asked}),
        enqueued_at=NOW - timedelta(seconds=waited),
        priority=2,
        boosts={"recovery": 120},
    )
    return match(call, agents, NOW, queue=queue or Queue(queue_id="orders"))


def test_the_words_of_a_decision_name_who_why_and_why_not_the_others() -> None:
    receipt = decide(
        agent("anna", idle=90),
        agent("bruno", idle=30),
        agent("carla", state=AgentState.WRAP_UP),
        agent("dario", skills={"orders": 2}, languages=()),
    )
    assert receipt.in_words("it") == (
        (
            "Anna riceve la chiamata (orders, livello 3, in attesa da 12 s, anello 0): "
            "a parità di livello, aspetta una chiamata da più tempo."
        ),
        "Chiede anche: una di queste lingue: it.",
        "Posto nella coda: priorità 120 s + attesa 12 s + cliente da recuperare 120 s = 252 s.",
        "Anna: risponde ai requisiti; livelli di distanza 0, in attesa di chiamate da 90 s.",
        "Bruno: risponde ai requisiti; livelli di distanza 0, in attesa di chiamate da 30 s.",
        "Carla: ora è nel dopo chiamata.",
        "Dario: ha il livello 2, serve almeno 3; lingue parlate: nessuna indicata, serve it.",
    )
    assert receipt.in_words("en")[5] == "Carla: is in wrap-up now."
    page = (Path(__file__).parents[3] / "docs/routing.md").read_text("utf-8")
    assert all(line in page for line in receipt.in_words("it")), "the example of the page is a receipt of ours"


def test_the_words_of_a_wide_ring_say_what_it_no_longer_asks_for_and_who_profits() -> None:
    rings = (Ring(after_seconds=0), Ring(after_seconds=60, drops=frozenset({Droppable.LEVEL, Droppable.SKILL})))
    receipt = decide(
        agent("anna", skills={"returns": 2}),
        agent("bruno", skills={"billing": 5}),
        agent("carla", skills={"orders": 1, "returns": 1}, refused_at=NOW - timedelta(seconds=30)),
        waited=70,
        queue=Queue(queue_id="orders", team=("orders", "returns"), rings=rings, order=AgentOrder.FEWEST_CALLS),
        also=(SkillWanted(skill="returns", level=2), SkillWanted(skill="recovery", is_must=False)),
    )
    assert receipt.in_words("en") == (
        (
            "Anna is offered the call (orders, level 3, waiting for 70 s, ring 1): "
            "the others who fit have already declined or missed this call."
        ),
        "It also asks for: returns of level 2 at least; preferably recovery of level 1; one of these languages: it.",
        "Ring 1 no longer asks for: the level; the skill: as the last choice any agent of the queue will do.",
        "Place in the queue: priority 120 s + wait 70 s + customer to win back 120 s = 310 s.",
        (
            "Anna: may take it (lacks the skill orders; has level 0 in recovery, 1 is preferred; calls taken today: 0); "
            "levels away 3, free for 60 s."
        ),
        (
            "Carla: may take it (has level 1, at least 3 is needed; has level 1 in returns, at least 2 is needed; "
            "has level 0 in recovery, 1 is preferred; has declined or missed it before; calls taken today: 0); "
            "levels away 3, free for 60 s."
        ),
        "Bruno: is not of the queue: skills billing, one of orders, returns is needed.",
    )


def test_agents_are_called_by_name_where_a_call_is_for_one_of_them() -> None:
    kept = decide(
        agent("anna", state=AgentState.ON_CALL), agent("bruno"), preferred_agent_id="anna", preferred_seconds=30
    )
    assert kept.in_words("it")[-1] == "Bruno: la chiamata è tenuta per Anna ancora 18 s."
    only = decide(agent("anna", state=AgentState.ON_CALL), agent("bruno"), only_agent_id="anna")
    assert only.in_words("it")[-1] == "Bruno: la chiamata è solo per Anna."


def test_a_large_site_s_receipt_says_how_many_more_there_are() -> None:
    people = [agent(f"a{number:04}") for number in range(60)]
    people += [agent(f"b{number:04}", state=AgentState.ON_CALL) for number in range(1000)]
    short = compact(decide(*people))
    assert len(short.considered) == 50
    assert short.rest == (Rest(rule=None, agents=10), Rest(rule=Rule.STATE, agents=1000))
    assert short.in_words("it")[-2:] == ("Altre persone adatte: 10.", "Altre persone escluse da «libero»: 1000.")


def test_a_receipt_of_the_first_days_can_still_be_read() -> None:
    stored = {
        "call_id": "CA1",
        "at": "2026-01-05T09:00:00+00:00",
        "ring": 0,
        "waited_seconds": 4,
        "skill": "orders",
        "level": 3,
        "chosen_agent_id": "anna",
        "tie_break": "nearest_level",
        "considered": [
            {
                "agent_id": "anna",
                "name": "Anna",
                "is_preferred": False,
                "level_distance": 1,
                "idle_seconds": 20,
                "checks": [{"rule": "state", "passed": True, "wanted": "available", "found": "available"}],
            }
        ],
    }
    receipt = receipt_from_json(stored)
    assert receipt.in_words("en") == (
        "Anna is offered the call (orders, level 3, waiting for 4 s, ring 0): has the level nearest to what is asked.",
        "Anna: fits; levels away 1, free for 20 s.",
    )
    assert receipt_from_json(receipt.as_json()) == receipt


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    italian, english = WORDS["it"], WORDS["en"]
    assert italian.keys() == english.keys()
    for key in italian:
        assert set(re.findall(r"{(\w+)}", italian[key])) == set(re.findall(r"{(\w+)}", english[key])), key
    assert {f"fails_{rule}" for rule in Rule} | {f"rule_{rule}" for rule in Rule} <= italian.keys()
    assert {tie_break.value for tie_break in TieBreak} - {"nobody"} <= italian.keys()
    assert {f"drops_{drop}" for drop in Droppable} <= italian.keys()
    assert {f"is_{state}" for state in AgentState if state is not AgentState.AVAILABLE} <= italian.keys()


@pytest.mark.parametrize(
    ("skills", "able"), [({"orders": 1}, True), ({"returns": 5}, False), ({"orders": 5}, True), ({}, False)]
)
def test_who_could_ever_take_a_call_is_known_before_it_waits(skills: dict[str, int], *, able: bool) -> None:
    asked = Requirements(skill="orders", level=3, languages=("it",))
    away = agent("anna", state=AgentState.AWAY)
    person = Candidate(**{**vars(away), "skills": skills})
    assert could_ever_take(asked, person) is able
