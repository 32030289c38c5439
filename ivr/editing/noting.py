"""Words of the audit trail for what happens to the draft and to versions: the act, the subject, what was before and after."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ivr.audit import store as audit
from ivr.audit.store import Actor
from ivr.editing.documents import Place
from ivr.editing.places import ABSENT, Change

# So many changes at once are noted one by one; a larger import is one entry that names them.
_MOST_ENTRIES = 20
# Where a thing stands -> what it is called; the name behind it is the subject.
_KINDS: tuple[tuple[Place, str], ...] = (
    (("prompts", "prompts"), "prompt"),
    (("flow", "nodes"), "node"),
    (("intents", "phrases"), "phrases"),
    (("intents", "intents"), "intent"),
    (("flow",), "flow"),
    (("prompts",), "prompts"),
    (("intents",), "intents"),
)


def edited(
    session: Session, done: Sequence[Change], *, kind: str, label: str, revision: int, by: Actor, now: datetime
) -> None:
    """Note an edit of the draft."""
    how = {"undo": "undone", "redo": "made again", "import": "imported"}.get(kind, "")
    told = ": ".join(part for part in (how, label) if part)
    if len(done) > _MOST_ENTRIES:
        places = [".".join(map(str, one.place)) for one in done]
        audit.note(
            session,
            by=by,
            act="draft.imported",
            subject=f"draft {revision}",
            after={"places": places},
            now=now,
            note=told,
        )
        return
    for one in done:
        act, subject = named(one)
        before, after = _shown(one.before, one.after)
        audit.note(session, by=by, act=act, subject=subject, before=before, after=after, now=now, note=told)


def discarded(session: Session, *, base: int, by: Actor, now: datetime) -> None:
    """Note that the draft began anew."""
    audit.note(session, by=by, act="draft.discarded", subject="draft", after={"base": base}, now=now)


def brought_up_to_date(
    session: Session, done: Sequence[Change], *, before: int, after: int, by: Actor, now: datetime
) -> None:
    """Note that the draft took in what went live since it began."""
    places = [".".join(map(str, one.place)) for one in done]
    audit.note(
        session,
        by=by,
        act="draft.brought_up_to_date",
        subject="draft",
        before={"base": before},
        after={"base": after, "places": places},
        now=now,
    )


def taken_back(session: Session, number: int, *, live: int, reason: str, by: Actor, now: datetime) -> None:
    """Note that a version takes back, on purpose, what went live since its draft began."""
    audit.note(
        session,
        by=by,
        act="version.takes_back",
        subject=f"version {number}",
        before={"live": live},
        now=now,
        note=reason,
    )


def named(change: Change) -> tuple[str, str]:
    """The act and the subject of a change."""
    kind, rest = next((kind, change.place[len(at) :]) for at, kind in _KINDS if change.place[: len(at)] == at)
    is_whole = len(rest) == 1
    verb = "changed"
    if is_whole and change.before is ABSENT:
        verb = "added"
    elif is_whole and change.after is ABSENT:
        verb = "removed"
    return f"{kind}.{verb}", " ".join((kind, ".".join(map(str, rest)))).strip()


def _shown(before: Any, after: Any) -> tuple[Any, Any]:
    """What is kept of a change: of long lists only what was taken away and added."""
    if isinstance(before, list) and isinstance(after, list):
        return [one for one in before if one not in after], [one for one in after if one not in before]
    return before, after
