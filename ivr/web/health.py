"""Health for machines: whether the process lives, and whether calls may be sent to it."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from ivr import database
from ivr.web.guards import public
from ivr.web.wiring import wiring

health = Blueprint("health", __name__, url_prefix="/health")


@health.get("/live")
@public("a supervisor of processes has no account; it learns nothing but that we run")
def live() -> ResponseReturnValue:
    """Whether this process answers."""
    return jsonify(status="ok")


@health.get("/ready")
@public("a load balancer has no account; it learns which part is missing, nothing of calls")
def ready() -> ResponseReturnValue:
    """Whether calls may be sent here: 200, or 503 naming what is missing."""
    checks = {**_database_checks(), **wiring().doors.loaded()}
    is_ready = all(checks.values())
    http_ok, http_unavailable = 200, 503
    body = jsonify(status="ok" if is_ready else "not ready", checks=checks)
    return body, http_ok if is_ready else http_unavailable


def _database_checks() -> dict[str, bool]:
    try:
        return {"database": database.answers(wiring().engine), "migrations": database.is_at_head(wiring().engine)}
    except SQLAlchemyError:
        return {"database": False, "migrations": False}
