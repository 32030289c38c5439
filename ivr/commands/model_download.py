"""Fetching a model's zip file: resumed where it broke off, checked, unpacked beside its place and put there in one step."""

import hashlib
import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

import requests

# What is told while a file comes: bytes that are there, and bytes of the whole (0 where the server does not say).
Came: TypeAlias = Callable[[int, int], None]

# What is lost at most where a connection breaks off.
_CHUNK_BYTES: Final = 1 << 14
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 60.0
_RANGE_NOT_SATISFIABLE: Final = 416
_PARTIAL_CONTENT: Final = 206
# A zip of a model unpacks to less than twice its size (Vosk's small models: 1.4); room is wanted for both.
_UNPACKED_FACTOR: Final = 2
# No model is larger; a zip that says so is not one.
_LARGEST_BYTES: Final = 20_000_000_000


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The model's folder is there."""

    folder: Path


@dataclass(frozen=True, kw_only=True)
class NotFetched:
    """It is not, and this is why and what to do."""

    reason: str


def fetch_model(url: str, folder: Path, *, md5: str, came: Came, download_bytes: int = 0) -> Fetched | NotFetched:
    """Bring the zip file at `url` to `folder`, the model's own; a folder that is there already is left as it is."""
    if folder.is_dir():
        return Fetched(folder=folder)
    zip_file = folder.with_name(f"{folder.name}.zip.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
        wanted = download_bytes * (1 + _UNPACKED_FACTOR)
        if free < wanted:
            return NotFetched(
                reason=f"{folder.parent} has {free / 1e9:.1f} GB free and {wanted / 1e9:.1f} GB are needed: make room, "
                "or name another folder"
            )
        trouble = _download(url, zip_file, came)
        if trouble:
            return NotFetched(reason=trouble)
        if md5 and _md5(zip_file) != md5.lower():
            aside = zip_file.with_suffix(".refused")
            zip_file.replace(aside)
            return NotFetched(reason=f"what came is not what its checksum says: it is kept as {aside}; fetch it again")
        return _unpacked(zip_file, folder)
    except OSError as error:
        return NotFetched(reason=f"{folder.parent} cannot be written: {error.strerror or error}")


def _download(url: str, part: Path, came: Came) -> str:
    """Bring the rest of the file; "" when it is whole, else why not. What has come stays for the next time."""
    have = part.stat().st_size if part.is_file() else 0
    # A zip that was packed once more on the way could not be resumed, nor its length be told.
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=(_CONNECT_SECONDS, _READ_SECONDS)) as answer:
            if answer.status_code == _RANGE_NOT_SATISFIABLE and _whole_bytes(answer) == have:
                return ""
            if not answer.ok:
                return f"{url} answers {answer.status_code} {answer.reason}"
            _written(answer, part, have, came)
    except _BROKEN as error:
        came_now = part.stat().st_size if part.is_file() else 0
        if came_now > have or isinstance(error, _BrokenOffError):
            return f"the connection broke off after {came_now} bytes: ask again, it goes on from there"
        return f"{url} cannot be reached: is there a network? ({type(error).__name__})"
    except requests.RequestException as error:
        return f"{url} cannot be fetched ({type(error).__name__})"
    return ""


class _BrokenOffError(Exception):
    """Fewer bytes came than the server had told."""


_BROKEN: Final = (
    _BrokenOffError,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


def _written(answer: requests.Response, part: Path, have: int, came: Came) -> None:
    """Write what comes: behind what is there where the server goes on from it, else from the beginning."""
    goes_on = answer.status_code == _PARTIAL_CONTENT
    done = have if goes_on else 0
    length = int(answer.headers.get("Content-Length", 0))
    whole = done + length if length else 0
    with part.open("ab" if goes_on else "wb") as file:
        for chunk in answer.iter_content(_CHUNK_BYTES):
            file.write(chunk)
            done += len(chunk)
            came(done, whole)
    if done < whole:
        raise _BrokenOffError


def _whole_bytes(answer: requests.Response) -> int:
    """The length that a refused range tells (RFC 9110, 14.4: "bytes */LENGTH"), -1 for none."""
    said = answer.headers.get("Content-Range", "").rpartition("/")[2]
    return int(said) if said.isdigit() else -1


def _md5(file: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _unpacked(zip_file: Path, folder: Path) -> Fetched | NotFetched:
    """Unpack to a folder beside, then rename: half a model is never seen. The zip's one outer folder is the model."""
    making = folder.with_name(f".{folder.name}.unpacking")
    shutil.rmtree(making, ignore_errors=True)
    try:
        with zipfile.ZipFile(zip_file) as packed:
            refused = next((entry.filename for entry in packed.infolist() if not _is_safe(entry)), None)
            if refused is not None:
                return NotFetched(reason=f"the file is refused: {refused!r} in it leads out of its folder")
            if sum(entry.file_size for entry in packed.infolist()) > _LARGEST_BYTES:
                return NotFetched(reason="the file is refused: it unpacks to more than any model")
            packed.extractall(making)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        aside = zip_file.with_suffix(".refused")
        zip_file.replace(aside)
        shutil.rmtree(making, ignore_errors=True)
        return NotFetched(reason=f"what came is no zip file ({error}): it is kept as {aside}; fetch it again")
    inside = list(making.iterdir())
    root = inside[0] if len(inside) == 1 and inside[0].is_dir() else making
    root.replace(folder)
    shutil.rmtree(making, ignore_errors=True)
    zip_file.unlink()
    return Fetched(folder=folder)


def _is_safe(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry stays in its folder: no absolute path, no way up, no link."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return not (path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]) or is_link)
