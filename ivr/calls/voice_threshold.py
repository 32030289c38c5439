"""The threshold that this deployment's own calls ask for: learnt once a day from voices of different customers, and watched.

No label is needed: two customers are two people, all but surely. What it says goes before the calibration's threshold, and a
supervisor hears of one that has moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session, sessionmaker

from biometrics import alerts, attacks
from biometrics.background import Background, has_drifted, tail_of_pairs
from biometrics.calibration import Calibration, Tail
from biometrics.evaluation import compared, impostor_ratios
from biometrics.measures import false_accepts_at
from biometrics.trials import impostor_comparisons
from biometrics.vault import Enrolled, Vault
from biometrics.voiceprint import Voiceprint, together
from ivr.calls.voice_parts import VoiceParts

# So many voices give some 7,000 pairs, which one false accept in a thousand can be read from, in some seconds of work.
MOST_VOICES: Final = 60
LEARNT_EVERY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What comparisons between different customers say of the calibration's threshold."""

    pairs: int
    customers: int
    own: Tail | None  # None where they are too few
    false_accepts: float  # the share of the pairs that the calibration's own threshold accepts
    has_drifted: bool


def look_at_threshold(
    voiceprints: Sequence[Voiceprint], *, calibration: Calibration, wanted_false_accepts: float
) -> Threshold:
    """Compare the voices of different customers, all of the calibration's encoder."""
    voices = {one.customer_id: together(one.samples) for one in voiceprints}
    pairs = compared(impostor_comparisons(voiceprints, least_seconds=calibration.shortest_net_speech_seconds))

    def background_without(one: str, other: str) -> Background | None:
        others = {name: voice for name, voice in voices.items() if name not in {one, other}}
        return Background.of(calibration.encoder, others)

    ratios = impostor_ratios(pairs, calibration, background_without)
    own = tail_of_pairs(ratios)
    return Threshold(
        pairs=len(ratios),
        customers=len(voiceprints),
        own=own,
        false_accepts=false_accepts_at(ratios, calibration.tail.threshold(wanted_false_accepts)) if ratios else 0.0,
        has_drifted=own is not None and has_drifted(own, calibration.tail, wanted_false_accepts=wanted_false_accepts),
    )


def learn_if_due(parts: VoiceParts | None, sessions: sessionmaker[Session], now: datetime) -> None:
    """Look and keep what is found, where nobody has for a day; any process may. Comparing holds no lock of the database."""
    if parts is None or parts.calibration is None:
        return
    calibration = parts.calibration
    with sessions() as session:
        learnt_at = parts.vault.own_tail_learnt_at(session, calibration)
        if learnt_at is not None and now - learnt_at < LEARNT_EVERY:
            return
        voiceprints = enrolled_last(session, parts.vault, calibration.encoder)
    found = look_at_threshold(voiceprints, calibration=calibration, wanted_false_accepts=parts.wanted_false_accepts)
    with sessions.begin() as session:
        keep_threshold(session, found, parts=parts, calibration=calibration, now=now)


def keep_threshold(
    session: Session, found: Threshold, *, parts: VoiceParts, calibration: Calibration, now: datetime
) -> None:
    """Keep what was found, and tell supervisors where it has moved, however slowly, from what they know.

    They know of the first one: how far that lies from the calibration's is for `centralino voice drift` to say.
    """
    if found.own is None:
        return
    vault, wanted = parts.vault, parts.wanted_false_accepts
    vault.keep_own_tail(session, calibration, found.own, now)
    known = vault.own_tail(session, calibration, is_told=True)
    moved = known is not None and has_drifted(found.own, known, wanted_false_accepts=wanted)
    if known is None or moved:
        vault.keep_own_tail(session, calibration, found.own, now, is_told=True)
    alert = attacks.drift(found.own, known or found.own, wanted_false_accepts=wanted, has_drifted=moved)
    if alert is not None:
        alerts.raise_alert(session, alert, call_id="", now=now)


def enrolled_last(session: Session, vault: Vault, encoder: str) -> Sequence[Voiceprint]:
    """The enrolled voices that were heard last, as many as are worth the work."""
    known = (vault.voiceprint_of(session, customer_id, encoder) for customer_id in vault.customers(session))
    enrolled = [one.voiceprint for one in known if isinstance(one, Enrolled)]
    return sorted(enrolled, key=lambda one: (one.heard_at, one.customer_id), reverse=True)[:MOST_VOICES]
