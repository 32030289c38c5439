"""Why nobody takes a call, in one line of its receipt: who is nearest, and what stands between."""

from datetime import UTC, datetime

import pytest

from ivr.web.board_why import why_of
from routing.agents import AgentState, Candidate
from routing.matching import match
from routing.skills import Requirements
from routing.waiting import WaitingCall

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def agent(
    name: str, state: AgentState = AgentState.AVAILABLE, level: int = 3, skill: str = "orders", language: str = "it"
) -> Candidate:
    return Candidate(
        agent_id=name.lower(), name=name, state=state, idle_since=NOW, languages=(language,), skills={skill: level}
    )


ASKED = Requirements(skill="orders", level=2, languages=("it",))


@pytest.mark.parametrize(
    ("agents", "why"),
    [
        ((), ("nobody", "", "")),
        ((agent("Anna", AgentState.ON_CALL),), ("busy", "Anna", "")),
        (tuple(agent(name, AgentState.WRAP_UP) for name in ("Anna", "Luca", "Sara")), ("busy", "Anna, Luca +1", "")),
        ((agent("Anna", level=1),), ("level", "2", "orders")),
        ((agent("Anna", skill="returns"),), ("skill", "orders", "orders")),
        ((agent("Anna", language="en"),), ("languages", "it", "orders")),
        # Whoever could take it and is busy is nearer than whoever is free and cannot.
        ((agent("Anna", AgentState.ON_CALL), agent("Luca", level=1)), ("busy", "Anna", "")),
    ],
)
def test_the_line_names_what_stands_between(agents: tuple[Candidate, ...], why: tuple[str, str, str]) -> None:
    call = WaitingCall(call_id="CA1", requirements=ASKED, enqueued_at=NOW)
    assert why_of(match(call, agents, NOW)) == why


def test_a_call_that_goes_to_one_agent_names_them() -> None:
    asked = Requirements(skill="orders", level=2, only_agent_id="luca")
    call = WaitingCall(call_id="CA1", requirements=asked, enqueued_at=NOW)
    receipt = match(call, (agent("Anna"), agent("Luca", AgentState.ON_CALL)), NOW)
    assert why_of(receipt) == ("busy", "Luca", "")
