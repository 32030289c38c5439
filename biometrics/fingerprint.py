"""A fingerprint of heard speech: tells the same recording when it comes again, whatever a telephone line did to it. Pure.

For 24 neighbouring pairs of bands it keeps, every 25 ms, whether their difference in energy rises or falls (Haitsma and Kalker
2002), and two fingerprints are laid along each other with gaps (Smith and Waterman 1981), because a voice detector cuts the
pauses of a bad line elsewhere. Two people, or one person twice, never say a sentence with the same rises and falls; a recording
does. What a match leads to is left to others (`biometrics.attacks`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from biometrics.samples import RATES_HZ

# Chosen on the `calibration` speakers of AN4 and ASC and three of FSDD (tests/bench/voice/replay.py measures the others): windows
# of 64 to 256 ms, 8 to 32 pairs of bands, bits or three values, windows of one length laid upon each other or an alignment.
_WINDOW_SECONDS: Final = 0.128
_HOP_SECONDS: Final = 0.025
_PAIRS: Final = 24
# Inside the telephone's band, so that its edges and those of a narrower line change little.
_BAND_HZ: Final = (300.0, 3000.0)
# A frame counts while it is less than 30 dB below the loud ones: in pauses there is only the line, which is another each time.
_PAUSE_DB: Final = 30.0
_LOUD_SHARE: Final = 95.0  # percentile
# Mean change of the bands' differences, natural logarithm: speech has 0.5 to 1; a steady tone has none, and is like any other.
_LEAST_CHANGE: Final = 0.1
_FLOOR: Final = 1e-8  # of the loudest band: bands without any sound are all alike
# An agreement of frames, -1 to 1, speaks for one recording from here on; skipping a frame costs as much as three good ones bring.
_EXPECTED: Final = 0.3
_SKIPPED: Final = 1.0
_PAUSE: Final = 0.02
# The largest sum of two live utterances of the same words by the same speaker was 9.6 (585 pairs of the `test` speakers), 9.1 of
# 2,688 pairs of FSDD's digits in one order, 5.9 of 7,746 pairs of other words, two studio prompts aside that are nearly the same.
SAME_FROM: Final = 10.0
# An answer of one word is said so shortly that it proves nothing either way; below this no fingerprint is made.
SHORTEST_SECONDS: Final = 1.5
_SHORTEST_SOUNDING: Final = 1.0
# How much the two must have in common: live utterances that agree as well as that do so for half a second.
LEAST_COMMON_SECONDS: Final = 0.75
# A turn is seldom longer; so that comparing stays a matter of milliseconds, the rest of it is not kept.
LONGEST_SECONDS: Final = 12.0

_Numbers = npt.NDArray[np.float32]
_HEADER_BYTES: Final = 3
_VERSION: Final = 1
_BYTES_A_FRAME: Final = _PAIRS // 8


@dataclass(frozen=True, kw_only=True)
class TooShort:
    """Sound from which no fingerprint is made, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Match:
    """How alike two fingerprints are along the best of their alignments."""

    share: float  # of the bits that agree there; 0.5 is chance
    seconds: float  # how much they have in common
    score: float  # what decides: agreement beyond chance, summed up
    is_same: bool  # the same recording


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """The rises and falls of heard speech, 40 frames a second of three bytes each."""

    rises: bytes = field(repr=False)
    counts: bytes = field(repr=False)  # one byte a frame: whether it is loud and lively enough to be compared

    def __post_init__(self) -> None:
        if len(self.rises) != _BYTES_A_FRAME * len(self.counts):
            raise ValueError("a fingerprint has three bytes a frame")

    @property
    def seconds(self) -> float:
        """How much speech it stands for."""
        return len(self.counts) * _HOP_SECONDS

    def to_bytes(self) -> bytes:
        """Write it: 125 bytes a second of speech."""
        sounding = np.packbits(np.frombuffer(self.counts, dtype=np.uint8)).tobytes()
        return bytes([_VERSION]) + len(self.counts).to_bytes(2, "big") + sounding + self.rises

    @classmethod
    def from_bytes(cls, written: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises `ValueError`."""
        frames = int.from_bytes(written[1:_HEADER_BYTES], "big")
        mask_bytes = -(-frames // 8)
        if (
            not written
            or written[0] != _VERSION
            or len(written) != _HEADER_BYTES + mask_bytes + _BYTES_A_FRAME * frames
        ):
            raise ValueError("these bytes are no fingerprint")
        mask = np.frombuffer(written[_HEADER_BYTES : _HEADER_BYTES + mask_bytes], dtype=np.uint8)
        return cls(rises=written[_HEADER_BYTES + mask_bytes :], counts=np.unpackbits(mask, count=frames).tobytes())


def fingerprint(speech: npt.NDArray[Any], rate_hz: int) -> Fingerprint | TooShort:
    """Give the fingerprint of int16 or float32 speech at 8000 or 16000 Hz, pauses in it or cut out. Never raises."""
    samples = _samples(speech, rate_hz)
    if samples is None:
        return TooShort(reason="this is no speech at a rate that is known")
    if samples.size < SHORTEST_SECONDS * rate_hz:
        return TooShort(reason=f"{samples.size / rate_hz:.1f} seconds: at least {SHORTEST_SECONDS:g} are needed")
    changes, loudness = _changes(samples, rate_hz)
    loud_from = np.percentile(loudness, _LOUD_SHARE) * 10 ** (-_PAUSE_DB / 10)
    counts = (loudness > loud_from) & (np.abs(changes).mean(axis=1) > _LEAST_CHANGE)
    if counts.sum() * _HOP_SECONDS < _SHORTEST_SOUNDING:
        return TooShort(reason="too little of it sounds")
    return Fingerprint(rises=np.packbits(changes > 0, axis=1).tobytes(), counts=counts.astype(np.uint8).tobytes())


def alike(one: Fingerprint, other: Fingerprint) -> Match:
    """Compare two fingerprints."""
    return _match(_agreements(one, [other])[:, 0])


def most_alike(one: Fingerprint, others: Sequence[Fingerprint]) -> tuple[int, Match] | None:
    """Give the place and the match of that one of the others that is most alike; None where there are no others."""
    if not others:
        return None
    agreements = _agreements(one, others)
    best = int(np.argmax(_scores(agreements)))
    return best, _match(agreements[:, best])


def _samples(speech: npt.NDArray[Any], rate_hz: int) -> _Numbers | None:
    """The sound with its loudest sample at 1, at most `LONGEST_SECONDS` of it; None where it is none."""
    if rate_hz not in RATES_HZ or speech.ndim != 1 or speech.dtype not in {np.dtype(np.int16), np.dtype(np.float32)}:
        return None
    samples = speech[: round(LONGEST_SECONDS * rate_hz)].astype(np.float64)
    loudest = float(np.abs(samples).max()) if samples.size else 0.0
    return (samples / loudest).astype(np.float32) if 0 < loudest < np.inf else None


def _changes(samples: _Numbers, rate_hz: int) -> tuple[_Numbers, _Numbers]:
    """How the difference of neighbouring bands changes from frame to frame, and how loud the quieter of the two frames is."""
    window, hop = round(_WINDOW_SECONDS * rate_hz), round(_HOP_SECONDS * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop] * np.hanning(window).astype(np.float32)
    energy = np.abs(np.fft.rfft(frames, axis=1)) ** 2 @ _bands(rate_hz)
    differences = np.diff(np.log(energy + _FLOOR * energy.max() + np.finfo(np.float32).tiny), axis=1)
    loudness = energy.sum(axis=1)
    return np.diff(differences, axis=0).astype(np.float32), np.minimum(loudness[1:], loudness[:-1]).astype(np.float32)


@cache
def _bands(rate_hz: int) -> npt.NDArray[np.float64]:
    """Shares of each spectral line in each band, [lines, bands]; the bands are equally wide on a logarithmic scale."""
    window = round(_WINDOW_SECONDS * rate_hz)
    lines_hz, width_hz = np.fft.rfftfreq(window, 1 / rate_hz), rate_hz / window
    edges_hz = np.geomspace(*_BAND_HZ, _PAIRS + 2)
    above = np.clip((lines_hz[:, None] - edges_hz[None]) / width_hz + 0.5, 0.0, 1.0)
    return np.asarray(above[:, :-1] - above[:, 1:])


def _signs(one: Fingerprint) -> _Numbers:
    """1 for a rise, -1 for a fall, 0 throughout a frame that does not count; [frames, pairs]."""
    bits = np.unpackbits(np.frombuffer(one.rises, dtype=np.uint8).reshape(-1, _BYTES_A_FRAME), axis=1)
    return (2.0 * bits - 1.0).astype(np.float32) * np.frombuffer(one.counts, dtype=np.uint8)[:, None]


def _agreements(one: Fingerprint, others: Sequence[Fingerprint]) -> _Numbers:
    """Agreement, -1 to 1, of each frame of the one with each of the others, [frames, others, frames]; not a number for pauses."""
    longest = max(len(other.counts) for other in others)
    laid = np.zeros((len(others), longest, _PAIRS), dtype=np.float32)
    for place, other in enumerate(others):
        laid[place, : len(other.counts)] = _signs(other)
    signs = _signs(one)
    agreement = (signs @ laid.reshape(-1, _PAIRS).T / _PAIRS).reshape(len(signs), len(others), longest)
    agreement[~signs.any(axis=1)] = np.nan
    agreement[:, ~laid.any(axis=2)] = np.nan
    return agreement.astype(np.float32)


def _gains(agreements: _Numbers) -> _Numbers:
    return np.where(np.isnan(agreements), np.float32(-_PAUSE), agreements - np.float32(_EXPECTED))


def _next_row(row: _Numbers, gains: _Numbers, ramp: _Numbers) -> _Numbers:
    """The best sums of alignments that end with this frame, from those that end with the one before."""
    after = np.maximum(row - np.float32(_SKIPPED), np.float32(0.0))
    np.maximum(after[..., 1:], row[..., :-1] + gains, out=after[..., 1:])
    # A skipped frame of the other costs the same wherever it stands: the best that came before, less the way from there.
    after += ramp
    np.maximum.accumulate(after, axis=-1, out=after)
    after -= ramp
    return np.asarray(after)


def _scores(agreements: _Numbers) -> _Numbers:
    """The best sum for each of the others."""
    gains = _gains(agreements)
    row = np.zeros((*agreements.shape[1:-1], agreements.shape[-1] + 1), dtype=np.float32)
    ramp = np.arange(row.shape[-1], dtype=np.float32) * np.float32(_SKIPPED)
    best = np.zeros_like(row)
    for gain in gains:
        row = _next_row(row, gain, ramp)
        np.maximum(best, row, out=best)
    return np.asarray(best.max(axis=-1))


def _match(agreements: _Numbers) -> Match:
    """The match of one pair, [frames, frames]: its best alignment, walked back from where it ends."""
    gains = _gains(agreements)
    rows = np.zeros((gains.shape[0] + 1, gains.shape[1] + 1), dtype=np.float32)
    ramp = np.arange(rows.shape[1], dtype=np.float32) * np.float32(_SKIPPED)
    for at, gain in enumerate(gains):
        rows[at + 1] = _next_row(rows[at], gain, ramp)
    score = float(rows.max())
    common = agreements[tuple(np.array(_way_back(rows, gains), dtype=np.intp).reshape(-1, 2).T)]
    common = common[~np.isnan(common)]
    seconds = common.size * _HOP_SECONDS
    share = float((1 + common.mean()) / 2) if common.size else 0.5
    is_same = score >= SAME_FROM and seconds >= LEAST_COMMON_SECONDS
    return Match(share=share, seconds=seconds, score=score, is_same=is_same)


def _way_back(rows: _Numbers, gains: _Numbers) -> list[tuple[int, int]]:
    """The pairs of frames of the best alignment."""
    one, other = (int(place) for place in np.unravel_index(int(np.argmax(rows)), rows.shape))
    pairs = []
    while one > 0 and other > 0 and rows[one, other] > 0:
        steps = (
            rows[one - 1, other - 1] + gains[one - 1, other - 1],
            rows[one - 1, other] - _SKIPPED,
            rows[one, other - 1] - _SKIPPED,
        )
        step = int(np.argmax(steps))
        if step == 0:
            pairs.append((one - 1, other - 1))
        one, other = one - (step != 2), other - (step != 1)  # noqa: PLR2004  the third step skips a frame of the other
    return pairs
