"""Re-runs a past day with and without a change and says how callers would have fared, with the uncertainty of it. Pure.

Each replication runs the day twice with the same draws, so that the difference is the change's and not chance's; means over
replications have 95% intervals by Student's t. The replay without a change stands beside what really happened: where the two are
far apart, the day had something that the replay does not know.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np

from routing.queues import DEFAULT_QUEUE
from routing.simulation import simulate
from routing.simulation_day import Ending, SimulatedStay
from routing.simulation_theory import interval
from routing.what_if_day import NOTHING, Change, PastDay, check, replayed

MOST_REPLICATIONS: Final = 50
USUAL_REPLICATIONS: Final = 12
_HOUR: Final = 3600.0
_SLOW_SHARE: Final = 0.9

# Called with replications done and all; False ends the run with what there is.
GoOn = Callable[[int, int], bool]


@dataclass(frozen=True, kw_only=True)
class Fared:
    """How callers fared on one day. Shares are of 1; a share of nobody is none."""

    answered: float | None  # of all calls
    mean_wait_seconds: float | None  # of the answered
    slow_wait_seconds: float | None  # nine of ten answered calls waited at most so long
    service_level: float | None  # answered within their queue's seconds, of all calls
    level_distance: float | None  # levels between asked and given, of the answered
    first_ring: float | None  # of the answered, those taken before any ring dropped anything
    preferred: float | None  # of the answered that wanted an agent, those who got that one


FIGURES: Final = tuple(one.name for one in fields(Fared))


@dataclass(frozen=True, kw_only=True)
class Estimated:
    """A figure's mean over replications and half the width of its 95% interval; none where there was nothing to count."""

    mean: float | None
    half: float | None  # none for fewer than two replications


@dataclass(frozen=True, kw_only=True)
class Hour:
    """One hour of the day: calls that came, and how long the answered ones of them waited, in seconds."""

    hour: int  # from the day's beginning
    calls: int
    really: float | None
    before: Estimated
    after: Estimated


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The answer: as it was, as replayed, as it would have been, and the difference of the last two."""

    calls: int
    replications: int
    really: Fared
    before: Mapping[str, Estimated]  # by the names of FIGURES
    after: Mapping[str, Estimated]
    difference: Mapping[str, Estimated]
    hours: Sequence[Hour]

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON's own values."""
        return asdict(self)

    def rows(self) -> Iterator[tuple[object, ...]]:
        """The answer as rows of a table, the first one its head."""
        yield ("figure", "really", "before", "before_half", "after", "after_half", "difference", "difference_half")
        for name in FIGURES:
            spreads = (self.before[name], self.after[name], self.difference[name])
            yield (name, getattr(self.really, name), *(value for one in spreads for value in (one.mean, one.half)))
        for hour in self.hours:
            name = f"mean_wait_seconds_of_hour_{hour.hour:02}"
            yield (name, hour.really, hour.before.mean, hour.before.half, hour.after.mean, hour.after.half, None, None)


def what_if_from_json(value: Mapping[str, Any]) -> WhatIf:
    """Read the answer that `as_json` wrote."""

    def spread(of: Mapping[str, Any]) -> dict[str, Estimated]:
        return {name: Estimated(**its) for name, its in of.items()}

    return WhatIf(
        calls=value["calls"],
        replications=value["replications"],
        really=Fared(**value["really"]),
        before=spread(value["before"]),
        after=spread(value["after"]),
        difference=spread(value["difference"]),
        hours=[
            Hour(**{**one, "before": Estimated(**one["before"]), "after": Estimated(**one["after"])})
            for one in value["hours"]
        ],
    )


def what_if(past: PastDay, change: Change, *, replications: int, seed: int, go_on: GoOn = lambda *_: True) -> WhatIf:
    """Run the day with and without the change, `replications` times each; raises `ChangeError` for what cannot be run."""
    check(past, change)
    wanted = max(1, min(replications, MOST_REPLICATIONS))
    before: list[Sequence[SimulatedStay]] = []
    after: list[Sequence[SimulatedStay]] = []
    for number in range(wanted):
        for into, with_change in ((before, NOTHING), (after, change)):
            day = replayed(past, with_change, np.random.default_rng((seed, number, 0)))
            into.append(simulate(day, np.random.default_rng((seed, number, 1))))
        if not go_on(number + 1, wanted):
            break
    changed = {**past.queues, **{queue.queue_id: queue for queue in change.queues}}
    without = [_fared(stays, {key: one.service_seconds for key, one in past.queues.items()}) for stays in before]
    with_it = [_fared(stays, {key: one.service_seconds for key, one in changed.items()}) for stays in after]
    return WhatIf(
        calls=len(past.calls),
        replications=len(before),
        really=_fared(_really(past), {key: one.service_seconds for key, one in past.queues.items()}),
        before={name: _mean([getattr(one, name) for one in without]) for name in FIGURES},
        after={name: _mean([getattr(one, name) for one in with_it]) for name in FIGURES},
        difference={name: _mean(_less(with_it, without, name)) for name in FIGURES},
        hours=_hours(past, before, after),
    )


