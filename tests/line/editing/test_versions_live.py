"""A version goes live while a call runs: the call keeps the old one to its end, the next call hears the new one at once."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from ivr import trial
from ivr.audit.store import Actor
from ivr.editing import drafts, publications, submitting, versions
from ivr.editing.drafts import Change
from ivr.line.script import Keys
from tests.telephone import House, talk

ADA = Actor(account_id=1, name="Ada")
GREETING = ("prompts", "prompts", "greeting_by_name", "it", "text")
GOODBYE = ("prompts", "prompts", "goodbye", "it", "text")
WHOLE = talk("aiutarla", Keys("1"), "altro", "no grazie", "da 1", Keys("1"))


def sessions(house: House) -> Any:
    return house.app.extensions["centralino"].sessions


def changed(house: House, texts: Mapping[tuple[str, ...], str], *, at: timedelta | None = None) -> int:
    """A version with these texts in place of what is said now, published."""
    with sessions(house).begin() as session:
        now = house.clock.now()
        found = drafts.draft(session, now=now).documents.prompts["prompts"]
        changes = [
            Change(place=place, before=found[place[2]][place[3]][place[4]], after=words)
            for place, words in texts.items()
        ]
        assert isinstance(drafts.edit(session, changes, by=ADA, now=now, label="greeting"), drafts.Edited)
        told = submitting.submit(session, note="Another greeting", by=ADA, now=now)
        assert isinstance(told, versions.Submitted)
        check = versions.begin_check(session, told.number, base=1, by=ADA, now=now)
        versions.end_check(session, check, [], now=now)
        done = publications.publish(session, told.number, at=None if at is None else now + at, by=ADA, now=now)
        assert isinstance(done, publications.Published)
        return told.number


def greeted(house: House) -> str:
    """What a caller of now hears first."""
    caller = house.whole_call(WHOLE, from_=trial.MARIO)
    caller.check()
    return caller.heard[0]


def test_a_running_call_keeps_its_version_and_the_next_hears_the_new_one_until_it_is_rolled_back(house: House) -> None:
    running, _ = house.call(WHOLE, from_=trial.MARIO)
    house.run_until(lambda: bool(running.heard))
    changed(house, {GREETING: "Salve {name:name}, parla la Bottega.", GOODBYE: "Alla prossima."})
    assert greeted(house).startswith("Salve Mario Bianchi, parla la Bottega")
    house.run_until(lambda: running.reason is not None)
    running.check()
    assert not any("Alla prossima" in words for words in running.heard)
    assert [row["flow_version"] for row in house.rows("calls")] == [1, 2]
    with sessions(house).begin() as session:
        publications.rollback(session, 1, by=ADA, now=house.clock.now())
    assert greeted(house).startswith("Buongiorno Mario")


def test_a_scheduled_version_is_heard_from_its_time_on_without_anybody_doing_anything(house: House) -> None:
    changed(house, {GREETING: "Salve {name:name}."}, at=timedelta(minutes=2))
    assert greeted(house).startswith("Buongiorno Mario")
    house.wait(120)
    assert greeted(house).startswith("Salve Mario")


def test_another_process_publishes_and_this_one_s_next_call_hears_it(
    house: House, new_house: Callable[..., House]
) -> None:
    other = new_house()
    changed(other, {GREETING: "Salve {name:name}."})
    assert greeted(house).startswith("Salve Mario")


def test_a_version_that_cannot_be_read_leaves_the_line_with_the_installation_s_own(house: House) -> None:
    number = changed(house, {GREETING: "Salve {name:name}."})
    with house.engine.begin() as connection:
        broken = text(
            "UPDATE version_parts SET content = :content"
            " WHERE digest = (SELECT prompts FROM versions WHERE number = :number)"
        )
        connection.execute(broken, {"content": '{"company": 5}', "number": number})
    assert greeted(house).startswith("Buongiorno Mario")
