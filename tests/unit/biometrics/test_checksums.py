"""A folder is known again by its checksums: kept the first time, every change told."""

import hashlib
from pathlib import Path

import pytest

from biometrics.checksums import ChecksumsError, checksums_of, difference, kept_checksums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model" / "inner").mkdir(parents=True)
    (tmp_path / "model" / "a.txt").write_text("one", encoding="utf-8")
    (tmp_path / "model" / "inner" / "b with space.bin").write_bytes(b"two")
    return tmp_path / "model"


def test_the_first_time_is_kept_beside_the_folder_as_sha256sum_writes_it(folder: Path) -> None:
    kept = kept_checksums(folder)
    assert kept == checksums_of(folder) == {"a.txt": sha256(b"one"), "inner/b with space.bin": sha256(b"two")}
    beside = folder.parent / "model.sha256"
    assert beside.read_text(encoding="utf-8").splitlines()[0] == f"{sha256(b'one')}  a.txt"


def test_what_changes_later_is_told_and_what_was_kept_stays(folder: Path) -> None:
    first = kept_checksums(folder)
    (folder / "a.txt").write_text("three", encoding="utf-8")
    (folder / "c.txt").write_text("four", encoding="utf-8")
    (folder / "inner" / "b with space.bin").unlink()
    assert kept_checksums(folder) == first
    told = difference(checksums_of(folder), first)
    assert told == "missing: inner/b with space.bin; new: c.txt; changed: a.txt"


def test_nothing_changed_is_nothing_told(folder: Path) -> None:
    assert difference(checksums_of(folder), kept_checksums(folder)) == ""


def test_checksums_that_cannot_be_read_are_told(folder: Path) -> None:
    (folder.parent / "model.sha256").write_text("rubbish", encoding="utf-8")
    with pytest.raises(ChecksumsError, match=r"model\.sha256"):
        kept_checksums(folder)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