def _fared(stays: Sequence[SimulatedStay], service_seconds: Mapping[str, int]) -> Fared:
    answered = [one for one in stays if one.ending is Ending.ANSWERED]
    waits = [one.waited_seconds for one in answered]
    in_time = sum(
        one.waited_seconds <= service_seconds.get(one.queue, DEFAULT_QUEUE.service_seconds) for one in answered
    )
    wanting = [one for one in answered if one.wants_preferred]
    return Fared(
        answered=_share(len(answered), len(stays)),
        mean_wait_seconds=float(np.mean(waits)) if waits else None,
        slow_wait_seconds=float(np.quantile(waits, _SLOW_SHARE)) if waits else None,
        service_level=_share(in_time, len(stays)),
        level_distance=float(np.mean([one.level_distance for one in answered])) if answered else None,
        first_ring=_share(sum(one.ring == 0 for one in answered), len(answered)),
        preferred=_share(sum(one.is_preferred for one in wanting), len(wanting)),
    )


def _really(past: PastDay) -> tuple[SimulatedStay, ...]:
    skills = {one.agent_id: one.skills for one in past.agents}
    stays = []
    for one in past.calls:
        asked = one.call.requirements
        level = skills.get(one.answered_by, {}).get(asked.skill, 0)
        stays.append(
            SimulatedStay(
                call_id=one.call.call_id,
                queue=one.call.queue,
                skill=asked.skill,
                came=(one.call.enqueued_at - past.begins_at).total_seconds(),
                waited_seconds=one.waited_seconds,
                ending=Ending.ANSWERED if one.answered_by else Ending.ABANDONED,
                agent_id=one.answered_by,
                ring=one.ring,
                level_distance=abs(level - asked.level) if one.answered_by else 0,
                is_preferred=bool(one.answered_by) and one.answered_by == asked.preferred_agent_id,
                wants_preferred=asked.preferred_agent_id is not None,
            )
        )
    return tuple(stays)


def _hours(
    past: PastDay, before: Sequence[Sequence[SimulatedStay]], after: Sequence[Sequence[SimulatedStay]]
) -> tuple[Hour, ...]:
    really = _by_hour(_really(past))
    each_before, each_after = [_by_hour(stays) for stays in before], [_by_hour(stays) for stays in after]
    came: dict[int, int] = {}
    for one in past.calls:
        hour = int((one.call.enqueued_at - past.begins_at).total_seconds() // _HOUR)
        came[hour] = came.get(hour, 0) + 1
    return tuple(
        Hour(
            hour=hour,
            calls=calls,
            really=really.get(hour),
            before=_mean([its.get(hour) for its in each_before]),
            after=_mean([its.get(hour) for its in each_after]),
        )
        for hour, calls in sorted(came.items())
    )


def _by_hour(stays: Sequence[SimulatedStay]) -> dict[int, float]:
    waits: dict[int, list[float]] = {}
    for one in stays:
        if one.ending is Ending.ANSWERED:
            waits.setdefault(int(one.came // _HOUR), []).append(one.waited_seconds)
    return {hour: float(np.mean(its)) for hour, its in waits.items()}


def _mean(values: Sequence[float | None]) -> Estimated:
    known = [value for value in values if value is not None]
    if not known:
        return Estimated(mean=None, half=None)
    mean, half = interval(known)
    return Estimated(mean=mean, half=half if len(known) > 1 else None)


def _less(after: Sequence[Fared], before: Sequence[Fared], name: str) -> list[float | None]:
    pairs = [(getattr(one, name), getattr(other, name)) for one, other in zip(after, before, strict=True)]
    return [None if one is None or other is None else one - other for one, other in pairs]


def _share(some: int, of: int) -> float | None:
    return some / of if of else None
