"""Versions by the API: read and compared, approved, checked, published now or at a time, cancelled, rolled back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.editing import comparing, publications
from ivr.editing import versions as store
from ivr.editing.documents import to_files
from ivr.editing.publications import Cancelled, Published
from ivr.web import errors, transaction
from ivr.web.api.draft_shapes import LONGEST_NOTE
from ivr.web.api.parsing import GREATEST_ID
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import LONGEST_SLICE, USUAL_SLICE, Strict, text
from ivr.web.audited import actor
from ivr.web.editing import publishing
from ivr.web.in_words import finding_in_words

versions = Resource(
    "versions", "Versions", "What has been and will be said: immutable, compared, published, rolled back."
)


class GateFindingShown(Schema):
    """What a check says."""

    gate = fields.String(required=True)
    severity = fields.String(
        required=True, metadata={"description": "error stops publishing without a reason; advice."}
    )
    message = fields.String(required=True)
    remedy = fields.String(required=True)
    place = fields.String(required=True)
    can_be_overruled = fields.Boolean(required=True)


class CheckShown(Schema):
    """A run of the checks."""

    base = fields.Integer(required=True, metadata={"description": "The version that was live then."})
    by = fields.String(required=True)
    begun_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    findings = fields.List(fields.Nested(GateFindingShown), required=True)


class VersionShown(Schema):
    """A version, without its documents."""

    number = fields.Integer(required=True)
    digest = fields.String(required=True)
    base = fields.Integer(required=True, allow_none=True)
    by = fields.String(required=True)
    note = fields.String(required=True)
    is_of_files = fields.Boolean(required=True)
    made_at = fields.AwareDateTime(required=True)
    approval = fields.String(required=True, metadata={"description": "approved, rejected, or empty."})
    approval_by = fields.String(required=True)
    approval_reason = fields.String(required=True)


class PublicationShown(Schema):
    """From when on a version answers calls."""

    publication_id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    live_from = fields.AwareDateTime(required=True)
    kind = fields.String(required=True, metadata={"description": "publish, rollback, files."})
    reason = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    cancelled_at = fields.AwareDateTime(required=True, allow_none=True)
    cancelled_by = fields.String(required=True)


class VersionQuery(Strict):
    """Which versions."""

    before = fields.Integer(load_default=None, validate=validate.Range(min=1, max=GREATEST_ID))
    limit = fields.Integer(load_default=USUAL_SLICE, validate=validate.Range(min=1, max=LONGEST_SLICE))


class VersionList(Schema):
    """Versions, the newest first, and what is live and scheduled."""

    live = fields.Integer(required=True)
    versions = fields.List(fields.Nested(VersionShown), required=True)
    scheduled = fields.List(fields.Nested(PublicationShown), required=True)


class VersionWhole(VersionShown):
    """A version with what was said of it."""

    check = fields.Nested(CheckShown, required=True, allow_none=True)
    publications = fields.List(fields.Nested(PublicationShown), required=True)


class VersionFiles(Schema):
    """The file form, by path."""

    files = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class WithQuery(Strict):
    """The version to compare with."""

    base = fields.Integer(required=True, validate=validate.Range(min=1, max=GREATEST_ID))


class DifferencesShown(Schema):
    """What differs."""

    texts = fields.List(fields.Dict(), required=True)
    nodes = fields.List(fields.Dict(), required=True)
    edges = fields.List(fields.Dict(), required=True)
    phrases = fields.List(fields.Dict(), required=True)
    others = fields.List(fields.Raw(), required=True)


class JudgementTold(Strict):
    """A second person's word."""

    approved = fields.Boolean(required=True)
    reason = text(LONGEST_NOTE, load_default="")


class PublicationTold(Strict):
    """From when on."""

    version = fields.Integer(required=True, validate=validate.Range(min=1, max=GREATEST_ID))
    at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": "null: now."})
    reason = text(LONGEST_NOTE, load_default="", metadata={"description": "Why over a check that has failed."})


class RollbackTold(Strict):
    """Back to a version that was live."""

    version = fields.Integer(required=True, validate=validate.Range(min=1, max=GREATEST_ID))
    reason = text(LONGEST_NOTE, load_default="")


