"""The one place that chooses implementations and puts the service together: settings in, a WSGI application out."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from twilio.http import HttpClient

from ivr import database
from ivr.audio import RATE_HZ
from ivr.calls import own_words
from ivr.calls.company import CARRIER, STREAM, Addresses, Company, FlowVersion
from ivr.calls.conductor import Conductor
from ivr.calls.desk import Desk
from ivr.calls.hours import Hours
from ivr.calls.meeting import Meeting
from ivr.calls.outgoing import Outgoing
from ivr.flow.checker import check
from ivr.flow.definition import build
from ivr.intents.encoders import EncoderMissing, TextEncoder, load_encoder
from ivr.intents.understanding import Understanding, load_understanding
from ivr.logs import configure as configure_logs
from ivr.settings import Settings
from ivr.speech.recognizer import NoModel, Recognition
from ivr.speech.vosk_recognizer import VoskRecognition
from ivr.telephony.carrier import Carrier
from ivr.ticker import Ticker
from ivr.web import voice_wiring
from ivr.web.doors import Doors
from ivr.web.media import register_media
from ivr.web.registration import register, utc_now
from ivr.web.voice import voice
from prompts.documents import HERE as SHIPPED_PROMPTS
from prompts.version import PROMPTS_FILE, Version, VersionError, load
from routing.waiting import Rules

_log = logging.getLogger(__name__)

# The value of the setting `text_encoder` for the encoder that is installed with the service.
PACKAGED = "packaged"


def create_app(
    settings: Settings,
    *,
    engine: Engine | None = None,
    clock: Callable[[], datetime] = utc_now,
    carrier_http: HttpClient | None = None,
    understanding: Understanding | None = None,
    recognition: Recognition | None = None,
    tick: bool = True,
) -> Flask:
    """The service for these settings.

    What is given stands in for what the settings would choose: tests give the local line's clock and its in-process REST client,
    share one trained understanding, and tick by themselves. Raises VersionError for a flow or prompts that cannot be used.
    """
    configure_logs(settings.log_level)
    engine = engine or database.make_engine(settings.database_url)
    company = make_company(settings, understanding or make_understanding(settings))
    if recognition is None:
        recognition = VoskRecognition(settings.vosk_models)
        company = replace(company, listening=_heard_by(company.listening, recognition))
    conductor = Conductor(company)
    meeting = Meeting(company, conductor)
    desk = Desk(company, meeting)
    carrier = Carrier(
        account_sid=settings.account_sid,
        auth_token=settings.auth_token.get_secret_value(),
        api_url=settings.carrier_api_url,
        http_client=carrier_http,
    )
    outgoing = Outgoing(company, meeting, carrier, database.session_factory(engine), clock)

    app = Flask("ivr", static_folder=None, template_folder="web/templates")
    doors = Doors(company=company, desk=desk, carry_out=outgoing.carry_out, loaded=_loaded)
    register(app, settings=settings, engine=engine, doors=doors, clock=clock)
    app.extensions[voice_wiring.EXTENSION] = voice_wiring.VoiceWiring(
        public_url=settings.public_url,
        auth_token=settings.auth_token.get_secret_value(),
        company=company,
        conductor=conductor,
        meeting=meeting,
        outgoing=outgoing,
        recognition=recognition,
    )
    app.register_blueprint(voice)
    register_media(app)
    ticker = Ticker(meeting, outgoing, database.session_factory(engine), company, clock)
    app.extensions[Ticker.EXTENSION] = ticker
    if tick:
        ticker.start()
    return app


def make_company(settings: Settings, understanding: Understanding) -> Company:
    """The company of these settings, its flow and prompts checked. Raises VersionError with every problem."""
    version = load(settings.prompts_folder) if settings.prompts_folder else load()
    return Company(
        versions={version.number: checked(version)},
        live_version=version.number,
        understanding=understanding,
        hours=Hours(
            zone=settings.zone,
            country=settings.country,
            opens_at=settings.opens_at,
            closes_at=settings.closes_at,
            open_days=settings.open_days,
        ),
        addresses=Addresses(public_url=settings.public_url),
        line_number=settings.line_number,
        emergency_number=settings.emergency_number,
        default_language=settings.default_language,
        listening={str(language): str(way) for language, way in settings.listening.items()},
        agent_ring_seconds=settings.agent_ring_seconds,
        routing_rules=Rules(offer_seconds=int(settings.offer_seconds)),
        token_key=hashlib.sha256(b"media socket " + settings.secret_key.get_secret_value().encode()).digest(),
    )


def checked(version: Version) -> FlowVersion:
    """A version whose flow has passed the checker, and whose prompts have the service's own words. Raises VersionError."""
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
    )


def make_understanding(settings: Settings, progress: Any = None) -> Understanding:
    """Train, or take from the folder of models, the understanding of the installation's phrases."""
    folder = settings.prompts_folder or Path(SHIPPED_PROMPTS)
    return load_understanding(folder, _text_encoder(settings), cache_folder=settings.models_folder, progress=progress)


def _text_encoder(settings: Settings) -> TextEncoder | None:
    try:
        return load_encoder(settings.text_encoder)
    except EncoderMissing as error:
        if settings.text_encoder != PACKAGED:
            raise
        _log.warning("understanding goes on with words alone, less accurately: %s", error)
        return None


def _heard_by(listening: Mapping[str, str], recognition: Recognition) -> Mapping[str, str]:
    """Who recognises each language: a language without a model of ours goes to the carrier's recogniser (DESIGN.md 9)."""
    chosen = dict(listening)
    for language, way in listening.items():
        opened = recognition.open(language, rate_hz=RATE_HZ) if way == STREAM else None
        if isinstance(opened, NoModel):
            _log.warning("%s is left to the carrier's recogniser: %s", language, opened.reason)
            chosen[language] = CARRIER
    return chosen


def _loaded() -> Mapping[str, bool]:
    # The application object is made with its understanding already trained: whoever can ask this has it.
    return {"intents": True}
