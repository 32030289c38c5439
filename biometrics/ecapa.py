"""SpeechBrain's ECAPA-TDNN as a speaker encoder, where a company has its weights.

Weights come from a folder on this machine, or from the hub where that is allowed; where neither can be had, that is said as a
value. torch is loaded with the first encoder and not before: a service without voice verification never pays for it.
"""

import importlib
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from biometrics.encoders import NoEncoder
from biometrics.samples import NotEncoded, encoder_samples
from biometrics.voiceprint import Embedding, unit_length

# huggingface.co/speechbrain/spkrec-ecapa-voxceleb: ECAPA-TDNN taught on VoxCeleb 1 and 2, 192 numbers, 16 kHz.
ECAPA: Final = "speechbrain/spkrec-ecapa-voxceleb"
_HYPERPARAMETERS: Final = "hyperparams.yaml"


class EcapaEncoder:
    """SpeechBrain's ECAPA-TDNN on the processor of this machine."""

    def __init__(self, recognition: Any, *, name: str) -> None:
        """Take over a loaded `speechbrain.inference.speaker.SpeakerRecognition`."""
        self._recognition = recognition
        self._name = name
        # SpeechBrain's feature modules keep state while they run: one utterance at a time.
        self._lock = Lock()

    @property
    def name(self) -> str:
        """Which encoder and weights it is."""
        return self._name

    def encode(self, speech: npt.NDArray[Any], *, rate_hz: int) -> Embedding | NotEncoded:
        """Give the embedding of a stretch of speech."""
        samples = encoder_samples(speech, rate_hz=rate_hz)
        if isinstance(samples, NotEncoded):
            return samples
        import torch  # noqa: PLC0415 - loaded with the first encoder only

        try:
            with self._lock, torch.inference_mode():
                embedding = self._recognition.encode_batch(torch.from_numpy(np.ascontiguousarray(samples)))
            return unit_length(embedding.flatten().tolist())
        except (RuntimeError, ValueError) as error:
            return NotEncoded(reason=f"the encoder failed: {error}")

    def encode_many(self, utterances: Sequence[npt.NDArray[Any]], *, rate_hz: int) -> list[Embedding | NotEncoded]:
        """Give the embedding of each utterance, in their order."""
        return [self.encode(speech, rate_hz=rate_hz) for speech in utterances]


def load_ecapa(*, folder: Path | None, hub_name: str = ECAPA, may_use_hub: bool = False) -> EcapaEncoder | NoEncoder:
    """Load ECAPA from a folder in SpeechBrain's format or, where that is allowed, by name from the hub (a download).

    SpeechBrain's `hyperparams.yaml` can run any code: a folder must be as trustworthy as the program itself.
    """
    if folder is not None:
        if not (folder / _HYPERPARAMETERS).is_file():
            return NoEncoder(reason=f"the folder of the speaker encoder holds no {_HYPERPARAMETERS}: {folder}")
        # As published, the file names the hub as the place of its weights: they shall come from the folder too.
        return _loaded(str(folder), name=f"ecapa:{folder.name}", overrides={"pretrain_path": str(folder)})
    if not may_use_hub:
        return NoEncoder(reason="no folder of a speaker encoder is set, and the hub may not be asked")
    return _loaded(hub_name, name=f"ecapa:{hub_name}", overrides={})


def _loaded(source: str, *, name: str, overrides: dict[str, str]) -> EcapaEncoder | NoEncoder:
    try:
        _import_torchaudio()
        from speechbrain.inference.speaker import SpeakerRecognition  # noqa: PLC0415 - loads torch: seconds, memory

        _forget_placeholders()
    except (ImportError, OSError) as error:
        return NoEncoder(reason=f"SpeechBrain cannot be used on this machine: {error}")
    try:
        recognition = SpeakerRecognition.from_hparams(source=source, overrides=overrides, run_opts={"device": "cpu"})
    except Exception as error:  # noqa: BLE001 - downloads, YAML and weights fail in too many ways to name; all mean: none
        return NoEncoder(reason=f"the speaker encoder {source} cannot be loaded: {type(error).__name__}: {error}")
    return EcapaEncoder(recognition, name=name)


def _import_torchaudio() -> None:
    """Import torchaudio, without its compiled part where that does not fit the torch that is installed.

    The registry's torchaudio is compiled for graphics cards and refuses a torch for processors. SpeechBrain imports it, but
    its encoder uses nothing compiled, so the part that fails is replaced by torchaudio's own state of having none.
    """
    try:
        importlib.import_module("torchaudio")
    except OSError:
        extension = types.ModuleType("torchaudio._extension")
        vars(extension).update(
            _IS_TORCHAUDIO_EXT_AVAILABLE=False, _IS_ALIGN_AVAILABLE=False, fail_if_no_align=_unchanged
        )
        sys.modules["torchaudio._extension"] = extension
        importlib.import_module("torchaudio")


def _forget_placeholders() -> None:
    """Take SpeechBrain's lazy modules out of the table of modules.

    They warn or fail as soon as anybody looks at them, and whoever goes through the table does: debuggers, reloaders, test
    tools. The packages that they belong to still hold them.
    """
    from speechbrain.utils.importutils import LazyModule  # noqa: PLC0415 - SpeechBrain is loaded with the first encoder

    for module_name, module in list(sys.modules.items()):
        if isinstance(module, LazyModule):
            del sys.modules[module_name]


def _unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
