"""A company with one agent, one supervisor and one call that waits, on a real database and the real application.

For the desks' tests and their pictures: `python -m tests.service.desks FOLDER` serves it on 127.0.0.1:5999.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker
from twilio.base.exceptions import TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response as RestResponse
from werkzeug.test import TestResponse

from biometrics.encoders import SpeakerEncoder
from ivr import database
from ivr.accounts import store as accounts
from ivr.accounts.store import Added, Role
from ivr.app import create_app
from ivr.calls import store as calls
from ivr.calls.store import Exchange
from ivr.calls.tables import Call
from ivr.customers.tables import Case, Contact, Customer, CustomerNumber, Order
from ivr.settings import Settings
from routing import dispatch, store
from routing.agents import AgentEvent
from routing.skills import Requirements
from tests.keys import DATA_KEYS
from tests.telephone import understanding as shipped_understanding

PASSWORD = "un ricordo di vacanza"
AGENT, SUPERVISOR, ADMIN = "giulia@example.it", "marta@example.it", "paolo@example.it"
CALL = "CA" + "1" * 32
LATE_ORDER = "1042"
# How the turns of the call were heard, as the media socket and the conductor keep it.
HEARD_UNSURELY: Mapping[str, Any] = {
    "by": "vosk",
    "confidence": 0.62,
    "words": [
        {"text": text, "begin": 1.3, "end": 1.5, "confidence": 0.31 if text in {"bollitore", "visto"} else 0.97}
        for text in (
            "sì",
            "ma",
            "guardi",
            "è",
            "la",
            "terza",
            "volta",
            "che",
            "chiamo",
            "il",
            "bollitore",
            "doveva",
            "arrivare",
            "sabato",
            "e",
            "non",
            "si",
            "è",
            "visto",
            "nessuno",
        )
    ],
    "alternatives": [
        {"text": "sì ma guardi è la terza volta che chiamo il bollettino", "confidence": 0.4, "by": "vosk restricted"}
    ],
    "seconds": 9.84,
    "speech_seconds": 6.2,
    "first_word_seconds": 1.26,
    "ended": "speech",
    "interrupted_prompt": True,
    "late_messages": 12,
    "lost_seconds": 0.24,
    "refused_messages": 0,
    "failure": "",
}
HEARD_BY_CARRIER: Mapping[str, Any] = {
    "by": "carrier",
    "confidence": 0.93,
    "ended": "speech",
    "failure": "5 calls are heard",
}
NOTHING_HEARD: Mapping[str, Any] = {
    "by": "", "confidence": None, "words": [], "alternatives": [], "seconds": 7.0, "speech_seconds": 0.0,
    "first_word_seconds": None, "ended": "stalled", "interrupted_prompt": False, "late_messages": 0, "lost_seconds": 0.0,
    "refused_messages": 0, "failure": "",
}  # fmt: skip
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class ScriptedCarrier(HttpClient):
    """The carrier's REST API from a list of requests: answers each with a sid and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []

    def request(self, method: str, url: str, *_: Any, data: Any = None, **__: Any) -> RestResponse:
        """Answer one request."""
        self.asked.append((method, url, dict(data or {})))
        if url.endswith("/nowhere"):
            raise TwilioRestException(404, url)
        return RestResponse(201, '{"sid": "CA' + "2" * 32 + '"}')


@dataclass(kw_only=True)
class Clock:
    """A clock that a test moves."""

    now: datetime = START

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class House:
    """The application and what stands around it."""

    app: Flask
    engine: Engine
    clock: Clock
    carrier: ScriptedCarrier
    sessions: sessionmaker[Session] = field(repr=False)

    def browser(self) -> "Browser":
        """A browser that nobody has signed in with."""
        return Browser(client=self.app.test_client())

    def signed_in(self, email: str = AGENT) -> "Browser":
        """A browser of somebody."""
        browser = self.browser()
        assert browser.sign_in(email, PASSWORD).status_code == 303
        return browser

    def offer(self) -> int:
        """Let the agent be available and the waiting call be offered; gives the offer's number."""
        with self.sessions.begin() as session:
            agent_is_ready(session, self.clock())
            return wait_and_offer(session, self.clock())


