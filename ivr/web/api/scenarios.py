"""Scenarios by the API: read, kept, taken out, and run; the page of trial calls saves its calls here."""

import json
from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.editing import scenarios as kept
from ivr.editing.scenarios import Saved, Stale, Stored, Unknown
from ivr.trials.scenario_runs import MOST_AT_ONCE, Against, chosen
from ivr.trials.scenarios import written
from ivr.trials.shipped_scenarios import read
from ivr.web import errors, transaction
from ivr.web.api.parsing import refuse
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import SliceQuery, Strict, choice, text
from ivr.web.audited import actor
from ivr.web.editing.scenario_wiring import scenario_runs

scenarios = Resource(
    "scenarios", "Scenarios", "Calls as they must go: kept, changed and run against a draft or a version."
)

_LONGEST_YAML = 60_000


class ScenarioShown(Schema):
    """A scenario."""

    name = fields.String(required=True)
    revision = fields.Integer(
        required=True, metadata={"description": "What a change names as its base; 0: the shipped file."}
    )
    document = fields.Dict(required=True, metadata={"description": "As prompts/scenario.schema.json says."})
    yaml = fields.String(required=True, metadata={"description": "The same, as a file."})


class ScenarioList(Schema):
    """Scenarios."""

    scenarios = fields.List(fields.Nested(ScenarioShown), required=True)
    total = fields.Integer(required=True)


class ScenarioTold(Strict):
    """A scenario that is to be kept: as a document, or as the text of a file."""

    document = fields.Dict(metadata={"description": "As prompts/scenario.schema.json says."})
    text = text(_LONGEST_YAML, metadata={"description": "The text of a YAML or JSON file, in place of the document."})
    revision = fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000))


class RevisionQuery(Strict):
    """Which revision is meant."""

    revision = fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000))


class Kept(Schema):
    """What was kept."""

    name = fields.String(required=True)
    revision = fields.Integer(required=True)


class RunTold(Strict):
    """What is to be run."""

    against = choice("draft", "version", "live", load_default="draft")
    version = fields.Integer(validate=validate.Range(min=1, max=2**31 - 1))
    names = fields.List(text(60, shortest=1), load_default=list, validate=validate.Length(max=500))
    mode = choice("text", "audio", load_default="text")


class RunShown(Schema):
    """A run, going on or over."""

    run_id = fields.String(required=True)
    against = fields.String(required=True)
    mode = fields.String(required=True)
    state = choice("running", "done", "failed", required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)
    failures = fields.Integer(required=True)
    results = fields.List(fields.Dict(), required=True)


@scenarios.operation("get", "/scenarios", scope="draft:read", query=SliceQuery, gives=ScenarioList)
def every(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Every scenario."""
    found = kept.scenarios(transaction.session(), scenario_runs().shipped())
    part = list(found.values())[query["offset"] :][: query["limit"]]
    return {"scenarios": [_shown(one) for one in part], "total": len(found)}


@scenarios.operation(
    "get", "/scenarios/<id:name>", scope="draft:read", gives=ScenarioShown, refuses=("scenario_unknown",)
)
def one(name: str) -> ResponseReturnValue:
    """One scenario."""
    found = kept.scenario(transaction.session(), name, scenario_runs().shipped())
    return errors.refused("scenario_unknown") if found is None else _shown(found)


@scenarios.operation(
    "post",
    "/scenarios",
    scope="draft:write",
    content=ScenarioTold,
    gives=Kept,
    status=201,
    refuses=("scenario_changed",),
)
def save(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Keep a scenario under its name; `revision` is the one that it was made from, 0 for a new one."""
    given = content.get("text") or json.dumps(content.get("document", {}), ensure_ascii=False)
    found = read(given, file="scenario")
    if found.scenario is None:
        place = "text" if content.get("text") else "document"
        refuse({place: [str(problem).removeprefix("scenario:") for problem in found.problems]})
    runs, session = scenario_runs(), transaction.session()
    done = kept.save(
        session, found.document, revision=content["revision"], shipped=runs.shipped(), by=actor(), now=transaction.now()
    )
    if isinstance(done, Stale):
        return errors.refused("scenario_changed")
    return {"name": found.scenario.name, "revision": done.revision}, 201


@scenarios.operation(
    "delete", "/scenarios/<id:name>", scope="draft:write", query=RevisionQuery,
    refuses=("scenario_unknown", "scenario_changed"),
)  # fmt: skip
def remove(query: Mapping[str, Any], name: str) -> ResponseReturnValue | None:
    """Take a scenario out; a shipped one is not run any more."""
    runs, session = scenario_runs(), transaction.session()
    done = kept.remove(
        session, name, revision=query["revision"], shipped=runs.shipped(), by=actor(), now=transaction.now()
    )
    match done:
        case Unknown():
            return errors.refused("scenario_unknown")
        case Stale():
            return errors.refused("scenario_changed")
        case Saved():
            return None


@scenarios.operation(
    "post", "/scenario-runs", scope="scenarios:run", content=RunTold, gives=RunShown, status=201,
    refuses=("scenario_unknown", "version_unknown", "runs_busy"),
)  # fmt: skip
def run(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Begin a run: all scenarios, or those that are named."""
    runs, session, now = scenario_runs(), transaction.session(), transaction.now()
    if kept.running(session, now) >= MOST_AT_ONCE:
        return errors.refused("runs_busy")
    stored = kept.scenarios(session, runs.shipped())
    if any(name not in stored for name in content["names"]):
        return errors.refused("scenario_unknown")
    against: Against | None = runs.draft(session) if content["against"] == "draft" else runs.live(session)
    if content["against"] == "version":
        against = runs.version(session, content.get("version", 0))
    if against is None:
        return errors.refused("version_unknown")
    found, mode = chosen(stored, content["names"]), content["mode"]
    run_id = runs.begin(session, against, found, by=actor(), mode=mode)
    # Its thread waits for the row: where this request fails, nothing is run.
    runs.go_on(run_id, against, found, mode=mode)
    told = kept.run(session, run_id, now)
    return (_run_shown(told) if told is not None else {}), 201


@scenarios.operation(
    "get", "/scenario-runs/<id:run_id>", scope="scenarios:run", gives=RunShown, refuses=("run_unknown",)
)
def one_run(run_id: str) -> ResponseReturnValue:
    """How far a run has come, or what it came to."""
    found = kept.run(transaction.session(), run_id, transaction.now())
    return errors.refused("run_unknown") if found is None or found.kind != kept.SCENARIOS else _run_shown(found)


def _shown(found: Stored) -> dict[str, Any]:
    return {
        "name": found.name,
        "revision": found.revision,
        "document": dict(found.document),
        "yaml": written(found.document),
    }


def _run_shown(run_: kept.Run) -> dict[str, Any]:
    return {
        "run_id": run_.run_id, "against": run_.against, "mode": run_.mode, "state": run_.state, "done": run_.done,
        "total": run_.total, "failures": run_.failures, "results": run_.result or [],
    }  # fmt: skip
