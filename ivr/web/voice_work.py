"""Looks at callers' voices beside the sockets and the webhooks: a few threads, of each turn only the newest speech, bounded.

What is done with a voice comes in as a function (`ivr.calls.voice_evidence`). Whatever happens to it here, the call goes on:
speech that finds no room is dropped and counted, and a failure is logged without anything of the caller.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final

from ivr.speech.net_speech import HeardSpeech

_log = logging.getLogger(__name__)
# An embedding takes some milliseconds for each second of speech: one thread serves more calls than a process listens to; the
# second keeps a slow look from holding up all others.
THREADS: Final = 2
# More turns than media sockets that a process holds (`ivr.web.media`): beyond it the threads no longer keep up at all.
MOST_WAITING: Final = 100
# So long the webhook behind a turn may be held up for its voice: a pause that nobody hears in a conversation (ITU-T G.114
# finds 150 ms of delay unnoticed and 400 ms acceptable).
PATIENCE_SECONDS: Final = 0.25

_Turn = tuple[str, int]


class VoiceWork:
    """The threads of one process. A turn is looked at by one of them at a time, so that its newest speech is kept last."""

    def __init__(
        self,
        look: Callable[[str, int, HeardSpeech], None],
        *,
        threads: int = THREADS,
        most_waiting: int = MOST_WAITING,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Take what looks at the net speech of a call's turn; the threads begin with the first of it."""
        self._look = look
        self._most_threads = threads
        self._most_waiting = most_waiting
        self._patience_seconds = patience_seconds
        self._threads = 0
        self._waiting: dict[_Turn, HeardSpeech] = {}
        self._looked_at: set[_Turn] = set()
        self._dropped = 0
        self._failed = 0
        self._changed = threading.Condition()

    @property
    def dropped(self) -> int:
        """How often speech was not looked at for want of room."""
        with self._changed:
            return self._dropped

    @property
    def failed(self) -> int:
        """How often a look failed."""
        with self._changed:
            return self._failed

    def hand(self, call_id: str, turn: int, heard: HeardSpeech) -> None:
        """Take the speech of a turn so far, in place of what is still waiting of it; returns at once."""
        with self._changed:
            if (call_id, turn) not in self._waiting and len(self._waiting) >= self._most_waiting:
                self._dropped += 1
                _log.warning("a voice is not looked at: %d turns wait already", len(self._waiting))
                return
            self._waiting[(call_id, turn)] = heard
            if self._threads < self._most_threads:
                self._threads += 1
                threading.Thread(target=self._look_on, name="voice", daemon=True).start()
            self._changed.notify_all()

    def wait(self, call_id: str, turn: int) -> bool:
        """Wait until all that was handed over of a turn has been looked at, at most `patience_seconds`; whether it has."""
        with self._changed:
            return self._changed.wait_for(
                lambda: (call_id, turn) not in self._waiting and (call_id, turn) not in self._looked_at,
                timeout=self._patience_seconds,
            )

    def _look_on(self) -> None:
        while True:
            turn, heard = self._next()
            try:
                self._look(*turn, heard)
            except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on and the voice proves nothing
                # Its message may hold what the caller said or who they are.
                _log.error("a voice could not be looked at (%s)", type(error).__name__)
                with self._changed:
                    self._failed += 1
            finally:
                with self._changed:
                    self._looked_at.discard(turn)
                    self._changed.notify_all()

    def _next(self) -> tuple[_Turn, HeardSpeech]:
        """Wait for speech of a turn that no other thread is looking at, the longest waiting first."""
        with self._changed:
            while True:
                for turn in self._waiting:
                    if turn not in self._looked_at:
                        self._looked_at.add(turn)
                        return turn, self._waiting.pop(turn)
                self._changed.wait()
