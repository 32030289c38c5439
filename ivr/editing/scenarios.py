"""Keeps scenarios and their runs. The session and the time come from outside; nothing here commits, every change is audited.

What a scenario means is read in `ivr.trials.scenarios`; here it is a document with a revision.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ivr.audit import store as audit
from ivr.audit.store import Actor
from ivr.editing.scenario_tables import ScenarioRow, ScenarioRun

SCENARIOS, REPLAY = "scenarios", "replay"
TEXT, AUDIO = "text", "audio"
RUNNING, DONE, FAILED = "running", "done", "failed"
# Runs that stay to be looked at again.
_KEPT: Final = 60
# A run whose process has not been heard of for so long has died with it.
_SILENT: Final = timedelta(seconds=90)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A scenario as it stands."""

    name: str
    document: Mapping[str, Any]
    revision: int  # 0: the shipped file
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Saved:
    """It was kept."""

    revision: int


@dataclass(frozen=True, kw_only=True)
class Stale:
    """Somebody has changed it meanwhile."""

    revision: int
    by: str


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """There is no such scenario."""


Keeping: TypeAlias = Saved | Stale
Removing: TypeAlias = Saved | Stale | Unknown


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run, going on or over."""

    run_id: str
    kind: str
    mode: str
    against: str
    digest: str
    by: str
    at: datetime
    state: str  # running, done, failed
    done: int
    total: int
    failures: int
    result: Any = None  # only where it is asked for


def scenarios(session: Session, shipped: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Stored]:
    """Every scenario that counts, by name: the shipped ones, and what people made of them or beside them."""
    found = {name: Stored(name=name, document=document, revision=0) for name, document in shipped.items()}
    for row in session.scalars(select(ScenarioRow)):
        if row.is_removed:
            found.pop(row.name, None)
        else:
            found[row.name] = _stored(row)
    return dict(sorted(found.items()))


def scenario(session: Session, name: str, shipped: Mapping[str, Mapping[str, Any]]) -> Stored | None:
    """One scenario, None where there is none or it was taken out."""
    return scenarios(session, shipped).get(name)


def save(
    session: Session,
    document: Mapping[str, Any],
    *,
    revision: int,
    shipped: Mapping[str, Mapping[str, Any]],
    by: Actor,
    now: datetime,
) -> Keeping:
    """Keep a scenario; `revision` is the one that it was made from (0: the shipped file, or a new one)."""
    name = document["name"]
    row = session.get(ScenarioRow, name, with_for_update=True)
    stands = 0 if row is None or row.is_removed else row.revision
    if stands != revision:
        return Stale(revision=stands, by="" if row is None else row.by_name)
    before = scenario(session, name, shipped)
    kept = _keep(session, row, name, document, is_removed=False, by=by, now=now)
    audit.note(
        session, by=by, act="scenario.saved", subject=f"scenario:{name}", now=now, after=dict(document),
        before=None if before is None else dict(before.document),
    )  # fmt: skip
    return Saved(revision=kept)


def remove(
    session: Session, name: str, *, revision: int, shipped: Mapping[str, Mapping[str, Any]], by: Actor, now: datetime
) -> Removing:
    """Take a scenario out; a shipped one is not run any more."""
    before = scenario(session, name, shipped)
    if before is None:
        return Unknown()
    if before.revision != revision:
        return Stale(revision=before.revision, by=before.by)
    row = session.get(ScenarioRow, name, with_for_update=True)
    kept = _keep(session, row, name, before.document, is_removed=True, by=by, now=now)
    audit.note(
        session, by=by, act="scenario.removed", subject=f"scenario:{name}", before=dict(before.document), now=now
    )
    return Saved(revision=kept)


# --- Runs


def begin_run(session: Session, wanted: Run, *, by: Actor, opened: Sequence[str] = ()) -> None:
    """Keep that a run begins, and in the trail who asked for it; the oldest beyond what is kept go.

    `opened` are the calls whose sealed words are read for it.
    """
    row = ScenarioRun
    old = session.scalars(select(row.run_id).order_by(row.at.desc()).offset(_KEPT - 1)).all()
    if old:
        session.execute(delete(row).where(row.run_id.in_(old)))
    session.add(
        row(
            run_id=wanted.run_id, kind=wanted.kind, mode=wanted.mode, against=wanted.against, digest=wanted.digest,
            by_id=by.account_id, by_name=by.name[:120], at=wanted.at, state=RUNNING, done=0, total=wanted.total,
            failures=0, beat_at=wanted.at, result="",
        )
    )  # fmt: skip
    audit.note(
        session, by=by, act=f"{wanted.kind}.run", subject=wanted.against, now=wanted.at,
        after={"run": wanted.run_id, "mode": wanted.mode, "of": wanted.total, **({"calls": [*opened]} if opened else {})},
    )  # fmt: skip
    session.flush()


def beat(session: Session, run_id: str, *, done: int, total: int, failures: int, now: datetime) -> bool:
    """Keep how far a run has come; False where it is gone."""
    values = {"done": done, "total": total, "failures": failures, "beat_at": now}
    changed = session.execute(update(ScenarioRun).where(ScenarioRun.run_id == run_id).values(**values))
    return bool(changed.rowcount)  # type: ignore[attr-defined] # an UPDATE answers with a CursorResult, which has it


def end_run(session: Session, run_id: str, *, state: str, result: Any, failures: int, now: datetime) -> None:
    """Keep what a run came to."""
    row = session.get(ScenarioRun, run_id)
    if row is None:
        return
    row.state, row.failures, row.beat_at = state, failures, now
    if state == DONE:
        row.done = row.total
    row.result = json.dumps(result, ensure_ascii=False)
    session.flush()


def run(session: Session, run_id: str, now: datetime) -> Run | None:
    """One run with its result."""
    row = session.get(ScenarioRun, run_id, populate_existing=True)
    return None if row is None else _with_result(row, now)


def runs(session: Session, now: datetime, *, kind: str = "", limit: int = 12) -> tuple[Run, ...]:
    """The newest runs, without their results."""
    query = select(ScenarioRun).order_by(ScenarioRun.at.desc()).limit(limit)
    if kind:
        query = query.where(ScenarioRun.kind == kind)
    return tuple(_run(row, now) for row in session.scalars(query, execution_options={"populate_existing": True}))


def running(session: Session, now: datetime) -> int:
    """How many runs go on now, in whichever process."""
    alive = (ScenarioRun.state == RUNNING, ScenarioRun.beat_at >= now - _SILENT)
    return session.scalar(select(func.count()).select_from(ScenarioRun).where(*alive)) or 0


def newest_of(session: Session, digest: str, now: datetime) -> Run | None:
    """The newest run of exactly this against exactly this, whatever its state, with its result."""
    query = select(ScenarioRun).where(ScenarioRun.digest == digest).order_by(ScenarioRun.at.desc()).limit(1)
    row = session.scalar(query, execution_options={"populate_existing": True})
    return None if row is None else _with_result(row, now)


def last_results(session: Session, *, most: int = 20) -> Mapping[str, tuple[Run, Mapping[str, Any]]]:
    """For each scenario the newest run in which it was, and what came of it there."""
    query = select(ScenarioRun).where(ScenarioRun.kind == SCENARIOS, ScenarioRun.state == DONE)
    found: dict[str, tuple[Run, Mapping[str, Any]]] = {}
    for row in session.scalars(query.order_by(ScenarioRun.at.desc()).limit(most)):
        told = _run(row, row.beat_at)
        for result in json.loads(row.result or "[]"):
            found.setdefault(result["name"], (told, result))
    return found


def _keep(
    session: Session,
    row: ScenarioRow | None,
    name: str,
    document: Mapping[str, Any],
    *,
    is_removed: bool,
    by: Actor,
    now: datetime,
) -> int:
    if row is None:
        row = ScenarioRow(name=name, revision=0)
        session.add(row)
    # One that was taken out and is written anew goes on counting: an old page's revision fits no more.
    row.revision += 1
    row.document, row.is_removed = json.dumps(document, ensure_ascii=False), is_removed
    row.by_id, row.by_name, row.at = by.account_id, by.name[:120], now
    session.flush()
    return row.revision


def _stored(row: ScenarioRow) -> Stored:
    return Stored(name=row.name, document=json.loads(row.document), revision=row.revision, by=row.by_name, at=row.at)


def _run(row: ScenarioRun, now: datetime) -> Run:
    is_silent = row.state == RUNNING and row.beat_at < now - _SILENT
    return Run(
        run_id=row.run_id,
        kind=row.kind,
        mode=row.mode,
        against=row.against,
        digest=row.digest,
        by=row.by_name,
        at=row.at,
        state=FAILED if is_silent else row.state,
        done=row.done,
        total=row.total,
        failures=row.failures,
    )


def _with_result(row: ScenarioRun, now: datetime) -> Run:
    return replace(_run(row, now), result=json.loads(row.result) if row.result else None)
