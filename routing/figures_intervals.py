"""How far a share of few counts can be trusted. Pure."""

from dataclasses import dataclass
from math import sqrt

# An interval this wide is told beside its share: half of what lies between a usual goal and nine in ten, both ways; judgement.
_WIDE = 0.1
# The 97.5th percentile of the normal distribution: intervals that hold the true share 95 times in 100.
_DEVIATE = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Between these shares the true one lies, 95 times in 100."""

    low: float
    high: float

    @property
    def is_wide(self) -> bool:
        """Whether so little is known that a reader must be told."""
        return self.high - self.low > _WIDE


def wilson(part: int, whole: int) -> Interval:
    """Wilson's score interval of a share (Wilson 1927; Brown, Cai and DasGupta 2001 advise it for small counts).

    Raises `ValueError` for a part that is no part of the whole, and for nothing at all.
    """
    if whole < 1 or not 0 <= part <= whole:
        raise ValueError(f"{part} of {whole} is no share")
    share, square = part / whole, _DEVIATE**2
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = _DEVIATE / (1 + square / whole) * sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    return Interval(
        low=0.0 if part == 0 else max(0.0, middle - half), high=1.0 if part == whole else min(1.0, middle + half)
    )
