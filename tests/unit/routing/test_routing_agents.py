"""The table of an agent's states, read as a table."""

from datetime import datetime

import pytest

from routing.agents import (
    OWN_WISHES,
    TRANSITIONS,
    AgentEvent,
    AgentState,
    Candidate,
    Moved,
    Refused,
    move,
    states_before,
    target_of,
)

S, E = AgentState, AgentEvent


@pytest.mark.parametrize(
    ("state", "event", "target"),
    [
        (S.OFFLINE, E.READY, S.AVAILABLE),
        (S.AVAILABLE, E.OFFERED, S.OFFERED),
        (S.OFFERED, E.ACCEPTED, S.ON_CALL),
        (S.OFFERED, E.DECLINED, S.AVAILABLE),
        (S.OFFERED, E.OFFER_EXPIRED, S.MISSED),
        (S.OFFERED, E.OFFER_WITHDRAWN, S.AVAILABLE),
        (S.ON_CALL, E.TALK_ENDED, S.WRAP_UP),
        (S.ON_CALL, E.LEG_FAILED, S.MISSED),
        (S.ON_CALL, E.CALLER_GONE, S.AVAILABLE),
        (S.WRAP_UP, E.WRAP_UP_ENDED, S.AVAILABLE),
        (S.MISSED, E.READY, S.AVAILABLE),
        (S.AWAY, E.SIGN_OFF, S.OFFLINE),
        (S.ON_CALL, E.SIGN_OFF, None),
        (S.ON_CALL, E.STEP_AWAY, None),
        (S.AVAILABLE, E.ACCEPTED, None),
        (S.OFFLINE, E.OFFERED, None),
        (S.MISSED, E.OFFERED, None),
        (S.AWAY, E.OFFERED, None),
        (S.WRAP_UP, E.OFFERED, None),
        (S.OFFERED, E.OFFERED, None),
        (S.OFFERED, E.READY, None),
    ],
)
def test_an_event_leads_where_the_table_says_or_is_refused(
    state: AgentState, event: AgentEvent, target: AgentState | None
) -> None:
    outcome = move(state, event)
    assert isinstance(outcome, Refused) if target is None else outcome == Moved(state=target)


@pytest.mark.parametrize("event", AgentEvent)
def test_each_event_leads_to_one_state_so_that_one_update_can_carry_it_out(event: AgentEvent) -> None:
    assert {target for (_, name), target in TRANSITIONS.items() if name is event} == {target_of(event)}
    assert all(move(state, event) == Moved(state=target_of(event)) for state in states_before(event))


@pytest.mark.parametrize("state", AgentState)
def test_every_state_can_be_reached_and_left(state: AgentState) -> None:
    assert state in TRANSITIONS.values()
    assert any(source is state and target is not state for (source, _), target in TRANSITIONS.items())


def test_an_agent_can_always_sign_off_except_in_the_middle_of_a_talk() -> None:
    assert set(AgentState) - set(states_before(AgentEvent.SIGN_OFF)) == {AgentState.ON_CALL}


def test_only_being_available_allows_being_rung() -> None:
    assert states_before(AgentEvent.OFFERED) == (AgentState.AVAILABLE,)
    assert AgentEvent.OFFERED not in OWN_WISHES


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Candidate(
            agent_id="a",
            name="A",
            state=S.AVAILABLE,
            idle_since=datetime(2026, 1, 1),  # noqa: DTZ001  # a naive time is what this test is about
            languages=(),
            skills={},
        )
