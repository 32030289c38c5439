"""When a callback is proposed: within the opening hours, on a full quarter of an hour, in the company's zone."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from ivr.web.desk_aids import next_open
from routing.hours import Hours

ROME = ZoneInfo("Europe/Rome")
HOURS = Hours(zone=ROME, country="IT", opens_at=time(8), closes_at=time(20), open_days=(1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize(
    ("after", "proposed"),
    [
        ("2026-11-24T09:30", "2026-11-24T10:30"),  # a Tuesday, in Rome an hour later
        ("2026-11-24T09:31", "2026-11-24T10:45"),
        ("2026-11-24T18:59", "2026-11-25T08:00"),  # 20:00 in Rome is closed
        ("2026-11-28T20:00", "2026-11-30T08:00"),  # Saturday evening
        ("2026-12-24T20:00", "2026-12-28T08:00"),  # Christmas, Saint Stephen, Sunday
    ],
)
def test_the_proposal_is_the_next_quarter_at_which_somebody_is_there(after: str, proposed: str) -> None:
    found = next_open(HOURS, datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert f"{found:%Y-%m-%dT%H:%M}" == proposed
    assert found.tzinfo is ROME
