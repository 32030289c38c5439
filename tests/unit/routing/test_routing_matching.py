"""Who is chosen and why: a table of decisions, properties of every decision, and the receipt's words."""

import json
import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agents import AgentState, Candidate
from routing.matching import could_ever_take, match
from routing.receipts import Receipt, Rule, TieBreak, receipt_from_json
from routing.receipts_words import WORDS
from routing.skills import Requirements
from routing.waiting import WaitingCall

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=10)


def agent(
    agent_id: str,
    *,
    level: int = 3,
    idle: int = 60,
    state: AgentState = AgentState.AVAILABLE,
    languages: tuple[str, ...] = ("it",),
    refused: int | None = None,
) -> Candidate:
    return Candidate(
        agent_id=agent_id,
        name=agent_id.capitalize(),
        state=state,
        idle_since=NOW - timedelta(seconds=idle),
        languages=languages,
        skills={"orders": level} if level else {"returns": 5},
        refused_at=None if refused is None else NOW - timedelta(seconds=refused),
    )


def chosen(*agents: Candidate, waited: int = 0, preferred: str | None = None, level: int = 3) -> Receipt:
    asked = Requirements(skill="orders", level=level, languages=("it",), preferred_agent_id=preferred)
    call = WaitingCall(call_id="CA1", requirements=asked, enqueued_at=NOW - timedelta(seconds=waited))
    return match(call, agents, NOW)


@pytest.mark.parametrize(
    ("agents", "asked", "expected", "tie_break"),
    [
        ((), {}, None, TieBreak.NOBODY),
        ((agent("anna"),), {}, "anna", TieBreak.ONLY_ONE),
        ((agent("anna", idle=10), agent("bruno", idle=20)), {}, "bruno", TieBreak.LONGEST_IDLE),
        ((agent("bruno"), agent("anna")), {}, "anna", TieBreak.AGENT_ID),
        ((agent("anna", level=5, idle=900), agent("bruno", level=3, idle=1)), {}, "bruno", TieBreak.NEAREST_LEVEL),
        ((agent("anna", level=5), agent("bruno")), {"preferred": "anna"}, "anna", TieBreak.PREFERRED),
        ((agent("anna", refused=30, idle=900), agent("bruno")), {}, "bruno", TieBreak.NOT_REFUSED_BEFORE),
        ((agent("anna", refused=30),), {}, "anna", TieBreak.ONLY_ONE),
        ((agent("anna", refused=9),), {}, None, TieBreak.NOBODY),
        ((agent("anna", refused=10),), {}, "anna", TieBreak.ONLY_ONE),
        ((agent("anna", level=2),), {"waited": 59}, None, TieBreak.NOBODY),
        ((agent("anna", level=2),), {"waited": 60}, "anna", TieBreak.ONLY_ONE),
        ((agent("anna", level=1), agent("bruno", level=2)), {"waited": 60}, "bruno", TieBreak.NEAREST_LEVEL),
        ((agent("anna", level=0),), {"waited": 6000}, None, TieBreak.NOBODY),
        ((agent("anna", languages=("en",)),), {"waited": 6000}, None, TieBreak.NOBODY),
        ((agent("anna", languages=("en", "it")),), {}, "anna", TieBreak.ONLY_ONE),
        *(
            ((agent("anna", state=state),), {"preferred": "anna"}, None, TieBreak.NOBODY)
            for state in AgentState
            if state is not AgentState.AVAILABLE
        ),
    ],
)
def test_decision(
    agents: tuple[Candidate, ...], asked: dict[str, object], expected: str | None, tie_break: TieBreak
) -> None:
    receipt = chosen(*agents, **asked)  # type: ignore[arg-type]  # a table's cells
    assert (receipt.chosen_agent_id, receipt.tie_break) == (expected, tie_break)


any_agent = st.builds(
    agent,
    st.sampled_from(["anna", "bruno", "carla", "dario", "elena"]),
    level=st.integers(0, 5),
    idle=st.integers(0, 600),
    state=st.sampled_from(AgentState),
    languages=st.sampled_from([(), ("it",), ("en",), ("it", "en")]),
    refused=st.none() | st.integers(0, 60),
)
staff = st.lists(any_agent, unique_by=lambda one: one.agent_id)


