"""In which language a page is read: the person's own, else one that the browser asks for, else the installation's."""

from collections.abc import Mapping
from pathlib import Path

from flask import g, has_request_context, request
from flask_babel import Babel

from ivr.web.people import current_person
from ivr.web.wiring import wiring

TRANSLATIONS = Path(__file__).parent / "translations"
# Each in its own words: who cannot read the page can still read this.
LANGUAGES: Mapping[str, str] = {"it": "Italiano", "en": "English"}


def make_babel() -> Babel:
    """Flask-Babel's extension."""
    return Babel()


def language() -> str:
    """The language of this request, "it" or "en"."""
    if not has_request_context():
        return "it"
    if "language" not in g:
        person = current_person()
        own = person.language if person is not None else ""
        asked = request.accept_languages.best_match(tuple(LANGUAGES))
        g.language = own if own in LANGUAGES else asked or wiring().doors.company.own.last.default_language
    chosen: str = g.language
    return chosen


def time_zone() -> str:
    """The company's time zone: a desk's times are the company's, wherever the browser stands."""
    return wiring().zone.key
