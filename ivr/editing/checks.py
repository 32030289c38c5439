"""Asks the gates about a version: on a thread of its own, outside of any transaction, and keeps what they said.

Scenarios and held-back examples take seconds to minutes; nobody's call and nobody's page waits for them.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ivr.audit.store import Actor
from ivr.editing import publications, versions
from ivr.editing.gates import Gate, GateFinding, checker
from prompts.told import Told

_log = logging.getLogger(__name__)


class Checks:
    """Runs of the gates; one at a time in a process."""

    def __init__(
        self,
        gates: Sequence[Gate],
        *,
        sessions: sessionmaker[Session],
        reading_sessions: sessionmaker[Session],
        clock: Callable[[], datetime],
        prepare: Callable[[int], None] | None = None,
    ) -> None:
        """Take the gates beside the checker, and what makes a version ready to answer calls."""
        self._gates = (checker, *gates)
        self._sessions = sessions
        self._reading_sessions = reading_sessions
        self._clock = clock
        self._prepare = prepare
        self._one_at_a_time = threading.Lock()
        self._running: list[threading.Thread] = []

    def begin(self, session: Session, number: int, *, by: Actor, now: datetime) -> int:
        """Note, in the caller's transaction, that a version is being checked; `carry_on` once that is committed."""
        return versions.begin_check(session, number, base=publications.live_number(session, now), by=by, now=now)

    def carry_on(self, check_id: int, number: int) -> threading.Thread:
        """Ask the gates, on a thread of its own."""
        thread = threading.Thread(target=self.run, args=(check_id, number), name=f"check-{number}", daemon=True)
        self._running = [one for one in self._running if one.is_alive()] + [thread]
        thread.start()
        return thread

    def wait(self) -> None:
        """Wait until no check is going on any more."""
        for thread in self._running:
            thread.join()

    def run(self, check_id: int, number: int) -> Sequence[GateFinding]:
        """Ask the gates now, and keep what they say; the checker's errors end it, since nothing else could be tried."""
        with self._one_at_a_time:
            said = self._asked(check_id, number)
        try:
            with self._sessions.begin() as session:
                versions.end_check(session, check_id, said, now=self._clock())
        except SQLAlchemyError as error:
            _log.error("what the gates said of version %d could not be kept: %s", number, type(error).__name__)
        return said

    def _asked(self, check_id: int, number: int) -> tuple[GateFinding, ...]:
        said: list[GateFinding] = []
        try:
            with self._reading_sessions() as session:
                documents = versions.documents(session, number)
                live = versions.base_of_check(session, check_id)
                if live not in versions.descent(session, number):
                    said.append(_takes_back(number, live))
                base = None if live == number else versions.documents(session, live)
            for gate in self._gates:
                with self._reading_sessions() as session:
                    said.extend(gate(session, documents, base))
                if any(not one.can_be_overruled for one in said):
                    return tuple(said)
            if self._prepare is not None:
                self._prepare(number)
        except Exception as error:  # noqa: BLE001 - whatever a gate runs into, the check ends, and says so
            _log.exception("the check of version %d failed", number)
            told = Told("a check could not be carried out: %(error)s", error=type(error).__name__)
            said.append(GateFinding(gate="checks", severity="error", message=told, remedy=Told("Look into the log")))
        return tuple(said)


def _takes_back(number: int, live: int) -> GateFinding:
    return GateFinding(
        gate="versions",
        severity="error",
        message=f"It does not come from version {live}, which is live, and takes back what that one changed",
        remedy="Bring the draft up to date and make a version of it, or say why",
        place=f"version {number}",
    )
