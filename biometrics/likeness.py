"""How alike stretches of one voice are, encoder by encoder: the limits for cutting, collecting and following a voice. Pure.

Whether a caller is the enrolled customer is not decided by these: that is `decision`, with its calibration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Limits:
    """Least similarities (cosine) by how much net speech there is: (seconds from, least), the shortest first."""

    steps: tuple[tuple[float, float], ...]

    def at(self, net_speech_seconds: float) -> float:
        """The limit for so much speech; -1, which everything reaches, where nothing is known of so little."""
        return next((least for seconds, least in reversed(self.steps) if seconds <= net_speech_seconds), -1.0)


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """The limits of one encoder."""

    halves: Limits  # of the two halves of one turn, by its seconds: below, there are several speakers in it
    belongs: Limits  # of an utterance and a voice's other utterances: below, it is somebody else's
    adapts: Limits  # of an utterance and the enrolled samples: below, the voiceprint learns nothing from it


# SpeechBrain's own verification (`SpeakerRecognition.verify_batch`) takes two utterances from 0.25 on for one speaker. Nothing
# more is known of an encoder that was not measured: the halves of a turn are not compared, and learning asks for clearly more.
_NOT_MEASURED: Final = Likeness(halves=Limits(()), belongs=Limits(((0.0, 0.25),)), adapts=Limits(((0.0, 0.5),)))
# Measured on fifteen voices that the encoder was not taught with, at telephone band (tests/bench/voice/gates.py, "unseen"). Of
# those that it was taught with one is more like themself than callers are: limits from them refused one of eight turns of 8 s.
# `halves`: one speaker's turns fall below it two or three times in a hundred; turns that two speakers of one gender share equally
# in 42 (3.2 s), 67 (5 s) and some 70 (8 and 12 s) of a hundred: most of the rest is left to `belongs`.
# `belongs`: some 70 of a hundred speakers of the same gender fall below it; of one's own utterances of 1.3 s ten, of 2.4 s three,
# which costs no more than those seconds.
# `adapts`: 95 of a hundred speakers of the same gender fall below it.
_MEASURED: Final[Mapping[str, Likeness]] = {
    "line-ge2e": Likeness(
        halves=Limits(((3.2, 0.69), (5.0, 0.79), (8.0, 0.81), (12.0, 0.885))),
        belongs=Limits(((0.0, 0.83), (2.4, 0.845), (4.0, 0.85), (8.0, 0.865))),
        adapts=Limits(((0.0, 0.90), (2.4, 0.915), (4.0, 0.925))),
    ),
}


def likeness_of(encoder: str) -> Likeness:
    """The limits of an encoder by its name; copies that were taught otherwise (`line-ge2e:CHECKSUM`) share their family's."""
    return _MEASURED.get(encoder.partition(":")[0], _NOT_MEASURED)
