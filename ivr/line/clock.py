"""Time for the line: one loop with a heap of timers, on a clock of its own (tests) or on the wall's (people).

Everything that touches the line's state runs as an action of one loop. On the virtual clock time jumps from timer to
timer, blocking work runs inline between two actions, and nothing ever sleeps; on the real clock the loop is a thread and
blocking work (webhooks, handshakes) runs on a pool and comes back to the loop. What the actions do is not decided here.
"""

import heapq
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

T = TypeVar("T")
Action = Callable[[], None]

DEFAULT_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# a Monday morning that is a holiday nowhere in Italy; any instant would do
WEBHOOK_THREADS = 32
# one thread a webhook under way; a laptop's line carries some ten calls
logger = logging.getLogger(__name__)


@dataclass(order=True)
class Timer:
    """An action that is due; cancelling it makes it do nothing."""

    due_microseconds: int
    order: int
    action: Action | None = field(compare=False)

    def cancel(self) -> None:
        """Forget the action."""
        self.action = None


class Clock(Protocol):
    """What the line needs of time."""

    @property
    def microseconds(self) -> int:
        """The loop's time since its start."""

    def now(self) -> datetime:
        """Give the aware UTC time."""

    def call_later(self, seconds: float, action: Action) -> Timer:
        """Run the action on the loop after so many seconds; only from the loop."""

    def post(self, action: Action) -> None:
        """Run the action on the loop as soon as it can; from any thread."""

    def call(self, function: Callable[[], T]) -> T:
        """Run the function on the loop and give what it gives; from any thread."""

    def run_aside(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run work that may block off the loop, and then `then` with its result on the loop."""


class _Heap:
    """Timers in the order in which they are due, equal ones in the order in which they were set."""

    def __init__(self) -> None:
        self._timers: list[Timer] = []
        self._count = 0

    def push(self, due_microseconds: int, action: Action) -> Timer:
        self._count += 1
        timer = Timer(due_microseconds, self._count, action)
        heapq.heappush(self._timers, timer)
        return timer

    def next_due(self) -> int | None:
        while self._timers and self._timers[0].action is None:
            heapq.heappop(self._timers)
        return self._timers[0].due_microseconds if self._timers else None

    def pop_due(self, microseconds: int) -> Action | None:
        due = self.next_due()
        if due is None or due > microseconds:
            return None
        return heapq.heappop(self._timers).action


class VirtualClock:
    """Time that moves only when a test says so. Only one thread runs at any instant: see `ivr.line.sockets`."""

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        if start.tzinfo is None:
            raise ValueError("the clock's start must be an aware time")
        self._start = start
        self._heap = _Heap()
        self._posted: deque[Action] = deque()
        self._microseconds = 0

    @property
    def microseconds(self) -> int:
        """Microseconds since the start."""
        return self._microseconds

    def now(self) -> datetime:
        """Give the aware UTC time."""
        return self._start + timedelta(microseconds=self._microseconds)

    def call_later(self, seconds: float, action: Action) -> Timer:
        """Run the action when time has come that far."""
        return self._heap.push(self._microseconds + max(0, round(seconds * 1_000_000)), action)

    def post(self, action: Action) -> None:
        """Run the action before time moves on."""
        self._posted.append(action)

    def call(self, function: Callable[[], T]) -> T:
        """Run the function here and now: on this clock no two threads ever run at once."""
        return function()

    def run_aside(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run the work inline as an action of its own; it takes no time."""
        self.post(lambda: then(work()))

    def run_until(self, predicate: Callable[[], bool], limit_seconds: float) -> bool:
        """Let time pass until the predicate holds or the limit is over; tell whether it holds."""
        limit = self._microseconds + round(limit_seconds * 1_000_000)
        while not predicate():
            if not self._run_next(limit):
                self._microseconds = max(self._microseconds, limit)
                return predicate()
        return True

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass."""
        self.run_until(lambda: False, seconds)

    def _run_next(self, limit: int) -> bool:
        if self._posted:
            self._posted.popleft()()
            return True
        due = self._heap.next_due()
        if due is None or due > limit:
            return False
        self._microseconds = max(self._microseconds, due)
        action = self._heap.pop_due(self._microseconds)
        if action is not None:
            action()
        return True


class RealClock:
    """The wall's time; the loop is a thread between `start` and `stop`."""

    def __init__(self) -> None:
        self._heap = _Heap()
        self._posted: deque[Action] = deque()
        self._wake = threading.Condition()
        self._running = False
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._began = time.monotonic()

    @property
    def microseconds(self) -> int:
        """Microseconds since the clock was made."""
        return round((time.monotonic() - self._began) * 1_000_000)

    def now(self) -> datetime:
        """Give the wall's time in UTC."""
        return datetime.now(UTC)  # noqa: TID251  this is the edge where the line reads the wall clock

    def start(self) -> None:
        """Start the loop."""
        self._running = True
        self._pool = ThreadPoolExecutor(max_workers=WEBHOOK_THREADS, thread_name_prefix="line-aside")
        self._thread = threading.Thread(target=self._run, name="line-loop", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the loop; what is still due is dropped."""
        with self._wake:
            self._running = False
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def call_later(self, seconds: float, action: Action) -> Timer:
        """Run the action on the loop when it is due."""
        with self._wake:
            timer = self._heap.push(self.microseconds + max(0, round(seconds * 1_000_000)), action)
            self._wake.notify()
        return timer

    def post(self, action: Action) -> None:
        """Run the action on the loop at once."""
        with self._wake:
            self._posted.append(action)
            self._wake.notify()

    def call(self, function: Callable[[], T]) -> T:
        """Run the function on the loop and wait for what it gives or raises."""
        if threading.current_thread() is self._thread:
            return function()
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(function())
            except Exception as error:  # noqa: BLE001  whatever it raises belongs to the thread that asked
                result.set_exception(error)

        self.post(run)
        return result.result(timeout=30)

    def run_aside(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run the work on the pool, then `then` on the loop."""
        if self._pool is None or not self._running:
            return

        def run() -> None:
            try:
                outcome = work()
            except Exception:
                logger.exception("work beside the line's loop failed")
                return
            self.post(lambda: then(outcome))

        self._pool.submit(run)

    def _run(self) -> None:
        while True:
            action = self._next_action()
            if action is None:
                return
            try:
                action()
            except Exception:
                logger.exception("an action of the line failed")

    def _next_action(self) -> Action | None:
        with self._wake:
            while self._running:
                if self._posted:
                    return self._posted.popleft()
                now = self.microseconds
                action = self._heap.pop_due(now)
                if action is not None:
                    return action
                due = self._heap.next_due()
                self._wake.wait(None if due is None else max(0.0, (due - now) / 1_000_000))
        return None
