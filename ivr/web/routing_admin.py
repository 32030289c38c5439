"""The page on routing: queues and agents' skills, edited by admins and read by supervisors, and who could take a call.

Every change is kept with who made it; two people who edit the same thing are told so and lose nothing.
"""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ivr.accounts.store import Role
from ivr.web import errors, transaction
from ivr.web import routing_admin_view as view
from ivr.web.admin import WATCHERS
from ivr.web.audited import noted
from ivr.web.guards import guarded_by, the_person
from ivr.web.languages import language
from ivr.web.routing_admin_forms import LANGUAGE_CODES, AgentSkillsForm, PreviewForm, QueueForm, fields_of
from ivr.web.wiring import wiring
from routing import reports, store
from routing.agents import Refused
from routing.queues import DEFAULT_QUEUE, Queue
from routing.skills import HIGHEST_LEVEL, LOWEST_LEVEL

routing_admin = Blueprint("routing_admin", __name__, url_prefix="/admin/routing")

_UNPROCESSABLE = 422
_CONFLICT = 409
_MORE_LINES = 2
_NEW = "new"


@routing_admin.get("")
@guarded_by(*WATCHERS)
def page() -> ResponseReturnValue:
    """Every queue and every agent's skills, and what was changed last."""
    session, company = transaction.session(), wiring().doors.company
    return render_template(
        "routing/page.html",
        queues=view.queue_lines(session, company=company.hours, now=transaction.now()),
        agents=reports.agents(session),
        changes=view.changes(session),
    )


@routing_admin.get("/queues/<queue_id>")
@guarded_by(*WATCHERS)
def queue(queue_id: str) -> ResponseReturnValue:
    """One queue, to read or to edit."""
    saved, version = _saved(queue_id)
    form = QueueForm(data=fields_of(saved, version)) if queue_id != _NEW else QueueForm(data=_fields_of_new())
    return _draw_queue(form, queue_id)


@routing_admin.post("/queues/<queue_id>")
@guarded_by(Role.ADMIN)
def save_queue(queue_id: str) -> ResponseReturnValue:
    """Keep what the form says, unless somebody else has changed the queue since it was opened."""
    session = transaction.session()
    form = _queue_form(queue_id)
    told = form.queue(wiring().doors.company.hours) if form.validate() else None
    if told is None:
        return _draw_queue(form, queue_id, status=_UNPROCESSABLE)
    if queue_id == _NEW and told.queue_id in {_NEW, *store.queues(session)}:
        form.blame("queue_id", "taken")
        return _draw_queue(form, queue_id, status=_UNPROCESSABLE)
    by = str(the_person().account_id)
    before = store.queues(session).get(told.queue_id)
    outcome = store.save_queue(session, told, by=by, version=form.version.data, now=transaction.now())
    if isinstance(outcome, Refused):
        return _draw_conflict(form, told)
    noted(
        "queue.made" if queue_id == _NEW else "queue.changed",
        f"queue {told.queue_id}",
        before=None if before is None else before.as_json(),
        after=told.as_json(),
    )
    flash(gettext("The queue is saved. It counts from the next call on that is offered."))
    return redirect(url_for("routing_admin.queue", queue_id=told.queue_id), code=303)


@routing_admin.post("/queues/<queue_id>/preview")
@guarded_by(*WATCHERS)
def preview(queue_id: str) -> ResponseReturnValue:
    """Who could take a call now and after some waiting, by the rules in the form, which are not saved by this."""
    saved, version = _saved(queue_id)
    if the_person().role is not Role.ADMIN:
        form = QueueForm(formdata=None, data=fields_of(saved, version))
        return _draw_queue(form, queue_id, tried=saved)
    form = _queue_form(queue_id)
    told = form.queue(wiring().doors.company.hours) if form.validate() else None
    return _draw_queue(form, queue_id, tried=told, status=200 if told is not None else _UNPROCESSABLE)


@routing_admin.get("/agents/<agent_id>")
@guarded_by(*WATCHERS)
def agent(agent_id: str) -> ResponseReturnValue:
    """What one agent can do, to read or to edit."""
    kept = store.skills_kept(transaction.session(), agent_id)
    if kept is None:
        abort(404)
    return _draw_agent(AgentSkillsForm(data=_fields_of_agent(kept)), agent_id)


@routing_admin.post("/agents/<agent_id>")
@guarded_by(Role.ADMIN)
def save_agent(agent_id: str) -> ResponseReturnValue:
    """Keep what the agent can do and what each level rests on."""
    session = transaction.session()
    kept = store.skills_kept(session, agent_id, holds=True)
    if kept is None:
        return errors.refused("agent_unknown")
    form = AgentSkillsForm()
    form.languages.choices = _languages(kept["languages"])
    told = form.told() if form.validate() else None
    if told is None:
        return _draw_agent(form, agent_id, status=_UNPROCESSABLE)
    skills, basis = told
    if form.seen.data != _seal(kept):
        mine = {"skills": skills, "basis": basis, "languages": form.languages.data}
        form.seen.data = _seal(kept)
        return _draw_agent(form, agent_id, theirs=view.changed_fields(mine, kept), status=_CONFLICT)
    by = str(the_person().account_id)
    store.save_skills(
        session,
        agent_id=agent_id,
        skills=skills,
        basis=basis,
        languages=form.languages.data,
        by=by,
        now=transaction.now(),
    )
    noted("skills.changed", f"agent {agent_id}", before=kept, after=store.skills_kept(session, agent_id))
    flash(gettext("The skills are saved. They count from the next call on that is offered."))
    return redirect(url_for("routing_admin.agent", agent_id=agent_id), code=303)


