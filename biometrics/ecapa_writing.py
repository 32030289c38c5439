"""Writes SpeechBrain's ECAPA-TDNN as ONNX, laid out for one core: every convolution is one product of two matrices.

Desplanques, Thienpondt, Demuynck, "ECAPA-TDNN" (2020), as in speechbrain/lobes/models/ECAPA_TDNN.py. Frames are rows and
channels columns throughout; a convolution over time sees its frames side by side in one row. What attention sees of the whole
utterance is the same in each frame and is multiplied once. Whether the result equals torch is for the reader to find out.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from biometrics.onnx_writing import NetworkWriter, Weights

FEATURES: Final = "features"
EMBEDDING: Final = "embedding"
_FRAMES_AXIS: Final = 0
_CHANNELS_AXIS: Final = 1


def ecapa_network(model: Any) -> bytes:
    """Give a network that takes the features of one utterance, [frames, bands], and gives its embedding, [1, numbers].

    `model` is a `speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN`; one that is built otherwise raises `AttributeError`,
    `TypeError`, `ValueError` or gives other embeddings.
    """
    return _Ecapa(model).written()


class _Ecapa:
    def __init__(self, model: Any) -> None:
        self._model = model
        self._to = NetworkWriter()
        self._frames_axis = self._to.weights(np.array([_FRAMES_AXIS], dtype=np.int64))

    def written(self) -> bytes:
        model, to = self._model, self._to
        frames = self._time_delay(model.blocks[0], FEATURES)
        levels = []
        for block in list(model.blocks)[1:]:
            frames = self._squeezed_and_excited(block, frames)
            levels.append(frames)
        frames = self._time_delay(model.mfa, to.add("Concat", *levels, axis=_CHANNELS_AXIS))
        pooled = self._normalised(model.asp_bn, self._pooled(model.asp, frames))
        embedding = self._convolved(model.fc, pooled)
        bands = model.blocks[0].conv.conv.in_channels
        return to.finished(
            takes=(FEATURES, ["frames", bands]), gives=(embedding, EMBEDDING, [1, model.fc.conv.out_channels])
        )

    def _time_delay(self, block: Any, frames: str) -> str:
        """A TDNNBlock: convolution, what is above zero, normalisation."""
        return self._normalised(block.norm, self._to.add("Relu", self._convolved(block.conv, frames)))

    def _squeezed_and_excited(self, block: Any, frames: str) -> str:
        """A SERes2NetBlock: channels are weighed by what they hold on average, and the block's input is added."""
        to = self._to
        passed_by = self._convolved(block.shortcut, frames) if block.shortcut else frames
        inner = self._time_delay(
            block.tdnn2, self._in_steps(block.res2net_block, self._time_delay(block.tdnn1, frames))
        )
        squeezed = to.add("Relu", self._convolved(block.se_block.conv1, self._mean(inner)))
        excited = to.add("Sigmoid", self._convolved(block.se_block.conv2, squeezed))
        return to.add("Add", to.add("Mul", inner, excited), passed_by)

    def _in_steps(self, block: Any, frames: str) -> str:
        """A Res2NetBlock: each share of the channels sees what came out of the share before."""
        to = self._to
        shares = to.add_many("Split", [frames], outputs=block.scale, axis=_CHANNELS_AXIS)
        done = [shares[0], self._time_delay(block.blocks[0], shares[1])]
        for share, step in zip(shares[2:], list(block.blocks)[1:], strict=True):
            done.append(self._time_delay(step, to.add("Add", share, done[-1])))
        return to.add("Concat", *done, axis=_CHANNELS_AXIS)

    def _pooled(self, pooling: Any, frames: str) -> str:
        """An AttentiveStatisticsPooling: mean and deviation of each channel, each frame weighing what attention gives it."""
        to = self._to
        kernel, bias = _kernel(pooling.tdnn.conv), _numbers(pooling.tdnn.conv.conv.bias)
        of_frames, of_whole = np.split(kernel[0], [kernel.shape[1] // 3])
        mean = self._mean(frames)
        deviation = self._deviation(self._mean(self._squared(to.add("Sub", frames, mean))), pooling.eps)
        whole = self._product(to.add("Concat", mean, deviation, axis=_CHANNELS_AXIS), of_whole, bias)
        seen = to.add("Relu", to.add("Add", to.add("MatMul", frames, to.weights(of_frames)), whole))
        seen = to.add("Tanh", self._normalised(pooling.tdnn.norm, seen))
        attention = self._convolved(pooling.conv, seen)
        # A softmax over frames, divided by its sum when only one row is left.
        peak = to.add("ReduceMax", attention, axes=[_FRAMES_AXIS], keepdims=1)
        share = to.add("Exp", to.add("Sub", attention, peak))
        whole = self._sum(share)
        mean = to.add("Div", self._sum(to.add("Mul", share, frames)), whole)
        squares = self._squared(to.add("Sub", frames, mean))
        spread = to.add("Div", self._sum(to.add("Mul", share, squares)), whole)
        return to.add("Concat", mean, self._deviation(spread, pooling.eps), axis=_CHANNELS_AXIS)

    def _convolved(self, layer: Any, frames: str) -> str:
        """A Conv1d: as many frames as before, the ends mirrored."""
        convolution, to = layer.conv, self._to
        if convolution.groups != 1 or layer.padding != "same" or layer.padding_mode != "reflect":
            raise ValueError("a convolution in groups, or with other ends than mirrored ones, is not known")
        kernel = _kernel(layer)
        reach = convolution.dilation[0] * (len(kernel) - 1) // 2
        if reach:
            pads = to.weights(np.array([reach, 0, reach, 0], dtype=np.int64))
            padded = to.add("Pad", frames, pads, mode="reflect")
            shifts = range(0, 2 * reach + 1, convolution.dilation[0])
            seen = [self._part(padded, begin=shift, end=shift - 2 * reach) for shift in shifts]
            frames = to.add("Concat", *seen, axis=_CHANNELS_AXIS)
        return self._product(frames, kernel.reshape(-1, kernel.shape[2]), _numbers(convolution.bias))

    def _part(self, frames: str, *, begin: int, end: int) -> str:
        """Frames from `begin`, up to `end` (negative, from behind; 0 is the last one)."""
        bounds = [begin, end or np.iinfo(np.int64).max]
        return self._to.add(
            "Slice", frames, *(self._to.weights(np.array([one], dtype=np.int64)) for one in bounds), self._frames_axis
        )

    def _normalised(self, layer: Any, frames: str) -> str:
        norm = layer.norm
        parts: Sequence[Weights] = [
            _numbers(one) for one in (norm.weight, norm.bias, norm.running_mean, norm.running_var)
        ]
        return self._to.add(
            "BatchNormalization", frames, *(self._to.weights(part) for part in parts), epsilon=float(norm.eps)
        )

    def _product(self, frames: str, kernel: Weights, bias: Weights) -> str:
        return self._to.add("Gemm", frames, self._to.weights(kernel), self._to.weights(bias))

    def _mean(self, frames: str) -> str:
        return self._to.add("ReduceMean", frames, axes=[_FRAMES_AXIS], keepdims=1)

    def _sum(self, frames: str) -> str:
        return self._to.add("ReduceSum", frames, self._frames_axis, keepdims=1)

    def _squared(self, frames: str) -> str:
        return self._to.add("Mul", frames, frames)

    def _deviation(self, spread: str, least: float) -> str:
        return self._to.add("Sqrt", self._to.add("Max", spread, self._to.weights(np.array(least, dtype=np.float32))))


def _kernel(layer: Any) -> Weights:
    """Give a convolution's weights, [frames that it sees, channels in, channels out]."""
    return np.ascontiguousarray(_numbers(layer.conv.weight).transpose(2, 1, 0))


def _numbers(parameter: Any) -> npt.NDArray[np.float32]:
    return np.asarray(parameter.detach().cpu().numpy(), dtype=np.float32)
