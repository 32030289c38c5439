"""An encoder that gives the embeddings of a script: for tests and trials, where a voice must be alike to a known degree."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy.typing as npt

from biometrics.encoders import encode_fit
from biometrics.samples import NotEncoded, Samples
from biometrics.voiceprint import Embedding, unit_length


class ScriptedEncoder:
    """Gives one scripted vector, brought to length 1, for each utterance that could be encoded at all."""

    def __init__(self, vectors: Iterable[tuple[float, ...]], *, name: str = "scripted") -> None:
        """Take the vectors, the first utterance first; the last one is repeated."""
        self._vectors = [unit_length(vector) for vector in vectors]
        self._name = name
        self.utterances = 0  # how many were encoded

    @property
    def name(self) -> str:
        """What the script calls itself."""
        return self._name

    def encode(self, speech: npt.NDArray[Any], *, rate_hz: int) -> Embedding | NotEncoded:
        """Give the next vector, if the speech could be encoded by a real encoder."""
        return self.encode_many([speech], rate_hz=rate_hz)[0]

    def encode_many(self, utterances: Sequence[npt.NDArray[Any]], *, rate_hz: int) -> list[Embedding | NotEncoded]:
        """Give the next vectors, one for each utterance that could be encoded by a real encoder."""
        return encode_fit(utterances, rate_hz=rate_hz, encode=self._next)

    def _next(self, utterances: list[Samples]) -> list[Embedding | NotEncoded]:
        begun = self.utterances
        self.utterances += len(utterances)
        return [self._vectors[min(at, len(self._vectors) - 1)] for at in range(begun, self.utterances)]
