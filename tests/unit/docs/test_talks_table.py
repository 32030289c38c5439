"""docs/talks.md shows the table by which the service goes: every moment, every going, and what becomes of the call."""

import re
from pathlib import Path

from ivr.calls.talks_table import TABLE, Going, Moment, Then, after

PAGE = Path(__file__).parents[3] / "docs" / "talks.md"
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \|", re.MULTILINE)


def test_the_page_shows_the_table_as_it_is() -> None:
    shown = {(Moment(moment), Going(going)): Then(then) for moment, going, then in ROW.findall(PAGE.read_text())}
    assert shown == dict(TABLE)


def test_what_does_not_stand_in_the_table_changes_nothing() -> None:
    assert after(Moment.ENDED, Going.CALLER) is Then.NOTHING
    assert after(Moment.QUEUED, Going.SECOND) is Then.NOTHING
