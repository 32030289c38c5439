"""Coverage by the API: what the flow page draws as a heat map."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.calls import coverage_store
from ivr.calls.coverage_asked import coverage_asked
from ivr.calls.reporting_asked import NotAsked
from ivr.web import coverage_view, errors, transaction
from ivr.web.api.parsing import GREATEST_ID
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import Strict, text
from ivr.web.wiring import wiring

coverage = Resource(
    "coverage",
    "Coverage",
    "Which nodes calls passed, where they stopped or were asked again, and what effort followed.",
)
_BOUND = {
    "description": "A bound of the interval that holds the true value 95 times in 100; none where nothing is known."
}


class ShareShown(Schema):
    """So many of so many."""

    part = fields.Integer(required=True)
    whole = fields.Integer(required=True)
    value = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True, metadata=_BOUND)
    high = fields.Float(required=True, allow_none=True, metadata=_BOUND)


class MeanShown(Schema):
    """The mean of the effort scores, 1 (very easy) to 7."""

    count = fields.Integer(required=True)
    value = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True, metadata=_BOUND)
    high = fields.Float(required=True, allow_none=True, metadata=_BOUND)


class NodeCovered(Schema):
    """One node."""

    node = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "Empty where the live version has no such node."})
    passed = fields.Integer(required=True, metadata={"description": "Calls that entered it."})
    visits = fields.Integer(required=True, metadata={"description": "How often it was entered."})
    stopped = fields.Nested(ShareShown, required=True, metadata={"description": "Hung up there, of ended calls."})
    repeated = fields.Nested(ShareShown, required=True, metadata={"description": "Asked once more there."})
    person = fields.Nested(ShareShown, required=True, metadata={"description": "Asked for a person there."})
    handed = fields.Nested(ShareShown, required=True, metadata={"description": "Handed to a person there unasked."})
    ended_well = fields.Nested(
        ShareShown, required=True, metadata={"description": "Came to the flow's end or to a person, of ended calls."}
    )
    effort = fields.Nested(MeanShown, required=True)


class WayCovered(Schema):
    """From a node to the next."""

    from_node = fields.String(required=True)
    to_node = fields.String(required=True)
    calls = fields.Integer(required=True)


class VersionCovered(Schema):
    """A version that calls of the period had."""

    number = fields.Integer(required=True)
    calls = fields.Integer(required=True)


class CoverageShown(Schema):
    """A period's coverage."""

    first = fields.Date(required=True)
    last = fields.Date(required=True, metadata={"description": "Included."})
    version = fields.Integer(required=True, allow_none=True, metadata={"description": "None: all versions."})
    versions = fields.List(fields.Nested(VersionCovered), required=True)
    calls = fields.Integer(required=True)
    ended_well = fields.Nested(ShareShown, required=True)
    effort = fields.Nested(MeanShown, required=True)
    nodes = fields.List(fields.Nested(NodeCovered), required=True)
    ways = fields.List(fields.Nested(WayCovered), required=True)


class CoverageQuery(Strict):
    """Which calls."""

    first = text(10, load_default="", metadata={"description": "ISO day; without any, this week from its Monday on."})
    last = text(10, load_default="", metadata={"description": "ISO day, included."})
    version = fields.Integer(load_default=None, validate=validate.Range(min=0, max=GREATEST_ID))


@coverage.operation(
    "get",
    "/coverage",
    scope="calls:read",
    query=CoverageQuery,
    gives=CoverageShown,
    refuses=("day_unreadable", "period_backwards", "period_to_come", "period_too_long"),
)
def read(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Count the calls of some days by the nodes that they passed. Trial calls never count."""
    asked = coverage_asked(**query, now=transaction.now(), zone=wiring().zone)
    if isinstance(asked, NotAsked):
        return errors.refused(asked.reason)
    session, company = transaction.session(), wiring().doors.company
    found = coverage_store.covered(session, asked.period, version=asked.version)
    return {
        "first": asked.first,
        "last": asked.last,
        "version": asked.version,
        "versions": [
            {"number": number, "calls": calls}
            for number, calls in coverage_store.versions(session, asked.period).items()
        ],
        **coverage_view.as_json(found, company.version(company.live(session, transaction.now())).flow),
    }
