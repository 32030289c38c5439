"""The draft by the API: what every editor saves through. Changes stand together or not at all; conflicts come with a merge."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from flask import current_app
from flask.typing import ResponseReturnValue

from ivr.editing import drafts, publications, submitting
from ivr.editing.documents import Documents, Unreadable, to_files
from ivr.editing.drafts import Change, Conflicts, Edited, Refused, Standing
from ivr.editing.findings import ADVICE, ERROR
from ivr.editing.versions import Submitted
from ivr.web import errors, problems, transaction
from ivr.web.api import draft_shapes as shapes
from ivr.web.api.resource import Resource
from ivr.web.audited import actor
from ivr.web.in_words import finding_in_words, in_words

draft = Resource("draft", "Draft", "The company's one draft: read, edited by places, undone, imported, submitted.")

# A whole company's files are some 300 kB.
LARGEST_BYTES = 4 * 1024 * 1024
# Who edited within this time is told to whoever else edits.
JUST_NOW = timedelta(minutes=10)
# The last counts of findings, with the revision that they are of.
_COUNTS = "centralino-draft-counts"
_CONFLICT = {
    409: "Somebody changed the same place since: `conflicts` has base, theirs, yours and, where possible, merged."
}
_EDITING = ("place_unknown", "place_without_name", "place_in_the_middle", "shape_wrong")


@draft.operation("get", "/draft", scope="draft:read", gives=shapes.DraftShown)
def read() -> ResponseReturnValue:
    """The draft with its documents; before the first edit, what is live."""
    session, now = transaction.session(), transaction.now()
    found = drafts.draft(session, now=now)
    return {
        "revision": found.revision,
        "base": found.base,
        "live": publications.live_number(session, now),
        "documents": {
            "flow": found.documents.flow,
            "prompts": found.documents.prompts,
            "intents": found.documents.intents,
        },
    }


@draft.operation("get", "/draft/state", scope="draft:read", gives=shapes.DraftState)
def state() -> ResponseReturnValue:
    """How the draft stands, in short: asked every few seconds by open pages."""
    session, now, by = transaction.session(), transaction.now(), actor()
    found = drafts.standing(session, now=now)
    undone, redone = drafts.may(session, by=by)
    others = [
        one.by for one in drafts.edits(session, limit=50) if one.by_id != by.account_id and one.at > now - JUST_NOW
    ]
    failing, advised = _counts(found)
    live = publications.live_number(session, now)
    return {
        "revision": found.revision,
        "base": found.base,
        "live": live,
        "is_behind": drafts.is_behind(session, found.base, live),
        "edit_count": found.edit_count,
        "undo": undone,
        "redo": redone,
        "editors": list(dict.fromkeys(others)),
        "errors": failing,
        "advice": advised,
    }


@draft.operation(
    "patch", "/draft", scope="draft:write", content=shapes.EditTold, gives=shapes.EditedShown, refuses=_EDITING,
    statuses=_CONFLICT, most_bytes=LARGEST_BYTES,
)  # fmt: skip
def edit(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Make all these changes, or none where one of them meets somebody else's."""
    changes = [
        Change(place=tuple(one["place"]), before=one["before"], after=one["after"], at=one["at"])
        for one in content["changes"]
    ]
    done = drafts.edit(transaction.session(), changes, by=actor(), now=transaction.now(), label=content["label"])
    return _answer(done)


@draft.operation(
    "post", "/draft/undo", scope="draft:write", gives=shapes.EditedShown, refuses=("nothing_to_undo", "shape_wrong"),
    statuses=_CONFLICT,
)  # fmt: skip
def undo() -> ResponseReturnValue:
    """Take back your own last edit; a conflict where somebody changed the same since."""
    return _answer(drafts.undo(transaction.session(), by=actor(), now=transaction.now()))


@draft.operation(
    "post", "/draft/redo", scope="draft:write", gives=shapes.EditedShown, refuses=("nothing_to_redo", "shape_wrong"),
    statuses=_CONFLICT,
)  # fmt: skip
def redo() -> ResponseReturnValue:
    """Make the edit again that you took back last."""
    return _answer(drafts.redo(transaction.session(), by=actor(), now=transaction.now()))


