"""Calls by the API: which there were, and the story of one: turns, what happened, how easy the caller found it."""

import json
from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.calls import finding, store
from ivr.calls.tables import Call
from ivr.web import errors, transaction
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import SliceQuery, choice, text
from sealing.columns import if_it_opens

calls = Resource("calls", "Calls", "Calls that go on or have ended, the newest first, and the story of each.")

STATUSES = (store.IN_LINE, store.WAITING, store.TALKING, store.ENDED)


class CallsQuery(SliceQuery):
    """Which calls."""

    since = fields.AwareDateTime(load_default=None, metadata={"description": "Begun then or later."})
    until = fields.AwareDateTime(load_default=None, metadata={"description": "Begun before."})
    status = choice(*STATUSES, load_default=None)
    reason = text(40, load_default=None, metadata={"description": "What the caller wanted: the name of an intent."})
    customer_id = text(40, load_default=None)


class CallShown(Schema):
    """One call."""

    call_id = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    language = fields.String(required=True)
    flow = fields.String(required=True)
    flow_version = fields.Integer(required=True)
    node = fields.String(required=True)
    reason = fields.String(required=True)
    customer_id = fields.String(required=True, allow_none=True)
    agent_id = fields.String(required=True, allow_none=True)


class CallList(Schema):
    """Calls, the newest first."""

    calls = fields.List(fields.Nested(CallShown), required=True)


class TurnShown(Schema):
    """What came back to a prompt, and what was said then."""

    turn = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    heard = fields.String(required=True)
    intent = fields.String(required=True)
    confidence = fields.Float(required=True, allow_none=True)
    ended = fields.String(required=True)
    node = fields.String(required=True)
    path = fields.List(fields.String(), required=True, metadata={"description": "The nodes entered on the way."})
    prompt = fields.String(required=True)


class HappeningShown(Schema):
    """Something that happened beside the turns."""

    at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True)
    details = fields.Dict(required=True)


class StoryShown(CallShown):
    """One call with everything that is kept of it."""

    turns = fields.List(fields.Nested(TurnShown), required=True)
    happenings = fields.List(fields.Nested(HappeningShown), required=True)
    effort = fields.Integer(required=True, allow_none=True, metadata={"description": "1 very easy to 7 very hard."})


@calls.operation("get", "/calls", scope="calls:read", query=CallsQuery, gives=CallList)
def every(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Calls, the newest first."""
    return {"calls": [_shown(one) for one in finding.calls(transaction.session(), **query)]}


@calls.operation("get", "/calls/<id:call_id>", scope="calls:read", gives=StoryShown, refuses=("call_unknown",))
def one(call_id: str) -> ResponseReturnValue:
    """The story of one call. Keys that callers pressed are left out: they may be codes."""
    session = transaction.session()
    found = store.call(session, call_id)
    if found is None:
        return errors.refused("call_unknown")
    return {
        **_shown(found),
        "turns": [
            {
                "turn": turn.turn,
                "at": turn.at,
                "heard": if_it_opens(turn, "heard", ""),
                "intent": turn.intent,
                "confidence": turn.confidence,
                "ended": turn.ended,
                "node": turn.node,
                "path": json.loads(turn.path),
                "prompt": if_it_opens(turn, "prompt", ""),
            }
            for turn in store.turns(session, call_id)
        ],
        "happenings": [
            {"at": told.at, "kind": told.kind, "details": json.loads(if_it_opens(told, "details", "{}"))}
            for told in store.happenings(session, call_id)
        ],
        "effort": store.effort(session, call_id),
    }


def _shown(call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in CallShown._declared_fields}  # noqa: SLF001 - marshmallow's list of them
