"""The company's one draft: edits that stand together or not at all, conflicts with both sides and a merge, undo by person.

What an edit makes of the documents is decided by `places` and `merging`; what is wrong with them is told by `findings`. Every
edit is noted in the audit trail. The session and the time come from outside; nothing here commits.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ivr.audit.store import Actor
from ivr.editing import noting, publications, versions
from ivr.editing.applying import Conflict, Conflicts, Refused, Working, apply, backwards
from ivr.editing.documents import PARTS, Documents, Unreadable, from_files
from ivr.editing.findings import findings
from ivr.editing.meeting_live import Decision, meet
from ivr.editing.places import ABSENT, Change, difference
from ivr.editing.shape import misfit
from ivr.editing.tables import DraftEdit, DraftRow
from routing import changes as topics

__all__ = [
    "ABSENT", "Change", "Conflict", "Conflicts", "Decision", "Draft", "Edit", "Edited", "Refused", "Standing",
    "bring_up_to_date", "discard", "draft", "edit", "edits", "findings", "is_behind", "redo", "replace", "standing", "undo",
]  # fmt: skip

TOPIC = "draft"
_THE_DRAFT = 1
LONGEST_LABEL = 200


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One edit in the draft's history."""

    edit_id: int
    revision: int
    kind: str  # edit, undo, redo, import, update
    label: str
    by: str
    by_id: int | None
    at: datetime
    is_undone: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the draft stands, in short."""

    base: int  # the version that it began with
    revision: int
    changed_at: datetime | None
    edit_count: int  # edits since it began that are not undone


@dataclass(frozen=True, kw_only=True)
class Draft(Standing):
    """The draft. Before the first edit it is the live version, at revision 0."""

    documents: Documents


@dataclass(frozen=True, kw_only=True)
class Edited:
    """The edit stands; `changes` are those that made a difference."""

    revision: int
    label: str = ""
    changes: tuple[Change, ...] = field(default=())


Editing: TypeAlias = Edited | Conflicts | Refused


def draft(session: Session, *, now: datetime) -> Draft:
    """The draft; without any edit yet, what is live now."""
    stands = standing(session, now=now)
    row = session.get(DraftRow, _THE_DRAFT)
    documents = (
        versions.documents(session, stands.base)
        if row is None
        else Documents(**{part: json.loads(getattr(row, part)) for part in PARTS})
    )
    return Draft(documents=documents, **stands.__dict__)


def standing(session: Session, *, now: datetime) -> Standing:
    """How the draft stands, without its documents."""
    row = session.execute(
        select(DraftRow.base, DraftRow.revision, DraftRow.changed_at, DraftRow.epoch).where(
            DraftRow.draft_id == _THE_DRAFT
        )
    ).one_or_none()
    if row is None:
        return Standing(base=publications.live_number(session, now), revision=0, changed_at=None, edit_count=0)
    count = session.scalar(
        select(func.count()).where(
            DraftEdit.epoch == row.epoch, DraftEdit.state == "done", DraftEdit.kind.in_(("edit", "import"))
        )
    )
    return Standing(base=row.base, revision=row.revision, changed_at=row.changed_at, edit_count=count or 0)


def edit(session: Session, changes: Sequence[Change], *, by: Actor, now: datetime, label: str = "") -> Editing:
    """Make all changes or none.

    A change of what is no longer as it was `before` is a conflict, with a merge where both sides can stand; phrases that two
    people added or took away at once stand together without asking. Refuses places that cannot be, and what no column keeps.
    """
    row = _locked(session, now)
    working = _working(row)
    done = apply(working, changes)
    if not isinstance(done, tuple):
        return done
    if not done:
        return Edited(revision=row.revision, label=label)
    return _stand(session, row, working, done, kind="edit", label=label, by=by, now=now)


def undo(session: Session, *, by: Actor, now: datetime) -> Editing:
    """Take back the person's own last edit; a conflict where somebody has changed the same since."""
    row = _locked(session, now)
    last = _own(session, row, by, "done")
    if last is None:
        return Refused(reason="nothing_to_undo")
    return _again(session, row, last, backwards(_read(last.changes)), kind="undo", by=by, now=now)


