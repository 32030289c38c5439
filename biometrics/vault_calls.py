"""What calls say about voices: the samples of their turns, the decisions on them, and the voices of a deployment as a background.

A part of `biometrics.vault`; the session comes from outside, and nothing here commits.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from biometrics.background import Background
from biometrics.calibration import Calibration, Tail
from biometrics.decision import Accepted, Decision, Inconclusive, Rejected
from biometrics.evidence import NotASample
from biometrics.seals import (
    KeptSamples,
    Unreadable,
    about,
    open_samples,
    open_text,
    packed,
    seal_samples,
    seal_text,
    unpacked,
)
from biometrics.tables import BackgroundVoice, CallVoice, OwnTail, VoiceDecision
from biometrics.vault_challenges import Settled
from biometrics.voiceprint import Embedding, Evidence, Sample
from sealing.keys import KeyRing

# Where the sample of a turn went: what became part of the enrolled voice does not prove it.
COLLECTED: Final = "collected"
VOICEPRINT: Final = "voiceprint"
NOW, TOLD = "now", "told"  # own_tails.role
# So many voices tell what a line has in common as well as all of them would, and open in some milliseconds (judgement).
MOST_BACKGROUND: Final = 300
_LONGEST_REASON: Final = 120  # voice_decisions.reason
_FRESH: Final = {"populate_existing": True}


@dataclass(frozen=True, kw_only=True)
class KeptDecision:
    """A decision as it was kept."""

    call_id: str
    turn: int
    customer_id: str
    at: datetime
    way: str  # voice, digits, code
    outcome: str  # accepted, rejected, inconclusive
    reason: str
    measured: dict[str, Any]  # the numbers of `decision.Measured`; empty where nothing was compared


class CallVoices:
    """Samples of turns, decisions, background."""

    def __init__(self, ring: KeyRing) -> None:
        """Take the keys that seal and open."""
        self._ring = ring

    def keep_sample(
        self,
        session: Session,
        *,
        call_id: str,
        turn: int,
        customer_id: str,
        sample: Sample | NotASample,
        encoder: str,
        channel: str,
        now: datetime,
    ) -> bool:
        """Keep what a turn so far says of a voice, or why it says nothing; False where as much or more of it is kept already.

        Of one turn there is one row: the look that heard more net speech stands, whichever comes last, and of equal ones the one
        that refuses. What has become part of a voiceprint stays as it is.
        """
        row = session.get(CallVoice, (call_id, turn), with_for_update=True, populate_existing=True)
        if row is None:
            row = CallVoice(call_id=call_id, turn=turn, went_into="")
            self._describe(row, customer_id, sample, encoder=encoder, channel=channel, now=now)
            try:
                with session.begin_nested():
                    session.add(row)
            except IntegrityError:
                # Another worker was just keeping the same turn.
                row = session.get_one(CallVoice, (call_id, turn), with_for_update=True, populate_existing=True)
            else:
                return True
        # Of two looks at the same speech the one that refuses it stands: some of what is wrong shows at the end alone.
        now_refused = isinstance(sample, NotASample) and not row.refused
        is_old = (row.net_speech_seconds, False) >= (sample.net_speech_seconds, now_refused)
        if row.went_into or is_old:
            return False
        self._describe(row, customer_id, sample, encoder=encoder, channel=channel, now=now)
        session.flush()
        return True

    def evidence_of(
        self, session: Session, call_id: str, customer_id: str, encoder: str, *, turn: int | None = None
    ) -> Evidence | None:
        """Put together what a call, or one turn of it, says about its caller's voice; None where nothing of it counts."""
        found = [
            (row, sample)
            for row, sample in self._counting(session, call_id, customer_id)
            if row.encoder == encoder and row.went_into != VOICEPRINT and turn in {None, row.turn}
        ]
        # A call has one channel; should it have changed, the newest is what is heard now.
        samples = tuple(sample for row, sample in found if row.channel == found[-1][0].channel)
        if not samples:
            return None
        return Evidence(encoder=encoder, samples=samples, channel=found[-1][0].channel)

    def refusals_of(self, session: Session, call_id: str, customer_id: str) -> tuple[tuple[int, str], ...]:
        """Give the turns of a call that do not count, each with the gate that it did not pass."""
        query = select(CallVoice.turn, CallVoice.refused).where(
            CallVoice.call_id == call_id, CallVoice.customer_id == customer_id, CallVoice.refused != ""
        )
        return tuple((turn, refused) for turn, refused in session.execute(query.order_by(CallVoice.turn)))

    def keep_decision(
        self,
        session: Session,
        *,
        call_id: str,
        turn: int,
        customer_id: str,
        way: str,
        decision: Decision | Settled,
        now: datetime,
    ) -> bool:
        """Keep the decision of a turn in one way of proof; False where it is kept already, and is not to be counted again."""
        outcome, reason, measured = _described(decision)
        row = VoiceDecision(
            call_id=call_id,
            turn=turn,
            customer_id=customer_id,
            at=now,
            way=way,
            outcome=outcome,
            reason=reason[:_LONGEST_REASON],
            measured=json.dumps(measured),
        )
        try:
            # A savepoint, since the same webhook may be in another worker at this moment.
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            return False
        return True

    def decisions_of(self, session: Session, call_id: str) -> tuple[KeptDecision, ...]:
        """Give the decisions of a call, the first one first."""
        query = select(VoiceDecision).where(VoiceDecision.call_id == call_id).order_by(VoiceDecision.decision_id)
        return tuple(kept_decision(row) for row in session.scalars(query, execution_options=_FRESH))

    def keep_background(
        self, session: Session, customer_id: str, encoder: str, embedding: Embedding, now: datetime
    ) -> None:
        """Keep the voice of a consenting customer as one of the background's, in place of an older one."""
        bound_to = about(BackgroundVoice.__tablename__, customer_id)
        sealed = seal_text(self._ring, json.dumps([encoder, packed(embedding)]), bound_to=bound_to)
        row = session.get(BackgroundVoice, customer_id, with_for_update=True, populate_existing=True)
        if row is None:
            try:
                with session.begin_nested():
                    session.add(BackgroundVoice(customer_id=customer_id, encoder=encoder, at=now, sealed=sealed))
            except IntegrityError:
                row = session.get_one(BackgroundVoice, customer_id, with_for_update=True, populate_existing=True)
        if row is not None:
            row.encoder, row.at, row.sealed = encoder, now, sealed
            session.flush()

    def background(self, session: Session, encoder: str, leave_out: str = "") -> dict[str, Embedding]:
        """Give the newest voices of an encoder by customer, without one; what does not open is no part of it."""
        row = BackgroundVoice
        query = select(row).where(row.encoder == encoder, row.customer_id != leave_out).order_by(row.at.desc())
        rows = session.scalars(query.limit(MOST_BACKGROUND), execution_options=_FRESH)
        found = {one.customer_id: self._background_voice(one) for one in rows}
        return {customer_id: voice for customer_id, voice in found.items() if voice is not None}

    def keep_own_tail(
        self, session: Session, calibration: Calibration, tail: Tail, now: datetime, *, is_told: bool = False
    ) -> None:
        """Keep where the impostors of this deployment end by a calibration; `is_told`: what supervisors know of it now."""
        role = TOLD if is_told else NOW
        session.merge(OwnTail(calibration=calibration.digest, role=role, at=now, **asdict(tail)))
        session.flush()

    def own_tail(self, session: Session, calibration: Calibration, *, is_told: bool = False) -> Tail | None:
        """Give where the impostors of this deployment end; None as long as nobody has looked, or there were too few."""
        row = session.get(OwnTail, (calibration.digest, TOLD if is_told else NOW))
        return None if row is None else Tail(**{one.name: getattr(row, one.name) for one in fields(Tail)})

    def own_tail_learnt_at(self, session: Session, calibration: Calibration) -> datetime | None:
        """Give when that was looked at last."""
        row = session.get(OwnTail, (calibration.digest, NOW))
        return None if row is None else row.at

    def on_line(self, session: Session, calibration: Calibration) -> Calibration:
        """Give a calibration as it decides here: with the deployment's own threshold, once that is known."""
        return calibration.on_line(self.own_tail(session, calibration))

    def line_background(self, session: Session, calibration: Calibration, *, leave_out: str) -> Background | None:
        """Give the deployment's own voices without one customer's, if the calibration needs them; None for too few."""
        if not calibration.against_cohort:
            return None
        return Background.of(calibration.encoder, self.background(session, calibration.encoder, leave_out=leave_out))

    def _background_voice(self, row: BackgroundVoice) -> Embedding | None:
        opened = open_text(self._ring, row.sealed, bound_to=about(BackgroundVoice.__tablename__, row.customer_id))
        if isinstance(opened, Unreadable):
            return None
        encoder, letters = json.loads(opened)
        return unpacked(letters) if encoder == row.encoder else None

    def _counting(self, session: Session, call_id: str, customer_id: str) -> list[tuple[CallVoice, Sample]]:
        """The turns of a call that count for a customer, in their order, each with its sample; unreadable ones count not."""
        query = select(CallVoice).where(
            CallVoice.call_id == call_id, CallVoice.customer_id == customer_id, CallVoice.refused == ""
        )
        rows = session.scalars(query.order_by(CallVoice.turn), execution_options=_FRESH)
        opened = [(row, self._samples(row)) for row in rows]
        return [(row, samples[0]) for row, samples in opened if len(samples) == 1]

    def _samples(self, row: CallVoice) -> Sequence[Sample]:
        bound_to = about_turn(row.customer_id, row.call_id, row.turn)
        kept = open_samples(self._ring, row.sealed, bound_to=bound_to, encoder=row.encoder, channel=row.channel)
        return () if isinstance(kept, Unreadable) else kept.samples

    def _describe(
        self,
        row: CallVoice,
        customer_id: str,
        sample: Sample | NotASample,
        *,
        encoder: str,
        channel: str,
        now: datetime,
    ) -> None:
        refused = sample.reason if isinstance(sample, NotASample) else ""
        samples = () if isinstance(sample, NotASample) else (sample,)
        kept = KeptSamples(samples=samples, enrolled=0, encoder=encoder, channel=channel)
        row.customer_id, row.at, row.encoder, row.channel, row.refused = customer_id, now, encoder, channel, refused
        row.net_speech_seconds = sample.net_speech_seconds
        row.sealed = seal_samples(self._ring, kept, bound_to=about_turn(customer_id, row.call_id, row.turn))


def about_turn(customer_id: str, call_id: str, turn: int) -> str:
    """What the sample of a turn is bound to."""
    return about(CallVoice.__tablename__, customer_id, call_id, turn)


def kept_decision(row: VoiceDecision) -> KeptDecision:
    """Read a row as a record."""
    return KeptDecision(
        call_id=row.call_id,
        turn=row.turn,
        customer_id=row.customer_id,
        at=row.at,
        way=row.way,
        outcome=row.outcome,
        reason=row.reason,
        measured=json.loads(row.measured),
    )


def _described(decision: Decision | Settled) -> tuple[str, str, dict[str, Any]]:
    """Give outcome, reason and numbers."""
    match decision:
        case Settled():
            return ("accepted" if decision is Settled.PASSED else "rejected"), decision.value, {}
        case Accepted(measured=measured):
            return "accepted", "", asdict(measured)
        case Rejected(reason=reason, measured=measured):
            return "rejected", reason.value, {} if measured is None else asdict(measured)
        case Inconclusive(reason=lacking, detail=detail, measured=measured):
            why = f"{lacking.value}: {detail}" if detail else lacking.value
            return "inconclusive", why, {} if measured is None else asdict(measured)
