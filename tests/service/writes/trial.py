"""Trials: that one was begun is in the trail; the call itself leaves nothing."""

from tests.written import Write

WRITES = (
    Write(
        endpoint="trial.ticket",
        act="trial.called",
        address="/admin/trial/ticket",
        json={"version": "draft", "setting": {"caller": {"kind": "stranger"}, "agents": "busy"}},
    ),
)
