"""What is found in a customer's past: the agent of the last days, bad experiences, overdue cases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.calls import store as calls
from ivr.calls.granted import Past, past_of
from ivr.calls.tables import Call
from routing import dispatch
from routing.skills import Requirements
from tests.service import desks
from tests.service.desks import CALL, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


def test_the_past_of_a_customer_is_found_in_calls_cases_and_queues(house: House) -> None:
    now = house.clock()
    with house.sessions.begin() as session:
        # The house's customer has one case that is overdue.
        assert past_of(session, "K0007", now=now, but_call_id=CALL) == Past(
            last_agent_id=None, bad_experiences=1, overdue_cases=1
        )
        for call_id, days_ago, agent_id, reason in (
            ("CAeffort", 3, "luca", "complaint"),
            ("CAgiven-up", 5, "sara", "order_status"),
            ("CAfailed", 20, "sara", "not understood three times"),
            ("CAlong-ago", 200, "giulia", "not understood three times"),
            ("CAfine", 8, "giulia", "order_status"),
        ):
            began = now - timedelta(days=days_ago)
            calls.add(
                session,
                Call(
                    call_id=call_id, from_number="+393331234567", to_number="+390210420000", flow="shop", flow_version=1,
                    listening="carrier", language="it", status=calls.ENDED, started_at=began, customer_id="K0007",
                    reason="complaint", route_reason=reason, node="end", turn=4, agent_id=agent_id,
                ),
            )  # fmt: skip
        session.flush()
        calls.record_effort(session, "CAeffort", 6, now)
        calls.record_effort(session, "CAfine", 2, now)
        requirements = Requirements(skill="orders")
        dispatch.enqueue(session, call_id="CAgiven-up", requirements=requirements, now=now - timedelta(days=5))
        dispatch.withdraw(session, call_id="CAgiven-up", reason="hang-up", now=now - timedelta(days=5))
        found = past_of(session, "K0007", now=now, but_call_id=CALL)
        assert found == Past(last_agent_id="luca", bad_experiences=4, overdue_cases=1)
        assert past_of(session, "K0008", now=now) == Past(last_agent_id=None, bad_experiences=0, overdue_cases=0)
