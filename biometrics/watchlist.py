"""The watched voices: voices of calls that a supervisor wants to hear of when they call again. Each ends by itself.

A watched voice is biometric data of somebody who was not asked: what it is kept for is its label, and how long is limited. The
session comes from outside, and nothing here commits.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from biometrics.attacks import DEFAULT_RULES, AttackRules
from biometrics.seals import Unreadable, about, open_text, packed, seal_text, unpacked
from biometrics.tables import CallVoice, WatchedVoice
from biometrics.vault_calls import CallVoices
from biometrics.voiceprint import Embedding, together
from sealing.keys import KeyRing

LONGEST_LABEL: Final = 120


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A watched voice, for people."""

    watch_id: str
    label: str = field(repr=False)  # "" where it does not open
    added_by: str
    from_call: str
    at: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class NotWatched:
    """A voice cannot be watched, and why."""

    reason: str


def watch(
    session: Session,
    ring: KeyRing,
    *,
    watch_id: str,
    call_id: str,
    label: str,
    added_by: str,
    days: int,
    now: datetime,
    rules: AttackRules = DEFAULT_RULES,
) -> Watched | NotWatched:
    """Watch the voice of a call for some days, from what was kept of it."""
    if not label.strip() or len(label) > LONGEST_LABEL:
        return NotWatched(reason="label")
    if not 1 <= days <= rules.watch_days:
        return NotWatched(reason="days")
    voice = _voice_of(session, ring, call_id)
    if voice is None:
        return NotWatched(reason="no_voice")
    encoder, embedding = voice
    content = json.dumps({"label": label.strip(), "encoder": encoder, "embedding": packed(embedding)})
    row = WatchedVoice(
        watch_id=watch_id,
        added_by=added_by,
        from_call=call_id,
        at=now,
        until=now + timedelta(days=days),
        encoder=encoder,
        sealed=seal_text(ring, content, bound_to=_bound_to(watch_id)),
    )
    session.add(row)
    session.flush()
    return _shown(row, ring)


def unwatch(session: Session, watch_id: str) -> bool:
    """Stop watching a voice, and erase it; False where it is not watched."""
    return _erased(session, WatchedVoice.watch_id == watch_id) > 0


def forget_ended(session: Session, now: datetime) -> int:
    """Erase the watched voices whose time is over; how many."""
    return _erased(session, WatchedVoice.until <= now)


def watched(session: Session, ring: KeyRing, now: datetime) -> tuple[Watched, ...]:
    """The watched voices, the newest first."""
    query = select(WatchedVoice).where(WatchedVoice.until > now).order_by(WatchedVoice.at.desc())
    return tuple(_shown(row, ring) for row in session.scalars(query))


def embeddings(session: Session, ring: KeyRing, encoder: str, now: datetime) -> Mapping[str, Embedding]:
    """The watched voices of an encoder by their ids; one that does not open is like nobody."""
    query = select(WatchedVoice).where(WatchedVoice.until > now, WatchedVoice.encoder == encoder)
    found = {row.watch_id: _content(row, ring) for row in session.scalars(query)}
    return {
        watch_id: unpacked(content["embedding"])
        for watch_id, content in found.items()
        if content.get("encoder") == encoder
    }


def _voice_of(session: Session, ring: KeyRing, call_id: str) -> tuple[str, Embedding] | None:
    """The encoder and the voice of a call, whomever it claimed to be last."""
    newest = select(CallVoice).where(CallVoice.call_id == call_id, CallVoice.refused == "")
    row = session.scalars(newest.order_by(CallVoice.turn.desc()).limit(1)).first()
    if row is None:
        return None
    evidence = CallVoices(ring).evidence_of(session, call_id, row.customer_id, row.encoder)
    return None if evidence is None else (row.encoder, together(evidence.samples))


def _erased(session: Session, which: object) -> int:
    result = session.execute(delete(WatchedVoice).where(which))  # type: ignore[arg-type]  # a condition on a column
    return result.rowcount if isinstance(result, CursorResult) else 0


def _shown(row: WatchedVoice, ring: KeyRing) -> Watched:
    return Watched(
        watch_id=row.watch_id,
        label=_content(row, ring).get("label", ""),
        added_by=row.added_by,
        from_call=row.from_call,
        at=row.at,
        until=row.until,
    )


def _content(row: WatchedVoice, ring: KeyRing) -> Mapping[str, str]:
    opened = open_text(ring, row.sealed, bound_to=_bound_to(row.watch_id))
    content: Mapping[str, str] = {} if isinstance(opened, Unreadable) else json.loads(opened)
    return content


def _bound_to(watch_id: str) -> str:
    return about(WatchedVoice.__tablename__, "", watch_id)
