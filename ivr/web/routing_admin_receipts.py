"""The receipts of a call, for programs: why each agent was offered it, and why at other times nobody was."""

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from ivr.calls import store as calls
from ivr.web import transaction
from ivr.web.admin import WATCHERS
from ivr.web.guards import guarded_by
from routing import store

routing_receipts = Blueprint("routing_receipts", __name__, url_prefix="/admin/calls")


@routing_receipts.get("/<call_id>/receipts.json")
@guarded_by(*WATCHERS)
def receipts(call_id: str) -> ResponseReturnValue:
    """Every receipt of the call, the oldest first, with its words."""
    session = transaction.session()
    if calls.call(session, call_id) is None:
        abort(404)
    kept = store.receipts_of(session, call_id)
    return jsonify(
        call_id=call_id,
        receipts=[
            {
                "at": one.at.isoformat(),
                "offer": one.offer.value if one.offer is not None else None,
                "receipt": one.receipt.as_json(),
                "in_words": {language: one.receipt.in_words(language) for language in ("it", "en")},
            }
            for one in kept
        ],
    )
