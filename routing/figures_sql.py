"""The arithmetic of times that figures need, as both databases write it: whole microseconds, and the company's own clock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy_utc import UtcDateTime

from routing.figures_periods import Stretch

_HOUR_SECONDS = 3600
_DAY_SECONDS = 86_400


class _MicrosecondsBetween(FunctionElement[int]):
    """From one time to another; none where either is none, never fewer than 0."""

    inherit_cache = True
    type = BigInteger()
    name = "microseconds_between"


class _EpochSeconds(FunctionElement[int]):
    """Whole seconds since 1970."""

    inherit_cache = True
    type = BigInteger()
    name = "epoch_seconds"


@compiles(_MicrosecondsBetween, "sqlite")
def _between_in_sqlite(element: _MicrosecondsBetween, compiler: SQLCompiler, **more: Any) -> str:
    # SQLAlchemy keeps "2026-11-23 11:00:00.000000": the first 19 signs are the whole seconds, the last
    # six the rest; given all of them %s would round.
    begins, ends = (compiler.process(clause, **more) for clause in element.clauses)
    seconds = f"CAST(strftime('%s', substr({ends}, 1, 19)) AS INTEGER) - CAST(strftime('%s', substr({begins}, 1, 19)) AS INTEGER)"
    rest = f"CAST(substr({ends}, 21, 6) AS INTEGER) - CAST(substr({begins}, 21, 6) AS INTEGER)"
    return f"max(0, ({seconds}) * 1000000 + {rest})"


@compiles(_MicrosecondsBetween, "postgresql")
def _between_in_postgresql(element: _MicrosecondsBetween, compiler: SQLCompiler, **more: Any) -> str:
    begins, ends = (compiler.process(clause, **more) for clause in element.clauses)
    length = f"CAST(extract(epoch FROM ({ends} - {begins})) * 1000000 AS BIGINT)"
    # `greatest` passes over a null, which here means that nothing is known.
    return f"CASE WHEN {length} < 0 THEN 0 ELSE {length} END"


@compiles(_EpochSeconds, "sqlite")
def _epoch_in_sqlite(element: _EpochSeconds, compiler: SQLCompiler, **more: Any) -> str:
    (at,) = (compiler.process(clause, **more) for clause in element.clauses)
    return f"CAST(strftime('%s', substr({at}, 1, 19)) AS INTEGER)"


@compiles(_EpochSeconds, "postgresql")
def _epoch_in_postgresql(element: _EpochSeconds, compiler: SQLCompiler, **more: Any) -> str:
    (at,) = (compiler.process(clause, **more) for clause in element.clauses)
    return f"CAST(floor(extract(epoch FROM {at})) AS BIGINT)"


def moment(at: datetime) -> ColumnElement[datetime]:
    """A time, as the columns keep it."""
    return literal(at, UtcDateTime())


def microseconds_between(begins_at: Any, ends_at: Any) -> ColumnElement[int]:
    """Whole microseconds from one time to another, never fewer than 0; null where either is."""
    return _MicrosecondsBetween(begins_at, ends_at)


def begun_seconds(span_us: ColumnElement[int]) -> ColumnElement[int]:
    """Microseconds as seconds, each begun one counted."""
    return (span_us + 999_999) // 1_000_000


def clock_hour(at: ColumnElement[Any], stretches: Sequence[Stretch]) -> ColumnElement[int]:
    """Hours of the zone's own clock since 1970."""
    return _clock_seconds(at, stretches) // _HOUR_SECONDS


def clock_day(at: ColumnElement[Any], stretches: Sequence[Stretch]) -> ColumnElement[int]:
    """Days of the zone's own clock since 1970."""
    return _clock_seconds(at, stretches) // _DAY_SECONDS


def _clock_seconds(at: ColumnElement[Any], stretches: Sequence[Stretch]) -> ColumnElement[int]:
    changed = [(at >= moment(one.begins_at), one.ahead_seconds) for one in reversed(stretches[1:])]
    ahead = case(*changed, else_=stretches[0].ahead_seconds) if changed else literal(stretches[0].ahead_seconds)
    return _EpochSeconds(at) + ahead
