"""The one place that chooses implementations and puts the service together: settings in, a WSGI application out."""

import hashlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Any, cast

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from twilio.http import HttpClient

from biometrics.encoders import NoEncoder, SpeakerEncoder
from ivr import database, synthesis, voices
from ivr.calls import erasures, own_words
from ivr.calls.callback_rules import CallbackRules
from ivr.calls.company import CARRIER, STREAM, Addresses, Company, FlowVersion
from ivr.calls.conductor import Conductor
from ivr.calls.desk import Desk
from ivr.calls.meeting import Meeting
from ivr.calls.outgoing import Outgoing
from ivr.calls.retention import keeping_of
from ivr.calls.talks import Talks
from ivr.calls.voice_evidence import VoiceLook
from ivr.changes import Changes
from ivr.company.live import Live, LiveSettings
from ivr.company.values import CompanySettings, LineNumber
from ivr.connectors import store as connector_store
from ivr.connectors.http import networks_of
from ivr.connectors.lookups import Lookups
from ivr.connectors.store import Kept
from ivr.editing import opening
from ivr.editing.checks import Checks
from ivr.editing.gates import Gate
from ivr.editing.intents_compared import intents_gate
from ivr.editing.recordings import Playing
from ivr.flow.checker import check
from ivr.flow.definition import build
from ivr.intents.encoders import EncoderMissing, TextEncoder, load_encoder
from ivr.intents.held_back_runs import HeldBackRuns
from ivr.intents.phrases import load_phrasebook
from ivr.intents.understanding import Understanding, load_understanding
from ivr.intents.understandings import Understandings
from ivr.line.sockets import HandshakeRefusedError
from ivr.logs import configure as configure_logs
from ivr.settings import Settings
from ivr.speech.chosen import ChosenRecognition
from ivr.speech.decoding import Decoding
from ivr.speech.load import Admitted
from ivr.speech.prompt_voice import PromptVoice
from ivr.speech.recognizer import Recognition
from ivr.speech.voice_activity import NoDetectorError, VoiceActivity
from ivr.speech.vosk_recognizer import VoskRecognition
from ivr.speech.whisper_recognizer import WhisperRecognition
from ivr.telephony.carrier import Carrier
from ivr.ticker import Ticker, Upkeep
from ivr.trials.hearing import TrialHearing
from ivr.trials.house import MakeService, Service, Trials, Wanted
from ivr.trials.running_here import runs_here
from ivr.trials.scenario_gate import ScenarioGate
from ivr.trials.scenario_runs import ScenarioRuns
from ivr.web import voice_wiring, wiring
from ivr.web.doors import Doors
from ivr.web.editing.trial_socket import register_trial_socket
from ivr.web.jotting import Jotting
from ivr.web.media import MOST_SOCKETS, SOCKETS, register_media
from ivr.web.registration import register, utc_now
from ivr.web.signatures import socket_is_signed
from ivr.web.voice import voice
from ivr.web.voice_work import PATIENCE_SECONDS, VoiceWork
from ivr.web.voicing import Voicing
from prompts import desk_book
from prompts.documents import HERE as SHIPPED_PROMPTS
from prompts.version import PROMPTS_FILE, Version, VersionError, load
from routing.hours import Hours
from routing.waiting import Rules

_log = logging.getLogger(__name__)

# The value of the setting `text_encoder` for the encoder that is installed with the service.
PACKAGED = "packaged"
# Recognisers that are made ready at start, one for each thread that decodes: the first callers of a day wait no longer than the
# next. More than some are made when so many speak at once; judgement.
MOST_WARM = 4
# Where time is made, as in tests, work on a thread of its own takes none of it: it is waited for as long as it takes.
MADE_TIME_PATIENCE_SECONDS = 30.0


