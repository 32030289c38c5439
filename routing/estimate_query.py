"""The estimate of the wait from the database as it stands, what of it is kept, and how wrong the kept ones were.

The rules are `estimate`'s, the statements `store_estimates`'. Nothing here commits.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from routing import store, store_estimates, tables
from routing.durations import Durations, Patience
from routing.estimate import Estimate, Past, QueuedCall, estimate
from routing.queues import DEFAULT_QUEUE
from routing.store_estimates import Talk
from routing.waiting import DEFAULT_RULES, Rules, WaitingState

# Newest talks of each skill, newest waits of all: of today where there are many, and few enough to be read in milliseconds.
_TALKS_PER_SKILL: Final = 120
_WAITS: Final = 400
# Fewer ended talks than this say too little about the next; judgement.
LEAST_HISTORY: Final = 3


@dataclass(frozen=True, kw_only=True)
class EstimateError:
    """How wrong the estimates of one queue and hour were, or of several together."""

    queue: str  # "" for all
    hour: int | None  # of the day, in the company's time zone; none for all
    told: int  # callers who were told one and then answered
    error_seconds: float  # mean absolute
    bias_seconds: float  # mean of what was said less what came: above zero, people are told too much
    within: float  # the share for whom the range held


def estimate_of(
    session: Session,
    call_id: str,
    now: datetime,
    rules: Rules = DEFAULT_RULES,
    rows: Sequence[tables.Waiting] | None = None,
) -> Estimate | None:
    """Estimate how long a waiting call still waits, from now; None where it does not wait, or nobody or nothing is known.

    `rows` are all waiting and offered calls in the order of rank, where the caller of this has read them already.
    """
    queued = store.calls_in(session, WaitingState.WAITING, WaitingState.OFFERED) if rows is None else rows
    place = next((number for number, row in enumerate(queued) if row.call_id == call_id), None)
    if place is None:
        return None
    since = now - timedelta(days=rules.history_days)
    talks = store_estimates.newest_talks(session, since=since, per_skill=_TALKS_PER_SKILL)
    if len(talks) < LEAST_HISTORY:
        return None
    queues = store.queues(session)
    as_queued = [
        QueuedCall(
            call=store.as_waiting_call(row),
            queue=queues.get(row.queue, DEFAULT_QUEUE),
            is_offered=row.state == WaitingState.OFFERED.value,
        )
        for row in queued[: place + 1]
        if row.call_id == call_id or _is_due(row, now)
    ]
    past = _past(talks, store_estimates.newest_waits(session, since=since, limit=_WAITS))
    agents = store_estimates.agents_now(session, now)
    return estimate(as_queued[-1], as_queued[:-1], agents, past, now=now, generator=_generator(call_id, now))


def keep_told(session: Session, call_id: str, said: Estimate, now: datetime) -> bool:
    """Keep what a caller was told first, so that its error can be measured."""
    return store_estimates.keep_told(session, call_id, said, now)


def estimate_error(
    session: Session, since: datetime, now: datetime, rules: Rules = DEFAULT_RULES
) -> tuple[EstimateError, ...]:
    """How wrong the estimates were that callers were told who came in that time and were answered.

    The first line is all of them, then each queue, then each queue by the hour of the day; nothing where nobody was told.
    """
    zone = ZoneInfo(rules.time_zone)
    groups: dict[tuple[str, int | None], list[store_estimates.Told]] = {}
    for one in store_estimates.told(session, since, now):
        for key in (("", None), (one.queue, None), (one.queue, one.at.astimezone(zone).hour)):
            groups.setdefault(key, []).append(one)
    order = sorted(groups, key=lambda key: (key[1] is not None, key[0], -1 if key[1] is None else key[1]))
    return tuple(_error(queue, hour, groups[queue, hour]) for queue, hour in order)


def _error(queue: str, hour: int | None, told: Sequence[store_estimates.Told]) -> EstimateError:
    errors = [one.said.seconds - one.waited_seconds for one in told]
    return EstimateError(
        queue=queue,
        hour=hour,
        told=len(told),
        error_seconds=fmean(abs(error) for error in errors),
        bias_seconds=fmean(errors),
        within=fmean(one.said.low_seconds <= one.waited_seconds <= one.said.high_seconds for one in told),
    )


def _past(talks: Sequence[Talk], waits: Sequence[tuple[float, bool]]) -> Past:
    answers = [one.answer_seconds for one in talks if one.answer_seconds is not None]
    return Past(
        talks=_by_skill([(one.skill, one.talk_seconds) for one in talks]),
        wrap_ups=_by_skill([(one.skill, one.wrap_up_seconds) for one in talks]),
        answers=Durations(answers) if answers else None,
        patience=Patience([seconds for seconds, _ in waits], [gave_up for _, gave_up in waits]) if waits else None,
    )


def _by_skill(seconds: Sequence[tuple[str, float]]) -> Mapping[str, Durations]:
    found: dict[str, list[float]] = {"": [its for _, its in seconds]}
    for skill, its in seconds:
        found.setdefault(skill, []).append(its)
    # A skill with next to no past of its own has that of all.
    return {skill: Durations(its) for skill, its in found.items() if len(its) >= LEAST_HISTORY}


def _is_due(row: tables.Waiting, now: datetime) -> bool:
    return row.not_before is None or row.not_before <= now


def _generator(call_id: str, now: datetime) -> np.random.Generator:
    # The same call at the same moment is told the same, by whichever process.
    return np.random.default_rng((zlib.crc32(call_id.encode()), int(now.timestamp())))
