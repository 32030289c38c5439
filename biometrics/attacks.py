"""Decides what of the heard voices a supervisor should look at, and what a replay makes of a call's voice: pure rules.

Comparisons come in as numbers, made with the calibration of the encoder; where they come from and where alerts are kept is
`biometrics.alerts`'. An alert accuses nobody: a person looks at it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from biometrics.calibration import Tail
from biometrics.decision import Liveness
from biometrics.fingerprint import Match

# Why an utterance that was heard before is no evidence: the reason of its `NotASample`.
REPLAYED: Final = "replayed"

Detail = str | float | int | bool
Details = Mapping[str, Detail | list[str]]


class AlertKind(StrEnum):
    """What a supervisor is told of."""

    REPLAY = "replay"  # a recording that was heard before
    MANY_CLAIMS = "many_claims"  # one voice says to be several customers
    MANY_VOICES = "many_voices"  # several voices say to be one customer, and are not
    WATCHED = "watched"  # a voice that somebody wants to hear of
    LOCKED = "locked"  # rejected so often in a row that the voice proves nothing until a person has looked
    SYNTHETIC = "synthetic"  # a calibrated countermeasure takes the speech for played or made
    DRIFT = "drift"  # the threshold for the wanted false accepts has moved


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something about a voice that a supervisor should look at."""

    kind: AlertKind
    customer_id: str  # who the caller says to be; "" where it is about nobody in particular
    details: Details = field(default_factory=dict)  # numbers and identifiers; no words, no names


@dataclass(frozen=True, kw_only=True)
class AttackRules:
    """The limits of all rules; each is a judgement about people unless a measurement is named."""

    # Some ten calls with five utterances each that are long enough: compared in some 30 ms on one core.
    fingerprints: int = 50
    # A week of calls on a small line, an hour on a large one: what one look may open and compare beside a call.
    voices_compared: int = 100
    # One voice for two customers is a family, or somebody who helps a neighbour; for three within a day it is asked about.
    claims_within: timedelta = timedelta(days=1)
    claims: int = 3
    # Share of different people that one comparison may take for one: of the 100 voices of a day one in a hundred calls, and
    # two of them must agree for an alert.
    claims_false_alarms: float = 0.0001
    # Two rejected voices are a customer with a cold and a child that dialled; three different ones in a week are several people.
    voices_within: timedelta = timedelta(days=7)
    voices: int = 3
    # Share of other callers that a watched voice may be found in: one false hint in a thousand calls for each watched voice.
    watch_false_alarms: float = 0.001
    # A watched voice is somebody's biometric data, kept without their consent: it ends by itself.
    watch_days: int = 90

    def __post_init__(self) -> None:
        counts = (self.fingerprints, self.voices_compared, self.claims, self.voices, self.watch_days)
        if min(counts) < 1 or not 0 < self.claims_false_alarms < 1 or not 0 < self.watch_false_alarms < 1:
            raise ValueError("rules count at least one of everything, and their shares lie between 0 and 1")


DEFAULT_RULES: Final = AttackRules()


def verdict_of_replay(match: Match | None) -> Liveness:
    """What a comparison with what was heard before says of an utterance: a recording is never a living caller.

    That nothing is alike says nothing: whatever was recorded elsewhere is heard here for the first time.
    """
    return Liveness.REPLAYED if match is not None and match.is_same else Liveness.UNKNOWN


def replay(customer_id: str, match: Match, *, heard_in: str, heard_in_turn: int) -> Alert | None:
    """A recording that was heard before; None where it is not the same."""
    if verdict_of_replay(match) is not Liveness.REPLAYED:
        return None
    details: Details = {
        "heard_in": heard_in,
        "heard_in_turn": heard_in_turn,
        "share": round(match.share, 3),
        "seconds": round(match.seconds, 2),
    }
    return Alert(kind=AlertKind.REPLAY, customer_id=customer_id, details=details)


def many_claims(customer_id: str, ratios: Mapping[str, float], tail: Tail, rules: AttackRules) -> Alert | None:
    """One voice that says to be several customers, by the log likelihood ratios with what others' calls gave recently."""
    limit = tail.threshold(rules.claims_false_alarms)
    others = sorted(other for other, ratio in ratios.items() if other != customer_id and ratio >= limit)
    if len(others) + 1 < rules.claims:
        return None
    details: Details = {"customers": others, "least_ratio": round(min(ratios[other] for other in others), 2)}
    return Alert(kind=AlertKind.MANY_CLAIMS, customer_id=customer_id, details=details)


def many_voices(customer_id: str, ratios: Sequence[Sequence[float]], rules: AttackRules) -> Alert | None:
    """Several voices on one claim: `ratios` are those between the calls whose voices were rejected, square.

    Two calls are of different voices where the ratio speaks against one (below 0). Each voice is represented by its first call.
    """
    voices: list[int] = []
    for call in range(len(ratios)):
        if all(ratios[call][voice] < 0 for voice in voices):
            voices.append(call)
    if len(voices) < rules.voices:
        return None
    return Alert(
        kind=AlertKind.MANY_VOICES,
        customer_id=customer_id,
        details={"voices": len(voices), "calls": len(ratios), "days": rules.voices_within.days},
    )


def watched(customer_id: str, ratios: Mapping[str, float], tail: Tail, rules: AttackRules) -> Alert | None:
    """A watched voice, by the log likelihood ratio with each of them: the likeliest is named."""
    if not ratios:
        return None
    watch_id = max(ratios, key=lambda one: ratios[one])
    if not ratios[watch_id] >= tail.threshold(rules.watch_false_alarms):
        return None
    details: Details = {"watch_id": watch_id, "ratio": round(ratios[watch_id], 2)}
    return Alert(kind=AlertKind.WATCHED, customer_id=customer_id, details=details)


def locked(customer_id: str, *, was_locked: bool, is_locked: bool) -> Alert | None:
    """A claim that was locked with this decision."""
    return Alert(kind=AlertKind.LOCKED, customer_id=customer_id) if is_locked and not was_locked else None


def synthetic(customer_id: str, liveness: Liveness, *, score: float, countermeasure: str) -> Alert | None:
    """Speech that a calibrated countermeasure takes for played or made; one without a calibration says UNKNOWN."""
    if liveness is not Liveness.SYNTHETIC:
        return None
    details: Details = {"score": round(score, 3), "countermeasure": countermeasure}
    return Alert(kind=AlertKind.SYNTHETIC, customer_id=customer_id, details=details)


def drift(now: Tail, before: Tail, *, wanted_false_accepts: float, has_drifted: bool) -> Alert | None:
    """A threshold that has moved (`biometrics.background.has_drifted`)."""
    if not has_drifted:
        return None
    details: Details = {
        "before": round(before.threshold(wanted_false_accepts), 2),
        "now": round(now.threshold(wanted_false_accepts), 2),
    }
    return Alert(kind=AlertKind.DRIFT, customer_id="", details=details)
