import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.erlang import Load, agents_needed, erlang_a, erlang_b, erlang_c, service_level_a, service_level_c

# O. Garnett, A. Mandelbaum, M. Reiman (2002), table 1: 50 agents, 48 calls a minute, talks of a minute, patience of two.
GARNETT = Load(calls_per_second=48 / 60, handling_seconds=60, agents=50)


def load_of(agents: int, erlangs: float, handling_seconds: float = 180.0) -> Load:
    return Load(calls_per_second=erlangs / handling_seconds, handling_seconds=handling_seconds, agents=agents)


# The published traffic table of 1% blocking (ITU-T E.500 series; the same in every textbook).
@pytest.mark.parametrize(("lines", "erlangs"), [(10, 4.46), (20, 12.0), (50, 37.9), (100, 84.1)])
def test_the_published_table_of_one_percent_blocking_is_met(lines: int, erlangs: float) -> None:
    assert erlang_b(lines, erlangs) == pytest.approx(0.01, rel=0.025)


def test_a_load_of_eight_on_ten_waits_as_published() -> None:
    # R. B. Cooper, "Introduction to queueing theory" (1981), figure of C(s, a): C(10, 8) = 0.409.
    assert erlang_c(load_of(10, 8.0)).waits == pytest.approx(0.4092, abs=0.0001)


def test_two_agents_with_a_load_of_one_wait_in_a_third_of_calls() -> None:
    # By hand: a^2/2 * 2/(2-1) = 1 against 1 + 1 + 1.
    assert erlang_c(load_of(2, 1.0)).waits == pytest.approx(1 / 3)


def test_the_published_example_without_abandonment_is_met() -> None:
    found = erlang_c(GARNETT)
    assert found.mean_seconds == pytest.approx(20.8, abs=0.05)
    assert found.occupancy == pytest.approx(0.96)
    assert service_level_c(GARNETT, 58.1) == pytest.approx(0.9, abs=0.001)


def test_the_published_example_with_abandonment_is_met() -> None:
    found = erlang_a(GARNETT, 120)
    assert found.abandons == pytest.approx(0.031, abs=0.0005)
    assert found.mean_seconds == pytest.approx(3.7, abs=0.05)
    assert found.occupancy == pytest.approx(0.93, abs=0.005)


@given(agents=st.integers(1, 300), used=st.floats(0.05, 0.98))
def test_endless_patience_is_erlang_c(agents: int, used: float) -> None:
    load = load_of(agents, agents * used)
    patient, endless = erlang_a(load, 1e7), erlang_c(load)
    assert patient.waits == pytest.approx(endless.waits, rel=0.02, abs=1e-9)
    assert patient.mean_seconds == pytest.approx(endless.mean_seconds, rel=0.05, abs=1e-4)


@given(agents=st.integers(1, 200), used=st.floats(0.1, 2.0))
def test_patience_as_long_as_a_talk_is_a_queue_of_endless_agents(agents: int, used: float) -> None:
    # With theta = mu the number in the system is Poisson: P(wait) is the chance of at least as many as there are agents.
    load = load_of(agents, agents * used)
    mean = load.erlangs
    below = math.fsum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(agents))
    assert erlang_a(load, load.handling_seconds).waits == pytest.approx(1 - below, abs=1e-9)


@given(agents=st.integers(1, 200), used=st.floats(0.1, 3.0), patience_seconds=st.floats(5, 2000))
def test_who_is_served_and_who_gives_up_are_everybody(agents: int, used: float, patience_seconds: float) -> None:
    load = load_of(agents, agents * used)
    found = erlang_a(load, patience_seconds)
    assert 0 <= found.abandons <= found.waits <= 1
    served = service_level_a(load, patience_seconds, 60 * patience_seconds + 20 * load.handling_seconds)
    assert served == pytest.approx(1 - found.abandons, abs=1e-4)


def test_without_agents_to_spare_the_queue_grows_and_the_formula_says_so() -> None:
    with pytest.raises(ValueError, match="grows for ever"):
        erlang_c(load_of(10, 10.0))
    assert service_level_c(load_of(10, 10.0), 20) == 0.0


def test_in_an_overload_the_surplus_gives_up() -> None:
    # Koole, chapter 4: with 20% too many calls and many agents about one in six gives up, whatever the patience.
    assert erlang_a(load_of(500, 600.0), 120).abandons == pytest.approx(1 - 500 / 600, abs=0.002)


def test_hundreds_of_agents_take_no_time_and_lose_no_digits() -> None:
    begun = time.process_time()
    for agents in (300, 600, 1200):
        found = erlang_a(load_of(agents, 0.97 * agents), 3600)
        assert 0 < found.waits < 1
        assert math.isfinite(erlang_c(load_of(agents, 0.97 * agents)).mean_seconds)
    assert time.process_time() - begun < 2


def test_the_fewest_agents_serve_and_one_fewer_do_not() -> None:
    load = load_of(1, 24.0)
    needed = agents_needed(load, share=0.8, within_seconds=20)
    assert service_level_c(load_of(needed, 24.0), 20) >= 0.8 > service_level_c(load_of(needed - 1, 24.0), 20)
    assert agents_needed(load, share=0.8, within_seconds=20, patience_seconds=120) <= needed


@pytest.mark.parametrize(("rate", "seconds", "agents"), [(0, 60, 1), (math.nan, 60, 1), (1, 0, 1), (1, 60, 0)])
def test_what_is_no_queue_is_refused(rate: float, seconds: float, agents: int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Load(calls_per_second=rate, handling_seconds=seconds, agents=agents)
