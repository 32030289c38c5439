"""What callers said as sound, on both databases: with their consent alone, as long as that allows, and gone after it."""

import io
import sqlite3
import threading
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from ivr import database, trial
from ivr.calls import audio, store
from ivr.calls.tables import Call
from ivr.customers import store as customers
from ivr.customers.tables import CallAudio, Customer
from tests.databases import sqlite_database
from tests.telephone import MONDAY_TEN, PASSWORD

CALL, OTHER_CALL = "CA1", "CA2"
CUSTOMER, OTHER = "K001", "K002"
DAYS = 30
# A second that no other file on the machine holds.
PCM = np.random.default_rng(8).integers(-9000, 9000, size=8000).astype("<i2").tobytes()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return company(engine)


def company(engine: Engine) -> sessionmaker[Session]:
    database.upgrade(engine)
    made = database.session_factory(engine)
    with made.begin() as session:
        trial.make_company(session, password=PASSWORD, now=MONDAY_TEN, today=MONDAY_TEN.date())
        for call_id, customer_id in ((CALL, CUSTOMER), (OTHER_CALL, OTHER), ("CA3", None)):
            store.add(
                session,
                Call(
                    call_id=call_id, from_number="", to_number="+390210420000", flow="shop", flow_version=1,
                    listening="stream", language="it", status=store.IN_LINE, started_at=MONDAY_TEN, turn=3,
                    customer_id=customer_id,
                ),
            )  # fmt: skip
    return made


def consent(
    sessions: sessionmaker[Session],
    *,
    granted: bool = True,
    customer_id: str = CUSTOMER,
    purpose: str = customers.CALL_AUDIO,
    at: datetime = MONDAY_TEN,
) -> None:
    with sessions.begin() as session:
        customers.record_consent(
            session, customer_id=customer_id, purpose=purpose, granted=granted, wording="consent_audio",
            wording_version=1, language="it", call_id=CALL, now=at,
        )  # fmt: skip


def keep(
    sessions: sessionmaker[Session], *, call_id: str = CALL, turn: int = 3, pcm: bytes = PCM, at: datetime = MONDAY_TEN
) -> bool:
    with sessions.begin() as session:
        return audio.keep(session, call_id=call_id, turn=turn, pcm=pcm, now=at, days=DAYS)


def kept(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(CallAudio)) or 0


def sweep(sessions: sessionmaker[Session], at: datetime) -> None:
    with sessions.begin() as session:
        audio.erase_what_is_over(session, at)


def heard(sessions: sessionmaker[Session], at: datetime = MONDAY_TEN, *, turn: int = 3) -> bytes | None:
    with sessions.begin() as session:
        return audio.listen(session, call_id=CALL, turn=turn, by="Anna", now=at)


def test_what_is_kept_is_what_was_said_to_the_last_sample_and_listening_leaves_a_trace(
    sessions: sessionmaker[Session],
) -> None:
    consent(sessions)
    assert keep(sessions)
    flac = heard(sessions)
    assert flac is not None
    samples, rate_hz = soundfile.read(io.BytesIO(flac), dtype="int16")
    assert (rate_hz, samples.astype("<i2").tobytes()) == (8000, PCM)
    with sessions() as session:
        (trace,) = [row for row in store.happenings(session, CALL) if row.kind == "listened"]
        assert trace.details == '{"by": "Anna", "turn": 3}'
        assert customers.turns_with_audio(session, CALL, MONDAY_TEN) == {3}


def test_without_consent_nothing_is_kept(sessions: sessionmaker[Session]) -> None:
    assert not keep(sessions)
    consent(sessions, purpose="voice_verification")
    consent(sessions, granted=False)
    consent(sessions, customer_id=OTHER)
    assert not keep(sessions)
    assert not keep(sessions, call_id="CA3")
    assert not keep(sessions, call_id="CA404")
    assert keep(sessions, call_id=OTHER_CALL)
    assert not keep(sessions, call_id=OTHER_CALL, turn=4, pcm=b"")
    assert kept(sessions) == 1
    assert heard(sessions) is None
    with sessions() as session:
        assert store.happenings(session, CALL) == []


