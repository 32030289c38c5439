"""Recordings of prompts in the database: an address is the content's own, so that a version's recording never changes.

A prompt names one as "sha256:" and 64 digits. Calls play files, which are written below a folder when a version is first needed.
The session and the time come from outside; nothing here commits.
"""

import hashlib
import logging
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ivr import synthesis
from ivr.audit import store as audit
from ivr.audit.store import Actor
from ivr.editing.recording_sound import Sound
from ivr.editing.tables import Recording as RecordingRow
from prompts.catalogue import Catalogue

_log = logging.getLogger(__name__)

PREFIX = "sha256:"
_ADDRESS = re.compile(r"sha256:([0-9a-f]{64})")
_LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What is known of a recording, without its sound."""

    address: str  # as prompts name it
    seconds: float
    peak_db: float
    loudness_db: float
    name: str
    by: str
    at: datetime


def keep(session: Session, sound: Sound, *, name: str, by: Actor, now: datetime) -> Recording:
    """Keep a recording; the same sound is kept once, with the name that it first had."""
    digest = hashlib.sha256(sound.wav).hexdigest()
    row = session.get(RecordingRow, digest)
    if row is None:
        row = RecordingRow(
            sha256=digest, wav=sound.wav, seconds=sound.seconds, peak_db=sound.peak_db, loudness_db=sound.loudness_db,
            name=name[:_LONGEST_NAME], by_id=by.account_id, by_name=by.name[:120], at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        after = {"seconds": round(sound.seconds, 2), "loudness_db": round(sound.loudness_db, 1), "name": row.name}
        audit.note(session, by=by, act="recording.added", subject=f"recording {digest[:12]}", after=after, now=now)
    return _recording(row)


def wav(session: Session, address: str) -> bytes | None:
    """The sound of a recording, a WAV file; None for an address that names none."""
    digest = digest_of(address)
    return None if digest is None else session.scalar(select(RecordingRow.wav).where(RecordingRow.sha256 == digest))


def recordings(session: Session, *, limit: int = 50, offset: int = 0) -> Sequence[Recording]:
    """Recordings, the newest first."""
    newest = select(RecordingRow).order_by(RecordingRow.at.desc(), RecordingRow.sha256).limit(limit).offset(offset)
    return tuple(_recording(row) for row in session.scalars(newest))


def count(session: Session) -> int:
    """How many recordings there are."""
    return session.scalar(select(func.count()).select_from(RecordingRow)) or 0


def about(session: Session, addresses: Iterable[str]) -> Mapping[str, Recording]:
    """Those of these recordings that are there, by address."""
    digests = [digest for one in addresses if (digest := digest_of(one)) is not None]
    rows = session.scalars(select(RecordingRow).where(RecordingRow.sha256.in_(digests)))
    return {PREFIX + row.sha256: _recording(row) for row in rows}


def files(session: Session, addresses: Iterable[str], folder: Path) -> Mapping[str, Path]:
    """The files of recordings below a folder, by address, written where they are not there yet; without those that are unknown.

    Any process may write the same at once: a file appears whole or not at all.
    """
    found: dict[str, Path] = {}
    missing: dict[str, Path] = {}
    for address in addresses:
        digest = digest_of(address)
        if digest is None:
            continue
        path = folder / f"{digest}.wav"
        (found if path.is_file() else missing)[address] = path
    for address, path in missing.items():
        sound = wav(session, address)
        if sound is not None:
            _write(path, sound)
            found[address] = path
    return found


@dataclass(frozen=True, kw_only=True)
class Playing:
    """Finds the files that calls play in place of prompts: of the installation's own folder, and from the database."""

    sessions: sessionmaker[Session]  # that only read
    own_folder: Path  # where a prompts file's recordings lie
    folder: Path  # where the database's are written; what is there can be made again

    def __call__(self, catalogue: Catalogue) -> Mapping[tuple[str, str], Path]:
        """The files by key and language; one that cannot be read is said in the log, and its text is spoken."""
        named = catalogue.recordings()
        kept = self._kept({one for one in named.values() if one.startswith(PREFIX)})
        paths = {place: kept.get(name, self.own_folder / name) for place, name in named.items()}
        return {place: path for place, path in paths.items() if _is_readable(place, path)}

    def _kept(self, addresses: Iterable[str]) -> Mapping[str, Path]:
        if not addresses:
            return {}
        try:
            with self.sessions() as session:
                return files(session, addresses, self.folder)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("recordings of prompts cannot be had: %s", type(error).__name__)
            return {}


def _is_readable(place: tuple[str, str], path: Path) -> bool:
    try:
        synthesis.recording(path)
    except synthesis.UnreadableRecordingError as error:
        _log.warning("the prompt %s in %s is spoken from its text: %s", *place, error)
        return False
    return True


def digest_of(address: str) -> str | None:
    """The digest in an address; None for what is no address of a recording, such as the name of a file."""
    matched = _ADDRESS.fullmatch(address)
    return None if matched is None else matched[1]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).replace(path)


def _recording(row: RecordingRow) -> Recording:
    return Recording(
        address=PREFIX + row.sha256,
        seconds=row.seconds,
        peak_db=row.peak_db,
        loudness_db=row.loudness_db,
        name=row.name,
        by=row.by_name,
        at=row.at,
    )
