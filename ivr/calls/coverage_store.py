"""Reads what coverage is counted from: the calls that began in a period, and the open columns of their turns.

Nothing sealed is opened. Trial calls are not among these calls: they are kept in a database of their own.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from ivr.calls.coverage import CallSeen, Coverage, TurnSeen, coverage
from ivr.calls.tables import Call, CallLeg, Effort, Turn
from routing.figures_periods import Period

# Paths repeat from call to call: some hundred differ in a week of ten thousand calls of the shipped flow.
_PATHS = 4096
# How a turn says that it entered no node, or that nothing happened at one.
NOTHING = "[]"


def covered(session: Session, period: Period, *, version: int | None = None) -> Coverage:
    """Count the calls that began in a period, of one version or of all, by the nodes that they passed."""
    wanted = _wanted(period, version)
    return coverage(_calls(session, wanted), _turns(session, wanted))


def versions(session: Session, period: Period) -> Mapping[int, int]:
    """The versions that calls of a period had, with how many calls; the newest first."""
    query = select(Call.flow_version, func.count()).where(*_wanted(period, None)).group_by(Call.flow_version)
    rows = session.execute(query.order_by(Call.flow_version.desc())).all()
    return {int(row[0]): int(row[1]) for row in rows}


def _wanted(period: Period, version: int | None) -> tuple[ColumnElement[bool], ...]:
    within = (Call.started_at >= period.begins_at, Call.started_at < period.ends_at)
    return within if version is None else (*within, Call.flow_version == version)


def _calls(session: Session, wanted: tuple[ColumnElement[bool], ...]) -> Iterator[CallSeen]:
    # A leg that is left over from a talk is enough: who has talked with a person has come to one.
    met = select(CallLeg.call_id).where(CallLeg.call_id == Call.call_id, CallLeg.met_at.is_not(None)).exists()
    query = (
        select(Call.call_id, Call.ended_at.is_not(None), Call.node, met, Effort.score)
        .outerjoin(Effort, Effort.call_id == Call.call_id)
        .where(*wanted)
    )
    for call_id, is_over, node, was_met, score in session.execute(query):
        yield CallSeen(call_id=call_id, is_over=bool(is_over), node=node, met=bool(was_met), score=score)


def _turns(session: Session, wanted: tuple[ColumnElement[bool], ...]) -> Iterator[TurnSeen]:
    query = (
        select(Turn.call_id, Turn.path, Turn.traces)
        .join(Call, Call.call_id == Turn.call_id)
        .where(*wanted, or_(Turn.path != NOTHING, Turn.traces != NOTHING))
        .order_by(Call.started_at, Turn.call_id, Turn.turn)
        .execution_options(yield_per=5000)
    )
    for call_id, path, traces in session.execute(query):
        yield TurnSeen(call_id, _path(path), _traces(traces))


@lru_cache(maxsize=_PATHS)
def _path(text: str) -> tuple[str, ...]:
    return tuple(str(node) for node in _listed(text))


@lru_cache(maxsize=_PATHS)
def _traces(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (one for one in _listed(text) if isinstance(one, list) and len(one) == 2)  # noqa: PLR2004 - a pair
    return tuple((str(trace), str(node)) for trace, node in pairs)


def _listed(text: str) -> list[Any]:
    try:
        read = json.loads(text or "[]")
    except ValueError:
        return []
    return read if isinstance(read, list) else []
