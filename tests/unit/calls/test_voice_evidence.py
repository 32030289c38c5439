"""What is heard is looked at only with consent, never raises to the caller, and nothing but the customer's voice is accepted."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session, sessionmaker

from biometrics.calibration import Calibration
from biometrics.decision import Accepted, Decision, decide
from biometrics.evidence import NotASample, sample_of
from biometrics.net_speech import net_speech
from biometrics.tables import HeardFingerprint
from biometrics.vault import Collected, Enrolled, Vault
from biometrics.voiceprint import Evidence, Sample
from ivr import audio, database, voices
from ivr.calls import store
from ivr.calls.tables import Call
from ivr.calls.voice_evidence import VoiceLook
from ivr.calls.voice_parts import VoiceParts
from ivr.customers import ledger
from ivr.customers.tables import Customer
from ivr.speech.net_speech import HeardSpeech
from ivr.telephony.sounds import music_wav
from sealing.columns import use
from tests.databases import sqlite_database
from tests.keys import RING
from tests.line.voice.callers import CountingEncoder, as_samples, customer, encoder, other_men
from tests.telephone import MONDAY_TEN

CALL, MARIA = "CA" + "1" * 32, "K9"
RATE_HZ = audio.RATE_HZ
Samples = npt.NDArray[np.int16]


class Looked:
    """A database with one customer in a call, and what looks at her voice."""

    def __init__(self, engine: Engine) -> None:
        database.upgrade(engine)
        use(engine, RING)
        self.sessions: sessionmaker[Session] = database.session_factory(engine)
        self.counting = CountingEncoder(encoder())
        self.now = MONDAY_TEN
        self.calls = 0
        self.parts = VoiceParts(
            encoder_now=lambda: self.counting, calibration=calibration(), vault=Vault(RING), ring=RING
        )
        self.look = VoiceLook(self.parts, self.sessions, database.reading_session_factory(engine), lambda: self.now)
        with self.sessions.begin() as session:
            session.add(Customer(customer_id=MARIA, name="Maria", language="it", preferred_channel="phone", email=""))
        self.begin_call(CALL)

    def begin_call(self, call_id: str) -> None:
        with self.sessions.begin() as session:
            store.add(
                session,
                Call(
                    call_id=call_id, from_number="+393331234567", to_number="+390210420000", flow="shop", flow_version=1,
                    listening="stream", language="it", status=store.IN_LINE, started_at=self.now, turn=1,
                    customer_id=MARIA,
                ),
            )  # fmt: skip

    def new_call(self) -> str:
        self.calls += 1
        call_id = f"CA{self.calls:032d}"
        self.begin_call(call_id)
        return call_id

    def consent(self, *, granted: bool = True) -> None:
        with self.sessions.begin() as session:
            ledger.record_consent(
                session, customer_id=MARIA, purpose=ledger.VOICE_VERIFICATION, granted=granted, wording="consent_voice",
                wording_version=1, language="it", call_id=CALL, now=self.now,
            )  # fmt: skip

    def hear(self, sound: Samples, *, call_id: str = CALL, turn: int = 1, is_whole: bool = True) -> None:
        pauses = (np.random.default_rng(1).standard_normal(RATE_HZ) * 10).astype("<i2").tobytes()
        self.look(
            call_id, turn, HeardSpeech(speech_pcm=sound.astype("<i2").tobytes(), pauses_pcm=pauses, is_whole=is_whole)
        )

    def forget_recordings(self) -> None:
        with self.sessions.begin() as session:
            session.execute(delete(HeardFingerprint))

    def refused(self, call_id: str = CALL) -> list[tuple[int, str]]:
        with self.sessions() as session:
            return list(self.parts.vault.refusals_of(session, call_id, MARIA))

    def decision(self, call_id: str) -> Decision:
        with self.sessions() as session:
            known = self.parts.vault.voiceprint_of(session, MARIA, self.counting.name)
            assert isinstance(known, Enrolled)
            return decide(
                evidence=self.parts.vault.evidence_of(session, call_id, MARIA, self.counting.name),
                voiceprint=known.voiceprint,
                calibration=self.parts.calibration,
                has_consented=True,
                at=self.now + timedelta(hours=1),
            )


@cache
def calibration() -> Calibration:
    encoder()
    return Calibration.read(voices.SHIPPED_CALIBRATION.read_text(encoding="utf-8"))


@cache
def learnt(turn: int) -> Samples:
    """Net speech of the customer, of a turn that her voice is learnt from."""
    return _net(customer().enrolment[turn])


@cache
def later(turn: int) -> Samples:
    """Net speech of the customer, recorded later."""
    return _net(customer().later[turn])


@cache
def another(name: str = "meab") -> Samples:
    """Net speech of somebody else."""
    return _net(other_men()[name])


def _net(sound: bytes) -> Samples:
    return np.asarray(net_speech(as_samples(audio.ulaw_to_pcm(sound)), RATE_HZ), dtype=np.int16)


@pytest.fixture
def looked(sqlite_engine: Engine) -> Looked:
    return Looked(sqlite_engine)


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    """Maria's voice has been learnt, once for all tests: each has a call of its own."""
    with sqlite_database(tmp_path_factory.mktemp("enrolled")) as engine:
        yield _learnt(Looked(engine))


