"""An encoder that gives the embeddings of a script: for tests and trials, where a voice must be alike to a known degree."""

from collections.abc import Iterable
from typing import Any

import numpy.typing as npt

from biometrics.samples import NotEncoded, encoder_samples
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
        samples = encoder_samples(speech, rate_hz=rate_hz)
        if isinstance(samples, NotEncoded):
            return samples
        self.utterances += 1
        return self._vectors[min(self.utterances, len(self._vectors)) - 1]
