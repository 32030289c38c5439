"""The vault of voices: everything of a customer's voice that is kept, sealed, by customer; and how it goes away again.

Its parts keep what calls say (`vault_calls`), voiceprints (`vault_voiceprints`) and step-ups (`vault_challenges`); here stands
what concerns all tables of voices: erasing, forgetting, handing over, counting, sealing anew. The session comes from outside,
and nothing here commits. What is asked first of all, whether the customer consents, is asked by the callers.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CursorResult, Table, delete, func, select, tuple_, update
from sqlalchemy.orm import Session, sessionmaker

from biometrics.seals import Unreadable, about, packed
from biometrics.tables import (
    BackgroundVoice,
    Base,
    CallVoice,
    Challenge,
    CollectedVoice,
    HeardFingerprint,
    VoiceAlert,
    VoiceDecision,
    VoiceprintRow,
)
from biometrics.vault_calls import KeptDecision, kept_decision
from biometrics.vault_challenges import Challenges, OpenChallenge, Settled
from biometrics.vault_voiceprints import (
    Blocked,
    Collected,
    Collecting,
    Enrolled,
    KnownVoice,
    NotCollected,
    OtherEncoder,
    Status,
    Voiceprints,
    WhyNotCollected,
)
from sealing.keys import KeyRing, SealBrokenError, is_sealed

__all__ = [
    "Blocked",
    "Collected",
    "Collecting",
    "Enrolled",
    "KeptDecision",
    "KnownVoice",
    "NotCollected",
    "OpenChallenge",
    "OtherEncoder",
    "Resealed",
    "Settled",
    "Unreadable",
    "Vault",
    "WhyNotCollected",
    "reseal",
    "sealed_by",
]

# What stands in an alert for a customer who was erased.
ERASED: Final = ""
# A few hundred kilobytes, sealed anew in some milliseconds, for which others wait.
_BATCH_ROWS: Final = 200
_TABLES: Final[tuple[Table, ...]] = tuple(Base.metadata.sorted_tables)
_SEALED: Final = tuple(table for table in _TABLES if "sealed" in table.columns)
_OF_CUSTOMERS: Final = tuple(table for table in _TABLES if "customer_id" in table.columns)


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """What became of some sealed values."""

    rows: int
    resealed: int
    broken: int  # they do not open, and stay as they are


class Vault(Voiceprints, Challenges):
    """Everything of voices that is kept. Safe to share between threads."""

    def customers(self, session: Session) -> tuple[str, ...]:
        """Every customer of whom anything of a voice is kept, alerts aside."""
        found: set[str] = set()
        for table in _OF_CUSTOMERS:
            if table.name != VoiceAlert.__tablename__:
                found.update(session.scalars(select(table.c.customer_id).distinct()))
        return tuple(sorted(found))

    def erase(self, session: Session, customer_id: str) -> dict[str, int]:
        """Erase everything of a customer's voice, at once and for good; how many rows of which table.

        An alert stays without the customer: what was tried on the line is the company's to know, whom it was tried on is not.
        """
        # Whoever is just changing this voice comes first or finds nothing.
        self._held_if_there(session, customer_id)
        rows = {table.name: 0 for table in _OF_CUSTOMERS}
        for table in _OF_CUSTOMERS:
            if table.name != VoiceAlert.__tablename__:
                rows[table.name] = _count(session, delete(table).where(table.c.customer_id == customer_id))
        rows[VoiceAlert.__tablename__] = _forget_in_alerts(session, customer_id)
        session.expire_all()
        return {name: count for name, count in rows.items() if count}

    def rows(self, session: Session, customer_id: str | None = None) -> dict[str, int]:
        """Count the rows of every table, or those in which a customer is named."""
        if customer_id is None:
            return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in _TABLES}
        counts = {}
        for table in _OF_CUSTOMERS:
            named = select(func.count()).select_from(table).where(table.c.customer_id == customer_id)
            counts[table.name] = session.scalar(named) or 0
        alerts = session.scalars(select(VoiceAlert).where(VoiceAlert.customer_id != customer_id))
        counts[VoiceAlert.__tablename__] += sum(_names(alert, customer_id) for alert in alerts)
        return counts

    def export(self, session: Session, customer_id: str) -> dict[str, Any]:
        """Give everything of a customer's voice as plain values of JSON, the numbers of the voiceprint among them."""
        row = session.get(VoiceprintRow, customer_id, populate_existing=True)
        collected = session.get(CollectedVoice, customer_id, populate_existing=True)
        return {
            "voiceprint": None if row is None else self._exported(row),
            "being_collected": None
            if collected is None
            else {
                "encoder": collected.encoder,
                "channel": collected.channel,
                "net_speech_seconds": collected.net_speech_seconds,
                "begun_at": collected.begun_at.isoformat(),
            },
            "heard_in_calls": [
                {
                    "call_id": turn.call_id,
                    "turn": turn.turn,
                    "at": turn.at.isoformat(),
                    "channel": turn.channel,
                    "net_speech_seconds": turn.net_speech_seconds,
                    "not_used_because": turn.refused,
                }
                for turn in session.scalars(_of(CallVoice, customer_id).order_by(CallVoice.at, CallVoice.turn))
            ],
            "decisions": [
                _decision(kept_decision(one))
                for one in session.scalars(_of(VoiceDecision, customer_id).order_by(VoiceDecision.decision_id))
            ],
            "one_of_the_voices_of_this_line": session.get(BackgroundVoice, customer_id) is not None,
            "fingerprints_of_what_was_heard": self.rows(session, customer_id)[HeardFingerprint.__tablename__],
        }

    def forget_old(
        self,
        session: Session,
        now: datetime,
        *,
        evidence: timedelta,
        fingerprints: timedelta,
        unfinished: timedelta,
        voiceprints: timedelta,
        challenges: timedelta,
        alerts: timedelta,
    ) -> dict[str, int]:
        """Erase what is older than it is kept; how many of what. An unused voice goes, a lock or block on it stays."""
        row = VoiceprintRow
        holds_nothing_else = (row.status == Status.COLLECTING) & row.locked_at.is_(None)
        is_unused = (row.used_at < now - voiceprints) & (row.enrolled_at.is_not(None) | holds_nothing_else)
        unused = session.scalars(select(row).where(is_unused).with_for_update()).all()
        for one in unused:
            self.begin_anew(session, one.customer_id, now)
            if one.status == Status.COLLECTING and one.locked_at is None:
                session.delete(one)
        session.flush()
        background = delete(BackgroundVoice).where(BackgroundVoice.at < now - voiceprints)
        return {
            "voiceprints": len(unused),
            "background_voices": _count(session, background),
            "collected_voices": _count(
                session, delete(CollectedVoice).where(CollectedVoice.heard_at < now - unfinished)
            ),
            "call_voices": _count(session, delete(CallVoice).where(CallVoice.at < now - evidence)),
            "voice_decisions": _count(session, delete(VoiceDecision).where(VoiceDecision.at < now - evidence)),
            "heard_fingerprints": _count(
                session, delete(HeardFingerprint).where(HeardFingerprint.at < now - fingerprints)
            ),
            "voice_challenges": _count(session, delete(Challenge).where(Challenge.at < now - challenges)),
            "voice_alerts": _count(session, delete(VoiceAlert).where(VoiceAlert.at < now - alerts)),
        }

    def _exported(self, row: VoiceprintRow) -> dict[str, Any]:
        known = self._enrolled(row) if row.enrolled_at is not None else None
        return {
            "status": row.status,
            "encoder": row.encoder,
            "channel": row.channel,
            "net_speech_seconds": row.net_speech_seconds,
            "begun_at": row.begun_at.isoformat(),
            "enrolled_at": None if row.enrolled_at is None else row.enrolled_at.isoformat(),
            "heard_at": row.heard_at.isoformat(),
            "used_at": row.used_at.isoformat(),
            "rejections_in_a_row": row.rejections,
            "locked_at": None if row.locked_at is None else row.locked_at.isoformat(),
            "unreadable": known.reason if isinstance(known, Unreadable) else "",
            "samples": [packed(sample.embedding) for sample in known.voiceprint.samples]
            if isinstance(known, Enrolled)
            else [],
        }


