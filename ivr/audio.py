"""Telephone audio as plain bytes: G.711 mu-law and PCM, resampling, the telephone band, loudness, mixing and durations.

Everywhere here `ulaw` is 8-bit mu-law at 8000 Hz with one channel, and `pcm` is signed 16-bit little-endian with one
channel. Files, sockets, recognition and the voice of the caller are left to others; nothing here keeps state.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import soxr  # type: ignore[import-untyped]  # soxr publishes no types

# TWILIO.md 9 (Media Streams): audio/x-mulaw, 8000 Hz, one channel.
RATE_HZ: Final = 8000
# One RTP packet of G.711 carries 20 ms (RFC 3551, table 1), which is also what the carrier's media messages hold.
FRAME_BYTES: Final = 160
FRAME_SECONDS: Final = 0.02
# G.711: the positive zero of mu-law, all bits inverted.
ULAW_SILENCE: Final = 0xFF
# 20 * log10(1 / 32768): the smallest step of 16 bits; nothing that is not zero throughout can be much quieter.
QUIETEST_DBFS: Final = -90.3

# G.711, table 2a, on the 14-bit scale of mu-law: the bias that makes the segments powers of two, and the loudest value.
_BIAS_14_BIT: Final = 33
_LOUDEST_14_BIT: Final = 0x1FFF
_SEGMENT_ENDS: Final = (0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF)
_PCM_BYTES: Final = 2
_PCM_LOWEST: Final = -32768
_PCM_HIGHEST: Final = 32767
# ITU-T G.712: the band that a telephone channel passes.
_BAND_HZ: Final = (300.0, 3400.0)
# A Hamming window's transition is 3.3 / taps of the rate: 1/40 s of taps gives 132 Hz, which is down before 4000 Hz.
_BAND_FILTER_SECONDS: Final = 1 / 40


class AudioFormatError(ValueError):
    """Bytes that cannot be the audio that they are said to be."""


def ulaw_to_pcm(ulaw: bytes) -> bytes:
    """Decode mu-law to 16-bit PCM at the same rate: two bytes for each one (ITU-T G.711)."""
    return bytes(_decoding_table()[np.frombuffer(ulaw, dtype=np.uint8)].tobytes())


def pcm_to_ulaw(pcm: bytes) -> bytes:
    """Encode 16-bit PCM as mu-law at the same rate: one byte for each two (ITU-T G.711). Raises `AudioFormatError`."""
    return bytes(_encoding_table()[_samples(pcm).view("<u2")].tobytes())


def seconds_of_ulaw(ulaw: bytes) -> float:
    """How long mu-law audio at 8000 Hz lasts, in seconds."""
    return len(ulaw) / RATE_HZ


def seconds_of_pcm(pcm: bytes, *, rate_hz: int) -> float:
    """How long 16-bit PCM lasts, in seconds. Raises `AudioFormatError`."""
    return len(_samples(pcm)) / _checked_rate(rate_hz)


def frames_of_ulaw(ulaw: bytes) -> list[bytes]:
    """Cut mu-law into frames of 20 ms (160 bytes); the last one is filled up with silence."""
    padded = ulaw + bytes([ULAW_SILENCE]) * (-len(ulaw) % FRAME_BYTES)
    return [padded[start : start + FRAME_BYTES] for start in range(0, len(padded), FRAME_BYTES)]


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Bring 16-bit PCM from one rate to another without aliasing (soxr, high quality). Raises `AudioFormatError`."""
    samples = _samples(pcm)
    if _checked_rate(from_hz) == _checked_rate(to_hz) or samples.size == 0:
        return pcm
    # In floating point, because soxr dithers 16-bit output and the same audio should give the same bytes.
    return _to_pcm(soxr.resample(samples.astype(np.float64), from_hz, to_hz))


def telephone_band(pcm: bytes, rate_hz: int) -> bytes:
    """Keep what a telephone channel passes, 300-3400 Hz (ITU-T G.712), at the same rate and length.

    Raises `AudioFormatError`.
    """
    samples = _samples(pcm)
    if samples.size == 0:
        return pcm
    taps = _band_filter(_checked_rate(rate_hz))
    # "full" and cut by hand: numpy's "same" answers with the filter's length where the audio is the shorter one.
    start = len(taps) // 2
    return _to_pcm(np.convolve(samples.astype(np.float64), taps, mode="full")[start : start + samples.size])


