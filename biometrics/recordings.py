"""Finds the labelled calls of a folder or a table, and reads their sound; says of each that cannot be used why.

A folder has one subfolder for each speaker and one file for each call: `FOLDER/SPEAKER/CALL.wav` (or flac). A table is a CSV
file with a head (file, speaker, call, and gender where it is known); several files of one call are joined in its order. A
folder that holds a `calls.csv` is read by it. What is made of the sound is left to others.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile

from biometrics.samples import RATES_HZ

TABLE_NAME: Final = "calls.csv"
_SUFFIXES: Final = frozenset({".wav", ".flac"})
_COLUMNS: Final = ("file", "speaker", "call")
_GENDER: Final = "gender"
_SEPARATORS: Final = ",;\t"
# Nobody needs more of one call: the longest enrolment is 30 s of net speech, and tests are a few windows.
_LONGEST_SECONDS: Final = 600
_DIGEST_CHUNK_BYTES: Final = 1 << 20

Sound: TypeAlias = npt.NDArray[np.float32]


class Unusable(StrEnum):
    """Why a file, a call or a speaker is left out."""

    MISSING = "there is no such file"
    UNREADABLE = "it cannot be read as sound"
    FORMAT = "it is neither wav nor flac"
    RATE = "its rate is neither 8000 nor 16000 Hz"
    CHANNELS = "it has more than one channel: keep the caller's alone"
    NOT_FINITE = "it holds numbers that are not finite"
    MIXED_RATES = "the files of this call have different rates"
    SAME_RECORDING = "the same recording is there under another name"
    MISPLACED = "a call lies in its speaker's folder: FOLDER/SPEAKER/CALL.wav"
    ROW = "the row lacks a file, a speaker or a call"
    TWO_GENDERS = "the table gives this speaker two genders"
    NO_GENDER = "the table gives this speaker no gender"
    LITTLE_SPEECH = "too little speech to be tested with"
    SHORT_ENROLMENT = "too little good speech to be enrolled with"
    NO_TEST = "no other call that could be tested with"


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A file, a call or a speaker that was not used."""

    what: str  # as the person who gave it would name it
    why: Unusable
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.why}{f' ({self.detail})' if self.detail else ''}"


@dataclass(frozen=True, kw_only=True)
class LabelledCall:
    """One call of one speaker, in one file or several."""

    speaker: str
    name: str
    gender: str  # "" where it is not known
    files: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """The calls that were found, each speaker's in their order, and what is left out already."""

    calls: tuple[LabelledCall, ...]
    left_out: tuple[LeftOut, ...]
    digest: str  # of all files' bytes: the same calls have the same

    def by_speaker(self) -> Mapping[str, Sequence[LabelledCall]]:
        """The calls of each speaker, speakers by name."""
        speakers: dict[str, list[LabelledCall]] = {call.speaker: [] for call in self.calls}
        for call in self.calls:
            speakers[call.speaker].append(call)
        return dict(sorted(speakers.items()))


@dataclass(frozen=True, kw_only=True)
class Heard:
    """The sound of a call: one channel from -1 to 1, at 8000 or 16000 Hz."""

    sound: Sound
    rate_hz: int


class RecordingsError(ValueError):
    """Nothing can be read here at all; the message says what is wrong and what would be right."""


@dataclass(frozen=True, kw_only=True)
class _Named:
    """A file as it was found, before anybody looked into it."""

    path: Path
    shown: str
    speaker: str
    call: str
    gender: str = ""


def find_calls(place: Path) -> Labelled:
    """Find the labelled calls of a folder or of a CSV file. Raises `RecordingsError` where there are none to be found."""
    if not place.exists():
        raise RecordingsError(f"{place}: there is no such folder or table")
    table = place / TABLE_NAME if place.is_dir() else place
    try:
        named, left_out = _from_table(table) if table.is_file() else _from_folder(place)
    except OSError as error:
        raise RecordingsError(f"{place}: cannot be read: {error.strerror}") from None
    digests = {one.path: _digest(one.path) for one in named if one.path.is_file()}
    named, wrong = _without_wrong(named, digests)
    whole = hashlib.sha256("".join(sorted(digests[one.path] for one in named)).encode()).hexdigest()
    return Labelled(calls=tuple(_calls(named)), left_out=(*left_out, *wrong), digest=whole)


def hear(call: LabelledCall) -> Heard | LeftOut:
    """Read the sound of a call, at most ten minutes of each file."""
    parts: list[Sound] = []
    rates: set[int] = set()
    for path in call.files:
        part = _read(path, shown=f"{call.speaker}/{path.name}")
        if isinstance(part, LeftOut):
            return part
        parts.append(part.sound)
        rates.add(part.rate_hz)
    if len(rates) != 1:
        return LeftOut(what=f"{call.speaker}/{call.name}", why=Unusable.MIXED_RATES)
    return Heard(sound=np.concatenate(parts), rate_hz=rates.pop())