def _saved(queue_id: str) -> tuple[Queue, int]:
    session = transaction.session()
    if queue_id == _NEW:
        return Queue(queue_id=_NEW), 0
    found = store.queues(session).get(queue_id)
    if found is None:
        abort(404)
    return found, store.queue_version(session, queue_id)


def _fields_of_new() -> Mapping[str, Any]:
    return {**fields_of(DEFAULT_QUEUE, 0), "queue_id": "", "name_it": "", "name_en": ""}


def _queue_form(queue_id: str) -> QueueForm:
    form = QueueForm()
    if queue_id != _NEW:
        form.queue_id.data = queue_id
    _offer(form)
    return form


def _offer(form: QueueForm) -> None:
    session = transaction.session()
    form.offer(
        skills=view.known_skills(session),
        queues=store.queues(session),
        company=wiring().doors.company.hours,
        language=language(),
    )


def _draw_conflict(form: QueueForm, told: Queue) -> ResponseReturnValue:
    """Show what somebody else saved meanwhile beside the person's own values, which stay in the form and can be saved now."""
    saved, version = _saved(told.queue_id)
    form.version.data = version
    # The form's hidden field is drawn from what was sent, unless that is put right as well.
    form.version.raw_data = [str(version)]
    theirs = view.changed_fields(told.as_json(), saved.as_json())
    return _draw_queue(form, told.queue_id, theirs=theirs, status=_CONFLICT)


def _draw_queue(
    form: QueueForm,
    queue_id: str,
    *,
    tried: Queue | None = None,
    theirs: tuple[tuple[str, str, str], ...] = (),
    status: int = 200,
) -> ResponseReturnValue:
    session = transaction.session()
    _offer(form)
    saved, version = _saved(queue_id)
    asked = _preview_form(saved)
    looks: tuple[view.Look, ...] = ()
    if tried is not None and asked.validate():
        looks = view.look_ahead(
            session,
            _asked(asked),
            tried,
            saved=saved if tried != saved and queue_id != _NEW else None,
            now=transaction.now(),
            rules=wiring().doors.company.routing_rules,
            language=language(),
        )
    page = render_template(
        "routing/queue.html",
        form=form,
        queue=saved,
        queue_id=queue_id,
        is_new=queue_id == _NEW,
        version=version,
        may_edit=the_person().role is Role.ADMIN,
        asked=asked,
        looks=looks,
        is_tried=tried is not None and tried != saved,
        theirs=theirs,
        changes=view.changes(session, f"queue:{queue_id}"),
    )
    return page, status


def _preview_form(saved: Queue) -> PreviewForm:
    session = transaction.session()
    agents = reports.agents(session)
    skills = tuple(dict.fromkeys((*saved.team, *view.known_skills(session)))) or (saved.queue_id,)
    asked = PreviewForm(request.form if "p-skill" in request.form else None, prefix="p-", data={"skill": skills[0]})
    spoken = sorted({code for one in agents for code in one.languages} | {"it", "en"})
    asked.offer(skills=skills, languages=spoken, agents=[(one.agent_id, one.name) for one in agents])
    return asked


def _asked(form: PreviewForm) -> view.Asked:
    return view.Asked(
        skill=form.skill.data,
        level=int(form.level.data),
        language=form.language.data,
        agent_id=form.agent.data,
        kept_seconds=form.kept_seconds.data or 0,
        all_free=form.all_free.data,
    )


def _draw_agent(
    form: AgentSkillsForm, agent_id: str, *, theirs: tuple[tuple[str, str, str], ...] = (), status: int = 200
) -> ResponseReturnValue:
    session = transaction.session()
    presence = reports.state_of(session, agent_id)
    if presence is None:
        abort(404)
    form.languages.choices = _languages(presence.languages)
    page = render_template(
        "routing/agent.html",
        form=form,
        agent=presence,
        may_edit=the_person().role is Role.ADMIN,
        known_skills=view.known_skills(session),
        levels=(LOWEST_LEVEL, HIGHEST_LEVEL),
        theirs=theirs,
        changes=view.changes(session, f"skills:{agent_id}"),
    )
    return page, status


def _languages(of_agent: Any) -> list[str]:
    return list(dict.fromkeys((*LANGUAGE_CODES, *of_agent)))


def _fields_of_agent(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    lines = [
        {"skill": skill, "level": str(level), "basis": kept["basis"].get(skill, "")}
        for skill, level in sorted(kept["skills"].items())
    ]
    empty = [{"skill": "", "level": "1", "basis": ""}] * _MORE_LINES
    return {"seen": _seal(kept), "languages": kept["languages"], "skills": [*lines, *empty]}


def _seal(kept: Mapping[str, Any]) -> str:
    return json.dumps(kept, sort_keys=True)
