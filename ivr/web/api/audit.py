"""The audit trail by the API: read, and checked; nobody changes it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.audit import store
from ivr.audit.store import Entry, Verified
from ivr.web import transaction
from ivr.web.api.parsing import GREATEST_ID
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import LONGEST_SLICE, USUAL_SLICE, Strict, text

audit = Resource(
    "audit", "Audit trail", "Who changed what of the company, when and by what way: a chain that only grows."
)


class AuditQuery(Strict):
    """Which entries."""

    act = text(60, load_default="", metadata={"description": "Such as queue.changed, or a family: queue."})
    subject = text(200, load_default="", metadata={"description": "A part of its words."})
    by = text(120, load_default="", metadata={"description": "A part of the name."})
    since = fields.AwareDateTime(load_default=None)
    until = fields.AwareDateTime(load_default=None)
    before_id = fields.Integer(
        load_default=None,
        validate=validate.Range(min=1, max=GREATEST_ID),
        metadata={"description": "Older than the entry of this number: for the next part of a long list."},
    )
    limit = fields.Integer(load_default=USUAL_SLICE, validate=validate.Range(min=1, max=LONGEST_SLICE))


class ActorShown(Schema):
    """Who, and by what way."""

    account_id = fields.Integer(required=True, allow_none=True)
    name = fields.String(required=True)
    through = fields.String(required=True, metadata={"description": "page, api:TOKEN, command, line."})


class EntryShown(Schema):
    """One change."""

    number = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.Nested(ActorShown, required=True)
    act = fields.String(required=True)
    subject = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)
    note = fields.String(required=True)
    hash = fields.String(required=True)


class EntryList(Schema):
    """Entries, the newest first."""

    entries = fields.List(fields.Nested(EntryShown), required=True)


class Check(Schema):
    """Whether the chain is whole."""

    is_whole = fields.Boolean(required=True)
    rows = fields.Integer(required=True, allow_none=True)
    last_hash = fields.String(required=True, allow_none=True)
    broken_at = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True)


@audit.operation("get", "/audit", scope="audit:read", query=AuditQuery, gives=EntryList)
def entries(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Changes, the newest first."""
    return {"entries": [_shown(one) for one in store.entries(transaction.session(), **query)]}


@audit.operation("get", "/audit/check", scope="audit:read", gives=Check)
def check() -> ResponseReturnValue:
    """Go through the whole chain: each entry must fit the one before it."""
    found = store.verify(transaction.session())
    if isinstance(found, Verified):
        return {"is_whole": True, "rows": found.rows, "last_hash": found.last_hash, "broken_at": None, "reason": ""}
    return {"is_whole": False, "rows": None, "last_hash": None, "broken_at": found.at, "reason": found.reason}


def _shown(entry: Entry) -> dict[str, Any]:
    return asdict(entry)
