"""Looks for attacks in what was just heard, and keeps the alerts: fingerprints against those before, voices against others'.

What is worth an alert is decided by `biometrics.attacks`. The session comes from outside, and nothing here commits; who calls
holds the customer's lock, so that two turns of a call come one after the other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from biometrics import attacks, other_voices
from biometrics.attacks import DEFAULT_RULES, Alert, AlertKind, AttackRules
from biometrics.countermeasure import NotScored, Score, liveness_of
from biometrics.decision import Liveness
from biometrics.evidence import NotASample
from biometrics.fingerprint import Fingerprint, Match, TooShort, most_alike
from biometrics.other_voices import VoiceScales
from biometrics.seals import about
from biometrics.tables import HeardFingerprint, VoiceAlert
from biometrics.voiceprint import Sample
from sealing.keys import KeyRing, SealBrokenError

# So long an alert on a claim that nobody found harmless makes the number on file prove less (judgement).
ALERTED_FOR: Final = timedelta(days=30)


class Verdict(StrEnum):
    """What a person found an alert to be."""

    ATTACK = "attack"
    HARMLESS = "harmless"


@dataclass(frozen=True, kw_only=True)
class KeptAlert:
    """An alert as it is kept."""

    alert_id: int
    kind: str
    call_id: str
    customer_id: str
    at: datetime
    details: Mapping[str, Any]
    seen_by: str  # "" while nobody has looked
    seen_at: datetime | None
    verdict: str  # "", attack, harmless


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a look at an utterance gave."""

    liveness: Liveness  # of this utterance
    replay: Match | None  # how alike it is to the most alike of those before; None where nothing could be compared
    alerts: tuple[KeptAlert, ...]  # new ones


def look_at(
    session: Session,
    *,
    ring: KeyRing,
    call_id: str,
    turn: int,
    customer_id: str,
    fingerprint: Fingerprint | TooShort,
    sample: Sample | NotASample,
    score: Score | NotScored | None = None,
    scales: VoiceScales,
    now: datetime,
    rules: AttackRules = DEFAULT_RULES,
) -> Looked:
    """Look at one utterance of a consenting customer, or of who claims to be one, and remember its fingerprint.

    Called before the sample is kept: one whose liveness is REPLAYED or SYNTHETIC is no evidence.
    """
    heard = _heard_before(session, ring, call_id=call_id, customer_id=customer_id, new=fingerprint, rules=rules)
    replay = None if heard is None else heard[1]
    made = liveness_of(score, scales.spoof_calibration)
    found: list[Alert | None] = []
    if heard is not None:
        row, match = heard
        found.append(attacks.replay(customer_id, match, heard_in=row.call_id, heard_in_turn=row.turn))
    if isinstance(score, Score):
        found.append(attacks.synthetic(customer_id, made, score=score.value, countermeasure=score.countermeasure))
    if isinstance(sample, Sample):
        found += other_voices.alerts_of(
            session, ring, sample, customer_id=customer_id, scales=scales, now=now, rules=rules
        )
    if isinstance(fingerprint, Fingerprint):
        _remember(session, ring, fingerprint, call_id=call_id, turn=turn, customer_id=customer_id, now=now)
    kept = (raise_alert(session, alert, call_id=call_id, now=now) for alert in found if alert is not None)
    alerts = tuple(one for one in kept if one is not None)
    is_replay = attacks.verdict_of_replay(replay) is Liveness.REPLAYED
    return Looked(liveness=Liveness.REPLAYED if is_replay else made, replay=replay, alerts=alerts)


def look_at_decision(
    session: Session,
    *,
    ring: KeyRing,
    call_id: str,
    customer_id: str,
    scales: VoiceScales,
    was_locked: bool,
    is_locked: bool,
    now: datetime,
    rules: AttackRules = DEFAULT_RULES,
) -> tuple[KeptAlert, ...]:
    """Look at a claim after a rejection was kept and counted: whether it locked, and how many voices were rejected lately."""
    found = (
        attacks.locked(customer_id, was_locked=was_locked, is_locked=is_locked),
        other_voices.many_voices(session, ring, customer_id, scales=scales, now=now, rules=rules),
    )
    kept = (raise_alert(session, alert, call_id=call_id, now=now) for alert in found if alert is not None)
    return tuple(one for one in kept if one is not None)


def liveness_in(session: Session, call_id: str) -> Liveness:
    """The worst that alerts say of a call: nothing in it is accepted while it is REPLAYED or SYNTHETIC and not found harmless."""
    kinds = set(
        session.scalars(
            select(VoiceAlert.kind).where(VoiceAlert.call_id == call_id, VoiceAlert.verdict != Verdict.HARMLESS)
        )
    )
    if AlertKind.REPLAY in kinds:
        return Liveness.REPLAYED
    return Liveness.SYNTHETIC if AlertKind.SYNTHETIC in kinds else Liveness.UNKNOWN


