"""The draft becomes a version: the one act that is about both."""

from datetime import datetime

from sqlalchemy.orm import Session

from ivr.audit.store import Actor
from ivr.editing import drafts, noting, publications, versions
from ivr.editing.versions import Refused, Submission, Submitted


def submit(
    session: Session, *, note: str, by: Actor, now: datetime, revision: int | None = None, reason: str = ""
) -> Submission:
    """Keep the draft as a version, and let the draft go on from there.

    Refuses a draft that says nothing else than its base, one without a note, one that is no longer at `revision`, and one that
    knows nothing of what went live since it began. With a `reason`, which is noted, such a draft takes that back: its version
    comes from what is live, and its comparison shows what it takes back.
    """
    draft = drafts.draft(session, now=now)
    if revision is not None and draft.revision != revision:
        return Refused(reason="draft_has_changed")
    if not note.strip():
        return Refused(reason="note_missing")
    live = publications.live_number(session, now)
    is_behind = drafts.is_behind(session, draft.base, live)
    if is_behind and not reason.strip():
        return Refused(reason="draft_is_behind")
    base = live if is_behind else draft.base
    if draft.documents.digest == versions.documents(session, base).digest:
        return Refused(reason="nothing_changed")
    number = versions.add(session, draft.documents, note=note.strip(), by=by, now=now, base=base)
    if is_behind:
        noting.taken_back(session, number, live=live, reason=reason.strip(), by=by, now=now)
    drafts.begin_anew(session, number, now=now)
    return Submitted(number=number)
