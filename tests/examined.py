"""Schemathesis over the API's whole document, against the real application in this process: what it asked, and what was wrong.

Its coverage phase asks at the bounds of every field, its fuzzing phase beyond them, its stateful phase follows one answer into
the next request. The tests and the bench `admin` use the same function.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from sqlalchemy import text

from ivr.accounts import store as accounts
from ivr.accounts import tokens
from ivr.accounts.store import Person
from tests.examined_house import KNOWN, known_body
from tests.service.desks import House

DOCUMENT = "/api/v1/openapi.json"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# Far from every number that is generated or counted, so that no request ends the token that asks.
OWN_TOKEN_ID = 1_234_567_891


@dataclass
class Examined:
    """What came of it."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)  # by operation and status
    failures: list[str] = field(default_factory=list)

    def operations(self) -> frozenset[str]:
        """The operations that were asked."""
        return frozenset(operation for operation, _ in self.answers)

    def statuses(self, operation: str) -> frozenset[int]:
        """Every status that an operation answered with."""
        return frozenset(status for asked, status in self.answers if asked == operation)


def token_for(house: House, email: str, scopes: Iterable[str]) -> str:
    """A token that lives through the examination."""
    with house.sessions.begin() as session:
        session.execute(text("DELETE FROM api_tokens WHERE token_id = :own"), {"own": OWN_TOKEN_ID})
        person = accounts.by_email(session, email)
        assert isinstance(person, Person)
        made = tokens.make(session, by=person, name="examiner", scopes=tuple(scopes), days=30, now=house.clock())
        assert isinstance(made, tokens.Made), made
        values = {"own": OWN_TOKEN_ID, "made": made.token.token_id}
        session.execute(text("UPDATE api_tokens SET token_id = :own WHERE token_id = :made"), values)
    return made.secret


def examine(
    house: House, secret: str, *, examples: int = 10, phases: Iterable[str] = ("coverage", "fuzzing")
) -> Examined:
    """Ask every operation in many ways; each phase asks up to `examples` times an operation, the coverage phase as it must."""
    phases = frozenset(phases)
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, house.app, config=_config(secret, examples, phases))

    @schema.hook("map_path_parameters")
    def lead_somewhere(_context: Any, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
        return _every_other_known(parameters)

    @schema.hook("map_query")
    def ask_for_something(_context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
        return _every_other_known(query)

    @schema.hook("map_body")
    def send_what_fits(context: Any, body: Any) -> Any:
        known = known_body(house, context.operation.label) if len(str(body)) % 2 else None
        return body if known is None else known

    examined = Examined()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _keep(event, examined)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            examined.failures.append(f"schemathesis itself: {getattr(event, 'value', None) or event.exception!r}")
    return examined


def _every_other_known(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """Every other of these becomes one that leads to something."""
    for name, value in (given or {}).items():
        known = KNOWN.get(name)
        if known and len(str(value)) % 2 and given is not None:
            given[name] = known[len(str(value)) // 2 % len(known)]
    return given


def _config(secret: str, examples: int, phases: frozenset[str]) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 20261122,
            "max-failures": 200,
            "headers": {"Authorization": f"Bearer {secret}"},
            "generation": {"max-examples": examples, "database": "none", "deterministic": True, "mode": "all"},
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "phases": {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")},
        }
    )


def _keep(event: events.ScenarioFinished, examined: Examined) -> None:
    told = event.recorder
    for case_id, asked in told.interactions.items():
        if asked.response is not None:
            examined.answers[told.cases[case_id].value.operation.label, asked.response.status_code] += 1
    for case_id, checks in told.checks.items():
        case = told.cases[case_id].value
        examined.failures += [
            f"{event.phase.value}: {case.operation.label}: {one.name}: {one.failure_info.failure}\n{case.as_curl_command()}"
            for one in checks
            if one.failure_info is not None
        ]
