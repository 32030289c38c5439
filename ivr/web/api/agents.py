"""Agents by the API: who there is, what they do now, and what they can do, which is changed as on the page on routing."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.web import errors, transaction
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import SliceQuery, Strict, text
from ivr.web.audited import noted
from ivr.web.guards import the_person
from routing import reports, store
from routing.agents import AgentState, Presence
from routing.skills import HIGHEST_LEVEL, LOWEST_LEVEL

agents = Resource("agents", "Agents", "Who takes calls: what they do now, their languages, their skills with levels.")

_SKILL = r"^[\w-]{1,64}$"
_LANGUAGE = r"^[a-z]{2,3}(-[A-Z]{2})?$"
_MOST = 40


def _levels(**more: Any) -> fields.Dict:
    level = fields.Integer(strict=True, validate=validate.Range(min=LOWEST_LEVEL, max=HIGHEST_LEVEL))
    return fields.Dict(keys=fields.String(validate=validate.Regexp(_SKILL)), values=level, **more)


class SkillsTold(Strict):
    """What an agent can do, all of it."""

    revision = text(
        64, required=True, metadata={"description": "As it was read: a change is made from what one has seen."}
    )
    skills = _levels(required=True, validate=validate.Length(max=_MOST))
    basis = fields.Dict(
        keys=fields.String(validate=validate.Regexp(_SKILL)),
        values=text(200),
        validate=validate.Length(max=_MOST),
        load_default=dict,
        metadata={"description": "What each level rests on."},
    )
    languages = fields.List(
        fields.String(validate=validate.Regexp(_LANGUAGE)), required=True, validate=validate.Length(min=1, max=_MOST)
    )


class AgentShown(Schema):
    """An agent."""

    agent_id = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(AgentState)))
    since = fields.AwareDateTime(required=True)
    away_reason = fields.String(required=True)
    languages = fields.List(fields.String(), required=True)
    skills = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    basis = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    revision = fields.String(required=True)


class AgentList(Schema):
    """Agents, by name."""

    agents = fields.List(fields.Nested(AgentShown), required=True)
    total = fields.Integer(required=True)


@agents.operation("get", "/agents", scope="routing:read", query=SliceQuery, gives=AgentList)
def every(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Every agent."""
    found = reports.agents(transaction.session())
    part = found[query["offset"] :][: query["limit"]]
    return {"agents": [_shown(one) for one in part], "total": len(found)}


@agents.operation("get", "/agents/<id:agent_id>", scope="routing:read", gives=AgentShown, refuses=("agent_unknown",))
def one(agent_id: str) -> ResponseReturnValue:
    """One agent."""
    presence = reports.state_of(transaction.session(), agent_id)
    return errors.refused("agent_unknown") if presence is None else _shown(presence)


@agents.operation(
    "put", "/agents/<id:agent_id>/skills", scope="routing:write", content=SkillsTold, gives=AgentShown,
    refuses=("agent_unknown", "changed_meanwhile"),
)  # fmt: skip
def save_skills(content: Mapping[str, Any], agent_id: str) -> ResponseReturnValue:
    """Change what an agent can do. It counts from the next call on that is offered; 409 when somebody else was quicker."""
    session = transaction.session()
    kept = store.skills_kept(session, agent_id, holds=True)
    if kept is None:
        return errors.refused("agent_unknown")
    if content["revision"] != _revision(kept):
        return errors.refused("changed_meanwhile")
    store.save_skills(
        session,
        agent_id=agent_id,
        skills=content["skills"],
        basis=content["basis"],
        languages=content["languages"],
        by=str(the_person().account_id),
        now=transaction.now(),
    )
    noted("skills.changed", f"agent {agent_id}", before=kept, after=store.skills_kept(session, agent_id))
    changed = reports.state_of(session, agent_id)
    return errors.refused("agent_unknown") if changed is None else _shown(changed)


def _shown(agent: Presence) -> dict[str, Any]:
    kept = store.skills_kept(transaction.session(), agent.agent_id) or {}
    return {
        "agent_id": agent.agent_id,
        "name": agent.name,
        "state": agent.state.value,
        "since": agent.since,
        "away_reason": agent.away_reason,
        "languages": list(kept.get("languages", ())),
        "skills": dict(kept.get("skills", {})),
        "basis": dict(kept.get("basis", {})),
        "revision": _revision(kept),
    }


def _revision(kept: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]