def redo(session: Session, *, by: Actor, now: datetime) -> Editing:
    """Make the edit again that the person took back last, unless they have made another since."""
    row = _locked(session, now)
    last = _own(session, row, by, "undone")
    if last is None:
        return Refused(reason="nothing_to_redo")
    return _again(session, row, last, _read(last.changes), kind="redo", by=by, now=now)


def edits(session: Session, *, limit: int = 100) -> tuple[Edit, ...]:
    """The history of the draft since it began, newest first."""
    row = session.get(DraftRow, _THE_DRAFT)
    if row is None:
        return ()
    query = select(DraftEdit).where(DraftEdit.epoch == row.epoch).order_by(DraftEdit.edit_id.desc()).limit(limit)
    return tuple(_edit(one) for one in session.scalars(query))


def may(session: Session, *, by: Actor) -> tuple[str, str]:
    """The labels of what the person may undo and redo; "" for nothing."""
    row = session.get(DraftRow, _THE_DRAFT)
    if row is None:
        return "", ""
    undone, redone = _own(session, row, by, "done"), _own(session, row, by, "undone")
    return (undone.label or "…") if undone else "", (redone.label or "…") if redone else ""


def replace(session: Session, documents: Documents, *, by: Actor, now: datetime, label: str = "") -> Editing:
    """Make the draft say what these documents say, as one edit that can be undone; this is how files are imported."""
    row = _locked(session, now)
    stands = Documents(**{part: json.loads(getattr(row, part)) for part in PARTS})
    working = _working(row)
    done = apply(working, difference(stands, documents))
    if not isinstance(done, tuple):
        return done
    if not done:
        return Edited(revision=row.revision, label=label)
    return _stand(session, row, working, done, kind="import", label=label, by=by, now=now)


def replace_by_files(
    session: Session, files: Mapping[str, str], *, by: Actor, now: datetime, label: str = ""
) -> Editing | Unreadable:
    """As `replace`, from files by path."""
    documents = from_files(files)
    return documents if isinstance(documents, Unreadable) else replace(session, documents, by=by, now=now, label=label)


def is_behind(session: Session, base: int, live: int) -> bool:
    """Whether a draft that began with `base` knows nothing of what is live, and would take it back where it were published."""
    return live != base and live not in versions.descent(session, base)


def bring_up_to_date(session: Session, decisions: Sequence[Decision], *, by: Actor, now: datetime) -> Editing:
    """Take what went live since the draft began into it; from then on it comes from what is live.

    Both sides' changes stand; a place that both changed otherwise, and on which there is no decision, is a conflict.
    """
    row = _locked(session, now)
    was, live = row.base, publications.live_number(session, now)
    if not is_behind(session, was, live):
        return Refused(reason="draft_is_up_to_date")
    lines = versions.descent(session, was), set(versions.descent(session, live))
    origin = next((number for number in lines[0] if number in lines[1]), was)
    stands = Documents(**{part: json.loads(getattr(row, part)) for part in PARTS})
    met = meet(versions.documents(session, origin), versions.documents(session, live), stands, decisions)
    if isinstance(met, Conflicts):
        return met
    working = _working(row)
    done = apply(working, met)
    if not isinstance(done, tuple):
        return done
    stood = _stand(session, row, working, done, kind="update", label=str(live), by=by, now=now)
    if isinstance(stood, Edited):
        row.base = live
        session.flush()
        noting.brought_up_to_date(session, done, before=was, after=live, by=by, now=now)
    return stood


def discard(session: Session, *, by: Actor, now: datetime) -> Edited:
    """Begin anew from what is live; nothing of the draft is left but its history in the audit trail."""
    row = _locked(session, now)
    live = publications.live_number(session, now)
    begin_anew(session, live, now=now)
    noting.discarded(session, base=live, by=by, now=now)
    return Edited(revision=row.revision)


def begin_anew(session: Session, base: int, *, now: datetime) -> None:
    """Let the draft begin with a version: after it was submitted as that version, or discarded for it."""
    row, found = session.get(DraftRow, _THE_DRAFT), versions.documents(session, base)
    if row is None:
        row = DraftRow(draft_id=_THE_DRAFT, base=base, epoch=0, revision=0, changed_at=now)
        session.add(row)
    row.base, row.epoch, row.revision, row.changed_at = base, row.epoch + 1, row.revision + 1, now
    for part in PARTS:
        setattr(row, part, _json(found.part(part)))
    session.flush()
    topics.mark(session, TOPIC)


