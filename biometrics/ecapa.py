"""SpeechBrain's ECAPA-TDNN as a speaker encoder, where a company has its weights.

Weights come from a folder on this machine, or from the hub where that is allowed; where neither can be had, that is said as a
value. torch is loaded with the first encoder and not before: a service without ECAPA never pays for it. SpeechBrain in torch
is the reference; the same network through onnxruntime takes its place only where it gives the same and is faster.
"""

import hashlib
import importlib
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from statistics import median
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from biometrics.checksums import checksums_of, difference
from biometrics.ecapa_writing import FEATURES, ecapa_network
from biometrics.encoders import NoEncoder, encode_fit
from biometrics.onnx_session import NoSession, Session, open_session
from biometrics.samples import ENCODER_RATE_HZ, NotEncoded, Samples
from biometrics.voiceprint import Embedding, unit_length

# huggingface.co/speechbrain/spkrec-ecapa-voxceleb: ECAPA-TDNN taught on VoxCeleb 1 and 2, 192 numbers, 16 kHz.
ECAPA: Final = "speechbrain/spkrec-ecapa-voxceleb"
_HYPERPARAMETERS: Final = "hyperparams.yaml"
# How far a number of an embedding (length 1) from onnxruntime may lie from torch's.
LARGEST_DIFFERENCE: Final = 1e-4
# What both are compared on: from the shortest speech that is encoded to that of a turn. The last one is timed.
_CHECKED_SECONDS: Final = (0.1, 0.7, 1.6, 3.0)
_TIMED_RUNS: Final = 3
# Some 60 MB of what lies between the layers for each 5 s of speech (1,024 channels): no batch is longer than a minute.
_LONGEST_BATCH: Final = 60 * ENCODER_RATE_HZ


class EcapaEncoder:
    """SpeechBrain's ECAPA-TDNN on the processor of this machine."""

    def __init__(self, recognition: Any, *, name: str, network: Session | NoSession) -> None:
        """Take over a loaded `speechbrain.inference.speaker.SpeakerRecognition`, and its network for onnxruntime, if any."""
        self.network = network  # where torch is used instead, its reason says why
        self._recognition = recognition
        self._name = name
        # SpeechBrain's feature modules keep state while they run: one utterance at a time.
        self._lock = Lock()

    @property
    def name(self) -> str:
        """Which weights it is, by their checksum."""
        return self._name

    def encode(self, speech: npt.NDArray[Any], *, rate_hz: int) -> Embedding | NotEncoded:
        """Give the embedding of a stretch of speech."""
        return self.encode_many([speech], rate_hz=rate_hz)[0]

    def encode_many(self, utterances: Sequence[npt.NDArray[Any]], *, rate_hz: int) -> list[Embedding | NotEncoded]:
        """Give the embedding of each utterance.

        Utterances of one length run together. SpeechBrain can fill up shorter ones, but then gives other embeddings than for
        each alone (0.006 away in a number, measured): its convolutions see what was filled in.
        """
        return encode_fit(utterances, rate_hz=rate_hz, encode=self._encode)

    def through(self, network: Session | NoSession) -> "EcapaEncoder":
        """Give the same encoder, with its network in onnxruntime, or in torch for a reason."""
        return EcapaEncoder(self._recognition, name=self._name, network=network)

    def written(self) -> bytes:
        """Give the embedding model as ONNX. Raises `ImportError` without the package onnx, other errors for another model."""
        return ecapa_network(self._recognition.mods.embedding_model)

    def _encode(self, utterances: list[Samples]) -> list[Embedding | NotEncoded]:
        encoded: dict[int, Embedding | NotEncoded] = {}
        for batch in _batches(utterances):
            of_batch = self._of_batch([utterances[at] for at in batch])
            encoded.update(zip(batch, of_batch, strict=True))
        return [encoded[at] for at in range(len(utterances))]

    def _of_batch(self, utterances: list[Samples]) -> list[Embedding | NotEncoded]:
        try:
            embeddings = self._embeddings(np.stack(utterances))
            return [unit_length(embedding.tolist()) for embedding in embeddings]
        except (RuntimeError, ValueError, MemoryError) as error:
            return [NotEncoded(reason=f"the encoder failed: {error}")] * len(utterances)

    def _embeddings(self, batch: Samples) -> Sequence[npt.NDArray[Any]]:
        """Give the embeddings of utterances of one length, [utterances, samples]."""
        import torch  # noqa: PLC0415 - loaded with the first encoder only

        speech = torch.from_numpy(batch)
        if isinstance(self.network, NoSession):
            with self._lock, torch.inference_mode():
                return [*self._recognition.encode_batch(speech)[:, 0].numpy()]
        with self._lock, torch.inference_mode():
            parts = self._recognition.mods
            features = parts.mean_var_norm(parts.compute_features(speech), torch.ones(len(speech))).numpy()
        return [self.network.run({FEATURES: of_one})[0][0] for of_one in features]


def load_ecapa(
    *,
    folder: Path | None,
    expected: Mapping[str, str] | None = None,
    hub_name: str = ECAPA,
    may_use_hub: bool = False,
    threads: int = 1,
) -> EcapaEncoder | NoEncoder:
    """Load ECAPA from a folder in SpeechBrain's format or, where that is allowed, by name from the hub (a download).

    SpeechBrain's `hyperparams.yaml` can run any code: a folder must be as trustworthy as the program itself. `expected` holds
    the checksums that its files must have (`biometrics.checksums`). `threads` are torch's, of the whole process.
    """
    if folder is None:
        if not may_use_hub:
            return NoEncoder(reason="no folder of a speaker encoder is set, and the hub may not be asked")
        return _loaded(hub_name, overrides={}, threads=threads)
    if not (folder / _HYPERPARAMETERS).is_file():
        return NoEncoder(reason=f"the folder of the speaker encoder holds no {_HYPERPARAMETERS}: {folder}")
    if expected is not None and (changed := difference(checksums_of(folder), expected)):
        return NoEncoder(reason=f"the folder of the speaker encoder {folder} is not the one that was kept: {changed}")
    # As published, the file names the hub as the place of its weights: they shall come from the folder too.
    return _loaded(str(folder), overrides={"pretrain_path": str(folder)}, threads=threads)


