"""Two customers of whom everything is kept that can be: words, names, numbers, sound, voice, consents. For tests of what goes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from biometrics.seals import about
from biometrics.tables import HeardFingerprint, VoiceAlert
from biometrics.vault import Vault
from ivr import database, trial
from ivr.calls import audio, store
from ivr.calls.tables import Call
from ivr.customers import ledger
from ivr.customers import store as customers
from ivr.customers.ledger import PURPOSES, Answer, Asked, AskedBy
from tests.keys import RING
from tests.telephone import MONDAY_TEN, PASSWORD
from tests.voices import accepted, utterances

ENCODER = "line-1"
AUDIO_DAYS = 30
PCM = np.random.default_rng(4).integers(-9000, 9000, size=4000).astype("<i2").tobytes()


@dataclass(frozen=True, kw_only=True)
class Someone:
    """A customer of the trial company, with what they said."""

    customer_id: str
    name: str
    number: str
    words: str
    speaker: int

    @property
    def calls(self) -> tuple[str, str]:
        """A call in which they were known, and one from their number in which nobody was."""
        return f"CA{self.customer_id}known", f"CA{self.customer_id}unknown"


GIULIA = Someone(
    customer_id="K001", name="Giulia Conti", number=trial.GIULIA, words="la lampada perde l'olio di ricino", speaker=1
)
MARIO = Someone(
    customer_id="K002", name="Mario Bianchi", number=trial.MARIO, words="il tappeto è un'altra trama", speaker=2
)


def filled(engine: Engine, people: Sequence[Someone] = (GIULIA, MARIO), *, at: datetime = MONDAY_TEN) -> None:
    """Make the tables and the trial company, and keep everything about these people."""
    database.upgrade(engine)
    with database.session_factory(engine).begin() as session:
        trial.make_company(session, password=PASSWORD, now=at, today=at.date())
        for someone in people:
            _records(session, someone, at)
            _voice(session, someone, at)
        session.add(
            VoiceAlert(
                kind="many_claims", call_id=people[0].calls[0], customer_id=people[0].customer_id, at=at,
                details=json.dumps({"claims": [one.customer_id for one in people]}),
            )
        )  # fmt: skip


def call(
    session: Session, someone: Someone, call_id: str, customer_id: str | None, at: datetime, *, status: str
) -> None:
    """Keep a call with three turns and all that happened in it."""
    store.add(
        session,
        Call(
            call_id=call_id, from_number=someone.number, to_number="+390210420000", flow="shop", flow_version=1,
            listening="stream", language="it", status=status, started_at=at, ended_at=at, turn=3, customer_id=customer_id,
            state=json.dumps({"name": someone.name, "number": someone.number}), reason="complaint",
            heard=json.dumps({"text": someone.words}), words_so_far=someone.words[:4],
        ),
    )  # fmt: skip
    for turn in (1, 2, 3):
        exchange = store.Exchange(
            heard=someone.words, keys="12", intent="complaint", confidence=0.9, ended="speech", node="ask",
            prompt=f"Buongiorno {someone.name}", facts=[{"kind": "topic", "values": {"number": someone.number}}],
            answer=f"<Response><Say>{someone.name}</Say></Response>", hearing={"alternatives": [someone.words]},
        )  # fmt: skip
        store.add_turn(session, call_id, turn, exchange, at)
    store.note(session, call_id, "proof", {"proof": "number_on_file", "outcome": "accepted"}, at)
    store.note(session, call_id, "callback", {"number": someone.number}, at)
    store.note(
        session, call_id, "finished", {"agent": "anna", "outcome": "solved", "note": someone.words, "next": ""}, at
    )
    store.record_effort(session, call_id, 3, at)


def _records(session: Session, someone: Someone, at: datetime) -> None:
    known, unknown = someone.calls
    call(session, someone, known, someone.customer_id, at, status=store.ENDED)
    call(session, someone, unknown, None, at, status=store.ENDED)
    for minutes, purpose in enumerate(PURPOSES):
        asked = Asked(
            by=AskedBy.LINE, channel="phone", wording=f"consent_{purpose}", wording_version=1, language="it", call_id=known,
            turn=2, heard=f"sì, {someone.words}",
        )  # fmt: skip
        ledger.record_answer(
            session, customer_id=someone.customer_id, purpose=purpose, answer=Answer.YES, asked=asked,
            now=at + timedelta(minutes=minutes),
        )  # fmt: skip
    assert audio.keep(session, call_id=known, turn=2, pcm=PCM, now=at, days=AUDIO_DAYS)
    customers.record_contact(
        session, customer_id=someone.customer_id, call_id=known, reason="complaint", outcome="solved", note=someone.words,
        now=at,
    )  # fmt: skip
    for call_id, customer_id in ((known, someone.customer_id), (unknown, None)):
        customers.open_case(
            session, kind="callback", customer_id=customer_id, number=someone.number, summary=someone.words,
            call_id=call_id, now=at,
        )  # fmt: skip
        customers.record_message(
            session, call_id=call_id, to_number=someone.number, text_=f"{someone.name}, a presto", now=at
        )


def _voice(session: Session, someone: Someone, at: datetime) -> None:
    vault, (known, _) = Vault(RING), someone.calls
    vault.keep_decision(
        session, call_id=known, turn=1, customer_id=someone.customer_id, way="digits", decision=accepted(), now=at
    )
    for turn, sample in enumerate(utterances(someone.speaker, 10), 1):
        vault.keep_sample(
            session, call_id=known, turn=turn, customer_id=someone.customer_id, sample=sample, encoder=ENCODER,
            channel="telephone", now=at,
        )  # fmt: skip
    vault.collect(session, known, someone.customer_id, at)
    vault.keep_background(session, someone.customer_id, ENCODER, utterances(someone.speaker, 1)[0].embedding, at)
    vault.keep_challenge(session, call_id=known, way="code", customer_id=someone.customer_id, secret="271828", now=at)
    bound_to = about("heard_fingerprints", someone.customer_id, known, 1)
    session.add(
        HeardFingerprint(
            call_id=known,
            turn=1,
            customer_id=someone.customer_id,
            at=at,
            sealed=RING.seal(b"landmarks", about=bound_to),
        )
    )
    session.flush()
