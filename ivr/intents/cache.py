"""Keeps vectors of phrases and a trained classifier on disk, as plain numpy arrays: nothing that is read can run code.

A file that is missing, damaged or of another version is as if it were not there. Writing is a rename, so that many
workers may start at once.
"""

import contextlib
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.intents.classifier import Anchors, Classifier
from ivr.intents.encoders import TextEncoder, Vectors
from ivr.intents.features import Features, Terms

# Raised with any change of features or of the file's layout.
VERSION = 4
# Phrases a call of the encoder: some seconds of work between two reports of progress.
BATCH = 64
# Classifiers and scores that are kept, some 6 MB each with the packaged encoder: those of the last versions and drafts.
MOST_KEPT = 16
_MATRIX = 2  # dimensions of an array of rows
Progress = Callable[[int, int], None]  # phrases encoded, phrases in all


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join((str(VERSION), *parts)).encode()).hexdigest()[:24]


def _write(file: Path, **arrays: NDArray[Any]) -> None:
    """Write an npz beside and rename it; a folder that refuses costs only the next start's time."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
            np.savez_compressed(part, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for allow_pickle
        Path(part.name).replace(file)


def _read(file: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file, {} where it cannot be read."""
    try:
        # Opened here, since numpy leaves a damaged file open.
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return {}


