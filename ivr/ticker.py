"""What time alone brings about: offers expire, wrap-ups end, gone desks sign off, waiting calls are offered again, data go.

Any number of processes tick at once; each change is a compare-and-swap in the database, so a dead process leaves nothing stuck.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ivr.calls import audio, erasures, offering, store, talks_upkeep, voice_threshold, waiting_rounds
from ivr.calls.company import Company
from ivr.calls.effects import Effect, ReleaseCaller
from ivr.calls.meeting import Meeting
from ivr.calls.outgoing import Outgoing
from ivr.calls.retention import Keeping, forget_what_is_over
from ivr.changes import Changes
from ivr.database import empty_log
from routing import dispatch
from routing.queues import CALLBACK, MESSAGE

_log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
# What another process commits (a call that waits, an agent who is free) may leave the two beside each other: they are brought
# together at once, and not for each of the changes of a busy moment.
WAKES = ("queues", "agents")
BETWEEN_OFFERS_SECONDS = 0.05
# How often calls are looked for whose end was never told (they wait for ten minutes at least), and audio whose time is over
# (which nobody can listen to from that moment on).
SWEEP_EVERY = timedelta(minutes=1)
# Whatever else is kept for days may be kept for an hour more.
FORGET_EVERY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """What the ticker looks after beside calls: how long things are kept, and the file that knows every erasure."""

    engine: Engine
    keeping: Callable[[], Keeping]  # as an admin has it at that moment
    erasures_file: Path


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
        *,
        upkeep: Upkeep,
        changes: Changes | None = None,
    ) -> None:
        self._meeting = meeting
        self._outgoing = outgoing
        self._sessions = sessions
        self._company = company
        self._clock = clock
        self._upkeep = upkeep
        self._changes = changes or Changes()
        self._swept_at: datetime | None = None
        self._forgot_at: datetime | None = None
        self._stop = threading.Event()

    def start(self) -> None:
        """Tick each second, and offer whenever something changed, in a thread of its own until the process ends."""
        threading.Thread(target=self._run, name="ticker", daemon=True).start()

    def stop(self) -> None:
        """Tick no more."""
        self._stop.set()
        self._changes.hear(WAKES)

    def tick(self) -> None:
        """Do what is due now."""
        now = self._clock()
        effects: list[Effect] = []
        with self._sessions.begin() as session:
            ticked = dispatch.tick(session, now, self._company.routing_rules)
            for missed in ticked.missed:
                offering.note_missed(session, missed, now)
                effects.extend(self._meeting.goings.refused(session, missed.call_id, missed.agent_id, now))
            for offered in ticked.offered:
                offering.note_offered(session, offered, now)
            for given_up in ticked.overflowed:
                # What overflows into another queue waits there already; into a callback or a message the caller has to agree.
                if given_up.to in {CALLBACK, MESSAGE}:
                    store.note(session, given_up.call_id, waiting_rounds.TOO_LONG, {"to": given_up.to}, now)
            effects.extend(talks_upkeep.look_after(session, self._meeting.goings, now))
            effects.extend(self._meeting.ringing_back.due(session, now))
            effects.extend(
                ReleaseCaller(call_id=call_id, turn=turn) for call_id, turn in store.stranded_calls(session, now)
            )
            is_sweep = self._swept_at is None or now - self._swept_at >= SWEEP_EVERY
            if is_sweep:
                self._swept_at = now
                effects.extend(self._give_up_silent_calls(session, now))
                audio.erase_what_is_over(session, now, longest=self._upkeep.keeping().audio)
        self._outgoing.carry_out(effects)
        if is_sweep:
            self.look_after(now)

    def offer(self) -> None:
        """Offer what waits to whoever is free, and nothing else."""
        with self._sessions.begin() as session:
            self._meeting.offer_waiting(session, self._clock())

    def look_after(self, now: datetime) -> None:
        """Tell the file of erasures and the database what each lacks; once an hour, erase what is kept no longer."""
        has_erased = self._tell_of_erasures(now)
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            self._forgot_at = now
            with self._sessions.begin() as session:
                counts = forget_what_is_over(session, self._upkeep.keeping(), now)
            if counts:
                has_erased = True
                _log.info("erased because its time is over: %s", ", ".join(f"{n} {kind}" for kind, n in counts.items()))
            # Seconds of work, and offers expire each second: on a thread of its own.
            threading.Thread(target=self._learn_threshold, args=(now,), name="voice-threshold", daemon=True).start()
        if has_erased:
            # Whoever reads at this moment is not waited for: what is left is written over with the next changes.
            empty_log(self._upkeep.engine, patience_seconds=0.1)

    def _learn_threshold(self, now: datetime) -> None:
        try:
            voice_threshold.learn_if_due(self._company.voice, self._sessions, now)
        except SQLAlchemyError as error:
            # The next hour tries again.
            _log.warning("the threshold of voices was not looked at: %s", type(error).__name__)

    def _tell_of_erasures(self, now: datetime) -> bool:
        try:
            with self._sessions.begin() as session:
                return bool(erasures.reconcile(session, self._upkeep.erasures_file, now).written)
        except OSError as error:
            _log.error("erasures_file: %s: a backup would bring back what was erased", type(error).__name__)
            return False

    def _give_up_silent_calls(self, session: Session, now: datetime) -> Iterable[Effect]:
        """End the calls whose end the carrier never told: no case, offer or agent may hang on a word that was lost."""
        for call_id in store.silent_calls(session, now):
            call = store.call(session, call_id, lock=True)
            if call is not None and call.status != store.ENDED:
                store.note(session, call_id, "given_up", {}, now)
                yield from self._meeting.caller_gone(session, call, now)

    def _run(self) -> None:
        due_at, version = time.monotonic() + EVERY_SECONDS, self._changes.version
        while not self._stop.is_set():
            version = self._changes.wait(WAKES, version, max(0.0, due_at - time.monotonic()))
            if self._stop.wait(BETWEEN_OFFERS_SECONDS):
                return
            is_due = time.monotonic() >= due_at
            try:
                if is_due:
                    due_at = time.monotonic() + EVERY_SECONDS
                    self.tick()
                else:
                    self.offer()
            except SQLAlchemyError as error:
                # The next tick tries again; a database that is away must not end the thread.
                _log.warning("a tick failed: %s", type(error).__name__)
