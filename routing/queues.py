"""A queue as admins keep it: who serves it, how the search widens, who is chosen, when it is open, where it overflows.

Pure records with their JSON; what is wrong with one is said per field. Choosing is left to `matching`, storing to `store`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from routing.hours import Closed, Hours, hours_from_json
from routing.skills import Droppable
from routing.waiting import DEFAULT_RINGS, DEFAULT_RULES, Ring, Rules, WaitingCall

CALLBACK = "callback"
MESSAGE = "message"
TO_QUEUE = "queue:"  # what a destination begins with that is another queue
LANGUAGES = ("it", "en")  # of the names

# Judgement: ten steps are ten minutes of waiting, so that no queue starves another one.
HIGHEST_PRIORITY = 10
# Judgement: what a boost grants stays within an hour of waiting, and so does what anybody can be overtaken by.
HIGHEST_BOOST_SECONDS = 3600
LONGEST_SECONDS = 24 * 3600
_MOST_RINGS = 8
# The addend of a rank that its queue gives.
QUEUE_BOOST = "queue"


class AgentOrder(StrEnum):
    """Who is offered a call first among those who may take it."""

    BEST_FIT = "best_fit"  # meets most of what is asked at the nearest level, then the longest idle
    LONGEST_IDLE = "longest_idle"
    MOST_SKILLED = "most_skilled"  # the highest level in what is asked, then the longest idle
    FEWEST_CALLS = "fewest_calls"  # taken today, then the longest idle


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with a field of a queue."""

    field: str
    code: str
    value: str = ""


class QueueError(ValueError):
    """The queue is not one that calls could wait in: correct the fields that it names."""

    def __init__(self, queue_id: str, problems: tuple[Problem, ...]) -> None:
        """Keep the problems for whoever shows them beside the fields."""
        said = "; ".join(f"{one.field}: {one.code} {one.value}".strip() for one in problems)
        super().__init__(f"queue {queue_id!r} is not valid: {said}")
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Where calls wait for a kind of people; raises `QueueError` when it makes no sense."""

    queue_id: str
    names: Mapping[str, str] = field(default_factory=dict)  # by language
    team: tuple[str, ...] = ()  # the skills that it serves; "any agent of the queue" has one of them
    rings: tuple[Ring, ...] = DEFAULT_RINGS  # ordered by time, the first from 0 s
    order: AgentOrder = AgentOrder.BEST_FIT
    service_seconds: int = 20  # 80/20 is the trade's usual goal: this share of calls answered within these seconds
    service_share: float = 0.8
    max_waiting: int | None = None  # calls beyond these go where it overflows to
    overflow_after_seconds: int | None = None
    overflow_to: str = ""  # "queue:ID", "callback", "message"; "" for nowhere
    closed_does: str = CALLBACK  # "callback", "message", "queue:ID"
    hours: Hours | None = None  # none: the company's
    priority: int = 0
    boosts: Mapping[str, int] = field(default_factory=dict)  # what a named boost is worth here, in seconds
    preferred_seconds: int = 0  # so long a call is kept for the agent whom the customer knows, while signed in

    def __post_init__(self) -> None:
        """Refuse what no call could wait in."""
        problems = tuple(_problems(self))
        if problems:
            raise QueueError(self.queue_id, problems)

    def name(self, language: str) -> str:
        """What people call it."""
        return self.names.get(language) or next(iter(self.names.values()), self.queue_id)

    def as_json(self) -> dict[str, Any]:
        """Return the queue as JSON's own values."""
        return {
            "queue_id": self.queue_id,
            "names": dict(self.names),
            "team": list(self.team),
            "rings": [{"after_seconds": one.after_seconds, "drops": sorted(one.drops)} for one in self.rings],
            "order": self.order.value,
            "service_seconds": self.service_seconds,
            "service_share": self.service_share,
            "max_waiting": self.max_waiting,
            "overflow_after_seconds": self.overflow_after_seconds,
            "overflow_to": self.overflow_to,
            "closed_does": self.closed_does,
            "hours": None if self.hours is None else self.hours.as_json(),
            "priority": self.priority,
            "boosts": dict(self.boosts),
            "preferred_seconds": self.preferred_seconds,
        }


