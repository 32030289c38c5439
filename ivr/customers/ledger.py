"""The ledger of consents: who was asked what, in which words, what they answered, and what stands today for each purpose.

Rows are added and never changed; they go with their customer's erasure alone. A withdrawal is a row of its own. What an answer
means for data that are kept already lies with whoever keeps them (`ivr.calls.withdrawal`); audio alone goes here, at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ivr.customers.tables import CallAudio, Consent, Customer

# The purposes that a customer is asked about, each alone.
VOICE_VERIFICATION = "voice_verification"  # a voiceprint is made, and the voice compared with it
CONTACT_HISTORY = "contact_history"  # what was said is remembered for the next call
CALL_AUDIO = "call_audio"  # what the caller says is kept as sound
PURPOSES = (VOICE_VERIFICATION, CONTACT_HISTORY, CALL_AUDIO)

PHONE = "phone"  # the channel of whatever is said on the line


class Answer(StrEnum):
    """What came back to the question, or without one."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"  # no word that can be held against anybody: what stood before still stands
    WITHDRAWN = "withdrawn"


class AskedBy(StrEnum):
    """Who asked, or took the customer's word."""

    LINE = "line"
    AGENT = "agent"
    WEB = "web"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a customer was asked, or gave their word without being asked."""

    by: AskedBy
    channel: str
    wording: str = ""  # prompt key, "" where no prompt asked
    wording_version: int = 0
    language: str = ""  # of the wording
    call_id: str = ""
    turn: int | None = None  # the turn of the call that holds the answer
    heard: str = field(default="", repr=False)  # the answer as it was heard, words or keys


@dataclass(frozen=True, kw_only=True)
class StandingAnswer:
    """What counts today for one purpose."""

    answer: Answer
    at: datetime
    by: AskedBy
    call_id: str


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """One row of the ledger, for people and as proof."""

    at: datetime
    purpose: str
    answer: Answer
    asked: Asked
    audio_turn: int | None  # the turn of the call whose kept sound is the proof
    stands: bool  # whether this is what counts today for its purpose

    def sentence(self, language: str) -> str:
        """What happened, in plain words of `language` (it, en)."""
        words = _WORDS[language]
        return words[self.answer].format(
            purpose=purpose_in_words(self.purpose, language), asked_by=words[self.asked.by], channel=self.asked.channel
        )


def record_answer(
    session: Session, *, customer_id: str, purpose: str, answer: Answer, asked: Asked, now: datetime
) -> None:
    """Keep an answer with how it was asked; with a no or a withdrawal, audio that rests on the consent goes at once."""
    lock_customer(session, customer_id)
    if purpose == CALL_AUDIO and answer in {Answer.NO, Answer.WITHDRAWN}:
        erase_audio(session, customer_id)
    session.add(
        Consent(
            customer_id=customer_id, purpose=purpose, granted=answer == Answer.YES, answer=answer, at=now,
            asked_by=asked.by, channel=asked.channel, wording=asked.wording, wording_version=asked.wording_version,
            language=asked.language, call_id=asked.call_id, turn=asked.turn, heard=asked.heard,
        )
    )  # fmt: skip
    # What stands is read by queries.
    session.flush()


def record_consent(
    session: Session,
    *,
    customer_id: str,
    purpose: str,
    granted: bool,
    wording: str,
    wording_version: int,
    language: str,
    call_id: str,
    now: datetime,
) -> None:
    """Keep a plain yes or no that the line was given by telephone."""
    asked = Asked(
        by=AskedBy.LINE,
        channel=PHONE,
        wording=wording,
        wording_version=wording_version,
        language=language,
        call_id=call_id,
    )
    answer = Answer.YES if granted else Answer.NO
    record_answer(session, customer_id=customer_id, purpose=purpose, answer=answer, asked=asked, now=now)


def consents_of(session: Session, customer_id: str) -> dict[str, bool]:
    """What stands today for each purpose that the customer has answered: the newest answer that is one."""
    answered = (Consent.customer_id == customer_id, Consent.answer != Answer.UNCLEAR)
    rows = session.execute(
        select(Consent.purpose, Consent.granted).where(*answered).order_by(Consent.at, Consent.consent_id)
    )
    return {row.purpose: row.granted for row in rows}


def standing_answer(session: Session, customer_id: str, purpose: str) -> StandingAnswer | None:
    """The newest answer to a purpose that is one; None for a customer who was never asked."""
    answered = (Consent.customer_id == customer_id, Consent.purpose == purpose, Consent.answer != Answer.UNCLEAR)
    newest = (Consent.at.desc(), Consent.consent_id.desc())
    query = select(Consent.answer, Consent.at, Consent.asked_by, Consent.call_id).where(*answered).order_by(*newest)
    row = session.execute(query.limit(1)).first()
    if row is None:
        return None
    return StandingAnswer(answer=Answer(row.answer), at=row.at, by=AskedBy(row.asked_by), call_id=row.call_id or "")


def who_consents(session: Session, purpose: str) -> frozenset[str]:
    """The customers whose consent to a purpose stands today."""
    answered = (Consent.purpose == purpose, Consent.answer != Answer.UNCLEAR)
    rows = session.execute(
        select(Consent.customer_id, Consent.granted).where(*answered).order_by(Consent.at, Consent.consent_id)
    )
    standing = {row.customer_id: row.granted for row in rows}
    return frozenset(customer_id for customer_id, granted in standing.items() if granted)


@dataclass(frozen=True, kw_only=True)
class WordingCount:
    """How often a wording of a version was answered in one way."""

    purpose: str
    wording: str  # prompt key, "" where no prompt asked
    version: int
    language: str
    answer: Answer
    answers: int


def counted(session: Session) -> tuple[WordingCount, ...]:
    """Every answer ever given, counted by purpose and wording."""
    by = (Consent.purpose, Consent.wording, Consent.wording_version, Consent.language, Consent.answer)
    return tuple(
        WordingCount(
            purpose=row.purpose, wording=row.wording, version=row.wording_version, language=row.language,
            answer=Answer(row.answer), answers=row.answers,
        )
        for row in session.execute(select(*by, func.count().label("answers")).group_by(*by))
    )  # fmt: skip


def was_ever_granted(session: Session, customer_id: str, purpose: str) -> bool:
    """Whether there has been a yes at any time: only then can anything lie anywhere that rests on it."""
    of_purpose = (Consent.customer_id == customer_id, Consent.purpose == purpose, Consent.granted.is_(True))
    return session.scalar(select(Consent.consent_id).where(*of_purpose).limit(1)) is not None


def ledger_of(session: Session, customer_id: str) -> tuple[LedgerLine, ...]:
    """Every row of a customer's ledger, the oldest first."""
    query = select(Consent).where(Consent.customer_id == customer_id).order_by(Consent.at, Consent.consent_id)
    rows = session.scalars(query).all()
    return lines_of(rows, _turns_with_audio(session, customer_id))


