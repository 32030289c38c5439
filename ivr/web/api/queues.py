"""Queues by the API: read, and changed as on the page on routing."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from ivr.web import errors, transaction
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import SliceQuery
from routing import store

queues = Resource("queues", "Queues", "Where calls wait: who serves them, how the search widens, when they are open.")


class QueueShown(Schema):
    """A queue and the version of its settings."""

    version = fields.Integer(
        required=True, metadata={"description": "What a change names as its base; 0: never saved."}
    )
    queue = fields.Dict(required=True, metadata={"description": "The settings, as docs/routing.md tells them."})


class QueueList(Schema):
    """Queues."""

    queues = fields.List(fields.Nested(QueueShown), required=True)
    total = fields.Integer(required=True)


@queues.operation("get", "/queues", scope="routing:read", query=SliceQuery, gives=QueueList)
def every(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Every queue."""
    found = store.queues(transaction.session())
    named = sorted(found)[query["offset"] :][: query["limit"]]
    return {"queues": [_shown(queue_id) for queue_id in named], "total": len(found)}


@queues.operation("get", "/queues/<id:queue_id>", scope="routing:read", gives=QueueShown, refuses=("queue_unknown",))
def one(queue_id: str) -> ResponseReturnValue:
    """One queue."""
    if queue_id not in store.queues(transaction.session()):
        return errors.refused("queue_unknown")
    return _shown(queue_id)


def _shown(queue_id: str) -> dict[str, Any]:
    session = transaction.session()
    return {
        "version": store.queue_version(session, queue_id),
        "queue": store.queues(session)[queue_id].as_json(),
    }