def queue_from_json(value: Mapping[str, Any]) -> Queue:
    """Read the queue that `as_json` wrote; raises `QueueError` naming the field that can't be read."""
    queue_id = str(value.get("queue_id", ""))
    read: dict[str, Any] = {"queue_id": queue_id}
    for name, reader in _READERS.items():
        if name in value:
            try:
                read[name] = reader(value[name])
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise QueueError(queue_id, (Problem(field=name, code="unreadable", value=str(value[name])),)) from error
    unknown = sorted(set(value) - set(_READERS) - {"queue_id"})
    if unknown:
        raise QueueError(queue_id, tuple(Problem(field=name, code="unknown_field") for name in unknown))
    return Queue(**read)


def queue_of(skill: str, queues: Mapping[str, Queue]) -> Queue:
    """Find the queue of a skill: its own, else the first by name whose team has it, else the general one."""
    own = queues.get(skill)
    if own is not None:
        return own
    serving = (queues[queue_id] for queue_id in sorted(queues) if skill in queues[queue_id].team)
    return next(serving, queues.get(DEFAULT_QUEUE.queue_id, DEFAULT_QUEUE))


def on_the_terms_of(queue: Queue, call: WaitingCall, rules: Rules = DEFAULT_RULES) -> WaitingCall:
    """Give a call what its queue grants: its own priority as an addend of its own, and its worth of each named boost."""
    boosts = {name: queue.boosts.get(name, seconds) for name, seconds in call.boosts.items()}
    boosts.pop(QUEUE_BOOST, None)
    if queue.priority:
        boosts[QUEUE_BOOST] = queue.priority * rules.seconds_per_priority
    return replace(call, boosts=boosts, queue=queue.queue_id)


@dataclass(frozen=True, kw_only=True)
class Enters:
    """The call may wait here."""


@dataclass(frozen=True, kw_only=True)
class Shut:
    """The queue is closed, and what the call gets instead."""

    does: str  # "callback", "message", "queue:ID"
    closed: Closed
    opens_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Full:
    """As many calls wait as may wait, and where the call goes instead."""

    to: str  # "queue:ID", "callback", "message"


def entry(queue: Queue, *, waiting: int, now: datetime, company: Hours) -> Enters | Shut | Full:
    """Whether a call may begin to wait where `waiting` calls do already; hours come before capacity.

    A full queue without anywhere to overflow to lets the call in: nobody is turned away into nothing.
    """
    hours = queue.hours or company
    state = hours.at(now)
    if isinstance(state, Closed):
        return Shut(does=queue.closed_does, closed=state, opens_at=hours.opens_next(now))
    if queue.max_waiting is not None and waiting >= queue.max_waiting and queue.overflow_to:
        return Full(to=queue.overflow_to)
    return Enters()


def overflow(queue: Queue, waited_seconds: float) -> str:
    """Where a call goes that has waited so long, "" for nowhere."""
    after = queue.overflow_after_seconds
    return queue.overflow_to if after is not None and waited_seconds >= after else ""


def missing_queues(queues: Mapping[str, Queue]) -> Iterator[tuple[str, Problem]]:
    """Each destination that names a queue which is not there, with the queue that names it."""
    for queue_id, queue in queues.items():
        for name, to in (("overflow_to", queue.overflow_to), ("closed_does", queue.closed_does)):
            if to.startswith(TO_QUEUE) and to.removeprefix(TO_QUEUE) not in queues:
                yield queue_id, Problem(field=name, code="no_such_queue", value=to.removeprefix(TO_QUEUE))


def _problems(queue: Queue) -> Iterator[Problem]:
    if not queue.queue_id or not queue.queue_id.replace("_", "").replace("-", "").isalnum():
        yield Problem(field="queue_id", code="not_a_code", value=queue.queue_id)
    if any(not skill.strip() for skill in queue.team):
        yield Problem(field="team", code="empty_skill")
    yield from _problems_of_rings(queue)
    yield from _problems_of_goals(queue)
    yield from _problems_of_destinations(queue)
    yield from _problems_of_order(queue)