def create_app(
    settings: Settings,
    *,
    engine: Engine | None = None,
    clock: Callable[[], datetime] = utc_now,
    carrier_http: HttpClient | None = None,
    understanding: Understanding | None = None,
    recognition: Recognition | None = None,
    encoder: SpeakerEncoder | NoEncoder | None = None,
    company: Company | None = None,
    tick: bool = True,
) -> Flask:
    """The service for these settings.

    What is given stands in for what the settings would choose: tests give the local line's clock and its in-process REST client,
    share one trained understanding and one encoder of voices, and tick by themselves; a trial gives a whole company with the
    version that is tried. Raises VersionError for a flow or prompts that cannot be used.
    """
    configure_logs(settings.log_level)
    engine = engine or database.make_engine(settings.database_url, settings.key_ring)
    changes = Changes()
    reading = database.reading_session_factory(engine)
    sessions = database.session_factory(engine, changes)
    connectors: Live[Mapping[str, Kept]] = Live(
        {}, topic=connector_store.TOPIC, read=connector_store.every, sessions=reading, bus=changes
    )
    is_trial, shelf = company is not None, None
    if company is None:
        own = LiveSettings(company_defaults(settings), reading, changes)
        company = make_company(settings, understanding or make_understanding(settings), own)
    understandings = make_understandings(settings, company.understanding)
    playing = Playing(
        sessions=reading,
        own_folder=settings.prompts_folder or SHIPPED_PROMPTS,
        folder=settings.models_folder / "recordings",
    )
    if not is_trial:
        company, shelf = opening.open_shelf(
            company,
            folder=settings.prompts_folder,
            sessions=sessions,
            reading_sessions=reading,
            understandings=understandings,
            recordings=playing,
            now=clock(),
        )
    decoding = None
    if recognition is None:
        decoding = _decoding(settings, company)
        recognition = decoding or ChosenRecognition({})
    sockets = voice_wiring.Count()
    voicing = Voicing(PromptVoice(synthesis.installed_voice()))
    loading = voices.loading_encoder(settings) if encoder is None else None
    encoder_now = loading if encoder is None else voices.always(encoder)
    company = replace(
        company,
        spoken_here=_spoken_here(settings, voicing),
        voice=voices.make_voice_parts(settings, encoder_now),
        lookups=company.lookups
        if is_trial
        else Lookups(connectors.now, networks=networks_of(settings.connector_networks)),
    )
    conductor = Conductor(company, _way_of(company, decoding, sockets))
    meeting = Meeting(company, conductor)
    desk = Desk(company, meeting)
    carrier = Carrier(
        account_sid=settings.account_sid,
        auth_token=settings.auth_token.get_secret_value(),
        api_url=settings.carrier_api_url,
        http_client=carrier_http,
    )
    outgoing = Outgoing(company, meeting, carrier, sessions, clock)

    app = Flask("ivr", static_folder=None, template_folder="web/templates")
    held_back = HeldBackRuns(understandings)
    trials = Trials(
        make_service=_trial_services(recognition, encoder_now),
        settings=settings,
        company=company,
        reading_sessions=database.reading_session_factory(engine),
        clock=clock,
        hearing=TrialHearing(settings, lambda languages: make_recognition(settings, languages)),
        recordings=playing,
    )
    scenarios = runs_here(trials, understandings, sessions=sessions, reading_sessions=reading, clock=clock)
    doors = Doors(
        company=company,
        desk=desk,
        talks=Talks(company, meeting),
        carry_out=outgoing.carry_out,
        loaded=lambda: _loaded(decoding, loading),
        understandings=understandings,
        held_back=held_back,
        trials=trials,
        checks=Checks(
            gates(company, held_back, scenarios),
            sessions=sessions,
            reading_sessions=reading,
            clock=clock,
            prepare=None if shelf is None else shelf.prepare,
        ),
    )
    register(app, settings=settings, engine=engine, doors=doors, clock=clock, changes=changes, has_pages=not is_trial)
    app.extensions[voice_wiring.EXTENSION] = voice_wiring.VoiceWiring(
        public_url=settings.public_url,
        auth_token=settings.auth_token.get_secret_value(),
        company=company,
        conductor=conductor,
        meeting=meeting,
        outgoing=outgoing,
        recognition=recognition,
        voicing=voicing,
        jotting=Jotting(sessions.begin),
        voice_work=VoiceWork(
            VoiceLook(company.voice, sessions, database.reading_session_factory(engine), clock),
            patience_seconds=PATIENCE_SECONDS if clock is utc_now else MADE_TIME_PATIENCE_SECONDS,
        ),
        sockets=sockets,
        # Who gives a clock of their own, as tests do, has the sockets wait by it too.
        seconds=monotonic if clock is utc_now else lambda: clock().timestamp(),
    )
    app.register_blueprint(voice)
    register_media(app)
    if not is_trial:
        register_trial_socket(app)
    upkeep = _upkeep(settings, engine, company.own)
    catch_up(engine, upkeep.erasures_file, clock())
    ticker = Ticker(meeting, outgoing, sessions, company, clock, upkeep=upkeep, changes=changes)
    app.extensions[Ticker.EXTENSION] = ticker
    if tick:
        changes.start(engine)
        if shelf is not None:
            opening.read_ahead(shelf, changes, clock)
        ticker.start()
    return app


def _trial_services(
    recognition: Recognition, encoder_now: Callable[[], SpeakerEncoder | NoEncoder] | None
) -> MakeService:
    """What makes the service of a trial's house: this very one, with the models that are loaded already."""

    def make(wanted: Wanted) -> Service:
        encoder = None if encoder_now is None else encoder_now()
        app = create_app(
            wanted.settings,
            engine=wanted.engine,
            clock=wanted.clock,
            carrier_http=cast("HttpClient", wanted.carrier_http),
            recognition=wanted.recognition or recognition,
            encoder=wanted.encoder or encoder,
            company=wanted.company,
            tick=False,
        )
        doors: Doors = app.extensions[wiring.EXTENSION].doors
        ticker: Ticker = app.extensions[Ticker.EXTENSION]
        return Service(
            application=app,
            desk=doors.desk,
            carry_out=doors.carry_out,
            tick=ticker.tick,
            open_socket=lambda path, headers: open_media_socket(app, path, headers),
        )

    return make