def loudness_dbfs(pcm: bytes) -> float:
    """Root mean square of 16-bit PCM in dB under full scale; `QUIETEST_DBFS` for silence and for nothing.

    Raises `AudioFormatError`.
    """
    samples = _samples(pcm)
    if samples.size == 0:
        return QUIETEST_DBFS
    mean_square = float(np.mean(np.square(samples.astype(np.float64))))
    if mean_square == 0:
        return QUIETEST_DBFS
    return max(QUIETEST_DBFS, 10 * float(np.log10(mean_square / 32768.0**2)))


def louder(pcm: bytes, gain_db: float) -> bytes:
    """Make 16-bit PCM louder, or fainter, by decibels; what is too loud is clipped. Raises `AudioFormatError`."""
    return _to_pcm(_samples(pcm).astype(np.float64) * 10 ** (gain_db / 20))


def mix(pcms: Sequence[bytes]) -> bytes:
    """Sum 16-bit PCM of one rate, as long as the longest; what is too loud is clipped. Raises `AudioFormatError`."""
    parts = [_samples(pcm) for pcm in pcms]
    total = np.zeros(max((part.size for part in parts), default=0), dtype=np.float64)
    for part in parts:
        total[: part.size] += part
    return _to_pcm(total)


def mix_ulaw(ulaws: Sequence[bytes]) -> bytes:
    """Sum mu-law audio, as long as the longest: what a conference plays to each of its people."""
    if len(ulaws) == 1:
        return ulaws[0]
    return pcm_to_ulaw(mix([ulaw_to_pcm(ulaw) for ulaw in ulaws]))


def _samples(pcm: bytes) -> npt.NDArray[np.int16]:
    if len(pcm) % _PCM_BYTES:
        raise AudioFormatError(f"16-bit PCM has an even number of bytes, this has {len(pcm)}")
    return np.frombuffer(pcm, dtype="<i2")


def _to_pcm(samples: npt.NDArray[np.float64]) -> bytes:
    return np.clip(np.rint(samples), _PCM_LOWEST, _PCM_HIGHEST).astype("<i2").tobytes()


def _checked_rate(rate_hz: int) -> int:
    if rate_hz <= 0:
        raise AudioFormatError(f"a rate is a positive number of samples in a second, this is {rate_hz}")
    return rate_hz


@cache
def _decoding_table() -> npt.NDArray[np.int16]:
    """Give the 16-bit sample of each mu-law byte."""
    codes = np.arange(256, dtype=np.int32) ^ 0xFF
    segments = (codes & 0x70) >> 4
    sizes = ((((codes & 0x0F) << 3) + (_BIAS_14_BIT << 2)) << segments) - (_BIAS_14_BIT << 2)
    return np.where(codes & 0x80, -sizes, sizes).astype("<i2")


@cache
def _encoding_table() -> npt.NDArray[np.uint8]:
    """Give the mu-law byte of each 16-bit sample, by the sample read as unsigned."""
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2
    sizes = np.minimum(np.abs(samples) + _BIAS_14_BIT, _LOUDEST_14_BIT)
    segments = np.searchsorted(np.array(_SEGMENT_ENDS), sizes)
    codes = (segments << 4) | ((sizes >> (segments + 1)) & 0x0F)
    return np.asarray(codes ^ np.where(samples < 0, 0x7F, 0xFF), dtype=np.uint8)


@cache
def _band_filter(rate_hz: int) -> npt.NDArray[np.float64]:
    """Give the taps of a linear-phase band-pass: the difference of two windowed sincs, of odd length."""
    reach = max(1, round(rate_hz * _BAND_FILTER_SECONDS / 2))
    at = np.arange(-reach, reach + 1, dtype=np.float64)
    low, high = (min(edge / rate_hz, 0.5) for edge in _BAND_HZ)
    return np.asarray((2 * high * np.sinc(2 * high * at) - 2 * low * np.sinc(2 * low * at)) * np.hamming(at.size))
