"""Opens neural networks that are kept as ONNX: the only home of onnxruntime in this package.

What a network takes and means is left to whoever opens it. onnxruntime is loaded with the first network and not before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy.typing as npt

_ON_THIS_PROCESSOR: Final = ["CPUExecutionProvider"]
# onnxruntime's severities begin at 0 (verbose); 3 is errors: a network's warnings help only whoever exported it.
_ERRORS_ONLY: Final = 3


@dataclass(frozen=True, kw_only=True)
class NoSession:
    """The network cannot be opened, and why."""

    reason: str


class SessionError(RuntimeError):
    """The network did not take what it was given, or failed over it."""


class Session:
    """One opened network. Shared by all threads: a run keeps nothing."""

    def __init__(self, native: Any) -> None:
        """Take over an `onnxruntime.InferenceSession`."""
        self._native = native
        # Name -> shape; a string or None stands for a dimension that is free.
        self.inputs: Mapping[str, tuple[int | str | None, ...]] = {
            one.name: tuple(one.shape) for one in native.get_inputs()
        }
        self.outputs: Mapping[str, tuple[int | str | None, ...]] = {
            one.name: tuple(one.shape) for one in native.get_outputs()
        }

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """Give all outputs, in the order of `outputs`. Raises `SessionError`."""
        try:
            return list(self._native.run(None, dict(inputs)))
        except Exception as error:  # its errors share no class of their own, and wrong shapes are a bare ValueError
            raise SessionError(f"the network failed: {error}") from error


def open_session(network: Path | bytes, threads: int = 1) -> Session | NoSession:
    """Open the network of a file, or one that was read already; `threads` share one run.

    Calls run side by side, each on a thread of its own: more threads for one of them would only be taken from the others.
    """
    try:
        import onnxruntime  # noqa: PLC0415 - loads a native library, which only a service with voices needs

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = _ERRORS_ONLY
        # A thread that waits for the next run sleeps: by default it would keep a core busy.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = network if isinstance(network, bytes) else str(network)
        return Session(onnxruntime.InferenceSession(source, options, providers=_ON_THIS_PROCESSOR))
    except Exception as error:  # noqa: BLE001 - its errors share no class; an absent library, file or format all mean: none
        return NoSession(reason=f"the network cannot be opened: {type(error).__name__}: {error}")
