"""Records of a voice: a sample, the evidence that one call gives, and the voiceprint of an enrolled customer.

Plain records and arithmetic. Which encoder made an embedding, where voiceprints are kept and what they prove is left to others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

# A direction in the encoder's space, of length 1: 256 numbers for the line encoder, 192 for ECAPA.
Embedding: TypeAlias = tuple[float, ...]

# Embeddings are kept as 32-bit numbers; their length is 1 within some thousand times the rounding of one.
_LENGTH_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How well a stretch of speech was heard (`biometrics.quality` measures it)."""

    snr_db: float  # speech over what is heard between its words
    level_dbfs: float  # root mean square of the net speech, full scale is 0
    clipped_share: float  # samples at the limit, 0-1
    halves_alike: float | None  # cosine of the embeddings of its two halves; None where it is too short to be halved


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One utterance of one voice, as an embedding."""

    embedding: Embedding = field(repr=False)
    net_speech_seconds: float  # after voice activity detection, not seconds of line
    quality: Quality

    def __post_init__(self) -> None:
        _check_embedding(self.embedding)
        _check_seconds(self.net_speech_seconds)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one call says about the voice of its caller: an embedding for each utterance that was good enough."""

    encoder: str  # name of the encoder that made it
    samples: tuple[Sample, ...]
    channel: str  # "telephone", "browser", ...

    def __post_init__(self) -> None:
        _check_samples(self.samples)

    @property
    def net_speech_seconds(self) -> float:
        """Net speech of all samples together."""
        return math.fsum(sample.net_speech_seconds for sample in self.samples)


@dataclass(frozen=True, kw_only=True)
class Voiceprint:
    """The enrolled voice of one customer: biometric data (GDPR, art. 9)."""

    customer_id: str
    encoder: str
    samples: tuple[Sample, ...]
    channel: str
    enrolled_at: datetime
    heard_at: datetime  # when a sample was added last: at enrolment, or by an adaptation

    def __post_init__(self) -> None:
        _check_samples(self.samples)
        if self.enrolled_at.utcoffset() is None or self.heard_at.utcoffset() is None:
            raise ValueError("enrolled_at and heard_at have a time zone")

    @property
    def net_speech_seconds(self) -> float:
        """Net speech of all samples together."""
        return math.fsum(sample.net_speech_seconds for sample in self.samples)


def unit_length(numbers: Sequence[float]) -> Embedding:
    """Bring a vector to length 1. Raises `ValueError` where it has no direction: all zeros, or not finite."""
    length = math.hypot(*numbers)
    if not math.isfinite(length) or length == 0:
        raise ValueError("a vector that is zero or not finite has no direction")
    return tuple(number / length for number in numbers)


def similarity(one: Embedding, other: Embedding) -> float:
    """Cosine of two embeddings of one encoder, -1 to 1. Raises `ValueError` for different sizes."""
    if len(one) != len(other):
        raise ValueError(f"embeddings of {len(one)} and {len(other)} numbers do not come from one encoder")
    return max(-1.0, min(1.0, math.fsum(left * right for left, right in zip(one, other, strict=True))))


def together(samples: Sequence[Sample]) -> Embedding:
    """Give the one embedding of several samples of a voice: their mean, each weighing as many seconds as it has, at length 1.

    Raises `ValueError` for no samples, for different sizes, and where they cancel out.
    """
    _check_samples(samples)
    columns = zip(*(sample.embedding for sample in samples), strict=True)
    weights = [max(sample.net_speech_seconds, _LENGTH_TOLERANCE) for sample in samples]
    return unit_length([math.fsum(w * one for w, one in zip(weights, column, strict=True)) for column in columns])


def _check_samples(samples: Sequence[Sample]) -> None:
    if not samples:
        raise ValueError("a voice is known by one sample at least")
    if len({len(sample.embedding) for sample in samples}) != 1:
        raise ValueError("samples of different sizes do not come from one encoder")


def _check_embedding(embedding: Embedding) -> None:
    if not embedding or not abs(math.hypot(*embedding) - 1) <= _LENGTH_TOLERANCE:
        raise ValueError("an embedding has length 1: make it with unit_length")


def _check_seconds(seconds: float) -> None:
    if not 0 <= seconds < math.inf:
        raise ValueError(f"net speech lasts zero seconds or more, not {seconds}")