def _problems_of_rings(queue: Queue) -> Iterator[Problem]:
    times = [ring.after_seconds for ring in queue.rings]
    if not times or times[0] != 0:
        yield Problem(field="rings", code="first_from_zero")
    elif any(later <= earlier for earlier, later in pairwise(times)):
        yield Problem(field="rings", code="not_in_order", value=", ".join(map(str, times)))
    elif len(times) > _MOST_RINGS or times[-1] > LONGEST_SECONDS:
        yield Problem(field="rings", code="too_many", value=str(_MOST_RINGS))
    if not queue.team and any(Droppable.SKILL in ring.drops for ring in queue.rings):
        yield Problem(field="rings", code="any_agent_needs_team")


def _problems_of_goals(queue: Queue) -> Iterator[Problem]:
    if not 0 < queue.service_seconds <= LONGEST_SECONDS:
        yield Problem(field="service_seconds", code="out_of_range", value=str(queue.service_seconds))
    if not 0 < queue.service_share <= 1:
        yield Problem(field="service_share", code="out_of_range", value=str(queue.service_share))
    if queue.max_waiting is not None and queue.max_waiting < 0:
        yield Problem(field="max_waiting", code="out_of_range", value=str(queue.max_waiting))


def _problems_of_destinations(queue: Queue) -> Iterator[Problem]:
    if queue.overflow_to and not _is_destination(queue.overflow_to):
        yield Problem(field="overflow_to", code="not_a_destination", value=queue.overflow_to)
    if not _is_destination(queue.closed_does):
        yield Problem(field="closed_does", code="not_a_destination", value=queue.closed_does)
    for name, to in (("overflow_to", queue.overflow_to), ("closed_does", queue.closed_does)):
        if to == TO_QUEUE + queue.queue_id:
            yield Problem(field=name, code="to_itself")
    limited = queue.overflow_after_seconds is not None or queue.max_waiting is not None
    if limited and not queue.overflow_to:
        yield Problem(field="overflow_to", code="needed")
    if queue.overflow_after_seconds is not None and not 0 < queue.overflow_after_seconds <= LONGEST_SECONDS:
        yield Problem(field="overflow_after_seconds", code="out_of_range", value=str(queue.overflow_after_seconds))


def _problems_of_order(queue: Queue) -> Iterator[Problem]:
    if abs(queue.priority) > HIGHEST_PRIORITY:
        yield Problem(field="priority", code="out_of_range", value=str(queue.priority))
    if not 0 <= queue.preferred_seconds <= LONGEST_SECONDS:
        yield Problem(field="preferred_seconds", code="out_of_range", value=str(queue.preferred_seconds))
    for name, seconds in queue.boosts.items():
        if not name.strip() or not 0 <= seconds <= HIGHEST_BOOST_SECONDS:
            yield Problem(field="boosts", code="out_of_range", value=f"{name} {seconds}")


def _is_destination(to: str) -> bool:
    return to in {CALLBACK, MESSAGE} or (to.startswith(TO_QUEUE) and to != TO_QUEUE)


def _rings(value: Any) -> tuple[Ring, ...]:
    return tuple(
        Ring(after_seconds=_whole(one["after_seconds"]), drops=frozenset(Droppable(name) for name in one["drops"]))
        for one in value
    )


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("a whole number")
    return value


def _words(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("words")
    return value


_READERS: Mapping[str, Any] = {
    "names": lambda value: {_words(key): _words(name) for key, name in value.items()},
    "team": lambda value: tuple(_words(skill) for skill in value),
    "rings": _rings,
    "order": AgentOrder,
    "service_seconds": _whole,
    "service_share": float,
    "max_waiting": lambda value: None if value is None else _whole(value),
    "overflow_after_seconds": lambda value: None if value is None else _whole(value),
    "overflow_to": _words,
    "closed_does": _words,
    "hours": lambda value: None if value is None else hours_from_json(value),
    "priority": _whole,
    "boosts": lambda value: {_words(key): _whole(seconds) for key, seconds in value.items()},
    "preferred_seconds": _whole,
}

DEFAULT_QUEUE = Queue(queue_id="general", names={"it": "Generale", "en": "General"})
