"""What time alone brings about: offers expire, wrap-ups end, gone desks sign off, waiting calls are offered again, audio goes.

Any number of processes tick at once; each change is a compare-and-swap in the database, so a dead process leaves nothing stuck.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ivr.calls import audio, store
from ivr.calls.company import Company
from ivr.calls.effects import Effect, ReleaseCaller
from ivr.calls.meeting import Meeting
from ivr.calls.outgoing import Outgoing
from routing import dispatch, reports

_log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
# An accepted call whose agent's leg has not been answered so long after the telephone stopped ringing never will be.
PATIENCE = timedelta(seconds=15)
# How often calls are looked for whose end was never told (they wait for ten minutes at least), and audio whose time is over
# (which nobody can listen to from that moment on).
SWEEP_EVERY = timedelta(minutes=1)


class Ticker:
    """A thread that ticks; `tick` is the one tick, for tests and for other clocks."""

    EXTENSION = "centralino.ticker"

    def __init__(
        self,
        meeting: Meeting,
        outgoing: Outgoing,
        sessions: sessionmaker[Session],
        company: Company,
        clock: Callable[[], datetime],
    ) -> None:
        self._meeting = meeting
        self._outgoing = outgoing
        self._sessions = sessions
        self._company = company
        self._clock = clock
        self._swept_at: datetime | None = None
        self._stop = threading.Event()

    def start(self) -> None:
        """Tick each second in a thread of its own until the process ends."""
        threading.Thread(target=self._run, name="ticker", daemon=True).start()

    def stop(self) -> None:
        """Tick no more."""
        self._stop.set()

    def tick(self) -> None:
        """Do what is due now."""
        now = self._clock()
        effects: list[Effect] = []
        with self._sessions.begin() as session:
            ticked = dispatch.tick(session, now, self._company.routing_rules)
            for missed in ticked.missed:
                store.note(session, missed.call_id, "missed", {"agent": missed.agent_id}, now)
            for offered in ticked.offered:
                store.note(session, offered.call_id, "offered", {"agent": offered.agent_id}, now)
            limit = timedelta(seconds=self._company.agent_ring_seconds) + PATIENCE
            for call_id in reports.never_connected(session, now - limit):
                call = store.call(session, call_id, lock=True)
                if call is not None:
                    effects.extend(self._meeting.agent_unreachable(session, call, "no answer", now))
            effects.extend(
                ReleaseCaller(call_id=call_id, turn=turn) for call_id, turn in store.stranded_calls(session, now)
            )
            if self._swept_at is None or now - self._swept_at >= SWEEP_EVERY:
                self._swept_at = now
                effects.extend(self._give_up_silent_calls(session, now))
                audio.erase_what_is_over(session, now)
        self._outgoing.carry_out(effects)

    def _give_up_silent_calls(self, session: Session, now: datetime) -> Iterable[Effect]:
        """End the calls whose end the carrier never told: no case, offer or agent may hang on a word that was lost."""
        for call_id in store.silent_calls(session, now):
            call = store.call(session, call_id, lock=True)
            if call is not None and call.status != store.ENDED:
                store.note(session, call_id, "given_up", {}, now)
                yield from self._meeting.caller_gone(session, call, now)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            try:
                self.tick()
            except SQLAlchemyError as error:
                # The next tick tries again; a database that is away must not end the thread.
                _log.warning("a tick failed: %s", type(error).__name__)
