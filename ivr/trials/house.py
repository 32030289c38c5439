"""Houses for trial calls: the production service on a database and a line of its own, with a version that is not live yet.

A house reads the company's real records once, when it is opened; from then on nothing in it reaches the real database or the
real carrier. Only the systems that a customer's orders are looked up in may be asked. In made time a call takes no time, in real
time a person can be on the line. What the service is made of is given by `ivr.app`, since this room stands below it.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import BoundedSemaphore
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self, assert_never

from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from biometrics.encoders import NoEncoder
from ivr import database
from ivr.calls import store
from ivr.calls.company import CARRIER, Addresses, Company, FlowVersion
from ivr.calls.desk import Desk
from ivr.company.live import LiveSettings
from ivr.connectors import store as connector_store
from ivr.connectors.http import networks_of
from ivr.connectors.lookups import Lookups
from ivr.connectors.store import Kept
from ivr.customers import trial_records
from ivr.editing.reading import Recordings
from ivr.intents.understanding import Understanding
from ivr.line.clock import RealClock, VirtualClock
from ivr.line.exchange import NumberConfig
from ivr.line.faults import Faults
from ivr.line.line import Line
from ivr.line.server import create_server
from ivr.line.sockets import PairOpener
from ivr.line.transports import WsgiTransport
from ivr.settings import Settings
from ivr.speech.recognizer import Recognition
from ivr.synthesis import Speaker, Voice, installed_voice
from ivr.trials import faulty
from ivr.trials.agents import CarryOut, Room, TrialAgents, skills_of
from ivr.trials.caller import CallerParty
from ivr.trials.calling import CallState, Step, TrialCall
from ivr.trials.databases import FILE, Databases
from ivr.trials.due import Due
from ivr.trials.hearing import TrialHearing
from ivr.trials.situations import HIDDEN_NUMBER, Hidden, Known, MadeUp, Setting, SituationError, Stranger, Trouble
from ivr.trials.sockets import OpenSocket, ThreadOpener, path_of
from ivr.trials.sounding import Sounding
from ivr.trials.story import TrialStory, names_in, story_of
from ivr.trials.wording_noted import Noted, noting
from prompts.told import Told
from routing import store as routing_store
from routing.queues import Queue
from sealing.keys import KeyRing

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Names under .invalid lead nowhere (RFC 2606): whatever were sent to them would not arrive.
SERVICE: Final = "https://trial.invalid"
LINE: Final = "https://line.invalid"
Time = Literal["made", "real"]
MADE: Final = "made"
REAL: Final = "real"
# Each holds a line's threads and some 20 MB, and each is heard by a person: more than these are a mistake; judgement.
MOST_PAGES: Final = 4
_LOCALES: Final = {"it": "it-IT", "en": "en-GB"}


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a house needs of the production service that was made for it."""

    application: "WSGIApplication"
    desk: Desk
    carry_out: CarryOut
    tick: Callable[[], None]
    open_socket: OpenSocket


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a service is to be made of."""

    settings: Settings
    engine: Engine
    company: Company
    clock: Callable[[], datetime]
    carrier_http: Any  # the official client's HTTP client
    recognition: Recognition | None  # None: the installation's
    encoder: NoEncoder | None  # None: the installation's


class MakeService(Protocol):
    """Makes the production service of a house; `ivr.app` gives it."""

    def __call__(self, wanted: Wanted, /) -> Service:
        """Make it."""


@dataclass(frozen=True, kw_only=True)
class Trials:
    """Where houses are opened."""

    make_service: MakeService
    settings: Settings
    company: Company
    reading_sessions: sessionmaker[
        Session
    ]  # of the real database: a house reads there when it is opened, and never again
    clock: Callable[[], datetime]
    hearing: TrialHearing
    # Pages on the line in real time, of all admins of a process together.
    places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(MOST_PAGES))
    databases: Databases = field(default_factory=Databases)
    recognition: Recognition | None = None  # who listens in its houses; None: whoever does in the installation
    recordings: Recordings | None = (
        None  # the files that the prompts of a draft are played from; None: from their texts
    )

    def open_house(
        self,
        version: FlowVersion,
        setting: Setting | None = None,
        *,
        time: Time = MADE,
        sound: bool = False,
        asks_others: bool = True,
    ) -> "TrialHouse":
        """Open a house where every call has this version; close it.

        In made time words go to the line as words; with `sound`, and always in real time, prompts and words sound and whoever
        listens in this installation does. With `asks_others` the other systems that orders are looked up in are asked for a
        customer of the company, as in their real call. Raises `SituationError` for a customer who is not there.
        """
        setting = setting or Setting()
        with self.reading_sessions() as session:
            copies = self._records(session, setting)
            queues = tuple(routing_store.queues(session).values())
            # Nobody else's business is who is made up, or whose number is on nobody's file.
            is_asked = asks_others and isinstance(setting.caller, Known)
            connectors = connector_store.every(session) if is_asked else {}
        return TrialHouse(
            self,
            version,
            setting,
            copies=copies,
            queues=queues,
            connectors=connectors,
            time=time,
            sound=sound or time == REAL,
        )

    def _records(self, session: Session, setting: Setting) -> trial_records.Copies | None:
        match setting.caller:
            case Known(customer_id=customer_id):
                copies = trial_records.copies_of(session, customer_id)
                if copies is None:
                    raise SituationError(
                        Told("caller.customer_id: there is no customer %(customer)s", customer=customer_id)
                    )
                return copies
            case MadeUp() as person:
                now = setting.at or self.clock()
                today = now.astimezone(self.company.zone).date()
                orders = [vars_of(order) for order in person.orders]
                return trial_records.made_up(
                    name=person.name,
                    number=person.number,
                    language=person.language,
                    orders=orders,
                    today=today,
                    called_before=now - timedelta(days=40) if person.called_before else None,
                )
            case Stranger() | Hidden():
                return None
            case _:
                assert_never(setting.caller)


class TrialHouse:
    """One open house; as a context it is closed behind."""

    def __init__(
        self,
        trials: Trials,
        version: FlowVersion,
        setting: Setting,
        *,
        copies: trial_records.Copies | None,
        queues: tuple[Queue, ...],
        connectors: Mapping[str, Kept],
        time: Time,
        sound: bool,
    ) -> None:
        self.setting = setting
        self.started_at = setting.at or trials.clock()
        self.noted = Noted()
        self.version = replace(version, catalogue=noting(version.catalogue, self.noted))
        self.clock = VirtualClock(self.started_at) if time == MADE else _ShiftedClock(self.started_at)
        self.sound = sound
        self.voice: Voice | None = installed_voice() if sound else None
        self._databases, self._database = trials.databases, trials.databases.take()
        self.settings = _settings(trials.settings, self._database.folder, setting, sound=sound)
        self._database.empty(self.settings.key_ring)
        self.engine, self.commits = self._database.engine, self._database.commits
        self.folder = self._database.folder
        self._sessions = database.session_factory(self.engine)
        self._reading = database.reading_session_factory(self.engine)
        self._state: tuple[object, CallState | None] | None = None
        self._told: tuple[object, TrialStory] | None = None
        self._due = Due(self.commits, self._reading, now=self.started_at)
        self.number = _number(setting, copies)
        if copies is not None:
            with self._sessions.begin() as session:
                trial_records.add(session, copies)
        # Its own, so that what fails in a trial is not left alone in real calls.
        lookups = Lookups(lambda: connectors, networks=networks_of(trials.settings.connector_networks))
        lookups.is_down = setting.has(Trouble.LOOKUP_DOWN)
        self.company = _company(trials.company, self.version, self.settings, lookups)
        self.line, self._service = self._wire(trials)
        self._agents = TrialAgents(
            Room(
                desk=self._service.desk,
                carry_out=self._service.carry_out,
                sessions=self._sessions,
                line=self.line,
                voice=self.voice,
            ),
            setting.agents,
            setting.language,
        )
        skills = skills_of(self.version, self.company.understanding.book)
        self._agents.come_in(skills=skills, queues=queues, hours=self.company.hours, now=self.clock.now())
        self._is_open = True
        if isinstance(self.clock, RealClock):
            self.clock.start()
            self.clock.post(self._tick_on)

    # --- The call

    def call(self, steps: Sequence[Step] = ()) -> TrialStory:
        """Make a whole call in made time, and tell its story; who has no more steps hangs up."""
        with self.begin() as call:
            for step in steps:
                call.take(step)
        return call.story

    def begin(self) -> TrialCall:
        """Dial, in made time; the call goes on step by step."""
        if not isinstance(self.clock, VirtualClock):
            raise TypeError("in real time a person calls: see `ivr.trials.phones`")
        party = CallerParty(
            clock=self.clock,
            language=self.locale,
            voice=self._says if self.sound else None,
            understood=not self.setting.has(Trouble.RECOGNISER_DOWN),
            wants_audio=self.sound,
            sounding=self.sounding(),
        )
        leg = self.line.call(self.number, self.company.line_number, party, quality=faulty.quality_of(self.setting))
        return TrialCall(self, party, leg)

    def run_until(self, predicate: Callable[[], bool], limit_seconds: float) -> bool:
        """Let made time pass, with what each second brings, until something is so; a second that brings nothing costs nothing."""
        if not isinstance(self.clock, VirtualClock):
            raise TypeError("real time passes by itself")
        for _ in range(round(limit_seconds)):
            if self.clock.run_until(predicate, 1.0):
                return True
            if self._due.is_due(self.clock.now()):
                self._tick()
        return predicate()

    def state_of(self, call_id: str) -> CallState | None:
        """Where a call stands, read anew only where something was committed since."""
        if self._state is None or self._state[0] != (self.commits.count, call_id):
            with self._reading() as session:
                call = store.call(session, call_id)
            found = None if call is None else CallState(call.status, is_asked=bool(call.expecting), turn=call.turn)
            self._state = ((self.commits.count, call_id), found)
        return self._state[1]

    def story(self, call_id: str, party: Any, *, language: str = "") -> TrialStory:
        """What has become of a call so far, its sentences in the reader's language."""
        now, has_ended = self.clock.now(), (party.reason, party.has_hung_up)
        so_far = (call_id, language, self.commits.count, now, len(party.transcript), has_ended)
        if self._told is None or self._told[0] != so_far:
            self._told = (so_far, self._story(call_id, party, language=language))
        return self._told[1]

    def _story(self, call_id: str, party: Any, *, language: str) -> TrialStory:
        with self._reading() as session:
            return story_of(
                session,
                call_id,
                noted=self.noted,
                transcript=tuple(party.transcript),
                ended="" if party.reason is None else party.reason.value,
                has_hung_up=party.has_hung_up,
                now=self.clock.now(),
                names=names_in(session),
                language=language or self.setting.language,
            )

    def sounding(self) -> Sounding:
        """What gives the sounds of a call their words."""
        return Sounding(self.company, self.version, self._reading)

    def reading(self) -> Session:
        """A session that reads the trial's own database."""
        return self._reading()

    @property
    def locale(self) -> str:
        """The language of the caller as the line names it."""
        return _LOCALES.get(self.setting.language, _LOCALES["it"])

    # --- The end

    def close(self) -> None:
        """Hang up what is up, and forget everything."""
        if not self._is_open:
            return
        self._is_open = False
        if isinstance(self.clock, VirtualClock):
            self.line.close()
            self.clock.run_until(lambda: False, 1.0)
        else:
            self.line.close()
            self.clock.stop()
        self._database.forget()
        # Beside real time, sound and voices, threads may still be at work.
        if isinstance(self.clock, VirtualClock) and not self.sound and self.settings.voice == "off":
            self._databases.give_back(self._database)

    def __enter__(self) -> Self:
        """Be open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    # --- Inside

    def _wire(self, trials: Trials) -> tuple[Line, Service]:
        """The line and the service, each of which needs the other."""
        services: dict[str, Service] = {}

        def application(environ: Any, start_response: Any) -> Any:
            return services[SERVICE].application(environ, start_response)

        def open_socket(url_or_path: str, headers: Mapping[str, str]) -> Callable[[Any], None]:
            path = path_of(url_or_path) if "://" in url_or_path else url_or_path
            return services[SERVICE].open_socket(path, headers)

        is_made = isinstance(self.clock, VirtualClock)
        opener = PairOpener(self.clock, open_socket) if is_made else ThreadOpener(self.clock, open_socket)
        number = NumberConfig(
            voice_url=f"{SERVICE}/voice/start",
            fallback_url=f"{SERVICE}/voice/fallback",
            status_callback=f"{SERVICE}/voice/status",
        )
        line = Line(
            account_sid=self.settings.account_sid,
            auth_token=self.settings.auth_token.get_secret_value(),
            clock=self.clock,
            transport=WsgiTransport({SERVICE: application}),
            sockets=opener,
            numbers={self.company.line_number: number},
            voice=self.voice,
            faults=Faults(webhooks=list(faulty.webhook_faults(self.setting.faults))),
            seed=1 if is_made else None,
            api_base_url=LINE,
        )
        services[SERVICE] = trials.make_service(
            Wanted(
                settings=self.settings,
                engine=self.engine,
                company=self.company,
                clock=self.clock.now,
                carrier_http=faulty.FaultyCarrier(create_server(line), self.setting),
                recognition=faulty.NoRecognition() if self.setting.has(Trouble.RECOGNISER_DOWN) else trials.recognition,
                encoder=NoEncoder(reason="the encoder is down (a fault on demand)")
                if self.setting.has(Trouble.VOICE_DOWN)
                else None,
            )
        )
        return line, services[SERVICE]

    def _says(self, text: str, language: str) -> bytes:
        return b"" if self.voice is None else self.voice.speak(text, language=language, speaker=Speaker.CALLER)

    def _tick(self) -> None:
        self._service.tick()
        self._agents.act(self.clock.now())

    def _tick_on(self) -> None:
        """Each second in real time, beside the line's loop."""
        if self._is_open:
            self.clock.run_aside(self._tick, lambda _none: None)
            self.clock.call_later(1.0, self._tick_on)