def _read(path: Path, *, shown: str) -> Heard | LeftOut:
    try:
        with soundfile.SoundFile(path) as file:
            rate_hz, channels = file.samplerate, file.channels
            sound = file.read(_LONGEST_SECONDS * rate_hz, dtype="float32", always_2d=True)
    except (OSError, RuntimeError, ValueError) as error:
        return LeftOut(what=shown, why=Unusable.UNREADABLE, detail=_reason(error))
    if rate_hz not in RATES_HZ:
        return LeftOut(what=shown, why=Unusable.RATE, detail=f"{rate_hz} Hz")
    if channels != 1:
        return LeftOut(what=shown, why=Unusable.CHANNELS, detail=str(channels))
    if not np.isfinite(sound).all():
        return LeftOut(what=shown, why=Unusable.NOT_FINITE)
    return Heard(sound=np.asarray(sound[:, 0], dtype=np.float32), rate_hz=rate_hz)


def _reason(error: Exception) -> str:
    # libsndfile names the whole path before its reason.
    return (error.strerror or "") if isinstance(error, OSError) else str(error).rpartition(": ")[2]


def _from_folder(folder: Path) -> tuple[list[_Named], list[LeftOut]]:
    named: list[_Named] = []
    left_out: list[LeftOut] = []
    for entry in _visible(folder):
        if not entry.is_dir():
            if entry.suffix.lower() in _SUFFIXES:
                left_out.append(LeftOut(what=entry.name, why=Unusable.MISPLACED))
            continue
        for file in _visible(entry):
            shown = f"{entry.name}/{file.name}"
            if file.is_dir():
                left_out.append(LeftOut(what=shown, why=Unusable.MISPLACED))
            elif file.suffix.lower() not in _SUFFIXES:
                left_out.append(LeftOut(what=shown, why=Unusable.FORMAT))
            else:
                named.append(_Named(path=file, shown=shown, speaker=entry.name, call=file.stem))
    if not named:
        raise RecordingsError(
            f"{folder}: holds no calls; they lie as FOLDER/SPEAKER/CALL.wav or .flac, or in a {TABLE_NAME}"
        )
    return named, left_out


def _visible(folder: Path) -> Iterable[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _from_table(table: Path) -> tuple[list[_Named], list[LeftOut]]:
    rows = _rows(table)
    named: list[_Named] = []
    left_out: list[LeftOut] = []
    try:
        for row in rows:
            cells = {column: (row.get(column) or "").strip() for column in (*_COLUMNS, _GENDER)}
            if all(cells[column] for column in _COLUMNS):
                named.append(_in_row(cells, table.parent))
            else:
                left_out.append(LeftOut(what=f"{table.name}, line {rows.line_num}", why=Unusable.ROW))
    except csv.Error as error:
        raise RecordingsError(f"{table}: line {rows.line_num}: {error}") from None
    if not named:
        raise RecordingsError(f"{table}: names no calls")
    return named, left_out


def _rows(table: Path) -> "csv.DictReader[str]":
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RecordingsError(f"{table}: cannot be read as a table: {reason}") from None
    head = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter=max(_SEPARATORS, key=head.count))
    rows.fieldnames = columns = [column.strip().lower() for column in rows.fieldnames or ()]
    lacking = [column for column in _COLUMNS if column not in columns]
    if lacking:
        raise RecordingsError(
            f"{table}: its head lacks {', '.join(lacking)}; a head is file,speaker,call and, if known, gender"
        )
    return rows


def _in_row(cells: Mapping[str, str], folder: Path) -> _Named:
    return _Named(
        path=folder / cells["file"],
        shown=cells["file"],
        speaker=cells["speaker"],
        call=cells["call"],
        gender=cells[_GENDER].lower(),
    )


def _without_wrong(named: Sequence[_Named], digests: Mapping[Path, str]) -> tuple[list[_Named], list[LeftOut]]:
    """Leave out what is wrong before any sound is read: a part that is missing takes its whole call with it."""
    times: dict[str, int] = {}
    genders: dict[str, set[str]] = {}
    for one in named:
        if one.path in digests:
            times[digests[one.path]] = times.get(digests[one.path], 0) + 1
        genders.setdefault(one.speaker, set()).add(one.gender)
    wrong: dict[tuple[str, str], list[LeftOut]] = {}
    for one in named:
        why = _wrong(one, digests, times, genders[one.speaker])
        if why is not None:
            wrong.setdefault((one.speaker, one.call), []).append(LeftOut(what=one.shown, why=why))
    kept = [one for one in named if (one.speaker, one.call) not in wrong]
    return kept, [left_out for of_call in wrong.values() for left_out in of_call]


def _wrong(one: _Named, digests: Mapping[Path, str], times: Mapping[str, int], genders: set[str]) -> Unusable | None:
    if one.path not in digests:
        return Unusable.MISSING
    if one.path.suffix.lower() not in _SUFFIXES:
        return Unusable.FORMAT
    # Which of the two names is right cannot be known: neither is believed.
    if times[digests[one.path]] > 1:
        return Unusable.SAME_RECORDING
    return Unusable.TWO_GENDERS if len(genders) > 1 else None


def _calls(named: Sequence[_Named]) -> Iterator[LabelledCall]:
    files: dict[tuple[str, str], list[Path]] = {}
    genders: dict[str, str] = {}
    for one in named:
        files.setdefault((one.speaker, one.call), []).append(one.path)
        genders[one.speaker] = one.gender
    for (speaker, call), paths in files.items():
        yield LabelledCall(speaker=speaker, name=call, gender=genders[speaker], files=tuple(paths))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_DIGEST_CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        # Whoever reads its sound will say why it cannot be read; no other file is the same.
        digest.update(str(path).encode())
    return digest.hexdigest()
