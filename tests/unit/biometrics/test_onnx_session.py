"""Opening a network: shapes are told, failures are values at the opening and one error at the run."""

from pathlib import Path

import numpy as np
import pytest

from biometrics.onnx_session import NoSession, Session, SessionError, open_session
from biometrics.onnx_writing import NetworkWriter


def doubling() -> bytes:
    writer = NetworkWriter()
    return writer.finished(takes=("x", ["n", 2]), gives=(writer.add("Add", "x", "x"), "y", ["n", 2]))


def opened(network: Path | bytes) -> Session:
    session = open_session(network)
    assert isinstance(session, Session), session
    return session


def test_a_network_tells_its_shapes_and_runs(tmp_path: Path) -> None:
    (tmp_path / "doubling.onnx").write_bytes(doubling())
    for session in (opened(doubling()), opened(tmp_path / "doubling.onnx")):
        assert (session.inputs, session.outputs) == ({"x": ("n", 2)}, {"y": ("n", 2)})
        assert session.run({"x": np.ones((3, 2), np.float32)})[0].tolist() == [[2, 2]] * 3


@pytest.mark.parametrize("network", [b"", b"rubbish", Path("/no/such/file.onnx")])
def test_what_is_no_network_is_a_value_with_its_reason(network: Path | bytes) -> None:
    refused = open_session(network)
    assert isinstance(refused, NoSession)
    assert refused.reason.startswith("the network cannot be opened: ")


@pytest.mark.parametrize("numbers", [np.ones((3, 3), np.float32), np.ones((3, 2)), np.ones(2, np.float32)])
def test_what_a_network_does_not_take_is_one_error(numbers: np.ndarray) -> None:
    with pytest.raises(SessionError, match="the network failed"):
        opened(doubling()).run({"x": numbers})
    with pytest.raises(SessionError, match="the network failed"):
        opened(doubling()).run({})
