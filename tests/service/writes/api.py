"""The API's own resources."""

from collections.abc import Mapping
from typing import Any

from tests.service.desks import ADMIN
from tests.service.told_voices import CUSTOMER, ToldVoices
from tests.service.writes.desks import a_token
from tests.written import Write


def an_agent_as_read(voices: ToldVoices) -> Mapping[str, Any]:
    agent = voices.house.signed_in(ADMIN).get("/api/v1/agents/luca").json
    assert agent is not None
    return {"revision": agent["revision"]}


WRITES = (
    Write(
        endpoint="api_queues.save",
        method="PUT",
        address="/api/v1/queues/recovery",
        act="queue.made",
        json={
            "version": 0,
            "queue": {"team": ["recovery"], "names": {"it": "Recupero"}, "overflow_to": "queue:general"},
        },
    ),
    Write(
        endpoint="api_agents.save_skills",
        method="PUT",
        address="/api/v1/agents/luca/skills",
        act="skills.changed",
        json={"revision": "{revision}", "skills": {"orders": 4}, "basis": {"orders": "un corso"}, "languages": ["it"]},
        given=an_agent_as_read,
    ),
    Write(
        endpoint="api_contacts.record",
        address=f"/api/v1/customers/{CUSTOMER}/contacts",
        act="contact.entered",
        json={"at": "2026-11-20T10:00:00+01:00", "channel": "email", "reason": "complaint", "note": "Ha scritto."},
    ),
    Write(
        endpoint="api_tokens.make",
        address="/api/v1/tokens",
        act="token.made",
        json={"name": "cassa", "scopes": ["calls:read"], "days": 30},
    ),
    Write(
        endpoint="api_tokens.end",
        method="DELETE",
        address="/api/v1/tokens/{token_id}",
        act="token.ended",
        given=a_token,
    ),
)
