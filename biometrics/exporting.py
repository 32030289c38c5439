"""Writes a taught line encoder from torch as the ONNX file that `biometrics.line_encoder` opens, and proves that both agree."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from biometrics.features import BANDS, WINDOW_FRAMES, windows
from biometrics.line_encoder import EMBEDDING_SIZE, INPUT, OUTPUT, checksum_file
from biometrics.onnx_session import NoSession, open_session
from biometrics.onnx_writing import NetworkWriter
from biometrics.samples import ENCODER_RATE_HZ

# Resemblyzer's hparams.py: three layers of 256.
LAYERS: Final = 3
HIDDEN: Final = 256
# How far a number of an embedding (length 1) may lie from torch's: what 16-bit weights cost.
LARGEST_DIFFERENCE: Final = 1e-3
# torch keeps the gates of an LSTM as input, forget, cell, output; ONNX as input, output, forget, cell.
_GATES: Final = (0, 3, 1, 2)


class ExportError(RuntimeError):
    """The written network does not give what torch gives."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A line encoder that was written."""

    sha256: str
    size_bytes: int
    largest_difference: float  # of any number of an embedding, against torch with 32-bit weights


class LineNetwork(torch.nn.Module):
    """Resemblyzer's network: the last hidden state of an LSTM, through one layer, without its negative part, at length 1."""

    def __init__(self) -> None:
        """Begin with random weights."""
        super().__init__()
        self.lstm = torch.nn.LSTM(BANDS, HIDDEN, LAYERS, batch_first=True)
        self.linear = torch.nn.Linear(HIDDEN, EMBEDDING_SIZE)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        """Give [n, 256] for windows [n, 160, 40]."""
        _, (hidden, _) = self.lstm(mels)
        raw = torch.relu(self.linear(hidden[-1]))
        return torch.nn.functional.normalize(raw, dim=1, eps=0.0)


def line_network(state: Mapping[str, torch.Tensor]) -> LineNetwork:
    """Give the network with these weights, as Resemblyzer's checkpoints name them; what else is in there is left.

    Raises `KeyError` for weights that are missing, `RuntimeError` for those of another size.
    """
    network = LineNetwork()
    network.load_state_dict({name: state[name] for name in network.state_dict()})
    return network.eval()


def export_line_encoder(taught: torch.nn.Module | Mapping[str, torch.Tensor], path: Path, *, half: bool) -> Exported:
    """Write the network to `path` and its checksum beside it; with `half`, its weights as 16-bit floats.

    Raises `ExportError`, before anything is written, where the result differs from torch by more than 1e-3.
    """
    network = line_network(taught.state_dict() if isinstance(taught, torch.nn.Module) else taught)
    written = _written(network, half=half)
    difference = _largest_difference(network, written)
    if not difference <= LARGEST_DIFFERENCE:
        raise ExportError(f"the written network differs from torch by {difference:.2g}, more than {LARGEST_DIFFERENCE}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written)
    sha256 = hashlib.sha256(written).hexdigest()
    checksum_file(path).write_text(f"{sha256}  {path.name}\n", encoding="ascii")
    return Exported(sha256=sha256, size_bytes=len(written), largest_difference=difference)


def _written(network: LineNetwork, *, half: bool) -> bytes:
    state = {name: weights.detach().cpu().numpy().astype(np.float32) for name, weights in network.state_dict().items()}
    writer = NetworkWriter(half=half)
    # An LSTM of ONNX takes [frames, n, bands] and gives all of its states, and the last one.
    states = writer.add("Transpose", INPUT, perm=[1, 0, 2])
    last = ""
    one_direction = writer.weights(np.array([1], dtype=np.int64))
    for layer in range(LAYERS):
        inputs = [states, *(writer.weights(weights) for weights in _lstm_weights(state, layer))]
        every, last = writer.add_many("LSTM", inputs, outputs=2, hidden_size=HIDDEN)
        states = writer.add("Squeeze", every, one_direction)
    hidden = writer.add("Squeeze", last, writer.weights(np.array([0], dtype=np.int64)))
    linear = writer.add(
        "Gemm", hidden, *(writer.weights(state[f"linear.{part}"]) for part in ("weight", "bias")), transB=1
    )
    raw = writer.add("Relu", linear)
    embeddings = writer.add("Div", raw, writer.add("ReduceL2", raw, axes=[1], keepdims=1))
    return writer.finished(
        takes=(INPUT, ["n", WINDOW_FRAMES, BANDS]), gives=(embeddings, OUTPUT, ["n", EMBEDDING_SIZE])
    )


def _lstm_weights(state: Mapping[str, npt.NDArray[np.float32]], layer: int) -> list[npt.NDArray[np.float32]]:
    """Give a layer's weights, recurrent weights and biases as ONNX has them: one direction, gates in its order."""

    def in_onnx_order(name: str) -> npt.NDArray[np.float32]:
        gates = np.split(state[f"lstm.{name}_l{layer}"], len(_GATES))
        return np.concatenate([gates[at] for at in _GATES])

    biases = np.concatenate([in_onnx_order("bias_ih"), in_onnx_order("bias_hh")])
    return [part[np.newaxis] for part in (in_onnx_order("weight_ih"), in_onnx_order("weight_hh"), biases)]


def _largest_difference(network: LineNetwork, written: bytes) -> float:
    session = open_session(written)
    if isinstance(session, NoSession):
        raise ExportError(session.reason)
    mels = _sounds()
    with torch.inference_mode():
        expected: npt.NDArray[Any] = network(torch.from_numpy(mels)).numpy()
    return float(np.abs(session.run({INPUT: mels})[0] - expected).max())


def _sounds() -> npt.NDArray[np.float32]:
    """Give windows of ten seconds of buzzing and hissing, the same at each time: as wide a range as speech has."""
    rng = np.random.default_rng(1)
    at = np.arange(10 * ENCODER_RATE_HZ) / ENCODER_RATE_HZ
    pitch_hz = 120 + 60 * np.sin(2 * np.pi * 0.3 * at)
    buzz = np.sign(np.sin(2 * np.pi * np.cumsum(pitch_hz) / ENCODER_RATE_HZ)) * (1 + np.sin(2 * np.pi * 3 * at))
    return windows((buzz + 0.2 * rng.standard_normal(at.size)).astype(np.float32))
