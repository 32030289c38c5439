"""Measures how well a stretch of speech was heard, and says whether it is good enough to know a voice by. Pure.

What an encoder makes of it is left to `evidence`, which also compares the two halves of a stretch.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from biometrics.likeness import likeness_of
from biometrics.voiceprint import Quality

NOISY: Final = "noisy"
CLIPPED: Final = "clipped"
QUIET: Final = "quiet"
SEVERAL_SPEAKERS: Final = "several_speakers"
SHORT: Final = "short"


@dataclass(frozen=True, kw_only=True)
class Gates:
    """What speech has to be like to count."""

    shortest_seconds: float
    least_snr_db: float
    quietest_dbfs: float
    most_clipped: float  # share of the samples


# Measured with the line encoder on the calibration speakers of AN4 and ASC at telephone band (tests/bench/voice/gates.py): equal
# errors of 5 s against 15 s of good speech, which are 0.0% (AN4) and 0.3% (ASC) where nothing is wrong. These speakers are among
# those that taught the encoder, so the figures say how errors grow and not how many there are.
GATES: Final = Gates(
    # Three utterances of 1.3 s, one embedding each, tell as much as their 3.9 s in one (0.0% and 0.5% for 0.1% and 0.5%); three
    # of 1.0 s do not (2.9% and 0.5% for 0.5% and 0.5%).
    shortest_seconds=1.3,
    # Noise measured at 13.5 dB: 0.2% and 3.1%, at 9.4 dB: 4.3% and 7.6%.
    least_snr_db=10.0,
    # At -58 and -62 dBFS next to nothing is lost, at -66 dBFS 0.4% and 3.7%; mu-law has some 6 steps left there.
    quietest_dbfs=-60.0,
    # Amplified four times beyond full scale 1-13% of the samples lie there: 0.5% and 4.0%; eight times, 5-27%: 4.6% and 8.4%.
    most_clipped=0.06,
)

_FULL_SCALE: Final = 32_768.0
# Frames of 20 ms, in which speech is steady.
_FRAMES_A_SECOND: Final = 50
# Of frames of net speech so many in a hundred lie between the sounds; of pauses half are no breath and no end of a word.
_QUIET_PERCENTILE: Final = 5
_PAUSE_PERCENTILE: Final = 50
# From so much on, pauses tell the noise of the line better than the gaps inside the speech.
_ENOUGH_PAUSES_SECONDS: Final = 0.2
# Within 3% of the highest: the step of mu-law at the top of its range (ITU-T G.711: 1024 of 32,124).
_AT_THE_LIMIT: Final = 0.97
_FAINTEST: Final = 1e-10  # mean square, -100 dB of full scale


def measure(speech: npt.NDArray[Any], rate_hz: int, *, pauses: npt.NDArray[Any] | None = None) -> Quality:
    """Measure net speech (int16, or float32 from -1 to 1, finite); `pauses` is what was heard around it, at the same rate."""
    sound = _as_floats(speech)
    power = _power(sound)
    noise = _noise_power(sound, _as_floats(pauses) if pauses is not None else sound[:0], rate_hz)
    return Quality(
        snr_db=_db(max(power - noise, 0.0)) - _db(noise),
        level_dbfs=_db(power),
        clipped_share=_clipped_share(sound),
        halves_alike=None,
    )


def gate(quality: Quality, net_seconds: float, *, encoder: str = "", gates: Gates = GATES) -> str:
    """Name the first gate that speech of this quality and length does not pass; "" where it passes all.

    How alike the halves of one speaker's turn are depends on the encoder: without its name they are not asked about.
    """
    halves, least_alike = quality.halves_alike, likeness_of(encoder).halves.at(net_seconds)
    failed = {
        SHORT: not net_seconds >= gates.shortest_seconds,
        QUIET: not quality.level_dbfs >= gates.quietest_dbfs,
        CLIPPED: not quality.clipped_share <= gates.most_clipped,
        NOISY: not quality.snr_db >= gates.least_snr_db,
        SEVERAL_SPEAKERS: halves is not None and not halves >= least_alike,
    }
    return next((name for name, has_failed in failed.items() if has_failed), "")


def _noise_power(sound: npt.NDArray[np.float64], pauses: npt.NDArray[np.float64], rate_hz: int) -> float:
    if pauses.size >= _ENOUGH_PAUSES_SECONDS * rate_hz:
        return float(np.percentile(_frame_powers(pauses, rate_hz), _PAUSE_PERCENTILE))
    return float(np.percentile(_frame_powers(sound, rate_hz), _QUIET_PERCENTILE))


def _frame_powers(sound: npt.NDArray[np.float64], rate_hz: int) -> npt.NDArray[np.float64]:
    length = max(1, rate_hz // _FRAMES_A_SECOND)
    frames = sound[: sound.size // length * length].reshape(-1, length)
    return np.mean(frames**2, axis=1) if len(frames) else np.array([_power(sound)])


def _clipped_share(sound: npt.NDArray[np.float64]) -> float:
    highest = float(np.abs(sound).max(initial=0.0))
    return float(np.mean(np.abs(sound) >= _AT_THE_LIMIT * highest)) if highest > 0 else 0.0


def _as_floats(sound: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    floats = sound.astype(np.float64) / (_FULL_SCALE if sound.dtype == np.int16 else 1.0)
    # A constant beside the sound is no loudness.
    return floats - floats.mean() if floats.size else floats


def _power(sound: npt.NDArray[np.float64]) -> float:
    return float(np.mean(sound**2)) if sound.size else 0.0


def _db(power: float) -> float:
    return float(10 * np.log10(max(power, _FAINTEST)))
