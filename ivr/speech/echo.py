"""Expects the echo of the prompt that is being played: pure, fed with the band powers of frames in order, no clock.

The prompt is known. For every delay at which its echo may come back, the share of each band that comes back is followed: a
regression over the last seconds of power heard on power played. Rooms and codecs change an echo's waveform so much that an
adaptive filter took only 2-5 dB off a GSM echo here, but hardly its loudness in a band and a fiftieth of a second. The delay at
which heard and played rise and fall together is the echo's. Whether the rest is speech is left to `ivr.speech.barge_in`.
"""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from ivr.audio import FRAME_BYTES, RATE_HZ, AudioFormatError

Floats = npt.NDArray[np.float64]

# A frame of 160 samples is looked at with the 12 ms before it: bins of 31 Hz, and two periods of a low voice.
WINDOW: Final = 256
# The telephone's band (ITU-T G.712, with its slopes) in sixteen parts of equal ratio, a third to a quarter of an octave each.
BANDS: Final = 16
_LOWEST_HZ: Final = 250.0
_HIGHEST_HZ: Final = 3500.0
# ITU-T G.131 deals with echoes of some hundred milliseconds; the carrier's playing and mobile networks add to them: 0.8 s.
DELAYS: Final = 40
# What is kept from frame to frame of what was learned: of the shares three seconds, of the likeness two.
_KEEP_SHARES: Final = 0.993
_KEEP_LIKENESS: Final = 0.99
_KEEP_LEVEL: Final = 0.98
# A room's echo falls by 60 dB in some 0.4 s: 3 dB in a frame.
_ROOM_KEEPS: Final = 0.5
# Before anything was heard: so many frames of a loud voice (-30 dBFS in a band) did not come back.
_PRIOR_FRAMES: Final = 3.0
_LOUD_BAND: Final = 1e-3
# Powers below -70 dBFS are all the same, and a band's level is at first taken to be -60 dBFS.
_FAINT: Final = 1e-7
_FIRST_LEVEL_DB: Final = -60.0
# Keeps a likeness from being great before there was anything to compare: some two frames that differ by 6 dB in each band.
_LIKENESS_PRIOR: Final = 1e3
# In the first second many delays are about as likely: then the loudest echo of them is expected, not the likeliest one's.
_SETTLES_FRAMES: Final = 50
_AS_LIKELY: Final = 0.1


def _bank() -> Floats:
    hertz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    edges = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, BANDS + 1)
    bank = np.zeros((hertz.size, BANDS))
    for band, (low, high) in enumerate(pairwise(edges)):
        within = (hertz >= low) & (hertz < high)
        # A low band may lie between two bins: then it is the nearer one.
        within[int(np.argmin(np.abs(hertz - np.sqrt(low * high))))] |= not within.any()
        bank[within, band] = 1.0
    return np.asarray(bank / (np.square(TAPER).sum() * WINDOW / 2))


TAPER: Final[Floats] = np.hanning(WINDOW)
_BANK: Final[Floats] = _bank()


def samples_of(pcm: bytes) -> Floats:
    """Give 16-bit PCM as numbers; full scale is one. Raises `AudioFormatError`."""
    if len(pcm) % 2:
        raise AudioFormatError(f"16-bit PCM has an even number of bytes, this has {len(pcm)}")
    return np.frombuffer(pcm, dtype="<i2") / 32768.0


def band_powers(windows: Floats) -> Floats:
    """Give the power in each band of a window of 256 samples, or of each row of several."""
    return np.asarray(np.square(np.abs(np.fft.rfft(windows * TAPER))) @ _BANK)


class Echo:
    """The echo of one prompt; fed with the bands of 20 ms after 20 ms, used by one thread."""

    def __init__(self, prompt: Floats) -> None:
        """Take the prompt's samples, which begin to be played with the first frame fed."""
        played = band_powers(_windows(prompt))
        # The frame before counts too: a delay is no whole number of frames, and a room goes on sounding.
        for number in range(1, len(played)):
            np.maximum(played[number], _ROOM_KEEPS * played[number - 1], out=played[number])
        # Newest first, with silence before and after: what was played at each of the last delays is one slice.
        silence = np.zeros((DELAYS, BANDS))
        self._played: Floats = np.concatenate([silence, played[::-1], silence])
        levels = _decibels(self._played)
        self._played_levels: Floats = levels - levels.mean(axis=0)
        self._next = len(played)
        self._together: Floats = np.zeros((DELAYS, BANDS))
        self._alone: Floats = np.full((DELAYS, BANDS), _PRIOR_FRAMES * _LOUD_BAND**2)
        self._level: Floats = np.full(BANDS, _FIRST_LEVEL_DB)
        self._likeness: Floats = np.zeros(DELAYS)
        self._variance: Floats = np.full(DELAYS, _LIKENESS_PRIOR)
        self._frames = 0

    def expected(self, heard: Floats) -> Floats:
        """Take in the bands of the next 20 ms, and give the part of each that the prompt's echo is expected to be."""
        recent = slice(self._next + DELAYS - 1, self._next + 2 * DELAYS - 1)
        self._next = max(self._next - 1, 1 - DELAYS)
        played = self._played[recent]
        self._together = _KEEP_SHARES * self._together + heard * played
        self._alone = _KEEP_SHARES * self._alone + played * played
        level = _decibels(heard)
        self._level += (1 - _KEEP_LEVEL) * (level - self._level)
        played_levels = self._played_levels[recent]
        self._likeness = _KEEP_LIKENESS * self._likeness + played_levels @ (level - self._level)
        self._variance = _KEEP_LIKENESS * self._variance + np.square(played_levels).sum(axis=1)
        likeness = self._likeness / np.sqrt(self._variance)
        self._frames += 1
        if self._frames <= _SETTLES_FRAMES:
            likely = likeness >= likeness.max() - _AS_LIKELY * abs(likeness.max())
            return np.asarray((self._together[likely] / self._alone[likely] * played[likely]).max(axis=0))
        delay = int(np.argmax(likeness))
        return np.asarray(self._together[delay] / self._alone[delay] * played[delay])


def _windows(samples: Floats) -> Floats:
    """Cut samples into the window of each frame, which ends with it; the last frame is filled up with silence."""
    frames = -(-samples.size // FRAME_BYTES)
    padded = np.zeros(WINDOW - FRAME_BYTES + frames * FRAME_BYTES)
    padded[WINDOW - FRAME_BYTES : WINDOW - FRAME_BYTES + samples.size] = samples
    if not frames:
        return np.zeros((0, WINDOW))
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::FRAME_BYTES]


def _decibels(powers: Floats) -> Floats:
    return np.asarray(10 * np.log10(powers + _FAINT))
