"""The pages of scenarios: what there is and how it went last, one as a form and as a file, runs with progress, replay."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm

from ivr.accounts import store as accounts
from ivr.accounts.store import Role
from ivr.editing import scenarios as kept
from ivr.editing import versions
from ivr.editing.scenarios import Run, Saved, Stored
from ivr.trials import judging, judging_words, replay
from ivr.trials.scenario_runs import MOST_AT_ONCE, MOST_CALLS, Against, ScenarioRuns, chosen
from ivr.trials.scenarios import about_in, written
from ivr.trials.shipped_scenarios import read
from ivr.web import errors, live, transaction
from ivr.web.audited import actor
from ivr.web.editing import scenario_form
from ivr.web.editing.scenario_wiring import scenario_runs
from ivr.web.editing.trial import SITUATIONS, TROUBLES
from ivr.web.guards import guarded_by
from ivr.web.in_words import in_words, problem_in_words
from ivr.web.languages import language
from ivr.web.people import current_token
from ivr.web.wiring import wiring

scenarios = Blueprint("scenarios", __name__, url_prefix="/admin/scenarios")

_UNPROCESSABLE: Final = 422
_CONFLICT: Final = 409
_LOOK_SECONDS: Final = 0.5
_DAYS: Final = (2, 7, 30, 90)
_NEW: Final[Mapping[str, Any]] = {"name": "", "language": "it", "steps": [{"say": ""}]}


class _Form(FlaskForm):  # type: ignore[misc]  # flask-wtf publishes no types
    """Only the token: what stands in it is read by `scenario_form`."""


@scenarios.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """Every scenario with its last result; what can be run against what; the newest runs."""
    session, now = transaction.session(), transaction.now()
    runs = scenario_runs()
    found = kept.scenarios(session, runs.shipped())
    return render_template(
        "editing/scenarios.html",
        form=_Form(formdata=None),
        scenarios=found.values(),
        faults=[problem_in_words(one) for one in runs.faults()],
        about=lambda document: about_in(document.get("about", ""), language()),
        last=_last(found),
        runs=kept.runs(session, now),
        versions=versions.versions(session, limit=30),
        days=_DAYS,
        most_calls=MOST_CALLS,
        against_words=_against_words,
        is_admin=True,
    )


@scenarios.get("/new")
@guarded_by(Role.ADMIN)
def new() -> ResponseReturnValue:
    """An empty one."""
    return _edit(Stored(name="", document=_NEW, revision=0))


@scenarios.get("/one/<name>")
@guarded_by(Role.ADMIN)
def one(name: str) -> ResponseReturnValue:
    """One scenario, as a form and as a file."""
    found = kept.scenario(transaction.session(), name, scenario_runs().shipped())
    if found is None:
        abort(404)
    return _edit(found)


@scenarios.post("/save")
@guarded_by(Role.ADMIN)
def save() -> ResponseReturnValue:
    """Keep a scenario as the form or the file says it."""
    form = request.form
    runs, session = scenario_runs(), transaction.session()
    was = form.get("was", "")
    before = kept.scenario(session, was, runs.shipped()) if was else None
    revision = form.get("revision", 0, type=int)
    stands = before or Stored(name="", document=_NEW, revision=revision)
    is_file = bool(form.get("as_file"))
    text = form.get("text", "") if is_file else written(scenario_form.document_of(form, stands.document))
    given = read(text, file=gettext("file") if is_file else "")
    if given.scenario is None:
        told = [problem_in_words(one).removeprefix(":").removeprefix("0: ") for one in given.problems]
        return _edit(stands, document=given.document, text=text, problems=told), _UNPROCESSABLE
    # Under another name it is another scenario, made from nothing.
    revision = revision if given.scenario.name == was else 0
    done = kept.save(
        session, given.document, revision=revision, shipped=runs.shipped(), by=actor(), now=transaction.now()
    )
    if not isinstance(done, Saved):
        told = [
            gettext("Somebody has changed this scenario meanwhile: %(by)s. What you wrote is still here.", by=done.by)
        ]
        return _edit(stands, document=given.document, text=text, problems=told), _CONFLICT
    flash(gettext("Saved: %(name)s.", name=given.scenario.name))
    return redirect(url_for("scenarios.one", name=given.scenario.name), code=303)


@scenarios.post("/one/<name>/remove")
@guarded_by(Role.ADMIN)
def remove(name: str) -> ResponseReturnValue:
    """Take a scenario out."""
    done = kept.remove(
        transaction.session(),
        name,
        revision=request.form.get("revision", 0, type=int),
        shipped=scenario_runs().shipped(),
        by=actor(),
        now=transaction.now(),
    )
    if not isinstance(done, Saved):
        return errors.refused("scenario_unknown" if isinstance(done, kept.Unknown) else "scenario_changed")
    flash(gettext("Taken out: %(name)s.", name=name))
    return redirect(url_for("scenarios.page"), code=303)


@scenarios.post("/run")
@guarded_by(Role.ADMIN)
def run() -> ResponseReturnValue:
    """Begin a run of some scenarios, or of all, and go to its page."""
    session, runs = transaction.session(), scenario_runs()
    if kept.running(session, transaction.now()) >= MOST_AT_ONCE:
        return errors.refused("runs_busy")
    found = kept.scenarios(session, runs.shipped())
    names = request.form.getlist("name")
    if not found or any(name not in found for name in names):
        return errors.refused("scenario_unknown")
    against = _against(runs, request.form.get("against", "draft"))
    if against is None:
        return errors.refused("version_unknown")
    mode = kept.AUDIO if request.form.get("mode") == kept.AUDIO else kept.TEXT
    wanted = chosen(found, names)
    run_id = runs.begin(session, against, wanted, by=actor(), mode=mode)
    # Its thread waits for the row: where this request fails, nothing is run.
    runs.go_on(run_id, against, wanted, mode=mode)
    return redirect(url_for("scenarios.one_run", run_id=run_id), code=303)


@scenarios.post("/replay")
@guarded_by(Role.ADMIN)
def replay_calls() -> ResponseReturnValue:
    """Begin to replay past calls against the draft, and go to the run's page."""
    session, runs = transaction.session(), scenario_runs()
    if kept.running(session, transaction.now()) >= MOST_AT_ONCE:
        return errors.refused("runs_busy")
    days = request.form.get("days", 7, type=int)
    now, draft = runs.live(session), runs.draft(session)
    run_id, calls = runs.begin_replay(session, draft, days=min(max(days, 1), 365), by=actor())
    runs.go_on_replaying(run_id, now, draft, calls)
    return redirect(url_for("scenarios.one_run", run_id=run_id), code=303)


