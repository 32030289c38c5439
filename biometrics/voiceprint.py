"""Records of a voice: an embedding, the evidence that one call gives, and the voiceprint of an enrolled customer.

Plain records and arithmetic. Which encoder made an embedding, where voiceprints are kept and what they prove is left to others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

# A direction in the encoder's space, of length 1: 192 numbers for ECAPA.
Embedding: TypeAlias = tuple[float, ...]

# Embeddings are kept as 32-bit numbers; their length is 1 within some thousand times the rounding of one.
_LENGTH_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one call says about the voice of its caller."""

    encoder: str  # name of the encoder that made it
    embedding: Embedding = field(repr=False)
    net_speech_seconds: float  # after voice activity detection, not seconds of line
    channel: str  # "telephone", "browser", ...

    def __post_init__(self) -> None:
        _check_embedding(self.embedding)
        _check_seconds(self.net_speech_seconds)


@dataclass(frozen=True, kw_only=True)
class Voiceprint:
    """The enrolled voice of one customer: biometric data (GDPR, art. 9)."""

    customer_id: str
    encoder: str
    embedding: Embedding = field(repr=False)
    net_speech_seconds: float
    channel: str
    enrolled_at: datetime

    def __post_init__(self) -> None:
        _check_embedding(self.embedding)
        _check_seconds(self.net_speech_seconds)
        if self.enrolled_at.utcoffset() is None:
            raise ValueError("enrolled_at has no time zone")


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


def _check_embedding(embedding: Embedding) -> None:
    if not embedding or not abs(math.hypot(*embedding) - 1) <= _LENGTH_TOLERANCE:
        raise ValueError("an embedding has length 1: make it with unit_length")


def _check_seconds(seconds: float) -> None:
    if not 0 <= seconds < math.inf:
        raise ValueError(f"net speech lasts zero seconds or more, not {seconds}")