def _locked(session: Session, now: datetime) -> DraftRow:
    """The draft's row, locked for this transaction; begun where there was none."""
    query = (
        select(DraftRow)
        .where(DraftRow.draft_id == _THE_DRAFT)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = session.scalar(query)
    if row is None:
        versions.lock(session)
        row = session.scalar(query)
    if row is None:
        begin_anew(session, publications.live_number(session, now), now=now)
        row = session.scalars(query).one()
    return row


def _working(row: DraftRow) -> Working:
    return Working(lambda part: json.loads(getattr(row, part)))


def _again(
    session: Session, row: DraftRow, last: DraftEdit, changes: Sequence[Change], *, kind: str, by: Actor, now: datetime
) -> Editing:
    working = _working(row)
    done = apply(working, changes, merges=False)
    if not isinstance(done, tuple):
        return done
    stands = _stand(session, row, working, done, kind=kind, label=last.label, by=by, now=now)
    if isinstance(stands, Edited):
        last.state = "undone" if kind == "undo" else "done"
    return stands


def _stand(
    session: Session,
    row: DraftRow,
    working: Working,
    done: Sequence[Change],
    *,
    kind: str,
    label: str,
    by: Actor,
    now: datetime,
) -> Edited | Refused:
    """Write what was applied, unless a part would lose its shape by it."""
    for part, document in working.touched.items():
        wrong = misfit(part, document)
        if wrong is not None:
            return Refused(reason="shape_wrong", place=wrong)
    for part, document in working.touched.items():
        setattr(row, part, _json(document))
    row.revision, row.changed_at = row.revision + 1, now
    if kind in {"edit", "import"}:
        _forget_undone(session, row, by)
    session.add(
        DraftEdit(
            epoch=row.epoch,
            revision=row.revision,
            kind=kind,
            label=label[:LONGEST_LABEL],
            changes=_json([[list(one.place), one.before, one.after, one.at] for one in done]),
            state="done",
            by_id=by.account_id,
            by_name=by.name[:120],
            at=now,
        )
    )
    session.flush()
    if kind != "update":
        noting.edited(session, done, kind=kind, label=label, revision=row.revision, by=by, now=now)
    topics.mark(session, TOPIC)
    return Edited(revision=row.revision, label=label, changes=tuple(done))


def _own(session: Session, row: DraftRow, by: Actor, state: str) -> DraftEdit | None:
    """The person's edit that undo (the last done) or redo (the last undone: the earliest that is) is about."""
    order = DraftEdit.edit_id.desc() if state == "done" else DraftEdit.edit_id.asc()
    return session.scalar(
        select(DraftEdit)
        .where(
            DraftEdit.epoch == row.epoch,
            DraftEdit.kind.in_(("edit", "import")),
            DraftEdit.state == state,
            *_by(by),
        )
        .order_by(order)
        .limit(1)
    )


def _forget_undone(session: Session, row: DraftRow, by: Actor) -> None:
    """Something new was done: what was undone before it is not made again."""
    session.execute(
        update(DraftEdit)
        .where(DraftEdit.epoch == row.epoch, DraftEdit.state == "undone", *_by(by))
        .values(state="gone")
    )


def _by(by: Actor) -> tuple[Any, ...]:
    if by.account_id is not None:
        return (DraftEdit.by_id == by.account_id,)
    return (DraftEdit.by_id.is_(None), DraftEdit.by_name == by.name[:120])


def _edit(row: DraftEdit) -> Edit:
    return Edit(
        edit_id=row.edit_id,
        revision=row.revision,
        kind=row.kind,
        label=row.label,
        by=row.by_name,
        by_id=row.by_id,
        at=row.at,
        is_undone=row.state != "done",
        changes=_read(row.changes),
    )


def _read(changes: str) -> tuple[Change, ...]:
    return tuple(
        Change(place=tuple(place), before=before, after=after, at=at)
        for place, before, after, at in json.loads(changes)
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
