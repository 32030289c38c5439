"""Whether one more turn can be listened to: a decision over measured load, without a clock and without a thread.

How busy the decoding threads are and how long sound waits for them comes in as numbers; who measures them, and what is done
with a turn that is not admitted, is left to others.
"""

from dataclasses import dataclass, replace
from math import exp
from typing import Final, TypeAlias

from ivr.speech.recognizer import Busy

# Half a short answer: a load smoothed over less jumps with every word, over more it is noticed when callers wait already.
SMOOTHED_OVER_SECONDS: Final = 4.0
# What a turn that was admitted and has not spoken yet adds, in threads. A call whose caller talks 40% of the time takes 0.05-0.08
# of a core (the hearing bench, `decoding`, Korean model, 8 kHz), but most silent turns belong to calls whose earlier turns are in
# the measured share already: half of the least.
SILENT_TURN_THREADS: Final = 0.025


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From where on nobody more is admitted, and from where on somebody is again."""

    # At 85% a queue of random arrivals waits some five services long (M/M/c); the words would lag behind the voice.
    full_share: float = 0.85
    free_share: float = 0.70
    # The end of speech is decided in 0.5-1.5 s: where sound waits a second as a rule, words are late for it. The longest wait of
    # each look counts, so that even a third of the threads' time shows some 0.3 s here (hearing bench, `decoding`).
    full_wait_seconds: float = 1.0
    free_wait_seconds: float = 0.6
    # One new recogniser at its first words holds up the others for 0.2-0.9 s (hearing bench, `decoding`): that passes, and is no
    # load. What is longer is.
    longest_wait_seconds: float = 1.5


@dataclass(frozen=True, kw_only=True)
class Load:
    """What the decoding threads bear."""

    busy_share: float = 0.0  # of the threads' time, smoothed; 1 is all of it
    waited_seconds: float = 0.0  # the longest that sound waits for a thread within a look, smoothed over the looks
    longest_wait_seconds: float = 0.0  # the longest that sound has waited since the look before
    silent_turns: int = 0  # admitted, and nothing spoken yet
    is_full: bool = False  # nobody was admitted the last time that it was asked


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """One more turn can be listened to now."""


Admission: TypeAlias = Admitted | Busy


def smoothed(load: Load, *, seconds: float, busy_share: float, waited_seconds: float) -> Load:
    """The load after so many seconds in which the threads were busy for this share and sound waited at most so long."""
    old = exp(-seconds / SMOOTHED_OVER_SECONDS)
    return replace(
        load,
        busy_share=old * load.busy_share + (1 - old) * busy_share,
        waited_seconds=old * load.waited_seconds + (1 - old) * waited_seconds,
        longest_wait_seconds=waited_seconds,
    )


def admit(load: Load, limits: Limits, *, threads: int) -> Admission:
    """Whether one more turn is admitted. Once full, the load has to fall well below the limit before somebody is again."""
    most_share = limits.free_share if load.is_full else limits.full_share
    most_seconds = limits.free_wait_seconds if load.is_full else limits.full_wait_seconds
    expected = load.busy_share + load.silent_turns * SILENT_TURN_THREADS / threads
    if load.longest_wait_seconds >= limits.longest_wait_seconds:
        longest, limit = load.longest_wait_seconds, limits.longest_wait_seconds
        return Busy(reason=f"sound has just waited {longest:.1f} s to be decoded (limit {limit:.1f} s)")
    if load.waited_seconds >= most_seconds:
        return Busy(reason=f"sound waits {load.waited_seconds:.1f} s to be decoded (limit {most_seconds:.1f} s)")
    if expected >= most_share:
        return Busy(reason=f"the decoding threads are {expected:.0%} busy (limit {most_share:.0%})")
    return Admitted()
