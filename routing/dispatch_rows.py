"""Rows of a round as the rules want them."""

import json
from functools import lru_cache

from routing.skills import Requirements, requirements_from_json
from routing.store_rounds import Queuing
from routing.waiting import WaitingCall


def call_of(row: Queuing) -> WaitingCall:
    """A waiting call."""
    return WaitingCall(
        call_id=row.call_id,
        requirements=_requirements(row.requirements),
        enqueued_at=row.enqueued_at,
        priority=row.priority,
        boosts=json.loads(row.boosts) if row.boosts != "{}" else {},
        queue=row.queue,
    )


@lru_cache(maxsize=4096)
def _requirements(text: str) -> Requirements:
    # Most calls ask for one of a few dozen things.
    return requirements_from_json(json.loads(text))
