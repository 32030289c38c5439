"""Coverage counts calls by node, each with how far it can be trusted."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calls.coverage import CallSeen, Coverage, Mean, TurnSeen, coverage


def call(call_id: str, node: str, *, is_over: bool = True, met: bool = False, score: int | None = None) -> CallSeen:
    return CallSeen(call_id=call_id, is_over=is_over, node=node, met=met, score=score)


def turns(call_id: str, *paths: Sequence[str], traces: Sequence[tuple[str, str]] = ()) -> list[TurnSeen]:
    """The turns of a call; the traces are the last one's."""
    made = [TurnSeen(call_id, tuple(path), ()) for path in paths]
    return [*made[:-1], made[-1]._replace(traces=tuple(traces))]


def test_call_counts_once_at_a_node_however_often_it_came_there() -> None:
    found = coverage([call("a", "ask")], turns("a", ["greet", "ask"], ["ask"], ["ask"]))
    assert (found.nodes["ask"].passed, found.nodes["ask"].visits) == (1, 3)
    assert found.ways == {("greet", "ask"): 1, ("ask", "ask"): 1}


def test_who_hangs_up_has_stopped_where_the_call_stood() -> None:
    found = coverage([call("a", "ask")], turns("a", ["greet", "ask"]))
    assert found.nodes["ask"].stopped.part == 1
    assert found.nodes["greet"].stopped.part == 0
    assert found.ended_well.part == 0


def test_who_comes_to_the_end_or_to_a_person_has_stopped_nowhere() -> None:
    ended = turns("a", ["greet"], ["bye"], traces=[("ended", "bye")])
    talked = turns("b", ["greet", "route"])
    found = coverage([call("a", "bye"), call("b", "route", met=True)], [*ended, *talked])
    assert [figures.stopped.part for figures in found.nodes.values()] == [0, 0, 0]
    assert found.ended_well.value == 1.0
    assert found.nodes["greet"].ended_well.part == 2


def test_call_that_goes_on_has_neither_stopped_nor_ended() -> None:
    found = coverage([call("a", "ask", is_over=False)], turns("a", ["ask"]))
    assert (found.nodes["ask"].passed, found.nodes["ask"].over, found.nodes["ask"].stopped_here) == (1, 0, 0)
    assert found.nodes["ask"].stopped.value is None
    assert found.nodes["ask"].stopped.interval is None


def test_asked_again_twice_in_one_call_counts_once() -> None:
    told = [("repeated", "ask"), ("person", "ask"), ("handed", "pay")]
    found = coverage([call("a", "route")], turns("a", ["ask"], ["pay", "route"], traces=told))
    assert found.nodes["ask"].repeated.part == 1
    assert found.nodes["ask"].person.part == 1
    assert found.nodes["pay"].handed.part == 1
    assert found.nodes["route"].person.part == 0


def test_effort_is_that_of_the_calls_that_passed_the_node() -> None:
    calls = [call("a", "end", score=2), call("b", "end", score=6), call("c", "end")]
    found = coverage(calls, [*turns("a", ["x"]), *turns("b", ["x", "y"]), *turns("c", ["x"])])
    assert found.nodes["x"].effort.value == 4.0
    assert found.nodes["y"].effort.value == 6.0
    assert found.nodes["y"].effort.interval is None, "one score is one person's mood"
    assert found.effort.count == 2


def test_interval_of_a_mean_is_students() -> None:
    # 2, 4, 6: mean 4, deviation 2, t with two degrees of freedom 4.302653: half 4.968275, cut to the scale.
    found = Mean(count=3, total=12, squares=56).interval
    assert found is not None
    assert (found.low, found.high) == (1.0, 7.0)
    narrow = Mean(count=10, total=40, squares=170).interval  # variance 10/9, t(9) 2.262157
    assert narrow is not None
    assert narrow.low == pytest.approx(4 - 2.262157 * (10 / 9 / 10) ** 0.5, abs=1e-5)
    same = Mean(count=5, total=15, squares=45).interval
    assert same is not None
    assert (same.low, same.high) == (3.0, 3.0)


def test_share_of_few_calls_is_told_as_little_known() -> None:
    found = coverage([call("a", "ask")], turns("a", ["ask"])).nodes["ask"].stopped.interval
    assert found is not None
    assert found.is_wide


def test_turns_of_other_calls_are_left_out() -> None:
    assert coverage([], turns("other", ["ask"])).nodes == {}


def test_a_trace_at_a_node_that_was_never_entered_counts_nowhere() -> None:
    found = coverage([call("a", "x")], turns("a", ["x"], traces=[("person", "y")]))
    assert set(found.nodes) == {"x"}


_NODES = st.sampled_from("abcd")
_CALLS = st.lists(
    st.tuples(
        st.lists(st.lists(_NODES, max_size=3), min_size=1, max_size=4),
        st.booleans(),
        st.booleans(),
        st.none() | st.integers(1, 7),
        st.lists(st.tuples(st.sampled_from(["repeated", "person", "handed", "ended"]), _NODES), max_size=3),
    ),
    max_size=6,
)


def _counted(drawn: list) -> Coverage:  # type: ignore[type-arg]  # hypothesis draws it
    calls, every = [], []
    for number, (paths, is_over, met, score, traces) in enumerate(drawn):
        last = [node for path in paths for node in path][-1:] or [""]
        calls.append(call(str(number), last[0], is_over=is_over, met=met, score=score))
        every += turns(str(number), *paths, traces=traces)
    return coverage(calls, every)


@given(_CALLS)
def test_no_part_is_more_than_its_whole_and_every_stop_is_a_call_that_did_not_end_well(drawn: list[Any]) -> None:
    found = _counted(drawn)
    for figures in found.nodes.values():
        for share in (figures.stopped, figures.repeated, figures.person, figures.handed, figures.ended_well):
            assert 0 <= share.part <= share.whole
        assert figures.visits >= figures.passed >= figures.over
    stops = sum(figures.stopped_here for figures in found.nodes.values())
    assert stops <= found.over - found.well
