"""Turns speech into an embedding: the port. Behind it: the line encoder, SpeechBrain's ECAPA, and the scripted one of tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from biometrics.samples import NotEncoded, Samples, encoder_samples
from biometrics.voiceprint import Embedding


@dataclass(frozen=True, kw_only=True)
class NoEncoder:
    """No encoder can be had, and why: the voice then proves nothing."""

    reason: str


class SpeakerEncoder(Protocol):
    """Makes embeddings in which one voice lies close to itself: the same one each time. Shared by all threads."""

    @property
    def name(self) -> str:
        """Which encoder and weights it is: only embeddings of one name may be compared."""

    def encode(self, speech: npt.NDArray[Any], *, rate_hz: int) -> Embedding | NotEncoded:
        """Give the embedding, of length 1, of int16 or float32 speech at 8000 or 16000 Hz. Never raises."""

    def encode_many(self, utterances: Sequence[npt.NDArray[Any]], *, rate_hz: int) -> list[Embedding | NotEncoded]:
        """Give the embedding of each utterance, in their order; one that cannot be encoded takes nothing from the others."""


def encode_fit(
    utterances: Sequence[npt.NDArray[Any]],
    *,
    rate_hz: int,
    encode: Callable[[list[Samples]], list[Embedding | NotEncoded]],
) -> list[Embedding | NotEncoded]:
    """Let `encode` have those utterances that are fit, all at once, and put its answers back in their places."""
    prepared = [encoder_samples(speech, rate_hz=rate_hz) for speech in utterances]
    fit = [samples for samples in prepared if not isinstance(samples, NotEncoded)]
    encoded = iter(encode(fit) if fit else [])
    return [samples if isinstance(samples, NotEncoded) else next(encoded) for samples in prepared]