@draft.operation(
    "post", "/draft/update", scope="draft:write", content=shapes.UpdateTold, gives=shapes.EditedShown,
    refuses=("draft_is_up_to_date", "shape_wrong"), statuses=_CONFLICT, most_bytes=LARGEST_BYTES,
)  # fmt: skip
def bring_up_to_date(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Take what went live since the draft began into it: a conflict where both changed the same, and nothing is decided."""
    decisions = [drafts.Decision(**{**one, "place": tuple(one["place"])}) for one in content["decisions"]]
    return _answer(drafts.bring_up_to_date(transaction.session(), decisions, by=actor(), now=transaction.now()))


@draft.operation("get", "/draft/findings", scope="draft:read", gives=shapes.FindingList)
def findings() -> ResponseReturnValue:
    """Everything that is to be said of the draft: errors stop publishing, advice never does."""
    found = drafts.draft(transaction.session(), now=transaction.now())
    return {"revision": found.revision, "findings": _found(found.documents)}


@draft.operation("get", "/draft/edits", scope="draft:read", gives=shapes.EditList)
def edits() -> ResponseReturnValue:
    """The history of the draft since it began, newest first, a hundred at most."""
    return {
        "edits": [
            {
                "revision": one.revision,
                "kind": one.kind,
                "label": one.label,
                "by": one.by,
                "at": one.at,
                "is_undone": one.is_undone,
                "changes": [_change(change) for change in one.changes],
            }
            for one in drafts.edits(transaction.session())
        ]
    }


@draft.operation("get", "/draft/files", scope="draft:read", gives=shapes.FilesShown)
def files() -> ResponseReturnValue:
    """The draft as files, by path: what `PUT /draft/files` takes back unchanged."""
    found = drafts.draft(transaction.session(), now=transaction.now())
    return {"revision": found.revision, "files": dict(to_files(found.documents))}


@draft.operation(
    "put", "/draft/files", scope="draft:write", content=shapes.FilesTold, gives=shapes.EditedShown,
    refuses=("files_unreadable", *_EDITING), statuses=_CONFLICT, most_bytes=LARGEST_BYTES,
)  # fmt: skip
def import_files(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Let the draft say what these files say, as one edit; nothing is taken over where one of them cannot be read."""
    session, now = transaction.session(), transaction.now()
    told = drafts.replace_by_files(session, content["files"], by=actor(), now=now, label=content["label"])
    if isinstance(told, Unreadable):
        places = [
            {
                "place": ["files", one.file, str(one.line)],
                "messages": [f"{in_words(one.message)}. {in_words(one.remedy)}."],
            }
            for one in told.problems
        ]
        said = errors.REFUSALS["files_unreadable"]
        return errors.answer(said.status, sentence=str(said.sentence), code="files_unreadable", errors=places)
    return _answer(told)


@draft.operation("delete", "/draft", scope="draft:write")
def discard() -> None:
    """Begin anew from what is live: nothing is left of the draft but its history in the audit trail."""
    drafts.discard(transaction.session(), by=actor(), now=transaction.now())


@draft.operation(
    "post", "/draft/submission", scope="draft:write", content=shapes.SubmissionTold, gives=shapes.SubmittedShown,
    status=201, refuses=("draft_has_changed", "note_missing", "nothing_changed", "draft_is_behind"),
)  # fmt: skip
def submit(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Make a version of the draft; it does not answer calls before it is published."""
    session, now = transaction.session(), transaction.now()
    told = submitting.submit(
        session, note=content["note"], by=actor(), now=now, revision=content["revision"], reason=content["reason"]
    )
    return {"number": told.number} if isinstance(told, Submitted) else errors.refused(told.reason)


def _answer(done: Edited | Conflicts | Refused) -> ResponseReturnValue:
    if isinstance(done, Refused):
        return errors.refused(done.reason)
    if isinstance(done, Conflicts):
        told = errors.REFUSALS["changed_since"]
        return problems.problem(
            told.status,
            title=str(errors.TITLES[told.status]),
            detail=str(told.sentence),
            code="changed_since",
            conflicts=[{**one.__dict__, "place": list(one.place)} for one in done.conflicts],
        )
    # What is wrong is looked for when nobody waits for the writer any more.
    transaction.session().commit()
    with transaction.one_look() as session:
        found = drafts.draft(session, now=transaction.now())
    return {
        "revision": done.revision,
        "label": done.label,
        "changes": [_change(one) for one in done.changes],
        "findings": _found(found.documents),
    }


def _counts(stands: Standing) -> tuple[int, int]:
    """Errors and advice of the draft; looked for once a revision, however many pages are open."""
    key, kept = (stands.base, stands.revision), current_app.extensions.get(_COUNTS)
    if kept is None or kept[0] != key:
        found = drafts.draft(transaction.session(), now=transaction.now())
        told = drafts.findings(found.documents)
        counts = tuple(sum(one.severity == severity for one in told) for severity in (ERROR, ADVICE))
        kept = current_app.extensions[_COUNTS] = (key, counts)
    return cast("tuple[int, int]", kept[1])


def _found(documents: Documents) -> list[dict[str, Any]]:
    return [finding_in_words(one) for one in drafts.findings(documents)]


def _change(change: Change) -> dict[str, Any]:
    return {"place": list(change.place), "before": change.before, "after": change.after}
