"""The page of what-if: a past day re-run against other skills, people or rings, for supervisors and admins."""

import csv
import io
from datetime import date, timedelta

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ivr.accounts import store as accounts
from ivr.web import live, transaction, what_if_runs
from ivr.web.admin import WATCHERS
from ivr.web.guards import guarded_by, the_person
from ivr.web.languages import language
from ivr.web.people import current_token
from ivr.web.what_if_form import Choices, WhatIfForm, sentence
from ivr.web.wiring import wiring
from routing import estimate_query, reports, store_what_if, what_if_query
from routing.store_what_if import Run
from routing.waiting import Rules
from routing.what_if import FIGURES, WhatIf, what_if_from_json
from routing.what_if_day import ChangeError, check
from routing.what_if_plot import waits_png

what_if = Blueprint("what_if", __name__, url_prefix="/admin/what-if")

_UNPROCESSABLE = 422
# The page asks for progress itself: a run is seldom, and its steps take a second.
_LOOK_SECONDS = 0.5
# The same draws for every run of a day: two changes are compared with each other, not with chance.
_SEED = 1
# The error of what callers were told is that of the last week.
_ERROR_OVER = timedelta(days=7)


@what_if.get("")
@guarded_by(*WATCHERS)
def page() -> ResponseReturnValue:
    """The form, and the newest runs."""
    return _draw(WhatIfForm(formdata=None))


@what_if.post("")
@guarded_by(*WATCHERS)
def begin() -> ResponseReturnValue:
    """Begin a run, and go to its page."""
    session, now = transaction.session(), transaction.now()
    form = WhatIfForm()
    form.offer(_choices(), language())
    if not form.validate():
        return _draw(form, refusal=sentence(ChangeError("what_if_form")))
    if store_what_if.running(session, now) >= what_if_runs.MOST_AT_ONCE:
        return _draw(form, refusal=sentence(ChangeError("what_if_busy")))
    day = date.fromisoformat(form.day.data)  # one of those that the form offered
    try:
        past = what_if_query.past_day(session, day, _rules())
        change = form.change(past)
        check(past, change)
    except ChangeError as error:
        return _draw(form, refusal=sentence(error))
    run_id, total = what_if_runs.new_id(), form.replications.data
    by = str(the_person().account_id)
    store_what_if.add_run(session, run_id=run_id, by=by, day=day.isoformat(), asked=form.words(), total=total, now=now)
    wanted = what_if_runs.Wanted(past=past, change=change, replications=total, seed=_SEED)
    what_if_runs.start(run_id, wanted, wiring().sessions, wiring().clock)
    return redirect(url_for("what_if.run", run_id=run_id), code=303)


@what_if.get("/<run_id>")
@guarded_by(*WATCHERS)
def run(run_id: str) -> ResponseReturnValue:
    """A run: how far it has come, or what it came to."""
    found = _found(run_id)
    answer = _answer(found)
    form = WhatIfForm(formdata=None)
    return render_template(
        "what_if/run.html",
        run=found,
        by=_names().get(found.by, ""),
        answer=answer,
        figures=FIGURES,
        labels=form.labels(),
        progress=render_template("what_if/progress.html", run=found),
    )


@what_if.get("/<run_id>/events")
@guarded_by(*WATCHERS)
def events(run_id: str) -> ResponseReturnValue:
    """How far the run has come, as it goes on; the page is asked for again when it is over."""
    token = current_token()

    def look() -> Run | None:
        moment = wiring().clock()
        with transaction.one_look() as session:
            if accounts.signed_in(session, token=token, now=moment) is None:
                return None
            found = store_what_if.run(session, run_id, moment)
        return found if found is not None and found.state == "running" else None

    def draw(found: Run) -> dict[str, str]:
        return {"progress": render_template("what_if/progress.html", run=found)}

    return live.stream(look, draw, at_latest_seconds=_LOOK_SECONDS)


@what_if.get("/<run_id>/plot.png")
@guarded_by(*WATCHERS)
def plot(run_id: str) -> ResponseReturnValue:
    """The waits by hour, as a picture."""
    words = {
        "hour": gettext("Hour of the day"),
        "seconds": gettext("Mean wait, seconds"),
        "really": gettext("Really"),
        "before": gettext("Replayed"),
        "after": gettext("With the change"),
        "alt": "",
    }
    return Response(waits_png(_must_be_done(run_id), words), mimetype="image/png")


@what_if.get("/<run_id>/figures.csv")
@guarded_by(*WATCHERS)
def figures(run_id: str) -> ResponseReturnValue:
    """The figures as a table for a spreadsheet."""
    written = io.StringIO()
    csv.writer(written).writerows(_must_be_done(run_id).rows())
    name = f"what-if-{run_id[:8]}.csv"
    return Response(
        written.getvalue(), mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _draw(form: WhatIfForm, refusal: str = "") -> ResponseReturnValue:
    session, now = transaction.session(), transaction.now()
    choices = _choices()
    form.offer(choices, language())
    drawn = render_template(
        "what_if/page.html",
        form=form,
        refusal=refusal,
        has_days=bool(choices.days),
        runs=store_what_if.runs(session, now),
        names=_names(),
        errors=estimate_query.estimate_error(session, now - _ERROR_OVER, now, _rules()),
    )
    return drawn, _UNPROCESSABLE if refusal else 200


def _choices() -> Choices:
    session = transaction.session()
    return Choices(
        days=what_if_query.days(session, transaction.now(), _rules()),
        agents=reports.agents(session),
        queues=what_if_query.queues_of(session),
    )


def _rules() -> Rules:
    return wiring().doors.company.routing_rules


def _found(run_id: str) -> Run:
    found = store_what_if.run(transaction.session(), run_id, transaction.now())
    if found is None:
        abort(404)
    return found


def _answer(found: Run) -> WhatIf | None:
    return None if found.result is None else what_if_from_json(found.result)


def _must_be_done(run_id: str) -> WhatIf:
    answer = _answer(_found(run_id))
    if answer is None:
        abort(404)
    return answer


def _names() -> dict[str, str]:
    return {str(person.account_id): person.display_name for person in accounts.everyone(transaction.session())}
