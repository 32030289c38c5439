"""Voiceprints: collected over calls, enrolled, following their voice, counted against, locked, blocked.

A part of `biometrics.vault`; the session comes from outside, and nothing here commits. Which samples count is `enrolment`'s. Who
changes anything of a customer's voice locks the customer's row first, so two webhooks at once come one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from biometrics import enrolment
from biometrics.decision import Decision
from biometrics.enrolment import Progress
from biometrics.seals import KeptSamples, Unreadable, about, of_one_size, open_samples, seal_samples
from biometrics.tables import BackgroundVoice, CallVoice, CollectedVoice, VoiceDecision, VoiceprintRow
from biometrics.vault_calls import COLLECTED, VOICEPRINT, CallVoices
from biometrics.voiceprint import Sample, Voiceprint

# DESIGN.md 6: after three rejections in a row the claim is locked for this way of proof.
REJECTIONS_TO_LOCK: Final = 3


class Status(StrEnum):
    """What a customer's row stands for."""

    COLLECTING = "collecting"  # nothing is enrolled
    ENROLLED = "enrolled"
    BLOCKED = "blocked"  # no voice proves this customer


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """There is a voice to compare with; where it is locked, it proves nothing until a person unlocks it."""

    voiceprint: Voiceprint
    enrolled: int  # so many of its samples, the first, are those of the enrolment
    rejections: int  # in a row
    locked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Collecting:
    """A voiceprint is on its way."""

    progress: Progress


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """No voice proves this customer."""


@dataclass(frozen=True, kw_only=True)
class OtherEncoder:
    """The voice was enrolled with another encoder: it cannot be compared, and is collected anew."""

    encoder: str


KnownVoice: TypeAlias = Enrolled | Collecting | Blocked | OtherEncoder | Unreadable


class WhyNotCollected(StrEnum):
    """Why a call adds nothing to a voiceprint."""

    BLOCKED = "no voice shall prove this customer"
    LOCKED = "the claim is locked"
    ENROLLED = "a voice is enrolled, and young enough"
    NOT_PROVED = "a voice is enrolled: only a call that it accepted renews it"
    OTHER_VOICE = "what was collected is not the enrolled voice: it is gone"
    UNREADABLE = "what was kept does not open"


@dataclass(frozen=True, kw_only=True)
class Collected:
    """How far the voiceprint has come with this call."""

    progress: Progress
    is_enrolled: bool  # with this it is complete, and enrolled


@dataclass(frozen=True, kw_only=True)
class NotCollected:
    """Nothing was added."""

    reason: WhyNotCollected
    detail: str = ""


