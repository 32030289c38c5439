"""Draws days as call centres know them: two peaks, several skills, people of different pace, callers who give up.

Shapes by the trade's literature: arrivals Poisson around a profile of the day, and the whole day busier or calmer than planned
(A. Avramidis, A. Deslauriers, P. L'Ecuyer 2004); talks lognormal (L. Brown et al. 2005, "Statistical analysis of a telephone call
center"); patience a mixture of the hasty and the patient. Figures are ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from routing.simulation_day import Answering, Day, Shift, SimulatedAgent, SimulatedCall
from routing.skills import Requirements
from routing.waiting import WaitingCall

_HOUR = 3600.0
_ANSWERING = Answering(seconds=5.0, declines=0.02, misses=0.02)
_HASTY_SHARE, _HASTY_SECONDS = 0.15, 40.0
# Share of the busiest hour's calls in each hour from opening on: a peak before noon, a smaller one in the afternoon.
_PROFILE = (0.55, 0.85, 1.0, 0.95, 0.7, 0.6, 0.8, 0.9, 0.75, 0.45)


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Calls of one skill."""

    share: float  # of all calls
    talk_seconds: float  # mean
    spread: float = 0.8  # sigma of the logarithm
    wrap_up_seconds: float = 30.0
    high_level: float = 0.2  # the share that asks for level 3


SKILLS: Mapping[str, Demand] = {
    "orders": Demand(share=0.45, talk_seconds=210.0),
    "billing": Demand(share=0.25, talk_seconds=330.0),
    "support": Demand(share=0.2, talk_seconds=480.0, spread=0.9, wrap_up_seconds=60.0),
    "returns": Demand(share=0.1, talk_seconds=270.0),
}


@dataclass(frozen=True, kw_only=True)
class Town:
    """What a drawn day is like."""

    calls: int = 2400  # expected
    agents: int = 30
    skills: Mapping[str, Demand] = field(default_factory=lambda: SKILLS)
    hours: int = 10
    busier: float = 0.12  # standard deviation of the whole day's busyness
    patience_seconds: float = 420.0
    german: float = 0.08  # the share that speaks German; one agent of six does
    preferred: float = 0.05
    urgent: float = 0.05  # the share with a step of priority
    answering: Answering = _ANSWERING
    pace_spread: float = 0.15


def draw_day(town: Town, begins_at: datetime, generator: np.random.Generator) -> Day:
    """Draw a day: its agents, then its calls."""
    agents = _agents(town, generator)
    return Day(
        begins_at=begins_at,
        calls=_calls(town, agents, begins_at, generator),
        agents=agents,
        ends_seconds=(town.hours + 1) * _HOUR,
    )


def _agents(town: Town, generator: np.random.Generator) -> tuple[SimulatedAgent, ...]:
    names = tuple(town.skills)
    shares = np.array([demand.share * demand.talk_seconds for demand in town.skills.values()])
    agents = []
    for number in range(town.agents):
        count = int(generator.choice((1, 2, 3), p=(0.35, 0.45, 0.2)))
        chosen = generator.choice(len(names), size=min(count, len(names)), replace=False, p=shares / shares.sum())
        skills = {
            names[int(one)]: int(generator.choice((1, 2, 3, 4, 5), p=(0.1, 0.2, 0.35, 0.25, 0.1))) for one in chosen
        }
        lunch = (0.3 + 0.2 * generator.random()) * town.hours * _HOUR
        agents.append(
            SimulatedAgent(
                agent_id=f"agent-{number:03}",
                skills=skills,
                languages=("it", "de") if number % 6 == 0 else ("it",),
                shifts=(
                    Shift(begins=float(generator.uniform(0, 300)), ends=lunch),
                    Shift(begins=lunch + 1800, ends=town.hours * _HOUR + float(generator.uniform(0, 600))),
                ),
                answering=town.answering,
                pace=float(np.exp(generator.normal(0, town.pace_spread))),
            )
        )
    return tuple(agents)


def _calls(
    town: Town, agents: Sequence[SimulatedAgent], begins_at: datetime, generator: np.random.Generator
) -> tuple[SimulatedCall, ...]:
    profile = np.array([_PROFILE[hour % len(_PROFILE)] for hour in range(town.hours)])
    whole = max(0.3, 1.0 + town.busier * generator.standard_normal())
    expected = town.calls * whole * profile / profile.sum()
    came = np.sort(
        np.concatenate(
            [
                hour * _HOUR + generator.uniform(0, _HOUR, generator.poisson(calls))
                for hour, calls in enumerate(expected)
            ]
        )
    )
    names, shares = list(town.skills), [demand.share for demand in town.skills.values()]
    chosen = generator.choice(len(names), size=came.size, p=shares)
    by_skill = {name: [agent.agent_id for agent in agents if name in agent.skills] for name in names}
    calls = []
    for number, (seconds, which) in enumerate(zip(came, chosen, strict=True)):
        skill = names[int(which)]
        demand = town.skills[skill]
        call = WaitingCall(
            call_id=f"call-{number:05}",
            requirements=_requirements(town, skill, by_skill[skill], generator),
            enqueued_at=begins_at + timedelta(seconds=float(seconds)),
            priority=1 if generator.random() < town.urgent else 0,
        )
        patience = _HASTY_SECONDS if generator.random() < _HASTY_SHARE else town.patience_seconds
        calls.append(
            SimulatedCall(
                call=call,
                talk_seconds=_lognormal(demand.talk_seconds, demand.spread, generator),
                wrap_up_seconds=_lognormal(demand.wrap_up_seconds, 0.7, generator),
                patience_seconds=float(generator.exponential(patience)),
            )
        )
    return tuple(calls)


def _requirements(town: Town, skill: str, able: Sequence[str], generator: np.random.Generator) -> Requirements:
    wants = generator.random(3)
    preferred = able[int(generator.integers(len(able)))] if able and wants[1] < town.preferred else None
    return Requirements(
        skill=skill,
        level=3 if wants[0] < town.skills[skill].high_level else 1,
        languages=("de",) if wants[2] < town.german else ("it",),
        preferred_agent_id=preferred,
        preferred_seconds=30 if preferred else 0,
    )


def _lognormal(mean: float, sigma: float, generator: np.random.Generator) -> float:
    return float(generator.lognormal(np.log(mean) - sigma**2 / 2, sigma))
