"""Reads what a person wrote of a change: skills as "orders=3 billing=1", rings as "0; 30: level; 120: level, skill", hours.

Pure; the same words for the command line and the page. What makes no sense is a `ChangeError`.
"""

import re
from dataclasses import replace
from datetime import time
from typing import Final

from routing.queues import AgentOrder, Queue, QueueError
from routing.simulation_day import Shift
from routing.skills import Droppable, Skills
from routing.waiting import Ring
from routing.what_if_day import ChangeError

_SKILL: Final = re.compile(r"^([\w.-]{1,64})\s*=\s*(\d{1,2})$")
_MOST_PARTS: Final = 20


def skills(text: str) -> Skills:
    """Read "orders=3 billing=1"; also with commas."""
    found: dict[str, int] = {}
    for part in re.sub(r"\s*=\s*", "=", text).replace(",", " ").split()[: _MOST_PARTS + 1]:
        match = _SKILL.match(part)
        if match is None or match.group(1) in found or len(found) == _MOST_PARTS:
            raise ChangeError("what_if_skills_unread", part)
        found[match.group(1)] = int(match.group(2))
    if not found:
        raise ChangeError("what_if_no_skills")
    return found


def rings(text: str) -> tuple[Ring, ...]:
    """Read "0; 30: level; 120: level, skill": seconds of waiting, and what is dropped from then on."""
    found = []
    for part in text.split(";"):
        seconds, _, drops = part.partition(":")
        if not seconds.strip():
            continue
        names = [name.strip() for name in drops.split(",") if name.strip()]
        try:
            ring = Ring(after_seconds=int(seconds), drops=frozenset(Droppable(name) for name in names))
        except ValueError:
            raise ChangeError("what_if_rings_unread", part.strip()) from None
        found.append(ring)
    if not found:
        raise ChangeError("what_if_rings_unread", text.strip())
    return tuple(found)


def rings_in_words(its: tuple[Ring, ...]) -> str:
    """The rings as `rings` reads them."""
    return "; ".join(
        f"{ring.after_seconds}: {', '.join(sorted(ring.drops))}" if ring.drops else str(ring.after_seconds)
        for ring in its
    )


def queue(past: Queue, *, rings_text: str = "", order: str = "") -> Queue:
    """A queue with other rings or another order of agents."""
    try:
        wanted = rings(rings_text) if rings_text.strip() else past.rings
        return replace(past, rings=wanted, order=AgentOrder(order) if order else past.order)
    except QueueError as error:
        raise ChangeError("what_if_rings_unread", "; ".join(problem.field for problem in error.problems)) from None
    except ValueError as error:
        if isinstance(error, ChangeError):
            raise
        raise ChangeError("what_if_order_unknown", order) from None


def shift(begins: str, ends: str) -> Shift:
    """Read two times of the day, "08:00" and "17:30"; midnight at the end is the day's end."""
    try:
        first, last = time.fromisoformat(begins.strip()), time.fromisoformat(ends.strip())
        seconds = [one.hour * 3600.0 + one.minute * 60 for one in (first, last)]
        return Shift(begins=seconds[0], ends=seconds[1] or 86_400.0)
    except ValueError:
        raise ChangeError("what_if_hours_unread", f"{begins}-{ends}") from None
