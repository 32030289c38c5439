"""The flow by the API: its document with what is said and found, what a form may offer, and what an act would change.

Nothing is changed here: what an act would change is sent to the draft (`PATCH /draft`), which keeps it or shows who was quicker.
"""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.editing import drafts, publications, versions
from ivr.editing.documents import Documents
from ivr.editing.findings import ERROR, findings
from ivr.flow import editing
from ivr.flow.editing import Impossible, Plan
from ivr.flow.offers import offers
from ivr.web import errors, transaction
from ivr.web.api.draft_shapes import ChangeShown, FindingShown
from ivr.web.api.parsing import GREATEST_ID, refuse
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import Strict, choice, text
from ivr.web.editing.flow_view import fitting_prompts, kind_as_json, says_of
from ivr.web.in_words import finding_in_words

flow = Resource("flow", "Flow", "The draft's flow as it is drawn and edited, and what each act on it would change.")

_LONGEST_NAME = 80
_LONGEST_VALUE = 8_000


class FlowShown(Schema):
    """A flow, of the draft or of a version."""

    revision = fields.Integer(required=True, metadata={"description": "The draft's; 0 for a version."})
    version = fields.Integer(
        required=True, metadata={"description": "The version, or the one that the draft is based on."}
    )
    live = fields.Integer(required=True, metadata={"description": "The version that calls begin with now."})
    flow = fields.Dict(required=True, metadata={"description": "The flow file's document."})
    says = fields.Dict(required=True, metadata={"description": "By prompt and language, the first wording."})
    fits = fields.Dict(
        required=True, metadata={"description": "By kind of node, the prompts that have the reprompts for it."}
    )
    intents = fields.List(fields.String(), required=True)
    findings = fields.List(fields.Nested(FindingShown), required=True, metadata={"description": "Of a draft."})


class FlowQuery(Strict):
    """Which flow."""

    version = fields.Integer(
        load_default=None,
        validate=validate.Range(min=1, max=GREATEST_ID),
        metadata={"description": "Without one, the draft."},
    )


@flow.operation("get", "/flow", scope="draft:read", query=FlowQuery, gives=FlowShown, refuses=("version_not_there",))
def read(query: Mapping[str, Any]) -> ResponseReturnValue:
    """The flow of the draft, or of a version."""
    session, now = transaction.session(), transaction.now()
    live = publications.live_number(session, now)
    if query["version"] is None:
        draft = drafts.draft(session, now=now)
        # Advice on words is the prompts page's and the versions page's.
        found = [finding_in_words(one) for one in findings(draft.documents) if one.severity == ERROR or one.node]
        about = {"revision": draft.revision, "version": draft.base, "live": live, "findings": found}
        return _in_order({**_shown(draft.documents), **about})
    try:
        documents = versions.documents(session, query["version"])
    except LookupError:
        return errors.refused("version_not_there")
    return _in_order({**_shown(documents), "revision": 0, "version": query["version"], "live": live, "findings": []})


def _in_order(content: Mapping[str, Any]) -> Response:
    """The content with its names in the order of the documents: of the languages the first one is the usual one."""
    return Response(json.dumps(content, sort_keys=False), mimetype="application/json")


def _shown(documents: Documents) -> dict[str, Any]:
    return {
        "flow": documents.flow,
        "says": says_of(documents),
        "fits": fitting_prompts(documents),
        "intents": sorted({str(card.get("name")) for card in documents.intents.get("intents", ())}),
    }


class KindsShown(Schema):
    """What a form may offer."""

    kinds = fields.Dict(required=True, metadata={"description": "By kind of node: its fields and outcomes."})


@flow.operation("get", "/flow/kinds", scope="draft:read", gives=KindsShown)
def kinds() -> ResponseReturnValue:
    """What a form may offer for each kind of node, from the schema and the table of outcomes."""
    return {"kinds": {name: kind_as_json(offer) for name, offer in offers().items()}}


class PlannedChange(ChangeShown):
    """A change as the draft takes it."""

    at = fields.Integer(required=True, allow_none=True)


class PlanShown(Schema):
    """What an act would change."""

    changes = fields.List(fields.Nested(PlannedChange), required=True)
    told = fields.List(
        fields.List(fields.Raw()),
        required=True,
        metadata={"description": "Places that led to a node that is taken out."},
    )


class PlanQuery(Strict):
    """One act on the draft's flow."""

    act = choice("add", "remove", "rename", "connect", "change", required=True)
    node = text(_LONGEST_NAME, required=True, metadata={"description": "The node; for `add` its name."})
    kind = text(_LONGEST_NAME, load_default="", metadata={"description": "For `add`."})
    outcome = text(
        _LONGEST_NAME, load_default="", metadata={"description": "For `connect`; for `add` that of `after`."}
    )
    after = text(_LONGEST_NAME, load_default="", metadata={"description": "For `add`: the node that leads to it."})
    to = text(
        _LONGEST_NAME, load_default="", metadata={"description": "Where it leads, its new name, or what stands in."}
    )
    field = text(_LONGEST_NAME, load_default="", metadata={"description": "For `change`."})
    value = text(_LONGEST_VALUE, load_default="null", metadata={"description": "For `change`: JSON; null for none."})


@flow.operation(
    "get",
    "/flow/plan",
    scope="draft:read",
    query=PlanQuery,
    gives=PlanShown,
    refuses=(
        "node_unknown",
        "name_taken",
        "name_unfit",
        "kind_unknown",
        "outcome_unknown",
        "prompt_wanted",
        "field_fixed",
    ),
)
def plan(query: Mapping[str, Any]) -> ResponseReturnValue:
    """What an act would change in the draft, to be sent to it. Nothing is changed by asking."""
    documents = drafts.draft(transaction.session(), now=transaction.now()).documents
    try:
        value = json.loads(query["value"])
    except ValueError:
        return refuse({"value": ["Not JSON."]})
    planned = _planned(documents, query, value)
    if isinstance(planned, Impossible):
        return errors.refused(planned.reason)
    changes = [vars(change) for change in planned.changes]
    return _in_order({"changes": changes, "told": [list(place) for place in planned.told]})


def _planned(documents: Documents, query: Mapping[str, Any], value: Any) -> Plan:
    document, node = documents.flow, query["node"]
    match query["act"]:
        case "add":
            fits = fitting_prompts(documents)
            after = (query["after"], query["outcome"]) if query["after"] and query["outcome"] else None
            return editing.add(
                document, kind=query["kind"], name=node, prompts=lambda kind: fits.get(kind, ()), after=after
            )
        case "remove":
            return editing.remove(document, name=node, instead=query["to"])
        case "rename":
            return editing.rename(document, name=node, to=query["to"])
        case "connect":
            return editing.connect(document, name=node, outcome=query["outcome"], to=query["to"])
        case _:
            return editing.change_field(document, name=node, field=query["field"], value=value)
