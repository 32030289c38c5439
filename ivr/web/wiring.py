"""What `ivr.app` gave to the web part of one application object, and how a view gets at it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Semaphore
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from ivr.changes import Changes
from ivr.settings import Fixed
from ivr.telephony.tickets import BrowserPhone
from ivr.web.doors import Doors

EXTENSION = "centralino"


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """Everything that the views use besides the request."""

    engine: Engine
    sessions: sessionmaker[Session]  # that write
    reading_sessions: sessionmaker[Session]  # that only read
    doors: Doors
    clock: Callable[[], datetime]  # aware UTC
    zone: ZoneInfo  # the company's
    browser_phone: BrowserPhone | None  # the carrier's, where it is set up
    line_url: str  # the local line's address for the agents' browser phone, "" when it is off
    changes: Changes  # the bus that live pages wait on
    fixed: tuple[Fixed, ...]  # what counts until the next start
    live_places: Semaphore  # one for each live page that may be open


def wiring() -> Wiring:
    """The wiring of the application that answers this request."""
    return cast("Wiring", current_app.extensions[EXTENSION])