@given(agents=staff, waited=st.integers(0, 200), level=st.integers(1, 5))
def test_nobody_without_the_musts_is_ever_chosen(agents: list[Candidate], waited: int, level: int) -> None:
    receipt = chosen(*agents, waited=waited, level=level)
    if receipt.chosen_agent_id is None:
        return
    winner = next(one for one in agents if one.agent_id == receipt.chosen_agent_id)
    assert winner.state is AgentState.AVAILABLE
    assert "it" in winner.languages
    assert winner.skills.get("orders", 0) >= (level if waited < 60 else 1)


@given(agents=staff, waited=st.integers(0, 200), dice=st.randoms(use_true_random=False))
def test_the_same_input_in_any_order_gives_the_same_receipt(
    agents: list[Candidate], waited: int, dice: random.Random
) -> None:
    shuffled = list(agents)
    dice.shuffle(shuffled)
    assert chosen(*agents, waited=waited) == chosen(*shuffled, waited=waited)


@given(agents=staff, waited=st.integers(0, 200))
def test_a_call_is_left_waiting_only_when_everybody_fails_a_rule(agents: list[Candidate], waited: int) -> None:
    receipt = chosen(*agents, waited=waited)
    assert {one.agent_id for one in receipt.considered} == {one.agent_id for one in agents}
    assert (receipt.chosen_agent_id is None) == (not any(one.passed for one in receipt.considered))


@given(agents=staff, waited=st.integers(0, 200))
def test_a_receipt_survives_json_and_speaks_both_languages(agents: list[Candidate], waited: int) -> None:
    receipt = chosen(*agents, waited=waited)
    assert receipt_from_json(json.loads(json.dumps(receipt.as_json()))) == receipt
    for language in ("it", "en"):
        words = receipt.in_words(language)
        assert len([line for line in words if line.startswith(tuple(one.name for one in agents))]) >= len(agents)
        assert not any(re.search(r"[{}]|None", line) for line in words)


@given(agents=staff, waited=st.integers(0, 200))
def test_who_is_chosen_could_have_been_foreseen(agents: list[Candidate], waited: int) -> None:
    receipt = chosen(*agents, waited=waited)
    asked = Requirements(skill="orders", level=3, languages=("it",))
    able = {one.agent_id for one in agents if could_ever_take(asked, one)}
    assert receipt.chosen_agent_id is None or receipt.chosen_agent_id in able


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    italian, english = WORDS["it"], WORDS["en"]
    assert italian.keys() == english.keys()
    for key in italian:
        assert set(re.findall(r"{(\w+)}", italian[key])) == set(re.findall(r"{(\w+)}", english[key])), key
    assert {f"fails_{rule}" for rule in Rule} <= italian.keys()
    assert {tie_break.value for tie_break in TieBreak} <= italian.keys()
    assert {f"is_{state}" for state in AgentState if state is not AgentState.AVAILABLE} <= italian.keys()


def test_the_words_of_a_decision_name_who_why_and_why_not_the_others() -> None:
    receipt = chosen(
        agent("anna", idle=90),
        agent("bruno", idle=30),
        agent("carla", state=AgentState.WRAP_UP),
        agent("dario", level=2, languages=()),
        waited=12,
    )
    why = "a parità di livello, aspetta una chiamata da più tempo."
    assert receipt.in_words("it") == (
        "Anna riceve la chiamata (orders, livello 3, in attesa da 12 s, anello 0): " + why,
        "Chiede anche: una di queste lingue: it.",
        "Posto nella coda: attesa 12 s = 12 s.",
        "Anna: risponde ai requisiti; livelli di distanza 0, in attesa di chiamate da 90 s.",
        "Bruno: risponde ai requisiti; livelli di distanza 0, in attesa di chiamate da 30 s.",
        "Carla: ora è nel dopo chiamata.",
        "Dario: ha il livello 2, serve almeno 3; lingue parlate: nessuna indicata, serve it.",
    )
    assert receipt.in_words("en")[5] == "Carla: is in wrap-up now."