def phrase_key(text: str) -> str:
    """Return the key of one normalised phrase in a vector file."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_vectors(file: Path) -> dict[str, Vectors]:
    """Return key -> vector of a file of vectors; {} where it is missing or damaged."""
    held = _read(file)
    keys, rows = held.get("keys"), held.get("rows")
    if keys is None or rows is None or rows.ndim != _MATRIX or len(keys) != len(rows) or not np.isfinite(rows).all():
        return {}
    return {str(key): np.asarray(row, dtype=np.float32) for key, row in zip(keys, rows, strict=True)}


def vectors_file(folder: Path, encoder_name: str) -> Path:
    """Return where the vectors of an encoder stand in a folder."""
    return folder / f"vectors-{_digest(encoder_name)}.npz"


def encode_phrases(
    texts: Sequence[str],
    encoder: TextEncoder,
    folders: Sequence[Path],
    progress: Progress | None = None,
    *,
    keeps: bool = True,
) -> Vectors:
    """Return one vector a text, read from the folders where known; new ones are encoded.

    They are written to the first folder, if `keeps`.
    """
    known: dict[str, Vectors] = {}
    for folder in reversed(folders):
        known.update(read_vectors(vectors_file(folder, encoder.name)))
    # A file of another encoder under this name would have other dimensions: one phrase is encoded to know the right ones.
    width = encoder.encode(["ok"]).shape[1]
    known = {key: row for key, row in known.items() if row.shape == (width,)}
    missing = [text for text in dict.fromkeys(texts) if phrase_key(text) not in known]
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        for text, row in zip(batch, encoder.encode(batch), strict=True):
            known[phrase_key(text)] = np.asarray(row, dtype=np.float16).astype(np.float32)
        if progress:
            progress(min(start + BATCH, len(missing)), len(missing))
    if missing and folders and keeps:
        keys = sorted(known)
        _write(
            vectors_file(folders[0], encoder.name),
            keys=np.array(keys, dtype=np.str_),
            rows=np.array([known[key] for key in keys], dtype=np.float16),
        )
    return np.array([known[phrase_key(text)] for text in texts], dtype=np.float32)


def known_vectors(texts: Sequence[str], encoder_name: str, folders: Sequence[Path]) -> Vectors | None:
    """Return one vector a text from the folders, without an encoder; None where one is not known."""
    known: dict[str, Vectors] = {}
    for folder in reversed(folders):
        known.update(read_vectors(vectors_file(folder, encoder_name)))
    rows = [known.get(phrase_key(text)) for text in texts]
    if any(row is None for row in rows):
        return None
    return np.array(rows, dtype=np.float32)


def held_back_file(folder: Path, phrases_digest: str, encoder_name: str) -> Path:
    """Return where the scores of held-back phrases stand."""
    return folder / f"held-back-{_digest(phrases_digest, encoder_name)}.npz"


def write_held_back(file: Path, scores: NDArray[np.float64]) -> None:
    """Write the scores that each phrase got from a model without it."""
    _write(file, scores=scores.astype(np.float32))


def read_held_back(file: Path, phrases: int, classes: int) -> NDArray[np.float64] | None:
    """Return the scores of a file, None where it is missing, damaged or of other phrases."""
    scores = _read(file).get("scores")
    if scores is None or scores.shape != (phrases, classes) or not np.isfinite(scores).all():
        return None
    return np.asarray(scores, dtype=np.float64)


def forget_unused(folder: Path, *, most: int = MOST_KEPT) -> None:
    """Remove the classifiers and scores that were used longest ago, beyond so many of each: any can be made again."""
    for kind in ("classifier-*.npz", "held-back-*.npz"):
        with contextlib.suppress(OSError):
            files = sorted(folder.glob(kind), key=lambda file: file.stat().st_mtime, reverse=True)
            for file in files[most:]:
                file.unlink(missing_ok=True)


def used(file: Path) -> None:
    """Say that a file of the cache is still wanted."""
    with contextlib.suppress(OSError):
        file.touch(exist_ok=True)


def classifier_file(folder: Path, phrases_digest: str, encoder_name: str) -> Path:
    """Return where the classifier of these phrases and this encoder stands."""
    return folder / f"classifier-{_digest(phrases_digest, encoder_name)}.npz"


def write_classifier(file: Path, classifier: Classifier) -> None:
    """Write a trained classifier."""
    features, anchors = classifier.features, classifier.anchors
    facts = {
        "names": classifier.names,
        "temperature": classifier.temperature,
        "refuse_above": classifier.refuse_above,
        "ask_below": classifier.ask_below,
        "word_weight": features.word_weight,
        "character_weight": features.character_weight,
        "file": file.name,
    }
    arrays: dict[str, NDArray[Any]] = {
        "facts": np.array(json.dumps(facts)),
        "weights": classifier.weights.astype(np.float32),
        "words": features.word.vocabulary,
        "words_rarity": features.word.rarity,
        "characters": features.character.vocabulary,
        "characters_rarity": features.character.rarity,
    }
    if anchors:
        arrays |= {"centre": anchors.centre, "anchors": anchors.vectors, "anchor_weights": anchors.weights}
    _write(file, **arrays)


def _is_sound(classifier: Classifier, facts: dict[str, Any], file: Path) -> bool:
    """Tell whether a file's parts fit each other and its name."""
    terms, anchors, classes = classifier.features, classifier.anchors, len(classifier.names)
    columns = len(terms.word.vocabulary) + len(terms.character.vocabulary)
    fits = classifier.weights.shape == (columns, classes) and classifier.temperature > 0 and facts["file"] == file.name
    if anchors:
        fits = (
            fits
            and anchors.centre.shape == anchors.vectors.shape[1:]
            and anchors.weights.shape == (len(anchors.vectors), classes)
        )
    return fits


def read_classifier(file: Path) -> Classifier | None:
    """Return the classifier of a file, None where it is missing, damaged or another one's."""
    held = _read(file)
    try:
        facts = json.loads(str(held["facts"]))
        anchors = None
        if "anchors" in held:
            anchors = Anchors(centre=held["centre"], vectors=held["anchors"], weights=held["anchor_weights"])
        classifier = Classifier(
            names=tuple(str(name) for name in facts["names"]),
            features=Features(
                word=Terms(kind="word", vocabulary=held["words"], rarity=held["words_rarity"]),
                character=Terms(kind="character", vocabulary=held["characters"], rarity=held["characters_rarity"]),
                word_weight=float(facts["word_weight"]),
                character_weight=float(facts["character_weight"]),
            ),
            weights=held["weights"].astype(np.float64),
            anchors=anchors,
            temperature=float(facts["temperature"]),
            refuse_above=float(facts["refuse_above"]),
            ask_below=float(facts["ask_below"]),
        )
        return classifier if _is_sound(classifier, facts, file) else None
    except (KeyError, ValueError, TypeError):
        return None