def lines_of(rows: Sequence[Consent], turns_with_audio: frozenset[tuple[str, int]]) -> tuple[LedgerLine, ...]:
    """Rows in their order as lines; the sound of an answer counts as its proof only while it is kept."""
    standing = {row.purpose: row.consent_id for row in rows if row.answer != Answer.UNCLEAR}
    return tuple(
        LedgerLine(
            at=row.at,
            purpose=row.purpose,
            answer=Answer(row.answer),
            asked=Asked(
                by=AskedBy(row.asked_by), channel=row.channel, wording=row.wording, wording_version=row.wording_version,
                language=row.language, call_id=row.call_id, turn=row.turn, heard=row.heard,
            ),
            audio_turn=row.turn if (row.call_id, row.turn) in turns_with_audio else None,
            stands=standing.get(row.purpose) == row.consent_id,
        )
        for row in rows
    )  # fmt: skip


def purpose_in_words(purpose: str, language: str) -> str:
    """A purpose in plain words of `language` (it, en); one that is not ours is shown as it is."""
    return _PURPOSES[language].get(purpose, purpose)


def erase_audio(session: Session, customer_id: str) -> None:
    """Erase everything of a customer that was kept as sound."""
    session.execute(delete(CallAudio).where(CallAudio.customer_id == customer_id))


def lock_customer(session: Session, customer_id: str) -> None:
    """Keep everybody who wants to keep something on a consent waiting until this transaction, and its withdrawal, is over."""
    session.execute(select(Customer.customer_id).where(Customer.customer_id == customer_id).with_for_update())


def _turns_with_audio(session: Session, customer_id: str) -> frozenset[tuple[str, int]]:
    kept = select(CallAudio.call_id, CallAudio.turn).where(CallAudio.customer_id == customer_id)
    return frozenset((row.call_id, row.turn) for row in session.execute(kept))


_PURPOSES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "it": {
        VOICE_VERIFICATION: "riconoscere dalla voce",
        CONTACT_HISTORY: "ricordare le chiamate",
        CALL_AUDIO: "conservare la voce delle chiamate",
    },
    "en": {
        VOICE_VERIFICATION: "to be recognised by voice",
        CONTACT_HISTORY: "to have calls remembered",
        CALL_AUDIO: "to have the sound of calls kept",
    },
})  # fmt: skip

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "it": {
        Answer.YES: "Ha detto di sì: {purpose}; lo ha chiesto {asked_by} ({channel}).",
        Answer.NO: "Ha detto di no: {purpose}; lo ha chiesto {asked_by} ({channel}).",
        Answer.UNCLEAR: "Non ha dato una risposta chiara: {purpose}; lo ha chiesto {asked_by} ({channel}).",
        Answer.WITHDRAWN: "Ha revocato il consenso: {purpose}; lo ha ricevuto {asked_by} ({channel}).",
        AskedBy.LINE: "la linea",
        AskedBy.AGENT: "un agente",
        AskedBy.WEB: "il sito",
        AskedBy.ADMIN: "un amministratore",
    },
    "en": {
        Answer.YES: "Said yes: {purpose}; asked by {asked_by} ({channel}).",
        Answer.NO: "Said no: {purpose}; asked by {asked_by} ({channel}).",
        Answer.UNCLEAR: "Gave no clear answer: {purpose}; asked by {asked_by} ({channel}).",
        Answer.WITHDRAWN: "Withdrew the consent: {purpose}; taken by {asked_by} ({channel}).",
        AskedBy.LINE: "the line",
        AskedBy.AGENT: "an agent",
        AskedBy.WEB: "the web site",
        AskedBy.ADMIN: "an admin",
    },
})  # fmt: skip