def is_alerted(session: Session, customer_id: str, now: datetime) -> bool:
    """Whether there are alerts of the last weeks on who claims to be a customer that nobody found harmless."""
    query = select(func.count()).where(
        VoiceAlert.customer_id == customer_id,
        VoiceAlert.verdict != Verdict.HARMLESS,
        VoiceAlert.at > now - ALERTED_FOR,
    )
    return bool(session.scalar(query))


def raise_alert(session: Session, alert: Alert, *, call_id: str, now: datetime) -> KeptAlert | None:
    """Keep an alert; None where the call has one of its kind, or nobody has looked yet at the last one of no call."""
    same = select(VoiceAlert.alert_id).where(VoiceAlert.kind == alert.kind, VoiceAlert.call_id == call_id)
    if session.scalar((same if call_id else same.where(VoiceAlert.verdict == "")).limit(1)) is not None:
        return None
    row = VoiceAlert(
        kind=alert.kind,
        call_id=call_id,
        customer_id=alert.customer_id,
        at=now,
        details=json.dumps(dict(alert.details)),
        seen_by="",
        verdict="",
    )
    session.add(row)
    session.flush()
    return _kept(row)


def newest(session: Session, *, most: int) -> tuple[KeptAlert, ...]:
    """The alerts, those that nobody has looked at on top, then the newest first."""
    order = (VoiceAlert.verdict != "", VoiceAlert.at.desc(), VoiceAlert.alert_id.desc())
    return tuple(_kept(row) for row in session.scalars(select(VoiceAlert).order_by(*order).limit(most)))


def of_call(session: Session, call_id: str) -> tuple[KeptAlert, ...]:
    """The alerts of a call, the first one first, those found harmless aside."""
    row = VoiceAlert
    query = select(row).where(row.call_id == call_id, row.verdict != Verdict.HARMLESS).order_by(row.alert_id)
    return tuple(_kept(one) for one in session.scalars(query))


def count_open(session: Session) -> int:
    """How many alerts nobody has looked at."""
    return session.scalar(select(func.count()).select_from(VoiceAlert).where(VoiceAlert.verdict == "")) or 0


def alert(session: Session, alert_id: int) -> KeptAlert | None:
    """One alert."""
    row = session.get(VoiceAlert, alert_id, populate_existing=True)
    return None if row is None else _kept(row)


def judge(session: Session, alert_id: int, *, verdict: Verdict, by: str, now: datetime) -> bool:
    """Keep what a person found an alert to be, in place of an earlier verdict; False where there is no such alert."""
    row = session.get(VoiceAlert, alert_id, with_for_update=True, populate_existing=True)
    if row is None:
        return False
    row.verdict, row.seen_by, row.seen_at = verdict, by, now
    session.flush()
    return True


def _heard_before(
    session: Session,
    ring: KeyRing,
    *,
    call_id: str,
    customer_id: str,
    new: Fingerprint | TooShort,
    rules: AttackRules,
) -> tuple[HeardFingerprint, Match] | None:
    """The most alike of the customer's utterances in other calls, the newest of them compared; what doesn't open is like none."""
    if isinstance(new, TooShort):
        return None
    row = HeardFingerprint
    query = select(row).where(row.customer_id == customer_id, row.call_id != call_id).order_by(row.at.desc())
    rows = session.scalars(query.limit(rules.fingerprints)).all()
    opened = [(row, print_) for row in rows if (print_ := _opened(row, ring)) is not None]
    best = most_alike(new, [print_ for _, print_ in opened])
    return None if best is None else (opened[best[0]][0], best[1])


def _remember(
    session: Session,
    ring: KeyRing,
    fingerprint: Fingerprint,
    *,
    call_id: str,
    turn: int,
    customer_id: str,
    now: datetime,
) -> None:
    """Keep the fingerprint of a turn in place of an earlier one of it, which heard less."""
    row = session.get(HeardFingerprint, (call_id, turn), with_for_update=True, populate_existing=True)
    if row is None:
        row = HeardFingerprint(call_id=call_id, turn=turn)
        session.add(row)
    row.customer_id, row.at = customer_id, now
    row.sealed = ring.seal(fingerprint.to_bytes(), about=_about(customer_id, call_id, turn))
    session.flush()


def _opened(row: HeardFingerprint, ring: KeyRing) -> Fingerprint | None:
    try:
        return Fingerprint.from_bytes(ring.open(row.sealed, about=_about(row.customer_id, row.call_id, row.turn)))
    except (SealBrokenError, ValueError):
        return None


def _about(customer_id: str, call_id: str, turn: int) -> str:
    return about(HeardFingerprint.__tablename__, customer_id, call_id, turn)


def _kept(row: VoiceAlert) -> KeptAlert:
    return KeptAlert(
        alert_id=row.alert_id,
        kind=row.kind,
        call_id=row.call_id,
        customer_id=row.customer_id,
        at=row.at,
        details=json.loads(row.details),
        seen_by=row.seen_by,
        seen_at=row.seen_at,
        verdict=row.verdict,
    )
