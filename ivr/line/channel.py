"""What stands between a caller and the service, as records: the caller's channel, the network behind it, three choices of both.

A channel is noise at the caller's end and 20 ms frames that never reach the carrier; a network is how the carrier's messages
reach the service's socket. Nothing here happens by itself: `ivr.line.transit` does it, `ivr.line.noises` makes the noise.

These are not a model of a real network: no codec but G.711, no echo, no packet on a wire. Values are round figures within
what recommendations plan with. Of a loss's place and look at the carrier's socket nothing is published: where the records
below say "assumed", it is a choice.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

# Below the lowest level mu-law keeps silent (its first step is some -66 dBm0); above the highest no speech is left.
QUIETEST_NOISE_DBM0: Final = -65.0
LOUDEST_NOISE_DBM0: Final = -10.0
# Beyond a half nobody keeps talking.
MOST_LOSS: Final = 0.5
# One second: RFC 6298 lets a sender wait that long before it sends again, so a message may be as late as that.
LONGEST_LATE_SECONDS: Final = 1.0


class NoiseKind(StrEnum):
    """What sounds besides the caller."""

    HISS = "hiss"
    # white within the telephone band
    HUM = "hum"
    # the harmonics of a 50 Hz mains
    BABBLE = "babble"
    # a room of people: rhythm and spectrum of speech, and no words


@dataclass(frozen=True, kw_only=True)
class Noise:
    """A steady noise; the level is that behind the telephone band."""

    kind: NoiseKind
    level_dbm0: float
    # 0 dBm0 is a sine 3.17 dB under the loudest one of mu-law (G.711); speech is planned with some -20 dBm0 while it lasts

    def __post_init__(self) -> None:
        if not QUIETEST_NOISE_DBM0 <= self.level_dbm0 <= LOUDEST_NOISE_DBM0:
            raise ValueError(
                f"noise of {self.level_dbm0} dBm0: it must be {QUIETEST_NOISE_DBM0:g} to {LOUDEST_NOISE_DBM0:g}"
            )


class LostFrame(StrEnum):
    """What stands where a frame of the caller was lost before the carrier (assumed: the carrier does not tell)."""

    CONCEALED = "concealed"
    # the frame before it again, ever quieter, as G.711's appendix I fills gaps, without its search for the pitch
    SILENT = "silent"
    # digital silence


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Which frames are lost: a chain of two states, after Gilbert; in one of them every frame is lost."""

    share: float = 0.0
    # of all frames
    burst_frames: float = 1.0
    # how many frames in a row a loss takes on the mean; 1.0 loses each frame independently of the one before

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= MOST_LOSS:
            raise ValueError(f"a loss of {self.share}: a share of the frames is 0 to {MOST_LOSS}")
        if not 1.0 <= self.burst_frames <= 50.0:  # noqa: PLR2004  a second of frames: a longer gap is a call that ended
            raise ValueError(f"bursts of {self.burst_frames} frames: they must be 1 to 50 long")


NO_LOSS: Final = Loss()


@dataclass(frozen=True, kw_only=True)
class Channel:
    """The caller's telephone and the way to the carrier.

    Noise goes one way only: it stands for the place where the caller is. Frames are lost both ways, each on its own.
    """

    noises: tuple[Noise, ...] = ()
    loss: Loss = NO_LOSS
    lost_frame: LostFrame = LostFrame.CONCEALED

    @property
    def is_clear(self) -> bool:
        """Whether frames pass as they are."""
        return not self.noises and not self.loss.share


@dataclass(frozen=True, kw_only=True)
class Network:
    """The way of the messages from the carrier to the service's socket; messages of the service come back at once.

    A socket is TCP: messages are never out of order, and what is late holds up what follows, which then comes in a bunch.
    """

    jitter_seconds: float = 0.0
    # the mean of each message's lateness, which is exponential: many a little, few much
    stalls_per_minute: float = 0.0
    # how often nothing comes at all, as when a segment of TCP is sent again
    stall_seconds: float = 0.2
    # 0.2 s is what Linux waits at least before it sends again
    congestion: Loss = NO_LOSS
    # media messages that the carrier does not send, as Twilio's warning 31930 tells; assumed: time stamps jump, chunks do not

    def __post_init__(self) -> None:
        for name, value in (("jitter", self.jitter_seconds), ("stall", self.stall_seconds)):
            if not 0.0 <= value <= LONGEST_LATE_SECONDS:
                raise ValueError(f"a {name} of {value} s: it must be 0 to {LONGEST_LATE_SECONDS:g} s")
        if not 0.0 <= self.stalls_per_minute <= 60.0:  # noqa: PLR2004  one a second: more is a constant delay
            raise ValueError(f"{self.stalls_per_minute} stalls a minute: they must be 0 to 60")

    @property
    def is_prompt(self) -> bool:
        """Whether messages arrive when they are sent."""
        return not self.jitter_seconds and not self.stalls_per_minute


@dataclass(frozen=True, kw_only=True)
class LineQuality:
    """All that happens to a caller's sound; without anything given it arrives as it is."""

    channel: Channel = field(default_factory=Channel)
    network: Network = field(default_factory=Network)


GOOD: Final = LineQuality()
# Speech of -20 dBm0 stands 15 dB over the people and 25 dB over the hiss: loud, and still easily understood.
NOISY: Final = LineQuality(
    channel=Channel(
        noises=(Noise(kind=NoiseKind.BABBLE, level_dbm0=-35.0), Noise(kind=NoiseKind.HISS, level_dbm0=-45.0))
    )
)
# 5% in bursts of 60 ms. By the E-model (G.107, with G.113's Bpl for G.711: 25.1 with appendix I's concealment, 4.3 without) that
# takes 18 of 93 points with good concealment and 78 without any; the simple one here lies between.
BAD_MOBILE: Final = LineQuality(
    channel=Channel(
        noises=(Noise(kind=NoiseKind.HISS, level_dbm0=-50.0),),
        loss=Loss(share=0.05, burst_frames=3.0),
        lost_frame=LostFrame.CONCEALED,
    ),
    network=Network(jitter_seconds=0.03, stalls_per_minute=6.0, stall_seconds=0.3),
)
QUALITIES: Final = {"good": GOOD, "noisy": NOISY, "bad_mobile": BAD_MOBILE}
