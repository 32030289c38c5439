"""Stories about proofs: callers whose voice is told in numbers, so that a story says how alike it is and nothing is recorded.

What real voices do is tested with real ones (`tests/line/voice`); here the rows that they would leave are put into the vault as a
turn's answer comes.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from biometrics import alerts
from biometrics.attacks import Alert, AlertKind
from biometrics.calibration import Calibration, Tail
from biometrics.evidence import NotASample
from biometrics.scripted import ScriptedEncoder
from biometrics.vault import Collected, Vault
from biometrics.voiceprint import Embedding, Quality, Sample, unit_length
from ivr import database
from ivr.calls import store
from ivr.calls.voice_evidence import CHANNEL
from ivr.customers import ledger
from ivr.customers.ledger import VOICE_VERIFICATION, Answer, Asked, AskedBy
from ivr.line.script import Step
from ivr.line.wire import Outgoing
from tests.keys import RING
from tests.telephone import House

ENCODER = ScriptedEncoder([(1.0, 0.0, 0.0)])
OWN: Embedding = (1.0, 0.0, 0.0)
OTHER: Embedding = (0.0, 1.0, 0.0)
LIKE: Embedding = unit_length((1.0, 1.0, 0.0))  # neither clear nor clearly absent
CLEAN = Quality(snr_db=30.0, level_dbfs=-25.0, clipped_share=0.0, halves_alike=None)
CALIBRATION = Calibration(
    encoder=ENCODER.name,
    made_on="figures chosen for the stories",
    impostor_mean=0.0,
    impostor_deviation=1.0,
    intercept=-10.0,
    score_weight=20.0,
    seconds_weight=0.0,
    snr_weight=0.0,
    tail=Tail(begins_at=6.0 - math.log(100), scale=1.0, pairs=1000),
    reject_below=-4.0,
    shortest_net_speech_seconds=3.0,
)
EARLIER = "CA" + "e" * 32
_TURN = re.compile(r"/voice/turn/(\d+)")


def voice_settings(folder: Path) -> dict[str, Any]:
    """What a house needs that looks at told voices."""
    file = folder / "calibration.json"
    file.write_text(CALIBRATION.to_json(), encoding="utf-8")
    return {"voice": "line", "voice_calibration": file, "encoder": ENCODER}


@dataclass(kw_only=True)
class Voices:
    """Whose voice is heard: before each answer the row that it leaves is kept, once for each turn, if there is a consent."""

    house: House
    speaks: Embedding | NotASample = OWN
    seconds: float = 5.0
    says: Mapping[str, Embedding] = field(default_factory=dict)  # what is said in another voice
    vault: Vault = field(default_factory=lambda: Vault(RING))

    def __post_init__(self) -> None:
        self.house.requests.during = self._hear

    def _hear(self, request: Outgoing) -> None:
        turn = _TURN.search(request.url)
        sent = parse_qs(request.body.decode())
        words = "".join(sent.get("SpeechResult", []))
        if turn is None or not words:
            return
        now = self.house.clock.now()
        with database.session_factory(self.house.engine).begin() as session:
            call = store.call(session, sent["CallSid"][0])
            if call is None or call.customer_id is None:
                return
            if not ledger.consents_of(session, call.customer_id).get(VOICE_VERIFICATION):
                return
            self.vault.keep_sample(
                session,
                call_id=call.call_id,
                turn=int(turn[1]),
                customer_id=call.customer_id,
                sample=self._sample(words),
                encoder=ENCODER.name,
                channel=CHANNEL,
                now=now,
            )

    def _sample(self, words: str) -> Sample | NotASample:
        voice = self.says.get(words, self.speaks)
        if isinstance(voice, NotASample):
            return voice
        return Sample(embedding=voice, net_speech_seconds=self.seconds, quality=CLEAN)

    def were_heard_before(self) -> None:
        """What the only call has heard is found to be a recording of an earlier one."""
        alert = Alert(kind=AlertKind.REPLAY, customer_id="")
        with database.session_factory(self.house.engine).begin() as session:
            alerts.raise_alert(session, alert, call_id=self.house.only_call.call_id, now=self.house.clock.now())

    def has_answered(self, customer_id: str, answer: Answer = Answer.YES) -> None:
        """The customer was asked about their voice before."""
        asked = Asked(by=AskedBy.LINE, channel=ledger.PHONE, call_id=EARLIER)
        before = self.house.clock.now() - timedelta(days=30)
        with database.session_factory(self.house.engine).begin() as session:
            ledger.record_answer(
                session, customer_id=customer_id, purpose=VOICE_VERIFICATION, answer=answer, asked=asked, now=before
            )

    def is_enrolled(self, customer_id: str) -> None:
        """The customer has consented, and their voice was learnt in a call of before."""
        self.has_answered(customer_id)
        before = self.house.clock.now() - timedelta(days=20)
        with database.session_factory(self.house.engine).begin() as session:
            for turn in range(1, 7):
                sample = Sample(embedding=OWN, net_speech_seconds=6.0, quality=CLEAN)
                self.vault.keep_sample(
                    session,
                    call_id=EARLIER,
                    turn=turn,
                    customer_id=customer_id,
                    sample=sample,
                    encoder=ENCODER.name,
                    channel=CHANNEL,
                    now=before,
                )
            collected = self.vault.collect(session, EARLIER, customer_id, before)
            assert isinstance(collected, Collected)
            assert collected.is_enrolled


@dataclass(kw_only=True)
class Talk:
    """A call whose next words depend on what was heard."""

    house: House
    from_: str
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.caller, self.leg = self.house.call(self.steps, from_=self.from_)

    def hears(self, words: str) -> str:
        """Let the call go on until a prompt with these words, and give it."""
        known = len(self.caller.heard)
        heard: list[str] = []

        def has_come() -> bool:
            heard[:] = [said for said in self.caller.heard[known:] if words in said]
            return bool(heard)

        assert self.house.run_until(has_come, 120), (words, self.caller.heard, self.caller.failure)
        return heard[0]

    def goes_on(self, *steps: Step) -> None:
        """What the caller does next; the step before must be a wait for what was just heard."""
        self.steps.extend(steps)

    def is_over(self) -> None:
        """Let the call come to its end."""
        assert self.house.run_until(lambda: self.caller.reason is not None, 240), self.caller.heard
        self.house.wait(2)
        self.caller.check()
