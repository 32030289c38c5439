"""The shapes that every resource of the API shares."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

LONGEST_SLICE = 200
USUAL_SLICE = 50
FARTHEST_SLICE = 1_000_000


class Strict(Schema):
    """A schema that knows all its fields: others are refused in a request, and never sent."""

    class Meta:
        """marshmallow's options."""

        unknown = RAISE
        ordered = True


class SliceQuery(Strict):
    """Which part of a list is asked for."""

    limit = fields.Integer(
        load_default=USUAL_SLICE,
        validate=validate.Range(min=1, max=LONGEST_SLICE),
        metadata={"description": "How many at most."},
    )
    offset = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0, max=FARTHEST_SLICE),
        metadata={"description": "How many are left out before the first."},
    )


class WrongPlace(Schema):
    """What is wrong in one place of what was sent."""

    place = fields.List(fields.String(), required=True, metadata={"description": "The way to the place, from outside."})
    messages = fields.List(fields.String(), required=True)


class Problem(Schema):
    """Why something was refused (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "urn:centralino:problem: and the code."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "A sentence in the reader's language."})
    code = fields.String(required=True, metadata={"description": "For programs; it does not change with the language."})
    errors = fields.List(fields.Nested(WrongPlace), metadata={"description": "What is wrong in the content, by place."})


def text(longest: int, *, shortest: int = 0, **more: Any) -> fields.String:
    """A text field with bounds."""
    return fields.String(validate=validate.Length(min=shortest, max=longest), **more)


def choice(*values: str, **more: Any) -> fields.String:
    """A field that takes one of these words."""
    return fields.String(validate=validate.OneOf(values), **more)