def reseal(sessions: sessionmaker[Session], ring: KeyRing) -> Iterator[Resealed]:
    """Seal under the newest key what older ones sealed; a report after each batch, which is a transaction of its own.

    Whatever ends in the middle has lost nothing, and the next run does the rest. The service may go on meanwhile.
    """
    for table in _SEALED:
        last: Sequence[Any] = ()
        while True:
            with sessions.begin() as session:
                batch = _batch(session, table, last)
                if not batch:
                    break
                done = [_resealed(session, table, row, ring) for row in batch]
            yield Resealed(rows=len(batch), resealed=done.count(True), broken=done.count(None))
            last = [batch[-1][column.name] for column in table.primary_key]


def sealed_by(session: Session) -> Counter[str]:
    """Count what lies sealed by the id of its key: one that has sealed nothing any more may go."""
    found: Counter[str] = Counter()
    for table in _SEALED:
        for sealed in session.scalars(select(table.c.sealed)).yield_per(_BATCH_ROWS):
            found[KeyRing.sealed_by(sealed) if is_sealed(sealed) else ""] += 1
    return found


def _batch(session: Session, table: Table, last: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
    keys = list(table.primary_key)
    query = select(table).order_by(*keys).limit(_BATCH_ROWS).with_for_update()
    if last:
        query = query.where(tuple_(*keys) > tuple_(*last))
    return [dict(row) for row in session.execute(query).mappings()]


def _resealed(session: Session, table: Table, row: Mapping[str, Any], ring: KeyRing) -> bool | None:
    """Whether a row was sealed anew; None where it does not open, and stays as it is."""
    keys = [column.name for column in table.primary_key]
    rest = (row[name] for name in keys if name != "customer_id")
    bound_to = about(table.name, row.get("customer_id", ""), *rest)
    try:
        if ring.sealed_by(row["sealed"]) == ring.newest:
            return False
        sealed = ring.seal(ring.open(row["sealed"], about=bound_to), about=bound_to)
    except SealBrokenError:
        return None
    is_row = (table.c[name] == row[name] for name in keys)
    session.execute(update(table).where(*is_row).values(sealed=sealed))
    return True


def _of(table: Any, customer_id: str) -> Any:
    return select(table).where(table.customer_id == customer_id)


def _count(session: Session, statement: Any) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)  # noqa: S101 - what a statement that changes rows gives; for the type checker
    return result.rowcount