def open_media_socket(app: Flask, path: str, headers: Mapping[str, str]) -> Callable[[object], None]:
    """What handles a media socket of an application without a server. Raises HandshakeRefusedError for a forged one."""
    with app.test_request_context(path, headers=dict(headers)):
        if not socket_is_signed():
            raise HandshakeRefusedError(HTTPStatus.FORBIDDEN)

    def handle(socket: object) -> None:
        with app.app_context():
            SOCKETS[path][1](socket)

    return handle


def gates(company: Company, held_back: HeldBackRuns, scenarios: ScenarioRuns) -> Sequence[Gate]:
    """What is asked of a version before it goes live, beside the checker."""
    return (
        intents_gate(held_back, lambda: company.own.now().accuracy_loss),
        ScenarioGate(scenarios, language=company.default_language),
    )


def catch_up(engine: Engine, erasures_file: Path, now: datetime) -> None:
    """Erase again what a restored backup brought back, before anybody can be told of it; what cannot be is said in the log."""
    if not erasures_file.exists():
        return
    try:
        if not database.is_at_head(engine):
            return
        with database.session_factory(engine).begin() as session:
            done = erasures.reconcile(session, erasures_file, now)
    except (SQLAlchemyError, OSError) as error:
        _log.error("whether a backup brought back what was erased is not known: %s", type(error).__name__)
        return
    if done.unreadable:
        _log.error(
            "%d lines of the file of erasures cannot be read: `centralino privacy reapply` says why", done.unreadable
        )


def _upkeep(settings: Settings, engine: Engine, own: LiveSettings) -> Upkeep:
    return Upkeep(
        engine=engine,
        keeping=lambda: keeping_of(own.now()),
        erasures_file=erasures.file_of(engine, settings.erasures_file),
    )


def company_defaults(settings: Settings) -> CompanySettings:
    """What the settings file says of the company, until an admin says something else."""
    return CompanySettings(
        hours=Hours(
            zone=settings.zone,
            country=settings.country,
            opens_at=settings.opens_at,
            closes_at=settings.closes_at,
            open_days=settings.open_days,
        ),
        numbers=(LineNumber(number=settings.line_number),),
        emergency_number=settings.emergency_number,
        default_language=settings.default_language,
        words_days=settings.words_days,
        audio_days=settings.audio_days,
        voice_days=settings.voice_days,
        voiceprint_days=settings.voiceprint_days,
    )


def make_company(settings: Settings, understanding: Understanding, own: LiveSettings | None = None) -> Company:
    """The company of these settings, its flow and prompts checked. Raises VersionError with every problem."""
    version = load(settings.prompts_folder) if settings.prompts_folder else load()
    return Company(
        versions={version.number: checked(version, settings.prompts_folder or SHIPPED_PROMPTS)},
        live_version=version.number,
        understanding=understanding,
        own=own or LiveSettings(company_defaults(settings)),
        addresses=Addresses(public_url=settings.public_url),
        listening={str(language): str(way) for language, way in settings.listening.items()},
        agent_ring_seconds=settings.agent_ring_seconds,
        callback_rules=CallbackRules(
            resume_seconds=60 * settings.resume_minutes,
            pauses_seconds=tuple(60 * minutes for minutes in settings.callback_pauses_minutes),
        ),
        routing_rules=Rules(offer_seconds=int(settings.offer_seconds)),
        desk_book=checked_desk_book(settings.prompts_folder or SHIPPED_PROMPTS),
        token_key=hashlib.sha256(b"media socket " + settings.secret_key.get_secret_value().encode()).digest(),
    )


def checked_desk_book(folder: Path) -> desk_book.DeskBook:
    """What agents choose from and read aloud, checked against the folder's intents. Raises DeskBookError with every problem."""
    has_own = (folder / desk_book.DESK_FILE).is_file()
    return desk_book.load(folder, intents=set(load_phrasebook(folder).cards) if has_own else None)


