"""Scenarios: kept, taken out and run, by page and API."""

from tests.written import Write

_STEPS = [{"say": "dov'è il mio ordine?"}]

WRITES = (
    Write(
        endpoint="scenarios.save",
        address="/admin/scenarios/save",
        act="scenario.saved",
        form={"was": "", "revision": "0", "name": "of_page", "language": "it", "act": "say", "given": "ciao"},
    ),
    Write(
        endpoint="scenarios.remove",
        address="/admin/scenarios/one/wrong_key/remove",
        act="scenario.removed",
        form={"revision": "0"},
    ),
    Write(
        endpoint="scenarios.run",
        address="/admin/scenarios/run",
        act="scenarios.run",
        form={"against": "draft", "name": "how_data_are_used"},
    ),
    Write(endpoint="scenarios.replay_calls", address="/admin/scenarios/replay", act="replay.run", form={"days": "7"}),
    Write(
        endpoint="api_scenarios.save",
        address="/api/v1/scenarios",
        act="scenario.saved",
        json={"document": {"name": "of_api", "language": "it", "steps": _STEPS}, "revision": 0},
    ),
    Write(
        endpoint="api_scenarios.remove",
        method="DELETE",
        address="/api/v1/scenarios/webhook_twice",
        act="scenario.removed",
    ),
    Write(
        endpoint="api_scenarios.run",
        address="/api/v1/scenario-runs",
        act="scenarios.run",
        json={"names": ["how_data_are_used"]},
    ),
)