def _decision(kept: KeptDecision) -> dict[str, Any]:
    return {
        "call_id": kept.call_id,
        "at": kept.at.isoformat(),
        "way": kept.way,
        "outcome": kept.outcome,
        "reason": kept.reason,
        "measured": kept.measured,
    }


def _forget_in_alerts(session: Session, customer_id: str) -> int:
    """Take a customer out of every alert that names them; in how many."""
    count = 0
    for alert in session.scalars(select(VoiceAlert).with_for_update()):
        if not _names(alert, customer_id):
            continue
        alert.customer_id = ERASED if alert.customer_id == customer_id else alert.customer_id
        alert.details = json.dumps(_without(json.loads(alert.details), customer_id))
        count += 1
    session.flush()
    return count


def _names(alert: VoiceAlert, customer_id: str) -> bool:
    return alert.customer_id == customer_id or _without(json.loads(alert.details), customer_id) != json.loads(
        alert.details
    )


def _without(details: Any, customer_id: str) -> Any:
    """Blank every value of JSON that is this identifier, and every name of an entry that is."""
    match details:
        case Mapping():
            return {
                ERASED if name == customer_id else name: _without(one, customer_id) for name, one in details.items()
            }
        case list():
            return [_without(one, customer_id) for one in details]
        case _:
            return ERASED if details == customer_id else details
