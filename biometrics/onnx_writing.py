"""Writes networks as ONNX, operator by operator: needs the package onnx, which only those who export have."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# Operators of ONNX 1.12 (opset 17), which onnxruntime knows since 1.12: older than the oldest one that we allow.
OPSET: Final = 17
_IR_VERSION: Final = 8

Weights = npt.NDArray[np.float32]


class NetworkWriter:
    """A network that is being written: each operator gives the name of what comes out of it."""

    def __init__(self, *, half: bool = False) -> None:
        """Begin; with `half`, weights are kept as 16-bit floats and widened when the network is opened: half the size."""
        import onnx  # noqa: PLC0415 - an extra: only whoever exports has it

        self._onnx = onnx
        self._half = half
        self._nodes: list[Any] = []
        self._initializers: list[Any] = []

    def weights(self, numbers: npt.NDArray[Any]) -> str:
        """Keep constant numbers: float32 as weights, int64 as shapes and axes."""
        name = f"w{len(self._initializers)}"
        is_halved = self._half and numbers.dtype == np.float32
        kept = numbers.astype(np.float16) if is_halved else numbers
        self._initializers.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(kept), name))
        return self.add("Cast", name, to=self._onnx.TensorProto.FLOAT) if is_halved else name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output."""
        return self.add_many(operator, inputs, outputs=1, **attributes)[0]

    def add_many(self, operator: str, inputs: Sequence[str], *, outputs: int, **attributes: Any) -> list[str]:
        """Add an operator with several outputs; an input "" is left out."""
        names = [f"n{len(self._nodes)}_{at}" for at in range(outputs)]
        self._nodes.append(self._onnx.helper.make_node(operator, list(inputs), names, **attributes))
        return names

    def finished(self, *, takes: tuple[str, Sequence[int | str]], gives: tuple[str, str, Sequence[int | str]]) -> bytes:
        """Give the checked network; `takes` is (name, shape), `gives` (operator's output, name, shape), all of float32."""
        helper, floats = self._onnx.helper, self._onnx.TensorProto.FLOAT
        source, output, output_shape = gives
        self._nodes.append(helper.make_node("Identity", [source], [output]))
        graph = helper.make_graph(
            self._nodes,
            output,
            [helper.make_tensor_value_info(takes[0], floats, takes[1])],
            [helper.make_tensor_value_info(output, floats, output_shape)],
            self._initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION)
        self._onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())
