"""Keeps the checksums of a folder beside it: what was trusted once is known again, and what changed since is told."""

import hashlib
from collections.abc import Mapping
from pathlib import Path


class ChecksumsError(ValueError):
    """Checksums cannot be read or kept; the message says which file and why."""


def checksums_of(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file of a folder and of those inside it, by path. Raises `OSError`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def kept_checksums(folder: Path) -> dict[str, str]:
    """Give the checksums that are kept in FOLDER.sha256, as `sha256sum` writes them; the first time, keep those of today.

    Whoever has taken a new version on purpose deletes that file. Raises `ChecksumsError`.
    """
    folder = folder.resolve()
    beside = folder.parent / f"{folder.name}.sha256"
    try:
        if not beside.is_file():
            today = checksums_of(folder)
            beside.write_text("".join(f"{checksum}  {name}\n" for name, checksum in today.items()), encoding="utf-8")
            return today
        lines = [line.split(maxsplit=1) for line in beside.read_text(encoding="utf-8").splitlines()]
        return {name: checksum for checksum, name in lines}
    except (OSError, ValueError) as error:
        raise ChecksumsError(f"the checksums of {folder} cannot be kept in {beside}: {error}") from error


def difference(found: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """Say which files are missing, new or changed; "" for none."""
    told = {
        "missing": sorted(expected.keys() - found.keys()),
        "new": sorted(found.keys() - expected.keys()),
        "changed": sorted(name for name in expected.keys() & found.keys() if expected[name] != found[name]),
    }
    return "; ".join(f"{what}: {', '.join(names)}" for what, names in told.items() if names)