@versions.operation("get", "/versions", scope="draft:read", query=VersionQuery, gives=VersionList)
def every(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Every version, the newest first."""
    session, now = transaction.session(), transaction.now()
    return {
        "live": publications.live_number(session, now),
        "versions": [asdict(one) for one in store.versions(session, limit=query["limit"], before=query["before"])],
        "scheduled": [asdict(one) for one in publications.scheduled(session, now)],
    }


@versions.operation(
    "get", "/versions/<number:number>", scope="draft:read", gives=VersionWhole, refuses=("version_unknown",)
)
def one(number: int) -> ResponseReturnValue:
    """One version, with its checks and publications."""
    session = transaction.session()
    found = store.version(session, number)
    if found is None:
        return errors.refused("version_unknown")
    check = store.last_check(session, number)
    return {
        **asdict(found),
        "check": None if check is None else _check_shown(check),
        "publications": [asdict(one) for one in publications.publications(session, version=number)],
    }


@versions.operation(
    "get", "/versions/<number:number>/files", scope="draft:read", gives=VersionFiles, refuses=("version_unknown",)
)
def files(number: int) -> ResponseReturnValue:
    """A version as files, by path."""
    if store.version(transaction.session(), number) is None:
        return errors.refused("version_unknown")
    return {"files": dict(to_files(store.documents(transaction.session(), number)))}


@versions.operation(
    "get", "/versions/<number:number>/comparison", scope="draft:read", query=WithQuery, gives=DifferencesShown,
    refuses=("version_unknown",),
)  # fmt: skip
def comparison(query: Mapping[str, Any], number: int) -> ResponseReturnValue:
    """What a version says otherwise than another: words of prompts, nodes and ways of the flow, phrases."""
    session = transaction.session()
    if store.version(session, number) is None or store.version(session, query["base"]) is None:
        return errors.refused("version_unknown")
    return asdict(comparing.compare(store.documents(session, query["base"]), store.documents(session, number)))


@versions.operation(
    "post", "/versions/<number:number>/check", scope="versions:publish", gives=CheckShown, status=202,
    refuses=("version_unknown",),
)  # fmt: skip
def check(number: int) -> ResponseReturnValue:
    """Begin the checks of a version: they go on by themselves, and the version says when they have ended."""
    if store.version(transaction.session(), number) is None:
        return errors.refused("version_unknown")
    publishing.begin_check(number)
    with transaction.one_look() as session:
        return _check_shown(store.last_check(session, number))  # type: ignore[arg-type]  # begun just now


@versions.operation(
    "post", "/versions/<number:number>/approval", scope="versions:publish", content=JudgementTold,
    refuses=("version_unknown", "own_version", "reason_missing"),
)  # fmt: skip
def judge(content: Mapping[str, Any], number: int) -> ResponseReturnValue | None:
    """Approve somebody else's version, or reject it with a reason."""
    told = store.judge(
        transaction.session(), number, is_approved=content["approved"], reason=content["reason"], by=actor(),
        now=transaction.now(),
    )  # fmt: skip
    return errors.refused(told.reason) if isinstance(told, store.Refused) else None


@versions.operation(
    "post", "/publications", scope="versions:publish", content=PublicationTold, gives=PublicationShown, status=201,
    refuses=(
        "version_unknown", "time_is_over", "time_too_far", "version_is_live", "version_rejected", "version_not_approved",
        "version_not_checked", "check_is_old", "version_has_errors", "gate_failed",
    ),
)  # fmt: skip
def publish(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Let a version answer the calls that begin, now or from a time on."""
    told = publishing.publish(content["version"], at=content["at"], reason=content["reason"])
    return _published(told)


@versions.operation(
    "post", "/publications/rollback", scope="versions:publish", content=RollbackTold, gives=PublicationShown, status=201,
    refuses=("version_unknown", "version_is_live", "version_never_live"),
)  # fmt: skip
def roll_back(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Let a version that was live before answer calls again, at once."""
    told = publications.rollback(
        transaction.session(), content["version"], by=actor(), now=transaction.now(), reason=content["reason"]
    )
    return _published(told)


@versions.operation(
    "delete", "/publications/<number:publication_id>", scope="versions:publish",
    refuses=("publication_unknown", "publication_has_begun"),
)  # fmt: skip
def cancel(publication_id: int) -> ResponseReturnValue | None:
    """Take back a publication that is still to come."""
    told = publications.cancel(transaction.session(), publication_id, by=actor(), now=transaction.now())
    return None if isinstance(told, Cancelled) else errors.refused(told.reason)


def _published(told: Published | publications.Refused) -> ResponseReturnValue:
    if not isinstance(told, Published):
        return errors.refused(told.reason)
    found = publications.publications(transaction.session(), version=told.version)
    return asdict(next(one for one in found if one.publication_id == told.publication_id))


def _check_shown(check: store.CheckRecord) -> dict[str, Any]:
    return {**asdict(check), "findings": [finding_in_words(one) for one in check.findings]}