def _learnt(looked: Looked) -> Looked:
    looked.consent()
    for turn in range(len(customer().enrolment)):
        looked.hear(learnt(turn), turn=turn + 1)
    with looked.sessions.begin() as session:
        collected = looked.parts.vault.collect(session, CALL, MARIA, looked.now)
        assert isinstance(collected, Collected)
        assert collected.is_enrolled
    return looked


@pytest.fixture
def call_id(enrolled: Looked) -> str:
    """A later call of hers."""
    return enrolled.new_call()


def test_without_a_consent_nothing_is_encoded_and_nothing_kept(looked: Looked) -> None:
    looked.hear(learnt(0))
    looked.consent(granted=False)
    looked.hear(learnt(0))
    assert looked.counting.calls == 0
    with looked.sessions() as session:
        assert set(looked.parts.vault.rows(session).values()) == {0}


def test_a_consent_that_is_taken_back_while_the_voice_is_encoded_leaves_nothing(looked: Looked) -> None:
    looked.consent()
    encode = looked.counting.inner.encode_many

    class TakesItBack(CountingEncoder):
        def encode_many(self, utterances: Any, *, rate_hz: int) -> Any:
            looked.consent(granted=False)
            return encode(utterances, rate_hz=rate_hz)

    looked.counting = TakesItBack(looked.counting.inner)
    looked.hear(learnt(0))
    with looked.sessions() as session:
        assert set(looked.parts.vault.rows(session).values()) == {0}


def test_a_call_whose_customer_nobody_knows_is_not_looked_at(looked: Looked) -> None:
    looked.consent()
    looked.hear(learnt(0), call_id="CA" + "9" * 32)
    assert looked.counting.calls == 0


def test_the_customer_s_own_voice_is_accepted_so_that_the_other_tests_mean_something(
    enrolled: Looked, call_id: str
) -> None:
    enrolled.hear(later(0), call_id=call_id)
    assert isinstance(enrolled.decision(call_id), Accepted)


def test_a_recording_is_refused_as_one_in_another_call_and_stays_so_whatever_is_said_behind_it(
    enrolled: Looked, call_id: str
) -> None:
    taped, living = learnt(1), another()
    enrolled.hear(taped, call_id=call_id, is_whole=False)
    assert enrolled.refused(call_id) == [(1, "replayed")]
    enrolled.hear(np.concatenate([taped, living]), call_id=call_id)
    assert enrolled.refused(call_id) == [(1, "replayed")]
    assert not isinstance(enrolled.decision(call_id), Accepted)


def test_the_newest_look_at_a_turn_stands_and_a_turn_has_one_row(enrolled: Looked, call_id: str) -> None:
    sound = later(1)
    for seconds in (2, 4):
        enrolled.hear(sound[: seconds * RATE_HZ], call_id=call_id, is_whole=False)
    enrolled.hear(sound, call_id=call_id)
    with enrolled.sessions() as session:
        evidence = enrolled.parts.vault.evidence_of(session, call_id, MARIA, enrolled.counting.name)
    assert evidence is not None
    assert len(evidence.samples) == 1
    assert evidence.net_speech_seconds == pytest.approx(sound.size / RATE_HZ)


def _noise(seconds: float, loudness: float) -> Samples:
    return (
        (np.random.default_rng(3).standard_normal(round(seconds * RATE_HZ)) * loudness)
        .clip(-32768, 32767)
        .astype("<i2")
    )


def _music() -> Samples:
    samples, rate_hz = soundfile.read(io.BytesIO(music_wav()), dtype="int16")
    return np.frombuffer(audio.resample(samples.tobytes(), int(rate_hz), RATE_HZ), dtype="<i2")[: 10 * RATE_HZ]