@dataclass(frozen=True, kw_only=True)
class Browser:
    """A browser: keeps cookies, and sends a form as its page would."""

    client: FlaskClient

    def get(self, address: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(address, **more)

    def token(self, page: str = "/sign-in") -> str:
        """The token in a page's forms."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.client.get(page, follow_redirects=True).text)
        assert found is not None
        return found[1]

    def post(self, address: str, content: Mapping[str, str] | None = None, *, page: str = "/account") -> TestResponse:
        """Send a form without a script."""
        return self.client.post(address, data={"csrf_token": self.token(page), **(content or {})})

    def send(self, address: str, content: Mapping[str, str] | None = None, *, page: str = "/account") -> TestResponse:
        """Send a form as the page's script does."""
        headers = {"X-CSRFToken": self.token(page), "X-Centralino-Script": "1"}
        return self.client.post(address, data=content or {}, headers=headers)

    def sign_in(self, email: str, password: str, wanted: str = "") -> TestResponse:
        """Send the sign-in form."""
        return self.post("/sign-in", {"email": email, "password": password, "next": wanted}, page="/sign-in")


@contextmanager
def open_house(
    folder: Path, clock: Any = None, encoder: SpeakerEncoder | None = None, understanding: Any = None, **given: Any
) -> Iterator[House]:
    """The whole company in a folder."""
    settings = Settings(
        secret_key=cast("Any", "k" * 40),
        auth_token=cast("Any", "t" * 32),
        data_keys=cast("Any", DATA_KEYS),
        database_url=f"sqlite:///{folder / 'desk.sqlite'}",
        **{"models_folder": folder / "models", "cookies_secure": False, "line_url": "http://127.0.0.1:5050", **given},
    )
    clock = clock or Clock()
    engine = database.make_engine(settings.database_url, settings.key_ring)
    database.upgrade(engine)
    carrier = ScriptedCarrier()
    # Desks understand no speech: only trials ask the understanding.
    app = create_app(
        settings,
        engine=engine,
        clock=clock,
        carrier_http=carrier,
        understanding=understanding or shipped_understanding(),
        encoder=encoder,
        tick=False,
    )
    sessions = database.session_factory(engine)
    with sessions.begin() as session:
        fill(session, clock())
    try:
        yield House(app=app, engine=engine, clock=clock, carrier=carrier, sessions=sessions)
    finally:
        engine.dispose()


def fill(session: Session, now: datetime) -> None:
    """People, a customer with a history, and a call that has told its story."""
    _people(session, now)
    _customer(session, now)
    _call(session, now)


def agent_is_ready(session: Session, now: datetime) -> None:
    """The agent's desk is open and waits for a call."""
    dispatch.heartbeat(session, agent_id="giulia", now=now)
    dispatch.set_state(session, agent_id="giulia", event=AgentEvent.READY, now=now)


def wait_and_offer(session: Session, now: datetime) -> int:
    """The call asks for a person; gives the number of the offer that rings the agent."""
    requirements = Requirements(skill="recovery", level=2, languages=("it",))
    dispatch.enqueue(session, call_id=CALL, requirements=requirements, now=now, priority=10)
    offers = dispatch.dispatch(session, now)
    calls.note(session, CALL, "offered", {"agent": "giulia"}, now)
    return offers[0].offer_id


def _people(session: Session, now: datetime) -> None:
    rows = (
        (AGENT, "Giulia Ferri", Role.AGENT, "giulia"),
        (SUPERVISOR, "Marta Conti", Role.SUPERVISOR, None),
        (ADMIN, "Paolo Riva", Role.ADMIN, None),
    )
    for email, name, role, agent_id in rows:
        added = accounts.add(
            session, email=email, display_name=name, role=role, password=PASSWORD, agent_id=agent_id, now=now
        )
        assert isinstance(added, Added)
    agents = (
        ("giulia", "Giulia Ferri", "client:giulia", ("it", "en"), {"recovery": 4, "orders": 3}),
        ("luca", "Luca Neri", "+390210420010", ("it",), {"orders": 3, "returns": 2}),
        ("sara", "Sara Bruni", "sip:sara@example.it", ("it", "en"), {"recovery": 1, "products": 5}),
    )
    for agent_id, name, address, languages, skills in agents:
        store.save_agent(
            session, agent_id=agent_id, name=name, address=address, languages=languages, skills=skills, now=now
        )
    dispatch.set_state(session, agent_id="sara", event=AgentEvent.READY, now=now)


def _customer(session: Session, now: datetime) -> None:
    customer_id = "K0007"
    session.add(Customer(customer_id=customer_id, name="Chiara Moretti", language="it", email="chiara@example.it"))
    session.flush()
    session.add(CustomerNumber(customer_id=customer_id, number="+393331234567"))
    bought = (
        (LATE_ORDER, "Bollitore elettrico 1,7 l, acciaio", "shipped", 9, date(2026, 11, 26), date(2026, 11, 21), None),
        ("1017", "Set di lenzuola matrimoniali, lino", "delivered", 30, date(2026, 11, 2), date(2026, 11, 2),
         date(2026, 11, 1)),
    )  # fmt: skip
    for number, items, status, days_ago, due_on, promised_on, delivered_on in bought:
        session.add(
            Order(
                order_number=number, customer_id=customer_id, items=items, status=status,
                placed_on=(now - timedelta(days=days_ago)).date(), due_on=due_on, promised_on=promised_on,
                delivered_on=delivered_on, carrier="BRT", postcode="20131",
            )
        )  # fmt: skip
    session.add(
        Case(
            case_id="C204117", customer_id=customer_id, number="+393331234567", kind="complaint",
            summary="Il corriere non ha suonato; vuole la consegna di sera.", opened_at=now - timedelta(days=2),
            due_at=now - timedelta(days=1), opened_in_call="CA" + "0" * 32,
        )
    )  # fmt: skip
    past = (
        (2, "phone", "complaint", "to_follow_up", "Corriere avvisato, promessa nuova consegna entro oggi."),
        (4, "chat", "order_status", "solved", ""),
        (31, "web", "product_question", "solved", "Misure delle lenzuola."),
    )
    for days_ago, channel, reason, outcome, note in past:
        session.add(
            Contact(
                customer_id=customer_id, at=now - timedelta(days=days_ago, hours=1), channel=channel, reason=reason,
                outcome=outcome, note=note,
            )
        )  # fmt: skip


def _call(session: Session, now: datetime) -> None:
    began = now - timedelta(seconds=74)
    calls.add(
        session,
        Call(
            call_id=CALL, from_number="+393331234567", to_number="+390210420000", flow="shop", flow_version=1,
            listening="carrier", language="it", status=calls.WAITING, started_at=began, customer_id="K0007",
            reason="complaint", route_reason="complaint", node="to_recovery", turn=4,
        ),
    )  # fmt: skip
    told: tuple[tuple[int, str, str, str, str, float | None, str, Mapping[str, Any]], ...] = (
        (0, "greeting", "Buongiorno, Chiara. Chiama per l'ordine 1042, che è in ritardo?", "", "", None, "",
         {}),
        (14, "tell_us_then", "Mi dica pure, l'ascolto.",
         "sì ma guardi è la terza volta che chiamo il bollitore doveva arrivare sabato e non si è visto nessuno", "yes",
         0.71, "speech", HEARD_UNSURELY),
        (38, "complaint", "Mi dispiace molto. Ho aperto un reclamo, il numero è C 3 1 8 0 2 2.",
         "voglio fare un reclamo mi avete promesso la consegna di sera e non è venuto nessuno", "complaint", 0.94,
         "speech", HEARD_BY_CARRIER),
        (61, "to_recovery", "La passo subito a una persona che può risolvere. Resti in linea.", "", "", None, "silence",
         NOTHING_HEARD),
    )  # fmt: skip
    for turn, (seconds, node, prompt, heard, intent, confidence, ended, hearing) in enumerate(told, start=1):
        exchange = Exchange(
            heard=heard, keys="", intent=intent, confidence=confidence, ended=ended, node=node, prompt=prompt, facts=(),
            answer="<Response/>", hearing=hearing,
        )  # fmt: skip
        calls.add_turn(session, CALL, turn, exchange, began + timedelta(seconds=seconds))
    happened: tuple[tuple[int, str, Mapping[str, Any]], ...] = (
        (0, "proof", {"proof": "number_on_file", "outcome": "accepted"}),
        (14, "looked_up_order", {"order_number": LATE_ORDER, "status": "shipped", "days_late": 5}),
        (38, "opened", {"kind": "complaint", "number": "C318022"}),
        (61, "queued", {"skill": "recovery", "level": 2, "reason": "complaint"}),
    )
    for seconds, kind, details in happened:
        calls.note(session, CALL, kind, details, began + timedelta(seconds=seconds))


if __name__ == "__main__":
    with open_house(Path(sys.argv[1]), clock=lambda: datetime.now(UTC)) as served:
        served.offer()
        served.app.run(port=5999, threaded=True)