def checked(version: Version, folder: Path = SHIPPED_PROMPTS) -> FlowVersion:
    """A version whose flow has passed the checker, and whose prompts have the service's own words. Raises VersionError.

    `folder` holds the recordings that its prompts name; one that cannot be read is said in the log, and its text is spoken.
    """
    problems = check(version.flow, file=version.flow_file, lines=version.lines, wordings=version.catalogue.shape())
    if problems:
        raise VersionError(problems)
    flow = build(version.flow)
    unsaid = own_words.problems_of(version.catalogue, languages=flow.languages, file=PROMPTS_FILE)
    if unsaid:
        raise VersionError(unsaid)
    return FlowVersion(
        number=version.number,
        flow=flow,
        catalogue=version.catalogue,
        author=version.author,
        note=version.note,
        recordings=_recordings(version, folder),
    )


def _recordings(version: Version, folder: Path) -> Mapping[tuple[str, str], Path]:
    readable = {}
    for (key, language), name in version.catalogue.recordings().items():
        try:
            synthesis.recording(folder / name)
        except synthesis.UnreadableRecordingError as error:
            _log.warning("the prompt %s in %s is spoken from its text: %s", key, language, error)
        else:
            readable[key, language] = folder / name
    return readable


def _spoken_here(settings: Settings, voicing: Voicing) -> frozenset[str]:
    """The languages whose prompts are said in our own voice: one voice from a call's first word to its last."""
    if settings.prompt_voice == "carrier":
        return frozenset()
    wanted = [
        language for language, way in settings.listening.items() if settings.prompt_voice == "here" or way == STREAM
    ]
    mute = [language for language in wanted if not voicing.speaks(language)]
    if mute:
        _log.warning("no synthesiser here speaks %s: the carrier says its prompts", ", ".join(mute))
    return frozenset(wanted) - frozenset(mute)


def make_understanding(settings: Settings, progress: Any = None) -> Understanding:
    """Train, or take from the folder of models, the understanding of the installation's phrases."""
    folder = settings.prompts_folder or SHIPPED_PROMPTS
    return load_understanding(folder, _text_encoder(settings), cache_folder=settings.models_folder, progress=progress)


def make_understandings(settings: Settings, first: Understanding) -> Understandings:
    """Where the understandings of all versions come from; `first` is that of the installation's own phrases."""
    folder = settings.prompts_folder or SHIPPED_PROMPTS
    return Understandings(None, cache_folder=settings.models_folder, vectors_folder=folder / "intents", first=first)


def _text_encoder(settings: Settings) -> TextEncoder | None:
    try:
        return load_encoder(settings.text_encoder)
    except EncoderMissing as error:
        if settings.text_encoder != PACKAGED:
            raise
        _log.warning("understanding goes on with words alone, less accurately: %s", error)
        return None


def _decoding(settings: Settings, company: Company) -> Decoding | None:
    """Recognition here, for the languages that are listened to by stream, None without any; their models begin to load."""
    streamed = tuple(language for language, way in company.listening.items() if way == STREAM)
    if not streamed:
        return None
    try:
        VoiceActivity()  # loads the detector, so that the first caller does not wait for it
        recognition = make_recognition(settings, streamed)
    except NoDetectorError as error:
        _log.error("nobody can be listened to here, speech goes to the carrier's recogniser: %s", error)
        recognition = ChosenRecognition({})
    return Decoding(recognition, languages=streamed, threads=settings.speech_threads)


def make_recognition(settings: Settings, languages: Sequence[str]) -> ChosenRecognition:
    """Who hears these languages on this machine, by the settings; nothing is loaded yet."""
    warm = min(MOST_WARM, settings.speech_threads or os.cpu_count() or 1)
    vosk = VoskRecognition(settings.vosk_models, memory_mb=settings.speech_memory_mb, warm=warm)
    whisper = WhisperRecognition(settings.whisper_model, threads=settings.speech_threads)
    chosen: Mapping[str, Recognition] = {
        language: whisper if settings.recognizer_of(language) == "whisper" else vosk for language in languages
    }
    return ChosenRecognition(chosen)


def _way_of(company: Company, decoding: Decoding | None, sockets: voice_wiring.Count) -> Callable[[str], str]:
    """Who listens to a language at this moment: we do where the settings say so and the machine has room, else the carrier."""

    def way_of(language: str) -> str:
        if company.listening.get(language, CARRIER) != STREAM or sockets.value >= MOST_SOCKETS:
            return CARRIER
        if decoding is None:
            return STREAM
        return STREAM if isinstance(decoding.way(language), Admitted) else CARRIER

    return way_of


def _loaded(decoding: Decoding | None, encoder: voices.LoadingEncoder | None) -> Mapping[str, bool]:
    """What must be loaded before calls are taken. A model that is known not to come holds up nobody.

    Without a recogniser the carrier listens, without an encoder the voice proves nothing.
    """
    # The application object is made with its understanding already trained: whoever can ask this has it.
    models = {} if decoding is None else decoding.loaded()
    voice = {} if encoder is None else {"voice": encoder.is_over}
    return {"intents": True, **{f"speech_{language}": is_loaded for language, is_loaded in models.items()}, **voice}
