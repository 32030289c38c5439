"""The installation's files as versions: the shipped ones are version 1, and as long as nobody has published, newer files go live.

From the first publication on the database decides; the files are then only what `centralino versions import` is given.
"""

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from ivr.audit.store import Actor
from ivr.editing import publications, versions
from ivr.editing.documents import Documents

_log = logging.getLogger(__name__)

_LINE = Actor(name="Centralino", through="line")


def take(session: Session, documents: Documents, *, author: str, note: str, now: datetime) -> tuple[int, Documents]:
    """Keep what the files say where it is new; return the version that the files stand for, and what it says.

    Whatever they say newly goes live where nobody has ever published anything else; else it is said in the log, and changes
    nothing.
    """
    by = Actor(name=author, through=_LINE.through)
    newest = versions.newest_of_files(session)
    if newest is None:
        return versions.add(session, documents, note=note, by=by, now=now, is_of_files=True), documents
    if newest.digest == documents.digest:
        return newest.number, documents
    if not publications.is_of_files_alone(session):
        _log.warning(
            "the files say something else than version %d, which they once made: `centralino versions import` takes them "
            "into the draft",
            newest.number,
        )
        return newest.number, versions.documents(session, newest.number)
    number = versions.add(session, documents, note=note, by=by, now=now, base=newest.number, is_of_files=True)
    publications.of_files(session, number, by=by, now=now)
    return number, documents
