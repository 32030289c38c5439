"""The shapes of the draft's resource."""

from marshmallow import Schema, ValidationError, fields, validate

from ivr.editing.drafts import LONGEST_LABEL
from ivr.web.api.schemas import Strict, text

MOST_CHANGES = 2000
LONGEST_NOTE = 2000
_DEEPEST_PLACE = 12
_ANY = {"description": "Any JSON; null: nothing stands there."}


def _is_place(place: list[object]) -> None:
    if any(isinstance(step, bool) or not isinstance(step, str | int) for step in place):
        raise ValidationError("A place is made of keys and indexes.")


class ChangeTold(Strict):
    """What one place held when the page was read, and what it is to hold."""

    place = fields.List(
        fields.Raw(metadata={"oneOf": [{"type": "string", "maxLength": 200}, {"type": "integer", "minimum": 0}]}),
        required=True,
        validate=[validate.Length(min=2, max=_DEEPEST_PLACE), _is_place],
        metadata={"description": 'As ["prompts", "prompts", "greeting", "it", "text"].'},
    )
    before = fields.Raw(required=True, allow_none=True, metadata=_ANY)
    after = fields.Raw(required=True, allow_none=True, metadata=_ANY)
    at = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=100_000),
        metadata={"description": "Where among its neighbours a new key comes to stand; null: as the last."},
    )


class EditTold(Strict):
    """Changes that stand together or not at all."""

    revision = fields.Integer(
        load_default=None,
        allow_none=True,
        metadata={"description": "The draft's that the page shows; changes elsewhere since do not matter."},
    )
    label = text(LONGEST_LABEL, load_default="")
    changes = fields.List(fields.Nested(ChangeTold), required=True, validate=validate.Length(min=1, max=MOST_CHANGES))


class DecisionTold(Strict):
    """What shall stand at a place that the draft and the live version both changed."""

    place = fields.List(
        fields.Raw(metadata={"oneOf": [{"type": "string", "maxLength": 200}, {"type": "integer", "minimum": 0}]}),
        required=True,
        validate=[validate.Length(min=2, max=_DEEPEST_PLACE), _is_place],
    )
    theirs = fields.Raw(required=True, allow_none=True, metadata=_ANY)
    yours = fields.Raw(required=True, allow_none=True, metadata=_ANY)
    after = fields.Raw(required=True, allow_none=True, metadata=_ANY)


class UpdateTold(Strict):
    """The conflicts that were shown, with what shall stand; none the first time."""

    decisions = fields.List(fields.Nested(DecisionTold), load_default=list, validate=validate.Length(max=MOST_CHANGES))


class FindingShown(Schema):
    """One thing to correct (error) or to think about (advice)."""

    severity = fields.String(required=True)
    file = fields.String(required=True)
    line = fields.Integer(required=True)
    place = fields.String(required=True)
    node = fields.String(required=True)
    message = fields.String(required=True)
    remedy = fields.String(required=True)


class ChangeShown(Schema):
    """What a change made of a place."""

    place = fields.List(fields.Raw(), required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class EditedShown(Schema):
    """The edit stands."""

    revision = fields.Integer(required=True)
    label = fields.String(required=True)
    changes = fields.List(fields.Nested(ChangeShown), required=True)
    findings = fields.List(fields.Nested(FindingShown), required=True)


class DocumentsShown(Schema):
    """The three documents, of the shapes of the files."""

    flow = fields.Dict(required=True)
    prompts = fields.Dict(required=True)
    intents = fields.Dict(required=True)


class DraftShown(Schema):
    """The draft."""

    revision = fields.Integer(required=True)
    base = fields.Integer(required=True, metadata={"description": "The version that it began with."})
    live = fields.Integer(required=True, metadata={"description": "The version that answers calls now."})
    documents = fields.Nested(DocumentsShown, required=True)


class DraftState(Schema):
    """What the bar over every editing page shows."""

    revision = fields.Integer(required=True)
    base = fields.Integer(required=True)
    live = fields.Integer(required=True)
    is_behind = fields.Boolean(
        required=True, metadata={"description": "Another version went live since the draft began: bring it up to date."}
    )
    edit_count = fields.Integer(required=True)
    undo = fields.String(required=True, metadata={"description": "What you would undo; empty for nothing."})
    redo = fields.String(required=True, metadata={"description": "What you would make again; empty for nothing."})
    editors = fields.List(fields.String(), required=True, metadata={"description": "Who else edited just now."})
    errors = fields.Integer(required=True)
    advice = fields.Integer(required=True)


class FindingList(Schema):
    """Everything that is to be said of the draft."""

    revision = fields.Integer(required=True)
    findings = fields.List(fields.Nested(FindingShown), required=True)


class EditShown(Schema):
    """One edit of the history."""

    revision = fields.Integer(required=True)
    kind = fields.String(required=True, metadata={"description": "edit, import, undo, redo, update."})
    label = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    is_undone = fields.Boolean(required=True)
    changes = fields.List(fields.Nested(ChangeShown), required=True)


class EditList(Schema):
    """The history since the draft began, newest first."""

    edits = fields.List(fields.Nested(EditShown), required=True)


class FilesShown(Schema):
    """The file form, by path."""

    revision = fields.Integer(required=True)
    files = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class FilesTold(Strict):
    """Files that the draft is to say."""

    label = text(LONGEST_LABEL, load_default="")
    files = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=200)),
        values=fields.String(),
        required=True,
        validate=validate.Length(min=1, max=1000),
    )


class SubmissionTold(Strict):
    """What the draft is submitted with."""

    note = text(LONGEST_NOTE, shortest=1, required=True)
    revision = fields.Integer(load_default=None, allow_none=True)
    reason = text(
        LONGEST_NOTE,
        load_default="",
        metadata={"description": "Why what went live since the draft began shall be taken back."},
    )


class SubmittedShown(Schema):
    """The version that the draft has become."""

    number = fields.Integer(required=True)
