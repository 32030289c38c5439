"""Simulation against theory: one skill, thirty independent days a case, warm-up cut; is each formula's value in the 95% interval?

A right simulator misses one comparison of twenty by chance: the goal is what fewer than one right simulator of forty would miss.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from routing.erlang import Load, erlang_a, erlang_c
from routing.simulation_theory import Replications, one_skill
from tests.bench.results import Figure

DAYS, CALLS, WARM_UP = 30, 8_000, 3_000
SEED = 20_261_122
CASES: Sequence[tuple[str, Load, float | None]] = (
    ("Erlang C, 10 agents, 80% busy", Load(calls_per_second=8 / 180, handling_seconds=180, agents=10), None),
    ("Erlang C, 40 agents, 90% busy", Load(calls_per_second=36 / 240, handling_seconds=240, agents=40), None),
    ("Erlang C, 1 agent, 60% busy", Load(calls_per_second=0.6 / 200, handling_seconds=200, agents=1), None),
    ("Erlang A, 50 agents, 96% offered", Load(calls_per_second=48 / 60, handling_seconds=60, agents=50), 120.0),
    ("Erlang A, 20 agents, 115% offered", Load(calls_per_second=23 / 200, handling_seconds=200, agents=20), 150.0),
)


def figures() -> list[Figure]:
    table = Table("case", "figure", "theory", "simulated", "± 95%", "within", title="simulation against theory")
    held: list[bool] = []
    for number, (name, load, patience_seconds) in enumerate(CASES):
        found = Replications.of(
            [
                one_skill(load, patience_seconds, calls=CALLS, warm_up=WARM_UP, seed=(SEED, number, day))
                for day in range(DAYS)
            ]
        )
        theory = erlang_c(load) if patience_seconds is None else erlang_a(load, patience_seconds)
        compared = [("waits", theory.waits, found.waits), ("mean wait, s", theory.mean_seconds, found.mean_seconds)]
        if patience_seconds is not None:
            compared.append(("gives up", theory.abandons, found.abandons))
        for figure, said, (mean, half) in compared:
            held.append(abs(mean - said) <= half)
            table.add_row(name, figure, f"{said:.4g}", f"{mean:.4g}", f"{half:.2g}", "yes" if held[-1] else "NO")
    Console().print(table)
    share = sum(held) / len(held)
    return [
        Figure(
            name="erlang_c_within_interval",
            value=share,
            unit="share of comparisons",
            goal=">= 0.83",
            holds=share >= 0.83,
            how=f"{len(held)} comparisons with Erlang C and A, {DAYS} days of {CALLS} calls each, 95% intervals",
        )
    ]
