"""The telephone's socket of a trial: a ticket opens a house, the page talks with its line and is told the story, its end ends it.

Only a signed-in admin's own page comes in: the guard asks who it is, the origin which page, the ticket what was wanted.
"""

import json
import logging
import threading
from functools import partial
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask, abort, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError

from ivr.accounts import store as accounts
from ivr.accounts.store import Role
from ivr.line import phone_protocol as page
from ivr.line.browser import Ears, Outbox
from ivr.trials import tried
from ivr.trials.house import TrialHouse
from ivr.trials.phones import TrialPhone, told
from ivr.trials.scenario_made import scenario_of
from ivr.trials.situations import SituationError
from ivr.trials.story import NOTHING, TrialStory
from ivr.web import guards, transaction
from ivr.web.editing.trial_ticket import Wanted, wanted_by
from ivr.web.guards import the_person
from ivr.web.languages import language
from ivr.web.people import current_token
from ivr.web.voice_wiring import voice_wiring
from ivr.web.wiring import wiring

_log = logging.getLogger(__name__)

PATH: Final = "/admin/trial/socket"
ENDPOINT: Final = "trial.socket"
# A page that opened the socket has its ticket in hand.
TICKET_WAIT_SECONDS: Final = 5.0
# How often the story is looked at while a call is on: as live pages do.
LOOK_SECONDS: Final = 0.4
# What the carrier tells last comes after the call's end.
LAST_WORDS_SECONDS: Final = 1.5
# Longer than any call that is tried for a reason; a forgotten page must not keep a house open.
LONGEST_SECONDS: Final = 15 * 60.0
# How often it is looked whether the person is still signed in.
PERSON_SECONDS: Final = 20.0


def register_trial_socket(app: Flask) -> None:
    """Add the socket to an application; `flask_sock` takes its options from the media socket's."""
    sock = Sock(app)
    sock.route(PATH, endpoint=ENDPOINT)(converse)
    app.view_functions[ENDPOINT] = guards.guarded_by(Role.ADMIN)(_of_our_page(app.view_functions[ENDPOINT]))


def _of_our_page(view: Any) -> Any:
    def checked(*args: Any, **kwargs: Any) -> Any:
        # Before the upgrade, so that a foreign page gets a plain 403.
        if not _is_our_origin(request.headers.get("Origin", "")):
            abort(403)
        return view(*args, **kwargs)

    return checked


def _is_our_origin(origin: str) -> bool:
    public = urlsplit(voice_wiring().public_url)
    return bool(origin) and origin in {
        f"{request.scheme}://{request.host}",
        f"{public.scheme}://{public.netloc}",
    }


def converse(socket: Any) -> None:
    """Serve one telephone until its page, its person's sign-in, its call or its time is over."""
    account_id, token, spoken = the_person().account_id, current_token(), language()
    # The request lasts as long as the call: it must hold no session meanwhile.
    transaction.abandon()
    wanted = _wanted(socket, account_id)
    if wanted is None:
        return
    trials = wiring().doors.trials
    if not trials.places.acquire(blocking=False):
        _refuse(socket, "places")
        return
    try:
        house = _house(wanted)
        if isinstance(house, str):
            _refuse(socket, house)
            return
        with house:
            ears = trials.hearing.ears(house.setting.language)
            _Telephone(socket, house, ears=ears, token=token, language=spoken).serve()
    except ConnectionClosed:
        return
    except SQLAlchemyError as error:
        _log.error("a trial ends: the database does not answer (%s)", type(error).__name__)
    finally:
        trials.places.release()


def _wanted(socket: Any, account_id: int) -> Wanted | None:
    try:
        message = socket.receive(timeout=TICKET_WAIT_SECONDS)
        given = json.loads(message) if isinstance(message, str) else None
    except (ConnectionClosed, ValueError, RecursionError):
        return None
    wanted = wanted_by(given.get("ticket"), account_id) if isinstance(given, dict) else None
    if wanted is None:
        _refuse(socket, "ticket")
    return wanted


def _house(wanted: Wanted) -> TrialHouse | str:
    """The house that is wanted, or the reason why there is none."""
    doors = wiring().doors
    with transaction.one_look() as session:
        version = tried.version_of(
            session,
            doors.company,
            wanted.version,
            understandings=doors.understandings,
            recordings=doors.trials.recordings,
            now=wiring().clock(),
        )
    if isinstance(version, tried.Unusable):
        return "version"
    try:
        return doors.trials.open_house(version, wanted.setting, time="real")
    except SituationError:
        return "setting"


def _refuse(socket: Any, reason: str) -> None:
    try:
        socket.send(page.encode(page.Refused(reason=reason)))
        socket.close()
    except (ConnectionClosed, OSError):
        return


class _Telephone:
    """One page on one line."""

    def __init__(self, socket: Any, house: TrialHouse, *, ears: Ears | None, token: str, language: str) -> None:
        self._socket = socket
        self._house = house
        self._token = token
        self._language = language
        self._outbox = Outbox()
        self._phone = TrialPhone(house, outbox=self._outbox, ears=ears)
        self._began = monotonic()
        self._looked_at = self._asked_at = self._began
        self._over_at: float | None = None
        self._story: TrialStory = NOTHING

    def serve(self) -> None:
        """Carry messages until it is over."""
        writer = threading.Thread(target=self._write, name="trial-phone-writer", daemon=True)
        writer.start()
        self._house.line.post(self._phone.open)
        self._house.line.post(self._phone.dial)
        try:
            while not self._is_over():
                message = self._socket.receive(timeout=LOOK_SECONDS)
                if message is not None:
                    self._take(message)
                self._tell()
        finally:
            self._house.line.run(self._phone.close)
            self._outbox.close()
            writer.join(timeout=1.0)

    def _take(self, message: str | bytes) -> None:
        command = page.decode(message)
        match command:
            case page.Rubbish(reason=reason):
                self._outbox.tell(page.Refused(reason="rubbish", detail=reason))
            case page.Call() | page.Answer() | page.Decline():
                self._outbox.tell(page.Refused(reason="rubbish", detail="this telephone has called already"))
            case _:
                self._house.line.post(partial(self._phone.take, command))

    def _tell(self) -> None:
        """Tell the page what has become of the call, where that has changed."""
        now = monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        story = self._phone.story(self._language)
        if story != self._story:
            self._story = story
            scenario = scenario_of(self._house.setting, story, zone=self._house.company.zone)
            self._outbox.write(told(story, scenario))
        party = self._phone.party
        if party is not None and party.reason is not None and self._over_at is None:
            self._over_at = now + LAST_WORDS_SECONDS

    def _is_over(self) -> bool:
        now = monotonic()
        if self._over_at is not None and now >= self._over_at:
            return True
        if now - self._began > LONGEST_SECONDS:
            self._outbox.tell(page.Refused(reason="time"))
            return True
        if now - self._asked_at > PERSON_SECONDS:
            self._asked_at = now
            return not self._is_signed_in()
        return False

    def _is_signed_in(self) -> bool:
        with transaction.one_look() as session:
            person = accounts.signed_in(session, token=self._token, now=wiring().clock())
        return person is not None and person.role is Role.ADMIN

    def _write(self) -> None:
        try:
            while (message := self._outbox.take()) is not None:
                self._socket.send(message)
        except (ConnectionClosed, OSError):
            # The page is gone; the reading side sees it too.
            return
