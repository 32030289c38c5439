"""What past talks and past patience say about those that go on now: empirical distributions, given what has already elapsed.

Pure; the generator comes in. Which stays are looked at is left to `estimate_query`.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]

# Beyond the last few of the longest nothing was observed: what follows is drawn exponentially with their mean excess, the
# usual way to end an empirical distribution (A. Law, "Simulation modeling and analysis", section 6.2.5).
_FEWEST_BEYOND: Final = 5
_TAIL_SHARE: Final = 0.1
_SHORTEST_TAIL_SECONDS: Final = 1.0


class Durations:
    """Past durations of one kind, in seconds: draws of whole ones, and of what remains of those that go on."""

    def __init__(self, seconds: Sequence[float] | Array) -> None:
        """Take the past durations, at least one."""
        self._sorted: Array = np.sort(np.asarray(seconds, dtype=np.float64))
        if self._sorted.size == 0:
            raise ValueError("there is no distribution without a past")
        beyond = max(_FEWEST_BEYOND, int(self._sorted.size * _TAIL_SHARE))
        tail = self._sorted[-beyond:]
        self._tail_mean = max(_SHORTEST_TAIL_SECONDS, float(np.mean(tail) - tail[0]))

    def __len__(self) -> int:
        """How many past durations there are."""
        return int(self._sorted.size)

    @property
    def mean(self) -> float:
        """The mean, in seconds."""
        return float(self._sorted.mean())

    def draw(self, generator: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
        """Draw whole durations."""
        return self._sorted[generator.integers(self._sorted.size, size=shape)]

    def remaining(self, generator: np.random.Generator, elapsed: Array, draws: int) -> Array:
        """Draw what remains of durations that have lasted `elapsed` seconds so far: an array of draws by `elapsed`."""
        first = np.searchsorted(self._sorted, elapsed, side="right")
        left = self._sorted.size - first
        shares = generator.random((draws, elapsed.size))
        chosen = np.minimum(first + (shares * left).astype(np.int64), self._sorted.size - 1)
        observed = self._sorted[chosen] - elapsed
        is_beyond = left < min(_FEWEST_BEYOND, self._sorted.size)
        if bool(is_beyond.any()):
            return np.where(is_beyond, -np.log1p(-shares) * self._tail_mean, observed)
        return np.asarray(observed)


class Patience:
    """How long callers stay, from those who gave up and those who were answered before they could (E. Kaplan, P. Meier 1958)."""

    def __init__(self, seconds: Sequence[float] | Array, gave_up: Sequence[bool] | npt.NDArray[np.bool_]) -> None:
        """Take past waits, and whether each ended by giving up; without any of those callers wait for ever."""
        waits = np.asarray(seconds, dtype=np.float64)
        events = np.asarray(gave_up, dtype=bool)
        order = np.lexsort((~events, waits))
        waits, events = waits[order], events[order]
        at_risk = waits.size - np.arange(waits.size)
        survival = np.cumprod(np.where(events, 1.0 - 1.0 / np.maximum(at_risk, 1), 1.0))
        self._times: Array = waits[events]
        self._survival: Array = survival[events]
        exposure = float(waits.sum())
        self._hazard = float(events.sum()) / exposure if exposure > 0 else 0.0

    @property
    def ends(self) -> bool:
        """Whether anybody gave up at all."""
        return self._hazard > 0

    def survival(self, seconds: float) -> float:
        """The share that stays longer than this."""
        known = int(np.searchsorted(self._times, seconds, side="right"))
        return 1.0 if known == 0 else float(self._survival[known - 1])

    def remaining(self, generator: np.random.Generator, elapsed: Array, draws: int) -> Array:
        """Draw how much longer callers stay who have waited `elapsed` seconds: draws by callers; infinite if nobody gives up."""
        if not self.ends:
            return np.full((draws, elapsed.size), np.inf)
        known = np.searchsorted(self._times, elapsed, side="right")
        stays = np.concatenate(([1.0], self._survival))[known]
        level = generator.random((draws, elapsed.size)) * stays
        # The first moment at which so few are left; beyond the last one observed, at the mean pace of giving up.
        place = np.searchsorted(-self._survival, -level, side="left")
        is_observed = place < self._times.size
        until = self._times[np.minimum(place, self._times.size - 1)] - elapsed
        beyond = generator.exponential(1.0 / self._hazard, size=level.shape)
        beyond += np.maximum(self._times[-1] - elapsed, 0.0)
        return np.where(is_observed, np.maximum(until, 0.0), beyond)
