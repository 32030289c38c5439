"""The supervisor's page of alerts on voices: what happened in plain words, whether it was an attack, and the watched voices."""

from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from biometrics import alerts as store
from biometrics import watchlist
from biometrics.alerts import Verdict
from biometrics.attacks import DEFAULT_RULES
from biometrics.vault import Vault
from biometrics.watchlist import LONGEST_LABEL, NotWatched
from ivr.web import alerts_view, errors, transaction
from ivr.web.admin import WATCHERS
from ivr.web.audited import noted
from ivr.web.forms import WatchForm
from ivr.web.guards import guarded_by, the_person
from ivr.web.people import current_person
from sealing.columns import ring_of
from sealing.keys import KeyRing

alerts = Blueprint("alerts", __name__, url_prefix="/admin/alerts")

# How long a voice is watched unless something else is chosen.
USUAL_DAYS = 30
_VERDICTS = {Verdict.ATTACK: _l("Kept: an attack."), Verdict.HARMLESS: _l("Kept: harmless.")}


@alerts.get("")
@guarded_by(*WATCHERS)
def page() -> ResponseReturnValue:
    """All alerts, and the watched voices."""
    session, now = transaction.session(), transaction.now()
    return render_template(
        "alerts.html",
        alerts=alerts_view.shown_alerts(session, _ring(), now),
        watches=alerts_view.shown_watches(session, _ring(), now),
        usual_days=USUAL_DAYS,
        most_days=DEFAULT_RULES.watch_days,
        longest_label=LONGEST_LABEL,
    )


@alerts.post("/<int:alert_id>/verdict")
@guarded_by(*WATCHERS)
def judge(alert_id: int) -> ResponseReturnValue:
    """Keep what the person found it to be; another verdict takes its place."""
    given = request.form.get("verdict", "")
    if given not in set(Verdict):
        return errors.refused("form_incomplete")
    verdict, session = Verdict(given), transaction.session()
    before = store.alert(session, alert_id)
    if before is None:
        return errors.refused("alert_unknown")
    store.judge(session, alert_id, verdict=verdict, by=str(the_person().account_id), now=transaction.now())
    noted("alert.judged", f"alert {alert_id}", before=before.verdict or None, after=verdict.value)
    return _back(str(_VERDICTS[verdict]))


@alerts.post("/<int:alert_id>/watch")
@guarded_by(*WATCHERS)
def watch(alert_id: int) -> ResponseReturnValue:
    """Watch the voice of the alert's call for some days."""
    form = WatchForm()
    alert = store.alert(transaction.session(), alert_id)
    if alert is None:
        return errors.refused("alert_unknown")
    if not form.validate():
        return errors.refused("form_incomplete")
    watched = watchlist.watch(
        transaction.session(),
        _ring(),
        watch_id=uuid4().hex,
        call_id=alert.call_id,
        label=form.label.data,
        added_by=str(the_person().account_id),
        days=form.days.data,
        now=transaction.now(),
    )
    if isinstance(watched, NotWatched):
        return errors.refused("no_voice_kept" if watched.reason == "no_voice" else "form_incomplete")
    # The reason is somebody's words about a caller: it stays with the voice and goes when that is erased.
    noted("voice.watched", f"alert {alert_id}", after={"days": form.days.data})
    return _back(gettext("The voice is watched."))


@alerts.post("/<int:alert_id>/unlock")
@guarded_by(*WATCHERS)
def unlock(alert_id: int) -> ResponseReturnValue:
    """Let the voice of the alert's customer count again."""
    alert = store.alert(transaction.session(), alert_id)
    if alert is None:
        return errors.refused("alert_unknown")
    if not Vault(_ring()).unlock(transaction.session(), alert.customer_id):
        return errors.refused("not_in_this_state")
    # The trail forgets nothing, so it names no customer: the alert does, until the customer is erased.
    noted("voice.unlocked", f"alert {alert_id}")
    return _back(gettext("The voice counts again."))


@alerts.post("/watched/<watch_id>/stop")
@guarded_by(*WATCHERS)
def unwatch(watch_id: str) -> ResponseReturnValue:
    """Stop watching a voice; it is erased."""
    if not watchlist.unwatch(transaction.session(), watch_id):
        return errors.refused("not_in_this_state")
    noted("voice.unwatched", f"watch {watch_id}")
    return _back(gettext("The voice is no longer watched."))


def open_alerts() -> int:
    """How many alerts nobody has looked at, for the navigation of those who may see them."""
    person = current_person()
    return store.count_open(transaction.session()) if person is not None and person.role in WATCHERS else 0


def _back(said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("alerts.page"), code=303)


def _ring() -> KeyRing:
    return ring_of(transaction.session().connection())
