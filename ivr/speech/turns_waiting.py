"""Turns whose sound waits to be decoded, and the threads that take them, each turn by one thread at a time and in fair order.

The order: whoever has finished speaking first, for the caller waits in silence; else the turn that has waited longest, a piece
at a time. A turn whose sound waits too long is given up. Whether new turns are taken on is decided elsewhere.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Event, Thread
from typing import Final
from weakref import finalize

from ivr.speech.recognizer import Busy, Heard, Hearsay, NoModel, NotHeard, Recognizer

_log = logging.getLogger(__name__)

_PCM_BYTES: Final = 2
# Vosk decodes in steps of 0.2 s: a thread that is woken more often than that does nothing but wake.
_STEP_SECONDS: Final = 0.2
# What a thread decodes of one turn before it looks at the others: at 0.15 s of a core for a second of speech the next turn
# waits some 60 ms for it.
_PIECE_SECONDS: Final = 0.4
# How often idle threads look for turns that were left behind.
_LOOK_SECONDS: Final = 1.0
_STOPPING: Final = "the service is stopping"


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a turn's sound may wait."""

    # Longer than a caller's own patience: what comes then is no answer any more.
    longest_wait_seconds: float = 5.0
    # The end of a turn: a recogniser of whole utterances takes a third of their length.
    finish_seconds: float = 10.0
    # A minute is the longest turn that is listened to; the rest is for whoever feeds faster than the clock.
    most_sound_seconds: float = 120.0


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What became of the turns."""

    open_turns: int
    decoded_turns: int
    late_turns: int
    abandoned_turns: int


class _Work:
    """One turn's sound and what became of it. Everything but `finished` is guarded by the workers' lock."""

    def __init__(self, opened: Callable[[], Recognizer | NoModel | Busy], *, rate_hz: int) -> None:
        self.opened = opened
        self.bytes_per_second = _PCM_BYTES * rate_hz
        self.recognizer: Recognizer | None = None  # of the thread that holds this work; nobody else touches it
        self.sound = bytearray()
        self.fed_bytes = self.decoded_bytes = 0
        self.arrivals: deque[tuple[int, float]] = deque()  # fed bytes so far, and when they came: of what still waits
        self.queued_at: float | None = None  # since when it stands in a queue; None while it does not
        self.is_held = False  # by a thread
        self.is_ending = False
        self.partial = ""
        self.hearsay: Hearsay | None = None
        self.finished = Event()

    def put(self, pcm: bytes, *, at: float) -> None:
        """Let sound wait."""
        self.sound += pcm
        self.fed_bytes += len(pcm)
        self.arrivals.append((self.fed_bytes, at))

    def piece(self) -> bytes:
        """Take the sound that is to be decoded next."""
        # Even, so that no sample is torn.
        length = min(len(self.sound), round(_PIECE_SECONDS * self.bytes_per_second))
        sound = bytes(self.sound[:length])
        del self.sound[:length]
        self.decoded_bytes += length
        while self.arrivals and self.arrivals[0][0] <= self.decoded_bytes:
            self.arrivals.popleft()
        return sound

    def age(self, now: float) -> float:
        """How long the oldest of the waiting sound has waited, in seconds."""
        return now - self.arrivals[0][1] if self.arrivals else 0.0

    @property
    def is_ready(self) -> bool:
        """Whether a thread has something to do for this turn."""
        if self.hearsay is not None:
            return self.recognizer is not None  # to be let go
        return self.is_ending or len(self.sound) >= _STEP_SECONDS * self.bytes_per_second


class QueuedTurn:
    """A session of the port whose sound is decoded on other threads."""

    def __init__(self, workers: "Workers", work: _Work) -> None:
        """Take what is to be decoded, and by whom. Made by `Workers.open`."""
        self._workers = workers
        self._work = work
        # A socket's thread that died without finishing lets go of this object, and nothing else tells.
        self._left_behind = finalize(self, workers.left_behind.append, work)
        # At the end of the process nobody is left to hear of it.
        self._left_behind.atexit = False

    def accept(self, pcm: bytes) -> str:
        """Take in sound and give the words so far, at once."""
        return self._workers.feed(self._work, pcm)

    def finish(self) -> Hearsay:
        """Wait for the rest to be decoded, but not for ever, and give what was heard."""
        self._left_behind.detach()
        return self._workers.end(self._work)


class Workers:
    """The threads that decode; started with the first turn."""

    def __init__(self, *, threads: int, patience: Patience, clock: Callable[[], float]) -> None:
        """Take how many there are, and how long sound may wait for them."""
        self._wanted = threads
        self._patience = patience
        self._clock = clock
        self._threads: list[Thread] = []
        self._changed = Condition()
        self._ending: deque[_Work] = deque()
        self._speaking: deque[_Work] = deque()
        # Filled by the garbage collector in the middle of anything, so that it must do without the lock.
        self.left_behind: deque[_Work] = deque()
        self._open: set[_Work] = set()
        self._running_since: dict[int, float] = {}
        self._busy_seconds = 0.0
        self._waited_seconds = 0.0
        self._decoded_turns = self._late_turns = self._abandoned_turns = 0
        self._is_closed = False

    def open(self, opened: Callable[[], Recognizer | NoModel | Busy], *, rate_hz: int) -> QueuedTurn:
        """Take on a turn; `opened` is called on the thread that decodes its first sound."""
        work = _Work(opened, rate_hz=rate_hz)
        with self._changed:
            self._open.add(work)
            if not self._threads:
                self._start()
        return QueuedTurn(self, work)

    def feed(self, work: _Work, pcm: bytes) -> str:
        """Let sound wait, and give the words so far."""
        with self._changed:
            if work.hearsay is not None or not pcm:
                return work.partial
            now = self._clock()
            work.put(pcm, at=now)
            if work.age(now) > self._patience.longest_wait_seconds:
                self._give_up(work, f"its sound has waited for {work.age(now):.1f} s")
            elif len(work.sound) > self._patience.most_sound_seconds * work.bytes_per_second:
                self._give_up(work, "more sound waits to be decoded than a turn has")
            else:
                self._queue(work)
            return work.partial

    def end(self, work: _Work) -> Hearsay:
        """Have the rest decoded and wait for it."""
        with self._changed:
            if self._is_closed:
                self._settle(work, NotHeard(reason=_STOPPING))
            elif not work.fed_bytes:
                # Nobody spoke: there is nothing to wait for, and no recogniser was opened.
                self._settle(work, Heard(text="", confidence=None))
            else:
                work.is_ending = True
                self._queue(work)
        work.finished.wait(self._patience.finish_seconds)
        with self._changed:
            if work.hearsay is None:
                return self._give_up(work, f"its end was not decoded in {self._patience.finish_seconds:.0f} s")
            return work.hearsay

    def silent_turns(self) -> int:
        """The turns taken on that have had no sound yet."""
        with self._changed:
            return sum(not work.fed_bytes for work in self._open)

    def measured(self) -> tuple[float, float]:
        """For how many seconds threads have decoded in all, and the longest that sound waited since this was last asked."""
        with self._changed:
            now = self._clock()
            running = sum(now - since for since in self._running_since.values())
            waiting = [now - work.queued_at for work in self._first_ones() if work.queued_at is not None]
            waited, self._waited_seconds = max([self._waited_seconds, *waiting]), 0.0
            return self._busy_seconds + running, waited

    def counts(self) -> Counts:
        """What became of the turns so far."""
        with self._changed:
            return Counts(
                open_turns=len(self._open),
                decoded_turns=self._decoded_turns,
                late_turns=self._late_turns,
                abandoned_turns=self._abandoned_turns,
            )

    def close(self) -> None:
        """End the threads after the piece that each is at; open turns come back as not heard."""
        with self._changed:
            self._is_closed = True
            for work in tuple(self._open):
                self._settle(work, NotHeard(reason=_STOPPING))
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(self._patience.finish_seconds)

    def _start(self) -> None:
        for number in range(1, self._wanted + 1):
            # Daemons: a process that is told to end does not wait for words that nobody will use.
            thread = Thread(target=self._work_on, args=(number,), name=f"decoding {number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _first_ones(self) -> list[_Work]:
        return [queue[0] for queue in (self._ending, self._speaking) if queue]

    def _queue(self, work: _Work) -> None:
        """Put a turn where a thread will find it, if there is something to do; who has finished speaking goes first."""
        if work.is_held or not work.is_ready:
            return  # the thread that holds it looks again before it lets go
        if work.queued_at is not None and work.is_ending and work in self._speaking:
            self._speaking.remove(work)
        elif work.queued_at is not None:
            return
        else:
            work.queued_at = self._clock()
        (self._ending if work.is_ending else self._speaking).append(work)
        self._changed.notify()

    def _settle(self, work: _Work, hearsay: Hearsay) -> None:
        """Fix what was heard; a second time changes nothing."""
        if work.hearsay is not None:
            return
        work.hearsay = hearsay
        work.sound.clear()
        work.arrivals.clear()
        self._open.discard(work)
        self._decoded_turns += isinstance(hearsay, Heard)
        work.finished.set()
        self._queue(work)

    def _give_up(self, work: _Work, reason: str) -> NotHeard:
        self._late_turns += 1
        _log.warning("a turn is given up: %s", reason)
        late = NotHeard(reason=f"decoding is late: {reason}")
        self._settle(work, late)
        return late

    def _work_on(self, number: int) -> None:
        while (work := self._next(number)) is not None:
            try:
                self._decode(work)
            except Exception as error:  # noqa: BLE001 - the port forbids it; a breach must not take the thread with it
                _log.exception("a recogniser raised")
                with self._changed:
                    work.recognizer = None
                    self._settle(work, NotHeard(reason=f"the recogniser raised {type(error).__name__}"))
            with self._changed:
                self._busy_seconds += self._clock() - self._running_since.pop(number)
                work.is_held = False
                self._queue(work)

    def _next(self, number: int) -> _Work | None:
        """Wait for a turn and hold it; None when the threads are to end."""
        with self._changed:
            while True:
                self._pick_up_left_behind()
                queue = self._ending or self._speaking
                if queue:
                    break
                if self._is_closed:
                    return None
                self._changed.wait(_LOOK_SECONDS)
            work = queue.popleft()
            now = self._clock()
            if work.queued_at is not None:
                self._waited_seconds = max(self._waited_seconds, now - work.queued_at)
            work.queued_at = None
            work.is_held = True
            self._running_since[number] = now
            return work

    def _decode(self, work: _Work) -> None:
        """Decode a piece of a turn's sound on the thread that holds it, and end the turn if that was the last."""
        with self._changed:
            is_settled = work.hearsay is not None
            sound = work.piece()
            is_last = work.is_ending and not work.sound
        if is_settled:
            recognizer, work.recognizer = work.recognizer, None
            if recognizer is not None:
                recognizer.finish()  # nobody waits for it any more: what it holds is let go
            return
        if work.recognizer is None:
            opened = work.opened()
            if isinstance(opened, NoModel | Busy):
                with self._changed:
                    self._settle(work, NotHeard(reason=opened.reason))
                return
            work.recognizer = opened
        partial = work.recognizer.accept(sound)
        hearsay = work.recognizer.finish() if is_last else None
        with self._changed:
            work.partial = partial
            if hearsay is not None:
                work.recognizer = None
                self._settle(work, hearsay)

    def _pick_up_left_behind(self) -> None:
        while self.left_behind:
            work = self.left_behind.popleft()
            if work.hearsay is None:
                self._abandoned_turns += bool(work.fed_bytes)
                self._settle(work, NotHeard(reason="whoever fed the turn went away"))
