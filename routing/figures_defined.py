"""What each figure is: one object with its names, its definition in words, and the formula that makes it of counts. Pure.

A figure that nothing can be said about is none, never 0; pages show a dash for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from routing.figures_counted import GroupBy
from routing.figures_intervals import Interval, wilson
from routing.figures_records import NONE_YET, Counts


class Unit(StrEnum):
    """What a figure is measured in."""

    COUNT = "count"
    SHARE = "share"  # 0 to 1
    SECONDS = "seconds"
    SCORE = "score"  # 1 to 7


class ShortAbandons(StrEnum):
    """How callers who hang up within the threshold count in the service level."""

    LEFT_OUT = "left_out"  # neither for nor against: the usual way, since nobody could have been quicker
    AGAINST = "against"
    IN_TIME = "in_time"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is agreed about service: 80/20 is 80% within 20 seconds."""

    service_seconds: int = 20
    service_share: float = 0.8
    short_abandons: ShortAbandons = ShortAbandons.LEFT_OUT


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of a whole, both counted."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; none of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> Interval | None:
        """Where the true share lies, 95 times in 100."""
        return wilson(self.part, self.whole) if self.whole else None


Worth = int | float | Share | None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure, with everything that a reader may ask about it."""

    code: str
    names: Mapping[str, str]  # by language
    definitions: Mapping[str, str]
    unit: Unit
    formula: str
    counted_from: str
    undefined: Mapping[str, str]  # when there is a dash
    worth: Callable[[Counts, Terms], Worth]
    never_by: frozenset[GroupBy] = frozenset()

    @property
    def is_counted_share(self) -> bool:
        """Whether it is a part of a counted whole, so that chance has an interval."""
        return isinstance(self.worth(NONE_YET, Terms()), Share)

    def of(self, counts: Counts, terms: Terms, by: GroupBy = GroupBy.ALL) -> Worth:
        """The figure of a group; none where it is not defined."""
        if by in self.never_by:
            return None
        worth = self.worth(counts, terms)
        return None if isinstance(worth, Share) and not worth.whole else worth


def plain(worth: Worth) -> float | None:
    """A figure as a number."""
    return worth.value if isinstance(worth, Share) else worth


def service_level(counts: Counts, terms: Terms) -> Share:
    """Calls answered within the threshold, of those of which it is known whether they were."""
    limit = terms.service_seconds
    in_time = until(counts.answered_after, limit)
    short = until(counts.abandoned_after, limit)
    late = counts.answered - in_time + counts.abandoned - short
    # Another way out, or no end yet: against the line once the threshold is past, nothing before.
    late += sum(
        many for waits in (counts.other_after, counts.waiting_for) for after, many in waits.items() if after > limit
    )
    match terms.short_abandons:
        case ShortAbandons.LEFT_OUT:
            return Share(part=in_time, whole=in_time + late)
        case ShortAbandons.AGAINST:
            return Share(part=in_time, whole=in_time + late + short)
        case ShortAbandons.IN_TIME:
            return Share(part=in_time + short, whole=in_time + late + short)


def percentile(after: Mapping[int, int], share: float) -> int | None:
    """Within so many seconds so large a share of the calls was answered (nearest rank); none of no calls."""
    rank = ceil(share * sum(after.values()))
    for seconds, many in sorted(after.items()):
        rank -= many
        if rank <= 0:
            return seconds
    return None


def until(after: Mapping[int, int], limit: int) -> int:
    """How many waits were over within so many seconds."""
    return sum(many for seconds, many in after.items() if seconds <= limit)


def mean_seconds(total_us: int, many: int) -> float | None:
    """The mean of so many lengths of time, in seconds; none of none."""
    return total_us / many / 1_000_000 if many else None
