"""A channel and a network at work: frames with noise and losses, messages late and in order. Repeatable from a seed.

`Passage` is fed one frame of 20 ms after the other and keeps no time; `Delivery` asks a clock. Which values they work with is
`ivr.line.channel`'s.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from ivr.audio import FRAME_BYTES, ULAW_SILENCE, mix, pcm_to_ulaw, ulaw_to_pcm
from ivr.line.channel import LONGEST_LATE_SECONDS, Channel, Loss, LostFrame, Network
from ivr.line.clock import Clock, Timer
from ivr.line.noises import noise_pcm

SILENCE: Final = bytes([ULAW_SILENCE]) * FRAME_BYTES
# G.711, appendix I: what is repeated in place of lost sound loses a fifth for each 10 ms, and is over after 60 ms.
CONCEALED_GAINS: Final = (1.0, 0.6, 0.2)
_PCM_FRAME_BYTES: Final = 2 * FRAME_BYTES


class Losses:
    """Tells frame by frame which ones are lost."""

    def __init__(self, loss: Loss, seed: str) -> None:
        self._chances = random.Random(seed)  # noqa: S311  a network's luck, not a secret
        # Gilbert's chain: a burst ends with `_end`, so that it lasts 1 / `_end` frames; `_begin` makes the share come out.
        # Independent losses are the chain whose states do not remember: their bursts last 1 / (1 - share).
        self._end = min(1.0 - loss.share, 1.0 / loss.burst_frames)
        self._begin = loss.share * self._end / (1.0 - loss.share)
        self._lost = False

    def next_is_lost(self) -> bool:
        """Tell of the next frame."""
        chance = self._chances.random()
        self._lost = chance >= self._end if self._lost else chance < self._begin
        return self._lost


class Passage:
    """One way of a channel: frames of mu-law go in and come out, as many as went in."""

    def __init__(self, channel: Channel, seed: str, *, noisy: bool = True) -> None:
        self._channel = channel
        self._losses = Losses(channel.loss, seed)
        chances = random.Random(seed + "noise")  # noqa: S311  a noise, not a secret
        noises = channel.noises if noisy else ()
        self._noise = mix([noise_pcm(noise, chances.getrandbits(32)) for noise in noises]) if noises else b""
        self._at = 0
        self._last = SILENCE
        self._lost_in_a_row = 0

    def take(self, frame: bytes) -> bytes:
        """Give what becomes of 20 ms; without noise and loss they are the same bytes."""
        if self._channel.is_clear:
            return frame
        noisy = self._with_noise(frame)
        if not self._channel.loss.share or not self._losses.next_is_lost():
            self._lost_in_a_row = 0
            self._last = noisy
            return noisy
        self._lost_in_a_row += 1
        return self._in_place_of_a_lost_one()

    def _with_noise(self, frame: bytes) -> bytes:
        if not self._noise:
            return frame
        noise = self._noise[self._at : self._at + _PCM_FRAME_BYTES]
        self._at = (self._at + _PCM_FRAME_BYTES) % len(self._noise)
        return pcm_to_ulaw(mix([ulaw_to_pcm(frame), noise]))

    def _in_place_of_a_lost_one(self) -> bytes:
        if self._channel.lost_frame is LostFrame.SILENT or self._lost_in_a_row > len(CONCEALED_GAINS):
            return SILENCE
        return _quieter(self._last, CONCEALED_GAINS[self._lost_in_a_row - 1])


class Delivery:
    """The messages of one socket on their way to the server: each as late as the network has it, none before the one before."""

    def __init__(self, clock: Clock, network: Network, seed: str, arrive: Callable[[str], None]) -> None:
        self._clock = clock
        self._network = network
        self._arrive = arrive
        self._chances = random.Random(seed)  # noqa: S311  a network's luck, not a secret
        self._on_their_way: deque[tuple[Timer, str]] = deque()
        self._free_at = 0
        self._next_stall_at = clock.microseconds + self._until_next_stall()

    def send(self, message: str) -> None:
        """Send a message."""
        if self._network.is_prompt:
            self._arrive(message)
            return
        now = self._clock.microseconds
        # Nothing overtakes: a message is there when it and everything before it is there.
        self._free_at = max(self._free_at, now + self._late_microseconds(now))
        timer = self._clock.call_later((self._free_at - now) / 1_000_000, self._arrive_next)
        self._on_their_way.append((timer, message))

    def flush(self) -> None:
        """Let everything arrive at once: who closes a socket waits until the other side has it all."""
        while self._on_their_way:
            self._on_their_way[0][0].cancel()
            self._arrive_next()

    def drop(self) -> None:
        """Forget what is on its way: the other side is gone."""
        for timer, _ in self._on_their_way:
            timer.cancel()
        self._on_their_way.clear()

    def _arrive_next(self) -> None:
        if self._on_their_way:
            _, message = self._on_their_way.popleft()
            self._arrive(message)

    def _late_microseconds(self, now: int) -> int:
        late_seconds = 0.0
        if self._network.jitter_seconds:
            late_seconds = min(self._chances.expovariate(1 / self._network.jitter_seconds), LONGEST_LATE_SECONDS)
        if now >= self._next_stall_at:
            late_seconds += self._network.stall_seconds
            self._next_stall_at = now + self._until_next_stall()
        return round(late_seconds * 1_000_000)

    def _until_next_stall(self) -> int:
        if not self._network.stalls_per_minute:
            return 10**18
        return round(self._chances.expovariate(self._network.stalls_per_minute / 60) * 1_000_000)


def _quieter(frame: bytes, gain: float) -> bytes:
    if gain == 1.0:
        return frame
    samples = np.frombuffer(ulaw_to_pcm(frame), dtype="<i2") * gain
    return pcm_to_ulaw(np.rint(samples).astype("<i2").tobytes())
