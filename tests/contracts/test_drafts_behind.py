"""A draft that began before another version went live, on both databases: it is brought up to date, or takes back on purpose."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr import database
from ivr.audit import store as audit
from ivr.audit.store import Actor
from ivr.editing import drafts, publications, versions
from ivr.editing.documents import shipped
from ivr.editing.drafts import Change, Conflicts, Decision, Edited, Refused
from ivr.editing.submitting import submit

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA, BEA = Actor(account_id=1, name="Ada"), Actor(account_id=2, name="Bea")
GREETING, THANKS = "greeting", "consent_thanks"
OLD = "{daytime:choice}, è in linea con Bottega Aurora."


@pytest.fixture
def session(engine: Engine):  # noqa: ANN201 - a fixture
    database.upgrade(engine)
    with database.session_factory(engine).begin() as opened:
        versions.add(opened, shipped(), note="As shipped", by=Actor(name="Centralino"), now=NOW, is_of_files=True)
        yield opened


def say(session: Session, texts: Mapping[str, str], *, by: Actor = ADA) -> None:
    said = drafts.draft(session, now=NOW).documents.prompts["prompts"]
    changes = [
        Change(place=("prompts", "prompts", key, "it", "text"), before=said[key]["it"]["text"], after=words)
        for key, words in texts.items()
    ]
    assert isinstance(drafts.edit(session, changes, by=by, now=NOW), Edited)


def said(session: Session, key: str) -> str:
    return str(drafts.draft(session, now=NOW).documents.prompts["prompts"][key]["it"]["text"])


def go_live(session: Session, number: int, *, base: int) -> None:
    versions.end_check(session, versions.begin_check(session, number, base=base, by=BEA, now=NOW), [], now=NOW)
    assert isinstance(publications.publish(session, number, by=BEA, now=NOW), publications.Published)


def behind(session: Session, live: Mapping[str, str], draft: Mapping[str, str]) -> None:
    """Version 2 is live and says `live`; the draft began with version 1 and says `draft`."""
    say(session, live, by=BEA)
    made = submit(session, note="Bea's", by=BEA, now=NOW)
    assert made == versions.Submitted(number=2)
    drafts.discard(session, by=ADA, now=NOW)
    say(session, draft)
    go_live(session, 2, base=1)


def test_changes_of_both_sides_stand_and_words_are_put_together(session: Session) -> None:
    behind(
        session,
        {GREETING: OLD.replace("è in linea", "parla"), THANKS: "Grazie mille."},
        {GREETING: OLD.replace("Bottega Aurora", "la Bottega Aurora"), "goodbye": "A presto."},
    )
    assert submit(session, note="Ada's", by=ADA, now=NOW) == versions.Refused(reason="draft_is_behind")
    assert isinstance(drafts.bring_up_to_date(session, [], by=ADA, now=NOW), Edited)
    assert said(session, GREETING) == "{daytime:choice}, parla con la Bottega Aurora."
    assert (said(session, THANKS), said(session, "goodbye")) == ("Grazie mille.", "A presto.")
    assert audit.entries(session)[0].act == "draft.brought_up_to_date"
    assert drafts.bring_up_to_date(session, [], by=ADA, now=NOW) == Refused(reason="draft_is_up_to_date")
    assert submit(session, note="Ada's", by=ADA, now=NOW) == versions.Submitted(number=3)
    made = versions.version(session, 3)
    assert made is not None
    assert made.base == 2


def test_what_both_worded_anew_is_decided_by_the_person_and_nothing_is_changed_before(session: Session) -> None:
    behind(session, {GREETING: "Pronto.", THANKS: "Grazie mille."}, {GREETING: "Salve."})
    told = drafts.bring_up_to_date(session, [], by=ADA, now=NOW)
    assert isinstance(told, Conflicts)
    (conflict,) = told.conflicts
    assert conflict.place == ("prompts", "prompts", GREETING, "it", "text")
    assert (conflict.base, conflict.theirs, conflict.yours) == (OLD, "Pronto.", "Salve.")
    assert (said(session, GREETING), said(session, THANKS)) == ("Salve.", "Grazie.")
    late = Decision(place=conflict.place, theirs="Pronto.", yours="Ciao.", after="Salve, pronto.")
    assert isinstance(drafts.bring_up_to_date(session, [late], by=ADA, now=NOW), Conflicts)
    word = Decision(place=conflict.place, theirs="Pronto.", yours="Salve.", after="Salve, pronto.")
    assert isinstance(drafts.bring_up_to_date(session, [word], by=ADA, now=NOW), Edited)
    assert (said(session, GREETING), said(session, THANKS)) == ("Salve, pronto.", "Grazie mille.")


def test_what_went_live_is_taken_back_only_with_a_reason_which_is_noted(session: Session) -> None:
    behind(session, {THANKS: "Grazie mille."}, {GREETING: "Salve."})
    told = submit(session, note="Ada's", by=ADA, now=NOW, reason="Customers found it too much")
    assert told == versions.Submitted(number=3)
    assert audit.entries(session, act="version.takes_back")[0].note == "Customers found it too much"
    made = versions.version(session, 3)
    assert made is not None
    assert made.base == 2


def test_a_draft_that_comes_from_what_is_live_is_not_behind(session: Session) -> None:
    say(session, {GREETING: "Salve."})
    assert submit(session, note="Made, not live", by=ADA, now=NOW) == versions.Submitted(number=2)
    say(session, {THANKS: "Grazie mille."})
    assert drafts.bring_up_to_date(session, [], by=ADA, now=NOW) == Refused(reason="draft_is_up_to_date")
    assert submit(session, note="On top of it", by=ADA, now=NOW) == versions.Submitted(number=3)


def test_a_check_against_what_is_no_longer_live_does_not_count(session: Session) -> None:
    say(session, {GREETING: "Salve."})
    submit(session, note="One", by=ADA, now=NOW)
    say(session, {THANKS: "Grazie mille."})
    submit(session, note="Two", by=ADA, now=NOW)
    versions.end_check(session, versions.begin_check(session, 3, base=1, by=ADA, now=NOW), [], now=NOW)
    go_live(session, 2, base=1)
    assert publications.publish(session, 3, by=ADA, now=NOW) == publications.Refused(reason="check_is_old")
    go_live(session, 3, base=2)
