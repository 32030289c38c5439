"""The encoder that comes with us: Resemblyzer's (GE2E), taught to hear over a telephone line, as a small ONNX file.

GE2E: Wan, Wang, Papir, Moreno, "Generalized End-to-End Loss for Speaker Verification" (2018): an utterance's embedding is the
mean of its windows' embeddings, brought to length 1. How it was taught stands in line_encoder/MODEL_CARD.md.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from biometrics.encoders import NoEncoder, encode_fit
from biometrics.features import BANDS, WINDOW_FRAMES, windows
from biometrics.onnx_session import NoSession, Session, SessionError, open_session
from biometrics.samples import NotEncoded, Samples
from biometrics.voiceprint import Embedding, unit_length

SHIPPED: Final = Path(__file__).with_name("line_encoder") / "line_encoder.onnx"
INPUT: Final = "mels"
OUTPUT: Final = "embeddings"
EMBEDDING_SIZE: Final = 256
# 1.6 s of speech each: some 50 s of speech run at once, and no utterance is so long that it takes the memory of others.
_WINDOWS_IN_A_RUN: Final = 64


class LineEncoder:
    """The line encoder on the processor of this machine."""

    def __init__(self, session: Session, *, name: str) -> None:
        """Take over an opened network that gives [n, 256] for windows [n, 160, 40]."""
        self._session = session
        self._name = name

    @property
    def name(self) -> str:
        """Which weights it is, by their checksum."""
        return self._name

    def encode(self, speech: npt.NDArray[Any], *, rate_hz: int) -> Embedding | NotEncoded:
        """Give the embedding of a stretch of speech, 256 numbers."""
        return self.encode_many([speech], rate_hz=rate_hz)[0]

    def encode_many(self, utterances: Sequence[npt.NDArray[Any]], *, rate_hz: int) -> list[Embedding | NotEncoded]:
        """Give the embedding of each utterance; the windows of all run together."""
        return encode_fit(utterances, rate_hz=rate_hz, encode=self._encode)

    def _encode(self, utterances: list[Samples]) -> list[Embedding | NotEncoded]:
        of_each = [windows(samples) for samples in utterances]
        try:
            embeddings = self._run(np.concatenate(of_each))
        except SessionError as error:
            return [NotEncoded(reason=str(error))] * len(utterances)
        ends = np.cumsum([len(of_one) for of_one in of_each])
        return [_of_utterance(of_one) for of_one in np.split(embeddings, ends[:-1])]

    def _run(self, all_windows: Samples) -> Samples:
        runs = [all_windows[at : at + _WINDOWS_IN_A_RUN] for at in range(0, len(all_windows), _WINDOWS_IN_A_RUN)]
        return np.concatenate([self._session.run({INPUT: of_run})[0] for of_run in runs])


def load(network: Path = SHIPPED, *, threads: int = 1) -> LineEncoder | NoEncoder:
    """Open the network of a file, if it is the one whose checksum is kept beside it (`checksum_file`)."""
    try:
        content = network.read_bytes()
        expected = checksum_file(network).read_text(encoding="ascii").split()[:1]
    except (OSError, ValueError) as error:
        return NoEncoder(reason=f"the line encoder cannot be read: {error}")
    checksum = hashlib.sha256(content).hexdigest()
    if expected != [checksum]:
        return NoEncoder(reason=f"the line encoder {network} is not the one that {checksum_file(network).name} names")
    session = open_session(content, threads)
    if isinstance(session, NoSession):
        return NoEncoder(reason=f"the line encoder {network} cannot be used: {session.reason}")
    if not _is_a_line_encoder(session):
        return NoEncoder(reason=f"{network} is no line encoder: it takes {session.inputs} and gives {session.outputs}")
    return LineEncoder(session, name=f"line-ge2e:{checksum[:12]}")


def checksum_file(network: Path) -> Path:
    """Where the SHA-256 of a network is kept, in the form of the command `sha256sum`."""
    return network.with_suffix(".sha256")


def _is_a_line_encoder(session: Session) -> bool:
    takes, gives = session.inputs.get(INPUT, ()), session.outputs.get(OUTPUT, ())
    return len(session.inputs) == 1 and takes[1:] == (WINDOW_FRAMES, BANDS) and gives[1:] == (EMBEDDING_SIZE,)


def _of_utterance(of_windows: Samples) -> Embedding | NotEncoded:
    try:
        return unit_length(of_windows.mean(axis=0, dtype=np.float64).tolist())
    except ValueError as error:
        return NotEncoded(reason=f"the encoder heard nothing in it: {error}")
