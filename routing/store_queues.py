"""Statements about queues' settings: read as records, changed by people one version after the other. Nothing here commits."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from routing import store_history, tables
from routing.agents import Refusal, Refused
from routing.queues import DEFAULT_QUEUE, Queue, queue_from_json
from routing.store_statements import changed


def queues(session: Session) -> Mapping[str, Queue]:
    """Every queue by its id; the general one is always there."""
    found = {row.queue_id: queue_from_json(row.content) for row in session.scalars(select(tables.Queue))}
    return {DEFAULT_QUEUE.queue_id: DEFAULT_QUEUE} | found


def queue_version(session: Session, queue_id: str) -> int:
    """Which version of the queue's settings counts; 0 for one that nobody has saved yet."""
    row = session.get(tables.Queue, queue_id, populate_existing=True)
    return 0 if row is None else row.version


def save_queue(session: Session, queue: Queue, *, by: str, version: int, now: datetime) -> int | Refused:
    """Keep a queue's settings and who changed them; `version` is the one that the change was made from (0: a new queue).

    Returns the new version; refused with `CHANGED_MEANWHILE` when somebody else was quicker.
    """
    row = session.get(tables.Queue, queue.queue_id, populate_existing=True)
    before = None if row is None else dict(row.content)
    values = {"content": queue.as_json(), "version": version + 1, "changed_at": now, "changed_by": by}
    if version == 0:
        try:
            with session.begin_nested():
                session.execute(insert(tables.Queue).values(queue_id=queue.queue_id, **values))
        except IntegrityError:
            return Refused(reason=Refusal.CHANGED_MEANWHILE)
    else:
        mine = update(tables.Queue).where(tables.Queue.queue_id == queue.queue_id, tables.Queue.version == version)
        if not changed(session, mine.values(values)):
            return Refused(reason=Refusal.CHANGED_MEANWHILE)
    store_history.note_change(
        session, at=now, by=by, what=f"queue:{queue.queue_id}", before=before, after=queue.as_json()
    )
    return version + 1
