"""Coverage: which nodes calls passed, where they stopped, were asked again or asked for a person, and what effort followed.

Every figure comes with how far it can be trusted: Wilson's interval for a share, Student's t for a mean. Pure; what happened
comes from `ivr.calls.coverage_store`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from types import MappingProxyType
from typing import NamedTuple

from scipy.special import stdtrit

from ivr.flow.traces import Trace
from routing.figures_defined import Share
from routing.figures_intervals import Interval

# The least and the greatest effort score.
_LEAST, _GREATEST = 1.0, 7.0
# Two-sided, 95 in 100, as the interval of a share.
_UPPER = 0.975
# A mean of fewer scores is one or two people's mood: no interval is told.
_FEWEST_SCORES = 2


@dataclass(frozen=True, kw_only=True)
class CallSeen:
    """What counts of one call besides its turns."""

    call_id: str
    is_over: bool
    node: str  # where it stands, or stood at its end
    met: bool  # caller and a person could hear each other
    score: int | None  # the effort score that the caller gave


class TurnSeen(NamedTuple):
    """What counts of one turn. A week has some hundred thousand: a tuple costs a tenth of a frozen record."""

    call_id: str
    path: tuple[str, ...]
    traces: tuple[tuple[str, str], ...]  # what happened at which node


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean of effort scores."""

    count: int = 0
    total: int = 0
    squares: int = 0

    @property
    def value(self) -> float | None:
        """The mean, None of nothing."""
        return self.total / self.count if self.count else None

    @property
    def interval(self) -> Interval | None:
        """Where the true mean lies 95 times in 100, by Student's t and within the scale; None for fewer than two scores."""
        if self.count < _FEWEST_SCORES:
            return None
        mean = self.total / self.count
        # Of whole numbers, so that equal scores have no spread at all.
        variance = (self.count * self.squares - self.total**2) / (self.count * (self.count - 1))
        half = float(stdtrit(self.count - 1, _UPPER)) * sqrt(variance / self.count)
        return Interval(low=max(_LEAST, mean - half), high=min(_GREATEST, mean + half))


@dataclass(frozen=True, kw_only=True)
class NodeFigures:
    """One node's figures; each counts calls, but for `visits`."""

    passed: int = 0  # calls that entered it
    visits: int = 0  # how often it was entered
    over: int = 0  # of those that passed, the ones that have ended
    stopped_here: int = 0  # hung up there, without the flow's end or a person
    repeated_calls: int = 0  # were asked once more there
    asked_person: int = 0  # asked for a person there
    handed_over: int = 0  # were handed to a person there unasked: not understood, silent, or something failed
    well: int = 0  # of those that are over, the ones that came to the flow's end or to a person
    effort: Mean = field(default_factory=Mean)  # scores that calls gave which had passed it

    @property
    def stopped(self) -> Share:
        """Of calls that are over, those that stopped there."""
        return Share(part=self.stopped_here, whole=self.over)

    @property
    def repeated(self) -> Share:
        """Of calls that passed, those that were asked again."""
        return Share(part=self.repeated_calls, whole=self.passed)

    @property
    def person(self) -> Share:
        """Of calls that passed, those that asked for a person there."""
        return Share(part=self.asked_person, whole=self.passed)

    @property
    def handed(self) -> Share:
        """Of calls that passed, those that were handed over there unasked."""
        return Share(part=self.handed_over, whole=self.passed)

    @property
    def ended_well(self) -> Share:
        """Of calls that are over, those that came to the flow's end or to a person."""
        return Share(part=self.well, whole=self.over)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """A period's calls, over all and by node."""

    calls: int
    over: int
    well: int
    effort: Mean
    nodes: Mapping[str, NodeFigures]
    ways: Mapping[tuple[str, str], int]  # from a node to the next: calls that went there

    @property
    def ended_well(self) -> Share:
        """Of all calls that are over, those that came to the flow's end or to a person."""
        return Share(part=self.well, whole=self.over)


@dataclass(kw_only=True)
class _Course:
    """One call's turns, gathered."""

    entered: dict[str, int] = field(default_factory=dict)  # node -> how often
    ways: set[tuple[str, str]] = field(default_factory=set)
    traces: set[tuple[str, str]] = field(default_factory=set)
    node: str = ""  # entered last

    @property
    def has_ended(self) -> bool:
        return any(trace == Trace.ENDED for trace, _ in self.traces)


def coverage(calls: Iterable[CallSeen], turns: Iterable[TurnSeen]) -> Coverage:
    """Count calls by node. The turns of one call come in order; those of calls that are not among `calls` are left out."""
    seen = {call.call_id: call for call in calls}
    courses: dict[str, _Course] = defaultdict(_Course)
    for turn in turns:
        if turn.call_id in seen:
            _go_on(courses[turn.call_id], turn)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    scores: dict[str, Counter[int]] = defaultdict(Counter)
    ways: Counter[tuple[str, str]] = Counter()
    for call_id, course in courses.items():
        _count(seen[call_id], course, counts)
        ways.update(course.ways)
        score = seen[call_id].score
        if score is not None:
            for node in course.entered:
                scores[node][score] += 1
    of_all = Counter(call.score for call in seen.values() if call.score is not None)
    return Coverage(
        calls=len(seen),
        over=sum(call.is_over for call in seen.values()),
        well=sum(call.is_over and _ended_well(call, courses.get(call.call_id)) for call in seen.values()),
        effort=_mean(of_all),
        nodes=MappingProxyType(
            {node: NodeFigures(**counts[node], effort=_mean(scores[node])) for node in sorted(counts)}
        ),
        ways=MappingProxyType(dict(ways)),
    )


def _go_on(course: _Course, turn: TurnSeen) -> None:
    for node in turn.path:
        course.entered[node] = course.entered.get(node, 0) + 1
        if course.node:
            course.ways.add((course.node, node))
        course.node = node
    if turn.traces:
        course.traces.update(turn.traces)


def _ended_well(call: CallSeen, course: _Course | None) -> bool:
    return call.met or (course is not None and course.has_ended)


_BY_TRACE: Mapping[str, str] = MappingProxyType(
    {Trace.REPEATED: "repeated_calls", Trace.PERSON: "asked_person", Trace.HANDED: "handed_over"}
)


def _count(call: CallSeen, course: _Course, counts: dict[str, Counter[str]]) -> None:
    is_well = call.is_over and _ended_well(call, course)
    for node, visits in course.entered.items():
        counted = counts[node]
        counted["passed"] += 1
        counted["visits"] += visits
        counted["over"] += call.is_over
        counted["well"] += is_well
    for trace, node in course.traces:
        if trace in _BY_TRACE and node in course.entered:
            counts[node][_BY_TRACE[trace]] += 1
    if call.is_over and not is_well and call.node in course.entered:
        counts[call.node]["stopped_here"] += 1


def _mean(scores: Mapping[int, int]) -> Mean:
    return Mean(
        count=sum(scores.values()),
        total=sum(score * times for score, times in scores.items()),
        squares=sum(score * score * times for score, times in scores.items()),
    )