def equal_network(reference: EcapaEncoder, *, threads: int = 1) -> Session | NoSession:
    """Open the encoder's network in onnxruntime, if it gives what torch gives, within 1e-4."""
    try:
        written = reference.written()
    except Exception as error:  # noqa: BLE001 - a model that is built otherwise fails anywhere; torch does the work then
        return NoSession(reason=f"the network cannot be written as ONNX: {type(error).__name__}: {error}")
    session = open_session(written, threads)
    if isinstance(session, NoSession):
        return session
    away = _largest_difference(reference, reference.through(session))
    if not away <= LARGEST_DIFFERENCE:
        return NoSession(reason=f"onnxruntime gives other embeddings than torch: {away:.2g} away in a number")
    return session


def _fastest(reference: EcapaEncoder, *, threads: int) -> EcapaEncoder:
    session = equal_network(reference, threads=threads)
    if isinstance(session, NoSession):
        return reference.through(session)
    through_session = reference.through(session)
    if _seconds(through_session) >= _seconds(reference):
        return reference.through(NoSession(reason="onnxruntime is not faster than torch on this machine"))
    return through_session


def _loaded(source: str, *, overrides: dict[str, str], threads: int) -> EcapaEncoder | NoEncoder:
    try:
        with importing_speechbrain():
            import torch  # noqa: PLC0415 - seconds, memory
            from speechbrain.inference.speaker import SpeakerRecognition  # noqa: PLC0415 - as above
    except (ImportError, OSError) as error:
        return NoEncoder(reason=f"SpeechBrain cannot be used on this machine: {error}")
    try:
        recognition = SpeakerRecognition.from_hparams(source=source, overrides=overrides, run_opts={"device": "cpu"})
    except Exception as error:  # noqa: BLE001 - downloads, YAML and weights fail in too many ways to name; all mean: none
        return NoEncoder(reason=f"the speaker encoder {source} cannot be loaded: {type(error).__name__}: {error}")
    torch.set_num_threads(threads)
    no_network = NoSession(reason="not tried yet")
    return _fastest(EcapaEncoder(recognition, name=_name(recognition), network=no_network), threads=threads)


def _name(recognition: Any) -> str:
    digest = hashlib.sha256()
    for name, weights in sorted(recognition.mods.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights.numpy()).tobytes())
    return f"ecapa:{digest.hexdigest()[:12]}"


def _batches(utterances: Sequence[Samples]) -> Iterator[list[int]]:
    """Give the positions of utterances of one length, together not longer than the longest batch."""

    def length(at: int) -> int:
        return utterances[at].size

    for samples_count, positions in groupby(sorted(range(len(utterances)), key=length), key=length):
        together, of_one_length = max(1, _LONGEST_BATCH // samples_count), list(positions)
        yield from (of_one_length[at : at + together] for at in range(0, len(of_one_length), together))


def _largest_difference(one: EcapaEncoder, other: EcapaEncoder) -> float:
    """Give the largest difference in any number of any embedding of the check; infinite where one fails."""
    largest = 0.0
    for sound in _sounds():
        embeddings = [encoder.encode(sound, rate_hz=ENCODER_RATE_HZ) for encoder in (one, other)]
        if any(isinstance(embedding, NotEncoded) for embedding in embeddings):
            return float("inf")
        ours, theirs = (np.asarray(embedding, dtype=np.float64) for embedding in embeddings)
        largest = max(largest, float(np.abs(ours - theirs).max()))
    return largest


def _seconds(encoder: EcapaEncoder) -> float:
    def run() -> float:
        begun = time.perf_counter()
        encoder.encode(_sounds()[-1], rate_hz=ENCODER_RATE_HZ)
        return time.perf_counter() - begun

    return median(run() for _ in range(_TIMED_RUNS))


def _sounds() -> list[Samples]:
    """Give noises that swell and fade, the same each time."""
    rng = np.random.default_rng(1)
    sounds = []
    for seconds in _CHECKED_SECONDS:
        at = np.arange(round(seconds * ENCODER_RATE_HZ)) / ENCODER_RATE_HZ
        sounds.append((0.1 * rng.standard_normal(at.size) * (1.1 + np.sin(2 * np.pi * 3 * at))).astype(np.float32))
    return sounds


@contextmanager
def importing_speechbrain() -> Iterator[None]:
    """Inside it SpeechBrain's modules can be imported, and afterwards they trouble nobody.

    The registry's torchaudio is compiled for graphics cards and refuses a torch for processors. SpeechBrain imports it, but
    uses nothing compiled of it here, so the part that fails is replaced by torchaudio's own state of having none. And
    SpeechBrain's lazy modules warn or fail as soon as anybody looks at them, which whoever goes through the table of modules
    does (debuggers, reloaders, test tools): they are taken out of it. The packages that they belong to still hold them.
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
    yield
    from speechbrain.utils.importutils import LazyModule  # noqa: PLC0415 - SpeechBrain is loaded with the first encoder

    for module_name, module in list(sys.modules.items()):
        if isinstance(module, LazyModule):
            del sys.modules[module_name]


def _unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
