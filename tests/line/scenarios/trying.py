"""Scenarios of the tests: written in a line, run against a version with a change."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ivr.app import checked
from ivr.calls.company import FlowVersion
from ivr.trials.house import Trials
from ivr.trials.judging import Result
from ivr.trials.scenario_runner import Runner
from ivr.trials.scenarios import Scenario
from ivr.trials.shipped_scenarios import documents_of, files_in, read, scenarios_of
from prompts.catalogue import Prompt
from prompts.documents import HERE
from prompts.version import load
from tests.telephone import House

SHIPPED: Mapping[str, Scenario] = {one.name: one for one in scenarios_of(documents_of(files_in(HERE)))}


def trials_of(house: House) -> Trials:
    with house.app.app_context():
        trials: Trials = house.app.extensions["centralino"].doors.trials
    return trials


def version_with(**flow: Any) -> FlowVersion:
    """The shipped version with nodes changed: NODE={...}; with `key__text` prompts: greeting__text="..."."""
    shipped = load()
    nodes = {name: dict(node) for name, node in shipped.flow["nodes"].items()}
    prompts = dict(shipped.catalogue.prompts)
    for name, change in flow.items():
        if name.endswith("__text"):
            key = name.removesuffix("__text")
            prompts[key] = Prompt(
                key=key, wordings={**prompts[key].wordings, "it": replace(prompts[key].wordings["it"], text=change)}
            )
        else:
            nodes[name] = {**nodes.get(name, {}), **change}
    catalogue = replace(shipped.catalogue, prompts=prompts)
    return checked(replace(shipped, flow={**shipped.flow, "nodes": nodes}, catalogue=catalogue))


def scenario(text: str) -> Scenario:
    given = read(text, file="test.yaml")
    assert given.scenario is not None, given.problems
    return given.scenario


def run(house: House, which: Scenario, version: FlowVersion | None = None, **given: Any) -> Result:
    trials = given.pop("trials", None) or trials_of(house)
    runner = Runner(trials=trials, version=version or version_with(), wavs=given.pop("wavs", Path()), **given)
    return runner.run(which)