class Voiceprints(CallVoices):
    """Voiceprints by customer."""

    def voiceprint_of(self, session: Session, customer_id: str, encoder: str) -> KnownVoice | None:
        """Say what is known of a customer's voice, for comparison with this encoder's evidence; None for nothing."""
        row = session.get(VoiceprintRow, customer_id, populate_existing=True)
        if row is not None and row.status == Status.BLOCKED:
            return Blocked()
        if row is not None and row.status == Status.ENROLLED:
            return self._enrolled(row) if row.encoder == encoder else OtherEncoder(encoder=row.encoder)
        collected = session.get(CollectedVoice, customer_id, populate_existing=True)
        if collected is None:
            return None
        samples = self._collected(collected)
        if isinstance(samples, Unreadable):
            return samples
        return Collecting(progress=enrolment.add(samples if collected.encoder == encoder else (), (), encoder=encoder))

    def collect(self, session: Session, call_id: str, customer_id: str, now: datetime) -> Collected | NotCollected:
        """Add the turns of a call to the voiceprint that is being collected, each once, and enrol it when it is complete.

        Only for a call in which somebody other than the voice has shown who speaks; what replaces an enrolled voice must have
        been accepted by it, and be like it.
        """
        fresh = [(row, sample) for row, sample in self._counting(session, call_id, customer_id) if not row.went_into]
        collected = session.get(CollectedVoice, customer_id, populate_existing=True)
        if not fresh and collected is None and session.get(VoiceprintRow, customer_id) is None:
            return Collected(progress=enrolment.add((), (), encoder=""), is_enrolled=False)
        row = self._held(session, customer_id, now)
        refused = self._refusal(session, row, call_id, fresh[-1][0].encoder if fresh else row.encoder, now)
        if refused is not None:
            return refused
        # Behind the lock: another webhook may have collected the same turns meanwhile.
        fresh = [(turn, sample) for turn, sample in self._counting(session, call_id, customer_id) if not turn.went_into]
        if not fresh:
            return self._unchanged(session, customer_id)
        encoder, channel = fresh[-1][0].encoder, fresh[-1][0].channel
        fitting = [(turn, one) for turn, one in fresh if (turn.encoder, turn.channel) == (encoder, channel)]
        so_far = self._collected_so_far(session, customer_id, encoder=encoder, channel=channel)
        if isinstance(so_far, Unreadable):
            return NotCollected(reason=WhyNotCollected.UNREADABLE, detail=so_far.reason)
        for turn, _ in fitting:
            turn.went_into = COLLECTED
        return self._keep_collected(
            session, row, so_far, [one for _, one in fitting], encoder=encoder, channel=channel, now=now
        )

    def re_enrol_from(
        self,
        session: Session,
        customer_id: str,
        samples: Sequence[Sample],
        *,
        encoder: str,
        channel: str,
        now: datetime,
    ) -> Collected | NotCollected:
        """Collect a voice anew, from sound that was kept with consent: for a customer whose voiceprint is of another encoder.

        What was being collected before is replaced; done again, it comes to the same.
        """
        row = self._held(session, customer_id, now)
        refused = self._closed(row)
        if refused is None and row.status == Status.ENROLLED and row.encoder == encoder:
            refused = NotCollected(reason=WhyNotCollected.ENROLLED)
        if refused is not None:
            return refused
        return self._keep_collected(session, row, (), samples, encoder=encoder, channel=channel, now=now)

    def renew(self, session: Session, customer_id: str, now: datetime) -> bool:
        """Let the next accepted calls collect an enrolled voice anew; the enrolled one serves until the new one is complete.

        False where there is none that is neither locked nor blocked; done again, it comes to the same.
        """
        row = self._held_if_there(session, customer_id)
        if row is None or row.status != Status.ENROLLED or row.locked_at is not None:
            return False
        if self.collected_of(session, customer_id, row.encoder) is None:
            self._keep_collected(session, row, (), (), encoder=row.encoder, channel=row.channel, now=now)
        return True

    def collected_of(self, session: Session, customer_id: str, encoder: str) -> Progress | None:
        """Say how far a voice has come that is collected with this encoder, beside an enrolled one or not; None for none."""
        collected = session.get(CollectedVoice, customer_id, populate_existing=True)
        samples = self._collected(collected) if collected is not None and collected.encoder == encoder else None
        return (
            None if samples is None or isinstance(samples, Unreadable) else enrolment.add(samples, (), encoder=encoder)
        )

    def adapt(self, session: Session, call_id: str, customer_id: str, decision: Decision, now: datetime) -> bool:
        """Let the voiceprint follow its voice by what a call has shown, at the end of the call; whether it has moved.

        A turn is learnt from once, and proves nothing to the voiceprint from then on.
        """
        row = self._held_if_there(session, customer_id)
        if row is None or row.status != Status.ENROLLED or row.locked_at is not None:
            return False
        known = self._enrolled(row)
        evidence = self.evidence_of(session, call_id, customer_id, row.encoder)
        if isinstance(known, Unreadable) or evidence is None:
            return False
        moved = enrolment.adapt(known.voiceprint, evidence, decision, enrolled=known.enrolled, at=now)
        if moved is None:
            return False
        self._write(row, moved.samples, enrolled=known.enrolled)
        row.heard_at = now
        turns = update(CallVoice).where(CallVoice.call_id == call_id, CallVoice.customer_id == customer_id)
        session.execute(turns.where(CallVoice.refused == "").values(went_into=VOICEPRINT))
        session.flush()
        return True

    def note_rejection(self, session: Session, customer_id: str, now: datetime) -> bool:
        """Count a rejection, once for each decision that was kept; whether the claim is locked now."""
        row = self._held(session, customer_id, now)
        row.rejections += 1
        if row.rejections >= REJECTIONS_TO_LOCK and row.locked_at is None:
            row.locked_at = now
        session.flush()
        return row.locked_at is not None

    def note_acceptance(self, session: Session, customer_id: str, now: datetime) -> None:
        """Note that the voice proved its customer: rejections before are no longer in a row. It unlocks nothing."""
        row = self._held_if_there(session, customer_id)
        if row is not None and row.locked_at is None:
            row.rejections, row.used_at = 0, now
            session.flush()

    def is_locked(self, session: Session, customer_id: str) -> bool:
        """Whether the claim is locked for this way of proof."""
        locked = select(VoiceprintRow.locked_at).where(VoiceprintRow.customer_id == customer_id)
        return session.scalar(locked) is not None

    def unlock(self, session: Session, customer_id: str) -> bool:
        """Unlock a claim, on a person's word; False where it was not locked."""
        row = self._held_if_there(session, customer_id)
        if row is None or row.locked_at is None:
            return False
        row.rejections, row.locked_at = 0, None
        session.flush()
        return True

    def block(self, session: Session, customer_id: str, now: datetime) -> None:
        """Let no voice prove this customer, enrolled or not, until it is unblocked."""
        self._held(session, customer_id, now).status = Status.BLOCKED
        session.flush()

    def unblock(self, session: Session, customer_id: str) -> bool:
        """Let the voice count again, if one is enrolled; False where it was not blocked. It unlocks nothing."""
        row = self._held_if_there(session, customer_id)
        if row is None or row.status != Status.BLOCKED:
            return False
        row.status = Status.COLLECTING if row.enrolled_at is None else Status.ENROLLED
        session.flush()
        return True

    def begin_anew(self, session: Session, customer_id: str, now: datetime) -> None:
        """Forget the voice, so that the next calls enrol it anew; what is locked or blocked stays so."""
        row = self._held(session, customer_id, now)
        self._forget_voice(row, now)
        for table in (CollectedVoice, BackgroundVoice):
            session.execute(delete(table).where(table.customer_id == customer_id))
        session.flush()

    def _forget_voice(self, row: VoiceprintRow, now: datetime) -> None:
        row.status = row.status if row.status == Status.BLOCKED else Status.COLLECTING
        row.encoder, row.channel, row.enrolled_at, row.begun_at, row.heard_at = "", "", None, now, now
        self._write(row, (), enrolled=0)

    def _refusal(
        self, session: Session, row: VoiceprintRow, call_id: str, encoder: str, now: datetime
    ) -> NotCollected | None:
        """Say why a call may not add to a voiceprint of this encoder, or None."""
        closed = self._closed(row)
        if closed is not None or row.status != Status.ENROLLED or row.encoder != encoder:
            return closed
        known = self._enrolled(row)
        if isinstance(known, Unreadable):
            return NotCollected(reason=WhyNotCollected.UNREADABLE, detail=known.reason)
        is_wanted = self.collected_of(session, row.customer_id, encoder) is not None
        if not is_wanted and not enrolment.needs_renewal(known.voiceprint, now):
            return NotCollected(reason=WhyNotCollected.ENROLLED)
        if not _was_accepted(session, call_id, row.customer_id):
            return NotCollected(reason=WhyNotCollected.NOT_PROVED)
        return None

    @staticmethod
    def _closed(row: VoiceprintRow) -> NotCollected | None:
        if row.status == Status.BLOCKED:
            return NotCollected(reason=WhyNotCollected.BLOCKED)
        return NotCollected(reason=WhyNotCollected.LOCKED) if row.locked_at is not None else None

    def _unchanged(self, session: Session, customer_id: str) -> Collected | NotCollected:
        collected = session.get(CollectedVoice, customer_id, populate_existing=True)
        so_far = () if collected is None else self._collected(collected)
        if isinstance(so_far, Unreadable):
            return NotCollected(reason=WhyNotCollected.UNREADABLE, detail=so_far.reason)
        encoder = "" if collected is None else collected.encoder
        return Collected(progress=enrolment.add(so_far, (), encoder=encoder), is_enrolled=False)

    def _collected_so_far(
        self, session: Session, customer_id: str, *, encoder: str, channel: str
    ) -> Sequence[Sample] | Unreadable:
        row = session.get(CollectedVoice, customer_id, with_for_update=True, populate_existing=True)
        # Begun with another encoder or over another channel: it begins anew.
        if row is None or (row.encoder, row.channel) != (encoder, channel):
            return ()
        return self._collected(row)

    def _keep_collected(
        self,
        session: Session,
        row: VoiceprintRow,
        so_far: Sequence[Sample],
        new: Sequence[Sample],
        *,
        encoder: str,
        channel: str,
        now: datetime,
    ) -> Collected | NotCollected:
        if not of_one_size((*so_far, *new)):
            return NotCollected(reason=WhyNotCollected.UNREADABLE, detail="samples of different sizes")
        progress = enrolment.add(so_far, new, encoder=encoder)
        if progress.is_complete:
            return self._enrol(session, row, progress, encoder=encoder, channel=channel, now=now)
        kept = session.get(CollectedVoice, row.customer_id, with_for_update=True, populate_existing=True)
        if kept is None:
            kept = CollectedVoice(customer_id=row.customer_id, begun_at=now)
            session.add(kept)
        content = KeptSamples(samples=progress.samples, enrolled=0, encoder=encoder, channel=channel)
        bound_to = about(CollectedVoice.__tablename__, row.customer_id)
        kept.encoder, kept.channel, kept.heard_at = encoder, channel, now
        kept.net_speech_seconds = progress.net_seconds
        kept.sealed = seal_samples(self._ring, content, bound_to=bound_to)
        session.flush()
        return Collected(progress=progress, is_enrolled=False)

    def _enrol(
        self, session: Session, row: VoiceprintRow, progress: Progress, *, encoder: str, channel: str, now: datetime
    ) -> Collected | NotCollected:
        """Put a complete voice in the place of what was enrolled; rejections and locks stay."""
        session.execute(delete(CollectedVoice).where(CollectedVoice.customer_id == row.customer_id))
        if row.status == Status.ENROLLED and row.encoder == encoder and not self._is_renewal(row, progress):
            session.flush()
            return NotCollected(reason=WhyNotCollected.OTHER_VOICE)
        row.status, row.encoder, row.channel = Status.ENROLLED, encoder, channel
        row.enrolled_at = row.heard_at = row.used_at = now
        self._write(row, progress.samples, enrolled=len(progress.samples))
        turns = update(CallVoice).where(CallVoice.customer_id == row.customer_id, CallVoice.went_into == COLLECTED)
        session.flush()
        session.execute(turns.values(went_into=VOICEPRINT))
        return Collected(progress=progress, is_enrolled=True)

    def _is_renewal(self, row: VoiceprintRow, progress: Progress) -> bool:
        known = self._enrolled(row)
        if isinstance(known, Unreadable):
            return False
        enrolled = known.voiceprint.samples[: known.enrolled]
        fits = of_one_size((*enrolled, *progress.samples))
        return fits and enrolment.is_same_voice(enrolled, progress.samples, encoder=row.encoder)

    def _enrolled(self, row: VoiceprintRow) -> Enrolled | Unreadable:
        bound_to = about(VoiceprintRow.__tablename__, row.customer_id)
        kept = open_samples(self._ring, row.sealed, bound_to=bound_to, encoder=row.encoder, channel=row.channel)
        if isinstance(kept, Unreadable):
            return kept
        if not kept.samples or row.enrolled_at is None or not 0 < kept.enrolled <= len(kept.samples):
            return Unreadable(reason=f"{bound_to}: it says enrolled and holds no voice")
        voiceprint = Voiceprint(
            customer_id=row.customer_id,
            encoder=row.encoder,
            samples=kept.samples,
            channel=row.channel,
            enrolled_at=row.enrolled_at,
            heard_at=row.heard_at,
        )
        return Enrolled(
            voiceprint=voiceprint, enrolled=kept.enrolled, rejections=row.rejections, locked_at=row.locked_at
        )

    def _collected(self, row: CollectedVoice) -> Sequence[Sample] | Unreadable:
        bound_to = about(CollectedVoice.__tablename__, row.customer_id)
        kept = open_samples(self._ring, row.sealed, bound_to=bound_to, encoder=row.encoder, channel=row.channel)
        return kept if isinstance(kept, Unreadable) else kept.samples

    def _write(self, row: VoiceprintRow, samples: Sequence[Sample], *, enrolled: int) -> None:
        kept = KeptSamples(samples=tuple(samples), enrolled=enrolled, encoder=row.encoder, channel=row.channel)
        row.net_speech_seconds = sum(sample.net_speech_seconds for sample in samples)
        row.sealed = seal_samples(self._ring, kept, bound_to=about(VoiceprintRow.__tablename__, row.customer_id))

    def _held(self, session: Session, customer_id: str, now: datetime) -> VoiceprintRow:
        """The customer's row, locked; made where there is none."""
        row = self._held_if_there(session, customer_id)
        if row is not None:
            return row
        row = VoiceprintRow(customer_id=customer_id, status=Status.COLLECTING, rejections=0, used_at=now)
        self._forget_voice(row, now)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            # Another worker was just making it.
            return session.get_one(VoiceprintRow, customer_id, with_for_update=True, populate_existing=True)
        return row

    @staticmethod
    def _held_if_there(session: Session, customer_id: str) -> VoiceprintRow | None:
        return session.get(VoiceprintRow, customer_id, with_for_update=True, populate_existing=True)


def _was_accepted(session: Session, call_id: str, customer_id: str) -> bool:
    row = VoiceDecision
    query = select(row.decision_id).where(
        row.call_id == call_id, row.customer_id == customer_id, row.way == "voice", row.outcome == "accepted"
    )
    return session.scalar(query.limit(1)) is not None
