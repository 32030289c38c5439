"""The line encoder's file: written from torch, checked, opened; whatever is missing, foreign or changed is said."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from biometrics.encoders import NoEncoder
from biometrics.exporting import ExportError, LineNetwork, export_line_encoder, line_network
from biometrics.features import windows
from biometrics.line_encoder import LineEncoder, checksum_file, load
from biometrics.onnx_writing import NetworkWriter
from biometrics.voiceprint import unit_length

NOISE = np.random.default_rng(3).normal(0, 0.1, 80_000).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> LineNetwork:
    torch.manual_seed(5)
    return LineNetwork().eval()


@pytest.fixture
def written(network: LineNetwork, tmp_path: Path) -> Path:
    export_line_encoder(network, tmp_path / "line_encoder.onnx", half=False)
    return tmp_path / "line_encoder.onnx"


def reason(path: Path) -> str:
    refused = load(path)
    assert isinstance(refused, NoEncoder)
    return refused.reason


@pytest.mark.parametrize(
    ("weights", "away", "size_bytes"), [("32 bits", 1e-5, 5_700_000), ("16 bits", 1e-3, 2_850_000)]
)
def test_an_utterances_embedding_is_the_mean_of_its_windows_as_torch_gives_them(
    network: LineNetwork,
    tmp_path: Path,
    weights: str,
    away: float,
    size_bytes: int,
) -> None:
    path = tmp_path / "models" / "line_encoder.onnx"
    exported = export_line_encoder(network, path, half=weights == "16 bits")
    assert path.stat().st_size == exported.size_bytes == pytest.approx(size_bytes, rel=0.01)
    assert exported.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    encoder = load(path)
    assert isinstance(encoder, LineEncoder)
    assert encoder.name == f"line-ge2e:{exported.sha256[:12]}"
    with torch.inference_mode():
        of_windows = network(torch.from_numpy(windows(NOISE))).numpy()
    assert len(of_windows) == 5
    expected = unit_length(of_windows.mean(axis=0).tolist())
    assert encoder.encode(NOISE, rate_hz=16_000) == pytest.approx(expected, abs=away)


def test_more_speech_than_runs_at_once_is_encoded_whole(network: LineNetwork, written: Path) -> None:
    minutes = np.tile(NOISE, 14)
    encoder = load(written)
    assert isinstance(encoder, LineEncoder)
    with torch.inference_mode():
        expected = network(torch.from_numpy(windows(minutes))).numpy().mean(axis=0)
    assert encoder.encode(minutes, rate_hz=16_000) == pytest.approx(unit_length(expected.tolist()), abs=1e-5)


def test_weights_of_a_checkpoint_are_taken_by_name(network: LineNetwork) -> None:
    checkpoint = {**network.state_dict(), "similarity_weight": torch.ones(1)}
    assert torch.equal(line_network(checkpoint).linear.weight, network.linear.weight)
    with pytest.raises(KeyError):
        line_network({"linear.weight": network.linear.weight})


def test_weights_that_16_bits_cannot_hold_are_not_written(network: LineNetwork, tmp_path: Path) -> None:
    state = {
        name: weights * 1e8 if name == "linear.weight" else weights for name, weights in network.state_dict().items()
    }
    with pytest.raises(ExportError, match="differs from torch by nan"), np.errstate(over="ignore"):
        export_line_encoder(state, tmp_path / "line_encoder.onnx", half=True)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "none.onnx") in reason(tmp_path / "none.onnx")


def test_a_file_without_its_checksum_is_refused(written: Path) -> None:
    checksum_file(written).unlink()
    assert "line_encoder.sha256" in reason(written)


@pytest.mark.parametrize("kept", ["", "\n", f"{'0' * 64}  line_encoder.onnx\n", "\xff\xfe"])
def test_a_file_of_another_checksum_is_refused(written: Path, kept: str) -> None:
    checksum_file(written).write_bytes(kept.encode("latin-1"))
    assert "line encoder" in reason(written)


def test_a_changed_file_is_refused(written: Path) -> None:
    content = bytearray(written.read_bytes())
    content[1000] ^= 1
    written.write_bytes(content)
    assert reason(written) == f"the line encoder {written} is not the one that line_encoder.sha256 names"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"rubbish", "cannot be used: the network cannot be opened"),
        (b"", "cannot be used: the network cannot be opened"),
    ],
)
def test_rubbish_with_the_right_checksum_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    assert said in reason(keep(tmp_path, content))


def test_another_network_is_refused(tmp_path: Path) -> None:
    writer = NetworkWriter()
    other = writer.finished(
        takes=("mels", ["n", 160, 40]), gives=(writer.add("Relu", "mels"), "mels_again", ["n", 160, 40])
    )
    onnx.checker.check_model(onnx.load_from_string(other))
    assert "is no line encoder: it takes {'mels': ('n', 160, 40)}" in reason(keep(tmp_path, other))


def keep(folder: Path, content: bytes) -> Path:
    path = folder / "line_encoder.onnx"
    path.write_bytes(content)
    checksum_file(path).write_text(hashlib.sha256(content).hexdigest(), encoding="ascii")
    return path
