"""Runs what-if beside the requests: a thread a run, few at once over all processes, bounded in time.

Progress lies in the database: whichever process answers the page finds the run there, and one whose process has died is told
dead after a minute.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy.orm import Session, sessionmaker

from routing import store_what_if
from routing.what_if import WhatIf, what_if
from routing.what_if_day import Change, PastDay

_log = logging.getLogger(__name__)
# A run keeps a core busy: calls come first.
MOST_AT_ONCE: Final = 2
# Then it ends with the repetitions that it has.
LONGEST_SECONDS: Final = 120.0
# How long the thread waits for the request that began it to commit.
_PATIENCE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A run to do."""

    past: PastDay
    change: Change
    replications: int
    seed: int


def new_id() -> str:
    """A run's identifier."""
    return uuid4().hex


def start(
    run_id: str, wanted: Wanted, sessions: sessionmaker[Session], clock: Callable[[], datetime]
) -> threading.Thread:
    """Begin a run; its row becomes visible when the request that asked for it has committed."""
    thread = threading.Thread(
        target=_run, args=(run_id, wanted, sessions, clock), name=f"what-if-{run_id[:8]}", daemon=True
    )
    thread.start()
    return thread


def _run(run_id: str, wanted: Wanted, sessions: sessionmaker[Session], clock: Callable[[], datetime]) -> None:
    try:
        if _is_there(run_id, sessions, clock):
            found = _what_if(run_id, wanted, sessions, clock)
            with sessions.begin() as session:
                store_what_if.end_run(session, run_id, state="done", result=found.as_json(), now=clock())
    except Exception:  # noqa: BLE001 - a run that fails is told so on its page; the service goes on
        _log.exception("what-if %s failed", run_id)
        _tell_failed(run_id, sessions, clock)


def _what_if(run_id: str, wanted: Wanted, sessions: sessionmaker[Session], clock: Callable[[], datetime]) -> WhatIf:
    until = time.monotonic() + LONGEST_SECONDS

    def go_on(done: int, _total: int) -> bool:
        with sessions.begin() as session:
            is_wanted = store_what_if.beat(session, run_id, done=done, now=clock())
        return is_wanted and time.monotonic() < until

    return what_if(wanted.past, wanted.change, replications=wanted.replications, seed=wanted.seed, go_on=go_on)


def _is_there(run_id: str, sessions: sessionmaker[Session], clock: Callable[[], datetime]) -> bool:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        with sessions() as session:
            if store_what_if.run(session, run_id, clock()) is not None:
                return True
        time.sleep(_LOOK_SECONDS)
    return False


def _tell_failed(run_id: str, sessions: sessionmaker[Session], clock: Callable[[], datetime]) -> None:
    try:
        with sessions.begin() as session:
            store_what_if.end_run(session, run_id, state="failed", result=None, now=clock())
    except Exception:  # noqa: BLE001 - the database is away too: the page tells it dead when nothing is heard of it
        _log.exception("what-if %s cannot even be told failed", run_id)