@scenarios.get("/runs/<run_id>")
@guarded_by(Role.ADMIN)
def one_run(run_id: str) -> ResponseReturnValue:
    """A run: how far it has come, or what it came to."""
    found = kept.run(transaction.session(), run_id, transaction.now())
    if found is None:
        abort(404)
    told = found.result or []
    is_replay = found.kind == kept.REPLAY
    return render_template(
        "editing/scenario_run.html",
        run=found,
        against=_against_words(found.against),
        results=[] if is_replay else [_told(judging.result_from_json(one)) for one in told],
        replayed=replay.replayed_from_json(told) if is_replay else None,
        progress=render_template("editing/scenario_progress.html", run=found),
        ends=scenario_form.OUTCOMES | {replay.LOST: gettext("a question that the caller was never asked")},
    )


@scenarios.get("/runs/<run_id>/events")
@guarded_by(Role.ADMIN)
def events(run_id: str) -> ResponseReturnValue:
    """How far the run has come, as it goes on; the page is asked for again when it is over."""
    token = current_token()

    def look() -> Run | None:
        moment = wiring().clock()
        with transaction.one_look() as session:
            if accounts.signed_in(session, token=token, now=moment) is None:
                return None
            found = kept.run(session, run_id, moment)
        return found if found is not None and found.state == kept.RUNNING else None

    def draw(found: Run) -> dict[str, str]:
        return {"progress": render_template("editing/scenario_progress.html", run=found)}

    return live.stream(look, draw, at_latest_seconds=_LOOK_SECONDS)


def _edit(
    stored: Stored, *, document: Mapping[str, Any] | None = None, text: str = "", problems: list[str] | None = None
) -> str:
    shown = document or stored.document
    return render_template(
        "editing/scenario.html",
        form=_Form(formdata=None),
        stored=stored,
        document=shown,
        text=text or (written(stored.document) if stored.name else ""),
        rows=scenario_form.rows_of(shown),
        ends=scenario_form.ends_of(shown),
        about=scenario_form.about_of(shown),
        caller=scenario_form.caller_of(shown),
        troubles=scenario_form.troubles_of(shown),
        problems=problems or [],
        acts=scenario_form.ACTS,
        callers=scenario_form.CALLERS,
        outcomes=scenario_form.OUTCOMES,
        situations=SITUATIONS,
        all_troubles=TROUBLES,
    )


def _last(found: Mapping[str, Stored]) -> dict[str, dict[str, Any]]:
    """What came last of each scenario."""
    return {
        name: {**_told(judging.result_from_json(result)), "run": ran}
        for name, (ran, result) in kept.last_results(transaction.session()).items()
        if name in found
    }


def _told(result: judging.Result) -> dict[str, Any]:
    """A result in the reader's words."""
    spoken = language()
    failed = result.first_failure
    return {
        **asdict(result),
        "about": about_in(result.about, spoken),
        "state_words": judging_words.state(result, spoken),
        "why": judging_words.why(replace(result, reason=in_words(result.reason)), spoken),
        "told_steps": [
            {"step": step, "act": judging_words.act(step, spoken), "why": judging_words.step(step, spoken)}
            for step in result.steps
        ],
        "failed_node": failed.node if failed else "",
    }


def _against(runs: ScenarioRuns, which: str) -> Against | None:
    session = transaction.session()
    if which == "draft":
        return runs.draft(session)
    if which.isascii() and which.isdecimal() and len(which) <= 9:  # noqa: PLR2004 - what an INTEGER holds
        return runs.version(session, int(which))
    return None


def _against_words(against: str) -> str:
    kind, _, which = against.partition(":")
    if kind == "version":
        return str(gettext("version %(number)s", number=which))
    return str(gettext("the draft") if kind == "draft" else gettext("what was to be published"))
