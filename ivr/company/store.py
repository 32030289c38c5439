"""Reading and changing what admins set of the company. The session and the time come in; nothing here commits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ivr.company import values
from ivr.company.tables import CompanyVersion
from ivr.company.values import CompanySettings
from routing import changes

# Who keeps what is set in memory reads it again after a commit of this topic, in whatever process it was made.
TOPIC: Final = "company"


@dataclass(frozen=True, kw_only=True)
class Saved:
    """It counts from this transaction's commit on."""

    version: int
    before: Mapping[str, Any]  # of what changed alone
    after: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Somebody else has changed the settings since this version was read."""

    version: int  # that counts now


@dataclass(frozen=True, kw_only=True)
class Invalid:
    """Nothing changed: values that cannot be, by name, each with a code."""

    problems: Mapping[str, str]


Saving: TypeAlias = Saved | Conflict | Invalid


def newest(session: Session) -> tuple[int, Mapping[str, Any]]:
    """The version that counts and what it sets; 0 and nothing where nothing was ever set."""
    row = session.scalar(select(CompanyVersion).order_by(CompanyVersion.version.desc()).limit(1))
    return (0, {}) if row is None else (row.version, json.loads(row.document))


def current(session: Session, defaults: CompanySettings) -> CompanySettings:
    """The settings as they stand in the database, over the defaults of the settings file."""
    version, document = newest(session)
    return values.applied(defaults, document, version=version)


def save(
    session: Session,
    wanted: Mapping[str, Any],
    *,
    defaults: CompanySettings,
    version: int | None,
    by: str,
    now: datetime,
) -> Saving:
    """Set some values, by name as plain JSON; None takes one back to the settings file.

    `version` is the one that the person has seen; None for whoever does not mind.
    """
    standing, document = newest(session)
    if version is not None and version != standing:
        return Conflict(version=standing)
    given = {name: raw for name, raw in wanted.items() if raw is not None}
    unknown = {name: "unknown" for name in wanted if name not in values.NAMES}
    rest = {name: raw for name, raw in document.items() if name not in wanted}
    problems = unknown or values.problems(defaults, {**rest, **given})
    if problems:
        return Invalid(problems=problems)
    was = values.as_document(values.applied(defaults, document))
    made = values.as_document(values.applied(defaults, {**rest, **given}))
    # Written as they were read: "+39 02 1042" is kept as +39021042.
    kept = {name: made[name] for name in (*rest, *given)}
    changed = [name for name in values.NAMES if was[name] != made[name]]
    if not changed and kept.keys() == document.keys():
        return Saved(version=standing, before={}, after={})
    row = CompanyVersion(version=standing + 1, document=json.dumps(kept, ensure_ascii=False), by=by, at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return Conflict(version=standing + 1)
    changes.mark(session, TOPIC)
    return Saved(
        version=row.version,
        before={name: was[name] for name in changed},
        after={name: made[name] for name in changed},
    )


def last_changed(session: Session) -> tuple[str, datetime] | None:
    """Who changed the settings last, and when."""
    row = session.scalar(select(CompanyVersion).order_by(CompanyVersion.version.desc()).limit(1))
    return None if row is None else (row.by, row.at)
