"""The threshold that a deployment's own customers ask for: learnt once a day, told when it moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from biometrics import alerts, tables
from biometrics.attacks import AlertKind
from biometrics.background import LEAST_VOICES
from biometrics.calibration import Calibration, Tail
from biometrics.scripted import ScriptedEncoder
from biometrics.vault import Vault
from biometrics.voiceprint import unit_length
from ivr.calls.voice_parts import VoiceParts
from ivr.calls.voice_threshold import LEARNT_EVERY, learn_if_due
from ivr.database import session_factory
from ivr.voices import always
from tests.keys import RING
from tests.voices import NUMBERS, sample, utterances

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENCODER = "scripted"
CUSTOMERS = LEAST_VOICES + 8
CALIBRATION = Calibration(
    encoder=ENCODER,
    made_on="figures chosen for the tests",
    impostor_mean=0.0,
    impostor_deviation=0.2,
    intercept=-3.0,
    score_weight=1.0,
    seconds_weight=0.0,
    snr_weight=0.0,
    tail=Tail(begins_at=-2.0, scale=1.0, pairs=1000),
    reject_below=-4.0,
    shortest_net_speech_seconds=3.0,
)
PARTS = VoiceParts(
    encoder_now=always(ScriptedEncoder([(1.0,) * NUMBERS], name=ENCODER)),
    calibration=CALIBRATION,
    vault=Vault(RING),
    ring=RING,
)


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    tables.Base.metadata.create_all(engine)
    return session_factory(engine)


def enrol(sessions: sessionmaker[Session], count: int) -> None:
    """So many customers, enrolled with forty seconds each; there are fewer directions than customers, so some are alike."""
    for number in range(count):
        customer_id, call_id = f"K{number:03d}", f"CA{number}"
        with sessions.begin() as session:
            for turn, one in enumerate(utterances(number % NUMBERS, 10, seed=number)):
                mixed = [
                    a + 0.4 * b for a, b in zip(one.embedding, utterances(number // 3, 1)[0].embedding, strict=True)
                ]
                PARTS.vault.keep_sample(
                    session, call_id=call_id, turn=turn, customer_id=customer_id, sample=sample(unit_length(mixed)),
                    encoder=ENCODER, channel="telephone", now=NOW,
                )  # fmt: skip
            collected = PARTS.vault.collect(session, call_id, customer_id, NOW)
            assert getattr(collected, "is_enrolled", False), collected


def own_tail(sessions: sessionmaker[Session]) -> Tail | None:
    with sessions() as session:
        return PARTS.vault.own_tail(session, CALIBRATION)


def drifts(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return sum(one.kind == AlertKind.DRIFT for one in alerts.newest(session, most=50))


def test_few_customers_leave_the_calibrations_threshold(sessions: sessionmaker[Session]) -> None:
    enrol(sessions, 3)
    learn_if_due(PARTS, sessions, NOW)
    assert own_tail(sessions) is None


def test_enough_customers_give_a_threshold_of_their_own(sessions: sessionmaker[Session]) -> None:
    enrol(sessions, CUSTOMERS)
    learn_if_due(PARTS, sessions, NOW)
    learnt = own_tail(sessions)
    assert learnt is not None
    assert learnt.pairs >= CUSTOMERS * (CUSTOMERS - 1)
    assert learnt != CALIBRATION.tail
    with sessions() as session:
        assert PARTS.vault.on_line(session, CALIBRATION) == replace(CALIBRATION, tail=learnt)
        another = replace(CALIBRATION, intercept=-2.0)
        assert PARTS.vault.on_line(session, another) == another, (
            "a threshold is of the calibration that it was learnt by"
        )
    assert drifts(sessions) == 0, "the first one is where they begin"


def test_a_threshold_that_has_moved_is_told_once_even_if_it_crept(sessions: sessionmaker[Session]) -> None:
    enrol(sessions, CUSTOMERS)
    learn_if_due(PARTS, sessions, NOW)
    learnt = own_tail(sessions)
    assert learnt is not None
    with sessions.begin() as session:
        # What supervisors know lies back a long way; what was learnt last is nearly what is learnt now.
        far = replace(learnt, begins_at=learnt.begins_at - 1)
        PARTS.vault.keep_own_tail(session, CALIBRATION, far, NOW, is_told=True)
    for days in (1, 2):
        learn_if_due(PARTS, sessions, NOW + days * LEARNT_EVERY)
        assert drifts(sessions) == 1


def test_own_voices_are_read_only_where_the_calibration_needs_them(sessions: sessionmaker[Session]) -> None:
    needs_them = replace(CALIBRATION, against_cohort=True)
    with sessions.begin() as session:
        for number in range(CUSTOMERS):
            voice = utterances(number % NUMBERS, 1, seed=number)[0].embedding
            PARTS.vault.keep_background(session, f"K{number:03d}", ENCODER, voice, NOW)
        assert PARTS.vault.line_background(session, CALIBRATION, leave_out="K000") is None
        background = PARTS.vault.line_background(session, needs_them, leave_out="K000")
    assert background is not None
    assert len(background.voices) == CUSTOMERS - 1


def test_it_is_looked_at_once_a_day(sessions: sessionmaker[Session]) -> None:
    enrol(sessions, CUSTOMERS)
    learn_if_due(PARTS, sessions, NOW)
    with sessions.begin() as session:
        PARTS.vault.keep_own_tail(session, CALIBRATION, CALIBRATION.tail, NOW)
    learn_if_due(PARTS, sessions, NOW + LEARNT_EVERY - timedelta(seconds=1))
    assert own_tail(sessions) == CALIBRATION.tail
    learn_if_due(PARTS, sessions, NOW + LEARNT_EVERY)
    assert own_tail(sessions) != CALIBRATION.tail


def test_nothing_is_looked_at_where_nothing_is_decided(sessions: sessionmaker[Session]) -> None:
    enrol(sessions, CUSTOMERS)
    learn_if_due(None, sessions, NOW)
    learn_if_due(replace(PARTS, calibration=None), sessions, NOW)
    assert own_tail(sessions) is None
