"""Whom an agent can turn to: who could take the call now first, a skill by how many are free."""

from datetime import UTC, datetime

import pytest

from ivr.web.desk_panel import _colleagues, _teams
from routing.agents import AgentState, Presence

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def agent(name: str, state: AgentState, languages: tuple[str, ...] = ("it",), **skills: int) -> Presence:
    return Presence(
        agent_id=name.lower(), name=name, address="client:x", state=state, since=NOW, away_reason="",
        languages=languages, skills=skills,
    )  # fmt: skip


@pytest.fixture
def others() -> list[Presence]:
    return [
        agent("Bea", AgentState.AWAY, orders=3),
        agent("Carlo", AgentState.AVAILABLE, ("en",), orders=2),
        agent("Dario", AgentState.ON_CALL, orders=1, returns=2),
        agent("Elsa", AgentState.AVAILABLE, ("it", "en"), orders=5),
        agent("Furio", AgentState.WRAP_UP),
    ]


def test_who_can_take_it_in_the_caller_s_language_is_first(others: list[Presence]) -> None:
    shown = _colleagues(others, "it")
    assert [one.name for one in shown] == ["Elsa", "Carlo", "Furio", "Dario", "Bea"]
    assert [(one.name, one.can_take, one.speaks) for one in shown[:2]] == [("Elsa", True, True), ("Carlo", True, False)]


def test_a_skill_counts_as_free_who_could_take_the_call_in_its_language(others: list[Presence]) -> None:
    assert [(one.skill, one.free, one.signed_in) for one in _teams(others, "it", {})] == [
        ("orders", 1, 4),
        ("returns", 0, 1),
    ]
    assert _teams(others, "en", {})[0].free == 2


def test_a_skill_is_called_as_its_queue_is(others: list[Presence]) -> None:
    assert [one.name for one in _teams(others, "it", {"orders": "Ordini"})] == ["Ordini", ""]


def test_a_long_list_is_cut_where_nobody_reads_on() -> None:
    many = [agent(f"A{number:03}", AgentState.AVAILABLE) for number in range(200)]
    assert len(_colleagues(many, "it")) == 60
