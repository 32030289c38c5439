"""The draft and its versions on both databases: edits stand together or not at all, and nobody's words are lost."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr import database
from ivr.audit import store as audit
from ivr.audit.store import Actor, Verified
from ivr.editing import drafts, publications, versions
from ivr.editing.documents import shipped
from ivr.editing.drafts import Change, Conflicts, Edited, Refused
from ivr.editing.gates import GateFinding
from ivr.editing.submitting import submit

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA, BEA = Actor(account_id=1, name="Ada"), Actor(account_id=2, name="Bea")
GREETING = ("prompts", "prompts", "greeting", "it", "text")
THANKS = ("prompts", "prompts", "consent_thanks", "it", "text")


@pytest.fixture
def session(engine: Engine):  # noqa: ANN201 - a fixture
    database.upgrade(engine)
    with database.session_factory(engine).begin() as opened:
        versions.add(opened, shipped(), note="As shipped", by=Actor(name="Centralino"), now=NOW, is_of_files=True)
        yield opened


def text_at(session: Session, *place: str) -> object:
    found = drafts.draft(session, now=NOW).documents.part(place[0])
    for step in place[1:]:
        found = found[step]
    return found


def change(
    session: Session, before: object, after: object, place: tuple[str, ...] = GREETING, by: Actor = ADA
) -> object:
    return drafts.edit(session, [Change(place=place, before=before, after=after)], by=by, now=NOW, label="a try")


def test_an_edit_undone_and_made_again_leads_to_the_same_words(session: Session) -> None:
    old = text_at(session, *GREETING)
    assert isinstance(change(session, old, "Pronto."), Edited)
    assert text_at(session, *GREETING) == "Pronto."
    assert isinstance(drafts.undo(session, by=ADA, now=NOW), Edited)
    assert text_at(session, *GREETING) == old
    assert isinstance(drafts.redo(session, by=ADA, now=NOW), Edited)
    assert text_at(session, *GREETING) == "Pronto."
    assert drafts.redo(session, by=ADA, now=NOW) == Refused(reason="nothing_to_redo")


def test_two_people_at_one_prompt_get_both_sides_and_a_merge(session: Session) -> None:
    old = str(text_at(session, *GREETING))
    change(session, old, old.replace("è in linea", "parla"), by=ADA)
    told = change(session, old, old.replace("Bottega Aurora", "la Bottega Aurora"), by=BEA)
    assert isinstance(told, Conflicts)
    (conflict,) = told.conflicts
    assert conflict.theirs == old.replace("è in linea", "parla")
    assert conflict.merged == conflict.theirs.replace("Bottega Aurora", "la Bottega Aurora")
    assert text_at(session, *GREETING) == conflict.theirs


def test_two_people_at_different_places_both_stand(session: Session) -> None:
    change(session, text_at(session, *GREETING), "Pronto.", by=ADA)
    assert isinstance(change(session, text_at(session, *THANKS), "Grazie mille.", THANKS, by=BEA), Edited)
    assert (text_at(session, *GREETING), text_at(session, *THANKS)) == ("Pronto.", "Grazie mille.")


def test_a_version_is_published_at_a_time_and_rolled_back(session: Session) -> None:
    change(session, text_at(session, *GREETING), "Pronto.")
    submitted = submit(session, note="Shorter", by=ADA, now=NOW)
    assert isinstance(submitted, versions.Submitted)
    refused = publications.publish(session, submitted.number, by=ADA, now=NOW)
    assert refused == publications.Refused(reason="version_not_checked")
    check = versions.begin_check(session, submitted.number, base=1, by=ADA, now=NOW)
    versions.end_check(session, check, [GateFinding(gate="intents", severity="error", message="worse")], now=NOW)
    refused = publications.publish(session, submitted.number, by=ADA, now=NOW)
    assert isinstance(refused, publications.Refused)
    assert refused.reason == "gate_failed"
    at = NOW + timedelta(hours=2)
    publications.publish(session, submitted.number, at=at, by=ADA, now=NOW, reason="It is urgent")
    assert publications.live_number(session, NOW) == 1
    assert publications.live_number(session, at) == submitted.number
    publications.rollback(session, 1, by=BEA, now=at)
    assert publications.live_number(session, at) == 1
    assert publications.live_number(session, at - timedelta(seconds=1)) == 1
    assert isinstance(audit.verify(session), Verified)
    assert json.loads(json.dumps([entry.act for entry in audit.entries(session)]))[0] == "version.rolled_back"
