"""A state goes through JSON and back without loss, and what is no state is refused with a reason."""

import json
from typing import Any

import pytest

from ivr.flow.state import State, StateError, Waiting

FULL = State(
    node="ask",
    language="en",
    waiting=Waiting.CHOICE,
    attempts=2,
    variant=1,
    values={"a": "è", "b": 1, "c": 1.5, "d": True, "e": None},
    topic="return",
    said=(("greeting", 0), ("q", 2)),
    candidates=("return", "complaint"),
    doubted=True,
    fresh=("a",),
    read_back="1052",
    corrections=1,
    then="next",
    visits={"ask": 2},
    tries={"look": 1},
    failures=1,
)


@pytest.mark.parametrize("state", [FULL, State(node="a", language="it")])
def test_state_survives_json_exactly(state: State) -> None:
    assert State.from_json(state.to_json()) == state


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"form": 1}, "is not of form 2"),
        ({"more": 1}, "missing or unknown fields: more"),
        ({"waiting": "lunch"}, "waiting is 'lunch'"),
        ({"attempts": -1}, "attempts is -1"),
        ({"attempts": True}, "attempts is True"),
        ({"values": {"a": []}}, "values is"),
        ({"said": [["a"]]}, "said is"),
        ({"visits": {"a": "1"}}, "visits is"),
        ({"node": 3}, "node is 3"),
        ({"fresh": "a"}, "fresh is 'a'"),
        ({"read_back": ["1052"]}, "read_back is"),
        ({"corrections": "one"}, "corrections is 'one'"),
    ],
)
def test_unknown_form_is_refused_by_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(StateError, match=said):
        State.from_json(json.dumps({**json.loads(FULL.to_json()), **change}))


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", "{"])
def test_rubbish_is_no_state(text: str) -> None:
    with pytest.raises(StateError):
        State.from_json(text)
