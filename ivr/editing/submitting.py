"""The draft becomes a version: the one act that is about both."""

from datetime import datetime

from sqlalchemy.orm import Session

from ivr.audit.store import Actor
from ivr.editing import drafts, versions
from ivr.editing.versions import Refused, Submission, Submitted


def submit(session: Session, *, note: str, by: Actor, now: datetime, revision: int | None = None) -> Submission:
    """Keep the draft as a version, and let the draft go on from there.

    Refuses a draft that says nothing else than its base, one without a note, and one that is no longer at `revision`.
    """
    draft = drafts.draft(session, now=now)
    if revision is not None and draft.revision != revision:
        return Refused(reason="draft_has_changed")
    if not note.strip():
        return Refused(reason="note_missing")
    if draft.documents.digest == versions.documents(session, draft.base).digest:
        return Refused(reason="nothing_changed")
    number = versions.add(session, draft.documents, note=note.strip(), by=by, now=now, base=draft.base)
    drafts.begin_anew(session, number, now=now)
    return Submitted(number=number)
