"""Queues by the API: read, made and changed as on the page on routing."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.web import errors, transaction
from ivr.web.api.parsing import refuse
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import SliceQuery, Strict, choice, text
from ivr.web.audited import noted
from ivr.web.guards import the_person
from ivr.web.routing_admin_words import PROBLEMS
from routing import store
from routing.agents import Refused
from routing.queues import (
    HIGHEST_BOOST_SECONDS,
    HIGHEST_PRIORITY,
    LANGUAGES,
    LONGEST_SECONDS,
    AgentOrder,
    Queue,
    QueueError,
    missing_queues,
    queue_from_json,
)
from routing.skills import Droppable

queues = Resource("queues", "Queues", "Where calls wait: who serves them, how the search widens, when they are open.")

_SKILL = r"^[\w-]{1,64}$"
_MOST = 100


class RingTold(Strict):
    """From when on a queue asks for less."""

    after_seconds = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=LONGEST_SECONDS))
    drops = fields.List(choice(*Droppable), required=True, validate=validate.Length(max=len(Droppable)))


class QueueTold(Strict):
    """The settings of a queue; what is left out has its usual value. Hours: null for the company's."""

    names = fields.Dict(keys=choice(*LANGUAGES), values=text(80))
    team = fields.List(fields.String(validate=validate.Regexp(_SKILL)), validate=validate.Length(max=_MOST))
    rings = fields.List(fields.Nested(RingTold), validate=validate.Length(min=1, max=8))
    order = choice(*AgentOrder)
    service_seconds = fields.Integer(strict=True, validate=validate.Range(min=1, max=LONGEST_SECONDS))
    service_share = fields.Float(validate=validate.Range(min=0.01, max=1))
    max_waiting = fields.Integer(strict=True, allow_none=True, validate=validate.Range(min=1, max=10_000))
    overflow_after_seconds = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(min=1, max=LONGEST_SECONDS)
    )
    overflow_to = text(80, metadata={"description": "queue:ID, callback, message, or nothing."})
    closed_does = text(80, metadata={"description": "queue:ID, callback or message."})
    hours = fields.Dict(allow_none=True, metadata={"description": "As a queue's `hours` reads; null: the company's."})
    priority = fields.Integer(strict=True, validate=validate.Range(min=0, max=HIGHEST_PRIORITY))
    boosts = fields.Dict(
        keys=fields.String(validate=validate.Regexp(_SKILL)),
        values=fields.Integer(strict=True, validate=validate.Range(min=0, max=HIGHEST_BOOST_SECONDS)),
        validate=validate.Length(max=20),
    )
    preferred_seconds = fields.Integer(strict=True, validate=validate.Range(min=0, max=LONGEST_SECONDS))


class QueueChange(Strict):
    """A queue as it is to be, and the version that this was made from."""

    version = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=2**31 - 2),
        metadata={"description": "As it was read; 0: it was never saved before."},
    )
    queue = fields.Nested(QueueTold, required=True)


class QueueShown(Schema):
    """A queue and the version of its settings."""

    version = fields.Integer(
        required=True, metadata={"description": "What a change names as its base; 0: never saved."}
    )
    queue = fields.Dict(required=True, metadata={"description": "The settings, with the queue's id."})


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


@queues.operation(
    "put", "/queues/<id:queue_id>", scope="routing:write", content=QueueChange, gives=QueueShown,
    refuses=("changed_meanwhile",),
)  # fmt: skip
def save(content: Mapping[str, Any], queue_id: str) -> ResponseReturnValue:
    """Change a queue, or make it. It counts from the next call on that is offered; 409 when somebody else was quicker."""
    session = transaction.session()
    before = store.queues(session).get(queue_id)
    queue = _meant(queue_id, content["queue"])
    by = str(the_person().account_id)
    saved = store.save_queue(session, queue, by=by, version=content["version"], now=transaction.now())
    if isinstance(saved, Refused):
        return errors.refused("changed_meanwhile")
    noted(
        "queue.made" if before is None else "queue.changed",
        f"queue {queue_id}",
        before=None if before is None else before.as_json(),
        after=queue.as_json(),
    )
    return _shown(queue_id)


def _meant(queue_id: str, told: Mapping[str, Any]) -> Queue:
    """The queue that was told; what no call could wait in is refused by field."""
    try:
        queue = queue_from_json({**told, "queue_id": queue_id})
    except QueueError as error:
        refuse({"queue": {one.field: [_sentence(one.code)] for one in error.problems}})
    others = store.queues(transaction.session())
    nowhere = [problem for of, problem in missing_queues({**others, queue_id: queue}) if of == queue_id]
    if nowhere:
        refuse({"queue": {one.field: [_sentence(one.code)] for one in nowhere}})
    return queue


def _sentence(code: str) -> str:
    return str(PROBLEMS.get(code, code))


def _shown(queue_id: str) -> dict[str, Any]:
    session = transaction.session()
    return {
        "version": store.queue_version(session, queue_id),
        "queue": store.queues(session)[queue_id].as_json(),
    }
