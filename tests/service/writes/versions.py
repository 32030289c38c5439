"""The draft and its versions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ivr.accounts import store as accounts
from ivr.audit.store import Actor
from ivr.editing import drafts, publications, submitting, versions
from ivr.editing.documents import shipped, to_files
from ivr.editing.drafts import Change
from tests.service.desks import ADMIN
from tests.service.told_voices import ToldVoices
from tests.written import Write

THANKS = ["prompts", "prompts", "consent_thanks", "it", "text"]
OLD_GOODBYE = "Grazie di aver chiamato Bottega Aurora. A presto."
CHANGE = {"place": THANKS, "before": "Grazie.", "after": "Grazie mille."}


def an_edit(voices: ToldVoices) -> Mapping[str, Any]:
    with voices.house.sessions.begin() as session:
        person = accounts.by_email(session, ADMIN)
        assert person is not None
        by = Actor(account_id=person.account_id, name=person.display_name)
        change = Change(place=tuple(THANKS), before="Grazie.", after="Grazie mille.")
        drafts.edit(session, [change], by=by, now=voices.house.clock(), label="thanks")
    return {}


def an_edit_undone(voices: ToldVoices) -> Mapping[str, Any]:
    an_edit(voices)
    with voices.house.sessions.begin() as session:
        person = accounts.by_email(session, ADMIN)
        assert person is not None
        drafts.undo(session, by=Actor(account_id=person.account_id, name=""), now=voices.house.clock())
    return {}


def the_files(_voices: ToldVoices) -> Mapping[str, Any]:
    files = to_files(shipped())
    return {
        "flow": files["shop.flow.yaml"],
        "prompts": files["shop.prompts.yaml"].replace("Grazie.", "Grazie mille."),
        "intents": files["intents.yaml"],
    }


def a_version(voices: ToldVoices) -> Mapping[str, Any]:
    """Version 2, by somebody else, checked and waiting."""
    with voices.house.sessions.begin() as session:
        by, now = Actor(name="Somebody else"), voices.house.clock()
        change = Change(place=tuple(THANKS), before="Grazie.", after="Grazie mille.")
        drafts.edit(session, [change], by=by, now=now)
        told = submitting.submit(session, note="Warmer thanks", by=by, now=now)
        assert isinstance(told, versions.Submitted)
        versions.end_check(session, versions.begin_check(session, told.number, base=1, by=by, now=now), [], now=now)
    return {"number": told.number}


def a_draft_behind(voices: ToldVoices) -> Mapping[str, Any]:
    """Version 2 is made, the draft begins anew with version 1 and is edited, then version 2 goes live."""
    found = a_version(voices)
    with voices.house.sessions.begin() as session:
        by, now = Actor(name="Somebody else"), voices.house.clock()
        drafts.discard(session, by=by, now=now)
        place = ("prompts", "prompts", "goodbye", "it", "text")
        drafts.edit(session, [Change(place=place, before=OLD_GOODBYE, after="A presto.")], by=by, now=now)
        publications.publish(session, found["number"], by=by, now=now)
    return found


def a_live_version(voices: ToldVoices) -> Mapping[str, Any]:
    found = a_version(voices)
    with voices.house.sessions.begin() as session:
        publications.publish(session, found["number"], by=Actor(name="Somebody else"), now=voices.house.clock())
    return found


def a_scheduled_version(voices: ToldVoices) -> Mapping[str, Any]:
    found, now = a_version(voices), voices.house.clock()
    with voices.house.sessions.begin() as session:
        told = publications.publish(
            session, found["number"], at=now + timedelta(days=1), by=Actor(name="Somebody else"), now=now
        )
    assert isinstance(told, publications.Published)
    return {**found, "publication_id": told.publication_id}


WRITES = (
    Write(
        endpoint="api_draft.edit",
        method="PATCH",
        address="/api/v1/draft",
        act="prompt.changed",
        json={"changes": [CHANGE]},
    ),
    Write(endpoint="api_draft.undo", address="/api/v1/draft/undo", act="prompt.changed", given=an_edit),
    Write(endpoint="api_draft.redo", address="/api/v1/draft/redo", act="prompt.changed", given=an_edit_undone),
    Write(endpoint="api_draft.discard", method="DELETE", address="/api/v1/draft", act="draft.discarded", given=an_edit),
    Write(
        endpoint="api_draft.bring_up_to_date",
        address="/api/v1/draft/update",
        act="draft.brought_up_to_date",
        given=a_draft_behind,
        json={},
    ),
    Write(
        endpoint="api_draft.import_files",
        method="PUT",
        address="/api/v1/draft/files",
        act="draft.imported",
        given=the_files,
        json={
            "files": {"shop.flow.yaml": "{flow}", "shop.prompts.yaml": "{prompts}", "intents.yaml": "{intents}"},
        },
    ),
    Write(
        endpoint="api_draft.submit",
        address="/api/v1/draft/submission",
        act="version.made",
        given=an_edit,
        json={"note": "Warmer thanks"},
    ),
    Write(
        endpoint="api_versions.check",
        address="/api/v1/versions/{number}/check",
        act="version.checked",
        given=a_version,
    ),
    Write(
        endpoint="api_versions.judge",
        address="/api/v1/versions/{number}/approval",
        act="version.approved",
        given=a_version,
        json={"approved": True},
    ),
    Write(
        endpoint="api_versions.publish",
        address="/api/v1/publications",
        act="version.published",
        given=a_version,
        json={"version": 2},
    ),
    Write(
        endpoint="api_versions.roll_back",
        address="/api/v1/publications/rollback",
        act="version.rolled_back",
        given=a_live_version,
        json={"version": 1},
    ),
    Write(
        endpoint="api_versions.cancel",
        method="DELETE",
        address="/api/v1/publications/{publication_id}",
        act="version.publication_cancelled",
        given=a_scheduled_version,
    ),
    Write(
        endpoint="versions.submit",
        address="/admin/versions",
        act="version.made",
        given=an_edit,
        form={"note": "Warmer thanks"},
    ),
    Write(endpoint="versions.check", address="/admin/versions/{number}/check", act="version.checked", given=a_version),
    Write(
        endpoint="versions.judge",
        address="/admin/versions/{number}/approval",
        act="version.rejected",
        given=a_version,
        form={"verdict": "reject", "reason": "Too warm"},
    ),
    Write(
        endpoint="versions.publish",
        address="/admin/versions/{number}/publication",
        act="version.published",
        given=a_version,
        form={"when": "now"},
    ),
    Write(
        endpoint="versions.cancel",
        address="/admin/versions/publications/{publication_id}/cancellation",
        act="version.publication_cancelled",
        given=a_scheduled_version,
    ),
    Write(
        endpoint="versions.roll_back",
        address="/admin/versions/rollback",
        act="version.rolled_back",
        given=a_live_version,
        form={"version": "1"},
    ),
    Write(
        endpoint="versions.discard",
        address="/admin/versions/draft/discard",
        act="draft.discarded",
        given=an_edit,
    ),
)
