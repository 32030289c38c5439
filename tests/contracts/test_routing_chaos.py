"""A few seconds in which processes are killed and the database is restarted; the long form is `make bench ONLY=routing`."""

import time

import pytest

from tests.bench.routing import chaos
from tests.databases import NoServerError


@pytest.mark.postgresql
def test_every_call_ends_once_and_no_agent_is_stuck_however_many_processes_die() -> None:
    afternoon = chaos.Afternoon(
        calls=150, agents=60, per_second=25, kill_every_seconds=3, restarts=1, at_most_seconds=120
    )
    began = time.monotonic()
    try:
        proof = afternoon.play()
    except NoServerError as error:
        pytest.skip(str(error))
    chaos.tell(afternoon, proof, time.monotonic() - began)
    assert proof.holds, proof
    assert afternoon.broken == []
    assert proof.calls == sum(proof.outcomes.values()) == afternoon.calls
    assert afternoon.kills >= 2
    assert afternoon.restarted == 1
