"""A whole house for stories by telephone: the service, its database and the local line in one process, on one virtual clock.

Nothing is mocked: webhooks are signed and posted to the real application, REST calls go through the official client to the line's
own server, media sockets are handled by the real view. Only time is made.
"""

import re
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session
from twilio.http import HttpClient

from biometrics.encoders import SpeakerEncoder
from ivr import database, trial
from ivr.app import create_app, make_understanding
from ivr.calls import store, story
from ivr.calls.context import CallContext
from ivr.calls.desk import Desk
from ivr.calls.tables import Call
from ivr.intents.understanding import Understanding
from ivr.line.clock import VirtualClock
from ivr.line.exchange import Habits, NumberConfig
from ivr.line.faults import Faults
from ivr.line.inprocess import InProcessHttpClient
from ivr.line.legs import Leg
from ivr.line.line import Line
from ivr.line.party import Answer, Party, RingReply
from ivr.line.script import Say, ScriptedParty, Step, WaitFor
from ivr.line.server import create_server
from ivr.line.sockets import HandshakeRefusedError, PairOpener
from ivr.line.transports import WsgiTransport
from ivr.line.wire import Outgoing, Reply
from ivr.settings import Settings, load
from ivr.ticker import Ticker
from ivr.web.media import SOCKETS
from ivr.web.signatures import socket_is_signed
from ivr.web.voice_wiring import VoiceWiring, voice_wiring
from routing import dispatch, reports
from routing.agents import AgentEvent
from tests.keys import DATA_KEYS, RING
from tests.sealed import opened_rows

SERVICE = "https://service.test"
PASSWORD = "una frase lunga per provare"
# A Monday at ten in Rome: the line is open.
MONDAY_TEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@lru_cache(maxsize=1)
def understanding() -> Understanding:
    """The shipped phrases' understanding without an encoder, trained once for all tests."""
    return make_understanding(settings_for("sqlite:///unused", text_encoder="none", models_folder=Path("build/models")))


def settings_for(database_url: str, **given: Any) -> Settings:
    return load(
        **{
            "secret_key": "only for tests, but long enough to count",
            "auth_token": "the line's token in tests",
            "data_keys": DATA_KEYS,
            # No database of a test may hear of what another erased.
            "erasures_file": Path(tempfile.gettempdir()) / f"centralino-{uuid4()}" / "erasures.jsonl",
            "public_url": SERVICE,
            "database_url": database_url,
            "line_number": "+390210420000",
            "emergency_number": "+390210420099",
            # Stories read what is said: the carrier says it in words, our own voice in sound.
            "prompt_voice": "carrier",
            # An encoder that nobody asks for would be loaded for every story.
            "voice": "off",
            **given,
        }
    )


@dataclass
class RecordingTransport:
    """Passes the line's webhooks on, and keeps each with its answer."""

    inner: WsgiTransport
    sent: list[tuple[Outgoing, Reply]] = field(default_factory=list)
    # what happens while a webhook is on its way
    during: Callable[[Outgoing], None] = lambda _request: None

    def send(self, request: Outgoing) -> Reply:
        self.during(request)
        reply = self.inner.send(request)
        self.sent.append((request, reply))
        return reply