def _mixed(one: Samples, other: Samples) -> Samples:
    size = min(one.size, other.size)
    return (one[:size].astype(np.int32) + other[:size]).clip(-32768, 32767).astype("<i2")


# Each makes a sound that is not the customer speaking alone.
OTHER_SOUNDS: dict[str, Callable[[], Samples]] = {
    "nothing": lambda: np.zeros(0, dtype=np.int16),
    "one_sample": lambda: np.ones(1, dtype=np.int16),
    "silence": lambda: np.zeros(8 * RATE_HZ, dtype=np.int16),
    "constant": lambda: np.full(8 * RATE_HZ, 12_000, dtype=np.int16),
    "faint_noise": lambda: _noise(8, 20),
    "loud_noise": lambda: _noise(8, 8_000),
    "all_clipped": lambda: np.where(_noise(8, 8_000) > 0, 32_767, -32_768).astype(np.int16),
    "tone": lambda: (9_000 * np.sin(np.arange(8 * RATE_HZ) * 2 * np.pi * 440 / RATE_HZ)).astype(np.int16),
    "music": _music,
    "customer_clipped_beyond_recognition": lambda: (
        (later(0).astype(np.int64) * 10_000).clip(-32768, 32767).astype(np.int16)
    ),
    "customer_at_double_speed": lambda: np.array(later(0)[::2]),
    "customer_under_noise": lambda: _mixed(later(0), _noise(20, 6_000)),
    "another_speaker": another,
    "two_others_at_once": lambda: _mixed(another(), another("mdmc")),
    "half_a_minute_of_another": lambda: np.tile(another("mdmc"), 4),
}


@pytest.mark.parametrize("name", sorted(OTHER_SOUNDS))
def test_no_other_sound_is_ever_accepted_or_raises(enrolled: Looked, call_id: str, name: str) -> None:
    # Else what is made of her own recording would be known as a recording, and the voice never be looked at.
    enrolled.forget_recordings()
    enrolled.hear(OTHER_SOUNDS[name](), call_id=call_id)
    assert not isinstance(enrolled.decision(call_id), Accepted)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pcm=st.binary(max_size=20_000), repeats=st.integers(1, 8), is_whole=st.booleans())
def test_no_bytes_are_ever_accepted_or_raise(enrolled: Looked, pcm: bytes, repeats: int, *, is_whole: bool) -> None:
    call_id = enrolled.new_call()
    enrolled.hear(np.frombuffer(pcm[: len(pcm) // 2 * 2] * repeats, dtype="<i2"), call_id=call_id, is_whole=is_whole)
    assert not isinstance(enrolled.decision(call_id), Accepted)


# What no socket brings, but a file or a later caller of the code might.
@pytest.mark.parametrize(
    ("sound", "rate_hz"),
    [
        (np.full(40_000, np.nan, dtype=np.float32), RATE_HZ),
        (np.full(40_000, np.inf, dtype=np.float32), RATE_HZ),
        (np.full(40_000, 1e30, dtype=np.float32), RATE_HZ),
        (np.zeros((2, 40_000), dtype=np.int16), RATE_HZ),
        (np.zeros(40_000, dtype=np.int64), RATE_HZ),
        (np.zeros(0, dtype=np.int16), 0),
        (_noise(5, 3_000), 44_100),
        (_noise(5, 3_000), -1),
    ],
    ids=["nan", "infinite", "huge", "two_channels", "wide_integers", "no_rate", "wrong_rate", "negative_rate"],
)
@pytest.mark.parametrize("cut", [False, True], ids=["uncut", "net"])
def test_no_form_of_sound_is_ever_accepted_or_raises(
    enrolled: Looked, sound: npt.NDArray[Any], rate_hz: int, *, cut: bool
) -> None:
    made = sample_of(sound, rate_hz=rate_hz, encoder=encoder(), pauses=sound[:0] if cut else None)
    assert isinstance(made, Sample | NotASample)
    with enrolled.sessions() as session:
        known = enrolled.parts.vault.voiceprint_of(session, MARIA, enrolled.counting.name)
    assert isinstance(known, Enrolled)
    evidence = (
        Evidence(encoder=enrolled.counting.name, samples=(made,), channel="telephone")
        if isinstance(made, Sample)
        else None
    )
    decision = decide(
        evidence=evidence,
        voiceprint=known.voiceprint,
        calibration=calibration(),
        has_consented=True,
        at=enrolled.now + timedelta(hours=1),
    )
    assert not isinstance(decision, Accepted)
