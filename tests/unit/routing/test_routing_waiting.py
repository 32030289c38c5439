"""Which call goes first, and what it still asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.skills import Droppable, Requirements, requirements_from_json
from routing.waiting import DEFAULT_RINGS, Part, Ring, WaitingCall, dropped_at, rank_of, ranked_at, ring_at

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LEVEL, LANGUAGES = Droppable.LEVEL, Droppable.LANGUAGES


def call(
    call_id: str = "CA1", *, after: int = 0, priority: int = 0, boosts: dict[str, int] | None = None, **asked: object
) -> WaitingCall:
    return WaitingCall(
        call_id=call_id,
        requirements=Requirements(skill="orders", **asked),  # type: ignore[arg-type]  # a table's cells
        enqueued_at=START + timedelta(seconds=after),
        priority=priority,
        boosts=boosts or {},
    )


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_the_rank_is_a_sum_that_can_be_read() -> None:
    rank = rank_of(call(priority=2, boosts={"recovery": 120}), at(30))
    assert rank.parts == (
        Part(name="priority", seconds=120),
        Part(name="ageing", seconds=30),
        Part(name="recovery", seconds=120),
    )
    assert rank.total_seconds == 270


calls = st.builds(
    lambda after, priority, boost: call(after=after, priority=priority, boosts={"recovery": boost}),
    st.integers(0, 7200),
    st.integers(-3, 10),
    st.integers(0, 600),
)


@given(one=calls, other=calls, seconds=st.integers(7200, 20000))
def test_the_kept_order_is_the_order_of_the_sums_at_every_moment(
    one: WaitingCall, other: WaitingCall, seconds: int
) -> None:
    by_moment = ranked_at(one) < ranked_at(other)
    by_sum = rank_of(one, at(seconds)).total_seconds > rank_of(other, at(seconds)).total_seconds
    assert by_moment == by_sum


@given(one=calls, seconds=st.integers(7200, 20000), more=st.integers(1, 600))
def test_no_call_starves_since_every_rank_grows_with_the_wait(one: WaitingCall, seconds: int, more: int) -> None:
    assert rank_of(one, at(seconds + more)).total_seconds == rank_of(one, at(seconds)).total_seconds + more


@pytest.mark.parametrize(
    ("waited_seconds", "ring", "dropped"), [(0, 0, set()), (59, 0, set()), (60, 1, {LEVEL}), (600, 1, {LEVEL})]
)
def test_the_search_widens_with_the_wait(waited_seconds: int, ring: int, dropped: set[Droppable]) -> None:
    assert ring_at(call(), at(waited_seconds)) == ring
    assert dropped_at(call(), at(waited_seconds)) == dropped


def test_the_language_is_dropped_only_for_a_caller_who_waives_it() -> None:
    assert dropped_at(call(never_dropped=frozenset()), at(60)) == {LEVEL, LANGUAGES}


def test_what_is_never_dropped_is_kept_in_every_ring() -> None:
    assert dropped_at(call(never_dropped=frozenset(Droppable)), at(10_000)) == frozenset()


def test_what_an_earlier_ring_dropped_stays_dropped() -> None:
    rings = (Ring(after_seconds=0), Ring(after_seconds=10, drops=frozenset({LEVEL})), Ring(after_seconds=20))
    assert dropped_at(call(), at(25), rings) == {LEVEL}


def test_a_clock_that_runs_behind_another_worker_s_is_the_first_ring() -> None:
    assert ring_at(call(after=5), at(0)) == 0


def test_the_shipped_rings_begin_at_once_with_everything_asked() -> None:
    assert DEFAULT_RINGS[0] == Ring(after_seconds=0)


@pytest.mark.parametrize("level", [0, 6, -1])
def test_a_level_outside_the_scale_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        Requirements(skill="orders", level=level)


def test_a_skill_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="name"):
        Requirements(skill=" ")


def test_requirements_survive_json() -> None:
    asked = Requirements(
        skill="orders", level=3, languages=("it", "en"), preferred_agent_id="anna", never_dropped=frozenset({LEVEL})
    )
    assert requirements_from_json(asked.as_json()) == asked


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        WaitingCall(
            call_id="CA1",
            requirements=Requirements(skill="orders"),
            enqueued_at=datetime(2026, 1, 1),  # noqa: DTZ001  # a naive time is what this test is about
        )