@dataclass(kw_only=True)
class House:
    """Everything of one story."""

    settings: Settings
    engine: Engine
    clock: VirtualClock
    app: Flask
    line: Line
    requests: "RecordingTransport"
    parties: list[ScriptedParty] = field(default_factory=list)

    # --- The caller

    def caller(self, steps: Sequence[Step] = (), **given: Any) -> ScriptedParty:
        """A party that follows steps."""
        party = ScriptedParty(clock=self.clock, steps=steps, **given)
        self.parties.append(party)
        return party

    def call(
        self, steps: Sequence[Step] = (), *, from_: str = trial.STRANGER, **extra: str
    ) -> tuple[ScriptedParty, Leg]:
        """Place a call; time does not pass yet."""
        party = self.caller(steps)
        return party, self.line.call(from_, self.settings.line_number, party, **extra)

    def whole_call(
        self, steps: Sequence[Step] = (), *, from_: str = trial.STRANGER, limit_seconds: float = 240, **extra: str
    ) -> ScriptedParty:
        """Place a call and let it run to its end."""
        party, _ = self.call(steps, from_=from_, **extra)
        assert self.run_until(lambda: party.reason is not None, limit_seconds), (
            f"the call never ended; heard: {party.heard}"
        )
        # The carrier's last words arrive after the caller has heard the last.
        self.wait(2)
        return party

    def run_until(self, predicate: Callable[[], bool], limit_seconds: float = 300) -> bool:
        """Let time pass, with the ticker's tick each second, until something is so."""
        for _ in range(int(limit_seconds)):
            if self.clock.run_until(predicate, 1.0):
                return True
            self.ticker.tick()
        return predicate()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.run_until(lambda: False, seconds)

    # --- Agents

    def agent_phone(
        self, address: str, on_ring: RingReply | None = None, steps: Sequence[Step] = ()
    ) -> list[ScriptedParty]:
        """Put a telephone at an address; the list grows by a party for each time that it rings."""
        rung: list[ScriptedParty] = []

        def ring() -> Party:
            party = ScriptedParty(clock=self.clock, steps=steps, on_ring=on_ring or Answer(after_seconds=1.0))
            rung.append(party)
            return party

        self.line.register(address, ring)
        return rung

    def sign_in(self, agent_id: str) -> None:
        """The agent is ready for calls."""
        self.act(lambda desk, session, now: desk.set_state(session, agent_id=agent_id, event=AgentEvent.READY, now=now))
        with database.session_factory(self.engine).begin() as session:
            # A story is longer than a desk's lease, and no browser renews it here.
            dispatch.heartbeat(session, agent_id=agent_id, now=self.clock.now().replace(year=2030))

    def act(self, deed: Callable[[Desk, Session, datetime], Any]) -> Any:
        """Do something at the desk as its view does: one transaction, then what must go out."""
        with self.app.app_context():
            doors = self.app.extensions["centralino"].doors
            with database.session_factory(self.engine).begin() as session:
                outcome = deed(doors.desk, session, self.clock.now())
            doors.carry_out(getattr(outcome, "effects", ()))
        return outcome

    def offer_to(self, agent_id: str) -> Any:
        """The open offer of an agent."""
        with self.reading() as session:
            return reports.open_offer_of(session, agent_id)

    def agent_state(self, agent_id: str) -> str:
        with self.reading() as session:
            presence = reports.state_of(session, agent_id)
            assert presence is not None
            return presence.state.value

    def accept(self, agent_id: str) -> Any:
        """The agent takes the open offer."""
        offer = self.offer_to(agent_id)
        assert offer is not None, f"{agent_id} has no offer"
        return self.act(
            lambda desk, session, now: desk.accept(session, agent_id=agent_id, offer_id=offer.offer_id, now=now)
        )

    # --- What is known

    def reading(self) -> Session:
        return database.reading_session_factory(self.engine)()

    def record(self, leg: Leg) -> Call:
        with self.reading() as session:
            call = store.call(session, leg.sid)
            assert call is not None
            return call

    def context(self, call_id: str, language: str = "it") -> CallContext:
        with self.reading() as session:
            names = {agent.agent_id: agent.name for agent in reports.agents(session)}
            context = story.context_of(session, call_id, language=language, now=self.clock.now(), agent_names=names)
            assert context is not None
            return context

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, as the database gives them, and opened."""
        return opened_rows(self.engine, table)

    def dump(self) -> dict[str, list[str]]:
        """Everything in the database, to be compared."""
        return {
            table: sorted(repr(sorted(row.items())) for row in self.rows(table))
            for table in inspect(self.engine).get_table_names()
        }

    def close(self) -> None:
        """Hang up what is still up, and let the last words out."""
        self.line.close()
        self.clock.run_until(lambda: False, 1.0)

    def deliver(self, request: Outgoing) -> Reply:
        """Deliver a webhook again, as it was."""
        return self.requests.inner.send(request)

    @property
    def ticker(self) -> Ticker:
        ticker: Ticker = self.app.extensions[Ticker.EXTENSION]
        return ticker

    @property
    def voice(self) -> VoiceWiring:
        with self.app.app_context():
            return voice_wiring()

    @property
    def only_call(self) -> Call:
        """The one call of the story."""
        with self.reading() as session:
            (call,) = store.recent_calls(session)
            return call


def build_house(
    engine: Engine,
    *,
    start: datetime = MONDAY_TEN,
    faults: Faults | None = None,
    recognition: Any = None,
    carrier_http: Callable[[HttpClient], HttpClient] = lambda client: client,
    habits: Habits | None = None,
    understands: Understanding | None = None,
    encoder: SpeakerEncoder | None = None,
    **settings: Any,
) -> House:
    """A house with the trial company in it, in an empty database; `carrier_http` may stand between the service and the line.

    With an `encoder` the house looks at voices, if the settings say so too.
    """
    _fill(engine, start)
    clock = VirtualClock(start)
    chosen = settings_for("sqlite:///unused", **settings)
    applications: dict[str, Any] = {}

    def service(environ: Any, start_response: Any) -> Any:
        # The line is made before the application, which needs the line's own REST server.
        return applications[SERVICE](environ, start_response)

    requests = RecordingTransport(WsgiTransport({SERVICE: service}))
    line = Line(
        account_sid=chosen.account_sid,
        auth_token=chosen.auth_token.get_secret_value(),
        clock=clock,
        transport=requests,
        habits=habits,
        sockets=PairOpener(clock, _opener(applications)),
        numbers={
            chosen.line_number: NumberConfig(
                voice_url=f"{SERVICE}/voice/start",
                fallback_url=f"{SERVICE}/voice/fallback",
                status_callback=f"{SERVICE}/voice/status",
            )
        },
        faults=faults,
        seed=1,
    )
    app = create_app(
        chosen,
        engine=engine,
        clock=clock.now,
        carrier_http=carrier_http(InProcessHttpClient(create_server(line))),
        understanding=understands or understanding(),
        recognition=recognition,
        encoder=encoder,
        tick=False,
    )
    app.testing = True
    applications[SERVICE] = app
    return House(settings=chosen, engine=engine, clock=clock, app=app, line=line, requests=requests)


def _fill(engine: Engine, start: datetime) -> None:
    """Bring the trial company into an empty database; on SQLite from a copy, since argon2 and alembic take their time."""
    if engine.dialect.name != "sqlite":
        _make_company(engine, start)
        return
    with closing(sqlite3.connect(engine.url.database or "")) as file:
        _ready(start).backup(file)


@lru_cache(maxsize=4)
def _ready(start: datetime) -> sqlite3.Connection:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ready.sqlite"
        engine = database.make_engine(f"sqlite:///{path}", RING)
        _make_company(engine, start)
        engine.dispose()
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(path)) as made:
            made.backup(kept)
    return kept


def _make_company(engine: Engine, start: datetime) -> None:
    database.upgrade(engine)
    with database.session_factory(engine).begin() as session:
        trial.make_company(session, password=PASSWORD, now=start, today=start.date())


def heard_once(party: ScriptedParty, words: str) -> bool:
    """Whether a party heard words, in any prompt."""
    return any(words.lower() in text.lower() for text in party.heard)


def digits_in(text: str) -> str:
    return re.sub(r"\D", "", text)


def until(words: str) -> WaitFor:
    """Wait for words of a prompt."""
    return WaitFor(words)


def talk(*turns: str | Step) -> list[Step]:
    """Steps from words: what is waited for and what is said to it, by turns; a step among them is taken as it is."""
    steps: list[Step] = []
    waits = True
    for turn in turns:
        if not isinstance(turn, str):
            steps.append(turn)
            waits = not isinstance(turn, WaitFor)
            continue
        steps.append(WaitFor(turn) if waits else Say(turn))
        waits = not waits
    return steps


def _opener(applications: Mapping[str, Any]) -> Callable[[str, Mapping[str, str]], Callable[[Any], None]]:
    def open_handler(url: str, headers: Mapping[str, str]) -> Callable[[Any], None]:
        app: Flask = applications[SERVICE]
        path = "/" + url.split("/", 3)[3]
        with app.test_request_context(path, headers=dict(headers)):
            if not socket_is_signed():
                raise HandshakeRefusedError(403)

        def handle(socket: Any) -> None:
            with app.app_context():
                SOCKETS[path][1](socket)

        return handle

    return open_handler
