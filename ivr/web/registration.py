"""Puts the web part on an application object: extensions, guards, transaction, languages, errors, and the desks' views."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Semaphore
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from ivr import database
from ivr.accounts.store import normal_email
from ivr.changes import Changes
from ivr.settings import Settings, fixed
from ivr.telephony.tickets import BrowserPhone
from ivr.web import bearer, errors, guards, languages, live, menu, people, security, transaction, words
from ivr.web.admin import admin, home
from ivr.web.alerts import alerts, open_alerts
from ivr.web.api import RESOURCES
from ivr.web.api import document as api_document
from ivr.web.api.resource import limit_content
from ivr.web.api_page import api_page
from ivr.web.assets import assets
from ivr.web.board import board
from ivr.web.board_acts import board_acts
from ivr.web.board_shared import Shared
from ivr.web.company import BLUEPRINTS as COMPANY
from ivr.web.company import words as company_words
from ivr.web.coverage_page import coverage_page
from ivr.web.desk import desk
from ivr.web.desk_phone import desk_phone
from ivr.web.desk_talk import desk_talk
from ivr.web.desk_tools import desk_tools
from ivr.web.desk_voice import desk_voice
from ivr.web.doors import Doors
from ivr.web.editing.audit import audit_page
from ivr.web.editing.flow_files import flow_files
from ivr.web.editing.flows import flows
from ivr.web.editing.intents import intents
from ivr.web.editing.prompts_page import prompts_page
from ivr.web.editing.scenarios import scenarios
from ivr.web.editing.trial import trial
from ivr.web.editing.versions import versions
from ivr.web.guards import GuardKind
from ivr.web.health import health
from ivr.web.in_words import in_words
from ivr.web.reports import reports
from ivr.web.routing_admin import routing_admin
from ivr.web.routing_admin_receipts import routing_receipts
from ivr.web.sign_in import REFUSED_STATUS, sign_in
from ivr.web.tokens import tokens
from ivr.web.what_if import what_if
from ivr.web.wiring import EXTENSION, Wiring

# Only wrong passwords count. OWASP's authentication notes ask for a limit per account besides the one per address, since
# one password is tried on many accounts as well as many on one; a person seldom errs five times in a row.
TRIES_PER_ADDRESS = "20 per 10 minutes"
TRIES_PER_ACCOUNT = "6 per 10 minutes"

PAGES = (
    assets,
    home,
    sign_in,
    desk,
    desk_phone,
    desk_talk,
    desk_tools,
    desk_voice,
    admin,
    alerts,
    board,
    board_acts,
    reports,
    health,
    routing_admin,
    routing_receipts,
    what_if,
    scenarios,
    tokens,
    api_page,
    flows,
    flow_files,
    prompts_page,
    coverage_page,
    intents,
    trial,
    *COMPANY,
    versions,
    audit_page,
)


def utc_now() -> datetime:
    """The clock of the edge."""
    return datetime.now(UTC)  # noqa: TID251 - the edge reads the clock


def register(
    app: Flask,
    *,
    settings: Settings,
    engine: Engine,
    doors: Doors,
    clock: Callable[[], datetime] = utc_now,
    changes: Changes | None = None,
    has_pages: bool = True,
) -> None:
    """Give `app` the desks and everything that every view of it relies on; call it once, before its first request.

    Without pages nobody signs in, and the API is not there: a trial's service answers the carrier alone.

    Views that others add need a guard as well (`guarded_by`, `public` or `by_carrier`), and may use `transaction.session()`.
    """
    changes = changes or Changes()
    app.extensions[EXTENSION] = Wiring(
        engine=engine,
        sessions=database.session_factory(engine, changes),
        reading_sessions=database.reading_session_factory(engine),
        doors=doors,
        clock=clock,
        zone=settings.zone,
        browser_phone=_browser_phone(settings),
        line_url=settings.line_url,
        changes=changes,
        fixed=fixed(settings),
        live_places=Semaphore(live.MOST_PAGES),
    )
    app.extensions[Shared.EXTENSION] = Shared(changes, app.extensions[EXTENSION].reading_sessions, doors.company, clock)
    app.config["SECRET_KEY"] = settings.secret_key.get_secret_value()
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    app.config.setdefault("MAX_FORM_MEMORY_SIZE", security.LARGEST_FORM_BYTES)
    security.configure_cookies(app, secure=settings.cookies_secure)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's documented way
    _install_extensions(app)
    _install_request_life(app, settings)
    if has_pages:
        for blueprint in PAGES:
            app.register_blueprint(blueprint)
        api_document.install(app, RESOURCES)
        _limit_attempts(app, api_rate=settings.api_rate)
    _name_guards_of_files(app)
    app.jinja_env.filters.update(_filters())
    app.jinja_env.globals.update(
        current_person=people.current_person,
        language=languages.language,
        LANGUAGES=languages.LANGUAGES,
        open_alerts=open_alerts,
        first_row=menu.first_row,
        second_row=menu.second_row,
        said=company_words.said,
        whole_day=company_words.whole_day,
    )


def _browser_phone(settings: Settings) -> BrowserPhone | None:
    if not settings.api_key_sid or settings.voice_sdk is None:
        return None
    return BrowserPhone(
        account_sid=settings.account_sid,
        key_sid=settings.api_key_sid,
        key_secret=settings.api_key_secret.get_secret_value(),
        application_sid=settings.twiml_app,
        sdk_file=settings.voice_sdk,
    )


def _install_extensions(app: Flask) -> None:
    if app.static_url_path is None:
        # The application has no files of its own; Bootstrap's are served beside where they would be.
        app.static_url_path = "/static"
    Bootstrap5(app)
    people.make_login_manager().init_app(app)
    languages.make_babel().init_app(
        app,
        default_translation_directories=str(languages.TRANSLATIONS),
        locale_selector=languages.language,
        timezone_selector=languages.time_zone,
    )


def _install_request_life(app: Flask, settings: Settings) -> None:
    csrf = CSRFProtect(app)

    def check_csrf() -> None:
        guard = guards.guard_of_request()
        if guard is None or request.method in transaction.SAFE_METHODS:
            return
        # The carrier proves every request by its signature, and a token of the API is no cookie: neither can be abused by a page
        # of somebody else's. A stranger to the API is told that they are one.
        if guard.kind is GuardKind.CARRIER:
            return
        if guard.kind is GuardKind.SCOPE and (bearer.has_bearer() or people.current_person() is None):
            return
        csrf.protect()

    app.before_request(limit_content)
    app.before_request(guards.refuse_unguarded)
    app.before_request(check_csrf)
    # Flask runs these last to first: the transaction ends before the headers are written.
    app.after_request(
        security.header_writer(
            line_url=settings.line_url,
            secure=settings.cookies_secure,
            has_browser_phone=bool(settings.api_key_sid),
        )
    )
    app.after_request(errors.closed)
    app.teardown_request(transaction.abandon)
    errors.install(app)


def _limit_attempts(app: Flask, *, api_rate: str) -> None:
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", headers_enabled=True)
    _limit_sign_in(app, limiter)
    limit: Any = limiter.shared_limit(api_rate, scope="api", key_func=bearer.whose)
    for endpoint, view in app.view_functions.items():
        guard = guards.guard_of(view)
        if guard is not None and guard.kind is GuardKind.SCOPE:
            app.view_functions[endpoint] = limit(view)


def _limit_sign_in(app: Flask, limiter: Limiter) -> None:
    view: Any = app.view_functions["sign_in.enter"]

    def failed(response: object) -> bool:
        return getattr(response, "status_code", None) == REFUSED_STATUS

    def account() -> str:
        return normal_email(request.form.get("email", ""))

    limited: Callable[..., ResponseReturnValue] = limiter.limit(TRIES_PER_ADDRESS, deduct_when=failed)(
        limiter.limit(TRIES_PER_ACCOUNT, key_func=account, deduct_when=failed)(view)
    )
    app.view_functions["sign_in.enter"] = limited


def _name_guards_of_files(app: Flask) -> None:
    for endpoint in ("static", "bootstrap.static", "assets.static"):
        view = app.view_functions.get(endpoint)
        if view is not None:
            app.view_functions[endpoint] = guards.public("style sheets and scripts hold nothing of anybody")(view)


def _filters() -> Mapping[str, Callable[..., object]]:
    return {
        "in_words": in_words,
        "worded": words.worded,
        "clock_time": words.clock_time,
        "day_and_time": words.day_and_time,
        "day": words.day,
        "telephone_number": words.telephone_number,
        "seconds": words.seconds,
        "minutes": words.minutes,
        "percent": words.percent,
        "number": words.number,
    }
