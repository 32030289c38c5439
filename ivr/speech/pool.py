"""Warm recognisers kept for the next turn: how many there may be, which one is given out, and which are let go.

A recogniser grows while it decodes and is slow at its first words, so that one that has decoded is worth keeping. This knows
nothing of what it keeps: whoever takes one brings it back clean, or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition
from time import monotonic
from typing import Final, Generic, TypeVar
from weakref import WeakSet

# One that nobody needed for ten minutes was made for a rush that is over.
IDLE_SECONDS: Final = 600.0
# How often whoever waits looks whether one was lost by a holder who died; those brought back are told at once.
_LOOK_SECONDS: Final = 0.1

Key = TypeVar("Key")
Native = TypeVar("Native")


@dataclass(kw_only=True, eq=False)
class Warm(Generic[Key, Native]):
    """A recogniser and what it has been through."""

    key: Key
    native: Native
    fed_seconds: float = 0.0  # sound that it has decoded in all its turns
    used_at: float = 0.0  # monotonic, when it was last brought back


@dataclass(frozen=True, kw_only=True)
class PoolFigures:
    """How a pool stands."""

    idle: int
    taken: int
    made: int  # since the beginning
    dropped: int  # worn, broken, idle for too long, or making room for another kind


class Pool(Generic[Key, Native]):
    """At most `most` recognisers in all, whether taken or idle; shared by all threads."""

    def __init__(
        self,
        make: Callable[[Key], Native],
        *,
        most: int,
        worn_after_seconds: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take how one is made, and after how much sound one is let go rather than kept."""
        self._make = make
        self._most = most
        self._worn_after_seconds = worn_after_seconds
        self._clock = clock
        # In the order in which they were brought back: the first is the least recently used.
        self._idle: list[Warm[Key, Native]] = []
        # Weak, so that one whose holder died without bringing it back is not counted for ever.
        self._taken: WeakSet[Warm[Key, Native]] = WeakSet()
        self._being_made = 0
        self._made = 0
        self._dropped = 0
        self._changed = Condition()

    def take(self, key: Key, *, wait_seconds: float = 0.0) -> Warm[Key, Native] | None:
        """Give a recogniser of a kind, the warmest first; None where there is no room for one within `wait_seconds`.

        Whatever making one raises comes through.
        """
        until = self._clock() + wait_seconds
        with self._changed:
            while True:
                warm = self._idle_one(key)
                if warm is not None:
                    return warm
                if self._has_room():
                    self._being_made += 1
                    break
                left = until - self._clock()
                if left <= 0:
                    return None
                self._changed.wait(min(left, _LOOK_SECONDS))
        try:
            # Outside the lock: making one takes a while, and those brought back should not wait for it.
            warm = Warm(key=key, native=self._make(key))
        finally:
            with self._changed:
                self._being_made -= 1
        with self._changed:
            self._made += 1
            self._taken.add(warm)
        return warm

    def bring_back(self, warm: Warm[Key, Native]) -> None:
        """Keep a recogniser that holds nothing of its last turn any more; one that is worn is let go."""
        with self._changed:
            self._taken.discard(warm)
            warm.used_at = self._clock()
            if warm.fed_seconds < self._worn_after_seconds:
                self._idle.append(warm)
            else:
                self._dropped += 1
            self._drop_long_idle()
            self._changed.notify()

    def drop(self, warm: Warm[Key, Native]) -> None:
        """Let go of a recogniser that broke or cannot be trusted."""
        with self._changed:
            self._taken.discard(warm)
            self._dropped += 1
            self._changed.notify()

    def figures(self) -> PoolFigures:
        """How the pool stands now."""
        with self._changed:
            return PoolFigures(idle=len(self._idle), taken=len(self._taken), made=self._made, dropped=self._dropped)

    def _idle_one(self, key: Key) -> Warm[Key, Native] | None:
        # The last one brought back: the others grow idle, and are let go when fewer are enough.
        for at in range(len(self._idle) - 1, -1, -1):
            if self._idle[at].key == key:
                warm = self._idle.pop(at)
                self._taken.add(warm)
                return warm
        return None

    def _has_room(self) -> bool:
        self._drop_long_idle()
        if len(self._idle) + len(self._taken) + self._being_made < self._most:
            return True
        if not self._idle:
            return False
        del self._idle[0]
        self._dropped += 1
        return True

    def _drop_long_idle(self) -> None:
        now = self._clock()
        while self._idle and now - self._idle[0].used_at > IDLE_SECONDS:
            del self._idle[0]
            self._dropped += 1
