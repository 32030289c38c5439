"""A house of desks in which voices are told in numbers, and how the voice of its caller stands: for what the desks show of it."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from biometrics.alerts import raise_alert
from biometrics.attacks import Alert, AlertKind
from biometrics.decision import Accepted, Decision, Inconclusive, Measured, Missing, NotTheVoice, Rejected
from biometrics.vault import Collected, Vault
from biometrics.voiceprint import Sample
from ivr.calls import store as calls
from ivr.calls.voice_evidence import CHANNEL
from ivr.customers import ledger
from ivr.customers.ledger import VOICE_VERIFICATION, Answer, Asked, AskedBy
from tests.keys import RING
from tests.line.proving import CLEAN, ENCODER, OWN, voice_settings
from tests.service import desks
from tests.service.desks import CALL, House

DATABASE, AS_IT_WAS = "desk.sqlite", "as_it_was.sqlite"
CUSTOMER: Final = "K0007"
EARLIER: Final = "CA" + "e" * 32


@contextmanager
def open_house(folder: Path, **given: Any) -> Iterator["ToldVoices"]:
    """The company, with voices."""
    with desks.open_house(folder, **{**voice_settings(folder), **given}) as house:
        house.engine.dispose()
        shutil.copyfile(folder / DATABASE, folder / AS_IT_WAS)
        yield ToldVoices(house=house)


@dataclass(frozen=True, kw_only=True)
class ToldVoices:
    """How the voice of the caller stands."""

    house: House
    vault: Vault = field(default_factory=lambda: Vault(RING))

    def begin_again(self) -> None:
        """Everything is as it was when the house was opened, which takes longer than a test."""
        for thread in threading.enumerate():
            # A run of scenarios that a test began writes beside the requests.
            if thread.name.startswith("scenarios-"):
                thread.join(timeout=30)
        self.house.app.extensions["centralino"].doors.checks.wait()
        self.house.engine.dispose()
        database = Path(str(self.house.engine.url.database))
        for beside in ("-wal", "-shm"):
            database.with_name(database.name + beside).unlink(missing_ok=True)
        shutil.copyfile(database.with_name(AS_IT_WAS), database)

    def answered(self, answer: Answer) -> None:
        """The customer was asked about their voice in an earlier call."""
        asked = Asked(by=AskedBy.LINE, channel=ledger.PHONE, call_id=EARLIER)
        before = self.house.clock() - timedelta(days=30)
        with self.house.sessions.begin() as session:
            ledger.record_answer(
                session, customer_id=CUSTOMER, purpose=VOICE_VERIFICATION, answer=answer, asked=asked, now=before
            )

    def said(self, turns: int, *, call_id: str = CALL, encoder: str = ENCODER.name, days_ago: int = 0) -> None:
        """The customer has spoken for 6 s in each of some turns."""
        with self.house.sessions.begin() as session:
            for turn in range(1, turns + 1):
                self.vault.keep_sample(
                    session,
                    call_id=call_id,
                    turn=turn,
                    customer_id=CUSTOMER,
                    sample=Sample(embedding=OWN, net_speech_seconds=6.0, quality=CLEAN),
                    encoder=encoder,
                    channel=CHANNEL,
                    now=self.house.clock() - timedelta(days=days_ago),
                )

    def collected(self, turns: int, *, encoder: str = ENCODER.name, days_ago: int = 20) -> None:
        """The customer has consented, and so many turns of an earlier call were collected."""
        self.answered(Answer.YES)
        self.said(turns, call_id=EARLIER, encoder=encoder, days_ago=days_ago)
        with self.house.sessions.begin() as session:
            done = self.vault.collect(session, EARLIER, CUSTOMER, self.house.clock() - timedelta(days=days_ago))
            assert isinstance(done, Collected)

    def enrolled(self, *, encoder: str = ENCODER.name, days_ago: int = 20) -> None:
        """The customer's voice is enrolled."""
        self.collected(6, encoder=encoder, days_ago=days_ago)

    def decided(self, decision: Decision) -> None:
        """What the line has decided in this call."""
        with self.house.sessions.begin() as session:
            self.vault.keep_decision(
                session,
                call_id=CALL,
                turn=2,
                customer_id=CUSTOMER,
                way="voice",
                decision=decision,
                now=self.house.clock(),
            )

    def locked(self) -> None:
        """Three rejections in a row."""
        with self.house.sessions.begin() as session:
            for _ in range(3):
                self.vault.note_rejection(session, CUSTOMER, self.house.clock())

    def alerted(self, kind: AlertKind) -> None:
        """An alert of this call."""
        with self.house.sessions.begin() as session:
            raise_alert(session, Alert(kind=kind, customer_id=CUSTOMER), call_id=CALL, now=self.house.clock())

    def knows(self, what: str, *args: Any) -> Any:
        """What the vault answers to one of its questions about the customer."""
        with self.house.sessions() as session:
            return getattr(self.vault, what)(session, CUSTOMER, *args)

    def stands(self) -> ledger.StandingAnswer | None:
        """The customer's answer that counts today."""
        with self.house.sessions() as session:
            return ledger.standing_answer(session, CUSTOMER, VOICE_VERIFICATION)

    def happened(self, kind: str) -> int:
        """How often something is in the story of the call."""
        with self.house.sessions() as session:
            return sum(row.kind == kind for row in calls.happenings(session, CALL))


def measured(log_likelihood_ratio: float, *, similarity: float = 0.8) -> Measured:
    """A comparison of 8 s with a voiceprint of three weeks, accepted from 6.9 on."""
    return Measured(
        similarity=similarity,
        standard_score=4.2,
        log_likelihood_ratio=log_likelihood_ratio,
        accept_from=6.9,
        surely_from=9.2,
        net_speech_seconds=8.0,
        channel=CHANNEL,
        voiceprint_age_days=20.4,
    )


ACCEPTED: Final = Accepted(measured=measured(11.0))
REJECTED: Final = Rejected(reason=NotTheVoice.UNLIKE, measured=measured(-7.0, similarity=0.1))
UNCLEAR: Final = Inconclusive(reason=Missing.CERTAINTY, measured=measured(1.0, similarity=0.5))
TOO_SHORT: Final = Inconclusive(reason=Missing.SPEECH, detail="1.2 of 3.0 seconds")
