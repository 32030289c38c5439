"""Holds the simulator against Erlang C and Erlang A: one skill, Poisson arrivals, exponential talks and patience, many days.

Each day begins empty and its first calls are cut away (warm-up); the days are independent, so that their means have an interval
by Student's t. Pure; the seeds come in.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from scipy.stats import t as student

from routing.erlang import Load
from routing.simulation import simulate
from routing.simulation_day import Day, Ending, SimulatedAgent, SimulatedCall
from routing.skills import Requirements
from routing.waiting import WaitingCall

_CONFIDENCE: Final = 0.95
_BEGINS_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_AT_ONCE_SECONDS: Final = 1e-6
_ASKED: Final = Requirements(skill="any")


@dataclass(frozen=True, kw_only=True)
class Fared:
    """How the callers of one simulated day fared."""

    waits: float
    mean_seconds: float
    abandons: float


@dataclass(frozen=True, kw_only=True)
class Replications:
    """Means over independent days, each with half the width of its 95% interval."""

    days: int
    waits: tuple[float, float]
    mean_seconds: tuple[float, float]
    abandons: tuple[float, float]

    @classmethod
    def of(cls, days: Sequence[Fared]) -> "Replications":
        """Average the days; at least two."""
        return cls(
            days=len(days),
            waits=interval([day.waits for day in days]),
            mean_seconds=interval([day.mean_seconds for day in days]),
            abandons=interval([day.abandons for day in days]),
        )


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean of independent values and half the width of its 95% interval, by Student's t."""
    if len(values) < 2:  # noqa: PLR2004 - one value has no spread
        return float(np.mean(values)), math.inf
    half = float(student.ppf((1 + _CONFIDENCE) / 2, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values)))
    return float(np.mean(values)), half


def one_skill(
    load: Load, patience_seconds: float | None, *, calls: int, warm_up: int, seed: int | Sequence[int]
) -> Fared:
    """Simulate one day of a queue as the formulas assume it; the first `warm_up` calls are not counted."""
    generator = np.random.default_rng(seed)
    came = np.cumsum(generator.exponential(1 / load.calls_per_second, calls + warm_up))
    talks = generator.exponential(load.handling_seconds, came.size)
    patience = np.full(came.size, math.inf)
    if patience_seconds is not None:
        patience = generator.exponential(patience_seconds, came.size)
    day = Day(
        begins_at=_BEGINS_AT,
        calls=[
            SimulatedCall(
                call=WaitingCall(
                    call_id=f"{number:07}", requirements=_ASKED, enqueued_at=_BEGINS_AT + timedelta(seconds=float(at))
                ),
                talk_seconds=float(talk),
                patience_seconds=float(stays),
            )
            for number, (at, talk, stays) in enumerate(zip(came, talks, patience, strict=True))
        ],
        agents=[SimulatedAgent(agent_id=f"{number:05}", skills={"any": 3}) for number in range(load.agents)],
    )
    stays_after = simulate(day, generator)[warm_up:]
    waited = np.array([one.waited_seconds for one in stays_after])
    return Fared(
        waits=float(np.mean(waited > _AT_ONCE_SECONDS)),
        mean_seconds=float(waited.mean()),
        abandons=float(np.mean([one.ending is Ending.ABANDONED for one in stays_after])),
    )
