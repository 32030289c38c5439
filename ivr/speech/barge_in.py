"""Decides when a caller talks over a prompt: pure, fed with the frames that come back while the prompt is played, no clock.

A frame counts that holds a voice (the detector says so) louder, in enough bands, than the line's noise and the prompt's echo.
What lately counted is then weighed: speech changes its spectrum with every syllable, has a pitch and lies low in the band; a
"mmh" stands still, a cough has no pitch, other people at the next table fill few bands. The evidence is summed up frame by
frame (E. S. Page, "Continuous Inspection Schemes", Biometrika 41, 1954), and the sensitivity is how much of it stops the prompt.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from ivr.audio import FRAME_BYTES, FRAME_SECONDS, AudioFormatError
from ivr.speech.echo import BANDS, TAPER, WINDOW, Echo, Floats, band_powers, samples_of


class Sensitivity(StrEnum):
    """How easily a prompt is silenced by a voice."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


# Every constant from here on was tuned by `tests.bench.hearing.barge_in` on its tuning half (its figures are of the other):
# 198 requests of 24 people and three synthetic voices against coughs, murmurs, streets, babble, music and echoes.
EVIDENCE: Final = {Sensitivity.LOW: 14.0, Sensitivity.NORMAL: 8.0, Sensitivity.HIGH: 4.0}
# The weights of a logistic regression, speech against all else, of: how much the spectrum changes from frame to frame (in dB,
# the median: a sound that only begins changes once), the strength of the pitch, the share of power in the lower half of the
# bands, the share of bands that stand out. Each is cut off where more of it says nothing more. The constant is 0.7 to the side
# of speech: a prompt that goes on over a caller costs more than one that stops.
_WEIGHTS: Final[Floats] = np.array([1.05, 5.0, 8.7, 5.55])
_MOST: Final[Floats] = np.array([5.5, 0.65, 0.6, 0.6])
_CONSTANT: Final = -13.5
# Whatever the rest says, what changes less or has less of a pitch is no speech: half the murmurs have 1.5 dB and nine tenths of
# the speech more than 2; half the coughs have a pitch of 0.45 and nine tenths of the speech more than 0.57.
_LEAST_CHANGE_DB: Final = 1.8
_LEAST_PITCH: Final = 0.5
# A pitch as clear as this with a spectrum as steady as this is a hum: two thirds of the murmurs, a fiftieth of the speech.
_HUMS_PITCH: Final = 0.88
_HUMS_CHANGE_DB: Final = 2.6
# No single frame says more than this, and one that does not count takes back half a unit.
_MOST_IN_A_FRAME: Final = 3.0
_WITHOUT_VOICE: Final = -0.5
# The last half second is weighed, as soon as four of its frames count.
_LATELY: Final = 25
_FEWEST: Final = 4
# A band stands out when it is 6 dB above the echo that is expected and 8 dB above the line's noise; a fifth of them make a frame.
_OVER_ECHO: Final = 4.0
_OVER_NOISE: Final = 6.0
_LEAST_SHARE: Final = 0.2
# Noise is what a band is above for nine tenths of the last two and a half seconds; before that, -70 dBFS.
_NOISE_FRAMES: Final = 125
_NOISE_EVERY: Final = 5
_NOISE_SHARE: Final = 0.1
_FIRST_NOISE: Final = 1e-7
_FIRST_NOISE_FRAMES: Final = 2
# The change of a spectrum is taken above this floor, -60 dBFS, or thrice the noise: below it nothing is the caller's.
_FLOOR: Final = 1e-6
_FLOOR_OVER_NOISE: Final = 3.0
# Nothing below -75 dBFS stands out.
_FAINTEST: Final = 3e-8
# Pitches of 62-400 Hz; harmonics below the telephone's band are weak and weighed so.
_LONGEST_PERIOD: Final = 128
_SHORTEST_PERIOD: Final = 20
_BELOW_BAND_BINS: Final = 16
_BELOW_BAND_SHARE: Final = 0.1
# Between two words; after a longer gap it is another utterance that begins.
_GAP_FRAMES: Final = 15


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """A frame that counts."""

    number: int
    spectrum: Floats  # dB in each band, without the loudness
    pitch: float  # 0-1: how strongly the sound repeats itself
    low_power: float
    power: float
    share: float  # of the bands that stand out


