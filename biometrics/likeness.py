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
# On the calibration speakers of AN4 and ASC at telephone band (net speech by Silero, turns joined from utterances of a speaker;
# `halves` and `belongs`: one speaker's own fall below it once in a hundred, with the other set and over sessions, where that is
# lower; `adapts`: five in a hundred of AN4's speakers of the same gender reach it).
_MEASURED: Final[Mapping[str, Likeness]] = {
    "line-ge2e": Likeness(
        halves=Limits(((3.2, 0.81), (5.0, 0.84), (8.0, 0.915), (12.0, 0.935))),
        belongs=Limits(((0.0, 0.83), (1.6, 0.855), (2.4, 0.87), (4.0, 0.89), (8.0, 0.91))),
        adapts=Limits(((0.0, 0.92), (2.4, 0.93), (4.0, 0.94), (8.0, 0.945))),
    ),
}


def likeness_of(encoder: str) -> Likeness:
    """The limits of an encoder by its name; copies that were taught otherwise (`line-ge2e:CHECKSUM`) share their family's."""
    return _MEASURED.get(encoder.partition(":")[0], _NOT_MEASURED)