class _ShiftedClock(RealClock):
    """Real time that began at another hour."""

    def __init__(self, start: datetime) -> None:
        super().__init__()
        self._start = start.astimezone(UTC)

    def now(self) -> datetime:
        """Give the time of the trial."""
        return self._start + timedelta(microseconds=self.microseconds)


def vars_of(record: Any) -> dict[str, Any]:
    """The fields of a frozen record."""
    return dict(vars(record))


def _settings(real: Settings, folder: Path, setting: Setting, *, sound: bool) -> Settings:
    """The installation's settings without anything that leads out of the house."""
    given: dict[str, Any] = {
        "public_url": SERVICE,
        "carrier_api_url": LINE,
        "line_url": "",
        "database_url": f"sqlite:///{folder / FILE}",
        "erasures_file": folder / "erasures.jsonl",
        "secret_key": SecretStr(secrets.token_urlsafe(48)),
        "auth_token": SecretStr(secrets.token_hex(16)),
        "data_keys": SecretStr(KeyRing.new_key()),
        "account_sid": f"AC{secrets.token_hex(16)}",
        "api_key_sid": "",
        "api_key_secret": SecretStr(""),
        "voice_sdk": None,
        "trusted_proxies": 0,
    }
    if not sound:
        # Words go to the line as words: nobody speaks, and nobody listens to sound.
        given |= {"listening": dict.fromkeys(real.listening, CARRIER), "prompt_voice": CARRIER}
        given |= {} if setting.has(Trouble.VOICE_DOWN) else {"voice": "off"}
    return real.model_copy(update=given)


def _company(real: Company, version: FlowVersion, settings: Settings, lookups: Lookups) -> Company:
    """The company with this version alone, at the house's own addresses; `ivr.app` gives it its voice."""
    return replace(
        real,
        # As they stand now: a trial that lasts does not look at the real database again.
        own=LiveSettings(real.own.now()),
        versions={version.number: version},
        live_version=version.number,
        understanding=_understanding(real, version),
        addresses=Addresses(public_url=SERVICE),
        listening={str(language): str(way) for language, way in settings.listening.items()},
        token_key=secrets.token_bytes(32),
        spoken_here=frozenset(),
        voice=None,
        lookups=lookups,
    )


def _understanding(real: Company, version: FlowVersion) -> Understanding:
    own: Understanding | None = getattr(version, "understanding", None)
    return own or real.understanding


def _number(setting: Setting, copies: trial_records.Copies | None) -> str:
    match setting.caller:
        case Known() | MadeUp():
            return HIDDEN_NUMBER if copies is None or not copies.number else copies.number
        case Stranger(number=number):
            return number
        case Hidden():
            return HIDDEN_NUMBER
        case _:
            assert_never(setting.caller)
