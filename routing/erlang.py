"""The two formulas that queues with one skill are planned by: Erlang C (nobody gives up) and Erlang A (callers have patience).

Both assume Poisson arrivals, exponential talks and agents who are all alike; they are what the simulator is proved against.
Times are in seconds, rates per second. Sources: G. Koole, "Call Center Optimization" (MG Books, 2013), chapters 3 and 4;
O. Garnett, A. Mandelbaum, M. Reiman, "Designing a call center with impatient customers", M&SOM 4 (2002); A. Mandelbaum,
S. Zeltyn, "The Palm/Erlang-A queue, with applications to call centers" (2005), whose closed forms are used.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Terms of a series below e^-46 (1e-20) of its largest no longer change a double.
_NEGLIGIBLE = 46.0
# A queue of so many agents is planned by other means; the recursion would still hold.
_MOST_AGENTS = 100_000


@dataclass(frozen=True, kw_only=True)
class Load:
    """What comes in and who is there to take it."""

    calls_per_second: float
    handling_seconds: float  # mean, wrap-up included
    agents: int

    def __post_init__(self) -> None:
        """Refuse what is no queue."""
        if not (math.isfinite(self.calls_per_second) and self.calls_per_second > 0):
            raise ValueError("calls come at a rate above zero")
        if not (math.isfinite(self.handling_seconds) and self.handling_seconds > 0):
            raise ValueError("a talk lasts longer than nothing")
        if not 1 <= self.agents <= _MOST_AGENTS:
            raise ValueError(f"a queue has 1 to {_MOST_AGENTS} agents, not {self.agents}")

    @property
    def erlangs(self) -> float:
        """The load offered: how many agents are busy on average if all calls are taken."""
        return self.calls_per_second * self.handling_seconds


@dataclass(frozen=True, kw_only=True)
class Wait:
    """How callers fare in the long run."""

    waits: float  # the share that finds nobody free
    mean_seconds: float  # of all callers, those included who wait not at all or give up
    abandons: float  # the share that gives up
    occupancy: float  # the share of time that an agent is busy


def erlang_b(agents: int, erlangs: float) -> float:
    """The share of calls lost where nobody waits; by the recursion of its inverse, which neither overflows nor cancels.

    Koole, section 3.6; the recursion is stable for any number of agents.
    """
    inverse = 1.0
    for number in range(1, agents + 1):
        inverse = 1.0 + inverse * number / erlangs
        if math.isinf(inverse):
            return 0.0
    return 1.0 / inverse


def erlang_c(load: Load) -> Wait:
    """How callers fare who never give up (M/M/s). Raises `ValueError` where the queue would grow for ever."""
    free = load.agents - load.erlangs
    if free <= 0:
        raise ValueError("more calls than the agents can take: without abandonment the queue grows for ever")
    waits = _probability_c(load)
    mean_seconds = waits * load.handling_seconds / free
    return Wait(waits=waits, mean_seconds=mean_seconds, abandons=0.0, occupancy=load.erlangs / load.agents)


def service_level_c(load: Load, within_seconds: float) -> float:
    """The share of callers taken within so many seconds, where nobody gives up (Koole, section 3.4)."""
    free = load.agents - load.erlangs
    if free <= 0:
        return 0.0
    return 1.0 - _probability_c(load) * math.exp(-free * within_seconds / load.handling_seconds)


def erlang_a(load: Load, patience_seconds: float) -> Wait:
    """How callers fare who give up after exponential patience of that mean (M/M/s+M): any load has an answer.

    Mandelbaum and Zeltyn, equations for P{W>0}, P{Ab|W>0} and E[W] = patience * P{Ab}.
    """
    log_a = _log_a(load, patience_seconds)
    waits = _probability_a(load, log_a)
    used = load.erlangs / load.agents
    # 1 / (rho A) + 1 - 1 / rho, ordered so that a nearly idle queue loses no digits to the difference.
    abandons_of_waiting = max(0.0, 1.0 + math.expm1(-log_a) / used if used > 0 else 0.0)
    abandons = waits * min(1.0, abandons_of_waiting)
    return Wait(
        waits=waits,
        mean_seconds=abandons * patience_seconds,
        abandons=abandons,
        occupancy=used * (1.0 - abandons),
    )


def service_level_a(load: Load, patience_seconds: float, within_seconds: float) -> float:
    """The share of all callers who are taken, and within so many seconds; those who give up count as not served.

    The density of the wait that a caller of endless patience would have (Mandelbaum and Zeltyn, section on E[W > t]) times
    the chance of still being there, integrated from 0 to t.
    """
    log_a = _log_a(load, patience_seconds)
    waits = _probability_a(load, log_a)
    if within_seconds <= 0:
        return 1.0 - waits
    serving = load.agents / load.handling_seconds
    log_all = log_a - math.log(serving)  # the integral of the density without its constant, from 0 to infinity
    # Gauss-Legendre in pieces: the density decays within a few multiples of 1 / serving where few wait.
    nodes, weights = np.polynomial.legendre.leggauss(24)
    edges = within_seconds * np.linspace(0.0, 1.0, 65) ** 2
    half = np.diff(edges) / 2
    times = edges[:-1, None] + half[:, None] * (nodes + 1)
    gone = -np.expm1(-times / patience_seconds) * patience_seconds
    exponent = load.calls_per_second * gone - (serving + 1 / patience_seconds) * times - log_all
    served = float(np.sum(half[:, None] * weights * np.exp(exponent)))
    return min(1.0, 1.0 - waits + waits * served)


def agents_needed(load: Load, *, share: float, within_seconds: float, patience_seconds: float | None = None) -> int:
    """The fewest agents with whom that share is served in time; `load.agents` is where the search begins."""
    agents = load.agents
    while agents < _MOST_AGENTS:
        tried = Load(calls_per_second=load.calls_per_second, handling_seconds=load.handling_seconds, agents=agents)
        if patience_seconds is None:
            level = service_level_c(tried, within_seconds)
        else:
            level = service_level_a(tried, patience_seconds, within_seconds)
        if level >= share:
            break
        agents += 1
    return agents


def _probability_c(load: Load) -> float:
    blocked = erlang_b(load.agents, load.erlangs)
    return blocked / (1.0 - (load.erlangs / load.agents) * (1.0 - blocked))


def _probability_a(load: Load, log_a: float) -> float:
    # A E / (1 + (A - 1) E), divided by A: the quotient stays in range where A itself would not.
    blocked = erlang_b(load.agents, load.erlangs)
    inverse = math.exp(-log_a)
    return blocked / (inverse + (1.0 - inverse) * blocked)


def _log_a(load: Load, patience_seconds: float) -> float:
    """The logarithm of A(x, y) = 1 + sum of y^j / ((x+1)...(x+j)), x = s mu / theta, y = lambda / theta: positive terms only."""
    if not (math.isfinite(patience_seconds) and patience_seconds > 0):
        raise ValueError("patience is longer than nothing, and ends")
    x = load.agents * patience_seconds / load.handling_seconds
    y = load.calls_per_second * patience_seconds
    peak, top, sums = 0.0, 0.0, 1.0
    begin, log_term = 1, 0.0
    width = 4096
    while True:
        steps: npt.NDArray[np.float64] = np.arange(begin, begin + width, dtype=np.float64)
        logs = log_term + np.cumsum(math.log(y) - np.log(x + steps))
        peak = float(logs.max())
        if peak > top:
            sums *= math.exp(top - peak)
            top = peak
        sums += float(np.sum(np.exp(logs - top)))
        log_term = float(logs[-1])
        begin += width
        # Past the peak, and the last term too small for whatever still follows to matter.
        if x + begin > y and log_term < top - _NEGLIGIBLE:
            return top + math.log(sums)
