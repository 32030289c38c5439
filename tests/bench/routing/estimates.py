"""The estimate of the wait against the naive one, over simulated days whose seeds were not looked at while it was made."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from rich.console import Console
from rich.table import Table

from routing.agents import AgentState
from routing.durations import Durations, Patience
from routing.estimate import AgentNow, Past, QueuedCall, estimate
from routing.simulation_days import Town, draw_day
from routing.simulation_trial import Judged, Memory, judge_day, verdict
from routing.skills import Requirements
from routing.waiting import WaitingCall
from tests.bench.results import Figure

SEED = 77_003  # first used by this bench
DAYS = 6  # the first of each town only fills the history
BEGINS_AT = datetime(2026, 11, 23, 7, tzinfo=UTC)
TOWNS: Sequence[tuple[str, Town]] = (
    ("17 agents, busy", Town(calls=1100, agents=17)),
    ("30 agents, calm", Town(calls=2050, agents=30)),
    ("30 agents, busy", Town(calls=2500, agents=30)),
    ("50 agents, overloaded at noon", Town(calls=3900, agents=50)),
)


def figures() -> list[Figure]:
    table = Table(
        "town", "callers told", "mean wait", "error", "naive error", "ratio", "range held", title="the estimate"
    )
    every: list[Judged] = []
    for number, (name, town) in enumerate(TOWNS):
        memory, told, judged = Memory(), np.random.default_rng((SEED, number)), []
        for day in range(DAYS):
            drawn = draw_day(town, BEGINS_AT + timedelta(days=day), np.random.default_rng((SEED, number, day)))
            judged += judge_day(drawn, np.random.default_rng((SEED, number, day, 1)), told, memory)
        found = verdict(judged)
        table.add_row(
            name, str(found.callers), f"{found.mean_wait_seconds:.0f} s", f"{found.error_seconds:.1f} s",
            f"{found.naive_error_seconds:.1f} s", f"{found.ratio:.2f}", f"{found.within:.0%}",
        )  # fmt: skip
        every += judged
    Console().print(table)
    found = verdict(every)
    how = f"{found.callers} callers of {len(TOWNS)} towns, {DAYS - 1} days each; who gave up is not judged"
    milliseconds = 1000 * _seconds_of_one()
    return [
        Figure(
            name="estimate_error_vs_naive", value=found.ratio, unit="ratio", goal="<= 0.75", holds=found.ratio <= 0.75, how=how
        ),
        Figure(
            name="estimate_error_seconds", value=found.error_seconds, unit="s", goal="", holds=None,
            how=f"mean absolute; the naive one's is {found.naive_error_seconds:.1f} s; waits of {found.mean_wait_seconds:.0f} s",
        ),
        Figure(
            name="estimate_range_held", value=found.within, unit="share", goal="0.75 to 0.85",
            holds=0.75 <= found.within <= 0.85, how="waits within the range that is meant to hold eight of ten",
        ),
        Figure(
            name="estimate_milliseconds", value=milliseconds, unit="ms", goal="<= 50", holds=milliseconds <= 50,
            how="one estimate, 500 agents of 40 kinds, 200 waiting; the middle of 15",
        ),
    ]  # fmt: skip


def _seconds_of_one() -> float:
    generator = np.random.default_rng(1)
    skills = ("orders", "billing", "support", "returns", "contracts")
    kinds = [
        {skill: int(generator.integers(1, 6)) for skill in generator.choice(skills, size=3, replace=False)}
        for _ in range(40)
    ]
    states = (AgentState.ON_CALL, AgentState.ON_CALL, AgentState.ON_CALL, AgentState.WRAP_UP, AgentState.OFFERED)
    agents = [
        AgentNow(
            agent_id=f"a{number}", state=states[number % 5], seconds=float(generator.exponential(150)),
            skills=kinds[number % 40], languages=("it",), talks_about=skills[number % 5],
        )
        for number in range(500)
    ]  # fmt: skip
    now = BEGINS_AT
    queued = [
        QueuedCall(
            call=WaitingCall(
                call_id=f"c{number}",
                requirements=Requirements(skill=skills[number % 5], level=1 + number % 3, languages=("it",)),
                enqueued_at=now - timedelta(seconds=400 - 2 * number),
            )
        )
        for number in range(200)
    ]
    long = {skill: Durations(generator.lognormal(5.3, 0.8, 300)) for skill in skills}
    short = {skill: Durations(generator.lognormal(3.2, 0.7, 300)) for skill in skills}
    patience = Patience(generator.exponential(200, 1000), generator.random(1000) < 0.1)
    past = Past(talks=long, wrap_ups=short, answers=Durations(generator.exponential(5, 300)), patience=patience)
    took = []
    for _ in range(15):
        begun = time.process_time()
        estimate(queued[-1], queued[:-1], agents, past, now=now, generator=generator)
        took.append(time.process_time() - begun)
    return float(np.median(took))