class BargeIn:
    """One prompt that is being played; fed with 20 ms frames in order, used by one thread."""

    def __init__(self, *, sensitivity: Sensitivity, prompt_pcm: bytes) -> None:
        """Take what will be played from the first frame fed on: 16-bit PCM at 8000 Hz; b"" where it is not known."""
        self._enough = EVIDENCE[sensitivity]
        self._echo = Echo(samples_of(prompt_pcm))
        self._window: Floats = np.zeros(WINDOW)
        self._noises: deque[Floats] = deque([np.full(BANDS, _FIRST_NOISE)] * _FIRST_NOISE_FRAMES, maxlen=_NOISE_FRAMES)
        self._noise: Floats = np.full(BANDS, _FIRST_NOISE)
        self._lately: deque[_Counted] = deque(maxlen=_LATELY)
        self._frames = 0
        self._begun_frame: int | None = None
        self._evidence = 0.0
        self._has_begun = False

    def hear(self, frame_pcm: bytes, *, voiced: bool) -> bool:
        """Take in 20 ms (320 bytes) and whether a voice is in them; True once, when real speech has begun over the prompt.

        Raises `AudioFormatError`.
        """
        if len(frame_pcm) != 2 * FRAME_BYTES:
            raise AudioFormatError(f"a frame has {2 * FRAME_BYTES} bytes of PCM, this has {len(frame_pcm)}")
        self._frames += 1
        self._window = np.concatenate([self._window[FRAME_BYTES:], samples_of(frame_pcm)])
        bands = band_powers(self._window)
        # The echo and the noise are learned from every frame, whoever speaks.
        echo = self._echo.expected(bands)
        self._learn_noise(bands)
        counts = voiced and self._take_in(bands, echo)
        self._evidence = max(0.0, self._evidence + (self._weigh() if counts else _WITHOUT_VOICE))
        if self._has_begun or self._evidence < self._enough:
            return False
        self._has_begun = True
        return True

    @property
    def begun_seconds(self) -> float:
        """How long before now the speech that is heard began; 0.0 if there is none, or none any more."""
        if self._begun_frame is None or self._frames - self._lately[-1].number > _GAP_FRAMES:
            return 0.0
        return (self._frames - self._begun_frame + 1) * FRAME_SECONDS

    def _learn_noise(self, bands: Floats) -> None:
        self._noises.append(bands)
        if self._frames % _NOISE_EVERY == 1:
            rank = int(len(self._noises) * _NOISE_SHARE)
            self._noise = np.partition(np.array(self._noises), rank, axis=0)[rank]

    def _take_in(self, bands: Floats, echo: Floats) -> bool:
        """Whether the frame counts; if it does, it is kept for half a second."""
        share = float(np.mean(bands > _OVER_ECHO * echo + _OVER_NOISE * self._noise + _FAINTEST))
        if share < _LEAST_SHARE:
            return False
        rest = np.maximum(np.maximum(bands - _OVER_ECHO * echo, _FLOOR_OVER_NOISE * self._noise), _FLOOR)
        levels = 10 * np.log10(rest)
        if self._begun_frame is None or self._frames - self._lately[-1].number > _GAP_FRAMES:
            self._begun_frame = self._frames
        counted = _Counted(
            number=self._frames,
            spectrum=levels - levels.mean(),
            pitch=_pitch(self._window),
            low_power=float(rest[: BANDS // 2].sum()),
            power=float(rest.sum()),
            share=share,
        )
        self._lately.append(counted)
        return True

    def _weigh(self) -> float:
        """Give the evidence of the last half second that this is speech: the logarithm of its odds."""
        lately = [one for one in self._lately if one.number > self._frames - _LATELY]
        if len(lately) < _FEWEST:
            return _WITHOUT_VOICE
        spectra = np.array([one.spectrum for one in lately])
        seen = np.array(
            [
                float(np.sort(np.abs(np.diff(spectra, axis=0)).mean(axis=1))[(len(lately) - 1) // 2]),
                sum(one.pitch for one in lately) / len(lately),
                sum(one.low_power for one in lately) / sum(one.power for one in lately),
                sum(one.share for one in lately) / len(lately),
            ]
        )
        change, pitch = seen[:2]
        if pitch < _LEAST_PITCH or change < (_HUMS_CHANGE_DB if pitch > _HUMS_PITCH else _LEAST_CHANGE_DB):
            return _WITHOUT_VOICE
        odds = float(_WEIGHTS @ np.minimum(seen, _MOST)) + _CONSTANT
        return max(-_MOST_IN_A_FRAME, min(_MOST_IN_A_FRAME, odds))


def _pitch(window: Floats) -> float:
    """Give how strongly a window repeats itself at a voice's pitch: the highest peak of its autocorrelation, 0-1."""
    powers = np.square(np.abs(np.fft.rfft(window * TAPER, 2 * WINDOW)))
    powers[:_BELOW_BAND_BINS] *= _BELOW_BAND_SHARE
    repeats = np.fft.irfft(powers)
    if repeats[0] <= 0:
        return 0.0
    peaks = repeats[_SHORTEST_PERIOD:_LONGEST_PERIOD] / (repeats[0] * _TAPER_REPEATS)
    return float(peaks.max())


# What the taper alone takes off a repetition.
_TAPER_REPEATS: Final[Floats] = np.correlate(TAPER, TAPER, "full")[
    WINDOW - 1 + _SHORTEST_PERIOD : WINDOW - 1 + _LONGEST_PERIOD
] / float(TAPER @ TAPER)
