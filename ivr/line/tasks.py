"""Coroutines on the line's loop: a document's execution reads as one function and can be cut off at any wait.

`Later` is a value that comes later, `Task` drives one coroutine on a clock. A task is stopped by raising `Stopped` inside
it where it waits, so that `finally` blocks tidy up; they must not wait themselves. No asyncio: the clock is ours.
"""

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

from ivr.line.clock import Clock

T = TypeVar("T")


class Stopped(BaseException):
    """Raised inside a task that is stopped; not an error, so `except Exception` lets it through."""


class Later(Generic[T]):
    """A value that is not there yet; the first resolution counts, later ones do nothing."""

    def __init__(self) -> None:
        self._values: list[T] = []
        self._waiter: Callable[[], None] | None = None

    @property
    def done(self) -> bool:
        """Whether the value is there."""
        return bool(self._values)

    def resolve(self, value: T) -> None:
        """Give the value, if none was given before."""
        if self._values:
            return
        self._values.append(value)
        if self._waiter is not None:
            waiter, self._waiter = self._waiter, None
            waiter()

    def wait(self, waiter: Callable[[], None] | None) -> None:
        """Set who is told when the value comes; None forgets the one who waits."""
        self._waiter = waiter

    def __await__(self) -> Generator["Later[Any]", None, T]:
        if not self._values:
            yield self
        return self._values[0]


class Task:
    """One coroutine that runs on the clock's loop from the next action on."""

    def __init__(self, clock: Clock, coroutine: Coroutine[Any, Any, None]) -> None:
        self._clock = clock
        self._coroutine = coroutine
        self._awaited: Later[Any] | None = None
        self._running = False
        self._stopping = False
        self.done = False
        clock.post(self._step)

    def stop(self) -> None:
        """Stop at the wait where the task stands, or, from inside itself, at its next wait."""
        if self.done or self._stopping:
            return
        self._stopping = True
        if not self._running:
            self._step()

    def _step(self) -> None:
        if self.done or self._running:
            return
        if self._awaited is not None:
            self._awaited.wait(None)
            self._awaited = None
        self._running = True
        try:
            awaited = self._coroutine.throw(Stopped()) if self._stopping else self._coroutine.send(None)
        except (StopIteration, Stopped):
            self.done = True
            return
        except BaseException:
            self.done = True
            raise
        finally:
            self._running = False
        self._park(awaited)

    def _park(self, awaited: "Later[Any]") -> None:
        self._awaited = awaited
        if self._stopping:
            self._step()
        else:
            awaited.wait(lambda: self._clock.post(self._resume(awaited)))

    def _resume(self, awaited: "Later[Any]") -> Callable[[], None]:
        def resume() -> None:
            if self._awaited is awaited:
                self._step()

        return resume


def sleep(clock: Clock, seconds: float) -> Later[None]:
    """Give a value that comes after so many seconds."""
    later: Later[None] = Later()
    clock.call_later(seconds, lambda: later.resolve(None))
    return later