def test_no_file_of_the_database_holds_the_voice_without_consent_nor_after_its_withdrawal(tmp_path: Path) -> None:
    """The bytes themselves: an erased row that could still be read from the file would not be erased."""
    with sqlite_database(tmp_path) as engine:
        sessions = company(engine)
        keep(sessions)
        assert not is_in(tmp_path, PCM)
        consent(sessions)
        keep(sessions)
        flac = heard(sessions)
        assert flac is not None
        sealed = stored(engine)
        assert is_in(tmp_path, sealed)
        consent(sessions, granted=False, at=MONDAY_TEN + timedelta(minutes=1))
        assert kept(sessions) == 0
    with sqlite3.connect(tmp_path / "centralino.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert not is_in(tmp_path, sealed)
    assert not is_in(tmp_path, flac)


def stored(engine: Engine) -> bytes:
    """The one sound as the database keeps it."""
    with engine.connect() as connection:
        return bytes(connection.execute(text("SELECT flac FROM call_audio")).scalar_one())


def is_in(folder: Path, sound: bytes) -> bool:
    # SQLite breaks a long value into pages, so it is looked for in pieces.
    pieces = [sound[at : at + 64] for at in range(len(sound) // 4, len(sound) - 64, 997)]
    return any(piece in file.read_bytes() for file in folder.iterdir() if file.is_file() for piece in pieces)


def test_withdrawal_erases_what_was_kept_at_once_and_nobody_else_s(sessions: sessionmaker[Session]) -> None:
    for customer_id in (CUSTOMER, OTHER):
        consent(sessions, customer_id=customer_id)
    keep(sessions)
    keep(sessions, turn=5)
    keep(sessions, call_id=OTHER_CALL)
    assert kept(sessions) == 3
    consent(sessions, granted=False, purpose="voice_verification", at=MONDAY_TEN + timedelta(minutes=1))
    assert kept(sessions) == 3
    consent(sessions, granted=False, at=MONDAY_TEN + timedelta(minutes=1))
    assert kept(sessions) == 1
    assert not keep(sessions, at=MONDAY_TEN + timedelta(minutes=2))
    consent(sessions, at=MONDAY_TEN + timedelta(minutes=3))
    assert keep(sessions, at=MONDAY_TEN + timedelta(minutes=4))


def test_time_over_means_that_it_cannot_be_heard_and_is_erased(sessions: sessionmaker[Session]) -> None:
    consent(sessions)
    # Kept long after the consent was given: it goes with the consent's own time, not thirty days later.
    keep(sessions, at=MONDAY_TEN + timedelta(days=29))
    last = MONDAY_TEN + timedelta(days=DAYS)
    sweep(sessions, last - timedelta(seconds=1))
    assert heard(sessions, last - timedelta(seconds=1)) is not None
    assert heard(sessions, last) is None
    assert kept(sessions) == 1
    sweep(sessions, last)
    assert kept(sessions) == 0
    assert not keep(sessions, at=last)


def test_audio_goes_with_its_customer_and_with_its_call(sessions: sessionmaker[Session]) -> None:
    for customer_id in (CUSTOMER, OTHER):
        consent(sessions, customer_id=customer_id)
    keep(sessions)
    keep(sessions, call_id=OTHER_CALL)
    with sessions.begin() as session:
        session.delete(session.get_one(Customer, OTHER))
    assert kept(sessions) == 1
    with sessions.begin() as session:
        session.delete(session.get_one(Call, CALL))
    assert heard(sessions) is None
    sweep(sessions, MONDAY_TEN)
    assert kept(sessions) == 0


def test_consent_that_is_gone_from_the_records_counts_as_none(sessions: sessionmaker[Session]) -> None:
    consent(sessions)
    keep(sessions)
    with sessions.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM consents")
    assert heard(sessions) is None
    sweep(sessions, MONDAY_TEN)
    assert kept(sessions) == 0


def test_turn_that_is_stored_twice_is_kept_once(sessions: sessionmaker[Session]) -> None:
    consent(sessions)
    assert keep(sessions, pcm=PCM[:800])
    assert keep(sessions)
    assert kept(sessions) == 1


def test_listening_again_does_not_make_a_silent_call_look_alive(sessions: sessionmaker[Session]) -> None:
    consent(sessions)
    keep(sessions)
    with sessions.begin() as session:
        for call_id in (CALL, OTHER_CALL, "CA3"):
            store.add_turn(session, call_id, 1, _exchange(), MONDAY_TEN)
    later = MONDAY_TEN + store.LONGEST_ANSWER + timedelta(minutes=1)
    assert heard(sessions, later - timedelta(seconds=5)) is not None
    with sessions() as session:
        assert CALL in store.silent_calls(session, later)


def _exchange() -> store.Exchange:
    return store.Exchange(
        heard="", keys="", intent="", confidence=None, ended="", node="greet", prompt="", facts=(), answer=""
    )


def test_withdrawal_that_comes_while_a_turn_is_being_kept_erases_that_too(sessions: sessionmaker[Session]) -> None:
    consent(sessions)
    withdrawn_at = MONDAY_TEN + timedelta(seconds=1)
    withdrawal = threading.Thread(target=lambda: consent(sessions, granted=False, at=withdrawn_at))
    with sessions.begin() as session:
        assert audio.keep(session, call_id=CALL, turn=3, pcm=PCM, now=MONDAY_TEN, days=DAYS)
        withdrawal.start()
        withdrawal.join(0.5)
        assert withdrawal.is_alive(), "the withdrawal did not wait, and cannot have seen what is just being kept"
    withdrawal.join(10)
    assert not withdrawal.is_alive()
    assert kept(sessions) == 0
